// SPDX-License-Identifier: Apache-2.0
// Expressions of the manifest against an evaluator in 128-bit arithmetic.
#include "call_helper.h"
#include "expr.h"
#include <memory>
#include <random>

using namespace seqc_rt_test;

namespace {

const char *const kNames[] = {"B", "L"};
const rt_scope kScope{kNames, 2};

struct Arena {
  rt_arena arena{};
  ~Arena() { rt_arena_free(&arena); }
};

seqc_rt_status_t evaluate(const std::string &json, int64_t b, int64_t l, int64_t *out) {
  Arena a;
  std::unique_ptr<cJSON, void (*)(cJSON *)> root(cJSON_Parse(json.c_str()), cJSON_Delete);
  EXPECT_NE(root, nullptr) << json;
  rt_expr expr;
  seqc_rt_status_t status = rt_expr_parse(root.get(), &kScope, &a.arena, "test", &expr);
  if (status != SEQC_RT_OK)
    return status;
  const int64_t values[] = {b, l};
  return rt_expr_eval(&expr, values, out);
}

/// Text and exact value of a random expression; no value if any step overflows 64 bits or divides by a number <= 0.
struct Random {
  std::mt19937_64 engine;
  int64_t b, l;
  bool fails = false;

  std::pair<std::string, __int128> make(int depth) {
    if (depth == 0 || engine() % 5 == 0) {
      if (engine() % 2)
        return engine() % 2 ? std::make_pair(std::string("\"B\""), static_cast<__int128>(b)) : std::make_pair(std::string("\"L\""), static_cast<__int128>(l));
      int64_t limit = engine() % 8 ? 40 : int64_t{1} << 53;
      int64_t v = static_cast<int64_t>(engine() % (2 * limit + 1)) - limit;
      return {std::to_string(v), v};
    }
    static const char *const ops[] = {"add", "sub", "mul", "floordiv", "ceildiv", "mod", "min", "max", "eq", "ne", "lt", "le", "and", "or"};
    auto [x, a] = make(depth - 1);
    auto [y, c] = make(depth - 1);
    unsigned op = engine() % 14;
    __int128 v = apply(op, a, c);
    fails |= v > INT64_MAX || v < INT64_MIN;
    return {std::string("[\"") + ops[op] + "\"," + x + "," + y + "]", fails ? 0 : v};
  }

  __int128 apply(unsigned op, __int128 a, __int128 c) {
    if (op >= 3 && op <= 5 && c <= 0)
      return fails = true, 0;
    __int128 q = op >= 3 && op <= 5 ? a / c : 0, r = a - q * c;
    switch (op) {
    case 0: return a + c;
    case 1: return a - c;
    case 2: return a * c;
    case 3: return r < 0 ? q - 1 : q;
    case 4: return r > 0 ? q + 1 : q;
    case 5: return r < 0 ? r + c : r;
    case 6: return a < c ? a : c;
    case 7: return a > c ? a : c;
    case 8: return a == c;
    case 9: return a != c;
    case 10: return a < c;
    case 11: return a <= c;
    case 12: return a && c;
    default: return a || c;
    }
  }
};

std::string nested(int depth) {
  std::string text = "1";
  for (int i = 1; i < depth; ++i)
    text = "[\"add\",\"B\"," + text + "]";
  return text;
}

} // namespace

TEST(Expr, RandomAgainstWideArithmetic) {
  Random random{std::mt19937_64(3), 0, 0};
  int failing = 0;
  for (int i = 0; i < 20000; ++i) {
    const int64_t interesting[] = {0, 1, 7, 64, 1009, INT64_MAX, INT64_MIN, int64_t{1} << 31, -1};
    random.b = interesting[random.engine() % 9];
    random.l = interesting[random.engine() % 9];
    random.fails = false;
    auto [text, expected] = random.make(1 + static_cast<int>(random.engine() % 5));
    int64_t value = -77;
    seqc_rt_status_t status = evaluate(text, random.b, random.l, &value);
    ASSERT_EQ(status, random.fails ? SEQC_RT_SIZE_OVERFLOW : SEQC_RT_OK) << text << " B=" << random.b << " L=" << random.l;
    if (!random.fails)
      ASSERT_EQ(value, static_cast<int64_t>(expected)) << text;
    failing += random.fails;
  }
  EXPECT_GT(failing, 1000);
  EXPECT_LT(failing, 19000);
}

TEST(Expr, InfixText) {
  auto text = [](const char *json, size_t size = 100) {
    std::unique_ptr<cJSON, void (*)(cJSON *)> root(cJSON_Parse(json), cJSON_Delete);
    std::string out(size, '#');
    rt_expr_text(root.get(), out.data(), size);
    return std::string(out.c_str());
  };
  EXPECT_EQ(text("[\"le\",15,\"N\"]"), "15 <= N");
  EXPECT_EQ(text("[\"eq\",[\"mod\",\"L\",64],0]"), "L % 64 == 0");
  EXPECT_EQ(text("[\"mul\",[\"sub\",\"L\",[\"sub\",\"B\",-1]],[\"max\",\"L\",[\"add\",\"B\",2]]]"), "(L - (B - -1)) * max(L, B + 2)");
  EXPECT_EQ(text("[\"or\",[\"and\",[\"lt\",\"B\",2],[\"ne\",\"L\",1]],[\"ceildiv\",\"L\",[\"floordiv\",\"B\",2]]]"), "B < 2 && L != 1 || ceildiv(L, B / 2)");
  EXPECT_EQ(text("[\"le\",1234567,\"N\"]", 6), "12345");
}

TEST(Expr, Depth) {
  int64_t value;
  EXPECT_EQ(evaluate(nested(64), 2, 0, &value), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(value, 127);
  EXPECT_STATUS(evaluate(nested(65), 2, 0, &value), SEQC_RT_BAD_PACKAGE, "depth <= 64");
}

TEST(Expr, Malformed) {
  int64_t v;
  for (const char *text : {"[]", "[\"add\"]", "[\"add\",1]", "[\"add\",1,2,3]", "[1,2,3]", "{}", "null", "true", "1.5", "1e300", "9007199254740994",
                           "-9007199254740994", "[\"add\",1,null]", "[[\"add\"],1,2]"})
    EXPECT_STATUS(evaluate(text, 0, 0, &v), SEQC_RT_BAD_PACKAGE, "test: expects an integer, a name or [op, a, b]");
  EXPECT_STATUS(evaluate("\"M\"", 0, 0, &v), SEQC_RT_BAD_PACKAGE, "expects a known dim in an expression, but got 'M'");
  EXPECT_STATUS(evaluate("[\"pow\",1,2]", 0, 0, &v), SEQC_RT_BAD_PACKAGE, "unknown operator 'pow'");
}

TEST(Expr, Overflow) {
  int64_t v;
  EXPECT_STATUS(evaluate("[\"mul\",\"B\",\"B\"]", int64_t{1} << 32, 0, &v), SEQC_RT_SIZE_OVERFLOW, "mul of 4294967296 and 4294967296 overflows");
  EXPECT_STATUS(evaluate("[\"floordiv\",\"B\",0]", 1, 0, &v), SEQC_RT_SIZE_OVERFLOW, "divides by a number <= 0");
  EXPECT_EQ(evaluate("[\"floordiv\",\"B\",\"L\"]", INT64_MIN, -1, &v), SEQC_RT_SIZE_OVERFLOW);
  EXPECT_EQ(evaluate("[\"mod\",\"B\",\"L\"]", INT64_MIN, INT64_MAX, &v), SEQC_RT_OK);
}
