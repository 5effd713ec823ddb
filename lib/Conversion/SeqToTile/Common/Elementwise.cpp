// SPDX-License-Identifier: Apache-2.0
#include "Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

namespace {
/// Arithmetic on values of one shape; reads like the formula.
class Formula {
public:
  Formula(OpBuilder &b, Location loc, Type like) : b(b), loc(loc), type(like) {}

  Value constant(double v) {
    TypedAttr attr = b.getFloatAttr(getElementTypeOrSelf(type), v);
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      attr = DenseElementsAttr::get(tensor, Attribute(attr));
    return arith::ConstantOp::create(b, loc, attr);
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value mul(Value x, double c) { return mul(x, constant(c)); }
  Value compare(arith::CmpFPredicate p, Value x, Value y) { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  template <typename Op> Value unary(Value x) { return Op::create(b, loc, x); }

  Value exp(Value x) { return unary<math::Exp2Op>(mul(x, M_LOG2E)); }
  Value log(Value x) { return mul(unary<math::Log2Op>(x), M_LN2); }

  /// exp(x) - 1 without cancellation: (u - 1) (x / log(u)) with u = exp(x).
  Value expm1(Value x) {
    Value one = constant(1.0), u = exp(x), um1 = sub(u, one);
    Value refined = mul(um1, div(x, log(u)));
    Value result = select(compare(arith::CmpFPredicate::OEQ, um1, constant(-1.0)), um1, refined);
    result = select(compare(arith::CmpFPredicate::OEQ, u, one), x, result);
    return select(compare(arith::CmpFPredicate::OEQ, u, constant(INFINITY)), u, result);
  }
  /// log(1 + x) without cancellation: log(u) (x / (u - 1)) with u = 1 + x.
  Value log1p(Value x) {
    Value one = constant(1.0), u = add(one, x);
    Value refined = mul(log(u), div(x, sub(u, one)));
    Value result = select(compare(arith::CmpFPredicate::OEQ, u, one), x, refined);
    return select(compare(arith::CmpFPredicate::OEQ, u, constant(INFINITY)), u, result);
  }
  Value pow(Value x, Value y);
  Value powConstant(Value x, double y, Value exponent);

private:
  OpBuilder &b;
  Location loc;
  Type type;
};

Value Formula::pow(Value x, Value y) {
  Value zero = constant(0.0), one = constant(1.0);
  Value magnitude = unary<math::Exp2Op>(mul(y, unary<math::Log2Op>(unary<math::AbsFOp>(x))));
  // Negative base, -0 included: negative for odd exponents; defined for whole exponents only, if finite.
  Value whole = compare(arith::CmpFPredicate::OEQ, unary<math::FloorOp>(y), y);
  Value half = mul(y, 0.5);
  Value odd = both(whole, compare(arith::CmpFPredicate::UNE, unary<math::FloorOp>(half), half));
  Value hasSign = compare(arith::CmpFPredicate::OLT, math::CopySignOp::create(b, loc, one, x), zero);
  Value result = select(both(odd, hasSign), unary<arith::NegFOp>(magnitude), magnitude);
  Value finiteNegative = both(compare(arith::CmpFPredicate::OLT, x, zero), compare(arith::CmpFPredicate::OGT, x, constant(-INFINITY)));
  Value fractional = compare(arith::CmpFPredicate::ONE, unary<math::FloorOp>(y), y);
  result = select(both(finiteNegative, fractional), constant(NAN), result);
  // x^0, 1^y, (-1)^inf: one, even beside a NaN.
  Value endless = compare(arith::CmpFPredicate::OEQ, unary<math::AbsFOp>(y), constant(INFINITY));
  Value minusOne = both(endless, compare(arith::CmpFPredicate::OEQ, x, constant(-1.0)));
  Value isOne = either(either(compare(arith::CmpFPredicate::OEQ, y, zero), compare(arith::CmpFPredicate::OEQ, x, one)), minusOne);
  return select(isOne, one, result);
}

Value Formula::powConstant(Value x, double y, Value exponent) {
  if (y == 1.0)
    return x;
  if (y == 2.0)
    return mul(x, x);
  if (y == 3.0)
    return mul(mul(x, x), x);
  if (y == 4.0)
    return mul(mul(x, x), mul(x, x));
  if (y == -1.0)
    return div(constant(1.0), x);
  if (y == 0.5)
    return unary<math::SqrtOp>(x);
  if (y == -0.5)
    return unary<math::RsqrtOp>(x);
  return pow(x, exponent);
}

/// The constant of a scalar or splat value.
std::optional<double> constantOf(Value v) {
  Attribute attr;
  if (!matchPattern(v, m_Constant(&attr)))
    return std::nullopt;
  if (auto dense = dyn_cast<SplatElementsAttr>(attr))
    attr = dense.getSplatValue<Attribute>();
  if (auto f = dyn_cast<FloatAttr>(attr))
    return f.getValueAsDouble();
  return std::nullopt;
}

bool isHalf(Type t) {
  auto f = dyn_cast<FloatType>(getElementTypeOrSelf(t));
  return f && f.getWidth() < 32;
}
Type withElement(Type t, Type element) {
  auto tensor = dyn_cast<RankedTensorType>(t);
  return tensor ? Type(tensor.clone(element)) : element;
}

Value rewrite(OpBuilder &b, Operation *op, ArrayRef<Value> x) {
  Formula f(b, op->getLoc(), x[0].getType());
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return f.exp(x[0]); })
      .Case([&](math::ExpM1Op) { return f.expm1(x[0]); })
      .Case([&](math::LogOp) { return f.log(x[0]); })
      .Case([&](math::Log10Op) { return f.mul(f.unary<math::Log2Op>(x[0]), 0.30102999566398119521); })
      .Case([&](math::Log1pOp) { return f.log1p(x[0]); })
      .Case([&](math::TanOp) { return f.div(f.unary<math::SinOp>(x[0]), f.unary<math::CosOp>(x[0])); })
      .Case([&](math::SinhOp) { return f.mul(f.sub(f.exp(x[0]), f.exp(f.unary<arith::NegFOp>(x[0]))), 0.5); })
      .Case([&](math::CoshOp) { return f.mul(f.add(f.exp(x[0]), f.exp(f.unary<arith::NegFOp>(x[0]))), 0.5); })
      .Case([&](math::ErfcOp) { return f.sub(f.constant(1.0), f.unary<math::ErfOp>(x[0])); })
      .Case([&](math::IsNaNOp) { return f.compare(arith::CmpFPredicate::UNO, x[0], x[0]); })
      .Case([&](math::IsInfOp) { return f.compare(arith::CmpFPredicate::OEQ, f.unary<math::AbsFOp>(x[0]), f.constant(INFINITY)); })
      .Case([&](math::IsFiniteOp) { return f.compare(arith::CmpFPredicate::OLT, f.unary<math::AbsFOp>(x[0]), f.constant(INFINITY)); })
      .Case([&](math::PowFOp) {
        std::optional<double> y = constantOf(x[1]);
        return y ? f.powConstant(x[0], *y, x[1]) : f.pow(x[0], x[1]);
      })
      .Default([](Operation *) { return Value(); });
}

/// Ops without rounding, which run on 16-bit floats as they are.
bool isExactOnHalf(Operation *op) {
  return isa<arith::SelectOp, arith::NegFOp, arith::BitcastOp, arith::ExtFOp, arith::TruncFOp, math::AbsFOp>(op);
}

/// A divisor without a quotient counts as 1 (docs/spec/graph-forms.md): 0, and -1 below the least integer.
Value guardDivisor(OpBuilder &b, Location loc, Value dividend, Value divisor, bool isSigned) {
  Type type = divisor.getType();
  auto constant = [&](int64_t v) -> Value {
    TypedAttr attr = b.getIntegerAttr(getElementTypeOrSelf(type), v);
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      attr = DenseElementsAttr::get(tensor, Attribute(attr));
    return arith::ConstantOp::create(b, loc, attr);
  };
  auto equal = [&](Value x, int64_t v) -> Value { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, constant(v)); };
  Value bad = equal(divisor, 0);
  Type element = getElementTypeOrSelf(type);
  if (unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth(); isSigned && width > 1) {
    Value overflows = arith::AndIOp::create(b, loc, equal(divisor, -1), equal(dividend, llvm::minIntN(width)));
    bad = arith::OrIOp::create(b, loc, bad, overflows);
  }
  return arith::SelectOp::create(b, loc, bad, constant(1), divisor);
}
} // namespace

FailureOr<Value> emitElementwiseOp(OpBuilder &b, Operation *op, ArrayRef<Value> operands) {
  Location loc = op->getLoc();
  Type resultElement = getElementTypeOrSelf(op->getResult(0).getType());
  SmallVector<Value> x(operands);
  Type f32 = b.getF32Type();
  if (!isExactOnHalf(op))
    for (Value &v : x)
      if (isHalf(v.getType()))
        v = arith::ExtFOp::create(b, loc, withElement(v.getType(), f32), v);
  Type shape = x[0].getType();
  bool narrow = isHalf(resultElement) && !isExactOnHalf(op);
  bool isSigned = isa<arith::DivSIOp, arith::RemSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp>(op);
  if (isSigned || isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op))
    x[1] = guardDivisor(b, loc, x[0], x[1], isSigned);

  Value result = rewrite(b, op, x);
  if (!result) {
    // Conversions between 16-bit floats and back go through f32, which has both.
    if (isa<arith::TruncFOp, arith::ExtFOp>(op) && x[0].getType() == withElement(shape, resultElement))
      return x[0];
    OperationState state(loc, op->getName());
    state.addOperands(x);
    state.addTypes(withElement(shape, narrow ? f32 : resultElement));
    for (NamedAttribute attr : op->getAttrs())
      if (attr.getName() != "fastmath" && attr.getName() != "roundingmode")
        state.addAttribute(attr.getName(), attr.getValue());
    result = b.create(state)->getResult(0);
  }
  if (narrow)
    result = arith::TruncFOp::create(b, loc, withElement(result.getType(), resultElement), result);
  return result;
}

} // namespace seqc::convert
