// SPDX-License-Identifier: Apache-2.0
// Folders and canonical forms: splats through shape ops, chains of one shape op, identities, constant coordinates.
#include "TileVerify.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace seqc::tile;

Operation *TileDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  return arith::ConstantOp::materialize(b, value, type, loc);
}

//===-- Splats ------------------------------------------------------------------------===//

/// A splat keeps its value in any shape.
static OpFoldResult splatAs(Attribute operand, RankedTensorType type) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(operand);
  if (!splat)
    return {};
  return splat.resizeSplat(type);
}

/// The same for a splat of a value that is not constant.
static LogicalResult splatThrough(Operation *op, Value operand, PatternRewriter &rewriter) {
  auto splat = operand.getDefiningOp<SplatOp>();
  if (!splat)
    return failure();
  rewriter.replaceOpWithNewOp<SplatOp>(op, op->getResult(0).getType(), splat.getS());
  return success();
}

OpFoldResult SplatOp::fold(FoldAdaptor adaptor) {
  if (!adaptor.getS())
    return {};
  return DenseElementsAttr::get(getType(), adaptor.getS());
}

OpFoldResult ScalarOp::fold(FoldAdaptor adaptor) {
  if (auto splat = getT().getDefiningOp<SplatOp>())
    return splat.getS();
  auto constant = dyn_cast_or_null<SplatElementsAttr>(adaptor.getT());
  return constant ? OpFoldResult(constant.getSplatValue<Attribute>()) : OpFoldResult();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) { return splatAs(adaptor.getT(), getType()); }

LogicalResult BroadcastOp::canonicalize(BroadcastOp op, PatternRewriter &rewriter) { return splatThrough(op, op.getT(), rewriter); }

//===-- reshape, transpose, slice ---------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getT().getType() == getType())
    return getT();
  if (auto inner = getT().getDefiningOp<ReshapeOp>()) {
    getTMutable().assign(inner.getT());
    return getResult();
  }
  return splatAs(adaptor.getT(), getType());
}

LogicalResult ReshapeOp::canonicalize(ReshapeOp op, PatternRewriter &rewriter) { return splatThrough(op, op.getT(), rewriter); }

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  ArrayRef<int64_t> perm = getPerm();
  if (llvm::all_of(llvm::enumerate(perm), [](auto e) { return e.value() == static_cast<int64_t>(e.index()); }))
    return getT();
  if (auto inner = getT().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> composed;
    for (int64_t i : perm)
      composed.push_back(inner.getPerm()[i]);
    setPerm(composed);
    getTMutable().assign(inner.getT());
    return getResult();
  }
  return splatAs(adaptor.getT(), getType());
}

LogicalResult TransposeOp::canonicalize(TransposeOp op, PatternRewriter &rewriter) { return splatThrough(op, op.getT(), rewriter); }

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getT().getType() == getType())
    return getT();
  if (auto inner = getT().getDefiningOp<SliceOp>()) {
    SmallVector<int64_t> offsets;
    for (auto [a, b] : llvm::zip_equal(getOffsets(), inner.getOffsets()))
      offsets.push_back(a + b);
    setOffsets(offsets);
    getTMutable().assign(inner.getT());
    return getResult();
  }
  return splatAs(adaptor.getT(), getType());
}

LogicalResult SliceOp::canonicalize(SliceOp op, PatternRewriter &rewriter) { return splatThrough(op, op.getT(), rewriter); }

//===-- split, join ---------------------------------------------------------------------===//

LogicalResult SplitOp::canonicalize(SplitOp op, PatternRewriter &rewriter) {
  auto join = op.getT().getDefiningOp<JoinOp>();
  if (!join || join.getDims() != op.getDims())
    return failure();
  rewriter.replaceOp(op, join.getParts());
  return success();
}

LogicalResult JoinOp::canonicalize(JoinOp op, PatternRewriter &rewriter) {
  auto split = op.getParts().empty() ? SplitOp() : op.getParts()[0].getDefiningOp<SplitOp>();
  if (!split || split.getDims() != op.getDims() || !llvm::equal(split.getResults(), op.getParts()))
    return failure();
  rewriter.replaceOp(op, split.getT());
  return success();
}

//===-- Constant coordinates ----------------------------------------------------------------===//

/// Moves constant operands of a mixed list into its static part; false if there are none.
static bool foldConstants(SmallVectorImpl<Value> &dynamic, SmallVectorImpl<int64_t> &statics) {
  bool changed = false;
  size_t next = 0;
  for (int64_t &s : statics) {
    if (!ShapedType::isDynamic(s))
      continue;
    std::optional<int64_t> c = getConstantIntValue(dynamic[next]);
    if (c && !ShapedType::isDynamic(*c)) {
      s = *c;
      dynamic.erase(dynamic.begin() + next);
      changed = true;
    } else {
      ++next;
    }
  }
  return changed;
}

template <typename Op>
static LogicalResult foldCoords(Op op, PatternRewriter &rewriter) {
  SmallVector<Value> dynamic(op.getCoords());
  SmallVector<int64_t> statics(op.getStaticCoords());
  if (!foldConstants(dynamic, statics))
    return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.getCoordsMutable().assign(dynamic);
    op.setStaticCoords(statics);
  });
  return success();
}

LogicalResult LoadOp::canonicalize(LoadOp op, PatternRewriter &rewriter) { return foldCoords(op, rewriter); }
LogicalResult StoreOp::canonicalize(StoreOp op, PatternRewriter &rewriter) { return foldCoords(op, rewriter); }
LogicalResult GatherOp::canonicalize(GatherOp op, PatternRewriter &rewriter) { return foldCoords(op, rewriter); }
LogicalResult LoadScalarOp::canonicalize(LoadScalarOp op, PatternRewriter &rewriter) { return foldCoords(op, rewriter); }
LogicalResult AccumulateOp::canonicalize(AccumulateOp op, PatternRewriter &rewriter) { return foldCoords(op, rewriter); }

template <typename Op>
static LogicalResult foldOffsets(Op op, PatternRewriter &rewriter) {
  SmallVector<Value> dynamic(op.getOffsets());
  SmallVector<int64_t> statics(op.getStaticOffsets());
  if (!foldConstants(dynamic, statics))
    return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.getOffsetsMutable().assign(dynamic);
    op.setStaticOffsets(statics);
  });
  return success();
}

LogicalResult SubviewOp::canonicalize(SubviewOp op, PatternRewriter &rewriter) { return foldOffsets(op, rewriter); }
LogicalResult MapOp::canonicalize(MapOp op, PatternRewriter &rewriter) { return foldOffsets(op, rewriter); }
