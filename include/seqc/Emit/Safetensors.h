// SPDX-License-Identifier: Apache-2.0
// Reads and lays out safetensors files: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes. A file may come from
// anywhere, so reading checks everything: lengths, JSON depth, dtypes, shape products, offsets, overlap.
#ifndef SEQC_EMIT_SAFETENSORS_H
#define SEQC_EMIT_SAFETENSORS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace seqc {

/// A tensor of a file; `data` is row-major, little endian and points into the file (any alignment) or to memory of the caller.
struct SafetensorsTensor {
  std::string name;
  std::string dtype; ///< F32 F16 BF16 F64 BOOL I8 I32 I64 C64, or another safetensors type
  llvm::SmallVector<int64_t, 4> shape;
  llvm::StringRef data;
};

/// "f32" -> "F32", ... for the dtypes of the package format; empty for others. And back.
llvm::StringRef safetensorsDtype(llvm::StringRef seqcDtype);
llvm::StringRef seqcDtype(llvm::StringRef safetensorsDtype);
/// How the format stores a tensor of a dtype of packages: c128, which it does not have, as F64 with a last dim of 2.
SafetensorsTensor storedTensor(llvm::StringRef name, llvm::StringRef seqcDtype, llvm::ArrayRef<int64_t> shape, llvm::StringRef data);
/// True if `t` stores a tensor of this dtype and shape. Complex numbers may be pairs: F32 or F64 with a last dim of 2.
bool holds(const SafetensorsTensor &t, llvm::StringRef seqcDtype, llvm::ArrayRef<int64_t> shape);
/// Bytes of one element; 0 for unknown dtypes.
int64_t safetensorsElementBytes(llvm::StringRef safetensorsDtype);

/// An open file; large files are mapped. Movable; tensors stay valid as long as it lives.
class SafetensorsFile {
public:
  /// Errors name the path, and the tensor if there is one.
  static llvm::Expected<SafetensorsFile> open(llvm::StringRef path);
  static llvm::Expected<SafetensorsFile> parse(std::unique_ptr<llvm::MemoryBuffer> buffer);

  llvm::ArrayRef<SafetensorsTensor> tensors() const { return list; } ///< sorted by name
  const SafetensorsTensor *find(llvm::StringRef name) const;         ///< null if absent

private:
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::vector<SafetensorsTensor> list;
};

/// The file as header and the tensors' bytes, in the order of the file: by element size, largest first, then by name. The header is
/// padded to a multiple of 64 bytes, so that every tensor is aligned to its elements if the file is aligned to 64.
struct SafetensorsImage {
  std::string header;
  std::vector<llvm::StringRef> pieces; ///< refer to the tensors' data
};
/// Fails for a duplicate name, an unknown dtype, or data whose size differs from shape and dtype.
llvm::Expected<SafetensorsImage> layoutSafetensors(llvm::ArrayRef<SafetensorsTensor> tensors);

} // namespace seqc

#endif // SEQC_EMIT_SAFETENSORS_H
