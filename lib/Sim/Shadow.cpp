// SPDX-License-Identifier: Apache-2.0
#include "Shadow.h"
#include "llvm/Support/MemAlloc.h"
#include <algorithm>

namespace seqc::sim {

Shadow::Shadow(size_t bytes, const Clocks *&clocks)
    : clocks(&clocks), writes(static_cast<Write *>(llvm::safe_calloc(bytes, sizeof(Write)))),
      firstRead(static_cast<uint32_t *>(llvm::safe_calloc(bytes / 4 + 1, sizeof(uint32_t)))), reads(1) {}

Shadow::~Shadow() {
  free(writes);
  free(firstRead);
}

/// Calls body(word, mask of its bytes) for the 4-byte words of a range.
template <typename Body> static void forWords(size_t offset, unsigned bytes, Body body) {
  size_t end = offset + bytes;
  for (size_t word = offset / 4; word * 4 < end; ++word) {
    unsigned low = offset > word * 4 ? offset - word * 4 : 0, high = std::min<size_t>(4, end - word * 4);
    body(word, static_cast<uint8_t>(((1u << high) - 1) & ~((1u << low) - 1)));
  }
}

Shadow::Result Shadow::conflict(const Write &w, Actor actor, bool atomic) const {
  Actor earlier = {w.block, w.thread, w.site};
  switch (w.kind) {
  case Kind::None:
    return {};
  case Kind::InFlight:
    return {Finding::InFlight, earlier};
  case Kind::Atomic:
    if (atomic)
      return {};
    break;
  case Kind::Plain:
    break;
  }
  if (w.block != actor.block)
    return {Finding::OtherBlock, earlier};
  if (!(*clocks)->ordered(w.thread, w.time, actor.thread))
    return {Finding::Race, earlier};
  return {};
}

Shadow::Result Shadow::read(Actor actor, size_t offset, unsigned bytes, bool atomic) {
  Result result;
  bool unwritten = false;
  for (size_t i = offset; i < offset + bytes; ++i) {
    unwritten |= writes[i].kind == Kind::None;
    if (result.finding == Finding::None && (i == offset || !writes[i].sameWrite(writes[i - 1])))
      result = conflict(writes[i], actor, atomic);
  }
  forWords(offset, bytes, [&](size_t word, uint8_t mask) { addRead(actor, word, mask, atomic); });
  if (result.finding == Finding::None && unwritten)
    result.finding = Finding::Unwritten;
  return result;
}

void Shadow::addRead(Actor actor, size_t word, uint8_t mask, bool atomic) {
  uint32_t time = (*clocks)->now(actor.thread);
  bool foreign = false;
  // A write ordered after this read is ordered after every read that is ordered before this one; of the reads of other blocks one is enough.
  for (uint32_t *link = &firstRead[word]; *link;) {
    Read &r = reads[*link];
    bool other = r.block != actor.block;
    if (r.thread == actor.thread && r.time == time && !other && r.atomic == atomic && (r.bytes & mask) == mask)
      return;
    bool drop = other ? foreign && (r.bytes & ~mask) == 0 : r.atomic == atomic && (r.bytes & ~mask) == 0 && ordered(r, actor);
    foreign |= other;
    if (drop) {
      uint32_t dead = *link;
      *link = r.next;
      r.next = freeReads;
      freeReads = dead;
    } else {
      link = &r.next;
    }
  }
  uint32_t fresh = freeReads;
  if (fresh)
    freeReads = reads[fresh].next;
  else {
    fresh = reads.size();
    reads.emplace_back();
  }
  reads[fresh] = {time, actor.site, actor.block, firstRead[word], static_cast<uint16_t>(actor.thread), mask, atomic};
  firstRead[word] = fresh;
}

Shadow::Result Shadow::checkReads(Actor actor, size_t word, uint8_t mask, bool atomic) {
  Result result;
  for (uint32_t *link = &firstRead[word]; *link;) {
    Read &r = reads[*link];
    if (!(r.bytes & mask)) {
      link = &r.next;
      continue;
    }
    if (result.finding == Finding::None && !(r.atomic && atomic) && !ordered(r, actor))
      result = {r.block == actor.block ? Finding::Race : Finding::OtherBlock, {r.block, r.thread, r.site}};
    r.bytes &= ~mask;
    if (r.bytes) {
      link = &r.next;
      continue;
    }
    uint32_t dead = *link;
    *link = r.next;
    r.next = freeReads;
    freeReads = dead;
  }
  return result;
}

Shadow::Result Shadow::writeAs(Actor actor, size_t offset, unsigned bytes, Kind kind) {
  Result result;
  bool atomic = kind == Kind::Atomic;
  Write entry = {(*clocks)->now(actor.thread), actor.site, actor.block, static_cast<uint16_t>(actor.thread), kind};
  Write previous = {};
  for (size_t i = offset; i < offset + bytes; ++i) {
    if (result.finding == Finding::None && (i == offset || !writes[i].sameWrite(previous)))
      result = conflict(writes[i], actor, atomic);
    previous = writes[i];
    writes[i] = entry;
  }
  forWords(offset, bytes, [&](size_t word, uint8_t mask) {
    Result r = checkReads(actor, word, mask, atomic);
    if (result.finding == Finding::None)
      result = r;
  });
  return result;
}

Shadow::Result Shadow::write(Actor actor, size_t offset, unsigned bytes, bool atomic) {
  return writeAs(actor, offset, bytes, atomic ? Kind::Atomic : Kind::Plain);
}

Shadow::Result Shadow::beginCopy(Actor actor, size_t offset, unsigned bytes) { return writeAs(actor, offset, bytes, Kind::InFlight); }

void Shadow::land(Actor actor, size_t offset, unsigned bytes) {
  Write entry = {(*clocks)->now(actor.thread), actor.site, actor.block, static_cast<uint16_t>(actor.thread), Kind::Plain};
  std::fill(writes + offset, writes + offset + bytes, entry);
}

} // namespace seqc::sim
