// SPDX-License-Identifier: Apache-2.0
#include "ExternalData.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace seqc::onnx {

static Error locationError(StringRef location, const Twine &rule) {
  return createStringError("external data '" + location.take_front(120) + "': expects " + rule);
}

Expected<StringRef> ExternalData::open(StringRef location) {
  auto known = files.find(location);
  if (known != files.end())
    return known->second->getBuffer();
  if (folder.empty())
    return locationError(location, "a model with a folder of its own");
  if (location.empty() || location.contains('\0') || sys::path::is_absolute(location) || location.contains('\\') ||
      llvm::is_contained(llvm::make_range(sys::path::begin(location), sys::path::end(location)), ".."))
    return locationError(location, "a relative path inside the folder of the model");
  SmallString<256> path(folder), realPath, realFolder;
  sys::path::append(path, location);
  if (std::error_code ec = sys::fs::real_path(folder, realFolder))
    return locationError(location, "a readable folder of the model: " + ec.message());
  if (std::error_code ec = sys::fs::real_path(path, realPath))
    return locationError(location, "a readable file: " + ec.message());
  std::string prefix = (realFolder + (realFolder.ends_with("/") ? "" : "/")).str();
  if (!realPath.starts_with(prefix))
    return locationError(location, "a file inside the folder of the model, but it is a link out of it");
  sys::fs::file_status status;
  if (sys::fs::status(realPath, status) || status.type() != sys::fs::file_type::regular_file)
    return locationError(location, "a regular file");
  if (status.getSize() > maxBytes)
    return locationError(location, "a file of at most " + Twine(maxBytes) + " bytes, but got " + Twine(status.getSize()));
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(realPath, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return locationError(location, "a readable file: " + buffer.getError().message());
  return (files[location] = std::move(*buffer))->getBuffer();
}

Expected<StringRef> ExternalData::read(StringRef location, uint64_t offset, uint64_t bytes) {
  Expected<StringRef> file = open(location);
  if (!file)
    return file.takeError();
  if (offset > file->size() || bytes > file->size() - offset)
    return locationError(location, Twine(bytes) + " bytes at offset " + Twine(offset) + ", but the file has " + Twine(file->size()));
  return file->substr(offset, bytes);
}

} // namespace seqc::onnx
