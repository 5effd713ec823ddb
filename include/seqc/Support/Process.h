// SPDX-License-Identifier: Apache-2.0
// Tools that the compiler starts (linker, assembler). None outlives this process: an interrupt or the time limit ends them.
#ifndef SEQC_SUPPORT_PROCESS_H
#define SEQC_SUPPORT_PROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace seqc {

struct ProgramResult {
  int exitCode = 0;   ///< below 0: a signal ended it
  std::string output; ///< standard output and error
};

/// Runs `path` to its end. `arguments` without the program's name. Error: it cannot be started.
llvm::Expected<ProgramResult> runProgram(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> arguments);

/// Kills the programs that run; runProgram does not return any more. For the last moment of a process; safe in signal handlers.
void killRunningPrograms();

/// A file of the system's temporary folder that goes away with this object, and on signals that end the process.
class TemporaryFile {
public:
  static llvm::Expected<TemporaryFile> create(llvm::StringRef prefix, llvm::StringRef suffix);
  TemporaryFile(TemporaryFile &&other) : name(std::move(other.name)) { other.name.clear(); }
  TemporaryFile &operator=(TemporaryFile &&) = delete;
  ~TemporaryFile();
  llvm::StringRef path() const { return name; }

private:
  TemporaryFile() = default;
  std::string name;
};

} // namespace seqc

#endif // SEQC_SUPPORT_PROCESS_H
