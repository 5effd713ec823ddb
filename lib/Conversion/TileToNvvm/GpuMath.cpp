// SPDX-License-Identifier: Apache-2.0
#include "GpuMath.h"
#include "seqc/Conversion/ExpandMath.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace seqc::gpu {

namespace {
/// An f32 function that is one instruction. ex2.approx.ftz and rsqrt.approx.ftz: relative error below 2^-22 (PTX ISA); denormals count as 0.
template <typename OpTy> struct AsInstruction : OpRewritePattern<OpTy> {
  AsInstruction(MLIRContext *context, StringRef name) : OpRewritePattern<OpTy>(context, /*benefit=*/2), name(name) {}
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not f32");
    rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(op, op.getType(), rewriter.getStringAttr(name), op->getOperands());
    return success();
  }
  StringRef name;
};

/// Division of floats up to 32 bits by div.full: at most 2 units in the last place of f32 off, on the full range, infinities, zeros, NaN and subnormals as
/// usual. The numerics policy allows it (afn on division); the correctly rounded form has a slow path behind a call, for which ptxas spills registers.
/// With afn on f32, x times rcp.approx: 2 units, and 0 where 1 / y is no normal number.
struct DivideFully : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::DivFOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType(), f32 = rewriter.getF32Type();
    if (!isa<FloatType>(type) || type.getIntOrFloatBitWidth() > 32)
      return rewriter.notifyMatchFailure(op, "wider than f32");
    if (type == f32 && bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn)) {
      Value inverse = LLVM::CallIntrinsicOp::create(rewriter, op.getLoc(), f32, rewriter.getStringAttr("llvm.nvvm.rcp.approx.ftz.f"), ValueRange(op.getRhs())).getResult(0);
      rewriter.replaceOpWithNewOp<arith::MulFOp>(op, op.getLhs(), inverse);
      return success();
    }
    SmallVector<Value> operands(op->getOperands());
    if (type != f32)
      for (Value &v : operands)
        v = arith::ExtFOp::create(rewriter, op.getLoc(), f32, v);
    Value quotient = LLVM::CallIntrinsicOp::create(rewriter, op.getLoc(), f32, rewriter.getStringAttr("llvm.nvvm.div.full"), operands).getResult(0);
    if (type != f32)
      quotient = arith::TruncFOp::create(rewriter, op.getLoc(), type, quotient);
    rewriter.replaceOp(op, quotient);
    return success();
  }
};

/// log2 with afn: lg2.approx.ftz, 2^-22 off in absolute terms between 1/2 and 2, a unit elsewhere.
struct ApproximateLog2 : AsInstruction<math::Log2Op> {
  using AsInstruction::AsInstruction;
  LogicalResult matchAndRewrite(math::Log2Op op, PatternRewriter &rewriter) const override {
    if (!bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "not afn");
    return AsInstruction::matchAndRewrite(op, rewriter);
  }
};

struct GpuMathPass : PassWrapper<GpuMathPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(GpuMathPass)
  StringRef getArgument() const override { return "tile-gpu-expand-math"; }
  StringRef getDescription() const override { return "replace math functions by GPU instructions and polynomials"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, LLVM::LLVMDialect>();
  }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandFunctionPatterns(patterns);
    patterns.add<AsInstruction<math::Exp2Op>>(&getContext(), "llvm.nvvm.ex2.approx.ftz");
    patterns.add<AsInstruction<math::RsqrtOp>>(&getContext(), "llvm.nvvm.rsqrt.approx.ftz.f");
    patterns.add<ApproximateLog2>(&getContext(), "llvm.nvvm.lg2.approx.ftz.f");
    patterns.add<DivideFully>(&getContext());
    GreedyRewriteConfig config;
    config.enableFolding(false).setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    // Left to LLVM these would become calls into a library that kernels do not have.
    auto needsLibrary = [](Operation *op) {
      if (isa<arith::RemFOp>(op))
        return true;
      return isa<math::MathDialect>(op->getDialect()) &&
             !isa<math::FmaOp, math::AbsFOp, math::AbsIOp, math::SqrtOp, math::RsqrtOp, math::FloorOp, math::CeilOp, math::TruncOp, math::RoundOp, math::RoundEvenOp,
                  math::CopySignOp, math::IsNaNOp, math::IsInfOp, math::IsFiniteOp, math::CtPopOp, math::CountLeadingZerosOp>(op);
    };
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!needsLibrary(op))
        return WalkResult::advance();
      unsupported(op->emitOpError()) << "expects an operation with a GPU form, but got " << op->getName() << " on " << op->getResult(0).getType();
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> createGpuMathPass() { return std::make_unique<GpuMathPass>(); }
void registerGpuMathPass() { PassRegistration<GpuMathPass>(); }

} // namespace seqc::gpu
