// SPDX-License-Identifier: Apache-2.0
#include "Memory.h"
#include <cstring>

namespace seqc::sim {

char *scratch() {
  alignas(64) static thread_local char bytes[maxAccessBytes];
  memset(bytes, poisonByte, sizeof bytes);
  return bytes;
}

static bool aligned(const Touch &touch, HazardLog &log) {
  if ((touch.address & (touch.align - 1)) == 0)
    return true;
  log.memory(HazardKind::Misaligned, touch);
  return false;
}

//===- Shared memory ------------------------------------------------------------------------------------------------------------------===//

SharedMemory::SharedMemory(uint32_t bytes, HazardLog &log) : data(bytes), log(log) {}

void SharedMemory::beginBlock(const Clocks &next) {
  std::fill(data.begin(), data.end(), static_cast<char>(poisonByte));
  clocks = &next;
  shadow = std::make_unique<Shadow>(data.size(), clocks);
}

bool SharedMemory::inRange(const Touch &touch) {
  bool isAligned = aligned(touch, log);
  uint64_t offset = touch.address - window;
  if (offset < data.size() && touch.bytes <= data.size() - offset)
    return isAligned;
  log.memory(HazardKind::SharedOutOfRange, touch);
  return false;
}

void SharedMemory::note(const Shadow::Result &result, const Touch &touch) {
  switch (result.finding) {
  case Shadow::Finding::None:
    return;
  case Shadow::Finding::Unwritten:
    return log.memory(HazardKind::SharedUninitialised, touch);
  case Shadow::Finding::InFlight:
    return log.memory(HazardKind::CopyInFlight, touch, result.earlier);
  case Shadow::Finding::Race:
  case Shadow::Finding::OtherBlock: // not of shared memory: its history begins with the block
    return log.memory(HazardKind::SharedRace, touch, result.earlier);
  }
}

char *SharedMemory::access(const Touch &touch) {
  if (!inRange(touch))
    return scratch();
  size_t offset = touch.address - window;
  bool atomic = touch.mode == Mode::Atomic;
  if (touch.mode != Mode::Write)
    note(shadow->read(touch.actor, offset, touch.bytes, atomic), touch);
  if (touch.mode != Mode::Read)
    note(shadow->write(touch.actor, offset, touch.bytes, atomic), touch);
  return data.data() + offset;
}

bool SharedMemory::beginCopy(const Touch &touch) {
  if (!inRange(touch))
    return false;
  size_t offset = touch.address - window;
  note(shadow->beginCopy(touch.actor, offset, touch.bytes), touch);
  memset(data.data() + offset, poisonByte, touch.bytes);
  return true;
}

char *SharedMemory::land(const Touch &touch) {
  size_t offset = touch.address - window;
  shadow->land(touch.actor, offset, touch.bytes);
  return data.data() + offset;
}

//===- Global memory ------------------------------------------------------------------------------------------------------------------===//

GlobalMemory::GlobalMemory(llvm::ArrayRef<MemoryRegion> list, size_t sites, HazardLog &log) : regionOfSite(sites, 0), log(log) {
  for (const MemoryRegion &r : list) {
    Region region{static_cast<char *>(r.base), r.bytes, r.writable, r.initialised ? &*r.initialised : nullptr, nullptr, {}};
    if (r.writable) {
      region.shadow = std::make_unique<Shadow>(r.bytes, clocks);
      region.written.resize(r.bytes);
    }
    regions.push_back(std::move(region));
  }
}

GlobalMemory::Region *GlobalMemory::find(const Touch &touch) {
  uint16_t &last = regionOfSite[touch.actor.site];
  if (last < regions.size() && regions[last].holds(touch.address, touch.bytes))
    return &regions[last];
  for (size_t i = 0; i < regions.size(); ++i)
    if (regions[i].holds(touch.address, touch.bytes)) {
      last = static_cast<uint16_t>(i);
      return &regions[i];
    }
  return nullptr;
}

/// The region of an access that may happen; null, and logged, for others.
GlobalMemory::Region *GlobalMemory::place(const Touch &touch) {
  bool isAligned = aligned(touch, log);
  Region *region = find(touch);
  if (!region)
    log.memory(HazardKind::GlobalOutOfRange, touch);
  else if (touch.mode != Mode::Read && !region->writable)
    log.memory(HazardKind::GlobalReadOnly, touch);
  else if (isAligned)
    return region;
  return nullptr;
}

char *GlobalMemory::access(const Touch &touch) {
  Region *region = place(touch);
  if (!region)
    return scratch();
  char *host = reinterpret_cast<char *>(touch.address);
  size_t offset = host - region->base;
  if (touch.mode != Mode::Write)
    checkRead(*region, touch, offset);
  if (touch.mode != Mode::Read) {
    note(*region, region->shadow->write(touch.actor, offset, touch.bytes, touch.mode == Mode::Atomic), touch, offset);
    region->written.set(offset, offset + touch.bytes);
  }
  return host;
}

void GlobalMemory::checkRead(Region &region, const Touch &touch, size_t offset) {
  if (region.shadow)
    return note(region, region.shadow->read(touch.actor, offset, touch.bytes, touch.mode == Mode::Atomic), touch, offset);
  if (region.initialised && region.initialised->find_first_unset_in(offset, offset + touch.bytes) >= 0)
    log.memory(HazardKind::GlobalUninitialised, touch);
}

void GlobalMemory::note(Region &region, const Shadow::Result &result, const Touch &touch, size_t offset) {
  switch (result.finding) {
  case Shadow::Finding::None:
  case Shadow::Finding::InFlight: // copies go to shared memory
    return;
  case Shadow::Finding::Unwritten:
    for (size_t i = offset; region.initialised && i < offset + touch.bytes; ++i)
      if (!region.shadow->isWritten(i) && !region.initialised->test(i))
        return log.memory(HazardKind::GlobalUninitialised, touch);
    return;
  case Shadow::Finding::Race:
    return log.memory(HazardKind::GlobalRace, touch, result.earlier);
  case Shadow::Finding::OtherBlock:
    return log.memory(HazardKind::BlockConflict, touch, result.earlier);
  }
}

std::vector<llvm::BitVector> GlobalMemory::takeWritten(size_t regionsOfLaunch) {
  std::vector<llvm::BitVector> out;
  for (size_t i = 0; i < regionsOfLaunch; ++i) {
    regions[i].written.resize(regions[i].bytes);
    out.push_back(std::move(regions[i].written));
  }
  return out;
}

} // namespace seqc::sim
