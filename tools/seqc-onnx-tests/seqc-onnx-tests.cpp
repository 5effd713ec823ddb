// SPDX-License-Identifier: Apache-2.0
// Runs the node tests of a folder. Every test passes or is listed with a reason in not-passing.txt, and reasons are all needed. Exit 6 if not.
#include "NodeTests.h"
#include "seqc/Support/Errors.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <atomic>
#include <chrono>
#include <thread>

using namespace llvm;
using namespace seqc::onnx_tests;
using seqc::ExitCode;

static cl::opt<std::string> folder(cl::Positional, cl::Required, cl::desc("<folder of tests>"));
static cl::opt<std::string> testPattern("test", cl::desc("run tests whose name matches this regular expression"), cl::init("."));
static cl::opt<std::string> cpu("cpu", cl::desc("CPU to compile for (default x86-64-v3)"), cl::init("x86-64-v3"));
static cl::opt<int> jobs("jobs", cl::desc("tests at a time (default: number of CPUs)"), cl::init(0));
static cl::opt<bool> verbose("verbose", cl::desc("print why listed tests do not pass"));

/// The reason for a test that did not pass, or null.
static const Reason *reasonOf(const std::vector<Reason> &reasons, const NodeTest &test, const Result &result) {
  for (const Reason &r : reasons)
    if (result.outcome == Outcome::Unsupported && Regex("^(" + r.tests + ")$").match(test.name) && StringRef(result.problem).contains(r.error))
      return &r;
  return nullptr;
}

static std::vector<Result> runAll(const std::vector<const NodeTest *> &tests) {
  std::vector<Result> results(tests.size());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next++) < tests.size();)
      results[i] = runTest(*tests[i], cpu);
  };
  std::vector<std::thread> threads;
  int count = jobs > 0 ? jobs.getValue() : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  for (int j = 1; j < count; ++j)
    threads.emplace_back(work);
  work();
  for (std::thread &t : threads)
    t.join();
  return results;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "ONNX node tests\n");
  Expected<Suite> suite = readSuite(folder);
  Regex names(testPattern);
  std::string error;
  if (!suite || !names.isValid(error)) {
    errs() << "seqc-onnx-tests: error: " << (suite ? error : toString(suite.takeError())) << '\n';
    return static_cast<int>(ExitCode::Usage);
  }
  std::vector<const NodeTest *> tests;
  for (const NodeTest &t : suite->tests)
    if (names.match(t.name))
      tests.push_back(&t);
  auto start = std::chrono::steady_clock::now();
  std::vector<Result> results = runAll(tests);
  struct Count {
    size_t passed = 0, listed = 0, all = 0;
  } conformance, generic;
  std::map<const Reason *, size_t> uses;
  size_t failures = 0;
  for (size_t i = 0; i < tests.size(); ++i) {
    Count &count = tests[i]->conformance ? conformance : generic;
    ++count.all;
    if (results[i].outcome == Outcome::Passed) {
      ++count.passed;
    } else if (const Reason *r = reasonOf(suite->reasons, *tests[i], results[i])) {
      ++count.listed;
      ++uses[r];
      if (verbose)
        outs() << tests[i]->name << ": " << results[i].problem << '\n';
    } else {
      ++failures;
      outs() << "FAILED " << tests[i]->name << ": " << results[i].problem << '\n';
    }
  }
  bool isWhole = tests.size() == suite->tests.size();
  for (const Reason &r : suite->reasons) {
    outs() << format("%4zu not passing: ", uses[&r]) << r.text << '\n';
    if (isWhole && !uses[&r]) {
      ++failures;
      outs() << "FAILED this reason is not needed\n";
    }
  }
  auto print = [](const char *what, const Count &c) {
    outs() << what << ": " << c.passed << " of " << c.all << " passed, " << c.listed << " not passing for a listed reason\n";
  };
  print("conformance", conformance);
  print("other node tests", generic);
  outs() << failures << " failed, " << format("%.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return static_cast<int>(failures ? ExitCode::Mismatch : ExitCode::Done);
}
