// SPDX-License-Identifier: Apache-2.0
// Rules that verifiers of several groups share; the numbers are those of the ODS descriptions.
#ifndef SEQC_LIB_DIALECT_TILE_IR_TILEVERIFY_H
#define SEQC_LIB_DIALECT_TILE_IR_TILEVERIFY_H

#include "seqc/Dialect/Tile/IR/Tile.h"

namespace seqc::tile {
/// C20, C21: a tile's rank, size, elements; encodings only where the level has them.
mlir::LogicalResult verifyTileType(mlir::Operation *op, mlir::RankedTensorType type, bool allowEncoding);
/// `dims` ascend and lie in [0, rank).
mlir::LogicalResult verifyDims(mlir::Operation *op, llvm::StringRef what, llvm::ArrayRef<int64_t> dims, int64_t rank);
/// C13: a region of scalars: `arith` and `math` only, no tile operands.
mlir::LogicalResult verifyScalarBody(mlir::Operation *op, mlir::Block &body);
/// The argument types and the types a region yields.
mlir::LogicalResult verifyBodyTypes(mlir::Operation *op, mlir::Block &body, llvm::ArrayRef<mlir::Type> arguments, llvm::ArrayRef<mlir::Type> yielded);
/// The shape without the listed dims.
llvm::SmallVector<int64_t> withoutDims(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> dims);
/// "d0 x d1 x .." of a message.
std::string shapeText(llvm::ArrayRef<int64_t> shape);
} // namespace seqc::tile

#endif // SEQC_LIB_DIALECT_TILE_IR_TILEVERIFY_H
