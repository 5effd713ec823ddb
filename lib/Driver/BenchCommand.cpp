// SPDX-License-Identifier: Apache-2.0
// seqc bench: times a function of a package on generated inputs.
#include "CallOptions.h"
#include "Commands.h"
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
static cl::opt<double> minSeconds("min-seconds", cl::desc("measure at least this long (default 1)"), cl::init(1.0), cl::sub(benchCommand()));
static cl::opt<bool> json("json", cl::desc("print one JSON object"), cl::sub(benchCommand()));

Error runBench() {
  if (!(minSeconds >= 0 && minSeconds <= 3600))
    return fail(ExitCode::Usage, "E2001", "expects 0 to 3600 for --min-seconds");
  Expected<Call> call = openCall(package);
  if (!call)
    return call.takeError();
  const seqc_rt_function_t *fn = call->function;
  Expected<std::vector<HostTensor>> inputs = generateInputs(*call);
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<HostTensor>> outputs = call->session.makeOutputs(fn, *inputs);
  if (!outputs)
    return outputs.takeError();
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  double total = 0;
  // Two calls warm caches and the thread pool.
  for (int i = -2; i < 3 || total < minSeconds; ++i) {
    Clock::time_point start = Clock::now();
    if (Error e = call->session.callInto(fn, *inputs, *outputs))
      return e;
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (i < 0)
      continue;
    times.push_back(seconds);
    total += seconds;
  }
  std::sort(times.begin(), times.end());
  double median = times[times.size() / 2] * 1e3, best = times.front() * 1e3, p90 = times[times.size() * 9 / 10] * 1e3;
  std::optional<int64_t> flops = costOfCall(*call, "flops"), bytes = costOfCall(*call, "bytes");
  if (json) {
    json::Object row{{"function", seqc_rt_function_name(fn)},
                     {"shapes", shapesOption()},
                     {"threads", seqc_rt_package_num_threads(call->session.package())},
                     {"median_ms", median},
                     {"min_ms", best},
                     {"p90_ms", p90},
                     {"runs", static_cast<int64_t>(times.size())}};
    if (flops)
      row["flops"] = *flops;
    if (bytes)
      row["bytes"] = *bytes;
    outs() << json::Value(std::move(row)) << '\n';
    return Error::success();
  }
  outs() << seqc_rt_function_name(fn) << ' ' << shapesOption() << format(": median %.4f ms, min %.4f ms, p90 %.4f ms over %zu runs", median, best, p90, times.size());
  if (flops && bytes)
    outs() << format("; %.2f GFLOP/s, %.2f GB/s", *flops / median * 1e-6, *bytes / median * 1e-6);
  outs() << '\n';
  return Error::success();
}

} // namespace seqc::driver
