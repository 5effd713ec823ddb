// SPDX-License-Identifier: Apache-2.0
// Scheme `attention`: one program per block of rows of a head, a loop over blocks of keys with running maximum and sum; epilogue on the
// output tile.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ATTENTION_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ATTENTION_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// bm, bn: rows and keys of a block; d, dv: tile extents along the head dims.
llvm::SmallVector<Config> attentionCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitAttention(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                              SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ATTENTION_H
