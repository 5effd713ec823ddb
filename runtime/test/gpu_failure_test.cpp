// SPDX-License-Identifier: Apache-2.0
// The k-th driver call fails, for every k, and the k-th allocation, for every k: an error comes back that names the call, nothing stays
// alive, and the next attempt works.
#include "gpu_helper.h"
#include "support.h"
#include <functional>

using namespace seqc_rt_test;

namespace {

enum { kOutOfMemory = 2, kLaunchFailed = 719 };

/// Runs `action` with the k-th driver call failing until no call failed. Failures of calls that only destroy are not reported. Returns how
/// many failed.
int failEach(int result, const std::function<seqc_rt_status_t()> &action) {
  for (int k = 0; k < 1000; ++k) {
    fake_cuda_fail(k, result);
    seqc_rt_status_t status = action();
    const char *failed = fake_cuda_failed();
    fake_cuda_fail(-1, 0);
    if (!failed) {
      EXPECT_EQ(status, SEQC_RT_OK) << seqc_rt_last_error();
      return k;
    }
    std::string name = failed;
    bool destroys = name.find("Destroy") != name.npos || name.find("Free") != name.npos || name.find("Unload") != name.npos ||
                    name.find("Release") != name.npos || name == "cuCtxPopCurrent_v2" || name == "cuCtxSynchronize" || name == "cuEventQuery" ||
                    name == "cuEventSynchronize";
    if (status == SEQC_RT_OK) {
      EXPECT_TRUE(destroys || name.find("cuCtx") == 0) << "call " << k << ", " << name << ", failed, but nobody noticed";
      continue;
    }
    EXPECT_EQ(status, result == kOutOfMemory ? SEQC_RT_OUT_OF_MEMORY : SEQC_RT_DEVICE_ERROR) << name << ": " << seqc_rt_last_error();
    std::string message = seqc_rt_last_error(), base = name.substr(0, name.find("_v2"));
    EXPECT_NE(message.find(result == kOutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_LAUNCH_FAILED"), message.npos) << message;
    EXPECT_NE(message.find("cu"), message.npos) << message;
    EXPECT_NE(message.find("; "), message.npos) << "no remedy: " << message;
  }
  ADD_FAILURE() << "still failing";
  return -1;
}

} // namespace

TEST(GpuFailure, OpenAndClose) {
  fake_cuda_reset();
  std::string bytes = gpuPackage();
  for (int result : {kOutOfMemory, kLaunchFailed}) {
    int failures = failEach(result, [&] {
      seqc_rt_package_t *p = nullptr;
      seqc_rt_status_t status = openGpu(bytes, &p);
      EXPECT_EQ(p != nullptr, status == SEQC_RT_OK);
      seqc_rt_package_close(p);
      EXPECT_EQ(fake_cuda_alive(), 0);
      return status;
    });
    EXPECT_GT(failures, 30);
    printf("%d failing calls while opening and closing\n", failures);
  }
}

TEST(GpuFailure, Calls) {
  fake_cuda_reset();
  std::string bytes = gpuPackage();
  for (int result : {kOutOfMemory, kLaunchFailed}) {
    int total = 0;
    {
      GpuPackage p(bytes);
      const seqc_rt_function_t *fn = p.function("main");
      Tensor<float> x({5, 6}, 3), y({5, 6});
      total += failEach(result, [&] { return call(fn, {&x.dl, &x.dl}, {&y.dl}); });
      Tensor<float> big({50, 6}, 3), out({50, 6}); // frees the kept memory
      total += failEach(result, [&] { return call(fn, {&big.dl, &big.dl}, {&out.dl}); });
      EXPECT_EQ(out[299], 3.0f);
      DeviceTensor dx(p.pkg, {5, 6}, 3), dy(p.pkg, {5, 6}, 0);
      total += failEach(result, [&] { return call(fn, {&dx.dl, &dx.dl}, {&dy.dl}); });
    }
    EXPECT_EQ(fake_cuda_alive(), 0);
    EXPECT_GT(total, 20);
    printf("%d failing calls while running\n", total);
  }
}

TEST(GpuFailure, Helpers) {
  fake_cuda_reset();
  {
    GpuPackage p;
    seqc_rt_device_info_t info{};
    info.struct_size = sizeof info;
    failEach(kLaunchFailed, [&] { return seqc_rt_device_info({SEQC_RT_CUDA, 0}, &info); });
    int32_t count;
    failEach(kLaunchFailed, [&] { return seqc_rt_device_count(SEQC_RT_CUDA, &count); });
    failEach(kOutOfMemory, [&] {
      void *memory = nullptr;
      seqc_rt_status_t status = seqc_rt_memory_alloc(p.pkg, 64, &memory);
      char host[64] = {};
      if (status == SEQC_RT_OK)
        status = seqc_rt_memory_copy(p.pkg, memory, host, 64, SEQC_RT_TO_DEVICE, nullptr);
      seqc_rt_memory_free(p.pkg, memory);
      return status;
    });
    failEach(kLaunchFailed, [&] {
      seqc_rt_event_t *a = nullptr, *b = nullptr;
      seqc_rt_stream_t stream = nullptr;
      double ms;
      seqc_rt_status_t status = seqc_rt_event_create(p.pkg, &a);
      status = status ? status : seqc_rt_event_create(p.pkg, &b);
      status = status ? status : seqc_rt_stream_create(p.pkg, &stream);
      status = status ? status : seqc_rt_event_record(p.pkg, a, stream);
      status = status ? status : seqc_rt_event_record(p.pkg, b, stream);
      status = status ? status : seqc_rt_event_elapsed(p.pkg, a, b, &ms);
      status = status ? status : seqc_rt_stream_synchronize(p.pkg, stream);
      seqc_rt_event_destroy(p.pkg, a);
      seqc_rt_event_destroy(p.pkg, b);
      seqc_rt_stream_destroy(p.pkg, stream);
      return status;
    });
  }
  EXPECT_EQ(fake_cuda_alive(), 0);
}

namespace {
int countdown = -1;
bool allow(size_t) { return countdown < 0 || countdown-- > 0; }
} // namespace

TEST(GpuFailure, HostAllocations) {
  fake_cuda_reset();
  std::string bytes = gpuPackage();
  rt_alloc_hook = allow;
  int failures = 0;
  for (;; ++failures) {
    ASSERT_LT(failures, 1000);
    seqc_rt_package_t *p = nullptr;
    const seqc_rt_function_t *fn;
    Tensor<float> x({5, 6}, 3), y({5, 6});
    countdown = failures;
    seqc_rt_status_t status = openGpu(bytes, &p);
    if (status == SEQC_RT_OK) {
      EXPECT_EQ(seqc_rt_package_find_function(p, "main", &fn), SEQC_RT_OK);
      status = call(fn, {&x.dl, &x.dl}, {&y.dl});
    }
    bool all = countdown >= 0;
    countdown = -1;
    seqc_rt_package_close(p);
    EXPECT_EQ(fake_cuda_alive(), 0);
    if (all) {
      EXPECT_EQ(status, SEQC_RT_OK) << seqc_rt_last_error();
      break;
    }
    EXPECT_EQ(status, SEQC_RT_OUT_OF_MEMORY) << failures << ": " << seqc_rt_last_error();
  }
  rt_alloc_hook = nullptr;
  EXPECT_GT(failures, 5);
  printf("%d failing allocations\n", failures);
}
