// SPDX-License-Identifier: Apache-2.0
// matchDot against a matrix product: the instruction is simulated on register files filled by the maps.
#include "seqc/Layout/Dot.h"
#include "LayoutTesting.h"
#include "seqc/Layout/Factories.h"
#include "gtest/gtest.h"
#include <array>

using namespace seqc::layout;
using namespace seqc::layout::test;

namespace {
/// Tile values by row-major index, small integers.
struct Values {
  DigitMap map;
  std::vector<int> data;
  Values(const DigitMap &m, std::mt19937 &rng) : map(m), data(m.numElements()) {
    for (int &v : data)
      v = int(rng() % 15) - 7;
  }
  int at(int reg, int lane, int warp) const { return data[linear(map.apply({reg, lane, warp, 0}), map.shape())]; }
};
using WarpFile = std::vector<std::array<int, kWarpSize>>; ///< [reg][lane]
} // namespace

static WarpFile fill(const Values &v, int warp) {
  WarpFile file(v.map.size(Axis::Reg));
  for (size_t r = 0; r < file.size(); ++r)
    for (int l = 0; l < kWarpSize; ++l)
      file[r][l] = v.at(r, l, warp);
  return file;
}

/// mma.sync.m16n8kK as its definition tells which lane holds which element of the fragments.
static void mma(const MmaStep &s, int perWord, const WarpFile &a, const WarpFile &b, WarpFile &d) {
  int kSize = 8 * perWord;
  std::vector<std::array<int, 32>> ma(16), mb(kSize);
  for (int l = 0; l < kWarpSize; ++l)
    for (size_t i = 0; i < s.a.size(); ++i) {
      int word = i / perWord, e = i % perWord;
      ma[l / 4 + (word % 2) * 8][(l % 4) * perWord + e + (word / 2) * 4 * perWord] = a[s.a[i]][l];
    }
  for (int l = 0; l < kWarpSize; ++l)
    for (size_t i = 0; i < s.b.size(); ++i)
      mb[(l % 4) * perWord + i % perWord + (i / perWord) * 4 * perWord][l / 4] = b[s.b[i]][l];
  for (int l = 0; l < kWarpSize; ++l)
    for (int i = 0; i < 4; ++i)
      for (int k = 0; k < kSize; ++k)
        d[s.d[i]][l] += ma[l / 4 + (i / 2) * 8][k] * mb[k][(l % 4) * 2 + i % 2];
}

static std::vector<int> product(const Values &a, const Values &b, const Shape &shape) {
  int rank = shape.size();
  int64_t m = shape[rank - 2], n = shape[rank - 1], k = a.map.shape()[rank - 1], batch = 1;
  for (int i = 0; i + 2 < rank; ++i)
    batch *= shape[i];
  bool batched = b.map.rank() == rank;
  std::vector<int> out(batch * m * n, 0);
  for (int64_t i = 0; i < batch * m; ++i)
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < n; ++j)
        out[i * n + j] += a.data[i * k + p] * b.data[((batched ? i / m : 0) * k + p) * n + j];
  return out;
}

static void checkDot(const DigitMap &am, const DigitMap &bm, const DigitMap &dm, int bits) {
  std::string text = "A " + am.str() + "\nB " + bm.str() + "\nD " + dm.str();
  std::optional<DotPlan> plan = matchDot(am, bm, dm, {bits});
  ASSERT_TRUE(plan) << text;
  ASSERT_EQ(plan->steps.size() % plan->kSteps, 0u);
  ASSERT_EQ(int64_t(plan->steps.size()) * 4, int64_t(dm.size(Axis::Reg)) * plan->kSteps) << text;
  std::mt19937 rng(23);
  Values a(am, rng), b(bm, rng);
  std::vector<int> want = product(a, b, Shape(dm.shape()));
  for (int w = 0; w < dm.size(Axis::Warp); ++w) {
    WarpFile fa = fill(a, w), fb = fill(b, w), fd(dm.size(Axis::Reg));
    for (auto &reg : fd)
      reg.fill(0);
    for (const MmaStep &s : plan->steps)
      mma(s, 32 / bits, fa, fb, fd);
    for (size_t r = 0; r < fd.size(); ++r)
      for (int l = 0; l < kWarpSize; ++l)
        if (fd[r][l] != want[linear(dm.apply({int(r), l, w, 0}), dm.shape())])
          FAIL() << text << "\nreg " << r << " lane " << l << " warp " << w;
  }
}

TEST(MatchDot, FactoriesFit) {
  for (int bits : {8, 16, 32})
    for (int warps : {1, 2, 4})
      for (const Shape &shape : {Shape{16, 8}, Shape{32, 24}, Shape{16, 48}, Shape{2, 16, 16}, Shape{3, 2, 16, 8}}) {
        DigitMap d = llvm::cantFail(mmaAcc(shape, warps));
        for (int64_t k : {32, 96}) {
          DigitMap a = llvm::cantFail(mmaA(d, k, bits));
          for (bool batched : {true, false})
            checkDot(a, llvm::cantFail(mmaB(d, k, bits, batched)), d, bits);
        }
      }
}

TEST(MatchDot, OperandsOfEachOther) {
  DigitMap d = llvm::cantFail(mmaAcc({32, 32}, 2));
  for (int bits : {16, 32}) {
    DigitMap a = llvm::cantFail(mmaA(d, 64, bits)), b = llvm::cantFail(mmaB(d, 64, bits));
    EXPECT_EQ(llvm::cantFail(mmaBFor(a, d)), b);
    checkDot(llvm::cantFail(mmaAFor(b, d)), b, d, bits);
  }
}

// The second dot of attention: the accumulator of S = Q K^T is the operand A of P V; with tf32 the contraction index is permuted, and B follows.
TEST(MatchDot, AccumulatorIsOperandA) {
  for (int bits : {16, 32})
    for (int warps : {1, 4})
      for (int64_t keys : {16, 64, 80, 176}) {
        DigitMap s = llvm::cantFail(mmaAcc({16 * warps, keys}, warps, {warps, 1}));
        DigitMap d = llvm::cantFail(mmaAcc({16 * warps, 40}, warps, {warps, 1}));
        checkDot(s, llvm::cantFail(mmaBFor(s, d)), d, bits);
      }
}

TEST(MatchDot, TransposedAccumulatorIsOperandB) {
  for (int bits : {16, 32}) {
    DigitMap s = llvm::cantFail(mmaAcc({48, 64}, 1)), b = s.transpose({1, 0});
    DigitMap d = llvm::cantFail(mmaAcc({32, 48}, 1));
    checkDot(llvm::cantFail(mmaAFor(b, d)), b, d, bits);
    if (bits == 16)
      checkDot(llvm::cantFail(mmaA(d, 64, 16)), b, d, bits);
  }
}

// Element x of a row at position 4 (x mod 8) + x / 8: a fragment load becomes one of 16 bytes a lane.
TEST(MatchDot, PermutedContraction) {
  DigitMap d = llvm::cantFail(mmaAcc({16, 8}, 1));
  DigitMap a = parsed("reg [8:1@d1, 2:8@d0], lane [4:8@d1, 8:1@d0]"), b = parsed("reg [8:1@d0], lane [4:8@d0, 8:1@d1]");
  for (int bits : {8, 16, 32})
    checkDot(a, b, d, bits);
  // Rows and columns go where D has them.
  DigitMap rows = parsed("reg [2:1@d1, 2:1@d0], lane [4:2@d1, 8:2@d0]");
  checkDot(parsed("reg [8:1@d1, 2:1@d0], lane [4:8@d1, 8:2@d0]"), b, rows, 16);
  DigitMap cols = parsed("reg [2:4@d1, 2:8@d0], lane [4:1@d1, 8:1@d0]");
  checkDot(a, parsed("reg [8:1@d0], lane [4:8@d0, 2:4@d1, 4:1@d1]"), cols, 16);
}

TEST(MatchDot, RandomOrdersOfRegisters) {
  std::mt19937 rng(29);
  auto shuffled = [&](const DigitMap &m) {
    Digits regs;
    for (const Digit &g : m.digits(Axis::Reg)) {
      int32_t size = g.size, stride = g.stride;
      for (; size % 2 == 0 && size > 2; size /= 2, stride *= 2)
        regs.push_back({2, stride, g.dim});
      regs.push_back({size, stride, g.dim});
    }
    std::shuffle(regs.begin(), regs.end(), rng);
    return llvm::cantFail(
        DigitMap::get(m.shape(), {{Axis::Reg, regs}, {Axis::Lane, Digits(m.digits(Axis::Lane))}, {Axis::Warp, Digits(m.digits(Axis::Warp))}}));
  };
  for (int i = 0; i < 20; ++i) {
    DigitMap d = llvm::cantFail(mmaAcc({2, 32, 16}, 2));
    int bits = i % 2 ? 16 : 32;
    checkDot(shuffled(llvm::cantFail(mmaA(d, 32, bits))), shuffled(llvm::cantFail(mmaB(d, 32, bits))), shuffled(d), bits);
  }
}

TEST(MatchDot, RefusesOtherTiles) {
  DigitMap d = llvm::cantFail(mmaAcc({64, 16}, 4)), a = llvm::cantFail(mmaA(d, 32, 16)), b = llvm::cantFail(mmaB(d, 32, 16));
  auto fits = [](const DigitMap &a, const DigitMap &b, const DigitMap &d, int bits = 16) { return matchDot(a, b, d, {bits}).has_value(); };
  EXPECT_TRUE(fits(a, b, d));
  EXPECT_FALSE(fits(a, llvm::cantFail(mmaB(d, 64, 16)), d)) << "another contraction extent";
  EXPECT_FALSE(fits(a, llvm::cantFail(mmaB(d, 32, 32)), d)) << "another order of the contraction";
  EXPECT_FALSE(fits(llvm::cantFail(mmaA(d, 32, 32)), b, d)) << "another order of the contraction";
  EXPECT_FALSE(fits(llvm::cantFail(mmaA(d, 16, 16)), llvm::cantFail(mmaB(d, 16, 16)), d, 8)) << "half an instruction";
  EXPECT_FALSE(fits(blocked({64, 32}, 16, 4), b, d));
  EXPECT_FALSE(fits(a, blocked({32, 16}, 16, 4), d));
  EXPECT_FALSE(fits(a, b, blocked({64, 16}, 16, 4)));
  DigitMap other = llvm::cantFail(mmaAcc({64, 16}, 4, {2, 2}));
  EXPECT_FALSE(fits(llvm::cantFail(mmaA(other, 32, 16)), b, d)) << "warps hold other rows";
  EXPECT_FALSE(fits(a, llvm::cantFail(mmaB(other, 32, 16)), d)) << "warps hold other columns";
  EXPECT_FALSE(fits(parsed("reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 8:1@d0], warp [2:16@d1, 2:16@d0]", {{32, 32}}), b, d))
      << "warps split the contraction";
  // Tiles that differ from a match in one place only.
  DigitMap oneA = parsed("reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 8:1@d0]"), oneB = parsed("reg [2:1@d0, 2:8@d0], lane [4:2@d0, 8:1@d1]");
  DigitMap oneD = llvm::cantFail(mmaAcc({16, 8}, 1));
  EXPECT_TRUE(fits(oneA, oneB, oneD));
  EXPECT_FALSE(fits(oneA, parsed("reg [2:1@d0, 2:8@d0], lane [2:4@d0, 2:2@d0, 8:1@d1]"), oneD)) << "lanes in another order along the contraction";
  EXPECT_FALSE(fits(oneA, parsed("reg [2:1@d0, 2:8@d0], lane [4:2@d0, 2:1@d1, 2:4@d1, 2:2@d1]"), oneD)) << "lanes in another order along columns";
  EXPECT_FALSE(fits(parsed("reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 2:4@d0, 4:1@d0]"), oneB, oneD)) << "lanes in another order along rows";
  DigitMap warpsD = parsed("reg [2:1@d1, 2:8@d0], lane [4:2@d1, 8:1@d0], warp [2:32@d0, 2:16@d0]");
  EXPECT_FALSE(fits(llvm::cantFail(mmaA(d, 16, 16)), parsed("reg [2:1@d0, 2:8@d0], lane [4:2@d0, 8:1@d1], warp [4:_]"), warpsD)) << "other rows";
  DigitMap sharedA = parsed("reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 8:1@d0], warp [4:_]"), wideD = llvm::cantFail(mmaAcc({16, 32}, 4, {1, 4}));
  EXPECT_TRUE(fits(sharedA, parsed("reg [2:1@d0, 2:8@d0], lane [4:2@d0, 8:1@d1], warp [2:8@d1, 2:16@d1]"), wideD));
  EXPECT_FALSE(fits(sharedA, parsed("reg [2:1@d0, 2:8@d0], lane [4:2@d0, 8:1@d1], warp [2:16@d1, 2:8@d1]"), wideD)) << "other columns";
  EXPECT_FALSE(fits(parsed("reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 8:1@d0], warp [2:16@d1]"),
                    parsed("reg [2:1@d0, 2:8@d0], lane [4:2@d0, 8:1@d1], warp [2:16@d0]"), llvm::cantFail(mmaAcc({16, 8}, 2, {1, 1}))))
      << "warps hold parts of the contraction";
  DigitMap batched = llvm::cantFail(mmaAcc({2, 16, 16}, 2));
  EXPECT_FALSE(fits(a, b, batched));
}
