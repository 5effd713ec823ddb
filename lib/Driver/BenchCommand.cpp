// SPDX-License-Identifier: Apache-2.0
// seqc bench: times a function of a package on generated inputs.
#include "Commands.h"
#include "Session.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <chrono>

using namespace llvm;

namespace seqc::driver {

cl::SubCommand &benchCommand() {
  static cl::SubCommand command("bench", "time a function of a package");
  return command;
}
static cl::opt<std::string> package(cl::Positional, cl::Required, cl::desc("<package.seqc>"), cl::sub(benchCommand()));
static cl::opt<std::string> function("function", cl::desc("function to time (default: the only one)"), cl::sub(benchCommand()));
static cl::opt<std::string> shapes("shapes", cl::desc("dims of the inputs, as B=2,L=64"), cl::sub(benchCommand()));
static cl::opt<std::string> device("device", cl::desc("cpu or cuda:N (default cpu)"), cl::init("cpu"), cl::sub(benchCommand()));
static cl::opt<int> threads("threads", cl::desc("CPU threads (default 0: all)"), cl::init(0), cl::sub(benchCommand()));
static cl::opt<double> minSeconds("min-seconds", cl::desc("measure at least this long (default 1)"), cl::init(1.0), cl::sub(benchCommand()));
static cl::opt<bool> json("json", cl::desc("print one JSON object"), cl::sub(benchCommand()));

Error runBench() {
  if (!(minSeconds >= 0 && minSeconds <= 3600))
    return fail(ExitCode::Usage, "E2001", "expects 0 to 3600 for --min-seconds");
  Expected<Session> session = Session::open(package, {device, threads, false});
  if (!session)
    return session.takeError();
  Expected<const seqc_rt_function_t *> fn = session->function(function);
  if (!fn)
    return fn.takeError();
  Expected<StringMap<int64_t>> dims = parseDims(shapes);
  if (!dims)
    return dims.takeError();
  Expected<std::vector<HostTensor>> inputs = makeInputs(*fn, *dims, 0);
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<HostTensor>> outputs = session->makeOutputs(*fn, *inputs);
  if (!outputs)
    return outputs.takeError();
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  double total = 0;
  // Two calls warm caches and the thread pool.
  for (int i = -2; i < 3 || total < minSeconds; ++i) {
    Clock::time_point start = Clock::now();
    if (Error e = session->callInto(*fn, *inputs, *outputs))
      return e;
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (i < 0)
      continue;
    times.push_back(seconds);
    total += seconds;
  }
  std::sort(times.begin(), times.end());
  double median = times[times.size() / 2] * 1e3, best = times.front() * 1e3, p90 = times[times.size() * 9 / 10] * 1e3;
  if (json) {
    json::Object row{{"function", seqc_rt_function_name(*fn)}, {"shapes", shapes.getValue()},     {"threads", seqc_rt_package_num_threads(session->package())},
                     {"median_ms", median},                    {"min_ms", best}, {"p90_ms", p90}, {"runs", static_cast<int64_t>(times.size())}};
    outs() << json::Value(std::move(row)) << '\n';
  } else {
    outs() << seqc_rt_function_name(*fn) << ' ' << shapes << format(": median %.4f ms, min %.4f ms, p90 %.4f ms over %zu runs\n", median, best, p90, times.size());
  }
  return Error::success();
}

} // namespace seqc::driver
