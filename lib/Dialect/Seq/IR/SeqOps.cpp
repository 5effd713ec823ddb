// SPDX-License-Identifier: Apache-2.0
// seq.iota and seq.group. The numbers are those of the ODS descriptions.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace seqc::seq;

//===-- seq.iota ----------------------------------------------------------------===//

RankedTensorType IotaOp::inferIotaType(ArrayRef<OpFoldResult> sizes, Type element) {
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

void IotaOp::build(OpBuilder &b, OperationState &s, ArrayRef<OpFoldResult> sizes, int64_t dim, Type element) {
  RankedTensorType type = inferIotaType(sizes, element);
  SmallVector<Value> dynamic;
  for (auto [d, size] : llvm::enumerate(sizes))
    if (type.isDynamicDim(d))
      dynamic.push_back(cast<Value>(size));
  build(b, s, type, dynamic, dim);
}

LogicalResult IotaOp::verify() {
  RankedTensorType type = getType();
  int64_t dim = getDim();
  if (dim < 0 || dim >= type.getRank()) // C1
    return emitOpError() << "expects dim in 0.." << type.getRank() - 1 << " of " << type << ", but got " << dim;
  if (static_cast<int64_t>(getSizes().size()) != static_cast<int64_t>(type.getNumDynamicDims())) // C2
    return emitOpError() << "expects one size per dynamic dim of " << type << ", but got " << getSizes().size();
  return success();
}

LogicalResult IotaOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> &dims = shapes.emplace_back();
  auto size = getSizes().begin();
  for (int64_t d : getType().getShape())
    dims.push_back(ShapedType::isDynamic(d) ? OpFoldResult(*size++) : OpFoldResult(b.getIndexAttr(d)));
  return success();
}

//===-- seq.group ---------------------------------------------------------------===//

LogicalResult GroupOp::verifyRegions() {
  if (!isIdentifier(getScheme())) // C1
    return emitOpError() << "expects scheme to be an identifier, but got \"" << getScheme() << '"';
  if (getBody().getNumArguments() != 0) // C2
    return emitOpError() << "expects a body without arguments, but got " << getBody().getNumArguments();
  Operation *yield = getBody().front().getTerminator();
  if (yield->getOperandTypes() != getResultTypes()) // C3
    return emitOpError() << "expects the body to yield (" << getResultTypes() << "), but got (" << yield->getOperandTypes() << ')';
  if (DictionaryAttr config = getConfigAttr())
    for (NamedAttribute entry : config) // C4
      if (!isa<IntegerAttr>(entry.getValue()))
        return emitOpError() << "expects config to hold integers, but got " << entry.getValue() << " for '" << entry.getName().getValue() << "'";
  if ((*this)->getParentOfType<GroupOp>()) // C5
    return emitOpError() << "expects no enclosing 'seq.group'";
  return success();
}
