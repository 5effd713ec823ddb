// SPDX-License-Identifier: Apache-2.0
// The block program of attention: one block of rows against all keys that they can see, with running maximum and sum.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_BLOCKPROGRAM_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_BLOCKPROGRAM_H

#include "Rows.h"

namespace seqc::convert {

struct AttentionConfig {
  int64_t bm, bn; ///< rows of a head and keys of a block
  int64_t heads;  ///< heads of a block: neighbours that read one K/V head
  int64_t d, dv;  ///< extents of the tiles along the head dims, at least D and DV; surplus columns are 0
  bool guard;     ///< values at keys that a row does not see do not reach it, NaN and infinities included
  int64_t rows() const { return heads * bm; } ///< rows of a tile, head by head
};

/// Memory of the operands; views have the dims of the op's operands.
struct AttentionViews {
  mlir::Value q, k, v;
  mlir::Value bias, sinks; ///< null if absent
  llvm::SmallVector<Expr> biasSizes;
};

struct AttentionTiles {
  mlir::Value o;   ///< [heads * bm, dv] in the score type
  mlir::Value lse; ///< [heads * bm] in the score type
};

/// Emits the program at the builder's position. Fails with a diagnostic on the op.
llvm::FailureOr<AttentionTiles> emitAttentionProgram(KernelBuilder &k, seq::AttentionOp op, const AttentionConfig &config, const AttentionViews &views,
                                                     const Rows &rows);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_BLOCKPROGRAM_H
