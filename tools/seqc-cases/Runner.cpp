// SPDX-License-Identifier: Apache-2.0
#include "Runner.h"
#include "Levels.h"
#include "seqc/Cases/Compare.h"
#include "llvm/ADT/StringMap.h"
#include <atomic>
#include <chrono>
#include <thread>

using namespace llvm;

namespace seqc::cases {

using interp::DType;
using interp::Precision;
using interp::Tensor;

/// Unrounded kernels differ from the truth by the order of additions, and by their constants: exp(x) = exp2(x log2e) with log2e in f32 is off
/// by x u(f32).
static Tolerance unroundedTolerance(const Case &c) {
  constexpr double kReordering = 1e-9;
  return {kReordering + c.steps.transcendental * c.steps.amplification * unitRoundoff(DType::F32)};
}
/// Native calls use two threads: enough for work to be split.
constexpr int kRuntimeThreads = 2;

StringRef name(Level level) {
  static constexpr StringLiteral kNames[] = {"tile", "cpu", "gpu", "ptxas"};
  return kNames[static_cast<size_t>(level)];
}

/// Both in f64, so that values beyond the declared type stay what they are.
static Report compareUnrounded(const Case &c, Tensor expected, Tensor actual) {
  if (expected.dtype == actual.dtype && interp::isFloat(interp::componentType(expected.dtype)))
    expected.dtype = actual.dtype = interp::isComplex(expected.dtype) ? DType::C128 : DType::F64;
  return compare(expected, actual, unroundedTolerance(c));
}

static void check(Outcome &o, const Tensors &truth, Expected<Tensors> actual, bool isUnrounded) {
  if (!actual) {
    o.ok = false;
    o.problem = toString(actual.takeError());
    return;
  }
  if (truth.size() != actual->size()) {
    o.ok = false;
    o.problem = "expected " + std::to_string(truth.size()) + " results, but got " + std::to_string(actual->size());
    return;
  }
  for (size_t i = 0; i < truth.size(); ++i) {
    Report r = isUnrounded ? compareUnrounded(*o.c, truth[i], (*actual)[i]) : compare(truth[i], (*actual)[i], toleranceOf(*o.c, truth[i].dtype));
    if (!isUnrounded)
      o.used = std::max(o.used, r.used);
    if (r.ok)
      continue;
    o.ok = false;
    o.problem = "result " + std::to_string(i) + (isUnrounded ? ", unrounded: " : ": ") + r.problem;
    return;
  }
}

static void runLevel(Outcome &o, GraphUnderTest &graph, const Tensors &inputs, const Tensors &truth) {
  o.ok = true;
  if (o.level == Level::Cpu)
    return check(o, truth, graph.native(inputs), false);
  if (o.level == Level::Gpu)
    return check(o, truth, graph.gpu(inputs, o.c->seed), false);
  check(o, truth, graph.tile(inputs, Precision::F64), true);
  if (o.ok)
    check(o, truth, graph.tile(inputs, Precision::Typed), false);
}

static double secondsSince(std::chrono::steady_clock::time_point start) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

/// The levels that compute, in one case.
static void runCase(Outcome *outcomes, size_t levels, GraphUnderTest &graph) {
  Tensors inputs = makeInputs(*outcomes->c);
  Expected<Tensors> truth = graph.truth(inputs);
  std::string failure = truth ? "" : "reference interpreter: " + toString(truth.takeError());
  for (Outcome &o : MutableArrayRef(outcomes, levels)) {
    if (o.level == Level::Ptxas)
      continue;
    auto start = std::chrono::steady_clock::now();
    if (failure.empty())
      runLevel(o, graph, inputs, *truth);
    else
      o.problem = failure;
    o.seconds = secondsSince(start);
  }
}

/// All levels of the cases that share a graph.
static void runGroup(MutableArrayRef<Outcome> outcomes, ArrayRef<size_t> members, const RunOptions &options) {
  size_t levels = options.levels.size();
  GraphUnderTest graph(*outcomes[members.front() * levels].c, options.cpu, kRuntimeThreads);
  if (options.levels != std::vector{Level::Ptxas})
    for (size_t member : members)
      runCase(&outcomes[member * levels], levels, graph);
  for (size_t l = 0; l < levels; ++l) {
    if (options.levels[l] != Level::Ptxas)
      continue;
    auto start = std::chrono::steady_clock::now();
    std::string problem = toString(graph.assemble(*options.assembler));
    outcomes[members.front() * levels + l].seconds = secondsSince(start);
    for (size_t member : members) {
      outcomes[member * levels + l].ok = problem.empty();
      outcomes[member * levels + l].problem = problem;
    }
  }
}

std::vector<Outcome> run(const std::vector<Case> &cases, const RunOptions &options) {
  std::vector<Outcome> outcomes;
  StringMap<size_t> groupOf;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < cases.size(); ++i) {
    for (Level l : options.levels)
      outcomes.push_back({&cases[i], l, false, "", 0, 0});
    auto [it, isNew] = groupOf.try_emplace(cases[i].module, groups.size());
    if (isNew)
      groups.emplace_back();
    groups[it->second].push_back(i);
  }
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t g; (g = next++) < groups.size();)
      runGroup(outcomes, groups[g], options);
  };
  std::vector<std::thread> threads;
  for (int j = 1; j < options.jobs; ++j)
    threads.emplace_back(work);
  work();
  for (std::thread &t : threads)
    t.join();
  return outcomes;
}

} // namespace seqc::cases
