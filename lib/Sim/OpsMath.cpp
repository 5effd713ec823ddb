// SPDX-License-Identifier: Apache-2.0
// Approximate functions and fused multiply-add. The approximations are computed to the last place of a float; flushing to zero is exact.
#include "Numeric.h"
#include "Ops.h"

namespace seqc::sim {

template <float (*F)(float), bool Ftz> static void unary(LaneCall &c) {
  float x = toFloat(c.in[0]);
  float y = F(Ftz ? flush(x) : x);
  c.out[0] = std::isnan(y) ? canonicalNaN : toBits(Ftz ? flush(y) : y);
}
static float exp2Of(float x) { return std::exp2(x); }
static float log2Of(float x) { return std::log2(x); }
static float reciprocal(float x) { return 1.0f / x; }
static float reciprocalRoot(float x) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(x))); }
static float root(float x) { return std::sqrt(x); }
static float sine(float x) { return std::sin(x); }
static float cosine(float x) { return std::cos(x); }
static float tangentH(float x) { return std::tanh(x); }

template <bool Ftz> static void divideFully(LaneCall &c) {
  float a = toFloat(c.in[0]), b = toFloat(c.in[1]);
  float y = Ftz ? flush(flush(a) / flush(b)) : a / b;
  c.out[0] = std::isnan(y) ? canonicalNaN : toBits(y);
}

template <bool Ftz> static void fma32(LaneCall &c) {
  auto operand = [&](unsigned i) { return Ftz ? flush(toFloat(c.in[i])) : toFloat(c.in[i]); };
  float y = std::fma(operand(0), operand(1), operand(2));
  c.out[0] = std::isnan(y) ? canonicalNaN : toBits(Ftz ? flush(y) : y);
}

static void fma64(LaneCall &c) {
  double y = std::fma(bitsTo<double>(wide(c.in)), bitsTo<double>(wide(c.in + 2)), bitsTo<double>(wide(c.in + 4)));
  uint64_t bits = bitsTo<uint64_t>(y);
  c.out[0] = static_cast<uint32_t>(bits);
  c.out[1] = static_cast<uint32_t>(bits >> 32);
}

template <typename Format, unsigned Count> static void fma16(LaneCall &c) {
  uint32_t result = 0;
  for (unsigned i = 0; i < Count; ++i) {
    auto operand = [&](unsigned k) { return static_cast<double>(Format::load(static_cast<uint16_t>(c.in[k] >> 16 * i))); };
    result |= static_cast<uint32_t>(Format::store(roundToOdd(std::fma(operand(0), operand(1), operand(2))))) << 16 * i;
  }
  c.out[0] = result;
}

llvm::ArrayRef<OpForm> mathOps() {
  static constexpr OpForm ops[] = {
      laneOp("nvvm.ex2.approx.f32", unary<exp2Of, false>),
      laneOp("nvvm.ex2.approx.ftz.f32", unary<exp2Of, true>),
      laneOp("nvvm.lg2.approx.f", unary<log2Of, false>),
      laneOp("nvvm.lg2.approx.ftz.f", unary<log2Of, true>),
      laneOp("nvvm.rcp.approx.ftz.f", unary<reciprocal, true>),
      laneOp("nvvm.rsqrt.approx.f", unary<reciprocalRoot, false>),
      laneOp("nvvm.rsqrt.approx.ftz.f", unary<reciprocalRoot, true>),
      laneOp("nvvm.sqrt.approx.f", unary<root, false>),
      laneOp("nvvm.sqrt.approx.ftz.f", unary<root, true>),
      laneOp("nvvm.sin.approx.f", unary<sine, false>),
      laneOp("nvvm.sin.approx.ftz.f", unary<sine, true>),
      laneOp("nvvm.cos.approx.f", unary<cosine, false>),
      laneOp("nvvm.cos.approx.ftz.f", unary<cosine, true>),
      laneOp("asm ex2.approx.f32", unary<exp2Of, false>),
      laneOp("asm ex2.approx.ftz.f32", unary<exp2Of, true>),
      laneOp("asm lg2.approx.f32", unary<log2Of, false>),
      laneOp("asm lg2.approx.ftz.f32", unary<log2Of, true>),
      laneOp("asm rcp.approx.f32", unary<reciprocal, false>),
      laneOp("asm rcp.approx.ftz.f32", unary<reciprocal, true>),
      laneOp("asm rsqrt.approx.f32", unary<reciprocalRoot, false>),
      laneOp("asm rsqrt.approx.ftz.f32", unary<reciprocalRoot, true>),
      laneOp("asm sqrt.approx.f32", unary<root, false>),
      laneOp("asm sqrt.approx.ftz.f32", unary<root, true>),
      laneOp("asm sin.approx.f32", unary<sine, false>),
      laneOp("asm cos.approx.f32", unary<cosine, false>),
      laneOp("asm tanh.approx.f32", unary<tangentH, false>),
      laneOp("nvvm.div.full", divideFully<false>),
      laneOp("nvvm.div.full.ftz", divideFully<true>),
      laneOp("nvvm.fma.rn.f", fma32<false>),
      laneOp("nvvm.fma.rn.ftz.f", fma32<true>),
      laneOp("nvvm.fma.rn.d", fma64),
      laneOp("nvvm.fma.rn.f16", fma16<Half, 1>),
      laneOp("nvvm.fma.rn.f16x2", fma16<Half, 2>),
      laneOp("nvvm.fma.rn.bf16", fma16<Bfloat, 1>),
      laneOp("nvvm.fma.rn.bf16x2", fma16<Bfloat, 2>),
  };
  return ops;
}

} // namespace seqc::sim
