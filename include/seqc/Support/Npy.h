// SPDX-License-Identifier: Apache-2.0
// NumPy .npy files (format 1.0 to 3.0): little-endian, C order.
#ifndef SEQC_SUPPORT_NPY_H
#define SEQC_SUPPORT_NPY_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace seqc {

/// dtype is spelt as in the manifest; bool is "i1", uint16 is "u16" (how bf16 is stored).
struct NpyArray {
  std::string dtype;
  std::vector<int64_t> shape;
  std::vector<char> data;
};

/// Reads a file. Errors name the file and what is wrong: missing, truncated, not .npy, unsupported type or order.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);
llvm::Expected<NpyArray> parseNpy(llvm::StringRef bytes);

/// Writes a file (through a temporary file and a rename). "bf16" is stored as uint16.
llvm::Error writeNpy(llvm::StringRef path, llvm::StringRef dtype, llvm::ArrayRef<int64_t> shape, llvm::StringRef data);

} // namespace seqc

#endif // SEQC_SUPPORT_NPY_H
