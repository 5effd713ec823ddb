// SPDX-License-Identifier: Apache-2.0
#include "GpuAssembly.h"
#include "seqc/Emit/Sass.h"
#include "seqc/Pipelines/GpuKernels.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <chrono>

using namespace llvm;

namespace seqc::cases {

Expected<std::unique_ptr<Assembler>> Assembler::create() {
  Expected<std::optional<PtxasTool>> tool = PtxasTool::find();
  if (!tool)
    return tool.takeError();
  if (!*tool)
    return createStringError("ptxas was not found; set SEQC_PTXAS, or install the CUDA toolkit (./dev setup installs ptxas alone)");
  return std::unique_ptr<Assembler>(new Assembler(std::move(**tool), findDisassembler()));
}

/// What is wrong with the assembled kernel.
static std::vector<std::string> complaintsAbout(const Cubin &cubin, const std::string &name) {
  std::vector<std::string> problems(cubin.advisories);
  auto it = find_if(cubin.kernels, [&](const KernelResources &k) { return k.kernel == name; });
  if (it == cubin.kernels.end())
    return {"ptxas does not report on the kernel"};
  if (it->stackBytes || it->spillBytes)
    problems.push_back("expects no stack and no spills, but got " + std::to_string(it->stackBytes) + " and " + std::to_string(it->spillBytes) + " bytes with " +
                       std::to_string(it->registers) + " registers");
  return problems;
}

/// What is wrong; empty: nothing.
Expected<std::string> Assembler::assembleOne(mlir::ModuleOp code, const std::string &name) {
  LLVMContext context;
  GpuTarget target;
  Expected<std::unique_ptr<Module>> module = emitGpuLlvm(code, target, context);
  if (!module)
    return module.takeError();
  Expected<std::string> ptx = emitPtx(**module, target);
  if (!ptx)
    return ptx.takeError();
  auto start = std::chrono::steady_clock::now();
  Expected<Cubin> cubin = assemble(*ptx, target, ptxas);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!cubin)
    return cubin.takeError();
  std::vector<std::string> problems = complaintsAbout(*cubin, name);
  if (nvdisasm) {
    Expected<std::vector<SassFunction>> functions = disassemble(cubin->bytes, *nvdisasm);
    if (!functions)
      return functions.takeError();
    auto it = find_if(*functions, [&](const SassFunction &f) { return f.name == name; });
    append_range(problems, checkSass(it == functions->end() ? SassFunction{} : *it, expectationsOf(*ptx, name)));
  }
  std::lock_guard lock(mutex);
  ++stats.kernels;
  stats.disassembled += nvdisasm.has_value();
  for (const KernelResources &k : cubin->kernels)
    stats.mostRegisters = std::max(stats.mostRegisters, k.registers);
  if (seconds > stats.slowestSeconds) {
    stats.slowestSeconds = seconds;
    stats.slowest = name;
  }
  return join(problems, "; ");
}

Error Assembler::check(mlir::ModuleOp tileModule) {
  for (auto kernel : tileModule.getOps<tile::KernelOp>()) {
    std::string name = kernel.getSymName().str();
    {
      std::lock_guard lock(mutex);
      auto [it, isNew] = problems.try_emplace(name);
      if (!isNew && !it->second.empty())
        return createStringError(it->second);
      if (!isNew)
        continue;
    }
    mlir::FailureOr<GpuModule> lowered = lowerGpuKernels(kernel);
    Expected<std::string> problem = mlir::failed(lowered) ? Expected<std::string>("no GPU code") : assembleOne(*lowered->code, name);
    std::string text = problem ? *problem : toString(problem.takeError());
    if (text.empty())
      continue;
    std::lock_guard lock(mutex);
    problems[name] = name + ": " + text;
    return createStringError(problems[name]);
  }
  return Error::success();
}

AssemblyStatistics Assembler::statistics() {
  std::lock_guard lock(mutex);
  return stats;
}

} // namespace seqc::cases
