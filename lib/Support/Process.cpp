// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Process.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include <atomic>
#include <csignal>
#include <unistd.h>

using namespace llvm;

namespace seqc {

// One program at a time and thread; more than these are run, but not ended early.
static std::atomic<int> running[16];
static std::atomic<bool> ending;

/// The process is about to end: what another thread does with the files and programs that are gone must not be seen.
static void stopIfEnding() {
  while (ending)
    ::pause();
}

namespace {
class RunningProgram {
public:
  explicit RunningProgram(int pid) {
    for (std::atomic<int> &entry : running) {
      int none = 0;
      if (entry.compare_exchange_strong(none, pid)) {
        slot = &entry;
        return;
      }
    }
  }
  ~RunningProgram() {
    if (slot)
      slot->store(0);
  }

private:
  std::atomic<int> *slot = nullptr;
};
} // namespace

void killRunningPrograms() {
  ending = true;
  for (std::atomic<int> &entry : running)
    if (int pid = entry.exchange(0))
      ::kill(pid, SIGKILL);
}

Expected<TemporaryFile> TemporaryFile::create(StringRef prefix, StringRef suffix) {
  SmallString<128> path;
  if (std::error_code ec = sys::fs::createTemporaryFile(prefix, suffix, path))
    return createStringError("cannot create a temporary file: " + ec.message());
  sys::RemoveFileOnSignal(path);
  TemporaryFile file;
  file.name = std::string(path);
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (name.empty())
    return;
  sys::fs::remove(name);
  sys::DontRemoveFileOnSignal(name);
}

Expected<ProgramResult> runProgram(StringRef path, ArrayRef<StringRef> arguments) {
  Expected<TemporaryFile> log = TemporaryFile::create("seqc", "log");
  if (!log)
    return log.takeError();
  SmallVector<StringRef> words{path};
  words.append(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(), log->path(), log->path()};
  std::string error;
  bool failed = false;
  sys::ProcessInfo process = sys::ExecuteNoWait(path, words, std::nullopt, redirects, 0, &error, &failed);
  if (failed)
    return createStringError(path + ": cannot be started: " + error);
  ProgramResult result;
  {
    RunningProgram entry(process.Pid);
    result.exitCode = sys::Wait(process, std::nullopt, &error).ReturnCode;
  }
  stopIfEnding();
  if (ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(log->path()))
    result.output = (*text)->getBuffer().str();
  if (result.output.empty() && result.exitCode != 0)
    result.output = error;
  return result;
}

} // namespace seqc
