// SPDX-License-Identifier: Apache-2.0
// Scheme `scan_rows`: one program per block of channels, which walks along the sequence in chunks of time; the states of the block are a tile
// that the loop carries.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_SCAN_SCAN_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_SCAN_SCAN_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// rows: channels of a program; chunk: time steps that are loaded together; ahead: 1 where they are loaded one chunk before.
llvm::SmallVector<Config> scanCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitScan(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                         SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_SCAN_SCAN_H
