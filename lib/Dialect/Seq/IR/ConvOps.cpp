// SPDX-License-Identifier: Apache-2.0
// seq.long_conv and seq.short_conv: types, shapes and constraints C1.. of their ODS descriptions.
#include "OpTypes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace seqc::seq;

/// size - 1, unknown if size is.
static int64_t oneLess(int64_t size) { return ShapedType::isDynamic(size) ? size : size - 1; }

//===-- Types and shapes ----------------------------------------------------------===//

SmallVector<Type, 2> LongConvOp::inferLongConvTypes(RankedTensorType u, RankedTensorType k, bool tail) {
  SmallVector<Type, 2> types{u};
  if (tail)
    types.push_back(RankedTensorType::get({u.getDimSize(0), u.getDimSize(1), oneLess(k.getDimSize(1))}, accumulationType(u.getElementType())));
  return types;
}

SmallVector<Type, 2> ShortConvOp::inferShortConvTypes(RankedTensorType u, RankedTensorType w, bool state) {
  SmallVector<Type, 2> types{u};
  if (state)
    types.push_back(RankedTensorType::get({u.getDimSize(0), u.getDimSize(1), oneLess(w.getDimSize(1))}, u.getElementType()));
  return types;
}

/// y as u; the second result as u with the taps of `kernel` less one for L. A result dim that is static stays static.
static void reifyConv(OpBuilder &b, Operation *op, Value u, Value kernel, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> dims = tensor::getMixedSizes(b, op->getLoc(), u);
  for (Value result : op->getResults()) {
    SmallVector<OpFoldResult> &shape = shapes.emplace_back(dims);
    RankedTensorType type = typeOf(result);
    bool isState = result != op->getResult(0);
    for (auto [d, size] : llvm::enumerate(type.getShape()))
      if (!ShapedType::isDynamic(size))
        shape[d] = b.getIndexAttr(size);
    if (isState && type.isDynamicDim(2)) {
      Value taps = getValueOrCreateConstantIndexOp(b, op->getLoc(), tensor::getMixedSize(b, op->getLoc(), kernel, 1));
      shape[2] = arith::SubIOp::create(b, op->getLoc(), taps, arith::ConstantIndexOp::create(b, op->getLoc(), 1)).getResult();
    }
  }
}

LogicalResult LongConvOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyConv(b, *this, getU(), getK(), shapes);
  return success();
}

LogicalResult ShortConvOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyConv(b, *this, getU(), getW(), shapes);
  return success();
}

//===-- Verifier --------------------------------------------------------------------===//

namespace {
/// What the two ops have in common; every check emits its own diagnostic.
struct ConvVerifier {
  Operation *op;
  RankedTensorType u;

  InFlightDiagnostic error() { return op->emitOpError() << "expects "; }

  LogicalResult rank(StringRef name, RankedTensorType type, int64_t rank) {
    return type.getRank() == rank ? success() : LogicalResult(error() << name << " to have rank " << rank << ", but got " << type);
  }

  LogicalResult input() {
    if (!isFloat(u.getElementType()))
      return error() << "u to have element type f32, f16, bf16 or f64, but got " << u;
    return success();
  }

  LogicalResult parameter(StringRef name, RankedTensorType type) {
    Type element = u.getElementType();
    bool small = element.getIntOrFloatBitWidth() == 16 && type.getElementType().isF32();
    if (type.getElementType() != element && !small)
      return error() << name << " to have the element type " << element << " of u" << (element.getIntOrFloatBitWidth() == 16 ? ", or f32" : "")
                     << ", but got " << type;
    return success();
  }

  LogicalResult perChannel(StringRef name, RankedTensorType type) {
    if (type.getRank() != 1 || !compatible(type.getDimSize(0), u.getDimSize(1)))
      return error() << name << " to have one element per channel of u, but got " << type;
    return success();
  }

  /// `type` is [B, D, taps - 1] of `element`.
  LogicalResult state(StringRef name, RankedTensorType type, int64_t taps, Type element) {
    auto want = RankedTensorType::get({u.getDimSize(0), u.getDimSize(1), oneLess(taps)}, element);
    if (type.getElementType() != element || failed(verifyCompatibleShape(type, want)))
      return error() << name << " to be compatible with " << want << ", but got " << type;
    return success();
  }

  LogicalResult likeInput(StringRef name, RankedTensorType type) {
    if (type.getElementType() != u.getElementType() || failed(verifyCompatibleShape(type, u)))
      return error() << name << " to be compatible with " << u << ", but got " << type;
    return success();
  }
};
} // namespace

LogicalResult LongConvOp::verify() {
  ConvVerifier v{*this, typeOf(getU())};
  RankedTensorType k = typeOf(getK()), kRev = getKRev() ? typeOf(getKRev()) : RankedTensorType();
  SmallVector<std::pair<StringRef, RankedTensorType>> kernels{{"k", k}};
  if (kRev)
    kernels.push_back({"k_rev", kRev});
  if (failed(v.rank("u", v.u, 3)) || failed(v.rank("k", k, 2)) || (kRev && failed(v.rank("k_rev", kRev, 2)))) // C1
    return failure();
  if (failed(v.input())) // C2
    return failure();
  for (auto [name, type] : kernels)
    if (failed(v.parameter(name, type))) // C3
      return failure();
  if (getSkip() && failed(v.parameter("skip", typeOf(getSkip())))) // C3
    return failure();
  if (kRev && !compatible(k.getDimSize(0), kRev.getDimSize(0))) // C4
    return v.error() << "k and k_rev to agree in rows, but got " << k.getDimSize(0) << " and " << kRev.getDimSize(0);
  for (auto [name, type] : kernels) {
    int64_t rows = type.getDimSize(0), channels = v.u.getDimSize(1);
    if (rows == 0) // C4
      return v.error() << name << " to have at least one row, but got " << type;
    if (!ShapedType::isDynamic(rows) && !ShapedType::isDynamic(channels) && channels % rows != 0) // C4
      return v.error() << "the channels of u to be a multiple of the rows of " << name << ", but got " << channels << " and " << rows;
    if (type.getDimSize(1) == 0) // C5
      return v.error() << name << " to have at least one tap, but got " << type;
  }
  if ((getMode() == "bidirectional") != (kRev != nullptr)) // C6
    return v.error() << "k_rev in mode bidirectional and only there, but got mode " << getMode() << (kRev ? " with" : " without") << " k_rev";
  if (getSkip() && failed(v.perChannel("skip", typeOf(getSkip())))) // C7
    return failure();
  for (auto [name, gate] : {std::pair("pre_gate", getPreGate()), std::pair("post_gate", getPostGate())}) // C8
    if (gate && failed(v.likeInput(name, typeOf(gate))))
      return failure();
  if ((getTail() || hasTailOut()) && getMode() != "causal") // C9
    return v.error() << "tails in mode causal only, but got mode " << getMode();
  Type state = accumulationType(v.u.getElementType());
  if (getTail() && failed(v.state("tail", typeOf(getTail()), k.getDimSize(1), state))) // C10
    return failure();
  int64_t offset = getReverseOffset();
  if (offset != 0 && offset != 1) // C11
    return v.error() << "reverse_offset to be 0 or 1, but got " << offset;
  if (offset == 1 && getMode() != "bidirectional") // C11
    return v.error() << "reverse_offset 1 in mode bidirectional only, but got mode " << getMode();
  if (failed(v.likeInput("y", typeOf(getY())))) // C12
    return failure();
  return hasTailOut() ? v.state("tail_out", typeOf(getTailOut()), k.getDimSize(1), state) : success(); // C12
}

LogicalResult ShortConvOp::verify() {
  ConvVerifier v{*this, typeOf(getU())};
  RankedTensorType w = typeOf(getW());
  if (failed(v.rank("u", v.u, 3)) || failed(v.rank("w", w, 2))) // C1
    return failure();
  if (failed(v.input())) // C2
    return failure();
  if (failed(v.parameter("w", w)) || (getBias() && failed(v.parameter("bias", typeOf(getBias()))))) // C3
    return failure();
  if (!compatible(w.getDimSize(0), v.u.getDimSize(1))) // C4
    return v.error() << "w to have one row per channel of u, but got " << w << " and " << v.u;
  if (w.isDynamicDim(1) || w.getDimSize(1) == 0) // C5
    return v.error() << "the taps of w to be static and above 0, but got " << w;
  if (getBias() && failed(v.perChannel("bias", typeOf(getBias())))) // C6
    return failure();
  Type element = v.u.getElementType();
  if (getState() && failed(v.state("state", typeOf(getState()), w.getDimSize(1), element))) // C7
    return failure();
  if (failed(v.likeInput("y", typeOf(getY())))) // C8
    return failure();
  return hasStateOut() ? v.state("state_out", typeOf(getStateOut()), w.getDimSize(1), element) : success(); // C8
}
