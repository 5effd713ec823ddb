// SPDX-License-Identifier: Apache-2.0
// Matrix products of a warp and the moves between shared memory and their fragments, after the fragment layouts of the PTX ISA.
#include "Numeric.h"
#include "Ops.h"
#include <algorithm>
#include <cstring>
#include <limits>

namespace seqc::sim {

// Element formats of A and B. Products are exact in Sum.
struct BF16 {
  static constexpr unsigned bits = 16;
  using Sum = double;
  static double value(uint32_t x) { return bfloatToFloat(x); }
};
struct F16 {
  static constexpr unsigned bits = 16;
  using Sum = double;
  static double value(uint32_t x) { return halfToFloat(x); }
};
struct TF32 { // the low 13 bits of the register do not count
  static constexpr unsigned bits = 32;
  using Sum = double;
  static double value(uint32_t x) { return toFloat(x & 0xFFFFE000); }
};
struct S8 {
  static constexpr unsigned bits = 8;
  using Sum = int64_t;
  static int64_t value(uint32_t x) { return static_cast<int8_t>(x); }
};
struct U8 {
  static constexpr unsigned bits = 8;
  using Sum = int64_t;
  static int64_t value(uint32_t x) { return static_cast<uint8_t>(x); }
};

// Formats of C and D: four values of a lane, as registers.
struct AccF32 {
  static constexpr unsigned registers = 4;
  static double load(const uint32_t *r, unsigned i) { return toFloat(r[i]); }
  static void store(uint32_t *r, unsigned i, double x) { r[i] = toBits(static_cast<float>(x)); }
};
struct AccF16 {
  static constexpr unsigned registers = 2;
  static double load(const uint32_t *r, unsigned i) { return halfToFloat(r[i / 2] >> 16 * (i % 2)); }
  static void store(uint32_t *r, unsigned i, double x) {
    uint32_t half = floatToHalf(roundToOdd(x));
    r[i / 2] = i % 2 ? (r[i / 2] & 0xFFFF) | half << 16 : half;
  }
};
template <bool Saturate> struct AccS32 {
  static constexpr unsigned registers = 4;
  static int64_t load(const uint32_t *r, unsigned i) { return static_cast<int32_t>(r[i]); }
  static void store(uint32_t *r, unsigned i, int64_t x) {
    if (Saturate)
      x = std::clamp<int64_t>(x, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
    r[i] = static_cast<uint32_t>(x);
  }
};

/// D = A * B + C with A 16xK by rows, B Kx8 by columns. With g = lane / 4, t = lane % 4 and p elements in a register:
///   A register r, element j: row g + 8 * (r % 2), k = 4 * p * (r / 2) + t * p + j
///   B register r, element j: k = 4 * p * r + t * p + j, column g
///   C, D value i: row g + 8 * (i / 2), column 2 * t + i % 2
template <unsigned K, typename TypeA, typename TypeB, typename Acc> static void mma(WarpCall &c) {
  using Sum = typename TypeA::Sum;
  constexpr unsigned perRegister = 32 / TypeA::bits, slice = 4 * perRegister, registersA = K / slice * 2, registersB = K / slice;
  static_assert(TypeA::bits == TypeB::bits && K % slice == 0);
  Sum a[16][K], b[K][8];
  c.forLanes([&](unsigned lane, Thread &thread) {
    unsigned g = lane / 4, t = lane % 4;
    for (unsigned j = 0; j < perRegister; ++j) {
      for (unsigned r = 0; r < registersA; ++r)
        a[g + 8 * (r % 2)][slice * (r / 2) + t * perRegister + j] = TypeA::value(thread.in[r] >> j * TypeA::bits % 32);
      for (unsigned r = 0; r < registersB; ++r)
        b[slice * r + t * perRegister + j][g] = TypeB::value(thread.in[registersA + r] >> j * TypeB::bits % 32);
    }
  });
  Sum d[16][8] = {};
  for (unsigned m = 0; m < 16; ++m)
    for (unsigned k = 0; k < K; ++k)
      for (unsigned n = 0; n < 8; ++n)
        d[m][n] += a[m][k] * b[k][n];
  c.forLanes([&](unsigned lane, Thread &thread) {
    for (unsigned i = 0; i < 4; ++i)
      Acc::store(thread.out, i, d[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2] + Acc::load(thread.in + registersA + registersB, i));
  });
}

/// Row `row` of matrix `matrix`: lane 8 * matrix + row holds its address.
static Touch rowTouch(WarpCall &c, unsigned matrix, unsigned row, Mode mode) {
  Thread &holder = *c.lanes[8 * matrix + row];
  return {c.machine.actor(holder, holder.site), wide(holder.in), 16, 16, mode};
}

/// Lane l has, of every 8x8 matrix of 16-bit elements, elements (l / 4, 2 * (l % 4) + {0, 1}), low half first; with Transpose, of the
/// transposed matrix.
template <unsigned Count, bool Transpose> static void loadMatrix(WarpCall &c) {
  for (unsigned matrix = 0; matrix < Count; ++matrix) {
    uint16_t elements[8][8];
    for (unsigned row = 0; row < 8; ++row)
      memcpy(elements[row], c.machine.shared().access(rowTouch(c, matrix, row, Mode::Read)), 16);
    c.forLanes([&](unsigned lane, Thread &t) {
      unsigned i = lane / 4, j = 2 * (lane % 4);
      uint32_t low = Transpose ? elements[j][i] : elements[i][j], high = Transpose ? elements[j + 1][i] : elements[i][j + 1];
      t.out[matrix] = low | high << 16;
    });
  }
}

template <unsigned Count, bool Transpose> static void storeMatrix(WarpCall &c) {
  for (unsigned matrix = 0; matrix < Count; ++matrix) {
    uint16_t elements[8][8];
    c.forLanes([&](unsigned lane, Thread &t) {
      unsigned i = lane / 4, j = 2 * (lane % 4);
      uint32_t value = t.in[2 + matrix];
      (Transpose ? elements[j][i] : elements[i][j]) = static_cast<uint16_t>(value);
      (Transpose ? elements[j + 1][i] : elements[i][j + 1]) = static_cast<uint16_t>(value >> 16);
    });
    for (unsigned row = 0; row < 8; ++row)
      memcpy(c.machine.shared().access(rowTouch(c, matrix, row, Mode::Write)), elements[row], 16);
  }
}

llvm::ArrayRef<OpForm> matrixOps() {
  static constexpr OpForm ops[] = {
      alignedOp("nvvm.mma.m16n8k8.row.col.bf16", mma<8, BF16, BF16, AccF32>),
      alignedOp("nvvm.mma.m16n8k16.row.col.bf16", mma<16, BF16, BF16, AccF32>),
      alignedOp("nvvm.mma.m16n8k8.row.col.f32.f32", mma<8, F16, F16, AccF32>),
      alignedOp("nvvm.mma.m16n8k16.row.col.f32.f32", mma<16, F16, F16, AccF32>),
      alignedOp("nvvm.mma.m16n8k8.row.col.f16.f16", mma<8, F16, F16, AccF16>),
      alignedOp("nvvm.mma.m16n8k16.row.col.f16.f16", mma<16, F16, F16, AccF16>),
      alignedOp("nvvm.mma.m16n8k4.row.col.tf32", mma<4, TF32, TF32, AccF32>),
      alignedOp("nvvm.mma.m16n8k8.row.col.tf32", mma<8, TF32, TF32, AccF32>),
      alignedOp("nvvm.mma.m16n8k16.row.col.s8", mma<16, S8, S8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k16.row.col.u8", mma<16, U8, U8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k16.row.col.s8.u8", mma<16, S8, U8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k16.row.col.u8.s8", mma<16, U8, S8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.s8", mma<32, S8, S8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.u8", mma<32, U8, U8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.s8.u8", mma<32, S8, U8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.u8.s8", mma<32, U8, S8, AccS32<false>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.satfinite.s8", mma<32, S8, S8, AccS32<true>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.satfinite.u8", mma<32, U8, U8, AccS32<true>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.satfinite.s8.u8", mma<32, S8, U8, AccS32<true>>),
      alignedOp("nvvm.mma.m16n8k32.row.col.satfinite.u8.s8", mma<32, U8, S8, AccS32<true>>),
      alignedOp("nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3", loadMatrix<1, false>),
      alignedOp("nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3", loadMatrix<2, false>),
      alignedOp("nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3", loadMatrix<4, false>),
      alignedOp("nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3", loadMatrix<1, true>),
      alignedOp("nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3", loadMatrix<2, true>),
      alignedOp("nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3", loadMatrix<4, true>),
      alignedOp("nvvm.stmatrix.sync.aligned.m8n8.x1.b16.p3", storeMatrix<1, false>),
      alignedOp("nvvm.stmatrix.sync.aligned.m8n8.x2.b16.p3", storeMatrix<2, false>),
      alignedOp("nvvm.stmatrix.sync.aligned.m8n8.x4.b16.p3", storeMatrix<4, false>),
      alignedOp("nvvm.stmatrix.sync.aligned.m8n8.x1.trans.b16.p3", storeMatrix<1, true>),
      alignedOp("nvvm.stmatrix.sync.aligned.m8n8.x2.trans.b16.p3", storeMatrix<2, true>),
      alignedOp("nvvm.stmatrix.sync.aligned.m8n8.x4.trans.b16.p3", storeMatrix<4, true>),
  };
  return ops;
}

} // namespace seqc::sim
