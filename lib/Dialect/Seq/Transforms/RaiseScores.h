// SPDX-License-Identifier: Apache-2.0
// seq-raise, between Q K^T and the softmax: the chain of ops on the scores, and its pieces as attributes and regions of seq.attention.
#ifndef SEQC_LIB_DIALECT_SEQ_TRANSFORMS_RAISESCORES_H
#define SEQC_LIB_DIALECT_SEQ_TRANSFORMS_RAISESCORES_H

#include "seqc/Dialect/Seq/IR/Seq.h"

namespace seqc::seq {

/// Follows a value to its producer through float conversions and through reshapes between [B, H, M, N] and [B H, M, N].
class Peeler {
public:
  mlir::Value peel(mlir::Value v);
  /// The ops that were passed or added; all of them die with the match.
  llvm::SetVector<mlir::Operation *> ops;
  /// A value of rank 4 that was met on one side of a reshape: it gives B and H.
  mlir::Value rank4;
};

/// One op of the chain; operand `chain` comes from the product, the others from the side.
struct Step {
  mlir::Operation *op;
  unsigned chain;
};

struct Mask {
  mlir::Value condition; ///< tensor of i1
  bool visible;          ///< the value of the condition where the score is kept
};

struct Scores {
  mlir::linalg::BatchMatmulOp product;
  double scale = 1.0;
  std::optional<double> softcap;
  mlir::Value bias;              ///< of score rank (4, or 3 for a batch without heads), or the input of a broadcast to it
  llvm::SmallVector<int64_t> biasDims; ///< dims that the broadcast adds
  llvm::SmallVector<Step> mod;   ///< from the product outwards
  llvm::SmallVector<Mask> masks;
};

/// Takes apart the chain that ends in `scores`. On failure `reason` says why; it is empty if no product feeds the scores.
std::optional<Scores> matchScores(Peeler &peeler, mlir::Value scores, std::string &reason);

/// Coordinates of a score inside a region.
struct Coordinates {
  mlir::Value b, h, m, n;
  mlir::Value heads; ///< H, to make b * H + h; null if there are no heads
};

/// Builds scalar code inside a region from tensor code outside.
class Scalarizer {
public:
  Scalarizer(mlir::OpBuilder &b, mlir::Location loc, Coordinates c) : b(b), loc(loc), c(c) {}
  /// The element of a tensor of rank 3 or 4 over scores.
  mlir::Value element(mlir::Value tensor);
  mlir::Value replay(llvm::ArrayRef<Step> steps, mlir::Value score);

private:
  mlir::Value element(mlir::Value tensor, llvm::ArrayRef<mlir::Value> coords, unsigned depth);
  std::optional<llvm::SmallVector<mlir::Value>> throughReshape(mlir::Operation *reshape, llvm::ArrayRef<mlir::Value> coords);
  mlir::OpBuilder &b;
  mlir::Location loc;
  Coordinates c;
};

/// The attributes that masks amount to; conditions that are none stay in `rest` (scalars inside the region).
struct MaskAttrs {
  bool causal = false; ///< top_left
  std::optional<int64_t> windowLeft, windowRight;
  llvm::SmallVector<mlir::Value> rest;
};
/// `condition` is an i1 scalar over coordinates m, n; `visible` as in Mask.
void classifyMask(mlir::OpBuilder &b, mlir::Value condition, bool visible, mlir::Value m, mlir::Value n, MaskAttrs &attrs);

} // namespace seqc::seq

#endif // SEQC_LIB_DIALECT_SEQ_TRANSFORMS_RAISESCORES_H
