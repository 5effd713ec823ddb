// SPDX-License-Identifier: Apache-2.0
// Phases of a compilation, named alike in flags, dumps and documents. The phases up to `tile` and `package` belong to all targets, those between
// them to one: `--emit=llvm` asks the target that has this phase.
#ifndef SEQC_PIPELINES_PHASES_H
#define SEQC_PIPELINES_PHASES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace seqc {

/// In order of time; phases of different targets do not compare.
enum class Phase {
  Seq,     ///< the graph as read
  SeqOpt,  ///< raised, cleaned, cut into kernels (`seq.group`)
  Tile,    ///< `block` kernels and the planned host function, with configs for one target
  TileCpu, ///< cpu: kernels as functions in the LLVM dialect
  Llvm,    ///< cpu: optimised LLVM IR
  Object,  ///< cpu: native code, one shared object
  TileLayout, ///< sm_90a: kernels with a layout for every tile
  Nvvm,    ///< sm_90a: code of one thread in the LLVM dialect
  NvvmIr,  ///< sm_90a: optimised LLVM IR for NVPTX
  Ptx,     ///< sm_90a
  Cubin,   ///< sm_90a: assembled by ptxas
  Package
};

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name;      ///< of --emit and --from
  llvm::StringLiteral extension; ///< of dump files
  llvm::StringLiteral target;    ///< that has the phase; empty: all
  int number;                    ///< of dump files
  bool resumable;                ///< --from accepts it
  bool text;                     ///< printed to standard output unless -o is given
};

llvm::ArrayRef<PhaseInfo> allPhases();
std::optional<Phase> parsePhase(llvm::StringRef name);
const PhaseInfo &info(Phase phase);

} // namespace seqc

#endif // SEQC_PIPELINES_PHASES_H
