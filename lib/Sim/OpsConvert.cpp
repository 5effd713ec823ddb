// SPDX-License-Identifier: Apache-2.0
// Conversions, minimum and maximum, byte permutation.
#include "Numeric.h"
#include "Ops.h"

namespace seqc::sim {

//===- Conversions --------------------------------------------------------------------------------------------------------------------===//

template <typename Format, bool Relu> static uint32_t narrow(uint32_t bits) {
  float x = toFloat(bits);
  return Format::store(Relu && x < 0 ? 0.0f : x);
}
/// The first operand is the high half.
template <typename Format, bool Relu> static void pack(LaneCall &c) {
  c.out[0] = narrow<Format, Relu>(c.in[0]) << 16 | narrow<Format, Relu>(c.in[1]);
}
template <typename Format, bool Relu> static void convert(LaneCall &c) { c.out[0] = narrow<Format, Relu>(c.in[0]); }

/// To 10 mantissa bits, to nearest: ties to even, or away from zero.
template <bool TiesAway> static void toTf32(LaneCall &c) {
  uint32_t bits = c.in[0];
  if (std::isnan(toFloat(bits)))
    c.out[0] = canonicalNaN;
  else if (std::isinf(toFloat(bits)))
    c.out[0] = bits;
  else
    c.out[0] = (bits + (TiesAway ? 0x1000 : 0xFFF + (bits >> 13 & 1))) & ~0x1FFFu;
}

/// Result byte i is byte (c >> 4 * i) & 7 of the eight bytes b:a, or its sign in every bit if bit 3 of the selector is set.
static void permute(LaneCall &c) {
  uint64_t bytes = c.in[0] | static_cast<uint64_t>(c.in[1]) << 32;
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t selector = c.in[2] >> 4 * i & 15, byte = static_cast<uint32_t>(bytes >> 8 * (selector & 7)) & 0xFF;
    if (selector & 8)
      byte = byte & 0x80 ? 0xFF : 0;
    result |= byte << 8 * i;
  }
  c.out[0] = result;
}

llvm::ArrayRef<OpForm> conversionOps() {
  static constexpr OpForm ops[] = {
      laneOp("nvvm.ff2bf16x2.rn", pack<Bfloat, false>),
      laneOp("nvvm.ff2bf16x2.rn.relu", pack<Bfloat, true>),
      laneOp("nvvm.ff2f16x2.rn", pack<Half, false>),
      laneOp("nvvm.ff2f16x2.rn.relu", pack<Half, true>),
      laneOp("nvvm.f2bf16.rn", convert<Bfloat, false>),
      laneOp("nvvm.f2bf16.rn.relu", convert<Bfloat, true>),
      laneOp("nvvm.f2f16.rn", convert<Half, false>),
      laneOp("nvvm.f2f16.rn.relu", convert<Half, true>),
      laneOp("nvvm.f2tf32.rn", toTf32<false>),
      laneOp("nvvm.f2tf32.rna", toTf32<true>),
      laneOp("nvvm.prmt", permute),
  };
  return ops;
}

//===- Minimum and maximum ------------------------------------------------------------------------------------------------------------===//

struct Greater {
  static float pick(float a, float b) { return a > b || (a == b && std::signbit(b)) ? a : b; }
};
struct Less {
  static float pick(float a, float b) { return a < b || (a == b && std::signbit(a)) ? a : b; }
};

template <typename Order, bool Ftz, bool Nan> static float choose(float a, float b) {
  if (Ftz)
    a = flush(a), b = flush(b);
  bool nanA = std::isnan(a), nanB = std::isnan(b);
  if ((nanA && nanB) || (Nan && (nanA || nanB)))
    return toFloat(canonicalNaN);
  return nanA ? b : nanB ? a : Order::pick(a, b);
}

template <typename Order, bool Ftz, bool Nan> static void choose32(LaneCall &c) {
  c.out[0] = toBits(choose<Order, Ftz, Nan>(toFloat(c.in[0]), toFloat(c.in[1])));
}

template <typename Order, bool Nan, typename Format, unsigned Count> static void choose16(LaneCall &c) {
  uint32_t result = 0;
  for (unsigned i = 0; i < Count; ++i) {
    auto operand = [&](unsigned k) { return Format::load(static_cast<uint16_t>(c.in[k] >> 16 * i)); };
    result |= static_cast<uint32_t>(Format::store(choose<Order, false, Nan>(operand(0), operand(1)))) << 16 * i;
  }
  c.out[0] = result;
}

llvm::ArrayRef<OpForm> minMaxOps() {
  static constexpr OpForm ops[] = {
      laneOp("nvvm.fmax.f", choose32<Greater, false, false>),
      laneOp("nvvm.fmax.ftz.f", choose32<Greater, true, false>),
      laneOp("nvvm.fmax.nan.f", choose32<Greater, false, true>),
      laneOp("nvvm.fmax.ftz.nan.f", choose32<Greater, true, true>),
      laneOp("nvvm.fmin.f", choose32<Less, false, false>),
      laneOp("nvvm.fmin.ftz.f", choose32<Less, true, false>),
      laneOp("nvvm.fmin.nan.f", choose32<Less, false, true>),
      laneOp("nvvm.fmin.ftz.nan.f", choose32<Less, true, true>),
      laneOp("nvvm.fmax.f16", choose16<Greater, false, Half, 1>),
      laneOp("nvvm.fmax.f16x2", choose16<Greater, false, Half, 2>),
      laneOp("nvvm.fmax.nan.f16", choose16<Greater, true, Half, 1>),
      laneOp("nvvm.fmax.nan.f16x2", choose16<Greater, true, Half, 2>),
      laneOp("nvvm.fmin.f16", choose16<Less, false, Half, 1>),
      laneOp("nvvm.fmin.f16x2", choose16<Less, false, Half, 2>),
      laneOp("nvvm.fmin.nan.f16", choose16<Less, true, Half, 1>),
      laneOp("nvvm.fmin.nan.f16x2", choose16<Less, true, Half, 2>),
      laneOp("nvvm.fmax.bf16", choose16<Greater, false, Bfloat, 1>),
      laneOp("nvvm.fmax.bf16x2", choose16<Greater, false, Bfloat, 2>),
      laneOp("nvvm.fmax.nan.bf16", choose16<Greater, true, Bfloat, 1>),
      laneOp("nvvm.fmax.nan.bf16x2", choose16<Greater, true, Bfloat, 2>),
      laneOp("nvvm.fmin.bf16", choose16<Less, false, Bfloat, 1>),
      laneOp("nvvm.fmin.bf16x2", choose16<Less, false, Bfloat, 2>),
      laneOp("nvvm.fmin.nan.bf16", choose16<Less, true, Bfloat, 1>),
      laneOp("nvvm.fmin.nan.bf16x2", choose16<Less, true, Bfloat, 2>),
  };
  return ops;
}

} // namespace seqc::sim
