// SPDX-License-Identifier: Apache-2.0
// Asynchronous copies of a thread, and reductions in global memory.
#include "Numeric.h"
#include "Ops.h"
#include <algorithm>

namespace seqc::sim {

/// Operands: shared destination, global source [, bytes to read, the rest is zeros].
template <uint32_t Bytes, bool WithSize> static void copyAsync(LaneCall &c) {
  Actor actor = c.machine.actor(c.thread, c.site);
  uint64_t destination = wide(c.in), source = wide(c.in + 2);
  uint32_t sourceBytes = WithSize ? std::min(c.in[4], Bytes) : Bytes;
  if (!c.machine.shared().beginCopy({actor, destination, Bytes, Bytes, Mode::Write}))
    return;
  if (sourceBytes && !c.machine.global().check({actor, source, sourceBytes, Bytes, Mode::Read}))
    sourceBytes = 0;
  c.thread.copies.issue({destination, source, Bytes, sourceBytes, c.site});
}

static void commitGroup(LaneCall &c) { c.thread.copies.commit(); }
static void waitGroup(LaneCall &c) { c.thread.copies.wait(c.machine, c.thread, c.in[0]); }
static void waitAll(LaneCall &c) {
  c.thread.copies.commit();
  c.thread.copies.wait(c.machine, c.thread, 0);
}

llvm::ArrayRef<OpForm> asyncCopyOps() {
  static constexpr OpForm ops[] = {
      laneOp("nvvm.cp.async.ca.shared.global.4", copyAsync<4, false>),
      laneOp("nvvm.cp.async.ca.shared.global.8", copyAsync<8, false>),
      laneOp("nvvm.cp.async.ca.shared.global.16", copyAsync<16, false>),
      laneOp("nvvm.cp.async.cg.shared.global.16", copyAsync<16, false>),
      laneOp("nvvm.cp.async.ca.shared.global.4.s", copyAsync<4, true>),
      laneOp("nvvm.cp.async.ca.shared.global.8.s", copyAsync<8, true>),
      laneOp("nvvm.cp.async.ca.shared.global.16.s", copyAsync<16, true>),
      laneOp("nvvm.cp.async.cg.shared.global.16.s", copyAsync<16, true>),
      laneOp("nvvm.cp.async.commit.group", commitGroup),
      laneOp("nvvm.cp.async.wait.group", waitGroup),
      laneOp("nvvm.cp.async.wait.all", waitAll),
  };
  return ops;
}

static char *atomic(LaneCall &c, uint32_t bytes) {
  return c.machine.global().access({c.machine.actor(c.thread, c.site), wide(c.in), bytes, bytes, Mode::Atomic});
}

template <unsigned Count> static void addFloats(LaneCall &c) {
  char *host = atomic(c, 4 * Count);
  for (unsigned i = 0; i < Count; ++i) {
    float x;
    memcpy(&x, host + 4 * i, 4);
    x += toFloat(c.in[2 + i]);
    memcpy(host + 4 * i, &x, 4);
  }
}

template <typename Format> static void addPair(LaneCall &c) {
  char *host = atomic(c, 4);
  for (unsigned i = 0; i < 2; ++i) {
    uint16_t x;
    memcpy(&x, host + 2 * i, 2);
    x = Format::store(Format::load(x) + Format::load(static_cast<uint16_t>(c.in[2] >> 16 * i)));
    memcpy(host + 2 * i, &x, 2);
  }
}

llvm::ArrayRef<OpForm> globalOps() {
  static constexpr OpForm ops[] = {
      laneOp("asm red.global.add.f32", addFloats<1>),
      laneOp("asm red.global.add.v2.f32", addFloats<2>),
      laneOp("asm red.global.add.v4.f32", addFloats<4>),
      laneOp("asm red.global.add.noftz.f16x2", addPair<Half>),
      laneOp("asm red.global.add.noftz.bf16x2", addPair<Bfloat>),
  };
  return ops;
}

} // namespace seqc::sim
