// SPDX-License-Identifier: Apache-2.0
// Conversions: kinds, and what running a plan on an enumerated register file gives.
#include "seqc/Layout/Conversion.h"
#include "LayoutTesting.h"
#include "seqc/Layout/Factories.h"
#include "seqc/Layout/Refinement.h"
#include "seqc/Layout/SharedPlan.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace seqc::layout;
using namespace seqc::layout::test;

namespace {
/// Contents of all registers: the row-major index of the element.
class RegisterFile {
public:
  RegisterFile(int warps, int regs) : regs(regs), values(size_t(warps) * kWarpSize * regs, -1) {}
  static RegisterFile holding(const DigitMap &m) {
    RegisterFile file(m.size(Axis::Warp), m.size(Axis::Reg));
    forEachElement(m, rowMajorStrides(m.shape()), [&](int r, int l, int w, int64_t at) { file.at(w, l, r) = at; });
    return file;
  }
  int64_t &at(int warp, int lane, int reg) { return values[(size_t(warp) * kWarpSize + lane) * regs + reg]; }
  bool operator==(const RegisterFile &o) const { return values == o.values; }

private:
  int regs;
  std::vector<int64_t> values;
};
} // namespace

static RegisterFile run(const Conversion &c, const DigitMap &from, const DigitMap &to, int bits) {
  RegisterFile in = RegisterFile::holding(from), out(to.size(Axis::Warp), to.size(Axis::Reg));
  int warps = to.size(Axis::Warp);
  auto forThreads = [&](auto fn) {
    for (int w = 0; w < warps; ++w)
      for (int l = 0; l < kWarpSize; ++l)
        fn(w, l);
  };
  if (c.kind == ConvKind::None)
    return in;
  if (c.kind == ConvKind::Rename) {
    forThreads([&](int w, int l) {
      for (int r = 0; r < to.size(Axis::Reg); ++r)
        out.at(w, l, r) = in.at(w, l, c.regPerm[r]);
    });
    return out;
  }
  if (c.kind == ConvKind::Shuffle) {
    for (const ShuffleStep &s : c.steps)
      forThreads([&](int w, int l) {
        if (!s.active(l))
          return;
        EXPECT_EQ(out.at(w, l, s.toReg), -1) << "written twice";
        EXPECT_TRUE(!s.local || s.source(l) == l);
        out.at(w, l, s.toReg) = in.at(w, s.source(l), s.fromReg);
      });
    return out;
  }
  std::vector<int64_t> memory(c.via.bytes(bits), -1);
  std::optional<AccessPlan> write = planShared(from, c.via, bits), read = planShared(to, c.via, bits);
  if (!write || !read) {
    ADD_FAILURE() << "no plan for " << c.via.str();
    return out;
  }
  forThreads([&](int w, int l) {
    for (size_t i = 0; i < write->regs.size(); ++i)
      memory[write->address(i / write->vecElems, l, w) + i % write->vecElems * bits / 8] = in.at(w, l, write->regs[i]);
  });
  forThreads([&](int w, int l) {
    for (size_t i = 0; i < read->regs.size(); ++i)
      out.at(w, l, read->regs[i]) = memory[read->address(i / read->vecElems, l, w) + i % read->vecElems * bits / 8];
  });
  return out;
}

/// Maps of one shape and warp count.
static std::vector<DigitMap> family(std::mt19937 &rng, const Shape &shape, int warps) {
  std::vector<DigitMap> maps = {blocked(shape, 16, warps), rowPerWarp(shape, 16, warps)};
  if (llvm::Expected<DigitMap> acc = mmaAcc(shape, warps)) {
    maps.push_back(*acc);
    if (llvm::Expected<DigitMap> a = mmaA(*acc, shape.back(), 8))
      maps.push_back(*a);
    else
      llvm::consumeError(a.takeError());
    if (llvm::Expected<DigitMap> b = mmaB(*acc, shape[shape.size() - 2], 16))
      maps.push_back(*b);
    else
      llvm::consumeError(b.takeError());
  } else {
    llvm::consumeError(acc.takeError());
  }
  for (int i = 0; i < 2; ++i)
    maps.push_back(randomDist(rng, shape, warps));
  // A second order of the registers, and of lanes and registers.
  Digits regs(maps[0].digits(Axis::Reg)), lanes(maps[0].digits(Axis::Lane)), warpDigits(maps[0].digits(Axis::Warp));
  std::reverse(regs.begin(), regs.end());
  maps.push_back(llvm::cantFail(DigitMap::get(shape, {{Axis::Reg, regs}, {Axis::Lane, lanes}, {Axis::Warp, warpDigits}})));
  std::reverse(lanes.begin(), lanes.end());
  maps.push_back(llvm::cantFail(DigitMap::get(shape, {{Axis::Reg, regs}, {Axis::Lane, lanes}, {Axis::Warp, warpDigits}})));
  return maps;
}

TEST(Conversion, PlansGiveTheTargetFile) {
  std::mt19937 rng(13);
  std::array<int, 4> kinds{};
  for (const Shape &shape : {Shape{16, 32}, Shape{32, 80}, Shape{8, 96}, Shape{2, 16, 24}, Shape{64}, Shape{3, 5}})
    for (int warps : {1, 2}) {
      std::vector<DigitMap> maps = family(rng, shape, warps);
      for (const DigitMap &from : maps)
        for (const DigitMap &to : maps) {
          Conversion c = classify(from, to, 16);
          ++kinds[int(c.kind)];
          ASSERT_TRUE(run(c, from, to, 16) == RegisterFile::holding(to)) << convKindName(c.kind).str() << ": " << from.str() << " -> " << to.str();
        }
    }
  for (int n : kinds)
    EXPECT_GT(n, 10);
}

TEST(Conversion, Kinds) {
  std::mt19937 rng(17);
  for (const Shape &shape : {Shape{16, 32}, Shape{8, 96}}) {
    constexpr int warps = 2;
    std::vector<DigitMap> maps = family(rng, shape, warps);
    for (const DigitMap &from : maps)
      for (const DigitMap &to : maps) {
        ConvKind kind = classify(from, to, 32).kind;
        ASSERT_EQ(kind, classify(to, from, 32).kind);
        ASSERT_EQ(kind == ConvKind::None, from == to);
        bool sameWarps = from.digits(Axis::Warp) == to.digits(Axis::Warp), sameLanes = from.digits(Axis::Lane) == to.digits(Axis::Lane);
        ASSERT_EQ(kind == ConvKind::None || kind == ConvKind::Rename, sameWarps && sameLanes);
        ASSERT_EQ(kind == ConvKind::Shuffle, sameWarps && !sameLanes && refine(from, to));
      }
  }
}

TEST(Conversion, KnownForms) {
  DigitMap acc = llvm::cantFail(mmaAcc({64, 128}, 4));
  EXPECT_EQ(classify(acc, llvm::cantFail(mmaA(acc, 128, 16)), 16).kind, ConvKind::None);
  // 8-bit fragments differ from accumulators in two lane digits: shuffles.
  Conversion c = classify(acc, llvm::cantFail(mmaA(acc, 128, 8)), 8);
  EXPECT_EQ(c.kind, ConvKind::Shuffle);
  EXPECT_EQ(int(c.steps.size()), 2 * acc.size(Axis::Reg));
  // Copies in all lanes to distributed elements: moves only.
  c = classify(parsed("reg [32:1@d0], lane [32:_]"), parsed("lane [32:1@d0]"), 32);
  EXPECT_EQ(c.kind, ConvKind::Shuffle);
  EXPECT_EQ(c.cost, 0);
  // Radix 3 across lanes and registers has no common refinement.
  EXPECT_EQ(classify(parsed("reg [3:1@d0], lane [32:3@d0]"), parsed("reg [3:32@d0], lane [32:1@d0]"), 32).kind, ConvKind::Smem);
}

TEST(Conversion, ExchangeBuffersAvoidConflicts) {
  for (int warps : {1, 4, 8})
    for (const Shape &shape : {Shape{128, 64}, Shape{128, 128}, Shape{128, 80}, Shape{128, 192}, Shape{256, 32}}) {
      DigitMap acc = llvm::cantFail(mmaAcc(shape, warps)), rows = blocked(shape, 16, warps);
      int64_t cost = 0, plain = 0;
      MemLayout via = exchangeBuffer(acc, rows, 16, &cost);
      for (const DigitMap &m : {acc, rows})
        plain += planShared(m, MemLayout::dense(shape), 16)->wavefronts;
      std::optional<MatrixOpPlan> matrix = matchMatrixOp(acc, via, 16);
      int64_t least = 2 * shape[0] * shape[1] * 2 / 128 / warps;
      EXPECT_LE(cost, plain);
      // No pitch serves rows of 160 bytes and columns of 8 rows at once.
      EXPECT_EQ(cost, shape[1] == 80 ? least * 3 / 2 : least) << via.str();
      EXPECT_TRUE(matrix && (shape[1] == 80 || matrix->access.bankConflict == 0)) << via.str();
    }
}
