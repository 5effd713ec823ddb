// SPDX-License-Identifier: Apache-2.0
// Upper bounds of index values of one kernel as polynomials over its index arguments. Every bound holds whenever the value is
// computed; there may be several for one value, and none that proves anything is not an error.
#ifndef SEQC_LIB_DIALECT_TILE_TRANSFORMS_INDEXBOUNDS_H
#define SEQC_LIB_DIALECT_TILE_TRANSFORMS_INDEXBOUNDS_H

#include "Polynomial.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace seqc::tile {

class IndexBounds {
public:
  explicit IndexBounds(KernelOp kernel);

  /// 0 <= coordinate and coordinate + extent <= size are proved.
  bool isInside(mlir::OpFoldResult coordinate, int64_t extent, mlir::OpFoldResult size);

private:
  using Bounds = llvm::SmallVector<Polynomial, 4>;

  /// The value itself; a value that is not arithmetic on arguments becomes a symbol of its own if it is never negative.
  std::optional<Polynomial> exact(mlir::Value v);
  std::optional<Polynomial> exactQuotient(mlir::Operation *op);
  Bounds upper(mlir::Value v);
  Bounds upperOfOp(mlir::Operation *op);
  Bounds upperOfCounter(mlir::scf::ForOp loop);
  Bounds upperOfQuotient(mlir::Operation *op, bool roundUp);
  bool isNonNegative(mlir::Value v);
  bool isNonNegativeOp(mlir::Operation *op);
  Polynomial symbolOf(mlir::Value v);
  void readFact(llvm::StringRef text);

  KernelOp kernel;
  llvm::SmallVector<std::optional<int64_t>> values; // of index arguments, from facts `L == 64`
  llvm::SmallVector<int64_t> divisors;              // by symbol; symbols 0.. are the kernel's arguments
  llvm::DenseMap<mlir::Value, unsigned> symbols;    // opaque values
};

} // namespace seqc::tile

#endif // SEQC_LIB_DIALECT_TILE_TRANSFORMS_INDEXBOUNDS_H
