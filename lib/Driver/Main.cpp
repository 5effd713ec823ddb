// SPDX-License-Identifier: Apache-2.0
// Command-line entry: dispatches to the sub-command, prints its error, returns its exit code.
#include "Commands.h"
#include "EarlyEnd.h"
#include "llvm/Support/ManagedStatic.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <unistd.h>

using namespace llvm;

namespace seqc::driver {

namespace {
struct Command {
  cl::SubCommand &(*subCommand)();
  Error (*run)();
};
constexpr Command kCommands[] = {{compileCommand, runCompile}, {importCommand, runImport}, {runCommand, runRun},       {inspectCommand, runInspect}, {verifyCommand, runVerify},
                                 {benchCommand, runBench},     {doctorCommand, runDoctor}, {explainCommand, runExplain}};

constexpr StringLiteral kOverview = "seqc: ahead-of-time compiler for long-sequence models\n\n"
                                    "  seqc compile model.mlir -o model.seqc    compile a graph to a package\n"
                                    "  seqc import model.onnx -o model.mlir     an ONNX model to a graph\n"
                                    "  seqc run model.seqc --input=@x.npy       run it\n"
                                    "  seqc inspect model.seqc                  what a package holds\n"
                                    "  seqc <command> --help                    options of a command\n";

void printVersion(raw_ostream &os) { os << "seqc " << SEQC_VERSION << " (LLVM " << LLVM_VERSION_STRING << ")\n"; }
} // namespace

/// The libraries register hundreds of options of their own; help shows ours.
static void hideForeignOptions() {
  for (const auto &entry : cl::getRegisteredOptions())
    if (entry.first != "help" && entry.first != "help-list" && entry.first != "version")
      entry.second->setHiddenFlag(cl::Hidden);
}

/// Text that did not reach standard output is an error too.
static Error flushOutput(Error error) {
  outs().flush();
  std::error_code ec = outs().error();
  outs().clear_error();
  if (error || !ec)
    return error;
  return fail(ExitCode::Damaged, "E4001", "standard output cannot be written: " + ec.message());
}

/// Help and versions are printed by the parser of the command line, which ends the process.
static void flushAtExit() {
  if (Error e = flushOutput(Error::success()))
    ::_exit(static_cast<int>(report(std::move(e), false)));
}

static cl::opt<double> timeout("timeout", cl::desc("end with exit code 124 after this many seconds (default 0: no limit)"), cl::init(0),
                               cl::sub(compileCommand()), cl::sub(importCommand()), cl::sub(runCommand()), cl::sub(benchCommand()), cl::sub(verifyCommand()));

static int runOne(const Command &command) {
  if (!(timeout >= 0))
    return static_cast<int>(report(fail(ExitCode::Usage, "E2001", "expects 0 or more for --timeout"), wantsJsonDiagnostics()));
  TimeLimit limit(timeout);
  ExitCode code = report(flushOutput(command.run()), wantsJsonDiagnostics());
  if (code == ExitCode::Internal)
    noteReproducer(wantsJsonDiagnostics());
  return static_cast<int>(code);
}

int run(int argc, char **argv) {
  llvm_shutdown_obj shutdown;
  installHandlers(argc, argv);
  outs(); // made before, so that it lives longer
  std::atexit(flushAtExit);
  for (const Command &c : kCommands)
    c.subCommand();
  hideForeignOptions();
  cl::SetVersionPrinter(printVersion);
  std::string errors;
  raw_string_ostream os(errors);
  if (!cl::ParseCommandLineOptions(argc, argv, kOverview, &os)) {
    errs() << errors << "seqc: error: the command line is not valid [seqc-E2001]\n";
    return static_cast<int>(ExitCode::Usage);
  }
  for (const Command &c : kCommands)
    if (c.subCommand())
      return runOne(c);
  errs() << kOverview << "seqc: error: no command given [seqc-E2001]\n";
  return static_cast<int>(ExitCode::Usage);
}

//===-- seqc explain --------------------------------------------------------------===//

cl::SubCommand &explainCommand() {
  static cl::SubCommand command("explain", "what an error id means and what to do");
  return command;
}
static cl::opt<std::string> explainId(cl::Positional, cl::Required, cl::desc("<id, as E4003>"), cl::sub(explainCommand()));

Error runExplain() {
  StringRef text = explain(explainId);
  if (text.empty())
    return fail(ExitCode::Usage, "E2001", "there is no error id '" + explainId + "'");
  outs() << text;
  return Error::success();
}

} // namespace seqc::driver
