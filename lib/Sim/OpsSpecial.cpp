// SPDX-License-Identifier: Apache-2.0
// Special registers, barriers, traps, and what has no effect here.
#include "Ops.h"

namespace seqc::sim {

template <int Axis> static void tid(LaneCall &c) { c.out[0] = c.thread.position[Axis]; }
template <int Axis> static void ntid(LaneCall &c) { c.out[0] = c.machine.launchOf().block[Axis]; }
template <int Axis> static void ctaid(LaneCall &c) { c.out[0] = c.machine.blockPosition()[Axis]; }
template <int Axis> static void nctaid(LaneCall &c) { c.out[0] = c.machine.launchOf().grid[Axis]; }
static void laneId(LaneCall &c) { c.out[0] = c.thread.lane(); }
static void warpId(LaneCall &c) { c.out[0] = c.thread.warp(); }
static void warpSizeOf(LaneCall &c) { c.out[0] = warpSize; }
static void laneMaskEq(LaneCall &c) { c.out[0] = 1u << c.thread.lane(); }
static void laneMaskLt(LaneCall &c) { c.out[0] = (1u << c.thread.lane()) - 1; }
static void laneMaskLe(LaneCall &c) { c.out[0] = (2u << c.thread.lane()) - 1; }
static void laneMaskGe(LaneCall &c) { c.out[0] = ~((1u << c.thread.lane()) - 1); }
static void laneMaskGt(LaneCall &c) { c.out[0] = ~((2u << c.thread.lane()) - 1); }

llvm::ArrayRef<OpForm> specialRegisterOps() {
  static constexpr OpForm ops[] = {
      laneOp("nvvm.read.ptx.sreg.tid.x", tid<0>),           laneOp("nvvm.read.ptx.sreg.tid.y", tid<1>),
      laneOp("nvvm.read.ptx.sreg.tid.z", tid<2>),           laneOp("nvvm.read.ptx.sreg.ntid.x", ntid<0>),
      laneOp("nvvm.read.ptx.sreg.ntid.y", ntid<1>),         laneOp("nvvm.read.ptx.sreg.ntid.z", ntid<2>),
      laneOp("nvvm.read.ptx.sreg.ctaid.x", ctaid<0>),       laneOp("nvvm.read.ptx.sreg.ctaid.y", ctaid<1>),
      laneOp("nvvm.read.ptx.sreg.ctaid.z", ctaid<2>),       laneOp("nvvm.read.ptx.sreg.nctaid.x", nctaid<0>),
      laneOp("nvvm.read.ptx.sreg.nctaid.y", nctaid<1>),     laneOp("nvvm.read.ptx.sreg.nctaid.z", nctaid<2>),
      laneOp("nvvm.read.ptx.sreg.laneid", laneId),          laneOp("nvvm.read.ptx.sreg.warpid", warpId),
      laneOp("nvvm.read.ptx.sreg.warpsize", warpSizeOf),    laneOp("nvvm.read.ptx.sreg.lanemask.eq", laneMaskEq),
      laneOp("nvvm.read.ptx.sreg.lanemask.lt", laneMaskLt), laneOp("nvvm.read.ptx.sreg.lanemask.le", laneMaskLe),
      laneOp("nvvm.read.ptx.sreg.lanemask.ge", laneMaskGe), laneOp("nvvm.read.ptx.sreg.lanemask.gt", laneMaskGt),
  };
  return ops;
}

template <bool Aligned> static void barrierAll(LaneCall &c) { c.machine.barrier(c.thread, c.site, c.in[0], 0, Aligned); }

template <bool Aligned> static void barrierCount(LaneCall &c) {
  uint32_t count = c.in[1];
  c.machine.barrier(c.thread, c.site, c.in[0], count ? count : 1, Aligned); // 0 is as wrong as 1, not the whole block
}

static void warpBarrier(WarpCall &c) {
  std::vector<uint32_t> threads;
  c.forLanes([&](unsigned, Thread &t) { threads.push_back(t.index); });
  c.machine.join(threads);
}

static void trap(LaneCall &c) {
  c.machine.log().sync(HazardKind::Trap, c.machine.actor(c.thread, c.site), {});
  c.machine.abandonBlock();
}

/// Fences order memory that is in order here already; what they need besides, a barrier, the histories check. Prefetches change nothing.
static void nothing(LaneCall &) {}

llvm::ArrayRef<OpForm> synchronisationOps() {
  static constexpr OpForm ops[] = {
      laneOp("nvvm.barrier.cta.sync.aligned.all", barrierAll<true>),
      laneOp("nvvm.barrier.cta.sync.aligned.count", barrierCount<true>),
      laneOp("nvvm.barrier.cta.sync.all", barrierAll<false>),
      laneOp("nvvm.barrier.cta.sync.count", barrierCount<false>),
      maskedOp("nvvm.bar.warp.sync", warpBarrier),
      laneOp("trap", trap),
      laneOp("nvvm.membar.cta", nothing),
      laneOp("nvvm.membar.gl", nothing),
      laneOp("nvvm.prefetch.L1", nothing),
      laneOp("nvvm.prefetch.L2", nothing),
      laneOp("nvvm.prefetch.global.L1", nothing),
      laneOp("nvvm.prefetch.global.L2", nothing),
      laneOp("nvvm.prefetch.global.L2.evict.last", nothing),
      laneOp("nvvm.prefetch.global.L2.evict.normal", nothing),
      laneOp("asm prefetch.global.L2", nothing),
  };
  return ops;
}

} // namespace seqc::sim
