// SPDX-License-Identifier: Apache-2.0
// seq.ssm_kernel: constraints C1.. of its ODS description.
#include "OpTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace seqc::seq;

/// The type of real parts; null for other types.
static Type realPart(Type element) {
  if (auto type = dyn_cast<ComplexType>(element))
    element = type.getElementType();
  return isa<Float32Type, Float64Type>(element) ? element : Type();
}

int64_t SsmKernelOp::getStates() { return typeOf(getLambda()).getDimSize(1); }
Type SsmKernelOp::getRealType() { return realPart(typeOf(getLambda()).getElementType()); }
bool SsmKernelOp::isComplex() { return isa<ComplexType>(typeOf(getLambda()).getElementType()); }

LogicalResult SsmKernelOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  RankedTensorType k = typeOf(getK());
  OpFoldResult length = getLength() ? OpFoldResult(getLength()) : OpFoldResult(b.getIndexAttr(k.getDimSize(1)));
  OpFoldResult channels = k.isDynamicDim(0) ? tensor::getMixedSize(b, getLoc(), getLambda(), 0) : OpFoldResult(b.getIndexAttr(k.getDimSize(0)));
  shapes.push_back({channels, length});
  return success();
}

LogicalResult SsmKernelOp::verify() {
  RankedTensorType lambda = typeOf(getLambda()), dt = typeOf(getDt()), k = typeOf(getK());
  if (lambda.getRank() != 2 || lambda.isDynamicDim(1) || lambda.getDimSize(1) < 1) // C1
    return emitOpError() << "expects lambda to be [D, N] with static N above 0, but got " << lambda;
  Type real = realPart(lambda.getElementType());
  if (!real) // C2
    return emitOpError() << "expects lambda to have element type complex<f32>, complex<f64>, f32 or f64, but got " << lambda;
  SmallVector<std::pair<StringRef, Value>> parameters{{"b", getB()}, {"c", getC()}};
  if (getLowRank())
    parameters.push_back({"low_rank", getLowRank()});
  for (auto [name, v] : parameters) {
    RankedTensorType type = typeOf(v);
    if (type.getRank() != 2 || type.getDimSize(1) != lambda.getDimSize(1) || !compatible(type.getDimSize(0), lambda.getDimSize(0))) // C1
      return emitOpError() << "expects " << name << " to have the shape of lambda " << lambda << ", but got " << type;
    if (type.getElementType() != lambda.getElementType()) // C2
      return emitOpError() << "expects " << name << " to have the element type of lambda " << lambda << ", but got " << type;
  }
  if (dt.getRank() != 1 || !compatible(dt.getDimSize(0), lambda.getDimSize(0)) || dt.getElementType() != real) // C3
    return emitOpError() << "expects dt to be [D] of " << real << " for lambda " << lambda << ", but got " << dt;
  if (k.getRank() != 2 || !compatible(k.getDimSize(0), lambda.getDimSize(0)) || k.getElementType() != real) // C4
    return emitOpError() << "expects k to be [D, L] of " << real << " for lambda " << lambda << ", but got " << k;
  if (k.isDynamicDim(1) != static_cast<bool>(getLength())) // C4
    return emitOpError() << "expects length exactly if L is dynamic, but got " << k << (getLength() ? " with length" : " without length");
  if (getConjugate() && !isComplex()) // C5
    return emitOpError() << "expects complex parameters with conjugate, but got " << lambda;
  if (getLowRank() && (!getConjugate() || getDiscretization() != "bilinear")) // C6
    return emitOpError() << "expects conjugate and discretization \"bilinear\" with low_rank, but got \"" << getDiscretization() << '"'
                         << (getConjugate() ? "" : " without conjugate");
  return success();
}
