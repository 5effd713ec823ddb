// SPDX-License-Identifier: Apache-2.0
// Makes packages byte by byte for the tests. Shares no code with the compiler's writer nor with the reader.
#ifndef SEQC_RT_TEST_PACKAGE_BUILDER_H
#define SEQC_RT_TEST_PACKAGE_BUILDER_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace seqc_rt_test {

struct ZipMember {
  std::string name, data;
  uint16_t method = 0;     // as written in both headers
  int64_t claimedSize = -1; // instead of the real one, in both headers
};

/// A stored zip with 64-byte aligned data, members in the given order.
std::string makeZip(const std::vector<ZipMember> &members);

/// SHA-256 as hex digits.
std::string sha256Hex(const std::string &data);

struct StoredTensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::string data;
};
/// `pad` extra blanks in the header shift the data.
std::string makeSafetensors(const std::vector<StoredTensor> &tensors, int pad = 0);

/// Adds "files" to the manifest text and writes all members, sorted by name.
std::string makePackage(const std::string &manifest, const std::map<std::string, std::string> &members);

/// The library built from test_kernels.c.
const std::string &testKernels();

/// Bytes of numbers.
template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

/// The standard test package, see kStandardManifest.
std::string standardPackage();
extern const char *const kStandardManifest;
std::map<std::string, std::string> standardMembers();

/// Replaces the first occurrence of `from`, which must exist.
std::string replaced(std::string text, const std::string &from, const std::string &to);

} // namespace seqc_rt_test

#endif
