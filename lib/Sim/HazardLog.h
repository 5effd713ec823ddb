// SPDX-License-Identifier: Apache-2.0
// Collects hazards while fibers run (no text is made on their small stacks) and turns them into the report.
#ifndef SEQC_LIB_SIM_HAZARDLOG_H
#define SEQC_LIB_SIM_HAZARDLOG_H

#include "Site.h"
#include "seqc/Sim/Report.h"
#include <map>
#include <optional>

namespace seqc::sim {

class HazardLog {
public:
  /// On memory: `earlier` is the access in conflict, if any.
  void memory(HazardKind kind, const Touch &touch, std::optional<Actor> earlier = std::nullopt);
  /// On synchronisation: `actor` noticed, `others` are the threads concerned, `otherSite` what one of them does.
  void sync(HazardKind kind, Actor actor, llvm::ArrayRef<uint32_t> others, std::optional<uint32_t> otherSite = std::nullopt);

  /// `coordinates`: of the blocks by number.
  std::vector<Hazard> hazards(llvm::ArrayRef<Site> sites, llvm::ArrayRef<Extent> coordinates) const;

private:
  struct Record {
    HazardKind kind;
    uint32_t block;
    std::vector<uint32_t> threads;
    uint64_t address = 0;
    uint32_t bytes = 0, site;
    std::optional<uint32_t> otherSite, otherBlock;
    uint64_t count = 0;
  };
  Record *add(HazardKind kind, Actor actor, std::optional<uint32_t> otherSite); // null if known already
  std::vector<Record> records;
  std::map<std::tuple<HazardKind, uint32_t, int64_t>, size_t> index;
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_HAZARDLOG_H
