// SPDX-License-Identifier: Apache-2.0
// Prints what a GPU call costs above the driver: nanoseconds of calls through the runtime less those of the same driver calls alone, with the
// fake driver.
#include "gpu_helper.h"
#include <algorithm>
#include <chrono>
#include <functional>

using namespace seqc_rt_test;

static double nanoseconds(const std::function<void()> &action) {
  std::vector<double> times;
  for (int round = 0; round < 200; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 200; ++i)
      action();
    times.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / 200);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

extern "C" int cuCtxGetCurrent(void **);

int main() {
  GpuPackage p;
  DeviceTensor x(p.pkg, {1, 6}, 3), y(p.pkg, {1, 6}, 0), space(p.pkg, {32}, 0);
  const seqc_rt_function_t *step = p.function("step"), *main = p.function("main");
  void *context;
  DLTensor one = x.dl, out = y.dl;
  int64_t shape[] = {6};
  one.shape = out.shape = shape;
  one.ndim = out.ndim = 1;
  DLTensor *in[] = {&one}, *outs[] = {&out}, *in2[] = {&x.dl, &x.dl}, *outs2[] = {&y.dl};
  double driver = nanoseconds([&] { cuCtxGetCurrent(&context); });
  auto report = [&](const char *what, int launches, int calls, double ns) {
    printf("%-48s %7.0f ns a call, %d launches, %d driver calls\n", what, ns, launches, calls);
  };
  printf("one call of the fake driver: %.0f ns\n", driver);
  report("device tensors, no workspace", 1, 4, nanoseconds([&] { seqc_rt_function_call(step, in, 1, outs, 1, nullptr, 0, nullptr); }));
  report("device tensors, workspace of the caller", 2, 5,
         nanoseconds([&] { seqc_rt_function_call(main, in2, 2, outs2, 1, space.dl.data, 128, nullptr); }));
  report("device tensors, workspace of the runtime", 2, 8, nanoseconds([&] { seqc_rt_function_call(main, in2, 2, outs2, 1, nullptr, 0, nullptr); }));
  return 0;
}
