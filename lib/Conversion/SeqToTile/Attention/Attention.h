// SPDX-License-Identifier: Apache-2.0
// Scheme `attention`: one program per block of rows of a head, a loop over blocks of keys with running maximum and sum; epilogue on the
// output tile.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ATTENTION_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ATTENTION_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// bm, bn: rows and keys of a block; d, dv: tile extents along the head dims; heads: heads of one K/V head whose rows share the tile.
llvm::SmallVector<Config> attentionCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitAttention(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                              SchemeContext &context);
/// Decoding, M = 1, with grouped heads: all heads that read one K/V head in one tile.
llvm::SmallVector<Variant> attentionVariants(const GroupInfo &info, ShapeExprs &shapes, Target target);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ATTENTION_H
