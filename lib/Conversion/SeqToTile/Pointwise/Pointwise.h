// SPDX-License-Identifier: Apache-2.0
// Scheme `pointwise`: fused elementwise ops, reductions (norms, softmax, pooling), gathers, pads, joins and copies.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_POINTWISE_POINTWISE_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_POINTWISE_POINTWISE_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// bm, bn: extents of the tile along its two axes; `form`: 0 without reductions, 1 whole rows in one tile, 2 loops over the reduced axes.
llvm::SmallVector<Config> pointwiseCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitPointwise(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                              SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_POINTWISE_POINTWISE_H
