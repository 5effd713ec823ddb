// SPDX-License-Identifier: Apache-2.0
// seq.attention: types, shapes and constraints C1.. of its ODS description.
#include "OpTypes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>

using namespace mlir;
using namespace seqc::seq;

static bool isLengthInteger(Type t) { return t.isSignlessInteger(32) || t.isSignlessInteger(64); }

/// The known one of two compatible sizes.
static int64_t meet(int64_t a, int64_t b) { return ShapedType::isDynamic(a) ? b : a; }

//===-- Types and shapes ----------------------------------------------------------===//

double AttentionOp::getScaleValue() {
  if (std::optional<APFloat> scale = getScale())
    return scale->convertToDouble();
  return 1.0 / std::sqrt(static_cast<double>(typeOf(getQ()).getShape().back()));
}

Type AttentionOp::scoreType(Type element) { return accumulationType(element); }

SmallVector<Type, 2> AttentionOp::inferAttentionTypes(RankedTensorType q, RankedTensorType k, RankedTensorType v, bool lse) {
  int64_t batch = meet(q.getDimSize(0), meet(k.getDimSize(0), v.getDimSize(0)));
  int64_t heads = q.getDimSize(1), queries = q.getDimSize(2);
  SmallVector<Type, 2> types{RankedTensorType::get({batch, heads, queries, v.getDimSize(3)}, q.getElementType())};
  if (lse)
    types.push_back(RankedTensorType::get({batch, heads, queries}, scoreType(q.getElementType())));
  return types;
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  auto sizeOf = [&](Value tensor, int64_t dim) { return tensor::getMixedSize(b, getLoc(), tensor, dim); };
  SmallVector<OpFoldResult> rows{sizeOf(getQ(), 0), sizeOf(getQ(), 1), sizeOf(getQ(), 2)};
  SmallVector<OpFoldResult> o = rows;
  o.push_back(sizeOf(getV(), 3));
  shapes.push_back(o);
  if (hasLse())
    shapes.push_back(rows);
  // A result dim that is static while the operand's is not stays static.
  for (auto [dims, result] : llvm::zip(shapes, getResults()))
    for (auto [d, size] : llvm::enumerate(typeOf(result).getShape()))
      if (!ShapedType::isDynamic(size))
        dims[d] = b.getIndexAttr(size);
  return success();
}

//===-- Verifier --------------------------------------------------------------------===//

namespace {
/// The operands' types and the check of each constraint; every check emits its own diagnostic.
struct AttentionVerifier {
  AttentionOp op;
  RankedTensorType q = typeOf(op.getQ()), k = typeOf(op.getK()), v = typeOf(op.getV());

  InFlightDiagnostic error() { return op.emitOpError() << "expects "; }

  LogicalResult ranks() { // C1
    for (auto [name, type] : {std::pair("q", q), std::pair("k", k), std::pair("v", v)})
      if (type.getRank() != 4)
        return error() << name << " to have rank 4, but got " << type;
    return success();
  }

  LogicalResult elementTypes() { // C2
    Type element = q.getElementType();
    if (!isFloat(element))
      return error() << "q to have element type f32, f16, bf16 or f64, but got " << q;
    RankedTensorType o = typeOf(op.getO());
    for (auto [name, type] : {std::pair("k", k), std::pair("v", v), std::pair("o", o)})
      if (type.getElementType() != element)
        return error() << name << " to have the element type " << element << " of q, but got " << type;
    return success();
  }

  LogicalResult same(StringRef what, RankedTensorType a, StringRef aName, RankedTensorType b, StringRef bName, int64_t dim) {
    if (compatible(a.getDimSize(dim), b.getDimSize(dim)))
      return success();
    return error() << aName << " and " << bName << " to agree in " << what << ", but got " << a.getDimSize(dim) << " and " << b.getDimSize(dim);
  }

  LogicalResult sizes() {
    if (failed(same("batch size", q, "q", k, "k", 0)) || failed(same("batch size", q, "q", v, "v", 0)) ||
        failed(same("batch size", k, "k", v, "v", 0)) ||                                         // C3
        failed(same("heads", k, "k", v, "v", 1)) || failed(same("length", k, "k", v, "v", 2)) || // C4
        failed(same("head dim", q, "q", k, "k", 3)))                                             // C5
      return failure();
    for (auto [name, type] : {std::pair("q", q), std::pair("k", k), std::pair("v", v)})
      if (type.isDynamicDim(3) || type.getDimSize(3) == 0)
        return error() << "the head dim of " << name << " to be static and above 0, but got " << type;
    int64_t hq = q.getDimSize(1), hk = meet(k.getDimSize(1), v.getDimSize(1));
    if (hk == 0) // C6
      return error() << "k to have at least one head, but got " << k;
    if (!ShapedType::isDynamic(hq) && !ShapedType::isDynamic(hk) && hq % hk != 0)
      return error() << "the heads of q to be a multiple of the heads of k, but got " << hq << " and " << hk;
    return success();
  }

  LogicalResult results() { // C7
    SmallVector<Type, 2> inferred = AttentionOp::inferAttentionTypes(q, k, v, op.hasLse());
    for (auto [result, type] : llvm::zip(op.getResults(), inferred)) {
      RankedTensorType got = typeOf(result), want = cast<RankedTensorType>(type);
      StringRef name = result == op.getO() ? "o" : "lse";
      if (got.getElementType() != want.getElementType() || failed(verifyCompatibleShape(got, want)))
        return error() << name << " to be compatible with " << want << ", but got " << got;
    }
    return success();
  }

  LogicalResult bias() { // C8
    if (!op.getBias())
      return success();
    RankedTensorType type = typeOf(op.getBias());
    if (type.getRank() != 4 || !isFloat(type.getElementType()))
      return error() << "bias to have rank 4 and a float element type, but got " << type;
    int64_t want[] = {meet(q.getDimSize(0), k.getDimSize(0)), q.getDimSize(1), q.getDimSize(2), meet(k.getDimSize(2), v.getDimSize(2))};
    for (auto [d, size] : llvm::enumerate(type.getShape()))
      if (size != 1 && !compatible(size, want[d]))
        return error() << "dim " << d << " of bias to be 1 or " << want[d] << ", but got " << size;
    return success();
  }

  LogicalResult sinks() { // C9
    if (!op.getSinks())
      return success();
    RankedTensorType type = typeOf(op.getSinks());
    if (type.getRank() != 1 || !isFloat(type.getElementType()) || !compatible(type.getDimSize(0), q.getDimSize(1)))
      return error() << "sinks to be one float per head of q, but got " << type;
    return success();
  }

  LogicalResult lengths() { // C10
    if (!op.getKvLengths())
      return success();
    RankedTensorType type = typeOf(op.getKvLengths());
    if (op.getCuSeqlensQ() || op.getCuSeqlensK())
      return error() << "kv_lengths or cu_seqlens, but got both";
    if (type.getRank() != 1 || !isLengthInteger(type.getElementType()) || !compatible(type.getDimSize(0), q.getDimSize(0)))
      return error() << "kv_lengths to be one i32 or i64 per batch, but got " << type;
    return success();
  }

  LogicalResult packed() { // C11
    if (!op.getCuSeqlensQ() && !op.getCuSeqlensK())
      return success();
    if (!op.getCuSeqlensQ() || !op.getCuSeqlensK())
      return error() << "cu_seqlens of both q and k, but got one";
    RankedTensorType cq = typeOf(op.getCuSeqlensQ()), ck = typeOf(op.getCuSeqlensK());
    for (RankedTensorType type : {cq, ck})
      if (type.getRank() != 1 || !isLengthInteger(type.getElementType()) || type.getDimSize(0) == 0)
        return error() << "cu_seqlens to be a non-empty list of i32 or i64, but got " << type;
    if (cq.getElementType() != ck.getElementType() || !compatible(cq.getDimSize(0), ck.getDimSize(0)))
      return error() << "cu_seqlens of q and k to have one type, but got " << cq << " and " << ck;
    for (RankedTensorType type : {q, k, v})
      if (type.getDimSize(0) != 1)
        return error() << "batch size 1 in the packed form, but got " << type;
    if (op.getBias())
      return error() << "no bias in the packed form (a score_mod can read one), but got " << op.getBias().getType();
    return success();
  }

  LogicalResult numbers() {
    for (auto [name, attr] : {std::pair("scale", op.getScaleAttr()), std::pair("softcap", op.getSoftcapAttr())}) // C12
      if (attr && !(attr.getValueAsDouble() > 0.0 && std::isfinite(attr.getValueAsDouble())))
        return error() << name << " to be finite and above 0, but got " << attr;
    for (auto [name, attr] : {std::pair("window_left", op.getWindowLeftAttr()), std::pair("window_right", op.getWindowRightAttr())}) // C13
      if (attr && attr.getInt() < 0)
        return error() << name << " to be at least 0, but got " << attr.getInt();
    return success();
  }

  LogicalResult verify() {
    for (auto check : {&AttentionVerifier::ranks, &AttentionVerifier::elementTypes, &AttentionVerifier::sizes, &AttentionVerifier::results,
                       &AttentionVerifier::bias, &AttentionVerifier::sinks, &AttentionVerifier::lengths, &AttentionVerifier::packed,
                       &AttentionVerifier::numbers})
      if (failed((this->*check)()))
        return failure();
    return success();
  }
};
} // namespace

LogicalResult AttentionOp::verify() { return AttentionVerifier{*this}.verify(); }

//===-- Regions -----------------------------------------------------------------------===//

static bool isScalar(Type t) { return t.isIntOrIndexOrFloat(); }

/// C16 for one op.
static LogicalResult verifyRegionOp(AttentionOp attention, StringRef name, Region &region, Operation &op) {
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    if (region.isAncestor(extract.getTensor().getParentRegion()))
      return op.emitOpError() << "expects its tensor to be defined outside the region '" << name << "' of 'seq.attention'";
    return success();
  }
  bool allowed = isa<arith::ArithDialect, math::MathDialect>(op.getDialect()) && op.getNumRegions() == 0 &&
                 llvm::all_of(op.getOperandTypes(), isScalar) && llvm::all_of(op.getResultTypes(), isScalar);
  if (!allowed)
    return op.emitOpError() << "expects only scalar arith and math ops and tensor.extract in the region '" << name << "' of 'seq.attention'";
  return success();
}

/// C14, C15, C16.
static LogicalResult verifyRegion(AttentionOp op, StringRef name, Region &region, ArrayRef<Type> args, Type result) {
  if (region.empty())
    return success();
  if (!region.hasOneBlock())
    return op.emitOpError() << "expects " << name << " to have one block, but got " << region.getBlocks().size();
  Block &block = region.front();
  if (block.getArgumentTypes() != TypeRange(args))
    return op.emitOpError() << "expects " << name << " to have arguments (" << args << "), but got (" << block.getArgumentTypes() << ')';
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    return op.emitOpError() << "expects " << name << " to end with 'seq.yield'";
  if (yield.getOperandTypes() != TypeRange(result))
    return op.emitOpError() << "expects " << name << " to yield (" << result << "), but got (" << yield.getOperandTypes() << ')';
  for (Operation &inner : block.without_terminator())
    if (failed(verifyRegionOp(op, name, region, inner)))
      return failure();
  return success();
}

LogicalResult AttentionOp::verifyRegions() {
  Type score = scoreType(typeOf(getQ()).getElementType());
  Type index = IndexType::get(getContext());
  if (failed(verifyRegion(*this, "score_mod", getScoreMod(), {score, index, index, index, index}, score)))
    return failure();
  return verifyRegion(*this, "mask", getMask(), {index, index, index, index}, IntegerType::get(getContext(), 1));
}
