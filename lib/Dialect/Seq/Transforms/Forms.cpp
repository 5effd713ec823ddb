// SPDX-License-Identifier: Apache-2.0
#include "seqc/Dialect/Seq/Transforms/Forms.h"

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

TypedAttr seqc::seq::splatAttr(Value tensor) {
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements)))
    return elements.isSplat() ? elements.getSplatValue<TypedAttr>() : TypedAttr();
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

Value seqc::seq::splatTensor(OpBuilder &b, Location loc, RankedTensorType type, Value like, TypedAttr scalar) {
  if (type.hasStaticShape())
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<Attribute>{scalar}));
  Value zeroRank = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(RankedTensorType::get({}, type.getElementType()), ArrayRef<Attribute>{scalar}));
  Value init = emptyTensor(b, loc, tensor::getMixedSizes(b, loc, like), type.getElementType());
  return linalg::BroadcastOp::create(b, loc, zeroRank, init, llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()))).getResult().front();
}
