// SPDX-License-Identifier: Apache-2.0
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;
using namespace seqc::seq;

bool seqc::seq::isElementwise(Operation *op) {
  if (!op || op->getNumResults() != 1 || op->getNumOperands() == 0 || op->getNumRegions() != 0 || !isa<arith::ArithDialect, math::MathDialect>(op->getDialect()))
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  return type && llvm::all_of(op->getOperandTypes(), [&](Type t) {
    auto operand = dyn_cast<RankedTensorType>(t);
    return operand && operand.getShape() == type.getShape();
  });
}

bool seqc::seq::isComplexOp(Operation &op) {
  return isa<complex::AddOp, complex::SubOp, complex::MulOp, complex::DivOp, complex::NegOp, complex::ConjOp, complex::ExpOp, complex::AbsOp, complex::ReOp, complex::ImOp,
             complex::CreateOp, complex::ConstantOp>(op);
}

static TypedAttr splatElement(DenseElementsAttr elements) {
  auto type = dyn_cast<ComplexType>(elements.getElementType());
  if (!type)
    return elements.getSplatValue<TypedAttr>();
  auto part = [](const APFloat &x) { return FloatAttr::getValueAsDouble(x); };
  std::complex<APFloat> z = elements.getSplatValue<std::complex<APFloat>>();
  return complex::NumberAttr::get(type, part(z.real()), part(z.imag()));
}

TypedAttr seqc::seq::splatAttr(Value tensor) {
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements)))
    return elements.isSplat() ? splatElement(elements) : TypedAttr();
  Operation *op = tensor.getDefiningOp();
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return splatAttr(op->getOperand(0));
  if (auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(op))
    return splatAttr(broadcast.getInput());
  if (isa_and_nonnull<arith::ExtFOp, arith::TruncFOp>(op)) {
    auto value = dyn_cast_or_null<FloatAttr>(splatAttr(op->getOperand(0)));
    if (!value)
      return {};
    auto element = cast<FloatType>(getElementTypeOrSelf(tensor.getType()));
    APFloat converted = value.getValue();
    bool loses;
    converted.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
    return FloatAttr::get(element, converted);
  }
  return {};
}

std::optional<double> seqc::seq::splatValue(Value tensor) {
  TypedAttr attr = splatAttr(tensor);
  if (auto value = dyn_cast_or_null<FloatAttr>(attr))
    return value.getValueAsDouble();
  if (auto value = dyn_cast_or_null<IntegerAttr>(attr))
    return value.getType().isInteger(1) ? double(value.getValue().getZExtValue()) : double(value.getValue().getSExtValue());
  return std::nullopt;
}

Value seqc::seq::emptyTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(b, loc, sizes, element);
}

static DenseElementsAttr splatElements(RankedTensorType type, TypedAttr scalar) {
  if (auto z = dyn_cast<complex::NumberAttr>(scalar))
    return DenseElementsAttr::get(type, std::complex<APFloat>(z.getReal(), z.getImag()));
  return DenseElementsAttr::get(type, ArrayRef<Attribute>{scalar});
}

Value seqc::seq::splatTensor(OpBuilder &b, Location loc, RankedTensorType type, Value like, TypedAttr scalar) {
  if (type.hasStaticShape())
    return arith::ConstantOp::create(b, loc, splatElements(type, scalar));
  Value zeroRank = arith::ConstantOp::create(b, loc, splatElements(RankedTensorType::get({}, type.getElementType()), scalar));
  Value init = emptyTensor(b, loc, tensor::getMixedSizes(b, loc, like), type.getElementType());
  return linalg::BroadcastOp::create(b, loc, zeroRank, init, llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()))).getResult().front();
}
