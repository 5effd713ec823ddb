// SPDX-License-Identifier: Apache-2.0
// A package opened through the runtime's C ABI, and tensors in host memory to call it with.
#ifndef SEQC_LIB_DRIVER_SESSION_H
#define SEQC_LIB_DRIVER_SESSION_H

#include "seqc/Driver/Driver.h"
#include "seqc_rt/seqc_rt.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include <complex>
#include <memory>
#include <vector>

namespace seqc::driver {

/// A row-major tensor, 64-byte aligned. dtype as in the manifest ("f32", "bf16", "i1"..).
struct HostTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::shared_ptr<char> data;

  static llvm::Expected<HostTensor> make(llvm::StringRef dtype, std::vector<int64_t> shape);
  int64_t elements() const;
  int64_t bytes() const;
  /// Element as a double (of complex ones the real part), or as a complex number of any type.
  double get(int64_t i) const;
  std::complex<double> getComplex(int64_t i) const;
  void set(int64_t i, double value);
  void setComplex(int64_t i, std::complex<double> value);
  bool isComplex() const { return llvm::StringRef(dtype).starts_with("c"); }
  /// Element as text.
  std::string text(int64_t i) const;
};

int64_t dtypeBytes(llvm::StringRef dtype);

/// Translates a runtime status to the driver's error classes; success for SEQC_RT_OK.
llvm::Error fromStatus(seqc_rt_status_t status, llvm::StringRef path);

class Session {
public:
  struct Options {
    std::string device = "cpu";
    int threads = 0;
    bool inspectOnly = false;
  };
  static llvm::Expected<Session> open(llvm::StringRef path, const Options &options);

  /// Function by name; empty = the only one.
  llvm::Expected<const seqc_rt_function_t *> function(llvm::StringRef name) const;
  /// Runs with fresh outputs.
  llvm::Expected<std::vector<HostTensor>> call(const seqc_rt_function_t *fn, llvm::ArrayRef<HostTensor> inputs) const;
  llvm::Error callInto(const seqc_rt_function_t *fn, llvm::ArrayRef<HostTensor> inputs, llvm::MutableArrayRef<HostTensor> outputs) const;
  llvm::Expected<std::vector<HostTensor>> makeOutputs(const seqc_rt_function_t *fn, llvm::ArrayRef<HostTensor> inputs) const;
  /// The parsed manifest.
  llvm::Expected<llvm::json::Value> manifest() const;
  seqc_rt_package_t *package() const { return handle.get(); }
  const std::string &path() const { return file; }

private:
  std::string file;
  std::shared_ptr<seqc_rt_package_t> handle;
};

/// Inputs of `fn` of the sizes in `dims`, filled by a seeded generator: floats uniform in [-1, 1), integers 0.
llvm::Expected<std::vector<HostTensor>> makeInputs(const seqc_rt_function_t *fn, const llvm::StringMap<int64_t> &dims, uint64_t seed);

/// "B=2,L=64" -> map.
llvm::Expected<llvm::StringMap<int64_t>> parseDims(llvm::StringRef text);

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_SESSION_H
