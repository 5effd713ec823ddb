// SPDX-License-Identifier: Apache-2.0
// seq.linear_scan and seq.selective_scan: types, shapes and constraints C1.. of their ODS descriptions.
#include "OpTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace seqc::seq;

Type LinearScanOp::stateType(Type element) { return isa<ComplexType>(element) ? element : accumulationType(element); }

//===-- Types and shapes ----------------------------------------------------------===//

SmallVector<Type, 2> LinearScanOp::inferScanTypes(RankedTensorType b, bool state) {
  SmallVector<Type, 2> types{b};
  if (state)
    types.push_back(RankedTensorType::get(b.getShape().take_front(2), stateType(b.getElementType())));
  return types;
}

SmallVector<Type, 2> SelectiveScanOp::inferScanTypes(RankedTensorType u, RankedTensorType a, bool state, std::optional<int64_t> sequences) {
  SmallVector<Type, 2> types{u};
  if (state)
    types.push_back(RankedTensorType::get({sequences.value_or(u.getDimSize(0)), u.getDimSize(1), a.getDimSize(1)}, LinearScanOp::stateType(u.getElementType())));
  return types;
}

/// A result dim that is static while the operand's is not stays static.
static void keepStatic(OpBuilder &b, Operation *op, ReifiedRankedShapedTypeDims &shapes) {
  for (auto [dims, result] : llvm::zip_equal(shapes, op->getResults()))
    for (auto [d, size] : llvm::enumerate(typeOf(result).getShape()))
      if (!ShapedType::isDynamic(size))
        dims[d] = b.getIndexAttr(size);
}

LogicalResult LinearScanOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, getLoc(), getB());
  shapes.push_back(sizes);
  if (hasFinal())
    shapes.push_back({sizes[0], sizes[1]});
  keepStatic(b, *this, shapes);
  return success();
}

LogicalResult SelectiveScanOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, getLoc(), getU());
  shapes.push_back(sizes);
  if (hasFinal()) {
    OpFoldResult states = sizes[0];
    if (isPacked()) {
      Value ends = getValueOrCreateConstantIndexOp(b, getLoc(), tensor::getMixedSize(b, getLoc(), getCuSeqlens(), 0));
      states = OpFoldResult(arith::SubIOp::create(b, getLoc(), ends, arith::ConstantIndexOp::create(b, getLoc(), 1)).getResult());
    }
    shapes.push_back({states, sizes[1], tensor::getMixedSize(b, getLoc(), getA(), 1)});
  }
  keepStatic(b, *this, shapes);
  return success();
}

//===-- Verifiers -----------------------------------------------------------------===//

namespace {
/// Checks that both ops share; every check emits its own diagnostic.
struct ScanChecks {
  Operation *op;
  Type element, state; // T and S

  InFlightDiagnostic error() { return op->emitOpError() << "expects "; }

  LogicalResult elementType(StringRef name, Value v, bool orState) {
    if (!v)
      return success();
    Type got = typeOf(v).getElementType();
    if (got == element || (orState && got == state))
      return success();
    InFlightDiagnostic d = error() << name << " to have element type " << element;
    if (orState && state != element)
      d << " or " << state;
    return d << ", but got " << typeOf(v);
  }

  /// `v` has these sizes, those of dims `of` of the operand named `like`.
  LogicalResult sizes(StringRef name, Value v, ArrayRef<int64_t> shape) {
    if (!v)
      return success();
    RankedTensorType type = typeOf(v), want = RankedTensorType::get(shape, type.getElementType());
    if (type.getRank() == want.getRank() && succeeded(verifyCompatibleShape(type, want)))
      return success();
    return error() << name << " to be compatible with " << want << ", but got " << type;
  }

  LogicalResult result(StringRef name, Value v, Type inferred) {
    RankedTensorType got = typeOf(v), want = cast<RankedTensorType>(inferred);
    if (got.getElementType() == want.getElementType() && succeeded(verifyCompatibleShape(got, want)))
      return success();
    return error() << name << " to be compatible with " << want << ", but got " << got;
  }

  LogicalResult rank(StringRef name, Value v, ArrayRef<int64_t> ranks) {
    if (!v || llvm::is_contained(ranks, typeOf(v).getRank()))
      return success();
    InFlightDiagnostic d = error() << name << " to have rank " << ranks[0];
    if (ranks.size() > 1)
      d << " or " << ranks[1];
    return d << ", but got " << typeOf(v);
  }
};
} // namespace

LogicalResult LinearScanOp::verify() {
  RankedTensorType b = typeOf(getB());
  Type element = b.getElementType();
  ScanChecks check{*this, element, stateType(element)};
  if (failed(check.rank("b", getB(), {3})) || failed(check.rank("a", getA(), {1, 3}))) // C1
    return failure();
  if (!isFloat(element) && !isComplexFloat(element)) // C2
    return check.error() << "b to have element type f32, f16, bf16, f64, complex<f32> or complex<f64>, but got " << b;
  if (failed(check.elementType("a", getA(), true)) || failed(check.elementType("initial", getInitial(), true)))
    return failure();
  if (failed(check.sizes("a", getA(), isConstant() ? ArrayRef(b.getDimSize(1)) : b.getShape())) ||    // C3
      failed(check.sizes("initial", getInitial(), b.getShape().take_front(2))))                      // C4
    return failure();
  for (auto [name, result, type] : llvm::zip(ArrayRef<StringRef>{"h", "final"}, getResults(), inferScanTypes(b, hasFinal()))) // C5
    if (failed(check.result(name, result, type)))
      return failure();
  return success();
}

namespace {
struct SelectiveScanVerifier : ScanChecks {
  explicit SelectiveScanVerifier(SelectiveScanOp op)
      : ScanChecks{op, typeOf(op.getU()).getElementType(), LinearScanOp::stateType(typeOf(op.getU()).getElementType())}, scan(op), u(typeOf(op.getU())),
        a(typeOf(op.getA())) {}

  LogicalResult ranks() { // C6
    for (auto [name, v] : {std::pair("u", scan.getU()), std::pair("delta", scan.getDelta()), std::pair("z", scan.getZ())})
      if (failed(rank(name, v, {3})))
        return failure();
    return failure(failed(rank("A", scan.getA(), {2})) || failed(rank("B", scan.getB(), {4, 2})) || failed(rank("C", scan.getC(), {4, 2})));
  }

  LogicalResult elementTypes() { // C7
    if (!isFloat(element))
      return error() << "u to have element type f32, f16, bf16 or f64, but got " << u;
    if (failed(elementType("z", scan.getZ(), false)))
      return failure();
    for (auto [name, v] : {std::pair("delta", scan.getDelta()), std::pair("A", scan.getA()), std::pair("B", scan.getB()), std::pair("C", scan.getC()),
                           std::pair("D", scan.getSkip()), std::pair("delta_bias", scan.getDeltaBias()), std::pair("initial", scan.getInitial())})
      if (failed(elementType(name, v, true)))
        return failure();
    return success();
  }

  LogicalResult channels() {
    if (failed(sizes("delta", scan.getDelta(), u.getShape())) || failed(sizes("z", scan.getZ(), u.getShape()))) // C8
      return failure();
    if (a.isDynamicDim(1) || a.getDimSize(1) == 0) // C9
      return error() << "the state size of A to be static and above 0, but got " << a;
    return failure(failed(sizes("A", scan.getA(), {u.getDimSize(1), a.getDimSize(1)})) || failed(sizes("D", scan.getSkip(), {u.getDimSize(1)})) || // C11
                   failed(sizes("delta_bias", scan.getDeltaBias(), {u.getDimSize(1)})));
  }

  LogicalResult projections() { // C10
    int64_t channels = u.getDimSize(1), groups = ShapedType::kDynamic;
    for (auto [name, v] : {std::pair("B", scan.getB()), std::pair("C", scan.getC())}) {
      RankedTensorType type = typeOf(v);
      if (!SelectiveScanOp::isInTime(v)) {
        if (failed(sizes(name, v, a.getShape())))
          return failure();
        continue;
      }
      if (failed(sizes(name, v, {u.getDimSize(0), type.getDimSize(1), a.getDimSize(1), u.getDimSize(2)})))
        return failure();
      int64_t g = type.getDimSize(1);
      if (g == 0 || (!ShapedType::isDynamic(g) && !ShapedType::isDynamic(channels) && channels % g != 0))
        return error() << "the groups of " << name << " to divide the channels of u, but got " << g << " and " << channels;
      if (!compatible(g, groups))
        return error() << "B and C to agree in groups, but got " << groups << " and " << g;
      groups = g;
    }
    return success();
  }

  LogicalResult packed() { // C12
    if (!scan.isPacked())
      return success();
    RankedTensorType cu = typeOf(scan.getCuSeqlens());
    bool isList = cu.getRank() == 1 && (cu.getElementType().isSignlessInteger(32) || cu.getElementType().isSignlessInteger(64)) && cu.getDimSize(0) != 0;
    if (!isList)
      return error() << "cu_seqlens to be a non-empty list of i32 or i64, but got " << cu;
    if (u.getDimSize(0) != 1)
      return error() << "batch size 1 in the packed form, but got " << u;
    return success();
  }

  LogicalResult states() {
    std::optional<int64_t> sequences;
    if (scan.isPacked()) {
      int64_t ends = typeOf(scan.getCuSeqlens()).getDimSize(0);
      sequences = ShapedType::isDynamic(ends) ? ends : ends - 1;
    }
    if (failed(sizes("initial", scan.getInitial(), {sequences.value_or(u.getDimSize(0)), u.getDimSize(1), a.getDimSize(1)}))) // C13
      return failure();
    SmallVector<Type, 2> types = SelectiveScanOp::inferScanTypes(u, a, scan.hasFinal(), sequences);
    for (auto [name, result, type] : llvm::zip(ArrayRef<StringRef>{"y", "final"}, scan.getResults(), types)) // C14
      if (failed(this->result(name, result, type)))
        return failure();
    return success();
  }

  SelectiveScanOp scan;
  RankedTensorType u, a;
};
} // namespace

LogicalResult SelectiveScanOp::verify() {
  SelectiveScanVerifier v(*this);
  return failure(failed(v.ranks()) || failed(v.elementTypes()) || failed(v.channels()) || failed(v.projections()) || failed(v.packed()) || failed(v.states()));
}
