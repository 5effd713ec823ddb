// SPDX-License-Identifier: Apache-2.0
// Entry points of the GPU lowering and the pass `convert-tile-to-nvvm`.
#include "seqc/Conversion/TileToNvvm.h"
#include "GpuMath.h"
#include "KernelEmitter.h"
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace seqc {

void loadGpuDialects(MLIRContext &context) {
  context.loadDialect<LLVM::LLVMDialect, NVVM::NVVMDialect, func::FuncDialect, scf::SCFDialect, math::MathDialect, arith::ArithDialect, cf::ControlFlowDialect>();
}

/// Memory that kernels of a module share: dynamic shared memory, zeros, constant tiles.
static void declareMemory(ModuleOp from, ModuleOp into) {
  OpBuilder b = OpBuilder::atBlockBegin(into.getBody());
  Type byte = b.getI8Type();
  Location loc = into.getLoc();
  auto has = [&](StringRef name) { return SymbolTable::lookupSymbolIn(into, name) != nullptr; };
  if (!has("seqc_shared"))
    LLVM::GlobalOp::create(b, loc, LLVM::LLVMArrayType::get(byte, 0), false, LLVM::Linkage::External, "seqc_shared", Attribute(), 16, 3);
  if (!has("seqc_zeros")) {
    auto type = RankedTensorType::get({16}, byte);
    LLVM::GlobalOp::create(b, loc, LLVM::LLVMArrayType::get(byte, 16), true, LLVM::Linkage::Internal, "seqc_zeros",
                           DenseElementsAttr::get(type, b.getI8IntegerAttr(0)), 16, 1);
  }
  for (auto constant : from.getOps<tile::ConstantOp>()) {
    if (into != from && has(constant.getSymName()))
      continue;
    auto type = cast<RankedTensorType>(constant.getType());
    Type memory = gpu::memoryType(type.getElementType());
    auto array = LLVM::LLVMArrayType::get(memory, type.getNumElements());
    auto value = cast<DenseElementsAttr>(constant.getValue());
    if (memory != type.getElementType())
      value = cast<DenseElementsAttr>(value.mapValues(memory, [](const APInt &bit) { return bit.zext(8); }));
    std::string name = constant.getSymName().str();
    if (into == from)
      constant.setSymName(name + ".tile");
    LLVM::GlobalOp::create(b, loc, array, true, LLVM::Linkage::Internal, name, value.reshape(RankedTensorType::get({type.getNumElements()}, memory)), 16, 1);
  }
}

FailureOr<func::FuncOp> convertTileToNvvm(tile::KernelOp kernel, ModuleOp into) {
  if (kernel.getLevel() != tile::Level::Layout)
    return kernel.emitError("expects a kernel at level layout for the GPU, but got level ") << tile::stringifyLevel(kernel.getLevel());
  declareMemory(kernel->getParentOfType<ModuleOp>(), into);
  OpBuilder builder = OpBuilder::atBlockEnd(into.getBody());
  gpu::KernelEmitter emitter(kernel, builder);
  if (emitter.sharedBytes() > kMaxSharedBytes)
    return kernel.emitError("needs ") << emitter.sharedBytes() << " bytes of shared memory, but sm_90 has " << kMaxSharedBytes << "; a smaller tile is needed";
  FailureOr<func::FuncOp> function = emitter.emit();
  if (failed(function))
    return failure();
  (*function)->setAttr(kSharedBytesAttr, builder.getI64IntegerAttr(emitter.sharedBytes()));
  (*function)->setAttr(kThreadsAttr, builder.getI64IntegerAttr(emitter.warps() * layout::kWarpSize));
  return function;
}

namespace {
/// Functions with a number of threads become kernels, which the NVVM dialect allows on LLVM functions only.
struct MarkKernelsPass : PassWrapper<MarkKernelsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MarkKernelsPass)
  StringRef getArgument() const final { return "tile-gpu-mark-kernels"; }
  StringRef getDescription() const final { return "mark the functions that are kernels, with their number of threads"; }
  void runOnOperation() final {
    Builder b(&getContext());
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (auto threads = function->getAttrOfType<IntegerAttr>(kThreadsAttr)) {
        function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
        function->setAttr("nvvm.maxntid", b.getDenseI32ArrayAttr({static_cast<int32_t>(threads.getInt()), 1, 1}));
        // One block on a multiprocessor is enough: without a number ptxas aims at an occupancy of its own and may spill for it.
        function->setAttr("nvvm.minctasm", b.getI32IntegerAttr(1));
      }
  }
};
} // namespace

void buildTileLayoutPipeline(OpPassManager &pm) {
  pm.addNestedPass<tile::KernelOp>(tile::createTileAssignLayoutsPass());
}

void buildGpuToLlvmPipeline(OpPassManager &pm) {
  pm.addPass(createCSEPass());
  pm.addPass(gpu::createGpuMathPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(std::make_unique<MarkKernelsPass>());
}

namespace {
class ConvertTileToNvvmPass : public PassWrapper<ConvertTileToNvvmPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertTileToNvvmPass)
  StringRef getArgument() const final { return "convert-tile-to-nvvm"; }
  StringRef getDescription() const final { return "replace kernels at level layout by the code of one GPU thread (arith, scf, llvm, nvvm)"; }
  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<LLVM::LLVMDialect, NVVM::NVVMDialect, func::FuncDialect, scf::SCFDialect, math::MathDialect, cf::ControlFlowDialect>();
    arith::registerConvertArithToLLVMInterface(registry);
  }
  void runOnOperation() final {
    for (tile::KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<tile::KernelOp>())) {
      if (failed(convertTileToNvvm(kernel, getOperation())))
        return signalPassFailure();
      kernel.erase();
    }
    for (tile::ConstantOp constant : llvm::make_early_inc_range(getOperation().getOps<tile::ConstantOp>()))
      constant.erase();
  }
};
} // namespace

std::unique_ptr<Pass> createConvertTileToNvvmPass() { return std::make_unique<ConvertTileToNvvmPass>(); }

void registerTileToNvvmPasses() {
  PassRegistration<ConvertTileToNvvmPass>();
  gpu::registerGpuMathPass();
  PassPipelineRegistration<>("seqc-gpu-to-llvm", "code of convert-tile-to-nvvm to the LLVM dialect", buildGpuToLlvmPipeline);
}

} // namespace seqc
