// SPDX-License-Identifier: Apache-2.0
// seqc compile: a graph to a package, or to the text of a phase.
#include "Commands.h"
#include "seqc/Driver/Compile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &compileCommand() {
  static cl::SubCommand command("compile", "compile a graph (MLIR text) or an ONNX model to a package");
  return command;
}
static cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("<model.mlir or model.onnx>"), cl::sub(compileCommand()));
static cl::opt<std::string> output("o", cl::desc("output file (default: <model>.seqc; text phases: standard output)"), cl::sub(compileCommand()));
static cl::list<std::string> targets("target", cl::CommaSeparated, cl::desc("targets of the package: cpu, sm_90a (default cpu)"), cl::sub(compileCommand()));
static cl::opt<std::string> cpu("cpu", cl::desc("CPU to compile for: x86-64-v3, native or an LLVM name (default x86-64-v3)"), cl::init("x86-64-v3"), cl::sub(compileCommand()));
static cl::opt<std::string> ptxas("ptxas", cl::desc("assembler of GPU targets (default: $SEQC_PTXAS, then ptxas on PATH)"), cl::sub(compileCommand()));
static cl::opt<std::string> emit("emit", cl::desc("phase to stop at: seq, seq-opt, tile, tile-cpu, llvm, object (cpu), tile-layout, nvvm, nvvm-ir, ptx, cubin (sm_90a), package (default package)"), cl::init("package"),
                                 cl::sub(compileCommand()));
static cl::opt<std::string> from("from", cl::desc("phase that the input is in: seq, seq-opt, tile (default seq)"), cl::init("seq"), cl::sub(compileCommand()));
static cl::opt<std::string> dumpDir("dump-dir", cl::desc("write one numbered file per phase into this folder"), cl::sub(compileCommand()));
static cl::opt<std::string> weights("weights", cl::desc("safetensors file (default: the one named by seq.weights, beside the input)"), cl::sub(compileCommand()));
static cl::opt<std::string> remarks("remarks", cl::desc("none or all: what was raised, fused, chosen (default none)"), cl::init("none"), cl::sub(compileCommand()));
static cl::opt<std::string> diagnostics("diagnostics", cl::desc("text or json, one object a line (default text)"), cl::init("text"), cl::sub(compileCommand()));
static cl::opt<bool> timing("timing", cl::desc("print the time of each phase to standard error"), cl::sub(compileCommand()));

static cl::opt<std::string> debugFail("debug-fail", cl::Hidden, cl::desc("for tests of exit code 70: error, crash, abort, fatal or memory, after parsing"),
                                      cl::sub(compileCommand()));

static Expected<Phase> phaseOption(StringRef option, StringRef value) {
  if (std::optional<Phase> p = parsePhase(value); p && (option == "emit" || info(*p).resumable))
    return *p;
  std::string names;
  for (const PhaseInfo &p : allPhases())
    if (option == "emit" || p.resumable)
      names += (names.empty() ? "" : ", ") + p.name.str();
  return fail(ExitCode::Usage, "E2001", ("expects one of " + names + " for --" + option + ", but got '" + value + "'").str());
}

/// The targets as given; a phase that belongs to another one than those is a wrong command line.
static Expected<std::vector<std::string>> targetOption(const PhaseInfo &last) {
  std::vector<std::string> names;
  for (const std::string &t : targets) {
    if (is_contained(names, t))
      return fail(ExitCode::Usage, "E2001", "expects every target once, but got --target=" + t + " twice");
    if (Expected<std::unique_ptr<TargetBackend>> target = createTarget(t, {}); !target)
      return target.takeError();
    names.push_back(t);
  }
  if (names.empty())
    names.push_back(last.target.empty() ? "cpu" : last.target.str());
  if (!last.target.empty() && !is_contained(names, last.target))
    return fail(ExitCode::Usage, "E2001", ("phase " + last.name + " belongs to target " + last.target + "; give --target=" + last.target).str());
  if (last.phase == Phase::Tile && names.size() > 1)
    return fail(ExitCode::Usage, "E2001", "--emit=tile depends on the target; give one --target");
  return names;
}

bool wantsJsonDiagnostics() { return compileCommand() && diagnostics == "json"; }

Error runCompile() {
  if (diagnostics != "text" && diagnostics != "json")
    return fail(ExitCode::Usage, "E2001", "expects text or json for --diagnostics, but got '" + diagnostics + "'");
  if (remarks != "none" && remarks != "all")
    return fail(ExitCode::Usage, "E2001", "expects none or all for --remarks, but got '" + remarks + "'");
  CompileOptions options;
  Expected<Phase> last = phaseOption("emit", emit), first = phaseOption("from", from);
  if (!last || !first)
    return joinErrors(last ? Error::success() : last.takeError(), first ? Error::success() : first.takeError());
  if (*first > *last)
    return fail(ExitCode::Usage, "E2001", "--from=" + from + " cannot be followed by --emit=" + emit);
  Expected<std::vector<std::string>> names = targetOption(info(*last));
  if (!names)
    return names.takeError();
  options.from = *first;
  options.upTo = *last;
  options.targets = *names;
  options.target.cpu = cpu;
  options.target.ptxas = ptxas;
  options.dumpDir = dumpDir;
  options.weightsPath = weights;
  options.remarks = remarks == "all";
  options.jsonDiagnostics = diagnostics == "json";
  options.timing = timing;
  options.debugFail = debugFail;
  std::string path = output;
  if (path.empty()) {
    SmallString<256> name(input.getValue());
    sys::path::replace_extension(name, info(*last).extension);
    path = info(*last).text ? "-" : std::string(name);
    if (input == "-" && path != "-")
      return fail(ExitCode::Usage, "E2001", "expects -o for a model from standard input");
  } else if (path == "-" && !info(*last).text) {
    return fail(ExitCode::Usage, "E2001", "expects the name of a file for -o: --emit=" + emit + " is not text");
  }
  for (StringRef read : {StringRef(input), StringRef(weights)})
    if (path != "-" && sys::fs::equivalent(read, path))
      return fail(ExitCode::Usage, "E2001", ("expects another file for -o than " + read + ", which is read").str());
  return compileFile(input, path, options);
}

} // namespace seqc::driver
