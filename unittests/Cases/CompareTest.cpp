// SPDX-License-Identifier: Apache-2.0
// The comparison accepts what is within the tolerance and refuses everything else.
#include "seqc/Cases/Compare.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace seqc::cases;
using namespace seqc::interp;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr Tolerance kTolerance{1e-3};

/// Distinct values of size about 1, 3 rows of 4.
Tensor sample(DType type = DType::F32) {
  Tensor t(type, {3, 4});
  for (size_t i = 0; i < t.data.size(); ++i)
    t.data[i] = roundTo(type, 1.0 + 0.125 * i);
  return t;
}
} // namespace

TEST(Compare, EqualTensorsPass) {
  Report r = compare(sample(), sample(), kTolerance);
  EXPECT_TRUE(r.ok) << r.problem;
  EXPECT_EQ(r.used, 0);
  EXPECT_EQ(r.failures, 0);
}

TEST(Compare, HalfTheTolerancePassesAndTwiceFails) {
  for (auto [factor, ok] : {std::pair(0.5, true), std::pair(2.0, false)}) {
    Tensor actual = sample();
    actual.at({2, 1}) += factor * kTolerance.relative * actual.at({2, 1});
    Report r = compare(sample(), actual, kTolerance);
    EXPECT_EQ(r.ok, ok) << factor;
    EXPECT_NEAR(r.used, factor, 0.01);
    EXPECT_EQ(r.where, (std::vector<int64_t>{2, 1}));
    EXPECT_EQ(r.failures, ok ? 0 : 1);
  }
}

TEST(Compare, TransposedResultFails) {
  Tensor expected(DType::F32, {3, 3}), actual(DType::F32, {3, 3});
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 3; ++j)
      expected.at({i, j}) = actual.at({j, i}) = 1.0 + i + 0.25 * j;
  EXPECT_FALSE(compare(expected, actual, kTolerance).ok);
}

TEST(Compare, AnotherShapeFailsEvenWithEqualData) {
  Tensor actual = sample();
  actual.shape = {4, 3};
  Report r = compare(sample(), actual, kTolerance);
  EXPECT_FALSE(r.ok);
  EXPECT_NE(r.problem.find("[3, 4]"), std::string::npos) << r.problem;
  EXPECT_FALSE(compare(sample(), sample(DType::BF16), kTolerance).ok);
}

TEST(Compare, ZerosFail) { EXPECT_FALSE(compare(sample(), Tensor(DType::F32, {3, 4}), kTolerance).ok); }

TEST(Compare, NaNBelongsWhereItIsExpected) {
  Tensor withNaN = sample();
  withNaN.at({1, 2}) = kNaN;
  EXPECT_TRUE(compare(withNaN, withNaN, kTolerance).ok);
  Report missing = compare(withNaN, sample(), kTolerance), extra = compare(sample(), withNaN, kTolerance);
  EXPECT_FALSE(missing.ok);
  EXPECT_FALSE(extra.ok);
  EXPECT_EQ(extra.where, (std::vector<int64_t>{1, 2}));
}

TEST(Compare, InfinitiesHaveASign) {
  Tensor plus = sample(), minus = sample();
  plus.at({0, 0}) = kInf;
  minus.at({0, 0}) = -kInf;
  EXPECT_TRUE(compare(plus, plus, kTolerance).ok);
  EXPECT_FALSE(compare(plus, minus, kTolerance).ok);
  EXPECT_FALSE(compare(sample(), plus, kTolerance).ok);
}

TEST(Compare, OverflowOfTheTypeIsInfinity) {
  Tensor expected(DType::F16, {1}, 1e6), actual(DType::F16, {1}, kInf), largest(DType::F16, {1}, 65504);
  EXPECT_TRUE(compare(expected, actual, kTolerance).ok);
  EXPECT_FALSE(compare(expected, largest, kTolerance).ok);
}

TEST(Compare, ExactMeansRoundedToTheType) {
  Tensor expected(DType::BF16, {1}, 1.0 / 3), rounded = expected, next = expected;
  rounded.data[0] = roundTo(DType::BF16, 1.0 / 3);
  next.data[0] = rounded.data[0] + std::ldexp(1.0, -9);
  EXPECT_TRUE(compare(expected, rounded, {}).ok);
  EXPECT_FALSE(compare(expected, next, {}).ok);
}

TEST(Compare, IntegersAreEqualWhateverTheTolerance) {
  Tensor a(DType::I32, {2}, 1000000), b = a;
  EXPECT_TRUE(compare(a, b, kTolerance).ok);
  b.data[1] += 1;
  EXPECT_FALSE(compare(a, b, kTolerance).ok);
}

TEST(Compare, CancelledSumsAreJudgedByTheScale) {
  // One element near 0 among elements of size 1: an error of u is an error of rounding, although it is large relative to the element.
  Tensor expected = sample(), actual = sample();
  expected.at({0, 0}) = 0;
  actual.at({0, 0}) = 1e-4;
  EXPECT_TRUE(compare(expected, actual, kTolerance).ok);
  actual.at({0, 0}) = 1e-2;
  EXPECT_FALSE(compare(expected, actual, kTolerance).ok);
}

TEST(Compare, EmptyTensorsPass) { EXPECT_TRUE(compare(Tensor(DType::F32, {0, 4}), Tensor(DType::F32, {0, 4}), kTolerance).ok); }

TEST(Tolerance, FollowsTheTable) {
  constexpr double kF32 = 0x1p-24;
  EXPECT_DOUBLE_EQ(toleranceOf(DType::F32, {1, 0, 0, 1, 1}).relative, kF32);
  EXPECT_DOUBLE_EQ(toleranceOf(DType::BF16, {1, 1, 2, 1, 3}).relative, 0x1p-8 + 3 * (2 + 4) * kF32);
  EXPECT_DOUBLE_EQ(toleranceOf(DType::F16, {10000, 0, 0, 2, 1}).relative, 2 * 0x1p-11 + 601 * kF32);
  EXPECT_DOUBLE_EQ(toleranceOf(DType::F32, {9, 0, 0, 1, 1}).relative, 11 * kF32);
  EXPECT_TRUE(toleranceOf(DType::I64, {100, 2, 2, 1, 1}).isExact());
}
