// SPDX-License-Identifier: Apache-2.0
// seq-raise: convolutions that were written with Fourier transforms.
#ifndef SEQC_LIB_DIALECT_SEQ_TRANSFORMS_RAISECONV_H
#define SEQC_LIB_DIALECT_SEQ_TRANSFORMS_RAISECONV_H

#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/IR/PatternMatch.h"

namespace seqc::seq {

/// Replaces irfft(rfft(u) rfft(k)) by seq.long_conv where it is one, with gates and skip connection; remarks say what is raised, and why what
/// looks like one is not. Returns how many. Dead ops stay.
unsigned raiseConvolutions(mlir::Operation *root, mlir::PatternRewriter &rewriter);

} // namespace seqc::seq

#endif // SEQC_LIB_DIALECT_SEQ_TRANSFORMS_RAISECONV_H
