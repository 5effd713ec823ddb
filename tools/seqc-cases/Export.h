// SPDX-License-Identifier: Apache-2.0
// Cases as files, for machines without the compiler: graphs, inputs, unrounded results, tolerances.
#ifndef SEQC_TOOLS_SEQC_CASES_EXPORT_H
#define SEQC_TOOLS_SEQC_CASES_EXPORT_H

#include "seqc/Cases/Case.h"
#include "llvm/Support/Error.h"

namespace seqc::cases {

/// Writes into `folder`, which is made: cases.json, a list of
///   {"name", "module": file, "function", "inputs": [{"name", "dtype", "file"}], "outputs": [{"dtype", "file", "relative", "tiny"}], "flops", "bytes"}
/// with module files (`.mlir`, one per graph) and .npy files: inputs in their dtypes (bf16 as uint16), outputs in f64 as the reference interpreter gives
/// them. An element of an output passes as Tolerance.h says; `relative` 0 means the rounded value, bit for bit.
llvm::Error exportCases(const std::vector<Case> &cases, llvm::StringRef folder);

} // namespace seqc::cases

#endif // SEQC_TOOLS_SEQC_CASES_EXPORT_H
