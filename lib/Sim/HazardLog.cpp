// SPDX-License-Identifier: Apache-2.0
#include "HazardLog.h"
#include "llvm/IR/DebugLoc.h"
#include "llvm/IR/Instruction.h"
#include "llvm/Support/raw_ostream.h"

namespace seqc::sim {

HazardLog::Record *HazardLog::add(HazardKind kind, Actor actor, std::optional<uint32_t> otherSite) {
  auto [it, isNew] = index.try_emplace({kind, actor.site, otherSite ? int64_t(*otherSite) : -1}, records.size());
  if (isNew) {
    records.emplace_back();
    records.back().kind = kind;
    records.back().block = actor.block;
    records.back().threads = {actor.thread};
    records.back().site = actor.site;
    records.back().otherSite = otherSite;
  }
  ++records[it->second].count;
  return isNew ? &records.back() : nullptr;
}

void HazardLog::memory(HazardKind kind, const Touch &touch, std::optional<Actor> earlier) {
  Record *record = add(kind, touch.actor, earlier ? std::optional<uint32_t>(earlier->site) : std::nullopt);
  if (!record)
    return;
  record->address = touch.address;
  record->bytes = touch.bytes;
  if (!earlier)
    return;
  record->threads.push_back(earlier->thread);
  if (earlier->block != touch.actor.block)
    record->otherBlock = earlier->block;
}

void HazardLog::sync(HazardKind kind, Actor actor, llvm::ArrayRef<uint32_t> others, std::optional<uint32_t> otherSite) {
  if (Record *record = add(kind, actor, otherSite))
    record->threads.insert(record->threads.end(), others.begin(), others.end());
}

static std::string describe(const Site &site) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << *site.instruction;
  text = llvm::StringRef(text).trim().split(", !").first.str();
  if (const llvm::DebugLoc &loc = site.instruction->getDebugLoc()) {
    text += " at ";
    loc.print(os);
  }
  return text;
}

std::vector<Hazard> HazardLog::hazards(llvm::ArrayRef<Site> sites, llvm::ArrayRef<Extent> coordinates) const {
  std::vector<Hazard> out;
  for (const Record &record : records) {
    Hazard hazard;
    hazard.kind = record.kind;
    hazard.block = coordinates[record.block];
    hazard.threads = record.threads;
    hazard.address = record.address;
    hazard.bytes = record.bytes;
    hazard.count = record.count;
    hazard.where = describe(sites[record.site]);
    if (record.otherBlock)
      hazard.otherBlock = coordinates[*record.otherBlock];
    if (record.otherSite)
      hazard.otherWhere = describe(sites[*record.otherSite]);
    out.push_back(std::move(hazard));
  }
  return out;
}

} // namespace seqc::sim
