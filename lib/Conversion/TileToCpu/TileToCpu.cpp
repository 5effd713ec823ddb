// SPDX-License-Identifier: Apache-2.0
// Entry points of the CPU lowering and the pass `convert-tile-to-cpu`.
#include "seqc/Conversion/TileToCpu.h"
#include "seqc/Conversion/ExpandMath.h"
#include "KernelEmitter.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace seqc {

void loadCpuDialects(MLIRContext &context) {
  context.loadDialect<LLVM::LLVMDialect, func::FuncDialect, scf::SCFDialect, vector::VectorDialect, math::MathDialect, arith::ArithDialect, cf::ControlFlowDialect>();
}

FailureOr<int64_t> convertTileToCpu(tile::KernelOp kernel, ModuleOp into, const CpuTarget &target) {
  if (kernel.getLevel() != tile::Level::Block)
    return withClass(kernel.emitError("expects a kernel at level block for the CPU, but got level "), DiagnosticClass::Internal) << tile::stringifyLevel(kernel.getLevel());
  OpBuilder builder = OpBuilder::atBlockEnd(into.getBody());
  cpu::KernelEmitter emitter(kernel, builder, target);
  FailureOr<func::FuncOp> function = emitter.emit();
  if (failed(function))
    return failure();
  (*function)->setAttr(kScratchBytesAttr, builder.getI64IntegerAttr(emitter.scratchBytes()));
  return emitter.scratchBytes();
}

void buildCpuToLlvmPipeline(OpPassManager &pm) {
  pm.addPass(createCSEPass());
  pm.addPass(createExpandMathPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

namespace {
class ConvertTileToCpuPass : public PassWrapper<ConvertTileToCpuPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertTileToCpuPass)
  ConvertTileToCpuPass() = default;
  ConvertTileToCpuPass(const ConvertTileToCpuPass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "convert-tile-to-cpu"; }
  StringRef getDescription() const final { return "replace block kernels by functions over ranges of programs (arith, scf, vector, llvm)"; }
  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<LLVM::LLVMDialect, func::FuncDialect, scf::SCFDialect, vector::VectorDialect, math::MathDialect, cf::ControlFlowDialect>();
    arith::registerConvertArithToLLVMInterface(registry);
  }
  void runOnOperation() final {
    llvm::Expected<CpuTarget> target = CpuTarget::get(cpu);
    if (!target) {
      getOperation().emitError(toString(target.takeError()));
      return signalPassFailure();
    }
    OpBuilder builder(&getContext());
    for (tile::KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<tile::KernelOp>())) {
      if (failed(convertTileToCpu(kernel, getOperation(), *target)))
        return signalPassFailure();
      kernel.erase();
    }
    for (tile::ConstantOp constant : llvm::make_early_inc_range(getOperation().getOps<tile::ConstantOp>()))
      constant.erase();
  }

  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("processor to emit for: x86-64-v3, native or an LLVM name"), llvm::cl::init("x86-64-v3")};
};
} // namespace

std::unique_ptr<Pass> createConvertTileToCpuPass() { return std::make_unique<ConvertTileToCpuPass>(); }

void registerTileToCpuPasses() {
  PassRegistration<ConvertTileToCpuPass>();
  registerExpandMathPass();
  PassPipelineRegistration<>("seqc-cpu-to-llvm", "code of convert-tile-to-cpu to the LLVM dialect", buildCpuToLlvmPipeline);
}

} // namespace seqc
