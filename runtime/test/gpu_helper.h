// SPDX-License-Identifier: Apache-2.0
// Packages with GPU code for the fake driver, and tensors in its memory.
#ifndef SEQC_RT_TEST_GPU_HELPER_H
#define SEQC_RT_TEST_GPU_HELPER_H

#include "call_helper.h"
#include "fake_cuda.h"
#include "gpu_manifest.h"

namespace seqc_rt_test {

seqc_rt_status_t openGpu(const std::string &bytes, seqc_rt_package_t **out, int ordinal = 0, void *context = nullptr);
seqc_rt_status_t openGpuStatus(const std::string &bytes, int ordinal = 0);

/// A package on the fake GPU that must open.
struct GpuPackage {
  std::string bytes;
  seqc_rt_package_t *pkg = nullptr;
  explicit GpuPackage(std::string b = gpuPackage()) : bytes(std::move(b)) {
    EXPECT_EQ(openGpu(bytes, &pkg), SEQC_RT_OK) << seqc_rt_last_error();
  }
  GpuPackage(const GpuPackage &) = delete;
  ~GpuPackage() { seqc_rt_package_close(pkg); }
  const seqc_rt_function_t *function(const char *name) {
    const seqc_rt_function_t *fn = nullptr;
    EXPECT_EQ(seqc_rt_package_find_function(pkg, name, &fn), SEQC_RT_OK) << seqc_rt_last_error();
    return fn;
  }
};

/// A tensor of floats in the package's device memory.
struct DeviceTensor {
  seqc_rt_package_t *pkg;
  std::vector<int64_t> shape;
  DLTensor dl{};
  size_t count = 1;
  DeviceTensor(seqc_rt_package_t *p, std::vector<int64_t> s, float fill) : pkg(p), shape(std::move(s)) {
    for (int64_t d : shape)
      count *= d;
    std::vector<float> host(count, fill);
    EXPECT_EQ(seqc_rt_memory_alloc(pkg, count * 4, &dl.data), SEQC_RT_OK) << seqc_rt_last_error();
    EXPECT_EQ(seqc_rt_memory_copy(pkg, dl.data, host.data(), count * 4, SEQC_RT_TO_DEVICE, nullptr), SEQC_RT_OK) << seqc_rt_last_error();
    dl.device = {kDLCUDA, 0};
    dl.ndim = static_cast<int>(shape.size());
    dl.dtype = dtypeOf<float>();
    dl.shape = shape.data();
  }
  DeviceTensor(const DeviceTensor &) = delete;
  ~DeviceTensor() { seqc_rt_memory_free(pkg, dl.data); }
  std::vector<float> values() const {
    std::vector<float> host(count);
    EXPECT_EQ(seqc_rt_memory_copy(pkg, host.data(), dl.data, count * 4, SEQC_RT_TO_HOST, nullptr), SEQC_RT_OK) << seqc_rt_last_error();
    return host;
  }
};

inline seqc_rt_status_t callOn(const seqc_rt_function_t *fn, std::vector<DLTensor *> in, std::vector<DLTensor *> out, seqc_rt_stream_t stream,
                               void *workspace = nullptr, size_t bytes = 0) {
  return seqc_rt_function_call(fn, in.data(), static_cast<int32_t>(in.size()), out.data(), static_cast<int32_t>(out.size()), workspace, bytes, stream);
}

} // namespace seqc_rt_test

#endif
