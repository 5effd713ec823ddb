// SPDX-License-Identifier: Apache-2.0
// Target cpu: tile -> tile-cpu -> llvm -> object, one shared object for all kernels.
#include "Targets.h"
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Emit/CpuObject.h"
#include "seqc/Support/Diagnostics.h"
#include "seqc/Support/Errors.h"
#include "mlir/Pass/PassManager.h"

using namespace llvm;

namespace seqc {
namespace {

constexpr StringLiteral kLibrary = "cpu/kernels.so";

class CpuTargetBackend : public TargetBackend {
public:
  explicit CpuTargetBackend(CpuTarget target) : target(std::move(target)) {}
  StringRef name() const override { return "cpu"; }
  StringRef configs() const override { return "cpu"; }

  Expected<TargetCode> compile(ArrayRef<tile::KernelOp> kernels, Phase last, PhaseSink sink) override {
    TargetCode code;
    if (kernels.empty())
      return code;
    mlir::OwningOpRef<mlir::ModuleOp> functions = mlir::ModuleOp::create(tile::KernelOp(kernels.front()).getLoc());
    if (Error e = convert(kernels, *functions, code))
      return std::move(e);
    if (Error e = sink(Phase::TileCpu, [&](raw_ostream &os) { functions->print(os); }))
      return std::move(e);
    if (last == Phase::TileCpu)
      return code;
    LLVMContext context;
    Expected<std::unique_ptr<Module>> module = emitLlvm(*functions, target, context);
    if (!module)
      return module.takeError();
    if (Error e = sink(Phase::Llvm, [&](raw_ostream &os) { (*module)->print(os, nullptr); }))
      return std::move(e);
    if (last == Phase::Llvm)
      return code;
    Expected<std::vector<char>> library = emitSharedObject(**module, target);
    if (!library)
      return library.takeError();
    if (Error e = sink(Phase::Object, [&](raw_ostream &os) { os.write(library->data(), library->size()); }))
      return std::move(e);
    code.members.emplace_back(kLibrary, std::string(library->data(), library->size()));
    code.entry = json::Object{{"library", kLibrary}, {"triple", target.triple}, {"features", json::Array(enabledFeatures(target))}};
    return code;
  }

private:
  Error convert(ArrayRef<tile::KernelOp> kernels, mlir::ModuleOp functions, TargetCode &code) {
    mlir::MLIRContext *context = functions.getContext();
    loadCpuDialects(*context);
    DiagnosticWatch watch(context);
    for (tile::KernelOp kernel : kernels) {
      FailureOr<int64_t> scratch = convertTileToCpu(kernel, functions, target);
      if (failed(scratch))
        return watch.error(DiagnosticClass::Internal);
      code.kernels[kernel.getSymName().str()] = json::Object{{"symbol", kernel.getSymName()}, {"scratch_bytes", *scratch}};
    }
    mlir::PassManager pm(context);
    buildCpuToLlvmPipeline(pm);
    return mlir::failed(pm.run(functions)) ? watch.error(DiagnosticClass::Internal) : Error::success();
  }

  CpuTarget target;
};
} // namespace

Expected<std::unique_ptr<TargetBackend>> createCpuTarget(const TargetOptions &options) {
  Expected<CpuTarget> target = CpuTarget::get(options.cpu);
  if (!target)
    return fail(ExitCode::Usage, "E2001", toString(target.takeError()));
  return std::make_unique<CpuTargetBackend>(std::move(*target));
}

} // namespace seqc
