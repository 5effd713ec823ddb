// SPDX-License-Identifier: Apache-2.0
// One layout for every tile of a kernel without roles (docs/adr/0004): classes of values that elementwise ops, loops and branches tie together,
// anchors (dots, scans), and the algebra of shape ops between classes.
#ifndef SEQC_LIB_DIALECT_TILE_TRANSFORMS_LAYOUTSOLVER_H
#define SEQC_LIB_DIALECT_TILE_TRANSFORMS_LAYOUTSOLVER_H

#include "seqc/Dialect/Tile/IR/TileLayouts.h"
#include "llvm/ADT/MapVector.h"

namespace seqc::tile {

/// True for values that cost nothing to make again in any layout: constants, splats, iotas.
bool isRematerialised(mlir::Value v);

/// Layout of the result of a shape op or reduction from that of its operand, none where the algebra has no answer.
std::optional<layout::DigitMap> resultLayout(mlir::Operation *op, unsigned result, const layout::DigitMap &operand);
/// Layout that the operand must have for the result's to be `result`, none where the result does not decide it.
std::optional<layout::DigitMap> operandLayout(mlir::Operation *op, unsigned operand, const layout::DigitMap &result);

/// Layout of the inputs and outputs of a recurrence from that of one step: dim `dim` lies in the fastest registers, where loads find neighbours.
layout::DigitMap withSteps(const layout::DigitMap &part, int64_t dim, int64_t steps);

class LayoutSolver {
public:
  LayoutSolver(KernelOp kernel, int numWarps);
  /// Layout of the class of `v`; every tile that is not rematerialised has one.
  const layout::DigitMap &of(mlir::Value v) { return *layouts[find(v)]; }
  /// Tiles with whole registers along `dim`, for ops that need one dim inside a thread.
  layout::DigitMap inRegisters(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> dims) const;
  /// States of a recurrence.
  layout::DigitMap statesLayout(mlir::RankedTensorType type) const;
  int warps() const { return numWarps; }

private:
  unsigned idOf(mlir::Value v);
  unsigned find(mlir::Value v) { return root(idOf(v)); }
  unsigned root(unsigned i);
  void unite(mlir::Value a, mlir::Value b);
  void uniteAll(mlir::ValueRange values);
  void collect(mlir::Operation *op);
  void collectControl(mlir::Operation *op);
  void anchor(mlir::Value v, const layout::DigitMap &map);
  void anchors(mlir::Operation *op);
  void propagate();
  bool propagate(mlir::Operation *op);
  void assignFreely();
  layout::DigitMap memoryLayout(unsigned cls);

  KernelOp kernel;
  int numWarps;
  llvm::MapVector<mlir::Value, unsigned> ids;
  llvm::SmallVector<unsigned> parents;
  std::vector<std::optional<layout::DigitMap>> layouts;
  llvm::SmallVector<mlir::Operation *> edges; ///< ops between classes
};

} // namespace seqc::tile

#endif // SEQC_LIB_DIALECT_TILE_TRANSFORMS_LAYOUTSOLVER_H
