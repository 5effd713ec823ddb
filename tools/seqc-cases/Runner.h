// SPDX-License-Identifier: Apache-2.0
// Runs cases at levels, on several threads, and keeps what came out.
#ifndef SEQC_TOOLS_SEQC_CASES_RUNNER_H
#define SEQC_TOOLS_SEQC_CASES_RUNNER_H

#include "seqc/Cases/Case.h"
#include <string>
#include <vector>

namespace seqc::cases {

enum class Level : uint8_t {
  Tile, ///< tile interpreter on the lowered graph: unrounded against the truth, almost to the bit, then rounded as declared
  Cpu,  ///< native code, called through the runtime
  Gpu,  ///< sm_90a code on the functional model
  Ptxas ///< sm_90a code through the assembler and the rules of machine code; once for the cases that share a graph
};
class Assembler;
llvm::StringRef name(Level level);

struct RunOptions {
  std::vector<Level> levels;
  std::string cpu;
  int jobs = 1;
  Assembler *assembler = nullptr; ///< for level Ptxas
};

/// One case at one level.
struct Outcome {
  const Case *c;
  Level level;
  bool ok = false;
  std::string problem;
  double used = 0;    ///< largest error as a fraction of the tolerance
  double seconds = 0; ///< interpretation or calls; compilation counts for the first case of a graph
};

/// Outcomes in the order of the cases, per case in the order of the levels.
std::vector<Outcome> run(const std::vector<Case> &cases, const RunOptions &options);

} // namespace seqc::cases

#endif // SEQC_TOOLS_SEQC_CASES_RUNNER_H
