// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Files.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"

using namespace llvm;

namespace seqc {

Error writeAtomically(StringRef path, function_ref<void(raw_ostream &)> fill) {
  if (sys::fs::exists(path) && !sys::fs::is_regular_file(path))
    return createStringError(path + ": expects a regular file or a new name");
  SmallString<128> temporary;
  int fd;
  std::error_code error = sys::fs::createUniqueFile(path + ".%%%%%%.tmp", fd, temporary, sys::fs::OF_None, sys::fs::all_read | sys::fs::all_write);
  if (error)
    return createStringError(path + ": cannot be written: " + error.message());
  sys::RemoveFileOnSignal(temporary);
  {
    raw_fd_ostream out(fd, /*shouldClose=*/true);
    fill(out);
    out.close();
    error = out.error();
    out.clear_error();
  }
  if (!error)
    error = sys::fs::rename(temporary, path);
  sys::DontRemoveFileOnSignal(temporary);
  if (!error)
    return Error::success();
  sys::fs::remove(temporary);
  return createStringError(path + ": cannot be written: " + error.message());
}

Error expectRegularFile(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError(path + ": " + error.message());
  return sys::fs::is_regular_file(status) ? Error::success() : createStringError(path + ": expects a regular file");
}

} // namespace seqc
