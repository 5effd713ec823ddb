// SPDX-License-Identifier: Apache-2.0
// Laws of digit maps, over all coordinates of many maps.
#include "LayoutTesting.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <chrono>
#include <numeric>

using namespace seqc::layout;
using namespace seqc::layout::test;

static std::vector<DigitMap> allMaps() {
  std::vector<DigitMap> maps = distMaps();
  maps.insert(maps.end(), memMaps().begin(), memMaps().end());
  return maps;
}

/// Locations of a map, a measure of the work of enumerating it.
static int64_t numLocations(const DigitMap &m) { return m.numElements() * m.replicas(); }

static std::string errorOf(llvm::Expected<DigitMap> m) { return m ? "no error: " + m->str() : toString(m.takeError()); }

TEST(DigitMap, ApplyInvertsLocate) {
  for (const DigitMap &m : allMaps())
    forCoords(m.shape(), [&](const Coord &c) { ASSERT_EQ(m.apply(m.locate(c)), c) << m.str(); });
}

TEST(DigitMap, EveryCoordinateIsHitOncePerReplica) {
  for (const DigitMap &m : allMaps()) {
    std::vector<int64_t> hits(m.numElements(), 0);
    forLocations(m, [&](Loc l) {
      int64_t at = linear(m.apply(l), m.shape());
      ASSERT_TRUE(at >= 0 && at < m.numElements()) << m.str();
      ++hits[at];
    });
    for (int64_t h : hits)
      ASSERT_EQ(h, m.replicas()) << m.str();
  }
}

TEST(DigitMap, TablesAgreeWithApply) {
  for (const DigitMap &m : distMaps()) {
    Shape strides = rowMajorStrides(m.shape());
    forEachElement(m, strides, [&](int reg, int lane, int warp, int64_t offset) {
      ASSERT_EQ(offset, linear(m.apply({reg, lane, warp, 0}), m.shape())) << m.str();
    });
    for (int d = 0; d < m.rank(); ++d) {
      std::vector<int32_t> lanes = m.coordinates(Axis::Lane, d);
      ASSERT_EQ(int(lanes.size()), m.size(Axis::Lane));
      for (int l = 0; l < m.size(Axis::Lane); ++l)
        ASSERT_EQ(lanes[l], m.apply({0, l, 0, 0})[d]) << m.str();
    }
  }
}

TEST(DigitMap, ReshapeKeepsTheRowMajorIndex) {
  std::mt19937 rng(3);
  int done = 0, refused = 0;
  for (const DigitMap &m : allMaps())
    for (int i = 0; i < (numLocations(m) > 4096 ? 1 : 4); ++i) {
      // Cut the elements into random dims.
      Shape shape;
      int64_t left = m.numElements();
      while (left > 1 && shape.size() < 4) {
        int64_t n = 1 + rng() % left;
        n = std::gcd(n, left);
        shape.push_back(n);
        left /= n;
      }
      shape.push_back(left);
      llvm::Expected<DigitMap> r = m.reshape(shape);
      if (!r) {
        ++refused;
        llvm::consumeError(r.takeError());
        continue;
      }
      ++done;
      forLocations(m, [&](Loc l) { ASSERT_EQ(linear(r->apply(l), shape), linear(m.apply(l), m.shape())) << m.str() << " -> " << r->str(); });
      ASSERT_EQ(llvm::cantFail(r->reshape(m.shape())), m);
      ASSERT_EQ(llvm::cantFail(m.reshape({m.numElements()})).reshape(shape).get(), *r);
    }
  EXPECT_GT(done, 100);
  EXPECT_GT(refused, 10);
}

TEST(DigitMap, ReshapeErrors) {
  DigitMap m = parsed("addr [8:1@d1, 3:1@d0]");
  EXPECT_EQ(errorOf(m.reshape({4, 6})), "expects digits that fall into single dims of the new shape, but got 8:1@d1");
  EXPECT_EQ(errorOf(m.reshape({4, 7})), "expects a shape of 24 elements, but got 28");
  EXPECT_EQ(llvm::cantFail(m.reshape({6, 4})).str(), "addr [4:1@d1, 6:1@d0]");
}

TEST(DigitMap, TransposeMovesCoordinates) {
  std::mt19937 rng(4);
  for (const DigitMap &m : allMaps()) {
    llvm::SmallVector<int, 6> perm(m.rank()), inverse(m.rank());
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), rng);
    for (int i = 0; i < m.rank(); ++i)
      inverse[perm[i]] = i;
    DigitMap t = m.transpose(perm);
    forLocations(m, [&](Loc l) {
      Coord from = m.apply(l), to = t.apply(l);
      for (int i = 0; i < m.rank(); ++i)
        ASSERT_EQ(to[i], from[perm[i]]) << m.str();
    });
    ASSERT_EQ(t.transpose(inverse), m);
  }
}

TEST(DigitMap, DropDimLeavesTheOtherCoordinates) {
  for (const DigitMap &m : distMaps())
    for (int d = 0; d < m.rank(); ++d) {
      DigitMap dropped = m.dropDim(d);
      for (int w = 0; w < m.size(Axis::Warp); ++w)
        for (int l = 0; l < m.size(Axis::Lane); ++l) {
          Coord c = m.apply({0, l, w, 0});
          c.erase(c.begin() + d);
          ASSERT_EQ(dropped.apply({0, l, w, 0}), c) << m.str();
        }
    }
  DigitMap acc = parsed("reg [2:1@d1, 2:8@d0, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(acc.dropDim(1).str(), "reg [2:8@d0], lane [4:_, 8:1@d0], warp [4:16@d0]");
}

TEST(DigitMap, NewDimsAreUndoneByDropDim) {
  for (const DigitMap &m : distMaps())
    for (int d = 0; d <= m.rank(); ++d)
      for (int64_t n : {1, 2, 12, 64}) {
        DigitMap stacked = m.stack(d, n), spread = m.spread(d, n);
        ASSERT_EQ(stacked.dropDim(d), m) << m.str();
        ASSERT_EQ(spread.dropDim(d), m) << m.str() << " " << spread.str();
        ASSERT_EQ(stacked.size(Axis::Reg), m.size(Axis::Reg) * n);
        ASSERT_LE(spread.size(Axis::Reg), stacked.size(Axis::Reg));
      }
  DigitMap row = parsed("reg [2:8@d0], lane [4:_, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(row.spread(1, 8).str(), "reg [2:8@d0, 2:4@d1], lane [4:1@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(parsed("addr [4:1@d0]").stack(0, 3, Axis::Addr).str(), "addr [4:1@d1, 3:1@d0]");
}

TEST(DigitMap, SliceIsTheMapShifted) {
  int done = 0, refused = 0;
  for (const DigitMap &m : allMaps())
    for (int d = 0; d < (numLocations(m) > 2048 ? 0 : m.rank()); ++d)
      for (int64_t n = 1; n <= m.shape()[d]; n = n < 4 ? n + 1 : n * 2)
        for (int64_t off : {int64_t(0), n, m.shape()[d] - n}) {
          llvm::Expected<DigitMap> s = m.slice(d, off, n);
          if (!s) {
            ++refused;
            llvm::consumeError(s.takeError());
            continue;
          }
          ++done;
          std::vector<int32_t> regs = sliceRegisters(m, *s, d, off);
          Coord origin(m.rank(), 0);
          origin[d] = off;
          int32_t addr = m.locate(origin).addr;
          bool memory = m.size(Axis::Addr) > 1;
          int64_t covered = 0;
          forLocations(*s, [&](Loc l) {
            Coord part = s->apply(l);
            covered += s->locate(part) == l;
            part[d] += off;
            // Holes of a memory slice lie on elements of other slices.
            if (memory && !(s->locate(s->apply(l)) == l))
              return;
            Loc in = {regs[l.reg], l.lane, l.warp, memory ? addr + l.addr : 0};
            ASSERT_EQ(m.apply(in), part) << m.str() << " d" << d << " off " << off << " n " << n << ": " << s->str();
          });
          ASSERT_EQ(covered, s->numElements());
        }
  EXPECT_GT(done, 500);
  EXPECT_GT(refused, 500);
}

TEST(DigitMap, SliceErrors) {
  DigitMap acc = parsed("reg [2:1@d1, 2:8@d0, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(llvm::cantFail(acc.slice(1, 80, 16)).str(), "reg [2:1@d1, 2:8@d0, 2:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(errorOf(acc.slice(0, 16, 16)), "expects a slice that cuts register or addr digits, but got one that cuts warp digits");
  EXPECT_EQ(errorOf(acc.slice(1, 4, 16)), "expects a slice of whole digits of 8, but got offset 4 and extent 16");
  EXPECT_EQ(errorOf(acc.slice(1, 7, 2)), "expects a slice inside one digit of 8, but got offset 7 and extent 2");
  EXPECT_EQ(errorOf(acc.slice(1, 170, 8)), "expects a slice inside extent 176, but got offset 170 and extent 8");
}

TEST(DigitMap, CanonicalForm) {
  EXPECT_EQ(parsed("reg [2:1@d1, 2:8@d0, 2:8@d1, 8:16@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]").str(),
            "reg [2:1@d1, 2:8@d0, 16:8@d1], lane [4:2@d1, 8:1@d0], warp [4:16@d0]");
  EXPECT_EQ(parsed("lane [2:_, 1:1@d0, 16:_], warp [2:1@d0, 2:2@d0]").str(), "lane [32:_], warp [4:1@d0]");
  EXPECT_EQ(parsed("addr [4:1@d1]", {{1, 4}}), parsed(" addr[2:1@d1 ,2:2@d1] "));
  EXPECT_NE(parsed("addr [4:1@d1]"), parsed("addr [4:1@d0]"));
  EXPECT_EQ(hash_value(parsed("addr [4:1@d1]")), hash_value(parsed("addr [2:1@d1, 2:2@d1]")));
}

TEST(DigitMap, TextRoundTrip) {
  for (const DigitMap &m : allMaps())
    ASSERT_EQ(parsed(m.str(), m.shape()), m);
}

TEST(DigitMap, RefusesWhatIsNotExact) {
  auto get = [](llvm::StringRef text, llvm::ArrayRef<int64_t> shape) { return errorOf(DigitMap::parse(text, shape)); };
  EXPECT_EQ(get("addr [4:2@d0]", {8}), "expects the next digit of d0 to have stride 1, but got 2");
  EXPECT_EQ(get("addr [4:1@d0, 2:2@d0]", {8}), "expects the next digit of d0 to have stride 4, but got 2");
  EXPECT_EQ(get("addr [4:1@d0, 2:8@d0]", {8}), "expects the next digit of d0 to have stride 4, but got 8");
  EXPECT_EQ(get("addr [4:1@d0, 4:1@d0]", {4}), "expects the next digit of d0 to have stride 4, but got 1");
  EXPECT_EQ(get("addr [4:1@d0]", {8}), "expects the digits of d0 to cover extent 8, but got 4");
  EXPECT_EQ(get("addr [4:1@d0]", {4, 0}), "expects the digits of d1 to cover extent 0, but got 1");
  EXPECT_EQ(get("addr [4:1@d1]", {4}), "expects dims below the rank 1, but got d1");
  EXPECT_EQ(get("addr [0:1@d0]", {0}), "expects digit sizes >= 1, but got 0");
  EXPECT_EQ(get("reg [2:_], lane [32:_]", {}), "expects register digits that are no replicas, but got 2:_");
  EXPECT_EQ(get("lane [16:1@d0]", {16}), "expects lane digits that multiply to 32, but got 16");
  EXPECT_EQ(get("reg [4:1@d0]", {4}), "expects lane digits that multiply to 32, but got 1");
  EXPECT_EQ(get("reg [4:1@d0], lane [32:_], addr [2:_]", {4}), "expects either addr digits or reg, lane and warp digits, but got both");
  EXPECT_EQ(get("addr [65536:1@d0, 65536:65536@d0]", {int64_t(1) << 32}), "expects addr digits that multiply to 2^30 at most, but got more");
}

TEST(DigitMap, RefusesMalformedText) {
  auto get = [](llvm::StringRef text) { return errorOf(DigitMap::parse(text)); };
  EXPECT_EQ(get("registers"), "expects `[`, but got `isters`");
  EXPECT_EQ(get("row [2:1@d0]"), "expects one of reg, lane, warp, addr, but got `row [2:1@d0]`");
  EXPECT_EQ(get("addr [2:1@1]"), "expects `@d`, but got `@1]`");
  EXPECT_EQ(get("addr [2:1@d0"), "expects `]`, but got ``");
  EXPECT_EQ(get("addr []"), "expects an integer of 32 bits, but got `]`");
  EXPECT_EQ(get("addr [2:1@d0], addr [2:2@d0]"), "expects every axis once, but got `addr [2:2@d0]`");
  EXPECT_EQ(get("addr [2:1@d0] lane [32:_]"), "expects `,`, but got `lane [32:_]`");
  EXPECT_EQ(get("addr [99999999999:1@d0]"), "expects an integer of 32 bits, but got `99999999999:1@d0`");
  EXPECT_EQ(get("addr [2:1@d200]"), "expects a dim of 0 to 127 before this, but got `]`");
}
