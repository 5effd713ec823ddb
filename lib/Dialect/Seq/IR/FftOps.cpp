// SPDX-License-Identifier: Apache-2.0
// seq.fft, seq.rfft, seq.irfft: types, shapes and the constraints of their ODS descriptions.
#include "OpTypes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace seqc::seq;

/// x with its last dim replaced.
static RankedTensorType withLast(RankedTensorType x, int64_t last, Type element) {
  SmallVector<int64_t> shape(x.getShape());
  shape.back() = last;
  return RankedTensorType::get(shape, element);
}

static LogicalResult verifyComplexInput(Operation *op, RankedTensorType x) {
  if (x.getRank() < 1 || !isComplexFloat(x.getElementType()))
    return op->emitOpError() << "expects x to have rank 1 or more and element type complex<f32> or complex<f64>, but got " << x;
  return success();
}

static LogicalResult verifyResult(Operation *op, RankedTensorType y, RankedTensorType want) {
  if (y.getElementType() != want.getElementType() || failed(verifyCompatibleShape(y, want)))
    return op->emitOpError() << "expects y to be compatible with " << want << ", but got " << y;
  return success();
}

static LogicalResult verifyLength(Operation *op, int64_t n) {
  if (n == 0)
    return op->emitOpError() << "expects a length above 0, but got 0";
  return success();
}

/// The sizes of x but the last one, then `last`; dims that are static in `y` stay static.
static SmallVector<OpFoldResult> reified(OpBuilder &b, Location loc, Value x, OpFoldResult last, RankedTensorType y) {
  SmallVector<OpFoldResult> dims;
  for (int64_t d = 0; d < y.getRank(); ++d)
    if (!y.isDynamicDim(d))
      dims.push_back(b.getIndexAttr(y.getDimSize(d)));
    else
      dims.push_back(d + 1 < y.getRank() ? tensor::getMixedSize(b, loc, x, d) : last);
  return dims;
}

//===-- seq.fft --------------------------------------------------------------------===//

LogicalResult FftOp::verify() {
  RankedTensorType x = typeOf(getX());
  if (failed(verifyComplexInput(*this, x)) ||      // C1
      failed(verifyResult(*this, typeOf(getY()), x))) // C2
    return failure();
  return verifyLength(*this, x.getShape().back()); // C3
}

LogicalResult FftOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult last = tensor::getMixedSize(b, getLoc(), getX(), typeOf(getX()).getRank() - 1);
  shapes.push_back(reified(b, getLoc(), getX(), last, typeOf(getY())));
  return success();
}

//===-- seq.rfft -------------------------------------------------------------------===//

RankedTensorType RfftOp::inferRfftType(RankedTensorType x) {
  Type part = accumulationType(x.getElementType());
  int64_t n = x.getShape().back();
  return withLast(x, ShapedType::isDynamic(n) ? n : n / 2 + 1, ComplexType::get(part));
}

LogicalResult RfftOp::verify() {
  RankedTensorType x = typeOf(getX());
  if (x.getRank() < 1 || !isFloat(x.getElementType())) // C1
    return emitOpError() << "expects x to have rank 1 or more and element type f32, f16, bf16 or f64, but got " << x;
  if (failed(verifyResult(*this, typeOf(getY()), inferRfftType(x)))) // C2
    return failure();
  return verifyLength(*this, x.getShape().back()); // C3
}

LogicalResult RfftOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  Location loc = getLoc();
  OpFoldResult n = tensor::getMixedSize(b, loc, getX(), typeOf(getX()).getRank() - 1), last;
  if (std::optional<int64_t> known = getConstantIntValue(n)) {
    last = b.getIndexAttr(*known / 2 + 1);
  } else {
    Value one = arith::ConstantIndexOp::create(b, loc, 1), two = arith::ConstantIndexOp::create(b, loc, 2);
    Value half = arith::DivUIOp::create(b, loc, cast<Value>(n), two);
    last = arith::AddIOp::create(b, loc, half, one).getResult();
  }
  shapes.push_back(reified(b, loc, getX(), last, typeOf(getY())));
  return success();
}

//===-- seq.irfft ------------------------------------------------------------------===//

RankedTensorType IrfftOp::inferIrfftType(RankedTensorType x, std::optional<int64_t> n, Type element) {
  return withLast(x, n.value_or(ShapedType::kDynamic), element);
}

LogicalResult IrfftOp::verify() {
  RankedTensorType x = typeOf(getX()), y = typeOf(getY());
  if (failed(verifyComplexInput(*this, x))) // C1
    return failure();
  if ((getSize() != nullptr) == getN().has_value()) // C2
    return emitOpError() << "expects exactly one of n and size, but got " << (getSize() ? "both" : "none");
  if (getN() && *getN() <= 0)
    return emitOpError() << "expects n above 0, but got " << *getN();
  if (getN() && !compatible(x.getShape().back(), *getN() / 2 + 1)) // C3
    return emitOpError() << "expects the last dim of x to be " << *getN() / 2 + 1 << " for n = " << *getN() << ", but got " << x;
  Type part = cast<ComplexType>(x.getElementType()).getElementType(), element = y.getElementType(); // C4
  if (!isFloat(element) || element.isF64() != part.isF64())
    return emitOpError() << "expects y to have element type " << (part.isF64() ? "f64" : "f32, f16 or bf16") << " for " << x.getElementType() << ", but got " << y;
  if (y.getRank() == x.getRank() && getSize() && !y.isDynamicDim(y.getRank() - 1))
    return emitOpError() << "expects y to have a dynamic last dim with size, but got " << y;
  return verifyResult(*this, y, inferIrfftType(x, getN(), element));
}

LogicalResult IrfftOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult last = getN() ? OpFoldResult(b.getIndexAttr(*getN())) : OpFoldResult(getSize());
  shapes.push_back(reified(b, getLoc(), getX(), last, typeOf(getY())));
  return success();
}
