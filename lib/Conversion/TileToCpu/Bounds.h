// SPDX-License-Identifier: Apache-2.0
// Which rows of a tile anyone needs. A store drops what lies outside its view, so rows of the stored value from
// `view size - coordinate` on need not be computed, nor the rows of what they alone are computed from. One query row in a tile
// of 64 (decoding) then costs one row.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_BOUNDS_H
#define SEQC_LIB_CONVERSION_TILETOCPU_BOUNDS_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "llvm/ADT/DenseMap.h"

namespace seqc::cpu {

/// Need of a tile along one dim.
struct Need {
  enum Kind { none, bounded, all } kind = none;
  /// bounded: only indices below size - coord. Each is an `index` value of the kernel's outermost block or its arguments,
  /// or a number if the value is null.
  mlir::Value size, coord;
  int64_t sizeNumber = 0, coordNumber = 0;

  bool operator==(const Need &o) const {
    return kind == o.kind && size == o.size && coord == o.coord && sizeNumber == o.sizeNumber && coordNumber == o.coordNumber;
  }
  /// The least need that covers both.
  Need join(const Need &o) const;
};
using Needs = llvm::SmallVector<Need, 2>; // one for each dim

class Bounds {
public:
  /// Backward over the kernel to a fixed point (loops).
  explicit Bounds(tile::KernelOp kernel);
  /// Need over all uses of `v`. Values without a use need nothing.
  Needs of(mlir::Value v) const;
  /// What one tile.store needs of the value it stores.
  Needs ofStore(tile::StoreOp op) const;
  /// What one tile.reduce needs of its operand.
  Needs ofReduce(tile::ReduceOp op) const;

private:
  void visit(mlir::Operation *op);
  void require(mlir::Value v, const Needs &needs);
  void requireAll(mlir::Value v);
  bool isOutermost(mlir::Value v) const;

  mlir::Block *body;
  llvm::DenseMap<mlir::Value, Needs> needs;
  bool changed = false;
};

} // namespace seqc::cpu

#endif // SEQC_LIB_CONVERSION_TILETOCPU_BOUNDS_H
