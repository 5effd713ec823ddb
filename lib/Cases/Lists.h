// SPDX-License-Identifier: Apache-2.0
// The lists, one function per op, and the sizes that they run through.
#ifndef SEQC_LIB_CASES_LISTS_H
#define SEQC_LIB_CASES_LISTS_H

#include "Graph.h"

namespace seqc::cases {

using Cases = std::vector<Case>;

constexpr interp::DType kFloatTypes[] = {interp::DType::F32, interp::DType::F16, interp::DType::BF16};

/// Degenerate lengths: 0, 1, 2, 3, primes, 2^k and 2^k +- 1.
std::vector<int64_t> lengths(Grid grid);

/// Batch and length where only they are dynamic.
struct BatchLength {
  int64_t b, l;
};
std::vector<BatchLength> batchLengths(Grid grid);

Cases attentionCases(Grid grid);
Cases attentionPackedCases(Grid grid);
Cases linearScanCases(Grid grid);
Cases selectiveScanCases(Grid grid);
Cases selectiveScanPackedCases(Grid grid);
Cases longConvCases(Grid grid);
Cases shortConvCases(Grid grid);
Cases layernormCases(Grid grid);
Cases softmaxCases(Grid grid);
Cases activationCases(llvm::StringRef op, Grid grid);
Cases gluCases(Grid grid);
Cases matmulCases(Grid grid);
Cases linearCases(Grid grid);
Cases batchMatmulCases(Grid grid);
Cases embeddingCases(Grid grid);
Cases meanPoolCases(Grid grid);
Cases reduceCases(Grid grid);
Cases shapeCases(llvm::StringRef op, Grid grid);
Cases elementwiseCases(Grid grid);
Cases fftCases(Grid grid);
Cases butterflyCases(Grid grid);
Cases ssmKernelCases(Grid grid);
Cases complexCases(Grid grid);
Cases castCases(Grid grid);
Cases compareSelectCases(Grid grid);
Cases blockCases(Grid grid);

} // namespace seqc::cases

#endif // SEQC_LIB_CASES_LISTS_H
