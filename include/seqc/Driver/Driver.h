// SPDX-License-Identifier: Apache-2.0
// The `seqc` command as a library: sub-commands, exit codes, error ids.
#ifndef SEQC_DRIVER_DRIVER_H
#define SEQC_DRIVER_DRIVER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace seqc::driver {

/// Exit codes of every sub-command.
enum class ExitCode : int {
  Done = 0,
  Rejected = 1,     ///< the program is wrong; diagnostics say where
  Usage = 2,        ///< wrong command line
  Unsupported = 3,  ///< an op or target that seqc does not have; a table lists all
  Damaged = 4,      ///< a package or another file is missing, truncated or damaged
  Device = 5,       ///< device or launch failure
  Mismatch = 6,     ///< verification found a difference
  Internal = 70,    ///< a bug in seqc; a reproducer was written
  TimeLimit = 124,  ///< --timeout ended the command
  Interrupted = 130
};

/// An error with its exit code and stable id ("E0401"); printed as `seqc: error: <message> [seqc-<id>]`.
class DriverError : public llvm::ErrorInfo<DriverError> {
public:
  static char ID;
  DriverError(ExitCode code, llvm::StringRef id, std::string message) : code(code), id(id.str()), message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override { os << message << " [seqc-" << id << "]"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  ExitCode exitCode() const { return code; }
  llvm::StringRef identifier() const { return id; }
  llvm::StringRef text() const { return message; }

private:
  ExitCode code;
  std::string id, message;
};

llvm::Error fail(ExitCode code, llvm::StringRef id, std::string message);

/// Prints the error, if any, and returns the exit code that belongs to it (Internal for errors of no known class).
/// As text or as one JSON object.
ExitCode report(llvm::Error error, bool asJson = false);

/// Text of `seqc explain <id>`, empty if the id does not exist.
llvm::StringRef explain(llvm::StringRef id);

/// The whole command.
int run(int argc, char **argv);

} // namespace seqc::driver

#endif // SEQC_DRIVER_DRIVER_H
