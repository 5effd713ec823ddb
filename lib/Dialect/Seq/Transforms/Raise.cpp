// SPDX-License-Identifier: Apache-2.0
// seq-raise: matches softmax(scores) V and builds seq.attention. The scores are matched in RaiseScores.cpp.
#include "RaiseConv.h"
#include "RaiseScores.h"
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Iterators.h"
#include <cmath>

namespace seqc::seq {
#define GEN_PASS_DEF_RAISEPASS
#include "seqc/Dialect/Seq/Transforms/Passes.h.inc"
} // namespace seqc::seq

using namespace mlir;
using namespace seqc::seq;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

//===-- Softmax ---------------------------------------------------------------------------===//

namespace {
struct Match {
  linalg::BatchMatmulOp out; ///< probabilities x values
  Scores scores;
  Peeler peeler;
  std::string reason; ///< why a near match is none
};

/// The operand of the reduction over the last dim whose result is broadcast back over the last dim; null if `v` is something else.
Value reducedOverLast(Peeler &peeler, Value v, StringRef combiner) {
  auto broadcast = peeler.peel(v).getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast)
    return {};
  int64_t last = typeOf(broadcast->getResult(0)).getRank() - 1;
  if (broadcast.getDimensions() != ArrayRef<int64_t>{last})
    return {};
  peeler.ops.insert(broadcast);
  Value rows = broadcast.getInput();
  while (Operation *op = rows.getDefiningOp()) { // keepdim: a dim of size 1 added and removed, conversions
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, arith::ExtFOp, arith::TruncFOp>(op))
      break;
    peeler.ops.insert(op);
    rows = op->getOperand(0);
  }
  auto reduce = rows.getDefiningOp<linalg::ReduceOp>();
  if (!reduce || reduce.getInputs().size() != 1 || typeOf(reduce->getResult(0)).getShape() != typeOf(broadcast.getInput()).getShape())
    return {};
  Value input = reduce.getInputs().front();
  if (reduce.getDimensions() != ArrayRef<int64_t>{typeOf(input).getRank() - 1} ||
      reduce.getCombiner().front().front().getName().getStringRef() != combiner)
    return {};
  peeler.ops.insert(reduce);
  return peeler.peel(input);
}

bool isSplat(Value v, double number) {
  std::optional<double> splat = splatValue(v);
  return splat && *splat == number;
}

/// The value that `v` says to be minus infinity element by element (or, with `negated`, to be anything else); null if `v` is no such test.
Value testedForMinusInfinity(Peeler &peeler, Value v, bool negated) {
  while (auto flip = v.getDefiningOp<arith::XOrIOp>()) {
    if (!matchPattern(flip.getRhs(), m_One()))
      return {};
    peeler.ops.insert(flip);
    negated = !negated;
    v = flip.getLhs();
  }
  auto compare = v.getDefiningOp<arith::CmpFOp>();
  if (!compare || compare.getPredicate() != (negated ? arith::CmpFPredicate::UNE : arith::CmpFPredicate::OEQ) || !isSplat(compare.getRhs(), -INFINITY))
    return {};
  peeler.ops.insert(compare);
  return compare.getLhs();
}

/// The scores if `condition` is true for the rows whose scores are all minus infinity: their maximum is, or none is anything else.
Value scoresOfEmptyRows(Peeler &peeler, Value condition) {
  if (Value rows = testedForMinusInfinity(peeler, condition, false))
    return reducedOverLast(peeler, rows, "arith.maximumf");
  bool negated = false;
  Value v = condition;
  while (Operation *op = v.getDefiningOp()) { // spread over the row, dims of size 1, negations
    if (auto flip = dyn_cast<arith::XOrIOp>(op); flip && matchPattern(flip.getRhs(), m_One()))
      negated = !negated;
    else if (!isa<linalg::BroadcastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      break;
    if (auto broadcast = dyn_cast<linalg::BroadcastOp>(op); broadcast && broadcast.getDimensions() != ArrayRef<int64_t>{typeOf(broadcast->getResult(0)).getRank() - 1})
      return {};
    peeler.ops.insert(op);
    v = op->getOperand(0);
  }
  auto reduce = v.getDefiningOp<linalg::ReduceOp>();
  if (!reduce || reduce.getInputs().size() != 1 || reduce.getDimensions() != ArrayRef<int64_t>{typeOf(reduce.getInputs().front()).getRank() - 1} ||
      reduce.getCombiner().front().front().getName().getStringRef() != (negated ? "arith.ori" : "arith.andi") ||
      typeOf(reduce.getInputs().front()).getRank() != typeOf(condition).getRank())
    return {};
  peeler.ops.insert(reduce);
  Value scores = testedForMinusInfinity(peeler, reduce.getInputs().front(), negated);
  return scores ? peeler.peel(scores) : Value();
}

/// Sets scores and returns success if `m.out` is softmax(..Q K^T..) V. Fills `reason` for a near match.
LogicalResult matchSoftmax(Match &m) {
  Value p = m.peeler.peel(m.out.getInputs()[0]);
  // Probabilities of 0 for rows without keys.
  auto safe = p.getDefiningOp<arith::SelectOp>();
  if (safe && isSplat(safe.getTrueValue(), 0.0)) {
    m.peeler.ops.insert(safe);
    p = m.peeler.peel(safe.getFalseValue());
  } else {
    safe = nullptr;
  }
  auto divide = p.getDefiningOp<arith::DivFOp>();
  if (!divide)
    return failure();
  m.peeler.ops.insert(divide);
  auto exp = m.peeler.peel(divide.getLhs()).getDefiningOp<math::ExpOp>();
  if (!exp)
    return failure();
  m.peeler.ops.insert(exp);
  Value summed = reducedOverLast(m.peeler, divide.getRhs(), "arith.addf");
  Value shifted = m.peeler.peel(exp.getOperand());
  auto subtract = shifted.getDefiningOp<arith::SubFOp>();
  Value scores = subtract ? m.peeler.peel(subtract.getLhs()) : shifted;
  if (subtract)
    m.peeler.ops.insert(subtract);
  Peeler quiet;
  std::string ignored;
  if (!matchScores(quiet, scores, ignored) && ignored.empty())
    return failure(); // no Q K^T: nothing near
  if (summed != exp.getResult()) {
    m.reason = "the divisor is not the sum of the exponentials over the keys";
    return failure();
  }
  if (!subtract) {
    m.reason = "the row maximum is not subtracted before the exponential";
    return failure();
  }
  if (reducedOverLast(m.peeler, subtract.getRhs(), "arith.maximumf") != scores) {
    m.reason = "what is subtracted before the exponential is not the row maximum";
    return failure();
  }
  if (safe && scoresOfEmptyRows(m.peeler, safe.getCondition()) != scores) {
    auto compare = safe.getCondition().getDefiningOp<arith::CmpFOp>();
    bool testsNaN = isa_and_nonnull<math::IsNaNOp>(safe.getCondition().getDefiningOp()) || (compare && compare.getPredicate() == arith::CmpFPredicate::UNO);
    m.reason = testsNaN ? "all probabilities that are not numbers become 0, also those of scores that are not numbers"
                        : "probabilities become 0 by a condition that is not that all scores of the row are minus infinity";
    return failure();
  }
  std::optional<Scores> matched = matchScores(m.peeler, scores, m.reason);
  if (!matched)
    return failure();
  m.scores = *matched;
  for (Operation *op : m.peeler.ops)
    for (Operation *user : op->getUsers())
      if (user != m.out && !m.peeler.ops.contains(user) && !isa<tensor::DimOp>(user)) {
        m.reason = ("'" + op->getName().getStringRef() + "' between the two products is used elsewhere, by '" + user->getName().getStringRef() + "'").str();
        return failure();
      }
  return success();
}

//===-- Operands as [B, H, L, D] ----------------------------------------------------------------===//

const SmallVector<ReassociationIndices> kJoinHeads = {{0, 1}, {2}, {3}};

struct Builder {
  PatternRewriter &b;
  Match &m;
  Location loc = m.out.getLoc();
  OpFoldResult batch = {}, heads = {}; ///< B and H of the scores

  void setSpace() {
    if (!m.peeler.rank4) // a reshape of the query alone
      (void)m.peeler.peel(m.scores.product.getInputs()[0]);
    if (Value v = m.peeler.rank4) {
      batch = sizeOf(v, 0), heads = sizeOf(v, 1);
    } else {
      batch = sizeOf(m.scores.product.getInputs()[0], 0), heads = b.getIndexAttr(1);
    }
  }

  /// Sizes of a reshape's result come from the reshape, so that the value itself can die.
  OpFoldResult sizeOf(Value v, int64_t dim) {
    if (auto expand = v.getDefiningOp<tensor::ExpandShapeOp>())
      return expand.getMixedOutputShape()[dim];
    return tensor::getMixedSize(b, loc, v, dim);
  }

  static int64_t staticSize(OpFoldResult r) { return getConstantIntValue(r).value_or(ShapedType::kDynamic); }

  /// [B H, X, Y] -> [B, H, X, Y]
  Value withHeads(Value v) {
    auto collapse = v.getDefiningOp<tensor::CollapseShapeOp>();
    bool same = collapse && collapse.getReassociationIndices() == kJoinHeads && !ShapedType::isDynamic(staticSize(heads)) &&
                collapse.getSrcType().getDimSize(0) == staticSize(batch) && collapse.getSrcType().getDimSize(1) == staticSize(heads);
    if (same)
      return collapse.getSrc();
    RankedTensorType type = typeOf(v);
    auto result = RankedTensorType::get({staticSize(batch), staticSize(heads), type.getDimSize(1), type.getDimSize(2)}, type.getElementType());
    SmallVector<OpFoldResult> sizes{batch, heads, sizeOf(v, 1), sizeOf(v, 2)};
    return tensor::ExpandShapeOp::create(b, loc, result, v, kJoinHeads, sizes);
  }

  /// The last two dims exchanged; merged with a transpose that is there already.
  Value transposed(Value v) {
    SmallVector<int64_t> perm{0, 1, 3, 2};
    if (auto t = v.getDefiningOp<linalg::TransposeOp>()) {
      SmallVector<int64_t> composed;
      for (int64_t d : perm)
        composed.push_back(t.getPermutation()[d]);
      if (llvm::equal(composed, llvm::seq<int64_t>(0, 4)))
        return t.getInput();
      perm = composed;
      v = t.getInput();
    }
    SmallVector<OpFoldResult> sizes;
    for (int64_t d : perm)
      sizes.push_back(sizeOf(v, d));
    return linalg::TransposeOp::create(b, loc, v, emptyTensor(b, loc, sizes, typeOf(v).getElementType()), perm)->getResult(0);
  }

  /// Drops a factor that is a positive splat; it joins the scale.
  Value withoutFactor(Value v, double &scale) {
    auto multiply = v.getDefiningOp<arith::MulFOp>();
    if (!multiply)
      return v;
    for (unsigned i : {0u, 1u})
      if (std::optional<double> c = splatValue(multiply->getOperand(i)); c && *c > 0.0 && std::isfinite(*c)) {
        scale *= *c;
        return multiply->getOperand(1 - i);
      }
    return v;
  }

  /// The keys [B, H, N, D] of a product with [B H, D, N].
  Value keys(double &scale) {
    Value k = withoutFactor(m.scores.product.getInputs()[1], scale);
    if (auto t = k.getDefiningOp<linalg::TransposeOp>(); t && t.getPermutation() == ArrayRef<int64_t>{0, 2, 1})
      return withHeads(withoutFactor(t.getInput(), scale));
    return withoutFactor(transposed(withoutFactor(withHeads(k), scale)), scale);
  }

  /// [B, HK, N, D] if `v` repeats every head of it; null otherwise.
  static Value ungrouped(Value v) {
    auto collapse = v.getDefiningOp<tensor::CollapseShapeOp>();
    SmallVector<ReassociationIndices> groups = {{0}, {1, 2}, {3}, {4}};
    auto broadcast = collapse && collapse.getReassociationIndices() == groups ? collapse.getSrc().getDefiningOp<linalg::BroadcastOp>() : nullptr;
    return broadcast && broadcast.getDimensions() == ArrayRef<int64_t>{2} ? broadcast.getInput() : Value();
  }

  /// The added tensor with rank 4 and dims of 1 where it is broadcast.
  Value bias() {
    Value v = m.scores.bias;
    if (!v)
      return {};
    SmallVector<int64_t> shape(typeOf(v).getShape());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, v);
    SmallVector<int64_t> dims = m.scores.biasDims;
    llvm::sort(dims);
    for (int64_t d : dims) {
      shape.insert(shape.begin() + d, 1);
      sizes.insert(sizes.begin() + d, b.getIndexAttr(1));
    }
    if (shape.size() == 3) { // [B H or 1, M, N]
      bool shared = shape[0] == 1;
      shape.insert(shape.begin() + 1, shared ? 1 : staticSize(heads));
      sizes.insert(sizes.begin() + 1, shared ? OpFoldResult(b.getIndexAttr(1)) : heads);
      if (!shared)
        shape[0] = staticSize(batch), sizes[0] = batch;
    }
    return reshape(v, shape, sizes);
  }

  Value reshape(Value v, ArrayRef<int64_t> shape, ArrayRef<OpFoldResult> sizes) {
    RankedTensorType type = typeOf(v);
    if (type.getShape() == shape)
      return v;
    auto result = RankedTensorType::get(shape, type.getElementType());
    std::optional<SmallVector<ReassociationIndices>> groups = getReassociationIndicesForReshape(type, result);
    return groups ? Value(tensor::ExpandShapeOp::create(b, loc, result, v, *groups, sizes)) : Value();
  }

  void buildScoreMod(AttentionOp op) {
    if (m.scores.mod.empty())
      return;
    OpBuilder::InsertionGuard guard(b);
    Type index = b.getIndexType(), type = AttentionOp::scoreType(typeOf(op.getQ()).getElementType());
    Block *block = b.createBlock(&op.getScoreMod(), {}, {type, index, index, index, index}, SmallVector<Location>(5, loc));
    Scalarizer scalars(b, loc, coordinates(block->getArguments().drop_front()));
    YieldOp::create(b, loc, scalars.replay(m.scores.mod, block->getArgument(0)));
  }

  void buildMask(AttentionOp op) {
    if (m.scores.masks.empty())
      return;
    OpBuilder::InsertionGuard guard(b);
    Block *block = b.createBlock(&op.getMask(), {}, SmallVector<Type>(4, b.getIndexType()), SmallVector<Location>(4, loc));
    Scalarizer scalars(b, loc, coordinates(block->getArguments()));
    MaskAttrs attrs;
    for (const Mask &mask : m.scores.masks)
      classifyMask(b, scalars.element(mask.condition), mask.visible, block->getArgument(2), block->getArgument(3), attrs);
    if (attrs.causal)
      op.setCausal("top_left");
    if (attrs.windowLeft)
      op.setWindowLeft(*attrs.windowLeft);
    if (attrs.windowRight)
      op.setWindowRight(*attrs.windowRight);
    if (attrs.rest.empty()) {
      op.getMask().getBlocks().clear();
      return;
    }
    Value all = attrs.rest.front();
    for (Value next : ArrayRef(attrs.rest).drop_front())
      all = arith::AndIOp::create(b, loc, all, next);
    YieldOp::create(b, loc, all);
  }

  Coordinates coordinates(ArrayRef<BlockArgument> args) {
    Value h = staticSize(heads) == 1 ? Value() : getValueOrCreateConstantIndexOp(b, loc, heads);
    return {args[0], args[1], args[2], args[3], h};
  }

  void build() {
    b.setInsertionPoint(m.out);
    setSpace();
    double scale = m.scores.scale;
    Value q = withoutFactor(withHeads(withoutFactor(m.scores.product.getInputs()[0], scale)), scale); // a factor on either side of the reshape
    Value k = keys(scale);
    Value v = withHeads(m.out.getInputs()[1]);
    if (Value kGrouped = ungrouped(k), vGrouped = ungrouped(v); kGrouped && vGrouped)
      k = kGrouped, v = vGrouped;
    SmallVector<Type, 2> types = AttentionOp::inferAttentionTypes(typeOf(q), typeOf(k), typeOf(v), /*lse=*/false);
    FloatAttr softcap = m.scores.softcap ? b.getF64FloatAttr(*m.scores.softcap) : FloatAttr();
    auto op = AttentionOp::create(b, loc, types, q, k, v, bias(), Value(), Value(), Value(), Value(), b.getF64FloatAttr(scale), softcap, b.getStringAttr("none"),
                                  IntegerAttr(), IntegerAttr());
    buildScoreMod(op);
    buildMask(op);
    // Back to the type of the product: [B H, M, DV], f32 for 16-bit inputs.
    Value o = op.getO();
    RankedTensorType out = typeOf(m.out->getResult(0));
    o = tensor::CollapseShapeOp::create(b, loc, RankedTensorType::get(out.getShape(), typeOf(o).getElementType()), o, kJoinHeads);
    if (out.getElementType() != typeOf(o).getElementType())
      o = arith::ExtFOp::create(b, loc, out, o);
    op.emitRemark() << "raised softmax(QK^T)V to seq.attention";
    b.replaceOp(m.out, o);
  }
};

/// The forms that the builder has no words for.
LogicalResult checkBuildable(Match &m) {
  Value q = m.scores.product.getInputs()[0], v = m.out.getInputs()[1];
  if (typeOf(q).getElementType() != typeOf(v).getElementType() || typeOf(m.scores.product.getInputs()[1]).getElementType() != typeOf(v).getElementType()) {
    m.reason = "queries, keys and values have different element types";
    return failure();
  }
  if (typeOf(q).isDynamicDim(2) || typeOf(v).isDynamicDim(2)) {
    m.reason = "the head dim is dynamic";
    return failure();
  }
  return success();
}

struct Raise : seqc::seq::impl::RaisePassBase<Raise> {
  void runOnOperation() override {
    SmallVector<linalg::BatchMatmulOp> products;
    getOperation().walk([&](linalg::BatchMatmulOp op) { products.push_back(op); });
    PatternRewriter rewriter(&getContext());
    for (linalg::BatchMatmulOp op : products) {
      Match m{op, {}, {}, {}};
      if (succeeded(matchSoftmax(m)) && succeeded(checkBuildable(m))) {
        Builder{rewriter, m}.build();
        ++numRaised;
      } else if (!m.reason.empty()) {
        op.emitRemark() << "did not raise softmax(QK^T)V: " << m.reason;
      }
    }
    numConvolutions += raiseConvolutions(getOperation(), rewriter);
    // What was matched is dead now; users come after producers, so walk backwards.
    getOperation().walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
      if (isOpTriviallyDead(op))
        op->erase();
    });
  }
};
} // namespace
