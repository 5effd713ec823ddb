// SPDX-License-Identifier: Apache-2.0
// Group B.
#include "TileVerify.h"

using namespace mlir;
using namespace seqc::tile;

SmallVector<int64_t> seqc::tile::withoutDims(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> kept;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!llvm::is_contained(dims, static_cast<int64_t>(i)))
      kept.push_back(shape[i]);
  return kept;
}

static LogicalResult verifyElement(Operation *op, RankedTensorType type, Type element) {
  if (type.getElementType() != element)
    return op->emitOpError() << "expects the element type " << element << ", but got " << type;
  return success();
}

LogicalResult IotaOp::verify() { return verifyDims(*this, "dim", getDim(), getType().getRank()); }

LogicalResult SplatOp::verify() { return verifyElement(*this, getType(), getS().getType()); }

LogicalResult ScalarOp::verify() {
  if (getT().getType().getRank() != 0)
    return emitOpError() << "expects a tile of rank 0, but got " << getT().getType();
  return verifyElement(*this, getT().getType(), getS().getType());
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType source = getT().getType(), result = getType();
  int64_t at = getAt();
  if (at < 0 || at >= result.getRank() || withoutDims(result.getShape(), at) != source.getShape())
    return emitOpError() << "expects a result that is " << source << " with a dim at " << at << ", but got " << result;
  return verifyElement(*this, result, source.getElementType());
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType source = getT().getType(), result = getType();
  if (source.getNumElements() != result.getNumElements())
    return emitOpError() << "expects " << source.getNumElements() << " elements, but got " << result;
  return verifyElement(*this, result, source.getElementType());
}

LogicalResult RelayoutOp::verify() {
  RankedTensorType source = getT().getType();
  if (source.getShape() != getType().getShape())
    return emitOpError() << "expects a result of the shape of " << source << ", but got " << getType();
  return verifyElement(*this, getType(), source.getElementType());
}

LogicalResult TransposeOp::verify() {
  SmallVector<int64_t> sorted(getPerm());
  llvm::sort(sorted);
  if (static_cast<int64_t>(sorted.size()) != getT().getType().getRank() || llvm::any_of(llvm::enumerate(sorted), [](auto e) {
        return e.value() != static_cast<int64_t>(e.index());
      }))
    return emitOpError() << "expects a permutation of the dims of " << getT().getType() << ", but got " << shapeText(getPerm());
  return success();
}

LogicalResult SliceOp::verify() {
  RankedTensorType source = getT().getType();
  int64_t rank = source.getRank();
  if (static_cast<int64_t>(getOffsets().size()) != rank || static_cast<int64_t>(getSizes().size()) != rank)
    return emitOpError() << "expects one offset and one size per dim of " << source << ", but got " << shapeText(getOffsets()) << " and "
                         << shapeText(getSizes());
  for (int64_t d = 0; d < rank; ++d)
    if (getOffsets()[d] < 0 || getSizes()[d] < 1 || getOffsets()[d] + getSizes()[d] > source.getDimSize(d))
      return emitOpError() << "expects a slice inside " << source << ", but got offsets " << shapeText(getOffsets()) << " and sizes "
                           << shapeText(getSizes());
  if (getType().getShape() != getSizes())
    return emitOpError() << "expects a result of the sizes " << shapeText(getSizes()) << ", but got " << getType();
  return verifyElement(*this, getType(), source.getElementType());
}

/// C37 for split and join: `parts` are the pieces of `whole` along `dims`.
static LogicalResult verifyParts(Operation *op, RankedTensorType whole, ArrayRef<int64_t> dims, TypeRange parts) {
  if (failed(verifyDims(op, "dims", dims, whole.getRank())))
    return failure();
  int64_t count = 1;
  for (int64_t d : dims)
    count *= whole.getDimSize(d);
  if (static_cast<int64_t>(parts.size()) != count)
    return op->emitOpError() << "expects " << count << " parts along dims " << shapeText(dims) << " of " << whole << ", but got " << parts.size();
  auto expected = RankedTensorType::get(withoutDims(whole.getShape(), dims), whole.getElementType(), whole.getEncoding());
  for (Type part : parts)
    if (cast<RankedTensorType>(part).getShape() != expected.getShape() || getElementTypeOrSelf(part) != whole.getElementType())
      return op->emitOpError() << "expects parts of type " << expected << ", but got " << part;
  return success();
}

LogicalResult SplitOp::verify() { return verifyParts(*this, getT().getType(), getDims(), getResultTypes()); }
LogicalResult JoinOp::verify() { return verifyParts(*this, getType(), getDims(), getParts().getTypes()); }

LogicalResult ConstantOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || cast<ElementsAttr>(getValue()).getShapedType() != type)
    return emitOpError() << "expects a value of type " << getType() << ", but got " << cast<ElementsAttr>(getValue()).getShapedType();
  return verifyTileType(*this, type, /*allowEncoding=*/false);
}

LogicalResult TableOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto constant = symbols.lookupNearestSymbolFrom<ConstantOp>(*this, getTableAttr());
  if (!constant)
    return emitOpError() << "expects a tile.constant, but got " << getTableAttr();
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  if (!type || type.getShape() != getType().getShape() || type.getElementType() != getType().getElementType())
    return emitOpError() << "expects the type " << constant.getType() << " of its constant, but got " << getType();
  return success();
}
