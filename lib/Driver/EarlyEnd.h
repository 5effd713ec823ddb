// SPDX-License-Identifier: Apache-2.0
// How the process ends other than by returning: interrupts, the time limit, crashes. Each removes temporary files, ends the tools that run, and
// leaves with its own exit code; output files are whole or not there.
#ifndef SEQC_LIB_DRIVER_EARLYEND_H
#define SEQC_LIB_DRIVER_EARLYEND_H

#include "llvm/ADT/StringRef.h"
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace seqc::driver {

/// Interrupts end with 130; crashes and fatal errors of LLVM write a reproducer and end with 70; without memory the process ends with 5.
void installHandlers(int argc, const char *const *argv);

/// Ends the process with 124 after `seconds`, unless it goes away before. 0 or less: no limit.
class TimeLimit {
public:
  explicit TimeLimit(double seconds);
  ~TimeLimit();

private:
  std::thread watcher;
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false;
};

/// The model text that reproducers hold from now on.
void setReproducerModel(llvm::StringRef text);
/// Writes version, command line and model to a new file of the temporary folder and says where, after the message of an internal error.
void noteReproducer(bool asJson);

/// For tests of the above (hidden option --debug-fail): `crash`, `abort`, `fatal` and `memory` do not return; `error` returns true: the caller
/// is to report an internal error. Other names do nothing.
bool failOnPurpose(llvm::StringRef how);

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_EARLYEND_H
