// SPDX-License-Identifier: Apache-2.0
// Exchanges between the lanes of a warp: shuffles, votes, reductions. None of them orders memory.
#include "Ops.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

namespace seqc::sim {

enum class Shuffle { Up, Down, Butterfly, Index };

/// Operands: mask, value, b, c = clamp | segment mask << 8. Results: value [, source in range].
template <Shuffle Kind, bool WithPredicate> static void shuffle(WarpCall &c) {
  c.forLanes([&](unsigned lane, Thread &t) {
    int b = t.in[2] & 31, clamp = t.in[3] & 31, segment = t.in[3] >> 8 & 31, own = lane;
    int low = own & segment, high = low | (clamp & ~segment), source = own;
    bool inRange = true;
    switch (Kind) {
    case Shuffle::Up:
      source = own - b;
      inRange = source >= high;
      break;
    case Shuffle::Down:
      source = own + b;
      inRange = source <= high;
      break;
    case Shuffle::Butterfly:
      source = own ^ b;
      inRange = source <= high;
      break;
    case Shuffle::Index:
      source = low | (b & ~segment);
      inRange = source <= high;
      break;
    }
    if (!inRange)
      source = own;
    if (!c.lanes[source]) {
      c.machine.log().sync(HazardKind::WarpMismatch, c.machine.actor(t, t.site), t.index - lane + source);
      t.out[0] = ~0u; // undefined
    } else {
      t.out[0] = c.lanes[source]->in[1];
    }
    if (WithPredicate)
      t.out[1] = inRange;
  });
}

enum class Vote { All, Any, Uniform, Ballot };

/// Operands: mask, predicate.
template <Vote Kind> static void vote(WarpCall &c) {
  uint32_t ballot = 0;
  c.forLanes([&](unsigned lane, Thread &t) { ballot |= (t.in[1] & 1) << lane; });
  uint32_t result = ballot;
  if (Kind == Vote::All)
    result = ballot == c.mask;
  else if (Kind == Vote::Any)
    result = ballot != 0;
  else if (Kind == Vote::Uniform)
    result = ballot == 0 || ballot == c.mask;
  c.forLanes([&](unsigned, Thread &t) { t.out[0] = result; });
}

/// Operands: value, mask.
template <typename T, T (*Combine)(T, T)> static void reduce(WarpCall &c) {
  Thread &first = *c.lanes[llvm::countr_zero(c.mask)];
  T result = static_cast<T>(first.in[0]);
  c.forLanes([&](unsigned, Thread &t) {
    if (&t != &first)
      result = Combine(result, static_cast<T>(t.in[0]));
  });
  c.forLanes([&](unsigned, Thread &t) { t.out[0] = static_cast<uint32_t>(result); });
}
template <typename T> static T add(T a, T b) { return a + b; }
template <typename T> static T least(T a, T b) { return std::min(a, b); }
template <typename T> static T most(T a, T b) { return std::max(a, b); }
static uint32_t bitAnd(uint32_t a, uint32_t b) { return a & b; }
static uint32_t bitOr(uint32_t a, uint32_t b) { return a | b; }
static uint32_t bitXor(uint32_t a, uint32_t b) { return a ^ b; }

llvm::ArrayRef<OpForm> exchangeOps() {
  static constexpr OpForm ops[] = {
      maskedOp("nvvm.shfl.sync.up.i32", shuffle<Shuffle::Up, false>),
      maskedOp("nvvm.shfl.sync.up.f32", shuffle<Shuffle::Up, false>),
      maskedOp("nvvm.shfl.sync.up.i32p", shuffle<Shuffle::Up, true>),
      maskedOp("nvvm.shfl.sync.up.f32p", shuffle<Shuffle::Up, true>),
      maskedOp("nvvm.shfl.sync.down.i32", shuffle<Shuffle::Down, false>),
      maskedOp("nvvm.shfl.sync.down.f32", shuffle<Shuffle::Down, false>),
      maskedOp("nvvm.shfl.sync.down.i32p", shuffle<Shuffle::Down, true>),
      maskedOp("nvvm.shfl.sync.down.f32p", shuffle<Shuffle::Down, true>),
      maskedOp("nvvm.shfl.sync.bfly.i32", shuffle<Shuffle::Butterfly, false>),
      maskedOp("nvvm.shfl.sync.bfly.f32", shuffle<Shuffle::Butterfly, false>),
      maskedOp("nvvm.shfl.sync.bfly.i32p", shuffle<Shuffle::Butterfly, true>),
      maskedOp("nvvm.shfl.sync.bfly.f32p", shuffle<Shuffle::Butterfly, true>),
      maskedOp("nvvm.shfl.sync.idx.i32", shuffle<Shuffle::Index, false>),
      maskedOp("nvvm.shfl.sync.idx.f32", shuffle<Shuffle::Index, false>),
      maskedOp("nvvm.shfl.sync.idx.i32p", shuffle<Shuffle::Index, true>),
      maskedOp("nvvm.shfl.sync.idx.f32p", shuffle<Shuffle::Index, true>),
      maskedOp("nvvm.vote.all.sync", vote<Vote::All>),
      maskedOp("nvvm.vote.any.sync", vote<Vote::Any>),
      maskedOp("nvvm.vote.uni.sync", vote<Vote::Uniform>),
      maskedOp("nvvm.vote.ballot.sync", vote<Vote::Ballot>),
      maskedOp("nvvm.redux.sync.add", reduce<uint32_t, add>, 1),
      maskedOp("nvvm.redux.sync.min", reduce<int32_t, least>, 1),
      maskedOp("nvvm.redux.sync.max", reduce<int32_t, most>, 1),
      maskedOp("nvvm.redux.sync.umin", reduce<uint32_t, least>, 1),
      maskedOp("nvvm.redux.sync.umax", reduce<uint32_t, most>, 1),
      maskedOp("nvvm.redux.sync.and", reduce<uint32_t, bitAnd>, 1),
      maskedOp("nvvm.redux.sync.or", reduce<uint32_t, bitOr>, 1),
      maskedOp("nvvm.redux.sync.xor", reduce<uint32_t, bitXor>, 1),
  };
  return ops;
}

} // namespace seqc::sim
