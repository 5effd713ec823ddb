// SPDX-License-Identifier: Apache-2.0
// The k-th allocation fails, for every k: an error comes back, nothing leaks, the next call works.
#include "call_helper.h"
#include "support.h"
#include <cjson/cJSON.h>
#include <dirent.h>
#include <functional>

using namespace seqc_rt_test;

namespace {

int countdown = -1; // allocations that still succeed; -1: all

bool allow(size_t) {
  if (countdown < 0)
    return true;
  if (countdown == 0)
    return false;
  --countdown;
  return true;
}

int live = 0; // blocks of cJSON
void *jsonMalloc(size_t n) {
  if (!allow(n))
    return nullptr;
  ++live;
  return malloc(n);
}
void jsonFree(void *p) {
  live -= p != nullptr;
  free(p);
}

struct Hooks {
  Hooks() {
    rt_alloc_hook = allow;
    cJSON_Hooks hooks{jsonMalloc, jsonFree};
    cJSON_InitHooks(&hooks);
  }
  ~Hooks() {
    countdown = -1;
    rt_alloc_hook = nullptr;
    cJSON_InitHooks(nullptr);
  }
};

int numDescriptors() {
  DIR *dir = opendir("/proc/self/fd");
  int n = 0;
  while (readdir(dir))
    ++n;
  closedir(dir);
  return n;
}

/// Runs `action` with the k-th allocation failing until it succeeds. Returns the number of failures.
int failEach(const std::function<seqc_rt_status_t()> &action) {
  for (int k = 0;; ++k) {
    countdown = k;
    seqc_rt_status_t status = action();
    bool exhausted = countdown == 0;
    countdown = -1;
    if (status == SEQC_RT_OK) {
      EXPECT_FALSE(exhausted && k > 100000);
      return k;
    }
    EXPECT_EQ(status, SEQC_RT_OUT_OF_MEMORY) << "k = " << k << ": " << seqc_rt_last_error();
    EXPECT_NE(std::string(seqc_rt_last_error()).find("out of memory for"), std::string::npos) << seqc_rt_last_error();
    if (k > 100000)
      return -1;
  }
}

} // namespace

TEST(AllocationFailure, Open) {
  auto members = standardMembers();
  members["weights/model.safetensors"] = makeSafetensors({{"w", "F32", {6}, bytesOf<float>({1, 2, 3, 4, 5, 6})}}, 1); // needs an aligned copy
  std::string bytes = makePackage(kStandardManifest, members);
  Hooks hooks;
  int descriptors = numDescriptors(), before = live;
  int failures = failEach([&] {
    seqc_rt_package_t *p = nullptr;
    seqc_rt_status_t status = seqc_rt_package_open_memory(bytes.data(), bytes.size(), nullptr, &p);
    EXPECT_EQ(p != nullptr, status == SEQC_RT_OK);
    seqc_rt_package_close(p);
    return status;
  });
  EXPECT_GT(failures, 500);
  EXPECT_EQ(live, before);
  EXPECT_EQ(numDescriptors(), descriptors);
  printf("%d failing allocations while opening\n", failures);
}

TEST(AllocationFailure, Call) {
  Hooks hooks;
  std::string bytes = standardPackage();
  int failures = 0;
  for (const char *name : {"main", "grid"}) {
    Package p(bytes, 3);
    const seqc_rt_function_t *fn = p.function(name);
    Tensor<float> x({5, 6}, 1), bias({5, 6}, 1), y({5, 6});
    Tensor<uint8_t> shape({5, 6, 7});
    Tensor<int64_t> t({210});
    bool isMain = std::string(name) == "main";
    failures += failEach([&] { return isMain ? call(fn, {&x.dl, &bias.dl}, {&y.dl}) : call(fn, {&shape.dl}, {&t.dl}); });
    EXPECT_EQ(isMain ? y[29] : t[209], isMain ? 1 : 209);
  }
  EXPECT_EQ(failures, 1 + 2); // workspace; scratch of three threads, of which each attempt keeps what it got
}
