// SPDX-License-Identifier: Apache-2.0
// Scheme `ssm_kernel`: kernels of state space models. Diagonal: one program per channel and block of lengths, l = T l1 + l2, a product of two small tables of
// powers, sum_n (w abar^(T l1)) abar^l2. Low rank: one program per channel, the recurrence step by step. Epilogue on the tile of lengths.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_SSMKERNEL_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_SSMKERNEL_H

#include "../Common/Scheme.h"

namespace seqc::convert {

/// bm, bt: extents of the two tables, so that a program makes bm bt lengths; bn: eigenvalues at a time. Low rank: bt lengths at a time.
llvm::SmallVector<Config> ssmKernelCandidates(const GroupInfo &info, Target target);
llvm::FailureOr<llvm::SmallVector<mlir::Value>> emitSsmKernel(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                              SchemeContext &context);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_SSMKERNEL_H
