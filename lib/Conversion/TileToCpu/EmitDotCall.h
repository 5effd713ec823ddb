// SPDX-License-Identifier: Apache-2.0
// Products as calls of internal functions: products of one form in a module are one function, however many kernels and paths use it.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITDOTCALL_H
#define SEQC_LIB_CONVERSION_TILETOCPU_EMITDOTCALL_H

#include "EmitDot.h"
#include "mlir/IR/BuiltinOps.h"

namespace seqc {

/// Emits at the insertion point a call of the function of `module` that computes products of this form, and the function if there is
/// none yet. The form is all of `dot` but its values: pointers, strides and bounds that are not numbers become arguments.
void emitCpuDotCall(mlir::OpBuilder &builder, mlir::Location loc, const CpuDot &dot, const CpuTarget &target, mlir::ModuleOp module);

} // namespace seqc

#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITDOTCALL_H
