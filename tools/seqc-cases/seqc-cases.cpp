// SPDX-License-Identifier: Apache-2.0
// Runs the execution cases at all levels and compares with the unrounded reference interpreter. Exit 6 if a case fails.
#include "Export.h"
#include "Table.h"
#include "GpuAssembly.h"
#include "seqc/Driver/Driver.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include <chrono>
#include <thread>

using namespace llvm;
using namespace seqc::cases;
using seqc::ExitCode;

static cl::opt<std::string> opPattern("op", cl::desc("run lists whose name matches this regular expression"), cl::init("."));
static cl::opt<std::string> casePattern("case", cl::desc("run cases whose name matches this regular expression"), cl::init("."));
static cl::list<Level> levels("levels", cl::CommaSeparated, cl::desc("levels (default: tile, cpu, gpu)"),
                              cl::values(clEnumValN(Level::Tile, "tile", "tile interpreter"), clEnumValN(Level::Cpu, "cpu", "native code through the runtime"),
                                         clEnumValN(Level::Gpu, "gpu", "sm_90a code on the functional model"),
                                         clEnumValN(Level::Ptxas, "ptxas", "sm_90a code through ptxas, and nvdisasm where there is one (only on request)")));
static cl::opt<bool> sample("sample", cl::desc("of each op and type only the last graph"));
static cl::list<std::string> models(cl::Positional, cl::desc("<graphs for level ptxas besides the cases>"));
static cl::opt<uint64_t> seed("seed", cl::desc("seed of the inputs (default 1)"), cl::init(1));
static cl::opt<std::string> cpu("cpu", cl::desc("CPU to compile for (default x86-64-v3)"), cl::init("x86-64-v3"));
static cl::opt<int> jobs("jobs", cl::desc("cases at a time (default: number of CPUs)"), cl::init(0));
static cl::opt<bool> full("full", cl::desc("the full grid of sizes, not the one for every build"));
static cl::opt<bool> list("list", cl::desc("print the names of the cases and stop"));
static cl::opt<std::string> exportFolder("export", cl::desc("write graphs, inputs and expected results of the cases into this folder and stop"));
static cl::opt<bool> printModule("print-module", cl::desc("print the MLIR text of the cases and stop"));

static std::vector<Case> selectCases(const Regex &ops, const Regex &names) {
  std::vector<Case> cases;
  for (const std::string &op : allOps())
    if (ops.match(op))
      for (Case &c : casesOf(op, full ? Grid::Full : Grid::Small))
        if (names.match(c.name)) {
          c.seed = seed;
          cases.push_back(std::move(c));
        }
  return cases;
}

/// Drops the cases without GPU code where GPU levels are asked for, and says so.
static void keepCoveredCases(std::vector<Case> &cases) {
  if (!levels.empty() && !is_contained(levels, Level::Gpu) && !is_contained(levels, Level::Ptxas))
    return;
  size_t before = cases.size();
  erase_if(cases, [](const Case &c) { return !c.onGpu; });
  if (cases.size() != before)
    outs() << before - cases.size() << " cases that have no GPU code are left out\n";
}

/// The cases of the last graph of every op and type: the one with most in it.
static void keepSample(std::vector<Case> &cases) {
  std::map<std::pair<std::string, seqc::interp::DType>, std::string> last;
  for (const Case &c : cases)
    last[{c.op, c.dtype}] = c.module;
  erase_if(cases, [&](const Case &c) { return c.module != last.at({c.op, c.dtype}); });
}

/// Graphs in files, as cases without inputs.
static Error addModels(std::vector<Case> &cases) {
  for (const std::string &path : models) {
    auto text = MemoryBuffer::getFile(path);
    if (!text)
      return createStringError(path + ": " + text.getError().message());
    Case c;
    c.op = "models";
    c.name = path;
    c.module = (*text)->getBuffer().str();
    cases.push_back(std::move(c));
  }
  return Error::success();
}

static void printAssembly(const AssemblyStatistics &s) {
  outs() << s.kernels << " kernels assembled, " << s.disassembled << " disassembled, at most " << s.mostRegisters << " registers, "
         << format("%.1f s", s.slowestSeconds) << " for the slowest (" << s.slowest << ")\n";
}

static int fail(const std::string &message) {
  errs() << "seqc-cases: error: " << message << '\n';
  return static_cast<int>(ExitCode::Usage);
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "execution cases of seqc\n");
  Regex ops(opPattern), names(casePattern);
  std::string error;
  if (!ops.isValid(error) || !names.isValid(error))
    return fail("expects a regular expression: " + error);
  std::vector<Case> cases = selectCases(ops, names);
  if (exportFolder.empty() && !list && !printModule)
    keepCoveredCases(cases);
  if (sample)
    keepSample(cases);
  if (Error e = addModels(cases))
    return fail(toString(std::move(e)));
  if (cases.empty())
    return fail("no case matches");
  if (list || printModule) {
    for (const Case &c : cases)
      outs() << (printModule ? "// " : "") << c.name << '\n' << (printModule ? c.module : "");
    return 0;
  }
  if (!exportFolder.empty()) {
    Error e = exportCases(cases, exportFolder);
    return e ? fail(toString(std::move(e))) : static_cast<int>(ExitCode::Done);
  }
  RunOptions options;
  options.levels = levels.empty() ? std::vector<Level>{Level::Tile, Level::Cpu, Level::Gpu} : std::vector<Level>(levels.begin(), levels.end());
  options.cpu = cpu;
  options.jobs = jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
  if (!models.empty() && options.levels != std::vector{Level::Ptxas})
    return fail("expects --levels=ptxas with graphs in files");
  std::unique_ptr<Assembler> assembler;
  if (is_contained(options.levels, Level::Ptxas)) {
    Expected<std::unique_ptr<Assembler>> made = Assembler::create();
    if (!made)
      return fail(toString(made.takeError()));
    assembler = std::move(*made);
    options.assembler = assembler.get();
  }
  auto start = std::chrono::steady_clock::now();
  std::vector<Outcome> outcomes = run(cases, options);
  size_t failures = printFailures(outs(), outcomes, (full ? " --full" : "") + (seed != 1 ? " --seed=" + std::to_string(seed) : std::string()));
  printTable(outs(), outcomes);
  if (assembler)
    printAssembly(assembler->statistics());
  outs() << cases.size() << " cases, " << outcomes.size() << " runs, " << failures << " failed, "
         << format("%.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return static_cast<int>(failures ? ExitCode::Mismatch : ExitCode::Done);
}
