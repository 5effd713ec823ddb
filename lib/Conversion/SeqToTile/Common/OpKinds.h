// SPDX-License-Identifier: Apache-2.0
// The closed list of graph forms, as the kernel formation and the schemes see them.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_OPKINDS_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_OPKINDS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace seqc::convert {

enum class OpKind {
  View,        ///< transpose, broadcast, expand_shape, collapse_shape, extract_slice, cast: no data moves
  ResultView,  ///< a view that its kernel writes out: memory holds its layout (marked with kResultViewAttr)
  Elementwise, ///< arith/math on tensors of equal shape, linalg.map
  Reduce,      ///< linalg.reduce
  Source,      ///< reads its operands by position: gather, pad, concat, iota
  Anchor,      ///< matmul, batch_matmul, ops of the seq dialect: a kernel of its own, see hasEpilogue
  Host,        ///< constants, weights, empty, sizes, returns: no kernel
  Group,       ///< already formed
  Unsupported
};
OpKind classify(mlir::Operation *op);

/// Mark of a view whose layout a kernel writes, so that later views start from it.
inline constexpr llvm::StringLiteral kResultViewAttr = "seqc.result_view";

/// True for ops whose results are tensors computed by a kernel.
inline bool isCompute(OpKind k) { return k == OpKind::Elementwise || k == OpKind::Reduce || k == OpKind::Source || k == OpKind::Anchor; }

/// Type of the real and imaginary parts of a complex element; other types themselves.
mlir::Type partOf(mlir::Type element);

/// The constant that every element of `v` has, seen through views; null if there is none. A complex one is a complex::NumberAttr.
mlir::Attribute splatOf(mlir::Value v);

/// Kind of a reduction as `tile.reduce` names it; empty if the body is no single known combination.
llvm::StringRef reduceKind(mlir::linalg::ReduceOp op);
/// The value that leaves the other operand unchanged: a FloatAttr or IntegerAttr of type `element`.
mlir::TypedAttr reduceIdentity(llvm::StringRef kind, mlir::Type element);
/// True if the reduction starts from the identity.
bool startsFromIdentity(mlir::linalg::ReduceOp op);
/// True if a matmul starts from zero.
bool startsFromZero(mlir::Operation *matmul);

/// True for anchors of the seq dialect: they read their operands by position.
bool isSeqAnchor(mlir::Operation *op);
/// True if elementwise ops may follow the anchor in its kernel.
bool hasEpilogue(mlir::Operation *anchor);
/// Scheme of the kernel of an anchor.
llvm::StringRef schemeOf(mlir::Operation *anchor);

/// Operands, and the values that regions of `op` capture.
llvm::SmallVector<mlir::Value> valuesRead(mlir::Operation *op);

/// True for a result of an anchor that has dims of its own (the state that a convolution leaves): its kernel stores it apart from the iteration
/// space, and no epilogue reads it.
bool isSideResult(mlir::Value v);

/// Operand that a view reads.
mlir::OpOperand &viewSource(mlir::Operation *view);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_OPKINDS_H
