// SPDX-License-Identifier: Apache-2.0
// Differential fuzzer of block kernels: seqc-tile-fuzz --seed=1 --count=1000. Prints the smallest failing prefix of every failing seed;
// exit code 1 if there was one.
#include "Check.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace seqc::fuzz;
namespace cl = llvm::cl;

static cl::opt<uint64_t> firstSeed("seed", cl::desc("first seed"), cl::init(1));
static cl::opt<unsigned> count("count", cl::desc("number of seeds"), cl::init(100));
static cl::opt<int> steps("steps", cl::desc("random steps per kernel"), cl::init(12));
static cl::opt<bool> exactOnly("exact", cl::desc("only ops whose results are compared bit for bit"));
static cl::opt<bool> allTypes("all-types", cl::desc("also f64, i8 and i64 memory"));
static cl::opt<bool> native("native", cl::desc("compare native code with the interpreter"), cl::init(true));
static cl::opt<bool> print("print", cl::desc("print the kernels and stop"));

static Program programOf(uint64_t seed, int n) {
  Options options;
  options.seed = seed;
  options.steps = n;
  options.exactOnly = exactOnly;
  options.allTypes = allTypes;
  return generate(options);
}

/// The failure of the shortest prefix that fails, with its text.
static void report(uint64_t seed, mlir::MLIRContext &context) {
  for (int n = 0; n <= steps; ++n) {
    Program p = programOf(seed, n);
    Outcome o = checkIsolated(p, context, native);
    if (o.failure.empty())
      continue;
    llvm::outs() << "seed " << seed << " steps " << n << ": " << o.failure << "\n" << p.text << "\n";
    llvm::outs().flush();
    return;
  }
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "differential fuzzer of tile kernels\n");
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(context);
  unsigned failures = 0;
  std::map<std::string, unsigned> unsupported;
  for (uint64_t seed = firstSeed; seed < firstSeed + count; ++seed) {
    Program p = programOf(seed, steps);
    if (print) {
      llvm::outs() << p.text << "\n";
      continue;
    }
    Outcome o = checkIsolated(p, context, native);
    if (!o.unsupported.empty())
      ++unsupported[o.unsupported];
    if (o.failure.empty())
      continue;
    ++failures;
    report(seed, context);
  }
  for (const auto &[text, n] : unsupported)
    llvm::outs() << "unsupported " << n << " times: " << text << "\n";
  llvm::outs() << count << " kernels, " << failures << " failures\n";
  return failures ? 1 : 0;
}
