// SPDX-License-Identifier: Apache-2.0
// Elementwise operators and activations. Formulas of several steps are computed in f32 for 16-bit inputs and rounded once.
#include "Registry.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace seqc::onnx {

using Compare = GraphBuilder::Compare;

namespace {
constexpr int64_t kFirst = kMinOpset, kLast = kMaxOpset;

//===-- Two operands --------------------------------------------------------------===//

void requireOneType(const Tensor &x, const Tensor &y) {
  if (x.element != y.element)
    invalid("expects operands of one element type, but got " + describe(x) + " and " + describe(y));
}

void requireFloat(const Tensor &x) {
  if (!x.isFloat())
    unsupported("an operand of type " + describe(x));
}

template <Tensor (GraphBuilder::*f)(const Tensor &, const Tensor &)> void binary(NodeContext &c) {
  auto t = c.broadcastInputs({0, 1});
  requireOneType(t[0], t[1]);
  c.out((c.g.*f)(t[0], t[1]));
}

/// Min, Max, Sum, Mean of any number of operands.
template <Tensor (GraphBuilder::*f)(const Tensor &, const Tensor &)> void variadic(NodeContext &c) {
  llvm::SmallVector<size_t> all = llvm::to_vector(llvm::seq<size_t>(0, c.inputs.size()));
  auto t = c.broadcastInputs(all);
  if (t.empty())
    invalid("expects at least one input, but got none");
  Tensor r = t[0];
  for (size_t i = 1; i < t.size(); ++i) {
    requireOneType(r, t[i]);
    r = (c.g.*f)(r, t[i]);
  }
  if (c.node.op == "Mean")
    requireFloat(r);
  c.out(c.node.op == "Mean" ? c.g.scale(r, 1.0 / static_cast<double>(t.size())) : r);
}

template <Compare predicate> void comparison(NodeContext &c) {
  auto t = c.broadcastInputs({0, 1});
  requireOneType(t[0], t[1]);
  c.out(c.g.compare(predicate, t[0], t[1]));
}

template <typename Op> void bitwise(NodeContext &c) {
  auto t = c.broadcastInputs({0, 1});
  requireOneType(t[0], t[1]);
  if (t[0].isFloat())
    invalid("expects integers or bools, but got " + describe(t[0]));
  if (t[0].isBool() && t[0].isConstant() && t[1].isConstant()) { // conditions of shapes
    Known k;
    for (auto [x, y] : llvm::zip(t[0].known->ints, t[1].known->ints)) {
      int64_t p = x.value(), q = y.value();
      k.ints.push_back(Size(std::is_same_v<Op, arith::AndIOp> ? p & q : std::is_same_v<Op, arith::OrIOp> ? p | q : p ^ q));
    }
    return c.out(c.g.fromKnown(std::move(k), t[0].shape, t[0].element));
  }
  c.out(c.g.binary<Op>(t[0], t[1]));
}

void logicalNot(NodeContext &c) {
  const Tensor &x = c.in(0);
  if (x.isFloat())
    invalid("expects integers or bools, but got " + describe(x));
  if (x.isBool())
    return c.out(c.g.compare(Compare::Eq, x, c.g.constant(0, x.shape, x.element)));
  c.out(c.g.binary<arith::XOrIOp>(x, c.g.constant(-1, x.shape, x.element)));
}

Tensor power(GraphBuilder &g, const Tensor &x, const Tensor &exponent) {
  constexpr double kMaxProducts = 8;
  std::optional<double> e = exponent.asFloat();
  if (std::optional<Size> s = exponent.asSize(); s && s->isConst())
    e = static_cast<double>(s->value());
  if (e && *e == std::floor(*e) && *e >= 0 && *e <= kMaxProducts) {
    Tensor r = *e == 0 ? g.constant(1, x.shape, x.element) : x;
    for (int i = 1; i < *e; ++i)
      r = g.mul(r, x);
    return r;
  }
  if (!x.isFloat())
    unsupported("a power of integers whose exponent is not a constant from 0 to 8");
  if (e && *e == 0.5)
    return g.sqrt(x);
  if (e && *e == -1)
    return g.div(g.constant(1, x.shape, x.element), x);
  if (e && *e == -0.5)
    return g.unary<math::RsqrtOp>(x);
  Tensor y = g.broadcastTo(g.cast(exponent, x.element), x.shape);
  return g.binary<math::PowFOp>(x, y);
}

void pow(NodeContext &c) {
  bool isScalar = c.in(1).known && product(c.in(1).shape).isConst(1) && c.in(1).rank() <= c.in(0).rank();
  if (isScalar)
    return c.out(power(c.g, c.in(0), c.in(1)));
  auto t = c.broadcastInputs({0, 1});
  c.out(power(c.g, t[0], t[1]));
}

void mod(NodeContext &c) {
  GraphBuilder &g = c.g;
  auto t = c.broadcastInputs({0, 1});
  requireOneType(t[0], t[1]);
  bool isTruncated = c.attrInt("fmod", 0) != 0;
  if (t[0].isFloat()) {
    if (!isTruncated)
      invalid("expects fmod = 1 for floats, but got 0");
    return c.out(g.sub(t[0], g.mul(t[1], g.unary<math::TruncOp>(g.div(t[0], t[1])))));
  }
  if (t[0].known && t[1].known) {
    Known k;
    for (auto [x, y] : llvm::zip(t[0].known->ints, t[1].known->ints))
      if (x.isNonNegative() && y.isNonNegative() && mod(x, y).isValid())
        k.ints.push_back(mod(x, y));
    if (k.ints.size() == t[0].known->ints.size())
      return c.out(g.fromKnown(std::move(k), t[0].shape, t[0].element));
  }
  Tensor r = g.binary<arith::RemSIOp>(t[0], t[1]);
  if (isTruncated)
    return c.out(r);
  // The sign of the divisor, as Python has it.
  Tensor zero = g.constant(0, r.shape, r.element);
  Tensor isOther = g.binary<arith::XOrIOp>(g.compare(Compare::Lt, r, zero), g.compare(Compare::Lt, t[1], zero));
  Tensor correct = g.binary<arith::AndIOp>(isOther, g.compare(Compare::Ne, r, zero));
  c.out(g.select(correct, g.add(r, t[1]), r));
}

void where(NodeContext &c) {
  auto t = c.broadcastInputs({0, 1, 2});
  requireOneType(t[1], t[2]);
  if (!t[0].isBool())
    invalid("expects a bool condition, but got " + describe(t[0]));
  c.out(c.g.select(t[0], t[1], t[2]));
}

//===-- One operand ---------------------------------------------------------------===//

template <typename Op> void floatUnary(NodeContext &c) {
  requireFloat(c.in(0));
  c.out(c.g.unary<Op>(c.in(0)));
}

/// Of a 16-bit input in f32, rounded at the end.
template <Tensor (*f)(NodeContext &, GraphBuilder &, const Tensor &)> void activation(NodeContext &c) {
  const Tensor &x = c.in(0);
  requireFloat(x);
  c.out(c.g.cast(f(c, c.g, c.g.widen(x)), x.element));
}

Tensor num(GraphBuilder &g, const Tensor &x, double v) { return g.constant(v, x.shape, x.element); }

Tensor sigmoidOf(GraphBuilder &g, const Tensor &x) { return g.div(num(g, x, 1), g.addScalar(g.unary<math::ExpOp>(g.negate(x)), 1)); }
Tensor sigmoid(NodeContext &, GraphBuilder &g, const Tensor &x) { return sigmoidOf(g, x); }
Tensor swish(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  double alpha = c.attrFloat("alpha", 1);
  return g.mul(x, sigmoidOf(g, alpha == 1 ? x : g.scale(x, alpha)));
}
Tensor softplusOf(GraphBuilder &g, const Tensor &x) {
  // max(x, 0) + log1p(exp(-|x|)): no overflow
  Tensor tail = g.unary<math::Log1pOp>(g.unary<math::ExpOp>(g.negate(g.unary<math::AbsFOp>(x))));
  return g.add(g.maximum(x, num(g, x, 0)), tail);
}
Tensor softplus(NodeContext &, GraphBuilder &g, const Tensor &x) { return softplusOf(g, x); }
Tensor mish(NodeContext &, GraphBuilder &g, const Tensor &x) { return g.mul(x, g.unary<math::TanhOp>(softplusOf(g, x))); }
Tensor softsign(NodeContext &, GraphBuilder &g, const Tensor &x) { return g.div(x, g.addScalar(g.unary<math::AbsFOp>(x), 1)); }
Tensor reciprocal(NodeContext &, GraphBuilder &g, const Tensor &x) { return g.div(num(g, x, 1), x); }
Tensor positivePart(GraphBuilder &g, const Tensor &x, const Tensor &negative) {
  return g.select(g.compare(Compare::Gt, x, num(g, x, 0)), x, negative);
}
Tensor elu(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  return positivePart(g, x, g.scale(g.unary<math::ExpM1Op>(x), c.attrFloat("alpha", 1)));
}
Tensor selu(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  double alpha = c.attrFloat("alpha", 1.67326319217681884765625), gamma = c.attrFloat("gamma", 1.05070102214813232421875);
  return g.scale(positivePart(g, x, g.scale(g.unary<math::ExpM1Op>(x), alpha)), gamma);
}
Tensor celu(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  double alpha = c.attrFloat("alpha", 1);
  return positivePart(g, x, g.scale(g.unary<math::ExpM1Op>(g.scale(x, 1 / alpha)), alpha));
}
Tensor leakyRelu(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  return g.select(g.compare(Compare::Lt, x, num(g, x, 0)), g.scale(x, c.attrFloat("alpha", 0.00999999977648258209228515625)), x);
}
Tensor thresholdedRelu(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  return g.select(g.compare(Compare::Gt, x, num(g, x, c.attrFloat("alpha", 1))), x, num(g, x, 0));
}
Tensor clampUnit(GraphBuilder &g, const Tensor &x) { return g.maximum(g.minimum(x, num(g, x, 1)), num(g, x, 0)); }
Tensor hardSigmoid(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  return clampUnit(g, g.addScalar(g.scale(x, c.attrFloat("alpha", 0.20000000298023223876953125)), c.attrFloat("beta", 0.5)));
}
Tensor hardSwish(NodeContext &, GraphBuilder &g, const Tensor &x) { return g.mul(x, clampUnit(g, g.addScalar(g.scale(x, 1.0 / 6), 0.5))); }
Tensor gelu(NodeContext &c, GraphBuilder &g, const Tensor &x) {
  std::string kind = c.attrString("approximate", "none");
  if (kind != "none" && kind != "tanh")
    invalid("expects none or tanh for approximate, but got '" + kind + "'");
  Tensor gate;
  if (kind == "tanh") {
    Tensor inner = g.add(x, g.scale(g.mul(g.mul(x, x), x), 0.044715));
    gate = g.unary<math::TanhOp>(g.scale(inner, std::sqrt(2 / M_PI)));
  } else {
    gate = g.unary<math::ErfOp>(g.scale(x, M_SQRT1_2));
  }
  return g.mul(g.scale(x, 0.5), g.addScalar(gate, 1));
}

void relu(NodeContext &c) { c.out(c.g.maximum(c.in(0), c.g.constant(0, c.in(0).shape, c.in(0).element))); }

void prelu(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  requireOneType(x, c.in(1));
  Tensor slope = g.broadcastTo(c.in(1), x.shape);
  c.out(g.select(g.compare(Compare::Lt, x, g.constant(0, x.shape, x.element)), g.mul(x, slope), x));
}

void clip(NodeContext &c) {
  Tensor x = c.in(0);
  for (size_t i : {1, 2}) {
    if (!c.has(i))
      continue;
    requireOneType(x, c.in(i));
    Tensor bound = c.g.broadcastTo(c.g.reshape(c.in(i), {}), x.shape);
    x = i == 1 ? c.g.maximum(x, bound) : c.g.minimum(x, bound);
  }
  c.out(x);
}

void negate(NodeContext &c) { c.out(c.g.negate(c.in(0))); }
void squareRoot(NodeContext &c) {
  requireFloat(c.in(0));
  c.out(c.g.sqrt(c.in(0)));
}
void absolute(NodeContext &c) {
  const Tensor &x = c.in(0);
  c.out(c.g.absolute(x));
}

void sign(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  Tensor zero = g.constant(0, x.shape, x.element);
  Tensor below = g.select(g.compare(Compare::Lt, x, zero), g.constant(-1, x.shape, x.element), zero);
  c.out(g.select(g.compare(Compare::Gt, x, zero), g.constant(1, x.shape, x.element), below));
}

void isNan(NodeContext &c) { c.out(c.g.compare(Compare::Ne, c.in(0), c.in(0))); }

void isInf(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  requireFloat(x);
  constexpr double inf = std::numeric_limits<double>::infinity();
  bool negative = c.attrInt("detect_negative", 1) != 0, positive = c.attrInt("detect_positive", 1) != 0;
  if (!negative && !positive)
    return c.out(g.constant(0, x.shape, g.i1()));
  Tensor probe = negative && positive ? g.unary<math::AbsFOp>(x) : x;
  c.out(g.compare(Compare::Eq, probe, g.constant(positive ? inf : -inf, x.shape, x.element)));
}

//===-- Types and copies ----------------------------------------------------------===//

void cast(NodeContext &c) {
  if (!c.hasAttr("to"))
    invalid("expects attribute 'to', but got none");
  c.out(c.g.cast(c.in(0), c.elementType(c.attrInt("to", 0))));
}
void castLike(NodeContext &c) { c.out(c.g.cast(c.in(0), c.in(1).element)); }
void identity(NodeContext &c) { c.out(c.in(0)); }

void dropout(NodeContext &c) {
  if (c.has(2)) {
    std::vector<int64_t> training = c.constants(2, "training_mode");
    if (training.size() != 1 || training[0] != 0)
      unsupported("dropout in training mode");
  }
  c.out(0, c.in(0));
  if (c.wants(1))
    c.out(1, c.g.constant(1, c.in(0).shape, c.g.i1()));
}
} // namespace

llvm::ArrayRef<Operator> elementwiseOperators() {
  static const Operator table[] = {
      {"", "Add", kFirst, kLast, binary<&GraphBuilder::add>},
      {"", "Sub", kFirst, kLast, binary<&GraphBuilder::sub>},
      {"", "Mul", kFirst, kLast, binary<&GraphBuilder::mul>},
      {"", "Div", kFirst, kLast, binary<&GraphBuilder::div>},
      {"", "Max", kFirst, kLast, variadic<&GraphBuilder::maximum>},
      {"", "Min", kFirst, kLast, variadic<&GraphBuilder::minimum>},
      {"", "Sum", kFirst, kLast, variadic<&GraphBuilder::add>},
      {"", "Mean", kFirst, kLast, variadic<&GraphBuilder::add>},
      {"", "Pow", kFirst, kLast, pow},
      {"", "Mod", kFirst, kLast, mod},
      {"", "Equal", kFirst, kLast, comparison<Compare::Eq>},
      {"", "Less", kFirst, kLast, comparison<Compare::Lt>},
      {"", "LessOrEqual", kFirst, kLast, comparison<Compare::Le>},
      {"", "Greater", kFirst, kLast, comparison<Compare::Gt>},
      {"", "GreaterOrEqual", kFirst, kLast, comparison<Compare::Ge>},
      {"", "And", kFirst, kLast, bitwise<arith::AndIOp>},
      {"", "Or", kFirst, kLast, bitwise<arith::OrIOp>},
      {"", "Xor", kFirst, kLast, bitwise<arith::XOrIOp>},
      {"", "Not", kFirst, kLast, logicalNot},
      {"", "BitwiseAnd", 18, kLast, bitwise<arith::AndIOp>},
      {"", "BitwiseOr", 18, kLast, bitwise<arith::OrIOp>},
      {"", "BitwiseXor", 18, kLast, bitwise<arith::XOrIOp>},
      {"", "BitwiseNot", 18, kLast, logicalNot},
      {"", "Where", kFirst, kLast, where},
      {"", "Neg", kFirst, kLast, negate},
      {"", "Abs", kFirst, kLast, absolute},
      {"", "Sign", kFirst, kLast, sign},
      {"", "Sqrt", kFirst, kLast, squareRoot},
      {"", "Exp", kFirst, kLast, floatUnary<math::ExpOp>},
      {"", "Log", kFirst, kLast, floatUnary<math::LogOp>},
      {"", "Erf", kFirst, kLast, floatUnary<math::ErfOp>},
      {"", "Sin", kFirst, kLast, floatUnary<math::SinOp>},
      {"", "Cos", kFirst, kLast, floatUnary<math::CosOp>},
      {"", "Tanh", kFirst, kLast, floatUnary<math::TanhOp>},
      {"", "Floor", kFirst, kLast, floatUnary<math::FloorOp>},
      {"", "Ceil", kFirst, kLast, floatUnary<math::CeilOp>},
      {"", "Round", kFirst, kLast, floatUnary<math::RoundEvenOp>},
      {"", "Reciprocal", kFirst, kLast, activation<reciprocal>},
      {"", "Sigmoid", kFirst, kLast, activation<sigmoid>},
      {"", "HardSigmoid", kFirst, kLast, activation<hardSigmoid>},
      {"", "HardSwish", 14, kLast, activation<hardSwish>},
      {"", "Swish", 24, kLast, activation<swish>},
      {"", "Softplus", kFirst, kLast, activation<softplus>},
      {"", "Softsign", kFirst, kLast, activation<softsign>},
      {"", "Mish", 18, kLast, activation<mish>},
      {"", "Elu", kFirst, kLast, activation<elu>},
      {"", "Selu", kFirst, kLast, activation<selu>},
      {"", "Celu", kFirst, kLast, activation<celu>},
      {"", "LeakyRelu", kFirst, kLast, activation<leakyRelu>},
      {"", "ThresholdedRelu", kFirst, kLast, activation<thresholdedRelu>},
      {"", "Gelu", 20, kLast, activation<gelu>},
      {"com.microsoft", "Gelu", 1, 1, activation<gelu>},
      {"com.microsoft", "QuickGelu", 1, 1, activation<swish>},
      {"", "Relu", kFirst, kLast, relu},
      {"", "PRelu", kFirst, kLast, prelu},
      {"", "Clip", kFirst, kLast, clip},
      {"", "IsNaN", kFirst, kLast, isNan},
      {"", "IsInf", kFirst, kLast, isInf},
      {"", "Cast", kFirst, kLast, cast},
      {"", "CastLike", 15, kLast, castLike},
      {"", "Identity", kFirst, kLast, identity},
      {"", "Dropout", kFirst, kLast, dropout},
  };
  return table;
}

} // namespace seqc::onnx
