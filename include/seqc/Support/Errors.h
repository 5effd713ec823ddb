// SPDX-License-Identifier: Apache-2.0
// Errors that know their exit code and stable id, made where the cause is known and printed by the driver.
#ifndef SEQC_SUPPORT_ERRORS_H
#define SEQC_SUPPORT_ERRORS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace seqc {

/// Exit codes of every sub-command.
enum class ExitCode : int {
  Done = 0,
  Rejected = 1,    ///< the program is wrong; diagnostics say where
  Usage = 2,       ///< wrong command line
  Unsupported = 3, ///< an op, target or tool that seqc does not have
  Damaged = 4,     ///< a package or another file is missing, truncated or damaged
  Device = 5,      ///< device or launch failure
  Mismatch = 6,    ///< verification found a difference
  Internal = 70,   ///< a bug in seqc; a reproducer was written
  TimeLimit = 124, ///< --timeout ended the command
  Interrupted = 130
};

/// An error with its exit code and stable id ("E4001"); printed as `seqc: error: <message> [seqc-<id>]`.
class CodedError : public llvm::ErrorInfo<CodedError> {
public:
  static char ID;
  CodedError(ExitCode code, llvm::StringRef id, std::string message) : code(code), id(id.str()), message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  ExitCode exitCode() const { return code; }
  llvm::StringRef identifier() const { return id; }
  llvm::StringRef text() const { return message; }

private:
  ExitCode code;
  std::string id, message;
};

llvm::Error fail(ExitCode code, llvm::StringRef id, std::string message);

} // namespace seqc

#endif // SEQC_SUPPORT_ERRORS_H
