// SPDX-License-Identifier: Apache-2.0
// Access history of a range of memory: per byte the last write, per 4 bytes the reads no later write has to wait for again.
#ifndef SEQC_LIB_SIM_SHADOW_H
#define SEQC_LIB_SIM_SHADOW_H

#include "Clocks.h"

namespace seqc::sim {

/// Who touches memory: a thread of a block (numbered from 0 within the launch), at an instruction.
struct Actor {
  uint32_t block, thread, site;
};

class Shadow {
public:
  enum class Finding : uint8_t { None, Unwritten, Race, OtherBlock, InFlight };
  struct Result {
    Finding finding = Finding::None;
    Actor earlier = {0, 0, 0};
  };

  /// Blocks run one after the other; `clocks` are those of the running one.
  Shadow(size_t bytes, const Clocks *&clocks);
  ~Shadow();
  Shadow(const Shadow &) = delete;
  Shadow &operator=(const Shadow &) = delete;

  bool isWritten(size_t offset) const { return writes[offset].kind != Kind::None; }

  /// Both record the access and return the first conflict with an earlier one.
  Result read(Actor actor, size_t offset, unsigned bytes, bool atomic);
  Result write(Actor actor, size_t offset, unsigned bytes, bool atomic);
  /// An asynchronous copy into the bytes begins: until land(), every access conflicts.
  Result beginCopy(Actor actor, size_t offset, unsigned bytes);
  /// The copy is delivered: as if `actor` wrote the bytes now.
  void land(Actor actor, size_t offset, unsigned bytes);

private:
  enum class Kind : uint8_t { None, Plain, Atomic, InFlight };
  struct Write {
    uint32_t time, site, block;
    uint16_t thread;
    Kind kind;
    bool sameWrite(const Write &o) const { return time == o.time && site == o.site && block == o.block && thread == o.thread && kind == o.kind; }
  };
  struct Read {
    uint32_t time, site, block, next; // next: index in `reads`, 0 ends
    uint16_t thread;
    uint8_t bytes; // mask within the 4 bytes
    bool atomic;
  };
  Result conflict(const Write &w, Actor actor, bool atomic) const;
  Result writeAs(Actor actor, size_t offset, unsigned bytes, Kind kind);
  void addRead(Actor actor, size_t word, uint8_t mask, bool atomic);
  Result checkReads(Actor actor, size_t word, uint8_t mask, bool atomic);
  bool ordered(const Read &r, Actor actor) const { return r.block == actor.block && (*clocks)->ordered(r.thread, r.time, actor.thread); }

  const Clocks **clocks;
  Write *writes;       // per byte, zero pages until touched
  uint32_t *firstRead; // per 4 bytes
  std::vector<Read> reads;
  uint32_t freeReads = 0;
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_SHADOW_H
