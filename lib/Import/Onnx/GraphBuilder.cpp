// SPDX-License-Identifier: Apache-2.0
// Values, sizes, constants, elementwise ops.
#include "GraphBuilder.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <numeric>

using namespace mlir;

namespace seqc::onnx {

void unsupported(const llvm::Twine &reason) { throw Rejected{false, reason.str()}; }
void invalid(const llvm::Twine &rule) { throw Rejected{true, rule.str()}; }

std::string describe(const Tensor &t) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << t.element << ' ' << str(t.shape);
  return text;
}

static unsigned floatBits(Type t) { return cast<FloatType>(t).getWidth(); }

//===-- Types and sizes -----------------------------------------------------------===//

Type GraphBuilder::wide(Type t) { return isa<FloatType>(t) && floatBits(t) == 16 ? f32() : t; }

RankedTensorType GraphBuilder::type(llvm::ArrayRef<Size> shape, Type element) {
  constexpr int64_t kMaxElements = int64_t{1} << 48;
  constexpr size_t kMaxRank = 64;
  if (shape.size() > kMaxRank)
    unsupported("a tensor of rank " + llvm::Twine(shape.size()));
  llvm::SmallVector<int64_t> extents;
  int64_t elements = 1;
  for (const Size &s : shape) {
    if (!s.isValid())
      unsupported("a size whose expression is too large");
    if (!s.isConst()) {
      extents.push_back(ShapedType::kDynamic);
      continue;
    }
    if (s.value() < 0)
      invalid("expects sizes of at least 0, but got shape " + str(shape));
    if (llvm::MulOverflow(elements, std::max<int64_t>(s.value(), 1), elements) || elements > kMaxElements)
      unsupported("a tensor of shape " + str(shape) + ", which is too large");
    extents.push_back(s.value());
  }
  return RankedTensorType::get(extents, element);
}

Value GraphBuilder::index(const Size &s) {
  if (!s.isValid())
    unsupported("a size whose expression is too large");
  Value &known = sizeValues[s.str()];
  if (known)
    return known;
  if (s.isConst())
    return sizeValues[s.str()] = arith::ConstantIndexOp::create(b, loc, s.value());
  if (const std::string *name = s.asName()) {
    auto it = dims.find(*name);
    if (it == dims.end())
      unsupported("size " + *name + ", which no input has");
    return sizeValues[s.str()] = tensor::DimOp::create(b, loc, it->second.first, index(Size(it->second.second)));
  }
  auto atomValue = [&](const Size::Atom &a) -> Value {
    if (a.op == Size::Op::Name)
      return index(Size::name(a.name));
    Value x = index(a.lhs), y = index(a.rhs);
    switch (a.op) {
    case Size::Op::FloorDiv:
      return arith::FloorDivSIOp::create(b, loc, x, y);
    case Size::Op::Mod: {
      Value quotient = arith::FloorDivSIOp::create(b, loc, x, y);
      return arith::SubIOp::create(b, loc, x, arith::MulIOp::create(b, loc, quotient, y));
    }
    case Size::Op::Min:
      return arith::MinSIOp::create(b, loc, x, y);
    default:
      return arith::MaxSIOp::create(b, loc, x, y);
    }
  };
  Value sum;
  // What is added comes before what is subtracted.
  llvm::SmallVector<std::pair<const Size::Monomial *, int64_t>> terms;
  for (bool isNegative : {false, true})
    for (const auto &[monomial, coefficient] : s.all())
      if ((coefficient < 0) == isNegative)
        terms.push_back({&monomial, coefficient});
  for (auto [monomial, c] : terms) {
    bool isSubtracted = sum && c < 0 && c != INT64_MIN;
    if (isSubtracted)
      c = -c;
    Value term;
    for (const auto &atom : *monomial) {
      Value factor = atomValue(*atom);
      term = term ? Value(arith::MulIOp::create(b, loc, term, factor)) : factor;
    }
    if (!term)
      term = index(Size(c));
    else if (c != 1)
      term = arith::MulIOp::create(b, loc, term, index(Size(c)));
    sum = !sum ? term : isSubtracted ? Value(arith::SubIOp::create(b, loc, sum, term)) : Value(arith::AddIOp::create(b, loc, sum, term));
  }
  return sizeValues[s.str()] = sum;
}

OpFoldResult GraphBuilder::mixed(const Size &s) { return s.isConst() ? OpFoldResult(b.getIndexAttr(s.value())) : OpFoldResult(index(s)); }

llvm::SmallVector<OpFoldResult> GraphBuilder::mixed(llvm::ArrayRef<Size> sizes) {
  return llvm::map_to_vector(sizes, [&](const Size &s) { return mixed(s); });
}

void GraphBuilder::require(const Size &x, const Size &y, const llvm::Twine &what) {
  if (x == y)
    return;
  Size difference = x - y;
  if (!difference.isValid())
    unsupported("a size whose expression is too large");
  if (difference.isConst())
    invalid("expects " + what + " of size " + x.str() + ", but got " + y.str());
  int64_t divisor = 0;
  for (const auto &[m, c] : difference.all())
    divisor = std::gcd(divisor, c);
  std::optional<SizeFact> fact;
  for (const auto &[m, c] : difference.all()) {
    if (m.size() != 1 || m.front()->op != Size::Op::Name || (c != divisor && c != -divisor))
      continue;
    std::optional<Size> scaled = exactQuotient(difference, Size(c));
    if (!scaled && c == -divisor) // exactQuotient refuses -1
      scaled = exactQuotient(difference * Size(-1), Size(divisor));
    if (!scaled)
      continue;
    Size rest = Size::name(m.front()->name) - *scaled;
    if (rest.mentions(m.front()->name) || (rest.isConst() && rest.value() < 0))
      continue;
    auto merit = [&](const SizeFact &f) { return 2 * f.size.isNonNegative() + madeUpNames.contains(f.name); };
    SizeFact candidate{m.front()->name, rest};
    if (!fact || merit(*fact) < merit(candidate))
      fact = candidate;
  }
  if (!fact)
    unsupported(what + " of sizes " + x.str() + " and " + y.str() + ", which are not known to be equal");
  throw *fact;
}

//===-- Creation ------------------------------------------------------------------===//

Tensor GraphBuilder::wrap(Value v, llvm::ArrayRef<Size> shape) {
  Tensor t;
  t.value = v;
  t.element = getElementTypeOrSelf(v.getType());
  t.shape.assign(shape.begin(), shape.end());
  assert(v.getType() == type(shape, t.element) && "sizes and type agree");
  return t;
}

Value GraphBuilder::value(const Tensor &t) {
  if (t.value)
    return t.value;
  if (t.data)
    return load(*t.data);
  assert(t.known && "a tensor has a value or known contents");
  bool isFloat = t.isFloat();
  if (isFloat || allConst(t.known->ints)) {
    llvm::SmallVector<mlir::Attribute> elements;
    for (double x : t.known->floats)
      elements.push_back(b.getFloatAttr(t.element, x));
    for (const Size &s : t.known->ints)
      elements.push_back(
          b.getIntegerAttr(t.element, llvm::APInt(t.element.getIntOrFloatBitWidth(), s.value(), /*isSigned=*/true, /*implicitTrunc=*/true)));
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type(t.shape, t.element), elements));
  }
  llvm::SmallVector<Tensor> parts;
  for (const Size &s : t.known->ints)
    parts.push_back(reshape(scalar(s, t.element), {Size(1)}));
  return value(reshape(parts.size() == 1 ? parts[0] : concat(parts, 0), t.shape));
}

Tensor GraphBuilder::fromKnown(Known known, llvm::ArrayRef<Size> shape, Type element) {
  Tensor t;
  t.element = element;
  t.shape.assign(shape.begin(), shape.end());
  t.known = std::make_shared<const Known>(std::move(known));
  return t;
}

Tensor GraphBuilder::sizes(llvm::ArrayRef<Size> list) {
  Known k;
  k.ints.assign(list.begin(), list.end());
  return fromKnown(std::move(k), {Size(static_cast<int64_t>(list.size()))}, i64());
}

static mlir::Attribute elementAttr(OpBuilder &b, double x, Type element) {
  if (isa<FloatType>(element))
    return b.getFloatAttr(element, x);
  return b.getIntegerAttr(element, llvm::APInt(element.getIntOrFloatBitWidth(), static_cast<int64_t>(x), true, true));
}

Tensor GraphBuilder::constant(double x, llvm::ArrayRef<Size> shape, Type element) {
  std::string key;
  llvm::raw_string_ostream(key) << llvm::format_hex(llvm::bit_cast<uint64_t>(x), 18) << element << str(shape);
  auto it = constants.find(key);
  if (it != constants.end())
    return it->second;
  Tensor t;
  Size count = product(shape);
  if (count.isConst() && allConst(shape) && count.value() <= kMaxKnownConstant) {
    bool isFloat = isa<FloatType>(element);
    Known k;
    for (int64_t i = 0; i < count.value(); ++i)
      isFloat ? k.floats.push_back(roundTo(element, x)) : k.ints.push_back(Size(static_cast<int64_t>(x)));
    t = fromKnown(std::move(k), shape, element);
  } else if (allConst(shape)) {
    t = wrap(arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type(shape, element), elementAttr(b, x, element))), shape);
  } else {
    Tensor element0 = constant(x, {}, element);
    element0.value = value(element0);
    element0.known = nullptr;
    t = repeat(element0, shape, llvm::to_vector(llvm::seq<int64_t>(0, shape.size())));
  }
  return constants[key] = t;
}

Value GraphBuilder::empty(llvm::ArrayRef<Size> shape, Type element) {
  type(shape, element); // checks the sizes
  return tensor::EmptyOp::create(b, loc, mixed(shape), element);
}

Tensor GraphBuilder::iota(llvm::ArrayRef<Size> shape, int64_t dim, Type element) {
  type(shape, element);
  if (shape.size() == 1 && shape[0].isConst() && shape[0].value() <= kMaxKnownConstant) {
    Known k;
    for (int64_t i = 0; i < shape[0].value(); ++i)
      k.ints.push_back(Size(i));
    return fromKnown(std::move(k), shape, element);
  }
  return wrap(seq::IotaOp::create(b, loc, mixed(shape), dim, element), shape);
}

/// The last of 0, 1, .., s: sizes are index values, and no form makes a tensor of one.
Tensor GraphBuilder::scalar(const Size &s, Type element) {
  if (s.isConst())
    return constant(static_cast<double>(s.value()), {}, element);
  if (!s.isNonNegative())
    unsupported("the value of " + s.str() + ", which may be negative, as an element of a tensor");
  return cast(reshape(slice(iota({s + Size(1)}, 0, i64()), 0, s, Size(1)), {}), element);
}

//===-- Elementwise ---------------------------------------------------------------===//

void GraphBuilder::requireOneType(const Tensor &x, const Tensor &y) {
  if (x.element != y.element || x.shape != y.shape)
    invalid("expects operands of one type, but got " + describe(x) + " and " + describe(y));
}

void GraphBuilder::requireFloat(const Tensor &x) {
  if (!x.isFloat())
    unsupported("an operand of type " + describe(x));
}

Tensor GraphBuilder::absolute(const Tensor &x) {
  if (x.isFloat())
    return unary<math::AbsFOp>(x);
  return wrap(math::AbsIOp::create(b, loc, value(x)), x.shape);
}

static std::optional<Size> quotient(const Size &x, const Size &y) {
  if (x.isConst() && y.isConst())
    return y.isConst(0) || (y.isConst(-1) && x.isConst(INT64_MIN)) ? std::nullopt : std::optional(Size(x.value() / y.value()));
  return x.isNonNegative() && y.isNonNegative() && !y.isConst(0) ? std::optional(floorDiv(x, y)) : std::nullopt;
}

Tensor GraphBuilder::add(const Tensor &x, const Tensor &y) {
  if (Tensor t = fold(x, y, x.element, [](const Size &p, const Size &q) { return p + q; }, [](double p, double q) { return p + q; }))
    return t;
  return x.isFloat() ? binary<arith::AddFOp>(x, y) : binary<arith::AddIOp>(x, y);
}
Tensor GraphBuilder::sub(const Tensor &x, const Tensor &y) {
  if (Tensor t = fold(x, y, x.element, [](const Size &p, const Size &q) { return p - q; }, [](double p, double q) { return p - q; }))
    return t;
  return x.isFloat() ? binary<arith::SubFOp>(x, y) : binary<arith::SubIOp>(x, y);
}
Tensor GraphBuilder::mul(const Tensor &x, const Tensor &y) {
  if (Tensor t = fold(x, y, x.element, [](const Size &p, const Size &q) { return p * q; }, [](double p, double q) { return p * q; }))
    return t;
  return x.isFloat() ? binary<arith::MulFOp>(x, y) : binary<arith::MulIOp>(x, y);
}
Tensor GraphBuilder::div(const Tensor &x, const Tensor &y) {
  if (Tensor t = fold(x, y, x.element, quotient, [](double p, double q) { return p / q; }))
    return t;
  return x.isFloat() ? binary<arith::DivFOp>(x, y) : binary<arith::DivSIOp>(x, y);
}
Tensor GraphBuilder::maximum(const Tensor &x, const Tensor &y) {
  auto larger = [](double p, double q) { return std::isnan(p) || p > q ? p : q; };
  if (Tensor t = fold(x, y, x.element, [](const Size &p, const Size &q) { return max(p, q); }, larger))
    return t;
  return x.isFloat() ? binary<arith::MaximumFOp>(x, y) : x.isBool() ? binary<arith::OrIOp>(x, y) : binary<arith::MaxSIOp>(x, y);
}
Tensor GraphBuilder::minimum(const Tensor &x, const Tensor &y) {
  auto smaller = [](double p, double q) { return std::isnan(p) || p < q ? p : q; };
  if (Tensor t = fold(x, y, x.element, [](const Size &p, const Size &q) { return min(p, q); }, smaller))
    return t;
  return x.isFloat() ? binary<arith::MinimumFOp>(x, y) : x.isBool() ? binary<arith::AndIOp>(x, y) : binary<arith::MinSIOp>(x, y);
}
Tensor GraphBuilder::sqrt(const Tensor &x) {
  if (Tensor t = fold(x, x, x.element, [](const Size &, const Size &) { return std::nullopt; }, [](double p, double) { return std::sqrt(p); }))
    return t;
  return unary<math::SqrtOp>(x);
}
Tensor GraphBuilder::negate(const Tensor &x) {
  if (!x.isFloat() || x.known)
    return sub(constant(x.isFloat() ? -0.0 : 0, x.shape, x.element), x);
  return unary<arith::NegFOp>(x);
}
Tensor GraphBuilder::scale(const Tensor &x, double factor) { return mul(x, constant(factor, x.shape, x.element)); }
Tensor GraphBuilder::addScalar(const Tensor &x, double term) { return add(x, constant(term, x.shape, x.element)); }

Tensor GraphBuilder::compare(Compare predicate, const Tensor &x, const Tensor &y) {
  static constexpr arith::CmpFPredicate kFloat[] = {arith::CmpFPredicate::OEQ, arith::CmpFPredicate::UNE, arith::CmpFPredicate::OLT,
                                                    arith::CmpFPredicate::OLE, arith::CmpFPredicate::OGT, arith::CmpFPredicate::OGE};
  static constexpr arith::CmpIPredicate kInt[] = {arith::CmpIPredicate::eq,  arith::CmpIPredicate::ne,  arith::CmpIPredicate::slt,
                                                  arith::CmpIPredicate::sle, arith::CmpIPredicate::sgt, arith::CmpIPredicate::sge};
  static constexpr arith::CmpIPredicate kBool[] = {arith::CmpIPredicate::eq,  arith::CmpIPredicate::ne,  arith::CmpIPredicate::ult,
                                                   arith::CmpIPredicate::ule, arith::CmpIPredicate::ugt, arith::CmpIPredicate::uge};
  requireOneType(x, y);
  auto i = static_cast<size_t>(predicate);
  auto proven = [&](const Size &p, const Size &q) -> std::optional<Size> {
    Size d = q - p, minusD = p - q;
    bool isNonNegative = d.isNonNegative(), isPositive = d.isPositive(), isNonPositive = minusD.isNonNegative(), isNegative = minusD.isPositive();
    bool isEqual = p == q, isOther = isPositive || isNegative;
    // whether p (predicate) q is certain, and whether its opposite is
    const bool yes[] = {isEqual, isOther, isPositive, isNonNegative, isNegative, isNonPositive};
    const bool no[] = {isOther, isEqual, isNonPositive, isNegative, isNonNegative, isPositive};
    return yes[i] || no[i] ? std::optional(Size(yes[i])) : std::nullopt;
  };
  auto compared = [&](double p, double q) -> double {
    const bool result[] = {p == q, p != q, p<q, p <= q, p> q, p >= q};
    return result[i];
  };
  if (Tensor t = fold(x, y, i1(), proven, compared))
    return t;
  if (x.isFloat())
    return wrap(arith::CmpFOp::create(b, loc, kFloat[i], value(x), value(y)), x.shape);
  return wrap(arith::CmpIOp::create(b, loc, x.isBool() ? kBool[i] : kInt[i], value(x), value(y)), x.shape);
}

Tensor GraphBuilder::select(const Tensor &condition, const Tensor &x, const Tensor &y) {
  requireOneType(x, y);
  if (!condition.isBool() || condition.shape != x.shape)
    invalid("expects a condition of bools " + str(x.shape) + ", but got " + describe(condition));
  if (condition.isConstant()) {
    bool isAll = llvm::all_of(condition.known->ints, [](const Size &s) { return s.isConst(1); });
    if (isAll || llvm::all_of(condition.known->ints, [](const Size &s) { return s.isConst(0); }))
      return isAll ? x : y;
    if (x.known && y.known) {
      Known k;
      for (auto [i, bit] : llvm::enumerate(condition.known->ints)) {
        const Known &from = bit.isConst(1) ? *x.known : *y.known;
        x.isFloat() ? k.floats.push_back(from.floats[i]) : k.ints.push_back(from.ints[i]);
      }
      return fromKnown(std::move(k), x.shape, x.element);
    }
  }
  return wrap(arith::SelectOp::create(b, loc, value(condition), value(x), value(y)), x.shape);
}

Tensor GraphBuilder::cast(const Tensor &x, Type to) {
  if (x.element == to)
    return x;
  if (Tensor t = foldCast(x, to))
    return t;
  RankedTensorType result = type(x.shape, to);
  bool toFloat = isa<FloatType>(to);
  if (to.isInteger(1))
    return compare(Compare::Ne, x, constant(0, x.shape, x.element));
  auto convert = [&](auto tag) -> Tensor { return wrap(decltype(tag)::create(b, loc, result, value(x)), x.shape); };
  if (x.isFloat() && toFloat) {
    if (floatBits(x.element) == floatBits(to))
      return cast(cast(x, f32()), to);
    return floatBits(x.element) < floatBits(to) ? convert(arith::ExtFOp()) : convert(arith::TruncFOp());
  }
  if (toFloat)
    return x.isBool() ? convert(arith::UIToFPOp()) : convert(arith::SIToFPOp());
  if (x.isFloat())
    return convert(arith::FPToSIOp());
  if (x.element.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return convert(arith::TruncIOp());
  return x.isBool() ? convert(arith::ExtUIOp()) : convert(arith::ExtSIOp());
}

} // namespace seqc::onnx
