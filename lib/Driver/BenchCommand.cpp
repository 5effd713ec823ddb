// SPDX-License-Identifier: Apache-2.0
// seqc bench: times a function of a package on generated inputs. On a GPU the tensors are in its memory, and time is that between events.
#include "CallOptions.h"
#include "Commands.h"
#include "DeviceCall.h"
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

namespace {
struct Measurement {
  std::vector<double> times;    ///< milliseconds of calls, sorted
  std::optional<double> hostMs; ///< GPU: median until a call returned
};
double medianOf(std::vector<double> &values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}
} // namespace

/// Calls with tensors in host memory until they return.
static Expected<Measurement> timeOnHost(const Call &call, ArrayRef<HostTensor> inputs) {
  Expected<std::vector<HostTensor>> outputs = call.session.makeOutputs(call.function, inputs);
  if (!outputs)
    return outputs.takeError();
  using Clock = std::chrono::steady_clock;
  Measurement m;
  double total = 0;
  // Two calls warm caches and the thread pool.
  for (int i = -2; i < 3 || total < minSeconds; ++i) {
    Clock::time_point start = Clock::now();
    if (Error e = call.session.callInto(call.function, inputs, *outputs))
      return std::move(e);
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (i < 0)
      continue;
    m.times.push_back(seconds * 1e3);
    total += seconds;
  }
  return m;
}

/// Batches of calls, each long enough for the clock of events (half a microsecond) and for the first launch not to count.
static Expected<Measurement> timeOnDevice(const Call &call, ArrayRef<HostTensor> inputs) {
  constexpr double kBatchMs = 2;
  constexpr int kMostCalls = 200;
  Expected<DeviceCall> device = DeviceCall::make(call.session, call.function, inputs);
  if (!device)
    return device.takeError();
  Measurement m;
  std::vector<double> host;
  int calls = 3; // the first batch loads the code and is not counted
  double total = 0;
  for (int i = -1; i < 3 || total < minSeconds * 1e3; ++i) {
    Expected<DeviceCall::Times> times = device->run(calls);
    if (!times)
      return times.takeError();
    if (i < 0) {
      calls = static_cast<int>(std::clamp(kBatchMs / std::max(times->deviceMs, 1e-3), 1.0, double(kMostCalls)));
      continue;
    }
    m.times.push_back(times->deviceMs);
    host.push_back(times->hostMs);
    total += std::max(times->deviceMs, times->hostMs) * calls;
  }
  m.hostMs = medianOf(host);
  return m;
}

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
  bool isOnGpu = seqc_rt_package_device(call->session.package()).type == SEQC_RT_CUDA;
  Expected<Measurement> m = isOnGpu ? timeOnDevice(*call, *inputs) : timeOnHost(*call, *inputs);
  if (!m)
    return m.takeError();
  std::vector<double> &times = m->times;
  double median = medianOf(times), best = times.front(), p90 = times[times.size() * 9 / 10];
  std::optional<int64_t> flops = costOfCall(*call, "flops"), bytes = costOfCall(*call, "bytes");
  if (json) {
    json::Object row{{"function", seqc_rt_function_name(fn)},
                     {"shapes", shapesOption()},
                     {"threads", seqc_rt_package_num_threads(call->session.package())},
                     {"median_ms", median},
                     {"min_ms", best},
                     {"p90_ms", p90},
                     {"runs", static_cast<int64_t>(times.size())}};
    if (m->hostMs)
      row["host_ms"] = *m->hostMs;
    if (flops)
      row["flops"] = *flops;
    if (bytes)
      row["bytes"] = *bytes;
    outs() << json::Value(std::move(row)) << '\n';
    return Error::success();
  }
  outs() << seqc_rt_function_name(fn) << ' ' << shapesOption() << format(": median %.4f ms, min %.4f ms, p90 %.4f ms over %zu runs", median, best, p90, times.size());
  if (m->hostMs)
    outs() << format("; a call returns after %.4f ms", *m->hostMs);
  if (flops && bytes)
    outs() << format("; %.2f GFLOP/s, %.2f GB/s", *flops / median * 1e-6, *bytes / median * 1e-6);
  outs() << '\n';
  return Error::success();
}

} // namespace seqc::driver
