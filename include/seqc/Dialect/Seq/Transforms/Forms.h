// SPDX-License-Identifier: Apache-2.0
// Questions about the upstream forms of a seq graph (docs/spec/graph-forms.md).
#ifndef SEQC_DIALECT_SEQ_TRANSFORMS_FORMS_H
#define SEQC_DIALECT_SEQ_TRANSFORMS_FORMS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace seqc::seq {

/// An arith or math op on ranked tensors of equal shape with one result.
bool isElementwise(mlir::Operation *op);

/// A scalar op of the `complex` dialect that bodies of linalg.map may hold.
bool isComplexOp(mlir::Operation &op);
inline bool isComplexOp(mlir::Operation *op) { return isComplexOp(*op); }

/// The scalar if every element of the tensor is the same compile-time constant: a splat constant, or reshapes, broadcasts and float or
/// integer conversions of one. A complex one is a complex::NumberAttr.
mlir::TypedAttr splatAttr(mlir::Value tensor);
/// The same as a number; integers are converted.
std::optional<double> splatValue(mlir::Value tensor);

/// To be called on a text that was parsed without verification: mistakes in upstream ops on which their own verifiers crash. Emits diagnostics.
mlir::LogicalResult checkBeforeVerifiers(mlir::Operation *root);

/// tensor.empty of these sizes.
mlir::Value emptyTensor(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element);
/// A tensor of `type` with the scalar in every element; `like` gives the dynamic sizes.
mlir::Value splatTensor(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type, mlir::Value like, mlir::TypedAttr scalar);

} // namespace seqc::seq

#endif // SEQC_DIALECT_SEQ_TRANSFORMS_FORMS_H
