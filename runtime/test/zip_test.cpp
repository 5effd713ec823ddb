// SPDX-License-Identifier: Apache-2.0
// Zip archives that lie, JSON bombs, hostile sizes: an error that names the member, quickly and in little memory.
#include "call_helper.h"
#include "support.h"
#include <cjson/cJSON.h>
#include <cstring>
#include <ctime>
#include <functional>

using namespace seqc_rt_test;

namespace {

const char *const kEmptyManifest = R"({"schema":1,"functions":[],"files":{}})";

std::string zipOf(const std::vector<ZipMember> &members) { return makeZip(members); }

void poke(std::string &bytes, size_t at, uint64_t value, int width) {
  for (int i = 0; i < width; ++i)
    bytes[at + i] = static_cast<char>(value >> (8 * i));
}

size_t lastOf(const std::string &bytes, const char *magic) { return bytes.rfind(magic, std::string::npos, 4); }
const char *const kEnd = "PK\5\6", *const kEntry = "PK\1\2", *const kLocal = "PK\3\4";

/// One member "a" and the manifest, with one field overwritten.
std::string edited(const char *magic, size_t field, uint64_t value, int width) {
  std::string bytes = zipOf({{"a", "data"}, {"seqc.json", kEmptyManifest}});
  poke(bytes, lastOf(bytes, magic) + field, value, width);
  return bytes;
}

} // namespace

TEST(Zip, Names) {
  for (const char *name : {"../evil", "/etc/passwd", "a/../../b", "a//b", "a/", ".", "..", "./a", "a\\b", "C:x", "a\nb", "a\x7f/.."})
    EXPECT_STATUS(openStatus(zipOf({{name, "x"}, {"seqc.json", kEmptyManifest}})), SEQC_RT_BAD_PACKAGE, "expects a relative path");
  EXPECT_STATUS(openStatus(zipOf({{std::string("a\0b", 3), "x"}})), SEQC_RT_BAD_PACKAGE, "expects a relative path");
  EXPECT_STATUS(openStatus(zipOf({{"", "x"}})), SEQC_RT_BAD_PACKAGE, "expects a relative path");
  EXPECT_STATUS(openStatus(zipOf({{std::string(256, 'n'), "x"}})), SEQC_RT_BAD_PACKAGE, "at most 255 bytes");
}

TEST(Zip, Members) {
  EXPECT_STATUS(openStatus(zipOf({{"a", "1"}, {"a", "2"}})), SEQC_RT_BAD_PACKAGE, "member 'a': expects to occur once");
  EXPECT_STATUS(openStatus(zipOf({{"seqc.json", kEmptyManifest}, {"seqc.json", kEmptyManifest}})), SEQC_RT_BAD_PACKAGE, "member 'seqc.json'");
  EXPECT_STATUS(openStatus(zipOf({{"a", "1", 8}})), SEQC_RT_BAD_PACKAGE, "member 'a': expects a stored, plain member, but got method 8");
  EXPECT_STATUS(openStatus(zipOf({})), SEQC_RT_BAD_PACKAGE, "expects a member 'seqc.json'");
  EXPECT_STATUS(openStatus(zipOf({{"SEQC.JSON", kEmptyManifest}})), SEQC_RT_BAD_PACKAGE, "expects a member 'seqc.json'");
  for (int64_t size : {int64_t{5}, int64_t{1} << 31, (int64_t{1} << 32) - 2})
    EXPECT_STATUS(openStatus(zipOf({{"a", "1", 0, size}})), SEQC_RT_BAD_PACKAGE, "member 'a': expects");
  std::vector<ZipMember> many;
  for (int i = 0; i < 4097; ++i)
    many.push_back({"m" + std::to_string(i), ""});
  EXPECT_STATUS(openStatus(zipOf(many)), SEQC_RT_BAD_PACKAGE, "at most 4096 zip members, but got 4097");
}

TEST(Zip, Structures) {
  EXPECT_EQ(openStatus(edited(kEnd, 4, 0, 2), true), SEQC_RT_BAD_PACKAGE); // unlisted member, the zip itself is fine
  EXPECT_STATUS(openStatus(edited(kEnd, 4, 0, 2), true), SEQC_RT_BAD_PACKAGE, "expects an entry in 'files'");
  EXPECT_STATUS(openStatus(edited(kEnd, 4, 1, 2)), SEQC_RT_BAD_PACKAGE, "one part");
  EXPECT_STATUS(openStatus(edited(kEnd, 10, 3, 2)), SEQC_RT_BAD_PACKAGE, "one part");
  std::string three = edited(kEnd, 10, 3, 2);
  poke(three, lastOf(three, kEnd) + 8, 3, 2);
  EXPECT_STATUS(openStatus(three), SEQC_RT_BAD_PACKAGE, "damaged zip directory after member 'seqc.json'");
  std::string one = edited(kEnd, 10, 1, 2);
  poke(one, lastOf(one, kEnd) + 8, 1, 2);
  EXPECT_STATUS(openStatus(one), SEQC_RT_BAD_PACKAGE, "bytes after member 'a'");
  for (uint64_t v : {uint64_t{0}, uint64_t{1} << 31, uint64_t{0xFFFFFFFE}, uint64_t{0xFFFFFFFF}}) {
    EXPECT_EQ(openStatus(edited(kEnd, 12, v, 4)), SEQC_RT_BAD_PACKAGE) << "directory size " << v;
    EXPECT_EQ(openStatus(edited(kEnd, 16, v, 4)), SEQC_RT_BAD_PACKAGE) << "directory offset " << v;
    EXPECT_STATUS(openStatus(edited(kEntry, 42, v ? v : 3, 4)), SEQC_RT_BAD_PACKAGE, "member 'seqc.json'");
    EXPECT_STATUS(openStatus(edited(kEntry, 24, v, 4)), SEQC_RT_BAD_PACKAGE, "member 'seqc.json'");
  }
  EXPECT_STATUS(openStatus(edited(kEntry, 28, 0xFFFF, 2)), SEQC_RT_BAD_PACKAGE, "damaged zip directory after member 'a'");
  EXPECT_STATUS(openStatus(edited(kEntry, 30, 0xFFFF, 2)), SEQC_RT_BAD_PACKAGE, "damaged zip directory after member 'a'");
  EXPECT_STATUS(openStatus(edited(kEntry, 32, 1, 2)), SEQC_RT_BAD_PACKAGE, "damaged zip directory");
  EXPECT_STATUS(openStatus(edited(kEntry, 8, 1, 2)), SEQC_RT_BAD_PACKAGE, "flags 1"); // encrypted
  EXPECT_STATUS(openStatus(edited(kLocal, 28, 0xFFFF, 2)), SEQC_RT_BAD_PACKAGE, "expects its data inside the file");
  EXPECT_STATUS(openStatus(edited(kLocal, 26, 1, 2)), SEQC_RT_BAD_PACKAGE, "agrees with the directory");
  EXPECT_STATUS(openStatus(edited(kLocal, 30, 'S', 1)), SEQC_RT_BAD_PACKAGE, "agrees with the directory");
  EXPECT_STATUS(openStatus(edited(kLocal, 8, 8, 2)), SEQC_RT_BAD_PACKAGE, "agrees with the directory");
  std::string valid = zipOf({{"seqc.json", kEmptyManifest}});
  EXPECT_EQ(openStatus(valid, true), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_STATUS(openStatus(valid + "x", true), SEQC_RT_BAD_PACKAGE, "zip directory at the end");
  EXPECT_STATUS(openStatus("x" + valid, true), SEQC_RT_BAD_PACKAGE, "right before its end");
}

TEST(Zip, TwoEntriesWithOneBody) {
  std::string bytes = zipOf({{"a", "data"}, {"b", "data"}, {"seqc.json", kEmptyManifest}});
  size_t second = bytes.find(kEntry, bytes.find(kEntry) + 4);
  poke(bytes, second + 42, 0, 4); // entry b points at the body of a
  EXPECT_STATUS(openStatus(bytes), SEQC_RT_BAD_PACKAGE, "member 'b': expects a local header that agrees");
  poke(bytes, bytes.rfind("b", second + 60), 'a', 1);
  EXPECT_EQ(openStatus(bytes), SEQC_RT_BAD_PACKAGE);
}

TEST(Zip, Zip64) {
  for (uint64_t v : {uint64_t{0}, uint64_t{1} << 32, ~uint64_t{0}, uint64_t{1} << 63}) {
    std::string bytes = zipOf({{"seqc.json", kEmptyManifest}});
    size_t end = lastOf(bytes, kEnd);
    std::string record(76, '\0');
    poke(record, 0, 0x06064b50, 4);
    poke(record, 4, 44, 8);
    poke(record, 32, v ? v : 1, 8); // members
    poke(record, 40, v, 8);         // directory size
    poke(record, 48, v, 8);         // directory offset
    poke(record, 56, 0x07064b50, 4);
    poke(record, 64, end, 8);
    poke(bytes, end + 16, 0xFFFFFFFF, 4);
    bytes.insert(end, record);
    EXPECT_EQ(openStatus(bytes), SEQC_RT_BAD_PACKAGE) << v;
  }
}

// <= 50 ms (CPU time, best of five: the machine may be busy) and <= 64 MB over the file's size, whatever the text says.
static size_t allocatedBytes = 0; // never reduced: an upper bound of the peak
static bool countBytes(size_t n) { return allocatedBytes += n, true; }
static void *countingMalloc(size_t n) { return allocatedBytes += n + 16, malloc(n); } // 16: the allocator's own

TEST(Zip, BombsAreCheap) {
  auto repeat = [](const std::string &s, size_t n) {
    std::string out;
    out.reserve(s.size() * n);
    for (size_t i = 0; i < n; ++i)
      out += s;
    return out;
  };
  // A balanced tree of 2^depth - 1 additions.
  std::function<std::string(int)> sum = [&](int depth) -> std::string {
    if (depth == 0)
      return "\"sms\"";
    std::string half = sum(depth - 1);
    return "[\"add\"," + half + "," + half + "]";
  };
  const std::string files = ",\"files\":{}}";
  const std::pair<const char *, std::string> texts[] = {
      {"deep array", repeat("[", 8000000)},
      {"deep object", repeat("{\"a\":", 1600000)},
      {"wide array", "[" + repeat("0,", 4000000) + "0]"},
      {"most values", "{\"schema\":1,\"functions\":[" + repeat("{},", 1000) + "{}],\"x\":[" + repeat("0,", 148000) + "0]" + files},
      {"most kernels", "{\"schema\":1,\"kernels\":[" + repeat("{\"name\":\"k\",\"params\":[],\"grid\":[1]},", 8191) + "{}]" + files},
      {"too many kernels", "{\"schema\":1,\"kernels\":[" + repeat("{},", 145000) + "{}]" + files},
      {"long sum", "{\"schema\":1,\"kernels\":[{\"name\":\"k\",\"params\":[],\"grid\":[" + sum(15) + "]}]" + files},
      {"long expression", "{\"schema\":1,\"kernels\":[{\"name\":\"k\",\"params\":[],\"grid\":[[\"add\"," + repeat("[\"mul\",", 149000) + "]]}]" + files},
      {"huge strings", "{\"schema\":1,\"a\":\"" + std::string(8300000, 'a') + "\"" + files},
      {"huge numbers", "{\"schema\":1e999,\"functions\":[]" + files},
  };
  for (const auto &[name, text] : texts) {
    std::string bytes = zipOf({{"seqc.json", text}});
    rt_alloc_hook = countBytes;
    cJSON_Hooks hooks{countingMalloc, free};
    cJSON_InitHooks(&hooks);
    double ms = 1e9;
    for (int repeat = 0; repeat < 5; ++repeat) {
      allocatedBytes = 0;
      clock_t start = clock();
      EXPECT_NE(openStatus(bytes, true), SEQC_RT_OK) << name;
      ms = std::min(ms, static_cast<double>(clock() - start) * 1e3 / CLOCKS_PER_SEC);
    }
    cJSON_InitHooks(nullptr);
    rt_alloc_hook = nullptr;
    EXPECT_NE(std::string(seqc_rt_last_error()).find("seqc.json"), std::string::npos) << seqc_rt_last_error();
    printf("%-16s %9zu bytes %7.2f ms %9zu bytes allocated\n", name, bytes.size(), ms, allocatedBytes);
    EXPECT_LE(allocatedBytes, size_t{64} << 20) << name;
#if defined(__OPTIMIZE__) && !defined(SEQC_RT_TEST_SANITIZED)
    EXPECT_LE(ms, 50.0) << name;
#endif
  }
}

TEST(Safetensors, HostileWeights) {
  auto open = [](const std::string &header, const std::string &data) {
    std::string file(8, '\0');
    poke(file, 0, header.size(), 8);
    auto members = standardMembers();
    members["weights/model.safetensors"] = file + header + data;
    return openStatus(makePackage(kStandardManifest, members), true);
  };
  std::string data(24, 'x');
  EXPECT_EQ(open(R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})", data), SEQC_RT_OK) << seqc_rt_last_error();
  const std::pair<const char *, const char *> cases[] = {
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,28]}})", "data_offsets inside 24 bytes"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[1,25]}})", "data_offsets"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[24,0]}})", "data_offsets"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[-24,0]}})", "data_offsets"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[9007199254740992,9007199254741016]}})", "data_offsets"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0]}})", "data_offsets"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":["0","24"]}})", "data_offsets"},
      {R"({"w":{"dtype":"F32","shape":[6]}})", "expects an array 'data_offsets'"},
      {R"({"w":{"dtype":"F32","shape":[7],"data_offsets":[0,24]}})", "hold 28 bytes"},
      {R"({"w":{"dtype":"F32","shape":[2147483648,2147483648,2147483648],"data_offsets":[0,24]}})", "product fits"},
      {R"({"w":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", "product fits"},
      {R"({"w":{"dtype":"F32","shape":[-6],"data_offsets":[0,24]}})", "product fits"},
      {R"({"w":{"dtype":"F99","shape":[6],"data_offsets":[0,24]}})", "unknown dtype 'F99'"},
      {R"({"w":{"dtype":"I32","shape":[6],"data_offsets":[0,24]}})", "dtype or shape differs"},
      {R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},"v":{"dtype":"I8","shape":[1],"data_offsets":[23,24]}})", "overlaps 'w'"},
      {R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}})", "it is there twice"},
      {R"([])", "expects an object as header"},
      {R"({"w":[]})", "expects an object"},
      {"", "wrong at byte 0"},
  };
  for (const auto &[header, message] : cases)
    EXPECT_STATUS(open(header, data), SEQC_RT_BAD_PACKAGE, message);
  auto members = standardMembers();
  for (uint64_t length : {uint64_t{25}, uint64_t{1} << 31, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}}) {
    std::string file(8, '\0');
    poke(file, 0, length, 8);
    members["weights/model.safetensors"] = file + data;
    EXPECT_STATUS(openStatus(makePackage(kStandardManifest, members), true), SEQC_RT_BAD_PACKAGE, "weights/model.safetensors: expects a header inside 32 bytes");
  }
  members["weights/model.safetensors"] = "1234567";
  EXPECT_STATUS(openStatus(makePackage(kStandardManifest, members), true), SEQC_RT_BAD_PACKAGE, "expects at least 8 bytes, but got 7");
}
