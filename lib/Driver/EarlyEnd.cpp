// SPDX-License-Identifier: Apache-2.0
#include "EarlyEnd.h"
#include "Commands.h"
#include "seqc/Support/Process.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace llvm;

namespace seqc::driver {

//===-- What crash handlers need, made while all is well -------------------------------===//

namespace {
struct ReproducerParts {
  std::string path, header, model;
};
} // namespace

static ReproducerParts &parts() {
  static ReproducerParts p;
  return p;
}

static void writeAll(int fd, StringRef text) {
  while (!text.empty()) {
    ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0)
      return;
    text = text.drop_front(n);
  }
}

static void describeProcess(int argc, const char *const *argv) {
  std::string &header = parts().header;
  header = "// seqc " SEQC_VERSION ", LLVM " LLVM_VERSION_STRING "\n// command:";
  for (int i = 0; i < argc; ++i) {
    header += " ";
    for (char c : StringRef(argv[i]))
      header += c == '\n' ? ' ' : c; // the comment is one line
  }
  header += "\n";
  const char *folder = std::getenv("TMPDIR");
  int64_t now = std::chrono::system_clock::now().time_since_epoch().count();
  parts().path = formatv("{0}/seqc-crash-{1}-{2:x-}.mlir", folder && *folder ? folder : "/tmp", sys::Process::getProcessId(), now);
}

void setReproducerModel(StringRef text) { parts().model = text.str(); }

/// Calls nothing that allocates: the heap may be damaged. Returns the open file or -1.
static int openReproducer() {
  int fd = ::open(parts().path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return -1;
  writeAll(fd, parts().header);
  writeAll(fd, parts().model);
  return fd;
}

void noteReproducer(bool asJson) {
  int fd = openReproducer();
  if (fd < 0)
    return;
  ::close(fd);
  std::string message = "please report it with the file " + parts().path;
  if (asJson)
    errs() << json::Value(json::Object{{"severity", "note"}, {"message", message}, {"file", parts().path}}) << '\n';
  else
    errs() << "seqc: note: " << message << '\n';
}

//===-- Ends -----------------------------------------------------------------------------===//

[[noreturn]] static void leave(ExitCode code) {
  sys::RunInterruptHandlers(); // removes the files that sys::RemoveFileOnSignal knows
  killRunningPrograms();
  ::_exit(static_cast<int>(code));
}

static void say(StringRef text) { writeAll(STDERR_FILENO, text); }

static void onInterrupt() {
  say("seqc: interrupted\n");
  leave(ExitCode::Interrupted);
}

static void sayReproducer(bool written) {
  say(written ? "; please report it with the file " : "; no reproducer could be written to ");
  say(parts().path);
  say(" [seqc-E7001]\n");
}

static void onCrash(void *) {
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(20); // below, the state of a broken process is read: never hang
  int fd = openReproducer();
  say("seqc: error: internal error: a crash");
  sayReproducer(fd >= 0);
  if (fd >= 0) {
    std::string trace;
    raw_string_ostream os(trace);
    sys::PrintStackTrace(os);
    for (StringRef rest = trace; !rest.empty();) {
      auto [line, tail] = rest.split('\n');
      writeAll(fd, "\n// ");
      writeAll(fd, line);
      rest = tail;
    }
    writeAll(fd, "\n");
    ::close(fd);
  }
  leave(ExitCode::Internal);
}

static void onFatalError(void *, const char *reason, bool) {
  int fd = openReproducer();
  say("seqc: error: internal error: ");
  say(reason);
  sayReproducer(fd >= 0);
  leave(ExitCode::Internal);
}

static void onNoMemory(void *, const char *, bool) {
  say("seqc: error: out of memory [seqc-E5001]\n");
  leave(ExitCode::Device);
}

/// What nohup and shells ask a program to ignore stays ignored.
constexpr int kMayBeIgnored[] = {SIGHUP, SIGINT, SIGQUIT};

void installHandlers(int argc, const char *const *argv) {
  describeProcess(argc, argv);
  struct sigaction before[std::size(kMayBeIgnored)];
  for (auto [signal, action] : zip_equal(kMayBeIgnored, before))
    ::sigaction(signal, nullptr, &action);
  ::setenv("LLVM_DISABLE_SYMBOLIZATION", "1", 0); // names from the symbol tables do; a symbolizer is another process that takes its time
  sys::SetOneShotPipeSignalFunction(sys::DefaultOneShotPipeSignalHandler);
  sys::AddSignalHandler(onCrash, nullptr);
  sys::SetInterruptFunction(onInterrupt);
  install_out_of_memory_new_handler();
  install_bad_alloc_error_handler(onNoMemory);
  install_fatal_error_handler(onFatalError);
  for (auto [signal, action] : zip_equal(kMayBeIgnored, before))
    if (action.sa_handler == SIG_IGN)
      ::signal(signal, SIG_IGN);
}

//===-- Time limit --------------------------------------------------------------------------===//

TimeLimit::TimeLimit(double seconds) {
  if (!(seconds > 0))
    return;
  watcher = std::thread([this, seconds] {
    std::unique_lock<std::mutex> lock(mutex);
    if (wake.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return done; }))
      return;
    std::string message;
    raw_string_ostream(message) << format("the time limit of %g s is over", seconds);
    report(fail(ExitCode::TimeLimit, "E8001", message), wantsJsonDiagnostics());
    leave(ExitCode::TimeLimit);
  });
}

TimeLimit::~TimeLimit() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    done = true;
  }
  wake.notify_all();
  if (watcher.joinable())
    watcher.join();
}

//===-- Failing on purpose --------------------------------------------------------------------===//

bool failOnPurpose(StringRef how) {
  if (how == "crash")
    ::raise(SIGSEGV);
  if (how == "abort")
    std::abort();
  if (how == "fatal")
    report_fatal_error("failed on purpose");
  if (how == "memory")
    report_bad_alloc_error("failed on purpose");
  return how == "error";
}

} // namespace seqc::driver
