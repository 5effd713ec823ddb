// SPDX-License-Identifier: Apache-2.0
// One elementwise op of the graph on tiles (or scalars) of one shape. Transcendentals become what tiles have: exp2, log2, tanh, ...;
// arithmetic on 16-bit floats is done in f32 and rounded to the type, as the graph says.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_ELEMENTWISE_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_ELEMENTWISE_H

#include "mlir/IR/Builders.h"

namespace seqc::convert {

/// `operands` have one shape. Fails with a diagnostic on `op` where tiles have no form of it.
llvm::FailureOr<mlir::Value> emitElementwiseOp(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_ELEMENTWISE_H
