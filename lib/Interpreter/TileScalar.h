// SPDX-License-Identifier: Apache-2.0
// Elementwise `arith` and `math` ops of the tile interpreter. Every op works on whole tensors; a rank-0 operand stands for a
// scalar and is used at every element, so scalar code, tile code and lifted region bodies run through one function.
#ifndef SEQC_LIB_INTERPRETER_TILESCALAR_H
#define SEQC_LIB_INTERPRETER_TILESCALAR_H

#include "seqc/Interpreter/Tensor.h"
#include "mlir/IR/Operation.h"

namespace seqc::interp {

/// Element type of a scalar or tensor type; `index` is I64. Error for types that no Tensor can hold.
llvm::Expected<DType> elementDType(mlir::Type type);

/// A value of type t between two ops: what `precision` leaves of it. Integers always wrap.
double rounded(Precision precision, DType t, double x);

/// Tensor of a constant attribute (number, splat or dense elements).
llvm::Expected<Tensor> constantTensor(mlir::TypedAttr value);

/// The error of an op: `'name' op at location: message`.
llvm::Error errorAt(mlir::Operation *op, const llvm::Twine &message);

/// True if `evaluateElementwise` knows the op.
bool isElementwise(mlir::Operation *op);

/// One result of an elementwise op. Error: an integer beyond 2^53, an undefined integer, and a division without a quotient, unless such a
/// divisor counts as 1 (as it does for data of a graph).
llvm::Expected<Tensor> evaluateElementwise(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands, Precision precision, bool divideByAny = false);

/// An op of the `complex` dialect that has a meaning here, or an arith.select of complex values; operands as for elementwise ops.
bool isComplexOp(mlir::Operation *op);
llvm::Expected<Tensor> evaluateComplex(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands, Precision precision);

} // namespace seqc::interp

#endif // SEQC_LIB_INTERPRETER_TILESCALAR_H
