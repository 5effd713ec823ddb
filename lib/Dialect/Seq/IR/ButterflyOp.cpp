// SPDX-License-Identifier: Apache-2.0
// seq.butterfly: its stage attribute, shapes and constraints C1.. of its ODS description.
#include "OpTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace seqc::seq;

/// The float type of a float or complex element type; null for others.
static Type partOf(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return isComplexFloat(element) ? complex.getElementType() : Type();
  return isFloat(element) ? element : Type();
}

//===-- #seq.stage -------------------------------------------------------------------===//

Attribute StageAttr::parse(AsmParser &p, Type) {
  StringRef kind;
  int64_t left, in, right;
  if (p.parseLess() || p.parseKeyword(&kind) || p.parseLSquare() || p.parseInteger(left) || p.parseComma() || p.parseInteger(in))
    return {};
  int64_t out = in;
  if (succeeded(p.parseOptionalArrow()) && p.parseInteger(out))
    return {};
  if (p.parseComma() || p.parseInteger(right) || p.parseRSquare() || p.parseGreater())
    return {};
  return p.getChecked<StageAttr>(p.getContext(), kind, left, in, out, right);
}

void StageAttr::print(AsmPrinter &p) const {
  p << '<' << getKind() << " [" << getLeft() << ", " << getIn();
  if (getOut() != getIn())
    p << " -> " << getOut();
  p << ", " << getRight() << "]>";
}

/// C3.
LogicalResult StageAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef kind, int64_t left, int64_t in, int64_t out, int64_t right) {
  bool inverse = kind.starts_with("inverse_");
  StringRef base = inverse ? kind.drop_front(StringRef("inverse_").size()) : kind;
  if (!llvm::is_contained({"matrix", "twiddled", "dft", "dft_transposed"}, base) || (inverse && base == "matrix"))
    return emitError() << "expects a stage of kind matrix, twiddled, dft, dft_transposed or an inverse_ of the last three, but got " << kind;
  if (left < 1 || in < 1 || out < 1 || right < 1)
    return emitError() << "expects a stage of extents above 0, but got [" << left << ", " << in << " -> " << out << ", " << right << ']';
  double rest = static_cast<double>(left) * static_cast<double>(right), limit = 1099511627776.0; // 2^40
  if (rest * static_cast<double>(in) > limit || rest * static_cast<double>(out) > limit)
    return emitError() << "expects a stage of at most 2^40 elements, but got [" << left << ", " << in << " -> " << out << ", " << right << ']';
  StringRef rule = base == "twiddled" && in != out        ? "in = out"
                   : base == "dft" && out > in            ? "out <= in"
                   : base == "dft_transposed" && in > out ? "in <= out"
                                                           : "";
  if (!rule.empty())
    return emitError() << "expects " << rule << " of a stage of kind " << kind << ", but got " << in << " -> " << out;
  return success();
}

//===-- seq.butterfly ----------------------------------------------------------------===//

Value ButterflyOp::factorOf(unsigned i) {
  if (!stage(i).hasMatrix())
    return {};
  unsigned before = 0;
  for (unsigned j = 0; j < i; ++j)
    before += stage(j).hasMatrix();
  return getFactors()[before];
}

LogicalResult ButterflyOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> &dims = shapes.emplace_back();
  for (auto [d, size] : llvm::enumerate(typeOf(getY()).getShape()))
    dims.push_back(ShapedType::isDynamic(size) ? tensor::getMixedSize(b, getLoc(), getX(), d) : OpFoldResult(b.getIndexAttr(size)));
  return success();
}

namespace {
struct ButterflyVerifier {
  ButterflyOp op;
  RankedTensorType x = typeOf(op.getX()), y = typeOf(op.getY());

  InFlightDiagnostic error() { return op.emitOpError() << "expects "; }
  bool isDouble() { return partOf(x.getElementType()).isF64(); }

  LogicalResult input() { // C1
    if (x.getRank() < 1 || x.isDynamicDim(x.getRank() - 1) || x.getShape().back() == 0 || !partOf(x.getElementType()))
      return error() << "x to have rank 1 or more, a static last dim above 0 and a float or complex element type, but got " << x;
    return success();
  }

  LogicalResult stages() { // C2
    if (op.numStages() == 0)
      return error() << "at least one stage, but got none";
    for (unsigned i = 1; i < op.numStages(); ++i)
      if (op.stage(i - 1).outLength() != op.stage(i).inLength())
        return error() << "stage " << i << " to take the " << op.stage(i - 1).outLength() << " elements of the stage before, but got " << op.stage(i);
    return success();
  }

  LogicalResult factor(unsigned i, Value value) { // C5
    RankedTensorType type = typeOf(value);
    StageAttr stage = op.stage(i);
    int64_t rows = x.getRank() > 1 ? x.getDimSize(x.getRank() - 2) : 1;
    int64_t want[] = {rows, stage.getLeft(), stage.getRight(), stage.getOut(), stage.getIn()};
    bool fits = type.getRank() == 5;
    for (int64_t d = 0; fits && d < 5; ++d)
      fits = compatible(type.getDimSize(d), want[d]) || (d < 3 && type.getDimSize(d) == 1);
    if (!fits)
      return error() << "the factor of stage " << i << " to be [" << (ShapedType::isDynamic(rows) ? "?" : std::to_string(rows)) << " or 1, " << want[1] << " or 1, "
                     << want[2] << " or 1, " << want[3] << ", " << want[4] << "], but got " << type;
    Type part = partOf(type.getElementType()), mine = partOf(x.getElementType());
    if (!part || (part != mine && (!part.isF32() || isDouble())))
      return error() << "the factor of stage " << i << " to have elements of " << mine << (mine.isF64() || mine.isF32() ? "" : " or f32") << " or complex ones, but got "
                     << type;
    return success();
  }

  LogicalResult factors() { // C4
    unsigned count = 0;
    for (unsigned i = 0; i < op.numStages(); ++i)
      count += op.stage(i).hasMatrix();
    if (op.getFactors().size() != count)
      return error() << "one factor per stage of kind matrix or twiddled, " << count << " in all, but got " << op.getFactors().size();
    for (unsigned i = 0; i < op.numStages(); ++i)
      if (Value f = op.factorOf(i); f && failed(factor(i, f)))
        return failure();
    return success();
  }

  LogicalResult result() { // C6
    int64_t length = op.stage(op.numStages() - 1).outLength();
    if (x.getShape().back() > op.stage(0).inLength())
      return error() << "the last dim of x to be at most " << op.stage(0).inLength() << ", but got " << x;
    bool fits = y.getRank() == x.getRank() && !y.isDynamicDim(y.getRank() - 1);
    for (int64_t d = 0; fits && d + 1 < y.getRank(); ++d)
      fits = compatible(y.getDimSize(d), x.getDimSize(d));
    int64_t last = fits ? y.getShape().back() : 0;
    if (!fits || last < 1 || last > length)
      return error() << "y to have the dims of x but a static last one in 1.." << length << ", but got " << y;
    return success();
  }

  LogicalResult resultElement() { // C7
    Type element = y.getElementType(), part = partOf(element);
    if (!part || part.isF64() != isDouble())
      return error() << "y to have " << (isDouble() ? "f64 elements, real or complex" : "elements of f32, f16, bf16 or complex<f32>") << ", but got " << y;
    auto isComplex = [](Value v) { return isa<ComplexType>(typeOf(v).getElementType()); };
    bool anyComplex = isComplex(op.getX()) || llvm::any_of(op.getFactors(), isComplex);
    for (unsigned i = 0; i < op.numStages(); ++i)
      anyComplex |= op.stage(i).isComplex();
    if (isa<ComplexType>(element) && !anyComplex)
      return error() << "a real y where x and all factors are real, but got " << y;
    return success();
  }

  LogicalResult permutation(StringRef name, std::optional<ArrayRef<int64_t>> digits, std::optional<ArrayRef<int64_t>> order, int64_t length) { // C8
    if (!digits && !order)
      return success();
    if (!digits || !order)
      return error() << name << "_digits and " << name << "_permutation together, but got one";
    int64_t product = 1;
    for (int64_t d : *digits)
      product = d < 1 || product < 0 || product > length ? -1 : product * d;
    if (product != length)
      return error() << name << "_digits to be above 0 with the product " << length << ", but got [" << *digits << ']';
    SmallVector<int64_t> sorted(*order);
    llvm::sort(sorted);
    if (sorted != llvm::to_vector(llvm::seq<int64_t>(0, digits->size())))
      return error() << name << "_permutation to permute " << digits->size() << " dims, but got [" << *order << ']';
    return success();
  }

  LogicalResult numbers() {
    if (failed(permutation("input", op.getInputDigits(), op.getInputPermutation(), op.stage(0).inLength())) ||
        failed(permutation("output", op.getOutputDigits(), op.getOutputPermutation(), op.stage(op.numStages() - 1).outLength())))
      return failure();
    if (!std::isfinite(op.getScaleValue())) // C9
      return error() << "scale to be finite, but got " << op.getScaleAttr();
    return success();
  }

  LogicalResult verify() {
    for (auto check : {&ButterflyVerifier::input, &ButterflyVerifier::stages, &ButterflyVerifier::factors, &ButterflyVerifier::result,
                       &ButterflyVerifier::resultElement, &ButterflyVerifier::numbers})
      if (failed((this->*check)()))
        return failure();
    return success();
  }
};
} // namespace

LogicalResult ButterflyOp::verify() { return ButterflyVerifier{*this}.verify(); }
