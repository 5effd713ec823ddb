// SPDX-License-Identifier: Apache-2.0
// Shared memory of a kernel without roles: which ops use it, at which offsets, and where barriers stand. Only relayouts, dots and reductions over
// warps touch it, so the plan is made on the tile program before any code is emitted (docs/adr/0004).
#ifndef SEQC_LIB_CONVERSION_TILETONVVM_SHAREDPLAN_H
#define SEQC_LIB_CONVERSION_TILETONVVM_SHAREDPLAN_H

#include "seqc/Dialect/Tile/IR/TileLayouts.h"
#include "seqc/Layout/Conversion.h"

namespace seqc::gpu {

/// A tile in shared memory.
struct SharedTile {
  int64_t offset = 0; ///< bytes from the start of shared memory
  int64_t bytes = 0;
  layout::MemLayout memory;
};

/// True if the relayout only feeds matrix operands: the tile stays in shared memory and fragments are read where they are used.
bool isStaged(tile::RelayoutOp op);

class SharedPlan {
public:
  explicit SharedPlan(tile::KernelOp kernel);
  int64_t totalBytes() const { return total; }
  /// The memory of a relayout through shared memory or of a reduction over warps.
  const SharedTile &tileOf(mlir::Operation *op) const { return tiles.find(op)->second; }
  bool uses(mlir::Operation *op) const { return tiles.contains(op); }
  /// How a relayout that is not staged is done: not at all, inside threads, by shuffles, or through its memory.
  const layout::Conversion &conversionOf(tile::RelayoutOp op) const { return conversions.find(op)->second; }
  /// Whether a barrier stands before the op writes its memory, and before `op` reads the memory of `source`.
  bool barrierBeforeWrite(mlir::Operation *op) const { return barriers.contains({op, nullptr}); }
  bool barrierBeforeRead(mlir::Operation *op, mlir::Operation *source) const { return barriers.contains({op, source}); }

private:
  struct Pending {
    llvm::SmallPtrSet<mlir::Operation *, 8> reads, writes;
    void clear() { reads.clear(), writes.clear(); }
    void join(const Pending &other) {
      reads.insert(other.reads.begin(), other.reads.end());
      writes.insert(other.writes.begin(), other.writes.end());
    }
  };
  void number(mlir::Block &block);
  void plan(tile::RelayoutOp op);
  void allocate();
  void scan(mlir::Block &block, Pending &pending);
  void scanRegions(mlir::Operation *op, Pending &pending);
  void access(mlir::Operation *op, mlir::Operation *source, bool isWrite, Pending &pending);
  bool overlap(mlir::Operation *a, mlir::Operation *b) const;

  struct Lifetime {
    mlir::Operation *op;
    int64_t first, last;
  };
  llvm::SmallVector<Lifetime> lifetimes;
  llvm::DenseMap<mlir::Operation *, std::pair<int64_t, int64_t>> numbers; ///< first and last number of an op with its regions
  llvm::DenseMap<mlir::Operation *, SharedTile> tiles;
  llvm::DenseMap<mlir::Operation *, layout::Conversion> conversions;
  llvm::DenseSet<std::pair<mlir::Operation *, mlir::Operation *>> barriers;
  int64_t next = 0, total = 0;
  bool changed = false;
};

/// Bytes of an element in memory; i1 takes one.
int64_t memoryBytes(mlir::Type element);
/// Warps that share the reduced dims of a reduction: 1 if it stays inside warps.
int64_t warpsOverReduced(tile::ReduceOp op);

} // namespace seqc::gpu

#endif // SEQC_LIB_CONVERSION_TILETONVVM_SHAREDPLAN_H
