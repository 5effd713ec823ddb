// SPDX-License-Identifier: Apache-2.0
// A tensor value as strided memory: what transposes, slices, reshapes and broadcasts of a materialised tensor cost nothing for.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_OPERANDVIEW_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_OPERANDVIEW_H

#include "seqc/Analysis/ShapeExprs.h"

namespace seqc::convert {

struct OperandView {
  struct Dim {
    Expr size;
    Expr stride; ///< in elements; 0 for a broadcast dim
  };
  mlir::Value base; ///< contiguous and row-major: argument, weight, constant or result of a kernel
  Expr offset;      ///< elements from the start of `base`
  llvm::SmallVector<Dim> dims;
};

/// Walks from `v` back through views. Fails if a reshape cannot be expressed in strides (`blocker` is then that op, whose source needs
/// a copy) or a size is unknown (`blocker` is null).
llvm::FailureOr<OperandView> viewOf(mlir::Value v, ShapeExprs &shapes, mlir::Operation **blocker = nullptr);

/// The same for an operand that a kernel of `op` reads where it is: unsupported, with a diagnostic, if that is no strided memory.
llvm::FailureOr<OperandView> viewForKernel(mlir::Operation *op, mlir::Value v, ShapeExprs &shapes);

/// big / small if it is a whole number for all values of the names, by factors.
std::optional<Expr> exactQuotient(const Expr &big, const Expr &small);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_OPERANDVIEW_H
