// SPDX-License-Identifier: Apache-2.0
#include "Check.h"
#include "Native.h"
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include <cmath>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
using seqc::interp::Tensor;

namespace seqc::fuzz {

void loadDialects(MLIRContext &context) {
  DialectRegistry registry;
  registerCpuTranslations(registry);
  arith::registerConvertArithToLLVMInterface(registry);
  context.appendDialectRegistry(registry);
  context.loadDialect<tile::TileDialect, arith::ArithDialect, math::MathDialect, scf::SCFDialect>();
  loadCpuDialects(context);
}

/// Outputs of one interpreted run.
static llvm::Expected<std::vector<Tensor>> interpret(ModuleOp module, const Program &program, interp::Precision precision) {
  std::vector<Tensor> memories;
  for (const Argument &a : program.args)
    memories.push_back(a.memory);
  std::vector<interp::KernelArg> args;
  for (size_t i = 0; i < memories.size(); ++i)
    args.push_back(program.args[i].isPointer ? interp::KernelArg(&memories[i]) : interp::KernelArg(program.args[i].value));
  interp::TileOptions options;
  options.precision = precision;
  if (llvm::Error e = interp::runKernel(module.lookupSymbol<tile::KernelOp>("fuzz"), args, options))
    return std::move(e);
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < memories.size(); ++i)
    if (program.args[i].isOutput)
      outputs.push_back(memories[i]);
  return outputs;
}

static bool isSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

static std::string differenceAt(const Argument &a, size_t i, double want, double got, double tolerance) {
  return "output " + a.name + " element " + std::to_string(i) + ": expects " + std::to_string(want) + ", but got " + std::to_string(got) +
         (tolerance ? " (tolerance " + std::to_string(tolerance) + ")" : "");
}

/// First element that differs by more than `tolerances` (one per output; 0: bit for bit).
static std::string difference(const Program &program, ArrayRef<Tensor> want, ArrayRef<Tensor> got, ArrayRef<double> tolerances) {
  size_t k = 0;
  for (const Argument &a : program.args) {
    if (!a.isOutput)
      continue;
    for (size_t i = 0; i < want[k].data.size(); ++i) {
      double w = want[k].data[i], g = got[k].data[i], allowed = tolerances[k] * std::max(1.0, std::fabs(w));
      if (!isSame(w, g) && !(std::fabs(w - g) <= allowed))
        return differenceAt(a, i, w, g, allowed);
    }
    ++k;
  }
  return "";
}

/// Relative unit of a stored type.
static double unitOf(interp::DType t) { return t == interp::DType::BF16 ? 1.0 / 128 : t == interp::DType::F16 ? 1.0 / 1024 : 1.0 / (1 << 22); }

/// How far a result of approximated functions may be off: what rounding of every op does to it, with room, and some units of its type.
static std::vector<double> tolerancesOf(const Program &program, ArrayRef<Tensor> typed, ArrayRef<Tensor> exact) {
  std::vector<double> tolerances;
  for (const Argument &a : program.args) {
    if (!a.isOutput)
      continue;
    size_t k = tolerances.size();
    double spread = 0;
    for (size_t i = 0; !a.isExact && i < typed[k].data.size(); ++i)
      if (std::isfinite(typed[k].data[i]) && std::isfinite(exact[k].data[i]))
        spread = std::max(spread, std::fabs(typed[k].data[i] - exact[k].data[i]) / std::max(1.0, std::fabs(exact[k].data[i])));
    tolerances.push_back(a.isExact ? 0 : 32 * spread + 4 * unitOf(typed[k].dtype) + 1e-5);
  }
  return tolerances;
}

static std::string runPasses(ModuleOp module, llvm::function_ref<void(OpPassManager &)> add) {
  PassManager pm(module->getName());
  add(pm.nest<tile::KernelOp>());
  return failed(pm.run(module)) ? "passes fail" : "";
}

static std::string printed(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

/// The program after a set of passes computes the same bits, and every `inbounds` claim holds.
static std::string checkPasses(ModuleOp module, const Program &program, ArrayRef<Tensor> want) {
  struct Set {
    const char *name;
    void (*add)(OpPassManager &);
  };
  const Set sets[] = {{"tile-prove-bounds", [](OpPassManager &pm) { pm.addPass(tile::createTileProveBoundsPass()); }},
                      {"generic passes",
                       [](OpPassManager &pm) {
                         pm.addPass(createCanonicalizerPass());
                         pm.addPass(createCSEPass());
                         pm.addPass(createLoopInvariantCodeMotionPass());
                         pm.addPass(createSCCPPass());
                       }},
                      {"tile-canonicalize", [](OpPassManager &pm) {
                         pm.addPass(tile::createTileCanonicalizePass());
                         pm.addPass(createCSEPass());
                         pm.addPass(tile::createTileProveBoundsPass());
                       }}};
  for (const Set &set : sets) {
    OwningOpRef<ModuleOp> copy(module.clone());
    if (std::string text = runPasses(*copy, set.add); !text.empty())
      return std::string(set.name) + ": " + text;
    llvm::Expected<std::vector<Tensor>> got = interpret(*copy, program, interp::Precision::Typed);
    if (!got)
      return std::string("after ") + set.name + ": " + toString(got.takeError());
    if (std::string text = difference(program, want, *got, std::vector<double>(want.size(), 0)); !text.empty())
      return std::string("after ") + set.name + ": " + text;
  }
  return "";
}

static std::string checkRoundTrip(ModuleOp module, MLIRContext &context) {
  std::string text = printed(module);
  OwningOpRef<ModuleOp> again = parseSourceString<ModuleOp>(text, &context);
  return again && printed(*again) == text ? "" : "printed text does not parse back to itself";
}

static Outcome checkNative(ModuleOp module, const Program &program, ArrayRef<Tensor> want, ArrayRef<double> tolerances) {
  NativeKernel kernel;
  if (llvm::Error e = kernel.compile(module, "fuzz"))
    return {"", toString(std::move(e))};
  llvm::Expected<std::vector<Tensor>> got = runTasks(kernel.function, kernel.scratchBytes, program);
  if (!got)
    return {toString(got.takeError()), ""};
  std::string text = difference(program, want, *got, tolerances);
  return {text.empty() ? "" : "native code: " + text, ""};
}

Outcome check(const Program &program, MLIRContext &context, bool native) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(program.text, &context);
  if (!module)
    return {"does not parse or verify", ""};
  llvm::Expected<std::vector<Tensor>> typed = interpret(*module, program, interp::Precision::Typed);
  if (!typed)
    return {"interpreter: " + toString(typed.takeError()), ""};
  llvm::Expected<std::vector<Tensor>> exact = interpret(*module, program, interp::Precision::F64);
  if (!exact)
    return {"interpreter: " + toString(exact.takeError()), ""};
  if (std::string text = checkRoundTrip(*module, context); !text.empty())
    return {text, ""};
  if (std::string text = checkPasses(*module, program, *typed); !text.empty())
    return {text, ""};
  std::vector<double> tolerances = tolerancesOf(program, *typed, *exact);
  return native ? checkNative(*module, program, *typed, tolerances) : Outcome();
}

Outcome checkIsolated(const Program &program, MLIRContext &context, bool native) {
  int ends[2];
  if (pipe(ends) != 0)
    return {"cannot open a pipe", ""};
  pid_t child = fork();
  if (child == 0) {
    alarm(30);
    Outcome o = check(program, context, native);
    std::string text = o.failure + '\1' + o.unsupported;
    bool isWritten = write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    _exit(isWritten ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, n);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return {std::string("ends with signal ") + strsignal(WTERMSIG(status)), ""};
  auto [failure, unsupported] = StringRef(text).split('\1');
  return {failure.str(), unsupported.str()};
}

} // namespace seqc::fuzz
