// SPDX-License-Identifier: Apache-2.0
// Every truncation of a package, every value of every byte of its zip structures and JSON, and bit flips of the rest: no crash, no sanitizer
// report; what still opens can be asked everything. Prints the number of cases.
#include "call_helper.h"
#include "exercise.h"
#include <chrono>
#include <cstring>

using namespace seqc_rt_test;

namespace {

/// Small, but with every feature of the manifest. Code is a dummy: these packages are only inspected.
std::string smallPackage() {
  const char *manifest = R"({"schema":1,"cpu":{"library":"c.so","triple":"x86_64-linux","features":["avx"]},"kernels":[{"name":"k","params":[)"
                         R"({"name":"x","kind":"ptr","dtype":"f32","access":"read"},{"name":"y","kind":"ptr","dtype":"f32","access":"write"},)"
                         R"({"name":"N","kind":"index"},{"name":"s","kind":"scalar","dtype":"f32"}],"grid":[["ceildiv","N",64],2],)"
                         R"("cpu":{"symbol":"k","scratch_bytes":64}}],"weights":[{"name":"w","file":"w.st","dtype":"f32","shape":[2]}],)"
                         R"("functions":[{"name":"f","dims":["B"],"assume":[["le","B",9]],"inputs":[{"name":"a","dtype":"f32","shape":["B",2]}],)"
                         R"("outputs":[{"name":"b","dtype":"f32","shape":[["mul","B",2]]},{"name":"c","dtype":"f32","shape":["B",2]}],)"
                         R"("states":[{"input":0,"output":1}],"workspace_bytes":["mul","B",64],"launches":[[{"guard":["lt","B",3],"kernel":0,)"
                         R"("args":[{"input":0},{"workspace":0},{"expr":"B"},{"value":0.5}]},{"guard":1,"kernel":0,)"
                         R"("args":[{"weight":0},{"output":0},{"expr":["mod","B",7]},{"value":"-inf"}]}]]}]})";
  return makePackage(manifest, {{"c.so", "code"}, {"w.st", makeSafetensors({{"w", "F32", {2}, "12345678"}})}});
}

/// The fields of GPU code, with little else.
std::string smallGpuPackage() {
  const char *manifest = R"({"schema":1,"kernels":[{"name":"k","params":[{"name":"y","kind":"ptr","dtype":"f32","access":"write"},{"name":"N","kind":"index"},)"
                         R"({"name":"s","kind":"scalar","dtype":"f32"}],"grid":[1],"sm_90a":{"entry":"k","cubin":"kernels/k","registers":9,)"
                         R"("spill_bytes":0,"checked":"13.4","ptx":"kernels/k","ptx_version":"8.0","params":["ptr","i32","f32"],"block":[64,1,1],)"
                         R"("shared_bytes":0,"align":16,"grid":["N"]}}],"functions":[{"name":"f","dims":["B"],"inputs":[{"name":"a","dtype":"f32","shape":["B"]}],)"
                         R"("outputs":[],"workspace_bytes":0,"launches":[],"plans":{"sm_90a":{"workspace_bytes":["mul","B",64],"launches":[[{"guard":1,"kernel":0,)"
                         R"("args":[{"workspace":0},{"expr":"B"},{"value":2}]}]]}}}]})";
  return makePackage(manifest, {{"kernels/k", "code"}});
}

struct Counter {
  int cases = 0, opened = 0;
  double slowest = 0;
  /// In a heap block of exactly this size, so that a sanitizer sees any read beyond it.
  void open(const std::string &bytes) {
    std::unique_ptr<char[]> exact(new char[bytes.size()]);
    memcpy(exact.get(), bytes.data(), bytes.size());
    seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
    options.inspect_only = 1;
    options.verify = cases % 2 ? SEQC_RT_VERIFY_ALL : SEQC_RT_VERIFY_CODE;
    seqc_rt_package_t *p = nullptr;
    auto start = std::chrono::steady_clock::now();
    seqc_rt_status_t status = seqc_rt_package_open_memory(exact.get(), bytes.size(), &options, &p);
    slowest = std::max(slowest, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    ++cases;
    if (status == SEQC_RT_OK) {
      ++opened;
      exercise_package(p);
      seqc_rt_package_close(p);
    } else {
      ASSERT_TRUE(status == SEQC_RT_BAD_PACKAGE || status == SEQC_RT_DIGEST_MISMATCH || status == SEQC_RT_UNSUPPORTED) << status;
      ASSERT_NE(seqc_rt_last_error()[0], 0);
    }
  }
  ~Counter() { printf("%d damaged packages, %d still open, slowest %.2f ms\n", cases, opened, slowest); }
};

/// Of the bytes from `from` on, up to `count`.
void editEveryByte(const std::string &bytes, size_t from = 0, size_t count = std::string::npos) {
  // Padding between header and data carries no meaning; one value is enough there.
  Counter counter;
  counter.open(bytes);
  ASSERT_EQ(counter.opened, 1) << seqc_rt_last_error();
  for (size_t i = from; i < bytes.size() && i - from < count; ++i) {
    bool isPadding = bytes[i] == 0 && i + 1 < bytes.size() && bytes[i + 1] == 0 && i > 0 && bytes[i - 1] == 0 && (i < 4 || bytes.compare(i - 2, 2, "\0\0", 2) == 0);
    std::string edited = bytes;
    for (int v = 0; v < 256; v += isPadding ? 51 : 1) {
      if (static_cast<char>(v) == bytes[i])
        continue;
      edited[i] = static_cast<char>(v);
      counter.open(edited);
      if (testing::Test::HasFatalFailure())
        return;
    }
  }
  EXPECT_GE(counter.cases, 20000);
}

} // namespace

TEST(Robustness, EveryTruncation) {
  std::string bytes = smallPackage();
  Counter counter;
  counter.open(bytes);
  ASSERT_EQ(counter.opened, 1) << seqc_rt_last_error();
  for (size_t n = 0; n < bytes.size(); ++n)
    counter.open(bytes.substr(0, n));
  for (size_t n = 1; n < bytes.size(); ++n) // and of the front
    counter.open(bytes.substr(n));
  EXPECT_EQ(counter.opened, 1);
}

TEST(Robustness, EveryValueOfEveryByte) {
  editEveryByte(smallPackage());
  std::string gpu = smallGpuPackage();
  size_t code = gpu.find("\"sm_90a\":{\"entry"), plan = gpu.find("\"plans\"");
  editEveryByte(gpu, code, gpu.find("\"functions\"") - code);
  editEveryByte(gpu, plan, 128);
}

// Two edits at once reach states that one cannot: random pairs, splices and repeated blocks.
TEST(Robustness, RandomEdits) {
  std::string packages[] = {smallPackage(), smallGpuPackage()};
  std::srand(7);
  auto random = [](size_t n) { return static_cast<size_t>(std::rand()) % n; };
  Counter counter;
  for (int round = 0; round < 20000; ++round) {
    std::string edited = packages[round % 2];
    for (size_t k = 1 + random(4); k > 0; --k) {
      size_t at = random(edited.size()), from = random(edited.size()), n = random(16);
      switch (random(4)) {
      case 0: edited[at] = static_cast<char>(random(256)); break;
      case 1: edited.insert(at, edited.substr(from, n)); break;
      case 2: edited.erase(at, n); break;
      default: edited.replace(at, std::min(n, edited.size() - at), edited.substr(from, n)); break;
      }
      if (edited.empty())
        edited = "x";
    }
    counter.open(edited);
    if (HasFatalFailure())
      return;
  }
}

// With code: every truncation and one edit of every 7th byte of the standard package, through the whole loading path.
TEST(Robustness, DamagedCodeIsNeverLoaded) {
  std::string bytes = standardPackage();
  int opened = 0, cases = 0;
  for (size_t i = 0; i < bytes.size(); i += 7, cases += 2) {
    std::string edited = bytes;
    edited[i] ^= 0x10;
    opened += openStatus(edited) == SEQC_RT_OK;
    EXPECT_NE(openStatus(bytes.substr(0, i)), SEQC_RT_OK);
  }
  printf("%d damaged packages with code, %d still open (padding, free text)\n", cases, opened);
}
