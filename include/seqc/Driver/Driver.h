// SPDX-License-Identifier: Apache-2.0
// The `seqc` command as a library: sub-commands, exit codes, error ids.
#ifndef SEQC_DRIVER_DRIVER_H
#define SEQC_DRIVER_DRIVER_H

#include "seqc/Support/Errors.h"

namespace seqc::driver {

/// Prints the error, if any, and returns the exit code that belongs to it (Internal for errors of no known class).
/// As text or as one JSON object.
ExitCode report(llvm::Error error, bool asJson = false);

/// Text of `seqc explain <id>`, empty if the id does not exist.
llvm::StringRef explain(llvm::StringRef id);

/// The whole command.
int run(int argc, char **argv);

} // namespace seqc::driver

#endif // SEQC_DRIVER_DRIVER_H
