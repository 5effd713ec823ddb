// SPDX-License-Identifier: Apache-2.0
// How a kernel's tile values are computed on the CPU: which have a scratch buffer, which are evaluated inside their
// users' loops, and which loops are fused.
// Reads of memory that the kernel also writes are steps at their place in the program, and writes to it are not mixed.
//
// A *root* is work that needs a loop nest: a store, a reduction, or writing a value into its buffer. Roots of one
// iteration space that follow each other and touch each other's values only at the same coordinate form a *group*: one
// loop nest. Everything else (loads, elementwise ops, maps, broadcasts, slices, transposes) is evaluated in the loops
// of the groups that need it. Dots, loops and other ops with control are *steps* of their own.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_PLAN_H
#define SEQC_LIB_CONVERSION_TILETOCPU_PLAN_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace seqc::cpu {

/// One loop nest, or one op that is emitted by itself.
struct Step {
  llvm::SmallVector<int64_t> shape;            // iteration space of a group
  llvm::SmallVector<mlir::Operation *> stores; // tile.store, tile.accumulate
  llvm::SmallVector<mlir::Operation *> reduces;
  llvm::SmallVector<mlir::Value> written;      // values written to their buffers
  mlir::Operation *single = nullptr;           // a step of its own; then the rest is empty

  bool isGroup() const { return !single; }
};

class Plan {
public:
  /// Analyses the body of a kernel and all regions in it.
  explicit Plan(tile::KernelOp kernel);

  llvm::ArrayRef<Step> steps(mlir::Block *block) const;
  /// True if the value lives in a scratch buffer (or is bound to one: loop arguments, results of steps).
  bool isBuffered(mlir::Value v) const { return buffered.contains(v); }
  /// A load that only dots use: they read global memory directly where the tile is inside the bounds.
  bool isDirectLoad(mlir::Value v) const { return directLoads.contains(v); }
  /// The buffered values, and loads, that evaluating `v` inline reads. `pointwise` is true for those that are read at the
  /// coordinate of v itself only.
  struct Reached {
    mlir::Value value;
    bool pointwise;
  };
  llvm::SmallVector<Reached> reach(mlir::Value v) const;
  /// What a store or a reduction of `v` reads: v itself if it is in memory, else what evaluating it reads.
  llvm::SmallVector<Reached> reads(mlir::Value v) const;
  /// True if the roots of `group` read `v` at their own coordinate only, or not at all.
  bool readsPointwise(const Step &group, mlir::Value v) const {
    return llvm::all_of(reads(group), [&](const Reached &r) { return r.value != v || r.pointwise; });
  }
  /// Loads and gathers evaluated inline by `v`.
  void collectAccesses(mlir::Value v, llvm::SmallVectorImpl<mlir::Operation *> &accesses) const;
  /// True if `op` reads memory that the kernel also writes: its place among the stores matters.
  bool isOrdered(mlir::Operation *op) const;
  /// True if nothing after `step` of `block` (by order of steps) reads `v`.
  bool isLastUse(mlir::Value v, mlir::Block *block, size_t step) const;

private:
  void markBuffered(mlir::Block &block);
  void markOperands(mlir::Operation *op);
  void require(mlir::Value v);
  void buildSteps(mlir::Block &block);
  void dropLocalBuffers(mlir::Block &block);
  bool mayJoin(mlir::Operation *store, const Step &group) const;
  bool dependsThrough(llvm::ArrayRef<Reached> reads, const Step &group) const;
  llvm::SmallVector<Reached> reads(const Step &group) const;

  llvm::DenseSet<mlir::Value> writtenPointers;
  llvm::DenseSet<mlir::Value> buffered, directLoads;
  llvm::DenseSet<mlir::Value> tentative; // buffered only because of several users
  llvm::MapVector<mlir::Block *, std::vector<Step>> plans;
};

/// Ops evaluated inside loops without a buffer of their own.
bool isInlineOp(mlir::Operation *op);
/// Of those, the ones that cost nothing to evaluate again: constants, splats, iota, and pure rearrangements.
bool isFreeOp(mlir::Operation *op);
/// Follows transposes to their source and permutes: dim i of the value is dim perm[i] of the result.
mlir::Value peelTransposes(mlir::Value v, llvm::SmallVectorImpl<int64_t> &perm);
bool isTile(mlir::Value v);
/// The tile of a tile.store or tile.accumulate.
mlir::Value storedValue(mlir::Operation *op);

} // namespace seqc::cpu

#endif // SEQC_LIB_CONVERSION_TILETOCPU_PLAN_H
