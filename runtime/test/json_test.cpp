// SPDX-License-Identifier: Apache-2.0
// The strict scan in front of cJSON.
#include "call_helper.h"
#include "json.h"
#include <cstring>

using namespace seqc_rt_test;

namespace {
seqc_rt_status_t parse(const std::string &text) {
  cJSON *root = nullptr;
  seqc_rt_status_t status = rt_json_parse(text.data(), text.size(), "text", &root);
  EXPECT_EQ(root != nullptr, status == SEQC_RT_OK);
  cJSON_Delete(root);
  return status;
}
std::string repeat(const std::string &s, int n) {
  std::string out;
  for (int i = 0; i < n; ++i)
    out += s;
  return out;
}
} // namespace

TEST(Json, Accepted) {
  for (const char *text : {"0", "-0", "1.5e+10", "1E-2", "\"\"", "\"a\\n\\u00e9\\uD83D\\uDE00\\\"\"", "true", "false", "null", "[]", "{}", " [ 1 , 2 ] ",
                           "{\"a\":{\"b\":[1,{}]}}", "\"\xC3\xA9\""})
    EXPECT_EQ(parse(text), SEQC_RT_OK) << text << ": " << seqc_rt_last_error();
  EXPECT_EQ(parse(repeat("[", 80) + repeat("]", 80)), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(parse("[" + repeat("0,", 149998) + "0]"), SEQC_RT_OK) << seqc_rt_last_error();
}

TEST(Json, Refused) {
  for (const char *text : {"", " ", "01", "+1", "1.", ".5", "1e", "1e+", "-", "nan", "Infinity", "tru", "nulll", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
                           "{a:1}", "{\"a\":1,}", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u0000\"", "\"\\uD83D\"", "\"\\uDE00\"", "\"\\uD83Dx\"", "\"a\nb\"", "[", "]",
                           "{", "[1]]", "1 1", "/**/1", "'a'", "1111111111111111111111111111111111111111111111111111111111111"})
    EXPECT_STATUS(parse(text), SEQC_RT_BAD_PACKAGE, "text: expects JSON, but it is wrong at byte");
  EXPECT_EQ(parse(std::string("[1\0]", 4)), SEQC_RT_BAD_PACKAGE);
  EXPECT_EQ(parse(std::string("\"\\\0\"", 4)), SEQC_RT_BAD_PACKAGE);
  EXPECT_EQ(parse(std::string("\xEF\xBB\xBF{}")), SEQC_RT_BAD_PACKAGE) << "byte order mark";
}

TEST(Json, Bombs) {
  EXPECT_STATUS(parse(repeat("[", 81) + repeat("]", 81)), SEQC_RT_BAD_PACKAGE, "depth <= 80");
  EXPECT_STATUS(parse(repeat("[", 1000000)), SEQC_RT_BAD_PACKAGE, "depth <= 80");
  EXPECT_STATUS(parse(repeat("{\"a\":", 1000000)), SEQC_RT_BAD_PACKAGE, "depth <= 80");
  EXPECT_STATUS(parse("[" + repeat("0,", 149999) + "0]"), SEQC_RT_BAD_PACKAGE, "<= 150000 values");
  EXPECT_STATUS(parse("\"" + std::string(9 << 20, 'a') + "\""), SEQC_RT_BAD_PACKAGE, "at most 8388608 bytes");
}

TEST(Json, DuplicateKey) {
  cJSON *root = nullptr;
  const char *text = "{\"a\":1,\"b\":2,\"a\":3}";
  ASSERT_EQ(rt_json_parse(text, strlen(text), "text", &root), SEQC_RT_OK);
  const cJSON *item;
  EXPECT_STATUS(rt_json_find(root, "a", "here", &item), SEQC_RT_BAD_PACKAGE, "here: expects the key 'a' once");
  EXPECT_EQ(rt_json_find(root, "b", "here", &item), SEQC_RT_OK);
  EXPECT_EQ(rt_json_find(root, "c", "here", &item), SEQC_RT_OK);
  EXPECT_EQ(item, nullptr);
  cJSON_Delete(root);
}
