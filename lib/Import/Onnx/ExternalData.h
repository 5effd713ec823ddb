// SPDX-License-Identifier: Apache-2.0
// Files beside a model that hold the bytes of its weights. A model may come from anywhere, so a location is only followed to a regular file
// inside the model's folder: no absolute path, no "..", no link that leads out.
#ifndef SEQC_LIB_IMPORT_ONNX_EXTERNALDATA_H
#define SEQC_LIB_IMPORT_ONNX_EXTERNALDATA_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>

namespace seqc::onnx {

class ExternalData {
public:
  /// `folder` empty: nothing may be read.
  ExternalData(std::string folder, uint64_t maxBytes) : folder(std::move(folder)), maxBytes(maxBytes) {}
  /// `bytes` bytes at `offset` of the file `location`; valid as long as this object lives.
  llvm::Expected<llvm::StringRef> read(llvm::StringRef location, uint64_t offset, uint64_t bytes);

private:
  llvm::Expected<llvm::StringRef> open(llvm::StringRef location);

  std::string folder;
  uint64_t maxBytes;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> files;
};

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_EXTERNALDATA_H
