// SPDX-License-Identifier: Apache-2.0
// What the commands that call functions share: their options, and the way from those to a function with inputs.
#ifndef SEQC_LIB_DRIVER_CALLOPTIONS_H
#define SEQC_LIB_DRIVER_CALLOPTIONS_H

#include "Session.h"
#include <optional>

namespace seqc::driver {

/// Session and function that a command works on.
struct Call {
  Session session;
  const seqc_rt_function_t *function;
};

/// Opens the package of run or bench by --device and --threads and finds --function.
llvm::Expected<Call> openCall(llvm::StringRef package);
/// Opens the package of verify; `inspectOnly`: no code is loaded.
llvm::Expected<Session> openSession(llvm::StringRef package, bool inspectOnly);

/// --shapes as given.
llvm::StringRef shapesOption();
/// "flops" or "bytes" of a call with --shapes, from the manifest; no value if it is not known.
std::optional<int64_t> costOfCall(const Call &call, llvm::StringRef key);
/// Inputs of the sizes that --shapes names, filled by --seed.
llvm::Expected<std::vector<HostTensor>> generateInputs(const Call &call);

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_CALLOPTIONS_H
