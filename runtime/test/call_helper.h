// SPDX-License-Identifier: Apache-2.0
// Tensors and packages with the manners of C++, over the C API.
#ifndef SEQC_RT_TEST_CALL_HELPER_H
#define SEQC_RT_TEST_CALL_HELPER_H

#include "package_builder.h"
#include "seqc_rt/seqc_rt.h"
#include <gtest/gtest.h>
#include <memory>

namespace seqc_rt_test {

template <typename T> constexpr DLDataType dtypeOf();
template <> constexpr DLDataType dtypeOf<float>() { return {kDLFloat, 32, 1}; }
template <> constexpr DLDataType dtypeOf<double>() { return {kDLFloat, 64, 1}; }
template <> constexpr DLDataType dtypeOf<int32_t>() { return {kDLInt, 32, 1}; }
template <> constexpr DLDataType dtypeOf<int64_t>() { return {kDLInt, 64, 1}; }
template <> constexpr DLDataType dtypeOf<int8_t>() { return {kDLInt, 8, 1}; }
template <> constexpr DLDataType dtypeOf<uint8_t>() { return {kDLUInt, 8, 1}; }

/// Owns data and shape of one contiguous tensor, with guard zones around the data.
template <typename T> struct Tensor {
  static constexpr size_t kGuard = 16;
  std::vector<int64_t> shape;
  std::vector<T> storage;
  DLTensor dl{};
  explicit Tensor(std::vector<int64_t> s, T fill = T()) : shape(std::move(s)) {
    size_t n = 1;
    for (int64_t d : shape)
      n *= d;
    storage.assign(n + 2 * kGuard, T(77));
    std::fill(storage.begin() + kGuard, storage.end() - kGuard, fill);
    dl.data = storage.data() + kGuard;
    dl.device = {kDLCPU, 0};
    dl.ndim = static_cast<int>(shape.size());
    dl.dtype = dtypeOf<T>();
    dl.shape = shape.data();
  }
  Tensor(const Tensor &) = delete;
  size_t size() const { return storage.size() - 2 * kGuard; }
  T &operator[](size_t i) { return storage[i + kGuard]; }
  bool guardsIntact() const {
    for (size_t i = 0; i < kGuard; ++i)
      if (storage[i] != T(77) || storage[storage.size() - 1 - i] != T(77))
        return false;
    return true;
  }
};

struct Closer {
  void operator()(seqc_rt_package_t *p) const { seqc_rt_package_close(p); }
};

/// A package in memory that must open.
struct Package {
  std::string bytes;
  std::unique_ptr<seqc_rt_package_t, Closer> pkg;
  explicit Package(std::string b = standardPackage(), int threads = 2) : bytes(std::move(b)) {
    seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
    options.num_threads = threads;
    seqc_rt_package_t *p = nullptr;
    seqc_rt_status_t status = seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p);
    EXPECT_EQ(status, SEQC_RT_OK) << seqc_rt_last_error();
    pkg.reset(p);
  }
  const seqc_rt_function_t *function(const char *name) {
    const seqc_rt_function_t *fn = nullptr;
    EXPECT_EQ(seqc_rt_package_find_function(pkg.get(), name, &fn), SEQC_RT_OK) << seqc_rt_last_error();
    return fn;
  }
};

inline seqc_rt_status_t call(const seqc_rt_function_t *fn, std::vector<DLTensor *> in, std::vector<DLTensor *> out, void *workspace = nullptr,
                             size_t bytes = 0) {
  return seqc_rt_function_call(fn, in.data(), static_cast<int32_t>(in.size()), out.data(), static_cast<int32_t>(out.size()), workspace, bytes, nullptr);
}

/// Status of opening bytes; the package is closed again.
inline seqc_rt_status_t openStatus(const std::string &bytes, bool inspect = false) {
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.inspect_only = inspect;
  options.num_threads = 1;
  seqc_rt_package_t *p = nullptr;
  seqc_rt_status_t status = seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p);
  EXPECT_EQ(p != nullptr, status == SEQC_RT_OK);
  seqc_rt_package_close(p);
  return status;
}

#define EXPECT_STATUS(expression, status, text)                                                                                            \
  do {                                                                                                                                     \
    EXPECT_EQ(expression, status) << seqc_rt_last_error();                                                                                 \
    EXPECT_NE(std::string(seqc_rt_last_error()).find(text), std::string::npos) << seqc_rt_last_error();                                    \
  } while (0)

} // namespace seqc_rt_test

#endif
