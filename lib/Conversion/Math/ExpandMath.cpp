// SPDX-License-Identifier: Apache-2.0
// Range reduction, polynomial, reassembly. The operand order of each select matters: `x < c ? x : c` is one min
// instruction that returns c for a NaN x, `c < x ? c : x` one that lets NaN through.
#include "seqc/Conversion/ExpandMath.h"
#include "ExpandMathTables.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include <cmath>

using namespace mlir;

namespace seqc {
namespace {

constexpr double kLog2E = 1.44269504088896340736, kLn2 = 0.69314718055994530942;

/// Arithmetic on values of one float type, scalar or vector.
class FloatCode {
public:
  FloatCode(OpBuilder &b, Location loc, Type type) : b(b), loc(loc), type(type), element(cast<FloatType>(getElementTypeOrSelf(type))) {}

  OpBuilder &b;
  Location loc;
  Type type;
  FloatType element;

  bool isF32() const { return Type(element).isF32(); }
  int64_t bits() const { return isF32() ? 32 : 64; }
  int64_t mantissaBits() const { return isF32() ? 23 : 52; }
  int64_t bias() const { return isF32() ? 127 : 1023; }

  Type like(Type other) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(other)) : other;
  }
  Type intType() const { return like(b.getIntegerType(bits())); }
  TypedAttr splat(Type of, TypedAttr attr) const {
    auto vector = dyn_cast<VectorType>(of);
    return vector ? TypedAttr(DenseElementsAttr::get(vector, Attribute(attr))) : attr;
  }
  Value number(double value) {
    llvm::APFloat rounded(value);
    bool lossy;
    rounded.convert(element.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lossy);
    return arith::ConstantOp::create(b, loc, splat(type, b.getFloatAttr(element, rounded)));
  }
  Value integer(int64_t value) {
    return arith::ConstantOp::create(b, loc, splat(intType(), b.getIntegerAttr(getElementTypeOrSelf(intType()), value)));
  }

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value floor(Value x) { return math::FloorOp::create(b, loc, x); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value copySign(Value magnitude, Value sign) { return math::CopySignOp::create(b, loc, magnitude, sign); }
  /// The same for a magnitude whose sign is positive.
  Value withSign(Value magnitude, Value sign) {
    Value bit = arith::AndIOp::create(b, loc, toInt(sign), integer(isF32() ? INT32_MIN : INT64_MIN));
    return toFloat(arith::OrIOp::create(b, loc, toInt(magnitude), bit));
  }
  using Predicate = arith::CmpFPredicate;
  Value compare(Predicate predicate, Value x, Value y) { return arith::CmpFOp::create(b, loc, predicate, x, y); }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  /// Bounds x; NaN stays NaN.
  Value atMost(Value x, double bound) { return select(compare(Predicate::OLT, number(bound), x), number(bound), x); }
  Value atLeast(Value x, double bound) { return select(compare(Predicate::OGT, number(bound), x), number(bound), x); }

  Value toInt(Value x) { return arith::BitcastOp::create(b, loc, intType(), x); }
  Value toFloat(Value x) { return arith::BitcastOp::create(b, loc, type, x); }
  Value addInt(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value subInt(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value shiftLeft(Value x, int64_t count) { return arith::ShLIOp::create(b, loc, x, integer(count)); }
  Value shiftRight(Value x, int64_t count) { return arith::ShRSIOp::create(b, loc, x, integer(count)); }

  /// c[0] + c[1] x + ...
  Value polynomial(Value x, ArrayRef<double> c) {
    Value sum = number(c.back());
    for (double coefficient : llvm::reverse(c.drop_back()))
      sum = fma(sum, x, number(coefficient));
    return sum;
  }
  /// 2^n for integral n, -bias <= n <= bias + 1: those ends give 0 and infinity.
  Value powerOfTwo(Value n) {
    // 1.5 * 2^mantissaBits + bias + n holds bias + n in its low bits; the shift leaves these as the exponent.
    Value biased = add(n, number(std::ldexp(1.5, mantissaBits()) + bias()));
    return toFloat(shiftLeft(toInt(biased), mantissaBits()));
  }
};

using Predicate = arith::CmpFPredicate;

// -- exponentials ----------------------------------------------------------------------------------------------------

/// 2^whole * p for the p of a reduced argument, where whole may be below the exponents of normal numbers by up to 64.
Value scaleDown(FloatCode &c, Value p, Value whole) {
  Value low = c.number(1 - c.bias());
  Value small = c.compare(Predicate::OLT, whole, low);
  Value raised = c.select(small, c.add(whole, c.number(64)), whole);
  Value scale = c.select(small, c.number(0x1p-64), c.number(1));
  return c.mul(c.mul(p, c.powerOfTwo(raised)), scale);
}

/// afn: results below the normal numbers may be 0. 13 instructions a vector.
Value emitExp2(FloatCode &c, Value x, bool approximate) {
  double lowest = approximate ? -c.bias() : -(c.bias() + c.mantissaBits() + 2);
  x = c.atLeast(c.atMost(x, c.bias() + 1), lowest);
  Value whole = c.floor(x), f = c.sub(x, whole);
  ArrayRef<double> table = c.isF32() ? ArrayRef<double>(kExp2F32) : ArrayRef<double>(kExp2F64);
  Value p = c.fma(f, c.polynomial(f, table), c.number(1));
  return approximate ? c.mul(p, c.powerOfTwo(whole)) : scaleDown(c, p, whole);
}

/// e^x = 2^n e^r, n = floor(x log2 e) at most `bias`, r = x - n ln 2 by ln 2 = high + low with few bits in high.
Value emitExp(FloatCode &c, Value x, bool approximate) {
  double lowest = (approximate ? -c.bias() : -(c.bias() + c.mantissaBits() + 2)) * kLn2;
  x = c.atLeast(c.atMost(x, (c.bias() + 2) * kLn2), lowest);
  Value n = c.atMost(c.floor(c.mul(x, c.number(kLog2E))), c.bias());
  double high = c.isF32() ? 0x1.62ep-1 : 0x1.62e42fefap-1, low = c.isF32() ? kLn2 - 0x1.62ep-1 : 0x1.cf79abc9e3b39p-40;
  Value r = c.fma(n, c.number(-low), c.fma(n, c.number(-high), x));
  Value p = c.fma(r, c.polynomial(r, c.isF32() ? ArrayRef<double>(kExpF32) : kExpF64), c.number(1));
  return approximate ? c.mul(p, c.powerOfTwo(n)) : scaleDown(c, p, n);
}

// -- logarithms ------------------------------------------------------------------------------------------------------

/// x = 2^e m, m in [1/sqrt 2, sqrt 2): log2 x = e + log2 m; `scale` turns it into another base (1 for log2).
Value emitLog(FloatCode &c, Value x, bool natural) {
  int64_t lift = c.mantissaBits() + 1;
  Value denormal = c.compare(Predicate::OLT, x, c.number(std::ldexp(1.0, 1 - c.bias())));
  Value normal = c.select(denormal, c.mul(x, c.number(std::ldexp(1.0, lift))), x);
  // Integer arithmetic on the bits: subtracting those of 1/sqrt 2 leaves e in the exponent field, with sign.
  int64_t rootBits = c.isF32() ? 0x3F3504F3 : 0x3FE6A09E667F3BCDll;
  Value bits = c.toInt(normal), shifted = c.shiftRight(c.subInt(bits, c.integer(rootBits)), c.mantissaBits());
  Value m = c.toFloat(c.subInt(bits, c.shiftLeft(shifted, c.mantissaBits())));
  // A small integer as a float without a conversion of 64-bit lanes: bits of 1.5 * 2^mantissaBits plus it.
  double magic = std::ldexp(1.5, c.mantissaBits());
  Value e = c.sub(c.toFloat(c.addInt(shifted, c.toInt(c.number(magic)))), c.number(magic));
  e = c.sub(e, c.select(denormal, c.number(lift), c.number(0)));
  Value f = c.sub(m, c.number(1));
  ArrayRef<double> table = c.isF32() ? ArrayRef<double>(kLog2F32) : ArrayRef<double>(kLog2F64);
  // The leading coefficient in two parts: near x = 1 nothing else limits the relative error.
  double factor = natural ? kLn2 : 1, leading = table[0] * factor;
  double high = c.isF32() ? double(float(leading)) : leading, low = leading - high;
  SmallVector<double> rest;
  for (double coefficient : table)
    rest.push_back(coefficient * factor);
  rest[0] = low;
  Value fraction = c.fma(f, c.number(high), c.mul(f, c.polynomial(f, rest)));
  Value result = natural ? c.fma(e, c.number(kLn2), fraction) : c.add(e, fraction);
  result = c.select(c.compare(Predicate::OLT, x, c.number(INFINITY)), result, x); // infinity and NaN are their own logarithms
  result = c.select(c.compare(Predicate::OEQ, x, c.number(0)), c.number(-INFINITY), result);
  return c.select(c.compare(Predicate::OLT, x, c.number(0)), c.number(NAN), result);
}

// -- tanh and erf ----------------------------------------------------------------------------------------------------

/// x + x z P(z) up to 0.625, 1 - 2 / (e^2x + 1) above; +-1 where nothing else rounds.
Value emitTanh(FloatCode &c, Value x) {
  constexpr double kSeam = 0.625;
  double one = c.isF32() ? 9.1 : 19.1;
  Value a = c.abs(x), z = c.mul(x, x);
  Value small = c.fma(c.mul(a, z), c.polynomial(z, c.isF32() ? ArrayRef<double>(kTanhF32) : kTanhF64), a);
  Value bounded = c.atMost(a, one);
  Value e = c.isF32() ? emitExp2(c, c.mul(bounded, c.number(2 * kLog2E)), /*approximate=*/true) : emitExp(c, c.mul(bounded, c.number(2)), /*approximate=*/true);
  Value large = c.sub(c.number(1), c.div(c.number(2), c.add(e, c.number(1))));
  return c.withSign(c.select(c.compare(Predicate::OLT, a, c.number(kSeam)), small, large), x);
}

/// 1 - erfc(a), for a above where that loses digits. f32: erfc = R(a)^8, which is cheaper than an exponential and as good for a sum with 1.
Value emitOneMinusErfc(FloatCode &c, Value a) {
  if (c.isF32()) {
    Value root = c.polynomial(c.atMost(a, 4), kErfcRootF32), squared = c.mul(root, root), fourth = c.mul(squared, squared);
    return c.fma(c.sub(c.number(-0.0), fourth), fourth, c.number(1));
  }
  Value bounded = c.atMost(a, 6);
  Value logarithm = c.fma(c.mul(bounded, bounded), c.number(-kLog2E), c.polynomial(c.sub(bounded, c.number(3.5)), kErfcF64));
  return c.sub(c.number(1), emitExp2(c, logarithm, /*approximate=*/true));
}

/// x P(z) up to 1.25 (f32) or 1 (f64), 1 - erfc(x) above; +-1 from 4 or 6 on.
Value emitErf(FloatCode &c, Value x) {
  Value a = c.abs(x), z = c.mul(x, x);
  // The leading coefficient in two parts: near 0 nothing else limits the relative error.
  SmallVector<double> rest(c.isF32() ? ArrayRef<double>(kErfF32) : kErfF64);
  double leading = rest[0], high = c.isF32() ? float(leading) : leading;
  rest[0] = c.isF32() ? leading - high : 0x1.1ae3a914fed80p-56; // 2 / sqrt(pi) beyond a double
  Value small = c.fma(a, c.number(high), c.mul(a, c.polynomial(z, rest)));
  return c.withSign(c.select(c.compare(Predicate::OLT, a, c.number(c.isF32() ? 1.25 : 1)), small, emitOneMinusErfc(c, a)), x);
}

// -- by way of f64: functions whose f32 form would need double-length arithmetic -------------------------------------------

/// r = x - n pi/2, n nearest; sin and cos of r by n mod 4. For |x| <= 2^40 good to an ulp of float, or with `full` to two of double:
/// the first difference is exact, the others are rounded once.
Value emitSinCos(FloatCode &c, Value x, bool cosine, bool full) {
  constexpr double kHigh = 0x1.921fb54442d18p+0, kMiddle = 0x1.1a62633145c07p-54, kLow = -0x1.f1976b7ed8fbcp-110; // pi/2 to 161 bits
  Value n = math::RoundEvenOp::create(c.b, c.loc, c.mul(x, c.number(0.63661977236758134308)));
  Value r = c.fma(n, c.number(-kMiddle), c.fma(n, c.number(-kHigh), x));
  if (full)
    r = c.fma(n, c.number(-kLow), r);
  Value z = c.mul(r, r);
  ArrayRef<double> sineTable = full ? ArrayRef<double>(kSinFullF64) : kSinF64, cosineTable = full ? ArrayRef<double>(kCosFullF64) : kCosF64;
  Value sine = c.fma(c.mul(r, z), c.polynomial(z, sineTable), r), cosineOfR = c.fma(z, c.polynomial(z, cosineTable), c.number(1));
  if (cosine)
    n = c.add(n, c.number(1));
  // n mod 4 in floats: exact, and NaN for infinite x.
  Value quarter = c.sub(n, c.mul(c.floor(c.mul(n, c.number(0.25))), c.number(4)));
  Value odd = c.either(c.compare(Predicate::OEQ, quarter, c.number(1)), c.compare(Predicate::OEQ, quarter, c.number(3)));
  Value value = c.select(odd, cosineOfR, sine);
  Value negative = c.compare(Predicate::OGE, quarter, c.number(2));
  value = c.select(negative, c.sub(c.number(-0.0), value), value);
  value = c.atLeast(c.atMost(value, 1), -1); // beyond 2^40 no digit is right, but the range is
  return cosine ? value : c.select(c.compare(Predicate::OEQ, x, c.number(0)), x, value); // keeps the sign of zero
}

Value emitLog1p(FloatCode &c, Value x) {
  constexpr double kSmall = 1e-4; // below, three terms of the series; above, 1 + x has digits enough for a float result
  Value series = c.mul(x, c.fma(x, c.fma(x, c.number(1.0 / 3), c.number(-0.5)), c.number(1)));
  Value general = emitLog(c, c.add(x, c.number(1)), /*natural=*/true);
  return c.select(c.compare(Predicate::OLT, c.abs(x), c.number(kSmall)), series, general);
}

Value emitExpM1(FloatCode &c, Value x) {
  constexpr double kSmall = 1e-4;
  Value series = c.mul(x, c.fma(x, c.fma(x, c.number(1.0 / 6), c.number(0.5)), c.number(1)));
  Value general = c.sub(emitExp(c, x, /*approximate=*/true), c.number(1));
  return c.select(c.compare(Predicate::OLT, c.abs(x), c.number(kSmall)), series, general);
}

/// |x|^y = 2^(y log2 |x|), then signs and the cases of C99 F.9.4.4.
Value emitPow(FloatCode &c, Value x, Value y) {
  Value one = c.number(1), magnitude = c.abs(x);
  Value power = emitExp2(c, c.mul(y, emitLog(c, magnitude, /*natural=*/false)), /*approximate=*/true);
  Value whole = c.compare(Predicate::OEQ, c.floor(y), y), half = c.mul(y, c.number(0.5));
  Value odd = c.both(whole, c.compare(Predicate::ONE, c.floor(half), half));
  Value isNegative = c.compare(Predicate::OLT, c.copySign(one, x), c.number(0));
  power = c.select(c.both(odd, isNegative), c.sub(c.number(-0.0), power), power);
  Value finiteNegative = c.both(c.compare(Predicate::OLT, x, c.number(0)), c.compare(Predicate::OGT, x, c.number(-INFINITY)));
  Value fractional = c.compare(Predicate::ONE, c.floor(y), y);
  power = c.select(c.both(finiteNegative, fractional), c.number(NAN), power);
  // 1^y and (-1)^(+-inf), x^0: one, even for NaN.
  Value infiniteY = c.compare(Predicate::OEQ, c.abs(y), c.number(INFINITY));
  Value minusOne = c.both(infiniteY, c.compare(Predicate::OEQ, magnitude, one));
  Value unit = c.either(c.either(c.compare(Predicate::OEQ, x, one), minusOne), c.compare(Predicate::OEQ, y, c.number(0)));
  return c.select(unit, one, power);
}

// -- remainder -------------------------------------------------------------------------------------------------------

/// Exponent of the leading digit of a finite x > 0, also of a denormal one, as a float.
Value exponentOf(FloatCode &c, Value x) {
  int64_t lift = c.mantissaBits() + 1;
  Value denormal = c.compare(Predicate::OLT, x, c.number(std::ldexp(1.0, 1 - c.bias())));
  Value normal = c.select(denormal, c.mul(x, c.number(std::ldexp(1.0, lift))), x);
  double magic = std::ldexp(1.5, c.mantissaBits());
  Value biased = c.shiftRight(c.toInt(normal), c.mantissaBits());
  Value e = c.sub(c.toFloat(c.addInt(biased, c.toInt(c.number(magic)))), c.number(magic + c.bias()));
  return c.sub(e, c.select(denormal, c.number(lift), c.number(0)));
}

/// fmod, exactly: while |r| >= |y|, r loses a multiple of |y| 2^s for the s that leaves a quotient of at most 2^52. That difference is a
/// multiple of the last place of y below 2 |y| 2^s, so it has no rounding; a quotient that was rounded up leaves it negative by less than |y| 2^s.
Value emitRem(FloatCode &c, Value x, Value y) {
  OpBuilder &b = c.b;
  Value dividend = c.abs(x), divisor = c.abs(y), zero = c.number(0), infinity = c.number(INFINITY);
  Value valid = c.both(c.compare(Predicate::OLT, dividend, infinity), c.compare(Predicate::OGT, divisor, zero));
  Value start = c.select(valid, dividend, zero), exponentY = exponentOf(c, c.select(c.compare(Predicate::OLT, divisor, infinity), divisor, c.number(1)));
  auto loop = scf::WhileOp::create(
      b, c.loc, TypeRange{c.type}, ValueRange{start},
      [&](OpBuilder &, Location loc, ValueRange r) {
        Value again = c.both(c.compare(Predicate::OGE, r[0], divisor), valid);
        if (auto lanes = dyn_cast<VectorType>(again.getType()))
          again = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, again);
        scf::ConditionOp::create(b, loc, again, r);
      },
      [&](OpBuilder &, Location loc, ValueRange r) {
        Value active = c.compare(Predicate::OGE, r[0], divisor);
        Value shift = c.atLeast(c.sub(c.sub(exponentOf(c, c.select(active, r[0], c.number(1))), exponentY), c.number(c.mantissaBits() - 2)), 0);
        Value first = c.atMost(shift, c.bias()), second = c.atMost(c.sub(shift, first), c.bias()); // one factor has not the range of f64
        Value part = c.mul(c.mul(divisor, c.powerOfTwo(first)), c.powerOfTwo(second));
        Value quotient = c.floor(c.div(r[0], part)), left = c.fma(c.sub(c.number(-0.0), quotient), part, r[0]);
        left = c.select(c.compare(Predicate::OLT, left, c.number(0)), c.add(left, part), left);
        scf::YieldOp::create(b, loc, c.select(active, left, r[0]));
      });
  return c.select(valid, c.copySign(loop.getResult(0), x), c.number(NAN));
}

// -- patterns --------------------------------------------------------------------------------------------------------

bool isApproximate(Operation *op) {
  auto interface = dyn_cast<arith::ArithFastMathInterface>(op);
  return interface && arith::bitEnumContainsAll(interface.getFastMathFlagsAttr().getValue(), arith::FastMathFlags::afn);
}

/// How a result is wanted: `approximate` as the flag afn allows, `rounded` to f32 afterwards.
struct Wanted {
  bool approximate, rounded;
};
using Emitter = Value (*)(FloatCode &, ValueRange, Wanted);

/// How an op is computed for f32: in f32, or in f64 with one rounding at the end. And whether there is an f64 form.
struct Expansion {
  Emitter emit;
  bool inF64, hasF64;
};

template <typename OpTy> struct ExpandPattern : OpRewritePattern<OpTy> {
  ExpandPattern(MLIRContext *context, Expansion expansion) : OpRewritePattern<OpTy>(context), expansion(expansion) {}
  Expansion expansion;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
    if (!element || (!element.isF16() && !element.isBF16() && !element.isF32() && !element.isF64()))
      return rewriter.notifyMatchFailure(op, "element type has no expansion");
    if (element.isF64() && !expansion.hasF64)
      return rewriter.notifyMatchFailure(op, "no f64 expansion");
    FloatType in = element.isF64() || (element.isF32() && expansion.inF64) ? rewriter.getF64Type() : rewriter.getF32Type();
    // 16-bit ops become f32 ops first; those that work in f64 are expanded in the next round.
    bool onlyWiden = element.getWidth() < 32 && expansion.inF64;
    FloatCode code(rewriter, op.getLoc(), FloatCode(rewriter, op.getLoc(), type).like(in));
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(element == in ? operand : arith::ExtFOp::create(rewriter, op.getLoc(), code.type, operand).getResult());
    Value result;
    if (onlyWiden) {
      auto wide = OpTy::create(rewriter, op.getLoc(), TypeRange(code.type), operands, op->getAttrs());
      result = wide.getResult();
    } else {
      result = expansion.emit(code, operands, {isApproximate(op), element != in});
    }
    if (element != in)
      result = arith::TruncFOp::create(rewriter, op.getLoc(), type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

// -- bf16 without bf16 instructions ------------------------------------------------------------------------------------
// Without AVX512-BF16 LLVM turns what it does not know on bf16 (a select, a rounding, a masked access) into calls of
// compiler-rt. So no bf16 value is left for it: memory is accessed as i16, and conversions are integer code.

bool isBF16(Type type) { return getElementTypeOrSelf(type).isBF16(); }

Type sixteenBits(Type type) {
  Type i16 = IntegerType::get(type.getContext(), 16);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(i16)) : i16;
}

Value bitsOf(OpBuilder &b, Location loc, Value x) {
  if (auto cast = x.getDefiningOp<arith::BitcastOp>(); cast && cast.getIn().getType() == sixteenBits(x.getType()))
    return cast.getIn();
  return arith::BitcastOp::create(b, loc, sixteenBits(x.getType()), x);
}

/// Round to nearest, ties to even; NaN keeps its sign and upper payload and becomes quiet.
struct TruncateToBF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    if (!isBF16(op.getType()) || !getElementTypeOrSelf(op.getIn().getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not f32 to bf16");
    FloatCode c(rewriter, op.getLoc(), op.getIn().getType());
    Value bits = c.toInt(op.getIn()), upper = arith::ShRUIOp::create(rewriter, op.getLoc(), bits, c.integer(16));
    Value odd = arith::AndIOp::create(rewriter, op.getLoc(), upper, c.integer(1));
    Value rounded = c.addInt(c.addInt(bits, c.integer(0x7FFF)), odd), quiet = arith::OrIOp::create(rewriter, op.getLoc(), bits, c.integer(0x400000));
    Value chosen = c.select(c.compare(Predicate::UNO, op.getIn(), op.getIn()), quiet, rounded);
    chosen = arith::ShRUIOp::create(rewriter, op.getLoc(), chosen, c.integer(16));
    chosen = arith::TruncIOp::create(rewriter, op.getLoc(), sixteenBits(op.getType()), chosen);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), chosen);
    return success();
  }
};

/// f64 to 16 bits through f32 rounded to odd: the second rounding then is that of the exact value.
struct TruncateDouble : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Type from = op.getIn().getType(), to = getElementTypeOrSelf(op.getType());
    if (!getElementTypeOrSelf(from).isF64() || !(to.isF16() || to.isBF16()))
      return rewriter.notifyMatchFailure(op, "not f64 to 16 bits");
    Location loc = op.getLoc();
    auto vector = dyn_cast<VectorType>(from);
    auto like = [&](Type element) { return vector ? Type(vector.clone(element)) : element; };
    Type f32 = like(rewriter.getF32Type()), i32 = like(rewriter.getI32Type());
    auto number = [&](int32_t n) -> Value {
      TypedAttr attr = rewriter.getI32IntegerAttr(n);
      return arith::ConstantOp::create(rewriter, loc, vector ? TypedAttr(DenseElementsAttr::get(cast<VectorType>(i32), Attribute(attr))) : attr);
    };
    Value near = arith::TruncFOp::create(rewriter, loc, f32, op.getIn()), back = arith::ExtFOp::create(rewriter, loc, from, near);
    Value bits = arith::BitcastOp::create(rewriter, loc, i32, near);
    Value away = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OGT, math::AbsFOp::create(rewriter, loc, back),
                                       math::AbsFOp::create(rewriter, loc, op.getIn()));
    Value toZero = arith::SelectOp::create(rewriter, loc, away, arith::SubIOp::create(rewriter, loc, bits, number(1)), bits);
    Value odd = arith::OrIOp::create(rewriter, loc, toZero, number(1));
    Value inexact = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::ONE, back, op.getIn());
    Value chosen = arith::BitcastOp::create(rewriter, loc, f32, arith::SelectOp::create(rewriter, loc, inexact, odd, bits));
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), chosen);
    return success();
  }
};

/// bitcast(bitcast(x)) is x.
struct FoldBitcast : OpRewritePattern<arith::BitcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::BitcastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getIn().getDefiningOp<arith::BitcastOp>();
    if (!inner || inner.getIn().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not a cast back");
    rewriter.replaceOp(op, inner.getIn());
    return success();
  }
};

/// An op with operands or a result of bf16 that does not compute: the same op on i16.
template <typename OpTy>
struct MoveAsBits : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    bool hasResult = op->getNumResults() == 1;
    if (!llvm::any_of(op->getOperandTypes(), isBF16) && !(hasResult && isBF16(op->getResult(0).getType())))
      return rewriter.notifyMatchFailure(op, "no bf16");
    Operation *bits = rewriter.clone(*op.getOperation());
    rewriter.setInsertionPoint(bits);
    for (OpOperand &operand : bits->getOpOperands())
      if (isBF16(operand.get().getType()))
        operand.set(bitsOf(rewriter, op.getLoc(), operand.get()));
    if (!hasResult)
      return rewriter.eraseOp(op), success();
    Type type = op->getResult(0).getType();
    bits->getResult(0).setType(sixteenBits(type));
    rewriter.setInsertionPointAfter(bits);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, type, bits->getResult(0));
    return success();
  }
};

/// Constants of bf16, so that no select or store of one is left.
struct ConstantAsBits : OpRewritePattern<arith::ConstantOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ConstantOp op, PatternRewriter &rewriter) const override {
    if (!isBF16(op.getType()))
      return rewriter.notifyMatchFailure(op, "no bf16");
    Type i16 = rewriter.getI16Type();
    TypedAttr bits;
    if (auto number = dyn_cast<FloatAttr>(op.getValue()))
      bits = rewriter.getIntegerAttr(i16, number.getValue().bitcastToAPInt());
    else if (auto dense = dyn_cast<DenseFPElementsAttr>(op.getValue()))
      bits = dense.bitcast(i16);
    else
      return rewriter.notifyMatchFailure(op, "not a dense constant");
    Value value = arith::ConstantOp::create(rewriter, op.getLoc(), bits);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), value);
    return success();
  }
};

/// The maximum or minimum of numbers. LLVM would narrow one between conversions to f16, where it is a call into libm.
template <typename OpTy, Predicate predicate> struct ExpandNumber : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Value x = op.getLhs(), y = op.getRhs();
    Value best = arith::SelectOp::create(rewriter, op.getLoc(), arith::CmpFOp::create(rewriter, op.getLoc(), predicate, x, y), x, y);
    Value noNumber = arith::CmpFOp::create(rewriter, op.getLoc(), Predicate::UNO, y, y);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, noNumber, x, best);
    return success();
  }
};

struct ExpandMathPass : PassWrapper<ExpandMathPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandMathPass)
  StringRef getArgument() const override { return "tile-cpu-expand-math"; }
  StringRef getDescription() const override { return "expand transcendental math ops into polynomials"; }
  void getDependentDialects(DialectRegistry &registry) const override { registry.insert<arith::ArithDialect, math::MathDialect, LLVM::LLVMDialect, scf::SCFDialect, vector::VectorDialect>(); }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false).setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    // Left to LLVM these would become calls into libm.
    auto needsLibm = [](Operation *op) {
      return isa<arith::RemFOp, math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp, math::AtanOp, math::AtanhOp, math::Atan2Op, math::CbrtOp, math::CosOp,
                 math::CoshOp, math::ErfOp, math::ErfcOp, math::ExpOp, math::Exp2Op, math::ExpM1Op, math::FPowIOp, math::LogOp, math::Log10Op,
                 math::Log1pOp, math::Log2Op, math::PowFOp, math::SinOp, math::SincosOp, math::SinhOp, math::TanOp, math::TanhOp>(op);
    };
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!needsLibm(op))
        return WalkResult::advance();
      unsupported(op->emitOpError()) << "expects an operation with a CPU expansion, but got " << op->getName() << " on " << op->getResult(0).getType();
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace

void populateExpandMathPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  // Ours wins over upstream's rounding, which selects among bf16 values; upstream's widening is integer code.
  patterns.add<TruncateToBF16, TruncateDouble>(context, /*benefit=*/2);
  patterns.add<FoldBitcast, ConstantAsBits, MoveAsBits<LLVM::LoadOp>, MoveAsBits<LLVM::StoreOp>, MoveAsBits<LLVM::MaskedLoadOp>, MoveAsBits<LLVM::MaskedStoreOp>,
               MoveAsBits<arith::SelectOp>, MoveAsBits<vector::BroadcastOp>, MoveAsBits<vector::ShuffleOp>, MoveAsBits<vector::InsertOp>,
               MoveAsBits<vector::ExtractOp>>(context);
  arith::populateExpandBFloat16Patterns(patterns);
  patterns.add<ExpandNumber<arith::MaxNumFOp, Predicate::OGT>, ExpandNumber<arith::MinNumFOp, Predicate::OLT>>(context);
  populateExpandFunctionPatterns(patterns);
}

void populateExpandFunctionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  auto add = [&](auto *op, Expansion expansion) {
    using OpTy = std::remove_pointer_t<decltype(op)>;
    patterns.add<ExpandPattern<OpTy>>(context, expansion);
  };
  add((math::Exp2Op *)nullptr, {[](FloatCode &c, ValueRange v, Wanted w) { return emitExp2(c, v[0], w.approximate); }, false, true});
  add((math::ExpOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted w) { return emitExp(c, v[0], w.approximate); }, false, true});
  add((math::Log2Op *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitLog(c, v[0], false); }, false, true});
  add((math::LogOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitLog(c, v[0], true); }, false, true});
  add((math::TanhOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitTanh(c, v[0]); }, false, true});
  add((math::ErfOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitErf(c, v[0]); }, false, true});
  add((math::SinOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted w) { return emitSinCos(c, v[0], false, !w.rounded); }, true, true});
  add((math::CosOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted w) { return emitSinCos(c, v[0], true, !w.rounded); }, true, true});
  add((math::Log1pOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitLog1p(c, v[0]); }, true, false});
  add((math::ExpM1Op *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitExpM1(c, v[0]); }, true, false});
  add((arith::RemFOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitRem(c, v[0], v[1]); }, true, true});
  add((math::PowFOp *)nullptr, {[](FloatCode &c, ValueRange v, Wanted) { return emitPow(c, v[0], v[1]); }, true, false});
}

std::unique_ptr<Pass> createExpandMathPass() { return std::make_unique<ExpandMathPass>(); }

void registerExpandMathPass() { PassRegistration<ExpandMathPass>(); }

} // namespace seqc
