// SPDX-License-Identifier: Apache-2.0
// Scheme `matmul`: [batch..] x (M, N) tiles, a loop over K with an f32 accumulator, epilogue on the accumulator tile.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_MATMUL_MATMUL_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_MATMUL_MATMUL_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// bm, bn, bk: extents of the tiles along M, N and K.
llvm::SmallVector<Config> matmulCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitMatmul(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                           SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_MATMUL_MATMUL_H
