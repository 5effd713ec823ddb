// SPDX-License-Identifier: Apache-2.0
#include "LowRank.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

static Parts product(const TileMath &t, Parts a, Parts b) {
  return {t.sub(t.mul(a.re, b.re), t.mul(a.im, b.im)), t.add(t.mul(a.re, b.im), t.mul(a.im, b.re))};
}

LowRank::LowRank(const TileMath &t, const LowRankSystem &system) : t(t), system(system) {
  auto type = TileMath::typeOf(system.lambda.re);
  Value rate = t.div(t.constant(type, 2), t.splat(type, system.dt));
  Value re = t.sub(rate, system.lambda.re), square = t.add(t.mul(re, re), t.mul(system.lambda.im, system.lambda.im));
  inverse = {t.div(re, square), t.div(system.lambda.im, square)};
  forward = {t.add(rate, system.lambda.re), system.lambda.im};
  Parts conjugate{system.p.re, arith::NegFOp::create(t.b, t.loc, system.p.im)}, scaled = product(t, conjugate, inverse);
  Value sum = twiceReal(scaled, system.p);
  Value coupling = overStates(t.add(sum, t.constant(TileMath::typeOf(sum), 1)));
  correction = {t.div(scaled.re, coupling), t.div(scaled.im, coupling)};
}

/// 2 Re sum a b: a tile of rank 0.
Value LowRank::twiceReal(Parts a, Parts b) const {
  Value terms = t.sub(t.mul(a.re, b.re), t.mul(a.im, b.im));
  return t.mul(t.reduce(terms, 0, "add"), 2.0);
}

/// v - p times a number.
Parts LowRank::withoutLowRank(Parts v, Value projected) const {
  Value s = overStates(projected);
  return {t.sub(v.re, t.mul(system.p.re, s)), t.sub(v.im, t.mul(system.p.im, s))};
}

Value LowRank::block(SmallVectorImpl<Value> &carried, int64_t extent) {
  OpBuilder &b = t.b;
  auto type = TileMath::type({extent}, TileMath::elementOf(system.lambda.re));
  SmallVector<Value> inits(carried.begin(), carried.end());
  inits.push_back(t.constant(type, 0));
  Value position = t.iota(extent);
  auto loop = scf::ForOp::create(b, t.loc, t.index(0), t.index(extent), t.index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Parts v{loop.getRegionIterArg(0), loop.getRegionIterArg(1)};
  Parts x = product(t, inverse, withoutLowRank(v, twiceReal(correction, v)));
  Value y = twiceReal(system.c, x);
  Parts conjugate{system.p.re, arith::NegFOp::create(b, t.loc, system.p.im)};
  Parts next = withoutLowRank(product(t, forward, x), twiceReal(conjugate, x));
  Value here = arith::CmpIOp::create(b, t.loc, arith::CmpIPredicate::eq, position, t.splat(TileMath::typeOf(position), t.toI32(loop.getInductionVar())));
  Value tile = t.select(here, t.broadcast(y, 0, extent), loop.getRegionIterArg(2));
  scf::YieldOp::create(b, t.loc, ValueRange{next.re, next.im, tile});
  carried.assign({loop.getResult(0), loop.getResult(1)});
  return loop.getResult(2);
}

} // namespace seqc::convert
