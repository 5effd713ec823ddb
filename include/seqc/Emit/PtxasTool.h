// SPDX-License-Identifier: Apache-2.0
// The assembler of GPU code: where it is, which version, and whether that version is known to make wrong code.
#ifndef SEQC_EMIT_PTXASTOOL_H
#define SEQC_EMIT_PTXASTOOL_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace seqc {

struct PtxasTool {
  std::string path;
  std::string version; ///< "13.4.92"; empty if it does not say one
  int major = 0, minor = 0;

  /// The file that the environment variable SEQC_PTXAS names, else `ptxas` on PATH, else of /usr/local/cuda/bin. No value: there is none.
  /// Error: it cannot be run.
  static llvm::Expected<std::optional<PtxasTool>> find();
  /// The program at `path`; error: it cannot be run.
  static llvm::Expected<PtxasTool> at(llvm::StringRef path);
  /// Reads what `ptxas --version` prints.
  static PtxasTool parse(llvm::StringRef path, llvm::StringRef versionText);
  /// Why code of this version is not trusted; empty if nothing is known against it.
  llvm::StringRef knownBad() const;
};

} // namespace seqc

#endif // SEQC_EMIT_PTXASTOOL_H
