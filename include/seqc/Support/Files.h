// SPDX-License-Identifier: Apache-2.0
// Output files that appear whole or not at all.
#ifndef SEQC_SUPPORT_FILES_H
#define SEQC_SUPPORT_FILES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace seqc {

/// Runs `fill` on a new file beside `path` and renames it to `path`; removes it on any error and on signals that end the process. An existing `path` must be a regular file.
/// The message of an error names `path`.
llvm::Error writeAtomically(llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> fill);

/// Devices and pipes may never end, and folders hold no bytes. The message of an error names `path`.
llvm::Error expectRegularFile(llvm::StringRef path);

} // namespace seqc

#endif // SEQC_SUPPORT_FILES_H
