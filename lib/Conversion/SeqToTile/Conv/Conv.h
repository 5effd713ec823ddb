// SPDX-License-Identifier: Apache-2.0
// Schemes `long_conv` and `short_conv`: programs of a block of channels by a block of times, with the epilogue on the output tile. What a
// convolution leaves for the next chunk is a kernel of its own.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_CONV_CONV_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_CONV_CONV_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// bd, bl: channels and times of a block.
llvm::SmallVector<Config> longConvCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitLongConv(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                             SchemeContext &context);
llvm::SmallVector<Config> shortConvCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitShortConv(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                              SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_CONV_CONV_H
