// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/Factories.h"
#include "LayoutTesting.h"
#include "seqc/Layout/AccessPlan.h"
#include "gtest/gtest.h"

using namespace seqc::layout;
using namespace seqc::layout::test;

template <class T> static std::string errorOf(llvm::Expected<T> m) { return m ? "no error" : toString(m.takeError()); }

TEST(Factories, Blocked) {
  EXPECT_EQ(blocked({4, 768}, 16, 4).str(), "reg [8:1@d1, 3:256@d1], lane [32:8@d1], warp [4:1@d0]");
  EXPECT_EQ(blocked({64, 64}, 32, 4).str(), "reg [4:1@d1, 8:2@d0], lane [16:4@d1, 2:1@d0], warp [4:16@d0]");
  EXPECT_EQ(blocked({64, 80}, 16, 4).str(), "reg [8:1@d1, 5:16@d1], lane [2:8@d1, 16:1@d0], warp [4:16@d0]");
  EXPECT_EQ(blocked({1, 4096}, 16, 4).str(), "reg [8:1@d1, 4:256@d1], lane [32:8@d1], warp [4:1024@d1]");
  EXPECT_EQ(blocked({2, 8}, 32, 4).str(), "reg [4:1@d1], lane [2:4@d1, 2:1@d0, 8:_], warp [4:_]");
  EXPECT_EQ(blocked({}, 32, 2).str(), "lane [32:_], warp [2:_]");
  EXPECT_EQ(blocked({7, 13}, 32, 1).str(), "reg [13:1@d1, 7:1@d0], lane [32:_]");
  EXPECT_EQ(rowPerWarp({64, 64}, 32, 4).str(), "reg [4:1@d1, 16:1@d0], lane [16:4@d1, 2:_], warp [4:16@d0]");
  EXPECT_EQ(rowPerWarp({1, 4096}, 16, 4).str(), "reg [8:1@d1, 16:256@d1], lane [32:8@d1], warp [4:_]");
}

TEST(Factories, ReplicasOnlyWhereFactorsOfTwoRunOut) {
  for (int64_t rows : {1, 2, 8, 24, 64})
    for (int64_t cols : {8, 64, 96, 176, 256})
      for (int warps : {1, 2, 4, 8}) {
        DigitMap m = blocked({rows, cols}, 32, warps);
        int64_t threads = int64_t(kWarpSize) * warps, vectors = rows * cols / 4, pow2 = vectors & -vectors;
        ASSERT_EQ(m.replicas(), threads / std::min(threads, pow2)) << m.str();
      }
}

TEST(Factories, Accumulators) {
  EXPECT_EQ(llvm::cantFail(mmaAcc({64, 176}, 4)).str(), "reg [2:1@d1, 2:8@d0, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(wgmmaAcc(176).str(), "reg [2:1@d1, 2:8@d0, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(llvm::cantFail(mmaAcc({16, 64}, 4)).str(), "reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d1]");
  EXPECT_EQ(llvm::cantFail(mmaAcc({128, 64}, 8, {4, 2})).str(),
            "reg [2:1@d1, 2:8@d0, 4:8@d1, 2:64@d0], lane [4:2@d1, 8:1@d0], warp [4:16@d0, 2:32@d1]");
  EXPECT_EQ(llvm::cantFail(mmaAcc({4, 32, 32}, 8)).str(), "reg [2:1@d2, 2:8@d1, 4:8@d2], lane [4:2@d2, 8:1@d1], warp [2:16@d1, 4:1@d0]");
  EXPECT_EQ(errorOf(mmaAcc({24, 64}, 4)), "expects an accumulator of 16 x 8 blocks, but got 24 x 64");
  EXPECT_EQ(errorOf(mmaAcc({8}, 4)), "expects an accumulator of rank >= 2, but got rank 1");
  EXPECT_EQ(errorOf(mmaAcc({64, 64}, 4, {3, 1})), "expects a split that divides 4 warps and the blocks, but got 3 x 1");
}

TEST(Factories, Fragments) {
  DigitMap acc = llvm::cantFail(mmaAcc({64, 32}, 4));
  EXPECT_EQ(llvm::cantFail(mmaA(acc, 128, 16)), parsed("reg [2:1@d1, 2:8@d0, 2:8@d1, 8:16@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]"));
  EXPECT_EQ(llvm::cantFail(mmaA(acc, 128, 8)), parsed("reg [4:1@d1, 2:8@d0, 2:16@d1, 4:32@d1], lane [4:4@d1, 8:1@d0], warp [4:16@d0]"));
  EXPECT_EQ(llvm::cantFail(mmaA(acc, 16, 32)), parsed("reg [2:8@d0, 2:4@d1, 2:8@d1], lane [4:1@d1, 8:1@d0], warp [4:16@d0]"));
  EXPECT_EQ(llvm::cantFail(mmaB(acc, 128, 16)), parsed("reg [2:1@d0, 2:8@d0, 8:16@d0, 4:8@d1], lane [4:2@d0, 8:1@d1], warp [4:_]"));
  EXPECT_EQ(errorOf(mmaA(acc, 24, 16)), "expects a contraction of a multiple of 16, but got 24");
  EXPECT_EQ(errorOf(mmaA(acc, 32, 64)), "expects operands of 8, 16 or 32 bits, but got 64");
  EXPECT_EQ(errorOf(mmaA(blocked({64, 64}, 16, 4), 32, 16)).substr(0, 38), "expects an accumulator of m16n8 form, ");
}

TEST(Factories, AccumulatorsAreFragmentsOfChainedDots) {
  for (int64_t n : {16, 80, 128, 176, 192})
    for (int warps : {1, 4, 8}) {
      DigitMap acc = llvm::cantFail(mmaAcc({16 * int64_t(warps), n}, warps));
      EXPECT_EQ(acc, llvm::cantFail(mmaA(acc, n, 16)));
      EXPECT_EQ(llvm::cantFail(mmaBFor(acc, acc)), llvm::cantFail(mmaB(acc, n, 16)));
    }
}

//===-- Plans of global memory ----------------------------------------------------------------------------------------------------------------===//

static void checkPlan(const DigitMap &m, const StridedMemory &memory, int bits) {
  AccessPlan plan = planGlobal(m, memory, bits);
  ASSERT_EQ(int64_t(plan.regs.size()), m.size(Axis::Reg));
  ASSERT_EQ(plan.numAccesses() * plan.vecElems, m.size(Axis::Reg));
  std::vector<bool> seen(m.size(Axis::Reg), false);
  for (int w = 0; w < m.size(Axis::Warp); ++w)
    for (int l = 0; l < m.size(Axis::Lane); ++l)
      for (int j = 0; j < plan.numAccesses(); ++j) {
        ASSERT_EQ(plan.address(j, l, w) % plan.vecBytes, 0) << m.str();
        for (int i = 0; i < plan.vecElems; ++i) {
          int32_t reg = plan.regs[j * plan.vecElems + i];
          seen[reg] = true;
          Coord c = m.apply({reg, l, w, 0});
          int64_t bytes = 0;
          for (int d = 0; d < m.rank(); ++d)
            bytes += c[d] * memory.strideBytes[d];
          ASSERT_EQ(plan.address(j, l, w) + i * bits / 8, bytes) << m.str();
        }
      }
  for (bool s : seen)
    ASSERT_TRUE(s);
}

TEST(PlanGlobal, AddressesOfEveryElement) {
  for (const DigitMap &m : distMaps())
    for (int bits : {8, 16, 32}) {
      if (m.numElements() * m.replicas() > 4096)
        continue;
      checkPlan(m, contiguous(m.shape(), bits), bits);
      StridedMemory rows = contiguous(m.shape(), bits);
      for (int d = 0; d + 1 < m.rank(); ++d)
        rows.strideBytes[d] += 24 * (d + 1);
      checkPlan(m, rows, bits);
      rows.baseAlign = bits / 8;
      checkPlan(m, rows, bits);
    }
}

TEST(PlanGlobal, Vectors) {
  auto vec = [](const DigitMap &m, Shape strides, int bits, int64_t align = 16) { return planGlobal(m, {strides, {}, align, 16}, bits).vecBytes; };
  DigitMap m = blocked({64, 64}, 16, 4);
  EXPECT_EQ(vec(m, {128, 2}, 16), 16);
  EXPECT_EQ(vec(m, {136, 2}, 16), 8);
  EXPECT_EQ(vec(m, {130, 2}, 16), 2);
  EXPECT_EQ(vec(m, {128, 2}, 16, 4), 4);
  EXPECT_EQ(vec(m, {2, 128}, 16), 2);
  // Registers along rows are the vector of a column-major tile, although they are not the fastest digit.
  DigitMap t = parsed("reg [2:1@d1, 8:1@d0], lane [32:2@d1]");
  AccessPlan plan = planGlobal(t, {{2, 16}, {}, 16, 16}, 16);
  EXPECT_EQ(plan.vecBytes, 16);
  EXPECT_EQ(plan.regs, (std::vector<int32_t>{0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15}));
}

TEST(PlanGlobal, DynamicStrides) {
  DigitMap m = blocked({64, 64}, 16, 4); // reg [8:1@d1, 4:4@d0], lane [8:8@d1, 4:1@d0], warp [4:16@d0]
  AccessPlan plan = planGlobal(m, {{kDynamic, 2}, {32, 2}, 16, 16}, 16);
  EXPECT_EQ(plan.vecBytes, 16);
  int dynamicTerms = 0;
  for (const Term &t : plan.base)
    dynamicTerms += t.dynDim == 0;
  EXPECT_EQ(dynamicTerms, 2);
  EXPECT_EQ(plan.accessBytes, std::vector<int64_t>(4, 0));
  EXPECT_EQ(plan.accessCoords, (std::vector<int32_t>{0, 0, 4, 0, 8, 0, 12, 0}));
  EXPECT_EQ(planGlobal(m, {{kDynamic, 2}, {}, 16, 16}, 16).vecBytes, 2);
  EXPECT_EQ(planGlobal(m, {{kDynamic, 2}, {4, 2}, 16, 16}, 16).vecBytes, 4);
  EXPECT_EQ(planGlobal(m, {{kDynamic, kDynamic}, {16, 16}, 16, 16}, 16).vecBytes, 2);
}

TEST(PlanGlobal, Sectors) {
  EXPECT_EQ(planGlobal(blocked({4, 768}, 16, 4), contiguous({4, 768}, 16), 16).sectorsPerRequest, 16);
  EXPECT_EQ(planGlobal(blocked({64, 80}, 16, 4), contiguous({64, 80}, 16), 16).sectorsPerRequest, 16);
  EXPECT_EQ(planGlobal(blocked({64, 64}, 32, 4), {{4, 256}, {}, 16, 16}, 32).sectorsPerRequest, 16);
  EXPECT_EQ(planGlobal(parsed("reg [8:1@d1], lane [32:1@d0]"), contiguous({32, 8}, 32), 32).sectorsPerRequest, 32);
}

TEST(PlanGlobal, ThreadTerms) {
  for (const DigitMap &m : distMaps())
    for (int w = 0; w < m.size(Axis::Warp); ++w)
      for (int l = 0; l < m.size(Axis::Lane); ++l) {
        Loc loc = {0, l, w, 0};
        for (int d = 0; d < m.rank(); ++d) {
          int64_t sum = 0;
          for (const Term &t : coordinateTerms(m, d))
            sum += t.value(loc);
          ASSERT_EQ(sum, m.apply(loc)[d]) << m.str();
        }
        bool owner = true;
        for (const Term &t : replicaTerms(m))
          owner &= t.value(loc) == 0;
        ASSERT_EQ(owner, m.locate(m.apply(loc)) == loc) << m.str();
      }
}
