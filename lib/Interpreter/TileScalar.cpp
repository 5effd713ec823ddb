// SPDX-License-Identifier: Apache-2.0
#include "TileScalar.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

Expected<DType> elementDType(Type type) {
  Type e = getElementTypeOrSelf(type);
  if (e.isIndex())
    return DType::I64;
  std::string text;
  llvm::raw_string_ostream(text) << e;
  if (auto c = dyn_cast<ComplexType>(e))
    text = c.getElementType().isF32() ? "c64" : c.getElementType().isF64() ? "c128" : text;
  return parseDType(text);
}

double rounded(Precision precision, DType t, double x) {
  t = componentType(t);
  if (!isFloat(t))
    return roundTo(t, x);
  switch (precision) {
  case Precision::F64:
    return x;
  case Precision::F32:
    return roundTo(DType::F32, x);
  case Precision::Typed:
    return roundTo(t, x);
  }
  llvm_unreachable("all precisions covered");
}

Error errorAt(Operation *op, const Twine &message) {
  std::string text;
  llvm::raw_string_ostream(text) << "'" << op->getName() << "' op at " << op->getLoc() << ": " << message;
  return llvm::createStringError(text);
}

/// i1 holds 0 or 1; every other width holds the signed value.
static double fromAPInt(const APInt &v) { return v.getBitWidth() == 1 ? v.getZExtValue() : static_cast<double>(v.getSExtValue()); }

static double fromAPFloat(APFloat v) {
  bool losesInfo;
  v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return v.convertToDouble();
}

Expected<Tensor> constantTensor(TypedAttr value) {
  Expected<DType> type = elementDType(value.getType());
  if (!type)
    return type.takeError();
  if (auto f = dyn_cast<FloatAttr>(value))
    return Tensor(*type, {}, fromAPFloat(f.getValue()));
  if (auto i = dyn_cast<IntegerAttr>(value))
    return Tensor(*type, {}, fromAPInt(i.getValue()));
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements)
    return llvm::createStringError("expects a number or dense elements as constant");
  Tensor t(*type, elements.getShapedType().getShape().vec());
  if (isComplex(*type)) {
    auto range = elements.tryGetValues<std::complex<APFloat>>();
    if (!range)
      return llvm::createStringError("expects dense elements as constant");
    for (auto [i, z] : llvm::enumerate(*range))
      t.setComplex(i, {fromAPFloat(z.real()), fromAPFloat(z.imag())});
    return t;
  }
  if (isFloat(*type)) {
    auto range = elements.tryGetValues<APFloat>();
    if (!range)
      return llvm::createStringError("expects dense elements as constant");
    llvm::transform(*range, t.data.begin(), fromAPFloat);
    return t;
  }
  auto range = elements.tryGetValues<APInt>();
  if (!range)
    return llvm::createStringError("expects dense elements as constant");
  llvm::transform(*range, t.data.begin(), fromAPInt);
  return t;
}

//===-- Tables ----------------------------------------------------------------===//

namespace {
using F1 = double (*)(double);
using F2 = double (*)(double, double);
using F3 = double (*)(double, double, double);

double rsqrtOf(double x) { return 1.0 / std::sqrt(x); }
double negateOf(double x) { return -x; }
double addOf(double a, double b) { return a + b; }
double subOf(double a, double b) { return a - b; }
double mulOf(double a, double b) { return a * b; }
double divOf(double a, double b) { return a / b; }

/// IEEE 754-2019 maximum and minimum: NaN wins, -0 < +0.
double maximumOf(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::nan("");
  return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
}
double minimumOf(double a, double b) { return -maximumOf(-a, -b); }

struct FloatOp {
  F1 f1 = nullptr;
  F2 f2 = nullptr;
  F3 f3 = nullptr;
};

const llvm::StringMap<FloatOp> &floatOps() {
  auto one = [](F1 f) { return FloatOp{f, nullptr, nullptr}; };
  auto two = [](F2 f) { return FloatOp{nullptr, f, nullptr}; };
  static const llvm::StringMap<FloatOp> table{{"arith.negf", one(negateOf)},
                                              {"math.absf", one(std::fabs)},
                                              {"math.acos", one(std::acos)},
                                              {"math.acosh", one(std::acosh)},
                                              {"math.asin", one(std::asin)},
                                              {"math.asinh", one(std::asinh)},
                                              {"math.atan", one(std::atan)},
                                              {"math.atanh", one(std::atanh)},
                                              {"math.cbrt", one(std::cbrt)},
                                              {"math.ceil", one(std::ceil)},
                                              {"math.cos", one(std::cos)},
                                              {"math.cosh", one(std::cosh)},
                                              {"math.erf", one(std::erf)},
                                              {"math.erfc", one(std::erfc)},
                                              {"math.exp", one(std::exp)},
                                              {"math.exp2", one(std::exp2)},
                                              {"math.expm1", one(std::expm1)},
                                              {"math.floor", one(std::floor)},
                                              {"math.log", one(std::log)},
                                              {"math.log10", one(std::log10)},
                                              {"math.log1p", one(std::log1p)},
                                              {"math.log2", one(std::log2)},
                                              {"math.round", one(std::round)},
                                              {"math.roundeven", one(std::nearbyint)},
                                              {"math.rsqrt", one(rsqrtOf)},
                                              {"math.sin", one(std::sin)},
                                              {"math.sinh", one(std::sinh)},
                                              {"math.sqrt", one(std::sqrt)},
                                              {"math.tan", one(std::tan)},
                                              {"math.tanh", one(std::tanh)},
                                              {"math.trunc", one(std::trunc)},
                                              {"arith.addf", two(addOf)},
                                              {"arith.subf", two(subOf)},
                                              {"arith.mulf", two(mulOf)},
                                              {"arith.divf", two(divOf)},
                                              {"arith.remf", two(std::fmod)},
                                              {"arith.maximumf", two(maximumOf)},
                                              {"arith.minimumf", two(minimumOf)},
                                              {"arith.maxnumf", two(std::fmax)},
                                              {"arith.minnumf", two(std::fmin)},
                                              {"math.atan2", two(std::atan2)},
                                              {"math.copysign", two(std::copysign)},
                                              {"math.powf", two(std::pow)},
                                              {"math.fma", FloatOp{nullptr, nullptr, std::fma}}};
  return table;
}

/// An integer operand: its signed and unsigned reading, and its width.
struct Int {
  int64_t s;
  uint64_t u;
  unsigned width;
};

Int intOf(double x, unsigned width) {
  auto wide = static_cast<int64_t>(x);
  uint64_t mask = width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1;
  return {width == 1 ? -(wide & 1) : wide, static_cast<uint64_t>(wide) & mask, width};
}

/// nullopt: division by zero or overflow of a signed division.
using IntFn = std::optional<int64_t> (*)(Int, Int);
using Result = std::optional<int64_t>;

int64_t wrap(uint64_t x) { return static_cast<int64_t>(x); }
bool badSigned(Int a, Int b) { return b.s == 0 || (b.s == -1 && a.s == llvm::minIntN(a.width)); }
int64_t floorDiv(int64_t a, int64_t b) { return a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }

const llvm::StringMap<IntFn> &intOps() {
  static const llvm::StringMap<IntFn> table{
      {"arith.addi", [](Int a, Int b) -> Result { return wrap(a.u + b.u); }},
      {"arith.subi", [](Int a, Int b) -> Result { return wrap(a.u - b.u); }},
      {"arith.muli", [](Int a, Int b) -> Result { return wrap(a.u * b.u); }},
      {"arith.andi", [](Int a, Int b) -> Result { return wrap(a.u & b.u); }},
      {"arith.ori", [](Int a, Int b) -> Result { return wrap(a.u | b.u); }},
      {"arith.xori", [](Int a, Int b) -> Result { return wrap(a.u ^ b.u); }},
      {"arith.shli", [](Int a, Int b) -> Result { return b.u >= a.width ? 0 : wrap(a.u << b.u); }},
      {"arith.shrui", [](Int a, Int b) -> Result { return b.u >= a.width ? 0 : wrap(a.u >> b.u); }},
      {"arith.shrsi", [](Int a, Int b) -> Result { return a.s >> std::min<uint64_t>(b.u, 63); }},
      {"arith.maxsi", [](Int a, Int b) -> Result { return std::max(a.s, b.s); }},
      {"arith.minsi", [](Int a, Int b) -> Result { return std::min(a.s, b.s); }},
      {"arith.maxui", [](Int a, Int b) -> Result { return wrap(std::max(a.u, b.u)); }},
      {"arith.minui", [](Int a, Int b) -> Result { return wrap(std::min(a.u, b.u)); }},
      {"arith.divsi", [](Int a, Int b) -> Result { return badSigned(a, b) ? Result() : a.s / b.s; }},
      {"arith.remsi", [](Int a, Int b) -> Result { return badSigned(a, b) ? Result() : a.s % b.s; }},
      {"arith.floordivsi", [](Int a, Int b) -> Result { return badSigned(a, b) ? Result() : floorDiv(a.s, b.s); }},
      {"arith.ceildivsi", [](Int a, Int b) -> Result { return badSigned(a, b) ? Result() : -floorDiv(-a.s, b.s); }},
      {"arith.divui", [](Int a, Int b) -> Result { return b.u == 0 ? Result() : wrap(a.u / b.u); }},
      {"arith.remui", [](Int a, Int b) -> Result { return b.u == 0 ? Result() : wrap(a.u % b.u); }},
      {"arith.ceildivui", [](Int a, Int b) -> Result { return b.u == 0 ? Result() : wrap(a.u / b.u + (a.u % b.u != 0)); }}};
  return table;
}

unsigned bitWidth(DType t) { return t == DType::I1 ? 1 : static_cast<unsigned>(byteSize(t) * 8); }

bool compareInts(arith::CmpIPredicate p, Int a, Int b) {
  switch (p) {
  case arith::CmpIPredicate::eq:
    return a.u == b.u;
  case arith::CmpIPredicate::ne:
    return a.u != b.u;
  case arith::CmpIPredicate::slt:
    return a.s < b.s;
  case arith::CmpIPredicate::sle:
    return a.s <= b.s;
  case arith::CmpIPredicate::sgt:
    return a.s > b.s;
  case arith::CmpIPredicate::sge:
    return a.s >= b.s;
  case arith::CmpIPredicate::ult:
    return a.u < b.u;
  case arith::CmpIPredicate::ule:
    return a.u <= b.u;
  case arith::CmpIPredicate::ugt:
    return a.u > b.u;
  case arith::CmpIPredicate::uge:
    return a.u >= b.u;
  }
  llvm_unreachable("all predicates covered");
}

/// Ordered predicates count up as the bit set 1 equal, 2 greater, 4 less; the unordered ones ueq (8) to une (13) follow in the same order, then uno.
bool compareFloats(arith::CmpFPredicate p, double a, double b) {
  if (p == arith::CmpFPredicate::AlwaysTrue)
    return true;
  const bool unordered = std::isnan(a) || std::isnan(b);
  if (p == arith::CmpFPredicate::UNO)
    return unordered;
  const unsigned value = static_cast<unsigned>(p);
  const unsigned relations = value < 8 ? value : value - 7;
  return unordered ? value >= 8 : relations & (a == b ? 1 : a > b ? 2 : 4);
}

double saturated(double x, double low, double high) { return std::isnan(x) ? 0.0 : std::trunc(std::clamp(x, low, high)); }

double bitCast(double x, DType from, DType to) {
  Tensor t(from, {}, x);
  return Tensor::fromBytes(to, {}, t.toBytes().data()).data[0];
}

/// One element of a conversion op.
double converted(Operation *op, double x, DType from, DType to) {
  if (isFloat(from) && isFloat(to))
    return isa<arith::BitcastOp>(op) ? bitCast(x, from, to) : x;
  unsigned width = bitWidth(to);
  if (isa<arith::FPToSIOp>(op))
    return saturated(x, -std::ldexp(1.0, width - 1), std::ldexp(1.0, width - 1) - 1);
  if (isa<arith::FPToUIOp>(op))
    return roundTo(to, saturated(x, 0, std::ldexp(1.0, width) - 1));
  if (isa<arith::BitcastOp>(op))
    return bitCast(x, from, to);
  Int i = intOf(x, bitWidth(from));
  bool isUnsigned = isa<arith::UIToFPOp, arith::ExtUIOp, arith::IndexCastUIOp>(op);
  double value = isUnsigned ? static_cast<double>(i.u) : static_cast<double>(i.s);
  return to == DType::I1 ? static_cast<double>(i.u & 1) : value;
}

bool isConversion(Operation *op) {
  return isa<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp, arith::ExtSIOp, arith::ExtUIOp,
             arith::TruncIOp, arith::IndexCastOp, arith::IndexCastUIOp, arith::BitcastOp>(op);
}

using Element = std::function<std::optional<double>(ArrayRef<double>)>;

/// The function of one element; empty for an op that is not elementwise.
Element elementFunction(Operation *op, ArrayRef<const Tensor *> operands, DType result) {
  StringRef name = op->getName().getStringRef();
  if (auto it = floatOps().find(name); it != floatOps().end()) {
    FloatOp f = it->second;
    return [f](ArrayRef<double> x) -> std::optional<double> { return f.f1 ? f.f1(x[0]) : f.f2 ? f.f2(x[0], x[1]) : f.f3(x[0], x[1], x[2]); };
  }
  if (isa<arith::SelectOp>(op))
    return [](ArrayRef<double> x) -> std::optional<double> { return x[0] != 0.0 ? x[1] : x[2]; };
  if (auto cmp = dyn_cast<arith::CmpFOp>(op))
    return [p = cmp.getPredicate()](ArrayRef<double> x) -> std::optional<double> { return compareFloats(p, x[0], x[1]); };
  DType from = operands.front()->dtype;
  if (isConversion(op))
    return [=](ArrayRef<double> x) -> std::optional<double> { return converted(op, x[0], from, result); };
  unsigned width = bitWidth(from);
  if (auto cmp = dyn_cast<arith::CmpIOp>(op))
    return [=, p = cmp.getPredicate()](ArrayRef<double> x) -> std::optional<double> {
      return compareInts(p, intOf(x[0], width), intOf(x[1], width));
    };
  if (isa<math::AbsIOp>(op))
    return [](ArrayRef<double> x) -> std::optional<double> { return std::fabs(x[0]); };
  if (isa<math::IsNaNOp>(op))
    return [](ArrayRef<double> x) -> std::optional<double> { return std::isnan(x[0]); };
  if (isa<math::IsInfOp>(op))
    return [](ArrayRef<double> x) -> std::optional<double> { return std::isinf(x[0]); };
  if (isa<math::IsFiniteOp>(op))
    return [](ArrayRef<double> x) -> std::optional<double> { return std::isfinite(x[0]); };
  if (auto it = intOps().find(name); it != intOps().end())
    return [=, f = it->second](ArrayRef<double> x) -> std::optional<double> {
      std::optional<int64_t> r = f(intOf(x[0], width), intOf(x[1], width));
      if (!r)
        return std::nullopt;
      // Wrap at the width before the value becomes a double: a product of two i32 may need 64 bits.
      return width == 1 ? static_cast<double>(*r & 1) : static_cast<double>(llvm::SignExtend64(*r, width));
    };
  return {};
}
} // namespace

bool isElementwise(Operation *op) {
  StringRef name = op->getName().getStringRef();
  return floatOps().contains(name) || intOps().contains(name) || isConversion(op) ||
         isa<arith::SelectOp, arith::CmpFOp, arith::CmpIOp, math::AbsIOp, math::IsNaNOp, math::IsInfOp, math::IsFiniteOp>(op);
}

Expected<Tensor> evaluateElementwise(Operation *op, ArrayRef<const Tensor *> operands, Precision precision, bool divideByAny) {
  Expected<DType> type = elementDType(op->getResult(0).getType());
  if (!type)
    return errorAt(op, toString(type.takeError()));
  std::vector<int64_t> shape;
  for (const Tensor *t : operands)
    if (t->rank() > 0)
      shape = t->shape;
  Tensor result(*type, shape);
  Element f = elementFunction(op, operands, *type);
  SmallVector<double, 3> x(operands.size());
  constexpr double exact = 9007199254740992.0;
  for (size_t i = 0; i < result.data.size(); ++i) {
    for (size_t k = 0; k < operands.size(); ++k) {
      x[k] = operands[k]->data[operands[k]->rank() ? i : 0];
      if (!isFloat(operands[k]->dtype) && std::isnan(x[k]))
        return errorAt(op, "uses an undefined integer");
    }
    std::optional<double> y = f(x);
    if (!y && divideByAny) {
      x[1] = 1;
      y = f(x);
    }
    if (!y)
      return errorAt(op, "divides " + Twine(static_cast<int64_t>(x[0])) + " by " + Twine(static_cast<int64_t>(x[1])));
    if (!isFloat(*type) && std::fabs(*y) > exact)
      return errorAt(op, "has an integer result beyond 2^53, which this interpreter cannot hold");
    result.data[i] = rounded(precision, *type, *y);
  }
  return result;
}

} // namespace seqc::interp
