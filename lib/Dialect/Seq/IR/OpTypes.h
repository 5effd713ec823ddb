// SPDX-License-Identifier: Apache-2.0
// What the verifiers of the ops ask of types and sizes.
#ifndef SEQC_LIB_DIALECT_SEQ_IR_OPTYPES_H
#define SEQC_LIB_DIALECT_SEQ_IR_OPTYPES_H

#include "seqc/Dialect/Seq/IR/Seq.h"

namespace seqc::seq {

inline mlir::RankedTensorType typeOf(mlir::Value v) { return mlir::cast<mlir::RankedTensorType>(v.getType()); }

/// Sizes that may be equal at run time.
inline bool compatible(int64_t a, int64_t b) { return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b); }

inline bool isFloat(mlir::Type t) { return mlir::isa<mlir::Float32Type, mlir::Float16Type, mlir::BFloat16Type, mlir::Float64Type>(t); }

inline bool isComplexFloat(mlir::Type t) {
  auto complex = mlir::dyn_cast<mlir::ComplexType>(t);
  return complex && mlir::isa<mlir::Float32Type, mlir::Float64Type>(complex.getElementType());
}

} // namespace seqc::seq

#endif // SEQC_LIB_DIALECT_SEQ_IR_OPTYPES_H
