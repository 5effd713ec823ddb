// SPDX-License-Identifier: Apache-2.0
// Plans of shared memory against physical addresses, simulated matrix moves and counted bank conflicts.
#include "seqc/Layout/SharedPlan.h"
#include "LayoutTesting.h"
#include "seqc/Layout/Factories.h"
#include "gtest/gtest.h"
#include <map>
#include <set>

using namespace seqc::layout;
using namespace seqc::layout::test;

namespace {
struct Case {
  DigitMap map;
  MemLayout memory;
  int bits;
};
} // namespace

static void addCases(std::vector<Case> &out, const DigitMap &map, const DigitMap &mem, int bits) {
  int64_t row = int64_t(mem.digits(Axis::Addr).empty() ? 1 : mem.digits(Axis::Addr).front().size) * bits / 8;
  for (Transform t : {Transform::none(), Transform::sw(32), Transform::sw(64), Transform::sw(128), Transform::xorBits(3, 4, 5),
                      Transform::xorBits(2, 3, 6), Transform::pad(row, 4), Transform::pad(row, 16), Transform::pad(2 * row, 8)}) {
    llvm::Expected<MemLayout> m = MemLayout::get(mem, t, bits);
    if (m)
      out.push_back({map, *m, bits});
    else
      llvm::consumeError(m.takeError());
  }
}

static const std::vector<Case> &cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> out;
    for (Shape shape : {Shape{16, 64}, Shape{64, 32}, Shape{48, 80}, Shape{16, 176}, Shape{2, 32, 24}}) {
      int rank = shape.size();
      llvm::SmallVector<int, 3> rows = {rank - 2, rank - 1};
      if (rank == 3)
        rows.push_back(0);
      DigitMap dense = MemLayout::dense(shape).map, byRows = MemLayout::dense(shape, rows).map;
      DigitMap acc = llvm::cantFail(mmaAcc(shape, 2));
      for (int bits : {8, 16, 32})
        for (const DigitMap &m : {blocked(shape, bits, 2), acc})
          for (const DigitMap &mem : {dense, byRows})
            addCases(out, m, mem, bits);
      if (shape.back() % 16 == 0)
        addCases(out, llvm::cantFail(mmaB(llvm::cantFail(mmaAcc({16, shape.back()}, 2)), 16, 16)).reshape({16, shape.back()}).get(),
                 MemLayout::dense({16, shape.back()}).map, 16);
    }
    addCases(out, parsed("reg [2:1@d1, 2:8@d0, 16:8@d1], lane [4:2@d1, 8:1@d0]"), parsed("addr [64:1@d1, 16:1@d0, 2:64@d1]"), 16);
    std::mt19937 rng(5);
    for (int i = 0; i < 60; ++i) {
      Shape shape = randomShape(rng, 1024);
      addCases(out, randomDist(rng, shape, 2), randomMem(rng, shape), 16);
    }
    return out;
  }();
  return all;
}

static std::string describe(const Case &c) { return c.map.str() + " in " + c.memory.str() + " bits " + std::to_string(c.bits); }

TEST(PlanShared, AddressesAreThoseOfTheMemory) {
  int planned = 0, refused = 0, xors = 0;
  for (const Case &c : cases()) {
    std::optional<AccessPlan> plan = planShared(c.map, c.memory, c.bits);
    if (!plan) {
      ++refused;
      continue;
    }
    ++planned;
    xors += plan->xorRegs;
    std::set<int32_t> regs(plan->regs.begin(), plan->regs.end());
    ASSERT_EQ(int(regs.size()), c.map.size(Axis::Reg)) << describe(c);
    for (int w = 0; w < c.map.size(Axis::Warp); ++w)
      for (int l = 0; l < c.map.size(Axis::Lane); ++l)
        for (int j = 0; j < plan->numAccesses(); ++j) {
          int64_t at = plan->address(j, l, w);
          if (at % plan->vecBytes)
            FAIL() << describe(c);
          for (int i = 0; i < plan->vecElems; ++i)
            if (at + i * c.bits / 8 != c.memory.physical(c.map.apply({plan->regs[j * plan->vecElems + i], l, w, 0}), c.bits))
              FAIL() << describe(c) << " access " << j << " lane " << l << " warp " << w;
        }
  }
  EXPECT_GT(planned, 300);
  EXPECT_GT(xors, 20);
  EXPECT_GT(refused, 0);
}

TEST(PlanShared, DenseMemoryAlwaysHasAPlan) {
  for (const DigitMap &m : distMaps())
    ASSERT_TRUE(planShared(m, MemLayout::dense(m.shape()), 16)) << m.str();
}

TEST(PlanShared, SlicesAddTheirOffset) {
  MemLayout whole = llvm::cantFail(MemLayout::get(parsed("addr [64:1@d1, 64:1@d0, 2:64@d1]"), Transform::sw(128), 16));
  for (auto [rowOff, colOff] : {std::pair<int, int>{0, 0}, {16, 0}, {48, 64}, {32, 32}, {0, 96}}) {
    DigitMap part = llvm::cantFail(llvm::cantFail(whole.map.slice(0, rowOff, 16)).slice(1, colOff, 32));
    DigitMap map = llvm::cantFail(mmaAcc({16, 32}, 1));
    int64_t offset = whole.map.locate({rowOff, colOff}).addr;
    std::optional<AccessPlan> plan = planShared(map, {part, whole.transform}, 16, offset);
    std::optional<MatrixOpPlan> matrix = matchMatrixOp(map, {part, whole.transform}, 16, offset);
    ASSERT_TRUE(plan && matrix);
    for (int l = 0; l < 32; ++l)
      for (int j = 0; j < plan->numAccesses(); ++j) {
        Coord c = map.apply({plan->regs[j * plan->vecElems], l, 0, 0});
        ASSERT_EQ(plan->address(j, l, 0), whole.physical({c[0] + rowOff, c[1] + colOff}, 16));
      }
  }
  // An offset that overlaps the digits of the slice is no slice.
  EXPECT_FALSE(planShared(llvm::cantFail(mmaAcc({16, 64}, 1)),
                          llvm::cantFail(MemLayout::get(parsed("addr [64:1@d1, 16:1@d0]"), Transform::sw(128), 16)), 16, 8));
  MemLayout small = llvm::cantFail(MemLayout::get(parsed("addr [64:1@d1, 4:1@d0]"), Transform::sw(128), 16));
  EXPECT_FALSE(planShared(blocked({4, 64}, 16, 1), small, 16, 8));
  EXPECT_TRUE(planShared(blocked({4, 64}, 16, 1), small, 16, 256));
}

TEST(PlanShared, Vectors) {
  auto vec = [](const DigitMap &m, const MemLayout &mem, int bits) { return planShared(m, mem, bits)->vecBytes; };
  DigitMap m = blocked({64, 64}, 16, 4), dense = MemLayout::dense({64, 64}).map;
  EXPECT_EQ(vec(m, MemLayout::dense({64, 64}), 16), 16);
  EXPECT_EQ(vec(m, llvm::cantFail(MemLayout::get(dense, Transform::sw(128), 16)), 16), 16);
  EXPECT_EQ(vec(m, llvm::cantFail(MemLayout::get(dense, Transform::pad(128, 8), 16)), 16), 8);
  EXPECT_EQ(vec(m, llvm::cantFail(MemLayout::get(dense, Transform::xorBits(2, 3, 7), 16)), 16), 8);
  EXPECT_EQ(vec(m, MemLayout::dense({64, 64}, {0, 1}), 16), 2);
  EXPECT_EQ(planShared(m, MemLayout::dense({64, 64}), 16, 0, 4)->vecBytes, 4);
}

//===-- Bank conflicts ------------------------------------------------------------------------------------------------------------------------===//

/// Counts by definition: lanes in groups that move at most 128 bytes, every group takes as many wavefronts as its busiest bank has words.
static int countedWavefronts(const std::vector<int64_t> &lanes, int vecBytes) {
  int group = vecBytes == 16 ? 8 : vecBytes == 8 ? 16 : 32, total = 0;
  for (size_t first = 0; first < lanes.size(); first += group) {
    std::map<int64_t, std::set<int64_t>> banks;
    for (size_t l = first; l < first + group && l < lanes.size(); ++l)
      for (int b = 0; b < vecBytes; ++b)
        banks[(lanes[l] + b) / 4 % 32].insert((lanes[l] + b) / 4);
    size_t most = 0;
    for (const auto &[bank, words] : banks)
      most = std::max(most, words.size());
    total += most;
  }
  return total;
}

TEST(BankConflict, EqualsACount) {
  int conflicts = 0;
  for (size_t i = 0; i < cases().size(); i += 3) {
    const Case &c = cases()[i];
    std::optional<AccessPlan> plan = planShared(c.map, c.memory, c.bits);
    int worst = plan ? 0 : -1;
    int64_t total = 0;
    for (int j = 0; plan && j < plan->numAccesses(); ++j) {
      std::vector<int64_t> lanes;
      for (int l = 0; l < kWarpSize; ++l)
        lanes.push_back(c.memory.physical(c.map.apply({plan->regs[j * plan->vecElems], l, 0, 0}), c.bits));
      int n = countedWavefronts(lanes, plan->vecBytes);
      total += n;
      worst = std::max(worst, n - std::max(1, plan->vecBytes / 4));
    }
    ASSERT_EQ(bankConflict(c.map, c.memory, c.bits), worst) << describe(c);
    if (plan) {
      ASSERT_EQ(plan->wavefronts, total) << describe(c);
    }
    conflicts += worst > 0;
  }
  EXPECT_GT(conflicts, 10);
}

TEST(BankConflict, KnownPatterns) {
  DigitMap column = parsed("lane [32:1@d0], reg [32:1@d1]"), dense = MemLayout::dense({32, 32}).map;
  auto conflict = [&](Transform t) { return planShared(column, llvm::cantFail(MemLayout::get(dense, t, 32)), 32, 0, 4)->bankConflict; };
  EXPECT_EQ(conflict(Transform::none()), 31);
  EXPECT_EQ(conflict(Transform::pad(128, 4)), 0);
  EXPECT_EQ(conflict(Transform::sw(128)), 3);
  DigitMap rows = blocked({32, 64}, 16, 1);
  EXPECT_EQ(bankConflict(rows, MemLayout::dense({32, 64}), 16), 0);
}

//===-- ldmatrix and stmatrix -----------------------------------------------------------------------------------------------------------------===//

/// Byte address of element e of the word that lane l gets of matrix q, by the definition of ldmatrix.
static int64_t matrixElement(const MatrixOpPlan &plan, int access, int q, int lane, int warp, int e, int bits) {
  int g = lane / 4, t = lane % 4;
  if (plan.trans)
    return plan.access.address(access, 8 * q + 2 * t + e, warp) + 2 * g;
  return plan.access.address(access, 8 * q + g, warp) + 4 * t + e * bits / 8;
}

TEST(MatrixOp, MovesTheRightElements) {
  int plain = 0, trans = 0, x4 = 0;
  for (const Case &c : cases()) {
    std::optional<MatrixOpPlan> plan = matchMatrixOp(c.map, c.memory, c.bits);
    if (!plan)
      continue;
    (plan->trans ? trans : plain) += 1;
    x4 += plan->count == 4;
    int perWord = 32 / c.bits;
    ASSERT_EQ(plan->access.vecElems, plan->count * perWord);
    std::set<int32_t> regs(plan->access.regs.begin(), plan->access.regs.end());
    ASSERT_EQ(int(regs.size()), c.map.size(Axis::Reg)) << describe(c);
    for (int w = 0; w < c.map.size(Axis::Warp); ++w)
      for (int j = 0; j < plan->access.numAccesses(); ++j)
        for (int q = 0; q < plan->count; ++q)
          for (int l = 0; l < kWarpSize; ++l) {
            if (plan->access.address(j, l, w) % 16)
              FAIL() << describe(c);
            for (int e = 0; e < perWord; ++e) {
              int32_t reg = plan->access.regs[(j * plan->count + q) * perWord + e];
              if (matrixElement(*plan, j, q, l, w, e, c.bits) != c.memory.physical(c.map.apply({reg, l, w, 0}), c.bits))
                FAIL() << describe(c) << " access " << j << " matrix " << q << " lane " << l;
            }
          }
  }
  EXPECT_GT(plain, 20);
  EXPECT_GT(trans, 10);
  EXPECT_GT(x4, 20);
}

TEST(MatrixOp, KnownForms) {
  DigitMap acc = llvm::cantFail(mmaAcc({64, 64}, 4));
  auto match = [](const DigitMap &m, const DigitMap &mem, Transform t, int bits = 16) {
    return matchMatrixOp(m, llvm::cantFail(MemLayout::get(mem, t, bits)), bits);
  };
  DigitMap dense = MemLayout::dense({64, 64}).map, columns = MemLayout::dense({64, 64}, {0, 1}).map;
  std::optional<MatrixOpPlan> plan = match(acc, dense, Transform::sw(128));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->count, 4);
  EXPECT_FALSE(plan->trans);
  EXPECT_EQ(plan->access.bankConflict, 0);
  EXPECT_EQ(match(acc, dense, Transform::none())->access.bankConflict, 28);
  EXPECT_TRUE(match(acc, columns, Transform::sw(128))->trans);
  EXPECT_TRUE(match(acc, dense, Transform::pad(128, 16)));
  EXPECT_FALSE(match(acc, dense, Transform::pad(128, 8)));
  EXPECT_FALSE(match(acc, dense, Transform::xorBits(2, 3, 7)));
  EXPECT_FALSE(match(acc, columns, Transform::none(), 32));
  EXPECT_FALSE(match(blocked({64, 64}, 16, 4), dense, Transform::none()));
  // B as stored [k, n] needs .trans, as stored [n, k] not.
  DigitMap b = llvm::cantFail(mmaB(llvm::cantFail(mmaAcc({64, 64}, 4)), 64, 16));
  EXPECT_TRUE(match(b, dense, Transform::sw(128))->trans);
  EXPECT_FALSE(match(b, columns, Transform::sw(128))->trans);
  EXPECT_EQ(match(llvm::cantFail(mmaAcc({16, 8}, 1)), MemLayout::dense({16, 8}).map, Transform::none())->count, 2);
}
