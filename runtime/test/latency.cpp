// SPDX-License-Identifier: Apache-2.0
// Prints what the runtime costs: latency [threads]. Overhead of a call with nearly empty kernels, woken and asleep workers, loading.
#include "call_helper.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

using namespace seqc_rt_test;

static double microseconds(const std::function<void()> &action) {
  auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

static void report(const char *what, int rounds, const std::function<void()> &prepare, const std::function<void()> &action) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    prepare();
    times.push_back(microseconds(action));
  }
  std::sort(times.begin(), times.end());
  printf("%-44s median %8.2f us   p90 %8.2f us   p99 %8.2f us\n", what, times[rounds / 2], times[rounds * 9 / 10], times[rounds * 99 / 100]);
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 2;
  std::string bytes = standardPackage();
  Package p(bytes, threads);
  const seqc_rt_function_t *main = p.function("main"), *count = p.function("count");
  Tensor<float> x({2, 6}), bias({2, 6}), y({2, 6});
  Tensor<int8_t> n({64});
  Tensor<int32_t> c({64});
  auto nothing = [] {};
  auto sleep = [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
  auto one = [&] { call(main, {&x.dl, &bias.dl}, {&y.dl}); };
  auto many = [&] { call(count, {&n.dl}, {&c.dl}); };
  printf("%d threads\n", threads);
  report("2 launches of 1 program, back to back", 20000, nothing, one);
  report("1 launch of 64 programs, back to back", 20000, nothing, many);
  report("1 launch of 64 programs, workers asleep", 500, sleep, many);
  report("open and close", 500, nothing, [&] { openStatus(bytes); });
  return 0;
}
