// SPDX-License-Identifier: Apache-2.0
// What the functional model saw in one launch.
#ifndef SEQC_SIM_REPORT_H
#define SEQC_SIM_REPORT_H

#include "seqc/Sim/Launch.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <string>

namespace llvm {
class raw_ostream;
}

namespace seqc::sim {

enum class HazardKind : uint8_t {
  SharedRace,          ///< two threads, one byte, not ordered by a barrier, at least one write
  SharedUninitialised, ///< read of shared bytes that nobody wrote
  SharedOutOfRange,
  CopyInFlight, ///< access to bytes that an asynchronous copy has not delivered
  Misaligned,
  GlobalOutOfRange,    ///< outside every region of the launch
  GlobalReadOnly,      ///< write into a read-only region or a constant table
  GlobalUninitialised, ///< read of bytes that hold no value
  GlobalRace,          ///< like SharedRace, inside one block
  BlockConflict,       ///< two blocks touch one byte of global memory, at least one writes, not both atomically
  WarpMismatch,        ///< lanes named by a mask differ in operation or mask, or never come
  BarrierDivergence,   ///< lanes of one warp at different instructions of an aligned barrier
  BarrierMismatch,     ///< bad barrier id or thread count, or counts that differ
  BarrierIncomplete,   ///< a barrier that can never complete
  EndlessLoop,         ///< the launch passed its limit of iterations and was stopped
  Trap,
};
llvm::StringRef name(HazardKind kind);

/// The first of all hazards with equal kind and instructions; `count` says how many there were.
struct Hazard {
  HazardKind kind = HazardKind::Trap;
  Extent block = {0, 0, 0};
  std::vector<uint32_t> threads; ///< linear in the block: the one that noticed, then the others concerned
  uint64_t address = 0;          ///< offset in shared memory, or address in global memory; 0 for synchronisation
  uint32_t bytes = 0;
  std::string where;                ///< instruction, with its source location if it has one
  std::optional<Extent> otherBlock; ///< of the other thread of a BlockConflict
  std::string otherWhere;           ///< the earlier access or the other operation; may be empty
  uint64_t count = 1;
};
llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const Hazard &hazard);

struct Counts {
  uint64_t sharedReads = 0, sharedWrites = 0, globalReads = 0, globalWrites = 0; ///< accesses of single threads
  uint64_t barriers = 0;                                                         ///< completed block or named barriers
  std::map<std::string, uint64_t> operations;                                    ///< by name; warp operations count once a warp
};

struct Report {
  std::vector<Hazard> hazards;
  Counts counts;
  std::vector<llvm::BitVector> written; ///< per region of the launch and byte: written by this launch
  bool clean() const { return hazards.empty(); }
  bool has(HazardKind kind) const;
};
llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const Report &report);

} // namespace seqc::sim

#endif // SEQC_SIM_REPORT_H
