// SPDX-License-Identifier: Apache-2.0
// Public header of the `seq` dialect.
#ifndef SEQC_DIALECT_SEQ_IR_SEQ_H
#define SEQC_DIALECT_SEQ_IR_SEQ_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "seqc/Dialect/Seq/IR/SeqDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "seqc/Dialect/Seq/IR/SeqAttributes.h.inc"
#define GET_OP_CLASSES
#include "seqc/Dialect/Seq/IR/SeqOps.h.inc"

namespace seqc::seq {
/// Attribute names used on functions, arguments and modules.
inline constexpr llvm::StringLiteral kDimsAttr = "seq.dims";
inline constexpr llvm::StringLiteral kAssumeAttr = "seq.assume";
inline constexpr llvm::StringLiteral kExportAttr = "seq.export";
inline constexpr llvm::StringLiteral kWeightsAttr = "seq.weights";
/// Argument attribute: name of the argument in the package; result attribute likewise.
inline constexpr llvm::StringLiteral kNameAttr = "seq.name";
inline constexpr llvm::StringLiteral kStateAttr = "seq.state";

/// Type in which values of a float type are summed and kept between steps: f64 for f64, else f32.
mlir::Type accumulationType(mlir::Type element);

/// True for `[A-Za-z_][A-Za-z0-9_]*`: names of dims, arguments, results, schemes.
bool isIdentifier(llvm::StringRef name);
} // namespace seqc::seq

#endif // SEQC_DIALECT_SEQ_IR_SEQ_H
