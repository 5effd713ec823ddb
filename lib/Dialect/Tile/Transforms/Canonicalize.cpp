// SPDX-License-Identifier: Apache-2.0
// tile-canonicalize: the canonical forms of all ops, and rules between different shape ops.
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace seqc::tile {
#define GEN_PASS_DEF_TILECANONICALIZEPASS
#include "seqc/Dialect/Tile/Transforms/Passes.h.inc"

namespace {
/// transpose(broadcast(t)) -> broadcast(transpose(t))
struct TransposeOfBroadcast : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getT().getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return failure();
    int64_t at = broadcast.getAt(), newAt = -1;
    SmallVector<int64_t> perm;
    for (auto [i, d] : llvm::enumerate(op.getPerm())) {
      if (d == at)
        newAt = i;
      else
        perm.push_back(d > at ? d - 1 : d);
    }
    Value inner = rewriter.create<TransposeOp>(op.getLoc(), broadcast.getT(), perm);
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), inner, newAt);
    return success();
  }
};

SmallVector<int64_t> without(ArrayRef<int64_t> xs, int64_t i) {
  SmallVector<int64_t> kept(xs);
  kept.erase(kept.begin() + i);
  return kept;
}

/// slice(broadcast(t)) -> broadcast(slice(t))
struct SliceOfBroadcast : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getT().getDefiningOp<BroadcastOp>();
    if (!broadcast)
      return failure();
    int64_t at = broadcast.getAt();
    SmallVector<int64_t> sizes = without(op.getSizes(), at);
    auto type = RankedTensorType::get(sizes, op.getType().getElementType());
    Value inner = rewriter.create<SliceOp>(op.getLoc(), type, broadcast.getT(), without(op.getOffsets(), at), sizes);
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), inner, at);
    return success();
  }
};

/// A slice that lies in one part of a join reads that part.
struct SliceOfJoin : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto join = op.getT().getDefiningOp<JoinOp>();
    if (!join)
      return failure();
    int64_t part = 0;
    SmallVector<int64_t> offsets, sizes;
    for (int64_t d = 0; d < join.getType().getRank(); ++d) {
      if (!llvm::is_contained(join.getDims(), d)) {
        offsets.push_back(op.getOffsets()[d]);
        sizes.push_back(op.getSizes()[d]);
        continue;
      }
      if (op.getSizes()[d] != 1)
        return failure();
      part = part * join.getType().getDimSize(d) + op.getOffsets()[d];
    }
    auto type = RankedTensorType::get(sizes, op.getType().getElementType());
    Value inner = rewriter.create<SliceOp>(op.getLoc(), type, join.getParts()[part], offsets, sizes);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner);
    return success();
  }
};

struct TileCanonicalizePass : impl::TileCanonicalizePassBase<TileCanonicalizePass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    for (Dialect *dialect : context->getLoadedDialects())
      dialect->getCanonicalizationPatterns(set);
    for (RegisteredOperationName op : context->getRegisteredOperations())
      op.getCanonicalizationPatterns(set, context);
    set.add<TransposeOfBroadcast, SliceOfBroadcast, SliceOfJoin>(context);
    patterns = std::move(set);
    return success();
  }
  void runOnOperation() override {
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      signalPassFailure();
  }
  FrozenRewritePatternSet patterns;
};
} // namespace
} // namespace seqc::tile
