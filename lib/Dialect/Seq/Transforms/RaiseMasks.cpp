// SPDX-License-Identifier: Apache-2.0
// Masks that compare positions become causal and window attributes.
#include "RaiseScores.h"

using namespace mlir;
using namespace seqc::seq;

namespace {
/// cm m + cn n + c
struct Linear {
  int64_t cm = 0, cn = 0, c = 0;
};

std::optional<Linear> linearOf(Value v, Value m, Value n) {
  if (v == m)
    return Linear{1, 0, 0};
  if (v == n)
    return Linear{0, 1, 0};
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant)))
    return Linear{0, 0, constant.getSExtValue()};
  Operation *op = v.getDefiningOp();
  if (isa_and_nonnull<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(op))
    return linearOf(op->getOperand(0), m, n);
  if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp>(op))
    return std::nullopt;
  std::optional<Linear> a = linearOf(op->getOperand(0), m, n), b = linearOf(op->getOperand(1), m, n);
  if (!a || !b)
    return std::nullopt;
  int64_t sign = isa<arith::SubIOp>(op) ? -1 : 1;
  return Linear{a->cm + sign * b->cm, a->cn + sign * b->cn, a->c + sign * b->c};
}

/// A condition as `value <= 0`, or its negation, of one comparison of positions.
struct Comparison {
  arith::CmpIOp op;
  bool negated;
};

std::optional<Comparison> comparisonOf(Value v, Value m, Value n);

/// op(select(c, a, b), k) with constants a, b, k: c, its negation, or nothing.
std::optional<Comparison> throughSelect(Operation *cmp, Value m, Value n) {
  auto select = cmp->getOperand(0).getDefiningOp<arith::SelectOp>();
  if (!select)
    return std::nullopt;
  auto fold = [&](Value side) -> std::optional<bool> {
    Attribute a, k;
    if (!matchPattern(side, m_Constant(&a)) || !matchPattern(cmp->getOperand(1), m_Constant(&k)))
      return std::nullopt;
    SmallVector<OpFoldResult> result;
    if (failed(cmp->fold({a, k}, result)) || result.size() != 1)
      return std::nullopt;
    auto bit = dyn_cast_or_null<IntegerAttr>(dyn_cast<Attribute>(result.front()));
    return bit ? std::optional<bool>(bit.getValue().isOne()) : std::nullopt;
  };
  std::optional<bool> onTrue = fold(select.getTrueValue()), onFalse = fold(select.getFalseValue());
  if (!onTrue || !onFalse || *onTrue == *onFalse)
    return std::nullopt;
  std::optional<Comparison> c = comparisonOf(select.getCondition(), m, n);
  if (c)
    c->negated ^= !*onTrue;
  return c;
}

std::optional<Comparison> comparisonOf(Value v, Value m, Value n) {
  Operation *op = v.getDefiningOp();
  if (auto cmp = dyn_cast_or_null<arith::CmpIOp>(op)) {
    if (linearOf(cmp.getLhs(), m, n) && linearOf(cmp.getRhs(), m, n))
      return Comparison{cmp, false};
    return throughSelect(op, m, n);
  }
  if (isa_and_nonnull<arith::CmpFOp>(op))
    return throughSelect(op, m, n);
  if (auto x = dyn_cast_or_null<arith::XOrIOp>(op); x && matchPattern(x.getRhs(), m_One())) {
    std::optional<Comparison> c = comparisonOf(x.getLhs(), m, n);
    if (c)
      c->negated = !c->negated;
    return c;
  }
  return std::nullopt;
}

/// The comparison as e <= 0.
std::optional<Linear> atMostZero(Comparison comparison, Value m, Value n) {
  arith::CmpIPredicate p = comparison.op.getPredicate();
  if (comparison.negated)
    p = arith::invertPredicate(p);
  Linear a = *linearOf(comparison.op.getLhs(), m, n), b = *linearOf(comparison.op.getRhs(), m, n);
  using P = arith::CmpIPredicate;
  if (p == P::sge || p == P::sgt)
    std::swap(a, b);
  else if (p != P::sle && p != P::slt)
    return std::nullopt;
  int64_t strict = p == P::sgt || p == P::slt ? 1 : 0;
  return Linear{a.cm - b.cm, a.cn - b.cn, a.c - b.c + strict};
}
} // namespace

void seqc::seq::classifyMask(OpBuilder &b, Value condition, bool visible, Value m, Value n, MaskAttrs &attrs) {
  if (auto conjunction = condition.getDefiningOp<arith::AndIOp>(); conjunction && visible) {
    classifyMask(b, conjunction.getLhs(), true, m, n, attrs);
    return classifyMask(b, conjunction.getRhs(), true, m, n, attrs);
  }
  if (auto disjunction = condition.getDefiningOp<arith::OrIOp>(); disjunction && !visible) {
    classifyMask(b, disjunction.getLhs(), false, m, n, attrs);
    return classifyMask(b, disjunction.getRhs(), false, m, n, attrs);
  }
  if (std::optional<Comparison> c = comparisonOf(condition, m, n)) {
    c->negated ^= !visible;
    std::optional<Linear> e = atMostZero(*c, m, n);
    auto tighten = [](std::optional<int64_t> &window, int64_t w) { window = window ? std::min(*window, w) : w; };
    if (e && e->cn == 1 && e->cm == -1 && e->c <= 0) { // n <= m - c
      if (e->c == 0)
        attrs.causal = true;
      else
        tighten(attrs.windowRight, -e->c);
      return;
    }
    if (e && e->cn == -1 && e->cm == 1 && e->c <= 0) // n >= m + c
      return tighten(attrs.windowLeft, -e->c);
  }
  if (!visible)
    condition = arith::XOrIOp::create(b, condition.getLoc(), condition, arith::ConstantOp::create(b, condition.getLoc(), b.getBoolAttr(true)));
  attrs.rest.push_back(condition);
}
