// SPDX-License-Identifier: Apache-2.0
// What is printed about a run.
#ifndef SEQC_TOOLS_SEQC_CASES_TABLE_H
#define SEQC_TOOLS_SEQC_CASES_TABLE_H

#include "Runner.h"
#include "llvm/Support/raw_ostream.h"

namespace seqc::cases {

/// One line per failure with the command that runs it alone; `flags` are those of this run that matter (--full, --seed).
/// Returns the number of failures.
size_t printFailures(llvm::raw_ostream &os, const std::vector<Outcome> &outcomes, llvm::StringRef flags);
/// Passed of all per op and dtype and level, largest use of the tolerance, seconds.
void printTable(llvm::raw_ostream &os, const std::vector<Outcome> &outcomes);

} // namespace seqc::cases

#endif // SEQC_TOOLS_SEQC_CASES_TABLE_H
