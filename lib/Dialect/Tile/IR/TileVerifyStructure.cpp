// SPDX-License-Identifier: Apache-2.0
// Views, accesses to memory, launches.
#include "TileVerify.h"

using namespace mlir;
using namespace seqc::tile;

std::string seqc::tile::shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os, [&](int64_t n) { ShapedType::isDynamic(n) ? os << '?' : os << n; });
  os << ']';
  return text;
}

LogicalResult seqc::tile::verifyDims(Operation *op, StringRef what, ArrayRef<int64_t> dims, int64_t rank) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i] < 0 || dims[i] >= rank || (i > 0 && dims[i] <= dims[i - 1]))
      return op->emitOpError() << "expects " << what << " to be ascending dims below " << rank << ", but got " << shapeText(dims);
  return success();
}

LogicalResult ViewOp::verify() {
  ViewType type = getView().getType();
  if (getStaticSizes() != type.getShape() || getStaticStrides() != type.getStrides())
    return emitOpError() << "expects the sizes and strides of its type, but got sizes " << shapeText(getStaticSizes()) << " and strides "
                         << shapeText(getStaticStrides()) << " for " << type;
  if (type.getElementType() != getPtr().getType().getElementType())
    return emitOpError() << "expects the element type of its pointer, but got " << type.getElementType() << " for " << getPtr().getType();
  return success();
}

LogicalResult SubviewOp::verify() {
  ViewType source = getView().getType(), result = getResult().getType();
  int64_t rank = source.getRank();
  if (static_cast<int64_t>(getStaticOffsets().size()) != rank || static_cast<int64_t>(getStaticSizes().size()) != rank)
    return emitOpError() << "expects one offset and one size per dim of " << source << ", but got " << getStaticOffsets().size() << " offsets and "
                         << getStaticSizes().size() << " sizes";
  ArrayRef<int64_t> drop = getDrop().value_or(ArrayRef<int64_t>());
  if (failed(verifyDims(*this, "drop", drop, rank)))
    return failure();
  for (int64_t d : drop)
    if (getStaticSizes()[d] != 1)
      return emitOpError() << "expects dropped dims of size 1, but got " << shapeText(getStaticSizes()[d]) << " for dim " << d;
  auto expected =
      ViewType::get(getContext(), withoutDims(getStaticSizes(), drop), source.getElementType(), withoutDims(source.getStrides(), drop));
  if (result != expected)
    return emitOpError() << "expects the result type " << expected << ", but got " << result;
  return success();
}

/// C15, C32: a tile and a coordinate fit a view.
static LogicalResult verifyAccess(Operation *op, ViewType view, RankedTensorType tile, size_t coords) {
  if (static_cast<int64_t>(coords) != view.getRank())
    return op->emitOpError() << "expects one coordinate per dim of " << view << ", but got " << coords;
  if (tile.getRank() > view.getRank())
    return op->emitOpError() << "expects a tile of at most the view's rank " << view.getRank() << ", but got " << tile;
  if (tile.getElementType() != view.getElementType())
    return op->emitOpError() << "expects the element type of " << view << ", but got " << tile;
  return success();
}

LogicalResult LoadOp::verify() {
  if (failed(verifyAccess(*this, getView().getType(), getType(), getStaticCoords().size())))
    return failure();
  return verifyDims(*this, "inbounds", getInbounds().value_or(ArrayRef<int64_t>()), getView().getType().getRank());
}

LogicalResult StoreOp::verify() {
  if (failed(verifyAccess(*this, getView().getType(), getValue().getType(), getStaticCoords().size())))
    return failure();
  return verifyDims(*this, "inbounds", getInbounds().value_or(ArrayRef<int64_t>()), getView().getType().getRank());
}

LogicalResult GatherOp::verify() {
  ViewType view = getView().getType();
  if (failed(verifyAccess(*this, view, getType(), getStaticCoords().size())))
    return failure();
  RankedTensorType idx = getIdx().getType();
  if (idx.getRank() != 1 || !(idx.getElementType().isInteger(32) || idx.getElementType().isInteger(64)))
    return emitOpError() << "expects a tile of i32 or i64 of rank 1 as indices, but got " << idx;
  int64_t dim = getDim(), first = view.getRank() - getType().getRank();
  if (dim < first || dim >= view.getRank())
    return emitOpError() << "expects a dim among " << first << " to " << view.getRank() - 1 << ", which the tile covers, but got " << dim;
  if (getType().getDimSize(dim - first) != idx.getDimSize(0))
    return emitOpError() << "expects " << idx.getDimSize(0) << " rows, one per index, but got " << getType().getDimSize(dim - first);
  return success();
}

LogicalResult LoadScalarOp::verify() {
  ViewType view = getView().getType();
  if (static_cast<int64_t>(getStaticCoords().size()) != view.getRank())
    return emitOpError() << "expects one coordinate per dim of " << view << ", but got " << getStaticCoords().size();
  return success();
}

LogicalResult AccumulateOp::verify() {
  Type element = getValue().getType().getElementType();
  if (!isa<FloatType>(element) && !element.isInteger(32))
    return emitOpError() << "expects elements of f64, f32, f16, bf16 or i32, but got " << element;
  return verifyAccess(*this, getView().getType(), getValue().getType(), getStaticCoords().size());
}

//===-- tile.launch ----------------------------------------------------------------===//

void LaunchOp::build(OpBuilder &b, OperationState &state, TypeRange results, FlatSymbolRefAttr kernel, ValueRange inputs, ValueRange outs, ValueRange scalars) {
  build(b, state, results, kernel, inputs, outs, scalars, ValueRange(), ArrayAttr());
}

SmallVector<FlatSymbolRefAttr> LaunchOp::getKernels() {
  SmallVector<FlatSymbolRefAttr> kernels;
  if (ArrayAttr others = getAlternativesAttr())
    llvm::append_range(kernels, others.getAsRange<FlatSymbolRefAttr>());
  kernels.push_back(getKernelAttr());
  return kernels;
}

LogicalResult LaunchOp::verify() {
  if (getOuts().getTypes() != getResultTypes())
    return emitOpError("expects the types of its outs as result types");
  if (getKernels().size() != getGuards().size() + 1)
    return emitOpError() << "expects one guard per alternative, but got " << getGuards().size() << " for " << getKernels().size() - 1;
  return success();
}

/// Element type of the memory of a tensor: complex numbers are pairs of their parts.
static Type inMemory(Value v) {
  Type element = getElementTypeOrSelf(v.getType());
  auto complex = dyn_cast<ComplexType>(element);
  return complex ? complex.getElementType() : element;
}

/// Element type that an operand needs for a kernel argument.
static Type wanted(BlockArgument a) {
  auto ptr = dyn_cast<PtrType>(a.getType());
  return ptr ? ptr.getElementType() : a.getType();
}

/// `launch` has the operands that `kernel` asks for.
static LogicalResult verifyOperands(LaunchOp launch, KernelOp kernel, FlatSymbolRefAttr symbol) {
  if (kernel.getBody().empty()) // reported by the kernel's own verifier
    return success();
  if (!kernel.getAccessAttr() && kernel.getBody().getNumArguments())
    return launch.emitOpError() << "expects a kernel with access, but got " << symbol;
  SmallVector<BlockArgument> inputs, outs, scalars;
  for (BlockArgument a : kernel.getBody().getArguments())
    (!isa<PtrType>(a.getType()) ? scalars : kernel.isWritten(a.getArgNumber()) ? outs : inputs).push_back(a);
  auto verifyGroup = [&](StringRef what, ArrayRef<BlockArgument> args, OperandRange operands) -> LogicalResult {
    if (args.size() != operands.size())
      return launch.emitOpError() << "expects " << args.size() << ' ' << what << " for " << symbol << ", but got " << operands.size();
    for (auto [a, v] : llvm::zip_equal(args, operands))
      if (inMemory(v) != wanted(a))
        return launch.emitOpError() << "expects " << wanted(a) << " for argument " << kernel.paramName(a.getArgNumber()) << ", but got " << v.getType();
    return success();
  };
  return failure(failed(verifyGroup("ins", inputs, launch.getInputs())) || failed(verifyGroup("outs", outs, launch.getOuts())) ||
                 failed(verifyGroup("scalars", scalars, launch.getScalars())));
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  for (FlatSymbolRefAttr symbol : getKernels()) {
    auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, symbol);
    if (!kernel)
      return emitOpError() << "expects a tile.kernel, but got " << symbol;
    if (failed(verifyOperands(*this, kernel, symbol)))
      return failure();
  }
  return success();
}
