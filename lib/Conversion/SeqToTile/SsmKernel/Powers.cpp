// SPDX-License-Identifier: Apache-2.0
#include "Powers.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

constexpr double kTurn = 2 * M_PI, kUnits = 4294967296.0; // 2^32

Powers::Powers(const TileMath &t, Parts lambda, Value step, StringRef discretization)
    : t(t), real(TileMath::elementOf(lambda.re)), wideType(TileMath::typeOf(lambda.re).clone(t.b.getF64Type())), rule(discretization),
      turning(lambda.im || discretization == "bilinear") {
  dt = t.splat(wideType, wide(step));
  x = wide(lambda.re);
  y = lambda.im ? wide(lambda.im) : Value();
  discretise(rule);
}

void Powers::discretise(StringRef rule) {
  Value zr = t.mul(dt, x), zi = y ? t.mul(dt, y) : Value();
  if (rule != "bilinear") {
    log2Size = t.mul(zr, M_LOG2E);
    if (zi)
      splitTurns(t.mul(zi, 1 / kTurn));
    return;
  }
  // |1 + h|^2 / |1 - h|^2 = 1 + 4 Re h / |1 - h|^2, and (1 + h) conj(1 - h) = 1 - |h|^2 + 2 i Im h, for h = z / 2.
  Value hr = t.mul(zr, 0.5), hi = zi ? t.mul(zi, 0.5) : number(0), one = number(1);
  Value away = t.sub(one, hr), square = t.mul(hi, hi);
  Value ratio = t.div(t.mul(hr, 4.0), t.add(t.mul(away, away), square));
  log2Size = t.max(t.mul(log2OnePlus(ratio), 0.5), number(-5000)); // abar = 0: its power 0 is 1, the others vanish
  Value real = t.sub(one, t.add(t.mul(hr, hr), square));
  splitTurns(t.mul(angle(real, t.mul(hi, 2.0)), 1 / kTurn));
}

/// atan2(s, c): the half angle has a tangent within -1..1; three more halvings, then the series.
Value Powers::angle(Value c, Value s) {
  auto sqrt = [&](Value v) -> Value { return math::SqrtOp::create(t.b, t.loc, v); };
  Value magnitude = math::AbsFOp::create(t.b, t.loc, c);
  Value sum = t.add(sqrt(t.add(t.mul(s, s), t.mul(c, c))), magnitude);
  Value tangent = t.select(t.equals(sum, 0), number(0), t.div(s, sum));
  constexpr int kHalvings = 3, kTerms = 9;
  for (int i = 0; i < kHalvings; ++i)
    tangent = t.div(tangent, t.add(number(1), sqrt(t.add(number(1), t.mul(tangent, tangent)))));
  Value square = t.mul(tangent, tangent), series = number(0);
  for (int k = kTerms - 1; k >= 0; --k)
    series = t.add(t.mul(series, square), number((k % 2 ? -1.0 : 1.0) / (2 * k + 1)));
  Value folded = t.mul(t.mul(series, tangent), std::ldexp(1.0, kHalvings + 1));
  Value half = math::CopySignOp::create(t.b, t.loc, number(M_PI), s);
  Value isNegative = arith::CmpFOp::create(t.b, t.loc, arith::CmpFPredicate::OLT, c, number(0));
  return t.select(isNegative, t.sub(half, folded), folded);
}

void Powers::splitTurns(Value turns) {
  Value part = t.sub(turns, math::RoundEvenOp::create(t.b, t.loc, turns)), units = t.mul(part, kUnits);
  coarse = arith::FPToSIOp::create(t.b, t.loc, wideType.clone(t.b.getI32Type()), units);
  Value whole = arith::SIToFPOp::create(t.b, t.loc, wideType, coarse);
  fine = narrow(t.mul(t.sub(units, whole), 1 / kUnits));
}

Value Powers::phase(Value c, Value f, Value l, Value lf) {
  Value turned = toFloat(arith::MulIOp::create(t.b, t.loc, c, l));
  return t.mul(t.fma(lf, f, t.mul(turned, 1 / kUnits)), kTurn);
}

Value Powers::expm1(Value v) {
  Value u = exp2(t.mul(v, M_LOG2E)), less = t.sub(u, number(1));
  Value refined = t.div(t.mul(less, v), t.mul(t.log2(u), M_LN2));
  return t.select(t.equals(u, 1), v, t.select(t.equals(less, -1), less, refined));
}

Value Powers::log2OnePlus(Value v) {
  Value u = t.add(number(1), v);
  Value refined = t.div(t.mul(t.log2(u), v), t.sub(u, number(1)));
  return t.select(t.equals(u, 1), t.mul(v, M_LOG2E), refined);
}

Parts Powers::expMinusOne(Value size, Value phase) {
  Value less = expm1(size);
  if (!phase)
    return {less, Value()};
  Value cos = math::CosOp::create(t.b, t.loc, phase), sin = math::SinOp::create(t.b, t.loc, phase), half = math::SinOp::create(t.b, t.loc, t.mul(phase, 0.5));
  Value h = wide(half);
  return {t.sub(t.mul(less, wide(cos)), t.mul(t.mul(h, h), 2.0)), t.mul(t.add(less, number(1)), wide(sin))};
}

Parts Powers::input(Value length) {
  if (rule == "bilinear") { // dt / (1 - h)
    Value away = t.sub(number(1), t.mul(t.mul(dt, x), 0.5));
    if (!y)
      return {narrow(t.div(dt, away)), Value()};
    Value hi = t.mul(t.mul(dt, y), 0.5), scale = t.div(dt, t.add(t.mul(away, away), t.mul(hi, hi)));
    return {narrow(t.mul(away, scale)), narrow(t.mul(hi, scale))};
  }
  auto phaseAt = [&](Value l) -> Value {
    return y ? phase(coarse, fine, l, toFloat(l)) : Value();
  };
  auto i32 = wideType.clone(t.b.getI32Type());
  Value one = arith::ConstantOp::create(t.b, t.loc, DenseElementsAttr::get(i32, Attribute(t.b.getI32IntegerAttr(1))));
  Value zr = t.mul(dt, x);
  Parts top = expMinusOne(zr, phaseAt(one)), bottom{x, y};
  if (rule == "softmax") { // lambda (e^(zL) - 1)
    Value all = t.splat(i32, length);
    Parts sum = expMinusOne(t.mul(zr, Value(arith::SIToFPOp::create(t.b, t.loc, wideType, all))), phaseAt(all));
    bottom = y ? Parts{t.sub(t.mul(x, sum.re), t.mul(y, sum.im)), t.add(t.mul(x, sum.im), t.mul(y, sum.re))} : Parts{t.mul(x, sum.re), Value()};
  }
  Value square = y ? t.add(t.mul(bottom.re, bottom.re), t.mul(bottom.im, bottom.im)) : t.mul(bottom.re, bottom.re);
  Value none = t.equals(square, 0), re = t.mul(top.re, bottom.re);
  if (y)
    re = t.add(re, t.mul(top.im, bottom.im));
  re = t.select(none, dt, t.div(re, square));
  if (!y)
    return {narrow(re), Value()};
  Value im = t.select(none, number(0), t.div(t.sub(t.mul(top.im, bottom.re), t.mul(top.re, bottom.im)), square));
  return {narrow(re), narrow(im)};
}

Parts Powers::table(Value l, bool statesFirst) {
  int64_t states = wideType.getDimSize(0), lengths = TileMath::typeOf(l).getDimSize(0);
  auto overLengths = [&](Value v) { return t.broadcast(v, statesFirst ? 1 : 0, lengths); };
  auto overStates = [&](Value v) { return t.broadcast(v, statesFirst ? 0 : 1, states); };
  Value lf = overStates(toFloat(l)), size = exp2(t.mul(lf, overLengths(narrow(log2Size))));
  if (!turning)
    return {size, Value()};
  Value angle = phase(overLengths(coarse), overLengths(fine), overStates(l), lf);
  Value re = t.mul(size, Value(math::CosOp::create(t.b, t.loc, angle)));
  return {re, y ? t.mul(size, Value(math::SinOp::create(t.b, t.loc, angle))) : Value()};
}

} // namespace seqc::convert
