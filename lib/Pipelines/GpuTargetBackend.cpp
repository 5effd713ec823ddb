// SPDX-License-Identifier: Apache-2.0
// Target sm_90a: tile -> tile-layout -> nvvm -> nvvm-ir -> ptx -> cubin, one module for all kernels.
#include "Targets.h"
#include "seqc/Emit/GpuCode.h"
#include "seqc/Pipelines/GpuKernels.h"
#include "seqc/Support/Diagnostics.h"
#include "seqc/Support/Errors.h"

using namespace llvm;

namespace seqc {
namespace {

constexpr StringLiteral kPtxMember = "kernels/kernels.ptx", kCubinMember = "kernels/kernels.cubin";
/// Accesses of 16 bytes expect it of every pointer.
constexpr int64_t kPointerAlign = 16;

class GpuTargetBackend : public TargetBackend {
public:
  explicit GpuTargetBackend(std::string ptxas) : ptxas(std::move(ptxas)) {}
  StringRef name() const override { return target.arch; }
  StringRef configs() const override { return "gpu"; }

  Expected<TargetCode> compile(ArrayRef<tile::KernelOp> kernels, Phase last, PhaseSink sink) override {
    TargetCode code;
    if (kernels.empty())
      return code;
    DiagnosticWatch watch(tile::KernelOp(kernels.front()).getContext());
    mlir::FailureOr<GpuModule> lowered = lowerGpuKernels(kernels, last == Phase::TileLayout);
    if (mlir::failed(lowered))
      return watch.error(DiagnosticClass::Internal);
    if (Error e = sink(Phase::TileLayout, [&](raw_ostream &os) { lowered->layouts->print(os); }))
      return std::move(e);
    if (last == Phase::TileLayout)
      return code;
    if (Error e = sink(Phase::Nvvm, [&](raw_ostream &os) { lowered->code->print(os); }))
      return std::move(e);
    if (last == Phase::Nvvm)
      return code;
    LLVMContext context;
    Expected<std::unique_ptr<Module>> module = emitGpuLlvm(*lowered->code, target, context);
    if (!module)
      return module.takeError();
    if (Error e = sink(Phase::NvvmIr, [&](raw_ostream &os) { (*module)->print(os, nullptr); }))
      return std::move(e);
    if (last == Phase::NvvmIr)
      return code;
    Expected<std::string> ptx = emitPtx(**module, target);
    if (!ptx)
      return ptx.takeError();
    if (Error e = sink(Phase::Ptx, [&](raw_ostream &os) { os << *ptx; }))
      return std::move(e);
    code.members.emplace_back(kPtxMember, *ptx);
    for (tile::KernelOp kernel : kernels)
      code.kernels[kernel.getSymName().str()] = record(kernel, lowered->launches.at(kernel.getSymName().str()));
    if (last == Phase::Ptx)
      return code;
    if (Error e = addCubin(*ptx, last, sink, code))
      return std::move(e);
    return code;
  }

private:
  json::Object record(tile::KernelOp kernel, const GpuLaunch &launch) const {
    json::Array params;
    for (mlir::BlockArgument a : kernel.getBody().getArguments()) {
      std::string type;
      raw_string_ostream os(type);
      a.getType().print(os);
      params.push_back(isa<tile::PtrType>(a.getType()) ? "ptr" : a.getType().isIndex() ? "i64" : type);
    }
    return json::Object{{"entry", kernel.getSymName()}, {"ptx", kPtxMember}, {"ptx_version", target.ptxVersion}, {"params", std::move(params)},
                        {"block", json::Array{launch.threads, 1, 1}}, {"shared_bytes", launch.sharedBytes}, {"align", kPointerAlign}};
  }

  Expected<std::optional<PtxasTool>> findTool() const {
    if (ptxas.empty())
      return PtxasTool::find();
    Expected<PtxasTool> tool = PtxasTool::at(ptxas);
    if (!tool)
      return tool.takeError();
    return std::optional(std::move(*tool));
  }

  /// Without ptxas the package holds PTX alone, which a driver assembles unchecked.
  Error addCubin(StringRef ptx, Phase last, PhaseSink sink, TargetCode &code) {
    Expected<std::optional<PtxasTool>> tool = findTool();
    if (!tool)
      return fail(ExitCode::Unsupported, "E3002", toString(tool.takeError()));
    if (!*tool && last == Phase::Cubin)
      return fail(ExitCode::Unsupported, "E3002", "ptxas was not found; give --ptxas=<path>, set SEQC_PTXAS, or install the CUDA toolkit");
    if (!*tool)
      return Error::success();
    Expected<Cubin> cubin = assemble(ptx, target, **tool);
    if (!cubin)
      return fail(ExitCode::Internal, "E7001", toString(cubin.takeError()));
    if (Error e = sink(Phase::Cubin, [&](raw_ostream &os) { os.write(cubin->bytes.data(), cubin->bytes.size()); }))
      return e;
    code.members.emplace_back(kCubinMember, std::string(cubin->bytes.data(), cubin->bytes.size()));
    bool isTrusted = (*tool)->knownBad().empty() && cubin->advisories.empty();
    for (const KernelResources &k : cubin->kernels) {
      auto it = code.kernels.find(k.kernel);
      if (it == code.kernels.end())
        continue;
      it->second["cubin"] = kCubinMember;
      it->second["registers"] = k.registers;
      it->second["spill_bytes"] = k.spillBytes;
      if (isTrusted && !k.spillBytes && !k.stackBytes)
        it->second["checked"] = (*tool)->version;
    }
    return Error::success();
  }

  GpuTarget target;
  std::string ptxas;
};
} // namespace

Expected<std::unique_ptr<TargetBackend>> createGpuTarget(const TargetOptions &options) { return std::make_unique<GpuTargetBackend>(options.ptxas); }

} // namespace seqc
