// SPDX-License-Identifier: Apache-2.0
// Scheme `butterfly`: a seq.butterfly in one kernel. Config: bm = vectors per program; a tile holds bm whole vectors.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_BUTTERFLY_BUTTERFLY_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_BUTTERFLY_BUTTERFLY_H

#include "../Common/Scheme.h"

namespace seqc::convert {

llvm::SmallVector<Config> butterflyCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitButterfly(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                              SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_BUTTERFLY_BUTTERFLY_H
