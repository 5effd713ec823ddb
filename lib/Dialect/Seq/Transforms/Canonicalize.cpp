// SPDX-License-Identifier: Apache-2.0
// seq-canonicalize: reshapes sink, rise, merge; sizes come from arguments.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace seqc::seq {
#define GEN_PASS_DEF_CANONICALIZEPASS
#include "seqc/Dialect/Seq/Transforms/Passes.h.inc"
} // namespace seqc::seq

using namespace mlir;
using namespace seqc::seq;

using Groups = SmallVector<ReassociationIndices>;

//===-- Operands at the collapsed shape -------------------------------------------------===//

namespace {
/// Rewrites operands of elementwise ops at the shape that `groups` collapse them to.
struct Collapser {
  const Groups &groups;
  ArrayRef<int64_t> shape; ///< collapsed shape

  /// A broadcast dim group by group: +1 all broadcast, 0 none (apart from dims of size 1), -1 mixed.
  SmallVector<int> classify(linalg::BroadcastOp op) const {
    ArrayRef<int64_t> result = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
    SmallVector<int> kinds;
    for (const ReassociationIndices &group : groups) {
      auto isBroadcast = [&](int64_t d) { return llvm::is_contained(op.getDimensions(), d); };
      bool all = llvm::all_of(group, isBroadcast), some = llvm::any_of(group, [&](int64_t d) { return isBroadcast(d) && result[d] != 1; });
      kinds.push_back(all ? 1 : some ? -1 : 0);
    }
    return kinds;
  }

  bool sameExpand(tensor::ExpandShapeOp e) const { return e && e.getReassociationIndices() == groups && e.getSrcType().getShape() == shape; }

  /// True if the value at the collapsed shape costs nothing.
  bool isFree(Value v) const {
    if (splatAttr(v))
      return true;
    Operation *op = v.getDefiningOp();
    if (auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(op))
      return !llvm::is_contained(classify(broadcast), -1);
    if (isElementwise(op) && op->hasOneUse())
      return llvm::all_of(op->getOperands(), [&](Value o) { return isFree(o); });
    return true; // in memory anyhow: a reinterpretation
  }

  /// The value at the collapsed shape; `like` has that shape.
  Value collapse(PatternRewriter &b, Value v, Value like) const {
    Type element = getElementTypeOrSelf(v.getType());
    auto type = RankedTensorType::get(shape, element);
    if (TypedAttr scalar = splatAttr(v))
      return splatTensor(b, v.getLoc(), type, like, scalar);
    if (auto expand = v.getDefiningOp<tensor::ExpandShapeOp>(); sameExpand(expand))
      return expand.getSrc();
    if (auto broadcast = v.getDefiningOp<linalg::BroadcastOp>())
      if (SmallVector<int> kinds = classify(broadcast); !llvm::is_contained(kinds, -1))
        return collapseBroadcast(b, broadcast, kinds, like);
    return tensor::CollapseShapeOp::create(b, v.getLoc(), type, v, groups);
  }

private:
  Value collapseBroadcast(PatternRewriter &b, linalg::BroadcastOp op, ArrayRef<int> kinds, Value like) const {
    // Groups of the input's dims that stay together, and the dims of the new broadcast.
    Groups inputGroups;
    SmallVector<int64_t> dims, inputShape;
    int64_t inputDim = 0;
    for (auto [g, group] : llvm::enumerate(groups)) {
      if (kinds[g] == 1) {
        dims.push_back(g);
        continue;
      }
      ReassociationIndices &kept = inputGroups.emplace_back();
      for (int64_t d : group)
        if (!llvm::is_contained(op.getDimensions(), d))
          kept.push_back(inputDim++);
      inputShape.push_back(shape[g]);
    }
    Value input = op.getInput();
    Type element = getElementTypeOrSelf(input.getType());
    if (cast<RankedTensorType>(input.getType()).getRank() != static_cast<int64_t>(inputShape.size()))
      input = tensor::CollapseShapeOp::create(b, op.getLoc(), RankedTensorType::get(inputShape, element), input, inputGroups);
    Value init = emptyTensor(b, op.getLoc(), tensor::getMixedSizes(b, op.getLoc(), like), element);
    return linalg::BroadcastOp::create(b, op.getLoc(), input, init, dims)->getResult(0);
  }
};

Operation *cloneWithOperands(PatternRewriter &b, Operation *op, ArrayRef<Value> operands, ArrayRef<int64_t> shape) {
  OperationState state(op->getLoc(), op->getName(), operands, RankedTensorType::get(shape, getElementTypeOrSelf(op->getResult(0).getType())), op->getAttrs());
  return b.create(state);
}

/// elementwise(expand(a), b) -> expand(elementwise(a, collapse(b)))
struct SinkExpand : RewritePattern {
  SinkExpand(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &b) const override {
    if (!isElementwise(op))
      return failure();
    for (Value operand : op->getOperands()) {
      auto expand = operand.getDefiningOp<tensor::ExpandShapeOp>();
      if (!expand || splatAttr(operand))
        continue;
      Groups groups = expand.getReassociationIndices();
      Collapser collapser{groups, expand.getSrcType().getShape()};
      if (!llvm::all_of(op->getOperands(), [&](Value v) { return collapser.isFree(v); }))
        continue;
      b.setInsertionPoint(op);
      SmallVector<Value> operands;
      for (Value v : op->getOperands())
        operands.push_back(collapser.collapse(b, v, expand.getSrc()));
      Operation *small = cloneWithOperands(b, op, operands, collapser.shape);
      b.replaceOpWithNewOp<tensor::ExpandShapeOp>(op, op->getResult(0).getType(), small->getResult(0), groups, expand.getMixedOutputShape());
      return success();
    }
    return failure();
  }
};

/// collapse(broadcast(x)) -> broadcast(collapse(x)); collapse(elementwise(a, b)) -> elementwise(collapse(a), collapse(b)) for a single use.
struct RaiseCollapse : OpRewritePattern<tensor::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::CollapseShapeOp op, PatternRewriter &b) const override {
    Operation *source = op.getSrc().getDefiningOp();
    bool broadcast = isa_and_nonnull<linalg::BroadcastOp>(source), single = isElementwise(source) && source->hasOneUse();
    Groups groups = op.getReassociationIndices();
    Collapser collapser{groups, op.getResultType().getShape()};
    if ((!broadcast && !single) || !collapser.isFree(op.getSrc()))
      return failure();
    if (broadcast || splatAttr(op.getSrc())) {
      if (!op.getResultType().hasStaticShape() && !broadcast)
        return failure();
      // Sizes of the result: products of the source's.
      b.replaceOp(op, collapser.collapse(b, op.getSrc(), collapsedLike(b, op)));
      return success();
    }
    SmallVector<Value> operands;
    for (Value v : source->getOperands())
      operands.push_back(tensor::CollapseShapeOp::create(b, op.getLoc(), RankedTensorType::get(collapser.shape, getElementTypeOrSelf(v.getType())), v, groups));
    b.replaceOp(op, cloneWithOperands(b, source, operands, collapser.shape));
    return success();
  }

private:
  /// An empty tensor of the collapsed sizes.
  static Value collapsedLike(PatternRewriter &b, tensor::CollapseShapeOp op) {
    SmallVector<OpFoldResult> sizes, source = tensor::getMixedSizes(b, op.getLoc(), op.getSrc());
    for (auto [g, group] : llvm::enumerate(op.getReassociationIndices())) {
      if (int64_t size = op.getResultType().getDimSize(g); !ShapedType::isDynamic(size)) {
        sizes.push_back(b.getIndexAttr(size));
        continue;
      }
      Value product;
      for (int64_t d : group) {
        Value size = getValueOrCreateConstantIndexOp(b, op.getLoc(), source[d]);
        product = product ? arith::MulIOp::create(b, op.getLoc(), product, size).getResult() : size;
      }
      sizes.push_back(product);
    }
    return emptyTensor(b, op.getLoc(), sizes, op.getResultType().getElementType());
  }
};

/// tensor.dim of a result -> size of an operand.
struct ResolveDim : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::DimOp op, PatternRewriter &b) const override {
    auto result = dyn_cast<OpResult>(op.getSource());
    std::optional<int64_t> dim = op.getConstantIndex();
    if (!result || !dim)
      return failure();
    Operation *source = result.getOwner();
    if (isElementwise(source)) {
      b.replaceOpWithNewOp<tensor::DimOp>(op, source->getOperand(0), *dim);
      return success();
    }
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(source)) {
      b.replaceOpWithNewOp<tensor::DimOp>(op, linalgOp.getTiedOpOperand(result)->get(), *dim);
      return success();
    }
    std::optional<OpFoldResult> size = sizeOf(b, source, result, *dim);
    if (!size)
      return failure();
    b.replaceOp(op, getValueOrCreateConstantIndexOp(b, op.getLoc(), *size));
    return success();
  }

private:
  static std::optional<OpFoldResult> sizeOf(PatternRewriter &b, Operation *op, OpResult result, int64_t dim) {
    Location loc = op->getLoc();
    if (auto empty = dyn_cast<tensor::EmptyOp>(op))
      return empty.getMixedSizes()[dim];
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
      return expand.getMixedOutputShape()[dim];
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op); slice && slice.getSourceType().getRank() == slice.getResultType().getRank())
      return slice.getMixedSizes()[dim];
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
      Value product;
      ReassociationIndices group = collapse.getReassociationIndices()[dim];
      for (int64_t d : group) {
        Value size = getValueOrCreateConstantIndexOp(b, loc, tensor::getMixedSize(b, loc, collapse.getSrc(), d));
        product = product ? arith::MulIOp::create(b, loc, product, size).getResult() : size;
      }
      return OpFoldResult(product);
    }
    if (isa<SeqDialect>(op->getDialect())) {
      auto reify = dyn_cast<ReifyRankedShapedTypeOpInterface>(op);
      ReifiedRankedShapedTypeDims shapes;
      if (reify && succeeded(reify.reifyResultShapes(b, shapes)))
        return shapes[result.getResultNumber()][dim];
    }
    return std::nullopt;
  }
};

struct Canonicalize : seqc::seq::impl::CanonicalizePassBase<Canonicalize> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<SinkExpand, RaiseCollapse, ResolveDim>(context);
    patterns.add<ComposeReassociativeReshapeOps<tensor::ExpandShapeOp, ReshapeOpKind::kExpand>,
                 ComposeReassociativeReshapeOps<tensor::CollapseShapeOp, ReshapeOpKind::kCollapse>,
                 ComposeCollapseOfExpandOp<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp, tensor::DimOp, RankedTensorType>,
                 ComposeExpandOfCollapseOp<tensor::ExpandShapeOp, tensor::CollapseShapeOp>>(context);
    linalg::TransposeOp::getCanonicalizationPatterns(patterns, context);
    linalg::BroadcastOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
