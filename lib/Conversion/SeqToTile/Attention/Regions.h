// SPDX-License-Identifier: Apache-2.0
// score_mod and mask regions on score tiles. Ops that depend on b and h only run once per program, as scalars; the others become one
// `tile.map`. A `tensor.extract` whose indices are uniform is a scalar load; with m + c or n + c among them it is a tile load.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_REGIONS_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_REGIONS_H

#include "Rows.h"

namespace seqc::convert {

class ScoreRegions {
public:
  ScoreRegions(KernelBuilder &k, seq::AttentionOp op, const Rows &rows, int64_t bm, int64_t bn) : k(k), op(op), rows(rows), bm(bm), bn(bn) {}

  /// Emits what does not depend on keys. Fails with a diagnostic on an op that has no form on tiles.
  mlir::LogicalResult prepare();
  bool empty() { return op.getScoreMod().empty() && op.getMask().empty(); }
  /// The score tile [bm, bn] of keys from `firstKey` on, modified and masked.
  llvm::FailureOr<mlir::Value> apply(mlir::Value score, mlir::Value firstKey);

private:
  enum class Kind { Uniform, Row, Key };
  /// An index of a tensor.extract: `shift` (an index, null for 0), or row or key plus shift.
  struct Index {
    Kind kind;
    mlir::Value shift;
  };
  /// A tile load, one per tensor.extract that varies.
  struct Load {
    mlir::Operation *extract;
    mlir::Value view;        ///< dims of the uniform indices dropped
    llvm::SmallVector<Index, 2> dims;
    mlir::Value hoisted;     ///< the tile [bm] if no key is involved
  };

  mlir::LogicalResult prepareRegion(mlir::Region &region, unsigned firstIndexArgument);
  mlir::LogicalResult prepareUniform(mlir::Operation &inner);
  mlir::LogicalResult prepareExtract(mlir::Operation &inner);
  bool isUniform(mlir::Value v) { return uniform.count(v) || isCaptured(v); }
  bool isCaptured(mlir::Value v) { return !op->isAncestor(v.getParentBlock()->getParentOp()); }
  /// The value at program level of a uniform value.
  llvm::FailureOr<mlir::Value> uniformValue(mlir::Value v);
  std::optional<Index> indexOf(mlir::Value v);
  mlir::Value load(const Load &l, mlir::Value firstKey);
  llvm::FailureOr<mlir::Value> cloneRegion(mlir::Region &region, llvm::ArrayRef<mlir::Value> arguments, mlir::ValueRange loaded);

  KernelBuilder &k;
  seq::AttentionOp op;
  const Rows &rows;
  int64_t bm, bn;
  llvm::DenseMap<mlir::Value, mlir::Value> uniform;
  llvm::DenseSet<mlir::Value> rowArguments, keyArguments;
  llvm::SmallVector<Load> loads;
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_REGIONS_H
