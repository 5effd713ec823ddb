// SPDX-License-Identifier: Apache-2.0
// Symbolic sizes: algebra against evaluation on random numbers, proofs of signs, limits.
#include "Size.h"
#include "seqc/Support/Expr.h"
#include "gtest/gtest.h"
#include <random>

using namespace seqc;
using seqc::onnx::Size;

namespace {
const Size B = Size::name("B"), L = Size::name("L"), P = Size::name("P");

int64_t evaluate(const Size &s, const llvm::StringMap<int64_t> &dims) {
  llvm::Expected<Expr> e = Expr::parse(s.str());
  if (!e) {
    ADD_FAILURE() << s.str() << ": " << llvm::toString(e.takeError());
    return -1;
  }
  return llvm::cantFail(e->evaluate(dims));
}

TEST(Size, EqualPolynomialsCompareEqual) {
  EXPECT_EQ((B + L) * (B + L), B * B + Size(2) * L * B + L * L);
  EXPECT_EQ(L + P - L, P);
  EXPECT_NE(L, P);
  EXPECT_NE(L + Size(1), L);
  EXPECT_TRUE((L - L).isConst(0));
}

TEST(Size, ExactQuotients) {
  EXPECT_EQ(*exactQuotient(B * L * Size(768), Size(64) * L), B * Size(12));
  EXPECT_EQ(*exactQuotient(B * B + B * L * Size(2) + L * L, B + L), B + L);
  EXPECT_FALSE(exactQuotient(B * L + Size(1), L));
  EXPECT_FALSE(exactQuotient(B, Size(0)));
  EXPECT_FALSE(exactQuotient(B * Size(3), Size(2)));
}

TEST(Size, Signs) {
  EXPECT_TRUE((L * P + B).isNonNegative());
  EXPECT_FALSE((L - Size(1)).isNonNegative());
  EXPECT_TRUE((L + Size(1)).isPositive());
  EXPECT_FALSE(L.isPositive());
  EXPECT_TRUE(min(L, P).isNonNegative());
  EXPECT_TRUE(max(L - P, Size(0)).isNonNegative());
  EXPECT_EQ(max(L + P, P), L + P);
  EXPECT_EQ(min(L + P, P), P);
}

TEST(Size, RoundingIsToMinusInfinity) {
  EXPECT_TRUE(floorDiv(Size(-7), Size(2)).isConst(-4));
  EXPECT_TRUE(ceilDiv(Size(-7), Size(2)).isConst(-3));
  EXPECT_TRUE(mod(Size(-7), Size(4)).isConst(1));
  EXPECT_TRUE(mod(L * Size(64), Size(8)).isConst(0));
  EXPECT_FALSE(floorDiv(L, Size(0)).isValid());
}

TEST(Size, OverflowAndGrowthEndInAnInvalidSize) {
  Size big(INT64_MAX);
  EXPECT_FALSE((big + Size(1)).isValid());
  EXPECT_FALSE((big * Size(2)).isValid());
  EXPECT_FALSE((big * L * Size(4)).isValid());
  EXPECT_FALSE(((big + Size(1)) * Size(0)).isValid());
  Size power = L;
  for (int i = 0; i < 40; ++i)
    power *= L + P + B + Size(i);
  EXPECT_FALSE(power.isValid());
  Size nested = L;
  for (int i = 2; i < 100 && nested.isValid(); ++i)
    nested = floorDiv(nested + P, nested + Size(i));
  EXPECT_FALSE(nested.isValid());
}

TEST(Size, SubstitutionReachesEverySubexpression) {
  Size s = floorDiv(L + P, Size(3)) * min(L, B * Size(2)) + mod(L, Size(5));
  EXPECT_TRUE(s.mentions("L"));
  Size t = s.substitute([](llvm::StringRef n) { return n == "L" ? std::optional(Size(7)) : std::nullopt; });
  EXPECT_FALSE(t.mentions("L"));
  EXPECT_EQ(evaluate(t, {{"P", 4}, {"B", 5}}), evaluate(s, {{"P", 4}, {"B", 5}, {"L", 7}}));
}

/// Random expressions: what is built symbolically evaluates to what plain arithmetic gives.
TEST(Size, AgreesWithPlainArithmetic) {
  std::mt19937 random(3);
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  int checked = 0;
  for (int round = 0; round < 3000; ++round) {
    llvm::StringMap<int64_t> dims{{"B", pick(6)}, {"L", pick(30)}, {"P", pick(30)}};
    std::vector<std::pair<Size, int64_t>> pool{{B, dims["B"]}, {L, dims["L"]}, {P, dims["P"]}, {Size(pick(9) - 4), 0}};
    pool.back().second = pool.back().first.value();
    for (int step = 0; step < 5; ++step) {
      auto [x, p] = pool[pick(pool.size())];
      auto [y, q] = pool[pick(pool.size())];
      int64_t d = 1 + pick(7), quotient = p >= 0 ? p / d : -((-p + d - 1) / d);
      switch (pick(7)) {
      case 0:
        pool.push_back({x + y, p + q});
        break;
      case 1:
        pool.push_back({x - y, p - q});
        break;
      case 2:
        pool.push_back({x * y, p * q});
        break;
      case 3:
        pool.push_back({floorDiv(x, Size(d)), quotient});
        break;
      case 4:
        pool.push_back({mod(x, Size(d)), p - quotient * d});
        break;
      case 5:
        pool.push_back({min(x, y), std::min(p, q)});
        break;
      default:
        pool.push_back({max(x, y), std::max(p, q)});
      }
    }
    for (auto &[s, expected] : pool) {
      if (!s.isValid() || s.str().size() > 2000)
        continue;
      EXPECT_EQ(evaluate(s, dims), expected) << s.str();
      if (s.isNonNegative())
        EXPECT_GE(expected, 0) << s.str();
      if (s.isPositive())
        EXPECT_GT(expected, 0) << s.str();
      ++checked;
    }
  }
  EXPECT_GT(checked, 20000);
}
} // namespace
