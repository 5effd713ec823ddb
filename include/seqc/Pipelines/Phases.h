// SPDX-License-Identifier: Apache-2.0
// Phases of a compilation, named alike in flags, dumps and documents.
#ifndef SEQC_PIPELINES_PHASES_H
#define SEQC_PIPELINES_PHASES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace seqc {

enum class Phase {
  Seq,     ///< the graph as read
  SeqOpt,  ///< raised, cleaned, cut into kernels (`seq.group`)
  Tile,    ///< `block` kernels and the planned host function
  TileCpu, ///< kernels as functions in the LLVM dialect
  Llvm,    ///< optimised LLVM IR
  Object,  ///< native code, one shared object
  Package
};

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name;      ///< of --emit and --from
  llvm::StringLiteral extension; ///< of dump files
  bool resumable;                ///< --from accepts it
};

llvm::ArrayRef<PhaseInfo> allPhases();
std::optional<Phase> parsePhase(llvm::StringRef name);
const PhaseInfo &info(Phase phase);

} // namespace seqc

#endif // SEQC_PIPELINES_PHASES_H
