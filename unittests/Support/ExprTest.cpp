// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Expr.h"
#include "gtest/gtest.h"

using namespace seqc;

static Expr parsed(llvm::StringRef text) {
  llvm::Expected<Expr> e = Expr::parse(text);
  if (!e) {
    ADD_FAILURE() << toString(e.takeError());
    return Expr(int64_t{-1});
  }
  return *e;
}

TEST(Expr, FoldsConstantsAndIdentities) {
  Expr L = Expr::name("L");
  EXPECT_EQ(L * 1, L);
  EXPECT_EQ(L * 0, Expr(0));
  EXPECT_EQ(L + 0, L);
  EXPECT_EQ(ceilDiv(Expr(7), 2), Expr(4));
  EXPECT_EQ(L - L, Expr(0));
  EXPECT_EQ(L * 3 * 4, L * 12);
}

TEST(Expr, OrderOfFactorsDoesNotMatter) {
  Expr B = Expr::name("B"), L = Expr::name("L");
  EXPECT_EQ(B * L, L * B);
  EXPECT_EQ((B * 4) * L, (L * B) * 4);
}

TEST(Expr, InfixAndJsonRoundTrip) {
  for (const char *text : {"L % 64 == 0", "ceildiv(B * L, 4)", "B * (L + 1) - 2", "L <= 4 && B < 3 || L == 1", "min(L, max(B, 3))", "L - (B - 1)", "0 <= L + -1", "-3 + B"}) {
    Expr e = parsed(text);
    EXPECT_EQ(parsed(e.str()), e) << text << " -> " << e.str();
    llvm::Expected<Expr> back = Expr::fromJson(e.toJson());
    ASSERT_TRUE(bool(back));
    EXPECT_EQ(*back, e) << text;
  }
}

TEST(Expr, Evaluates) {
  llvm::StringMap<int64_t> dims{{"L", 65}, {"B", 2}};
  EXPECT_EQ(llvm::cantFail(parsed("ceildiv(L, 64) * B").evaluate(dims)), 4);
  EXPECT_EQ(llvm::cantFail(parsed("L % 64 == 1 && B > 1").evaluate(dims)), 1);
  EXPECT_EQ(llvm::cantFail(parsed("L >= 66").evaluate(dims)), 0);
  EXPECT_EQ(llvm::cantFail(parsed("(B - L) / 2").evaluate(dims)), -32);
}

TEST(Expr, EvaluationErrors) {
  llvm::StringMap<int64_t> dims{{"L", INT64_MAX}, {"Z", 0}};
  for (const char *text : {"L * L", "L + 1", "1 / Z", "L % Z", "X"})
    EXPECT_FALSE(bool(llvm::expectedToOptional(parsed(text).evaluate(dims)))) << text;
}

TEST(Expr, MalformedText) {
  for (const char *text : {"", "L +", "(L", "L L", "ceildiv(L)", "99999999999999999999"}) {
    llvm::Expected<Expr> e = Expr::parse(text);
    EXPECT_FALSE(bool(e)) << text;
    if (!e)
      llvm::consumeError(e.takeError());
  }
}
