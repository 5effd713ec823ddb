// SPDX-License-Identifier: Apache-2.0
// Packages on a GPU, with the fake driver: results, memory, streams, capture, and what is refused.
#include "gpu_helper.h"
#include <thread>

using namespace seqc_rt_test;

namespace {
struct Gpu : testing::Test {
  Gpu() { fake_cuda_reset(); }
  ~Gpu() override { EXPECT_EQ(fake_cuda_alive(), 0); }
};
std::vector<float> repeated(size_t n, float value) { return std::vector<float>(n, value); }
} // namespace

// --- Calls ------------------------------------------------------------------------------------------------------------------------------

TEST_F(Gpu, HostTensors) {
  GpuPackage p;
  for (int64_t b : {1, 2, 3, 0, 127, 1000}) {
    Tensor<float> x({b, 6}, 3), bias({b, 6}, 4), y({b, 6}, -1);
    x[0] = 11;
    ASSERT_EQ(call(p.function("main"), {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_EQ(y[i], i || !b ? 3.5f : 7.5f);
    EXPECT_TRUE(y.guardsIntact());
  }
}

TEST_F(Gpu, DeviceAndMixedTensors) {
  GpuPackage p;
  DeviceTensor x(p.pkg, {5, 6}, 3), y(p.pkg, {5, 6}, 0);
  Tensor<float> bias({5, 6}, 4), host({5, 6});
  ASSERT_EQ(call(p.function("main"), {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(y.values(), repeated(30, 3.5f));
  ASSERT_EQ(call(p.function("main"), {&x.dl, &x.dl}, {&host.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(host[29], 3.0f);
}

TEST_F(Gpu, WeightsAreOnTheDevice) {
  GpuPackage p;
  Tensor<float> state({6}, 10), next({6});
  ASSERT_EQ(call(p.function("step"), {&state.dl}, {&next.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(next[i], 11 + i);
}

TEST_F(Gpu, CopiesAndWorkspaceAreApart) {
  GpuPackage p;
  Tensor<float> x({100}, 2), y({100});
  ASSERT_EQ(call(p.function("twice"), {&x.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  for (size_t i = 0; i < y.size(); ++i)
    ASSERT_EQ(y[i], 6.0f); // 2 x + x: the copy of x outlives the first launch
}

TEST_F(Gpu, AFunctionMayHaveAPlanForATarget) {
  GpuPackage p;
  Tensor<float> x({5}, 2), y({5});
  ASSERT_EQ(call(p.function("cpu"), {&x.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(y[4], 8.0f);
  EXPECT_STATUS(call(p.function("nothing"), {&x.dl}, {&y.dl}), SEQC_RT_UNSUPPORTED,
                "nothing: launch 0: kernel 'cpu_only' has no code for sm_90a; compile the package for this GPU");
}

TEST_F(Gpu, ThePlanIsThatOfTheTarget) {
  fake_cuda()->major = 8; // PTX for sm_80 fits: the default plan, whose kernel has no code for it
  GpuPackage p;
  Tensor<float> x({5}, 2), y({5});
  EXPECT_STATUS(call(p.function("cpu"), {&x.dl}, {&y.dl}), SEQC_RT_UNSUPPORTED, "kernel 'cpu_only' has no code for sm_80");
  GpuPackage q(gpuPackageWith("\"plans\": {\"sm_90a\"", "\"plans\": {\"sm_80\""));
  ASSERT_EQ(call(q.function("cpu"), {&x.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(y[4], 8.0f);
  fake_cuda_reset();
  fake_cuda()->minor = 1; // cubins for sm_90a fit compute capability 9.0 alone
  GpuPackage r;
  EXPECT_STATUS(call(r.function("cpu"), {&x.dl}, {&y.dl}), SEQC_RT_UNSUPPORTED, "kernel 'cpu_only' has no code for sm_80");
  Package cpu(gpuPackageWith("\"plans\": {\"sm_90a\"", "\"plans\": {\"cpu\"")); // on the CPU its plan counts too
  EXPECT_STATUS(call(cpu.function("cpu"), {&x.dl}, {&y.dl}), SEQC_RT_UNSUPPORTED, "kernel 'scale' has no CPU code");
}

TEST_F(Gpu, LaunchFacts) {
  GpuPackage p;
  seqc_rt_stream_t stream = nullptr;
  ASSERT_EQ(seqc_rt_stream_create(p.pkg, &stream), SEQC_RT_OK);
  Tensor<uint8_t> s({3, 7});
  Tensor<float> y({1});
  ASSERT_EQ(callOn(p.function("wide"), {&s.dl}, {&y.dl}, stream), SEQC_RT_OK) << seqc_rt_last_error();
  fake_cuda_launch l = fake_cuda_last_launch();
  EXPECT_STREQ(l.name, "test_wide");
  EXPECT_EQ(l.grid[0], 3000u);
  EXPECT_EQ(l.grid[1], 7u);
  EXPECT_EQ(l.grid[2], 132u); // sms
  EXPECT_EQ(l.block[0], 32u);
  EXPECT_EQ(l.block[1], 2u);
  EXPECT_EQ(l.stream, stream);
  Tensor<float> x({130}, 1), z({130});
  ASSERT_EQ(callOn(p.function("cpu"), {&x.dl}, {&z.dl}, stream), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(fake_cuda_last_launch().grid[0], 3u);
  EXPECT_EQ(fake_cuda_last_launch().shared, 100000u);
  s.shape[1] = 0; // an empty grid is no launch
  int before = fake_cuda_num_launches();
  ASSERT_EQ(callOn(p.function("wide"), {&s.dl}, {&y.dl}, stream), SEQC_RT_OK);
  EXPECT_EQ(fake_cuda_num_launches(), before);
  EXPECT_EQ(seqc_rt_stream_synchronize(p.pkg, stream), SEQC_RT_OK);
  seqc_rt_stream_destroy(p.pkg, stream);
}

TEST_F(Gpu, DeviceMemoryIsKept) {
  GpuPackage p;
  Tensor<float> x({100, 6}, 1), y({100, 6});
  ASSERT_EQ(call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_OK);
  int before = fake_cuda_allocations(), alive = fake_cuda_alive();
  for (int64_t b : {100, 1, 50, 100}) {
    x.shape[0] = y.shape[0] = b;
    ASSERT_EQ(call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_OK);
  }
  EXPECT_EQ(fake_cuda_allocations(), before);
  Tensor<float> big({1000, 6}, 1), out({1000, 6}); // replaces the kept memory
  ASSERT_EQ(call(p.function("main"), {&big.dl, &big.dl}, {&out.dl}), SEQC_RT_OK);
  EXPECT_EQ(fake_cuda_allocations(), before + 1);
  EXPECT_EQ(fake_cuda_alive(), alive);
}

// Memory that another stream may still use is not taken.
TEST_F(Gpu, StreamsGetMemoryOfTheirOwn) {
  GpuPackage p;
  DeviceTensor x(p.pkg, {5, 6}, 3), y(p.pkg, {5, 6}, 0);
  seqc_rt_stream_t a, b;
  ASSERT_EQ(seqc_rt_stream_create(p.pkg, &a), SEQC_RT_OK);
  ASSERT_EQ(seqc_rt_stream_create(p.pkg, &b), SEQC_RT_OK);
  fake_cuda()->never_ready = 1;
  int before = fake_cuda_allocations();
  for (seqc_rt_stream_t s : {a, b, a, b, a})
    ASSERT_EQ(callOn(p.function("main"), {&x.dl, &x.dl}, {&y.dl}, s), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(fake_cuda_allocations(), before + 2);
  fake_cuda()->never_ready = 0;
  seqc_rt_stream_destroy(p.pkg, a);
  seqc_rt_stream_destroy(p.pkg, b);
}

TEST_F(Gpu, Capture) {
  GpuPackage p;
  DeviceTensor x(p.pkg, {5, 6}, 3), y(p.pkg, {5, 6}, 0), space(p.pkg, {32}, 0);
  Tensor<float> host({5, 6});
  seqc_rt_stream_t s;
  ASSERT_EQ(seqc_rt_stream_create(p.pkg, &s), SEQC_RT_OK);
  fake_cuda_capture(s, 1);
  int before = fake_cuda_allocations(), launches = fake_cuda_num_launches();
  fake_cuda_fail(-1, 0);
  EXPECT_EQ(callOn(p.function("main"), {&x.dl, &x.dl}, {&y.dl}, s, space.dl.data, 128), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(fake_cuda_num_launches(), launches + 2);
  EXPECT_EQ(fake_cuda_calls(), 5); // which context, this one, two launches, the other one again
  EXPECT_STATUS(callOn(p.function("main"), {&x.dl, &x.dl}, {&y.dl}, s), SEQC_RT_INVALID_ARGUMENT,
                "main: stream: it is being captured, so this call needs a workspace");
  EXPECT_STATUS(callOn(p.function("main"), {&x.dl, &host.dl}, {&y.dl}, s, space.dl.data, 128), SEQC_RT_INVALID_ARGUMENT,
                "main: stream: it is being captured, so this call needs all tensors in device memory");
  EXPECT_EQ(fake_cuda_allocations(), before);
  EXPECT_EQ(fake_cuda_num_launches(), launches + 2);
  fake_cuda_capture(nullptr, 0);
  seqc_rt_stream_destroy(p.pkg, s);
}

extern "C" {
int cuStreamBeginCapture_v2(void *, int);
int cuStreamEndCapture(void *, void **);
int cuGraphInstantiateWithFlags(void **, void *, unsigned long long);
int cuGraphLaunch(void *, void *);
int cuGraphExecDestroy(void *);
int cuGraphDestroy(void *);
int cuCtxPushCurrent_v2(void *);
int cuCtxPopCurrent_v2(void **);
}

TEST_F(Gpu, GraphReplay) {
  GpuPackage p;
  DeviceTensor x(p.pkg, {5, 6}, 3), y(p.pkg, {5, 6}, 0), space(p.pkg, {32}, 0);
  seqc_rt_stream_t s;
  void *graph, *exec;
  ASSERT_EQ(seqc_rt_stream_create(p.pkg, &s), SEQC_RT_OK);
  ASSERT_EQ(cuStreamBeginCapture_v2(s, 1), 0);
  EXPECT_EQ(callOn(p.function("main"), {&x.dl, &x.dl}, {&y.dl}, s, space.dl.data, 128), SEQC_RT_OK) << seqc_rt_last_error();
  ASSERT_EQ(cuStreamEndCapture(s, &graph), 0);
  EXPECT_EQ(y.values(), repeated(30, 0));
  ASSERT_EQ(cuGraphInstantiateWithFlags(&exec, graph, 0), 0);
  ASSERT_EQ(cuGraphLaunch(exec, s), 0);
  EXPECT_EQ(y.values(), repeated(30, 3));
  std::vector<float> other(30, 8);
  ASSERT_EQ(seqc_rt_memory_copy(p.pkg, x.dl.data, other.data(), 120, SEQC_RT_TO_DEVICE, s), SEQC_RT_OK);
  ASSERT_EQ(cuGraphLaunch(exec, s), 0);
  EXPECT_EQ(y.values(), repeated(30, 8));
  cuGraphExecDestroy(exec);
  cuGraphDestroy(graph);
  seqc_rt_stream_destroy(p.pkg, s);
}

TEST_F(Gpu, TwoDevicesAndAGivenContext) {
  fake_cuda()->devices = 2;
  std::string bytes = gpuPackage();
  seqc_rt_package_t *first, *second;
  ASSERT_EQ(openGpu(bytes, &first, 0), SEQC_RT_OK);
  ASSERT_EQ(openGpu(bytes, &second, 1), SEQC_RT_OK);
  EXPECT_EQ(seqc_rt_package_device(second).ordinal, 1);
  // Whatever context the thread has, each package works in its own; the thread's is there afterwards.
  Tensor<float> x({5, 6}, 3), y({5, 6});
  void *other = reinterpret_cast<void *>(2), *current = nullptr;
  ASSERT_EQ(cuCtxPushCurrent_v2(other), 0);
  for (seqc_rt_package_t *pkg : {first, second, first}) {
    const seqc_rt_function_t *fn;
    ASSERT_EQ(seqc_rt_package_find_function(pkg, "main", &fn), SEQC_RT_OK);
    ASSERT_EQ(call(fn, {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    EXPECT_EQ(y[29], 3.0f);
  }
  ASSERT_EQ(cuCtxPopCurrent_v2(&current), 0);
  EXPECT_EQ(current, other);
  seqc_rt_package_close(first);
  seqc_rt_package_close(second);
  void *of_device_1 = reinterpret_cast<void *>(2);
  EXPECT_STATUS(openGpu(bytes, &first, 0, of_device_1), SEQC_RT_INVALID_ARGUMENT,
                "cuda_context: expects a context of device 0, but it is of device 1");
  ASSERT_EQ(openGpu(bytes, &first, 1, of_device_1), SEQC_RT_OK) << seqc_rt_last_error();
  seqc_rt_package_close(first);
  EXPECT_STATUS(openGpu(bytes, &first, 2), SEQC_RT_DEVICE_ERROR, "no device cuda:2, this machine has 2");
}

TEST_F(Gpu, ThreadsHaveNoContextOfTheirOwn) {
  GpuPackage p;
  std::vector<std::thread> threads;
  std::vector<int> failures(4);
  for (int id = 0; id < 4; ++id)
    threads.emplace_back([&, id] {
      for (int round = 0; round < 200; ++round) {
        int64_t b = 1 + (round * 7 + id) % 50;
        Tensor<float> x({b, 6}, static_cast<float>(id)), y({b, 6});
        failures[id] += call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}) != SEQC_RT_OK;
        for (size_t i = 0; i < y.size(); ++i)
          failures[id] += y[i] != static_cast<float>(id);
      }
    });
  for (std::thread &t : threads)
    t.join();
  EXPECT_EQ(failures, std::vector<int>(4));
}

// --- Memory, streams, events --------------------------------------------------------------------------------------------------------------

TEST_F(Gpu, Events) {
  GpuPackage gpu;
  Package cpu;
  for (seqc_rt_package_t *pkg : {gpu.pkg, cpu.pkg.get()}) {
    seqc_rt_event_t *a, *b;
    double ms = -1;
    ASSERT_EQ(seqc_rt_event_create(pkg, &a), SEQC_RT_OK);
    ASSERT_EQ(seqc_rt_event_create(pkg, &b), SEQC_RT_OK);
    ASSERT_EQ(seqc_rt_event_record(pkg, a, nullptr), SEQC_RT_OK);
    ASSERT_EQ(seqc_rt_event_record(pkg, b, nullptr), SEQC_RT_OK);
    ASSERT_EQ(seqc_rt_event_elapsed(pkg, a, b, &ms), SEQC_RT_OK);
    if (pkg == gpu.pkg)
      EXPECT_EQ(ms, 1.5);
    EXPECT_GE(ms, 0);
    seqc_rt_event_destroy(pkg, a);
    seqc_rt_event_destroy(pkg, b);
    EXPECT_STATUS(seqc_rt_event_record(pkg, nullptr, nullptr), SEQC_RT_INVALID_ARGUMENT, "NULL");
    void *memory;
    float from[] = {1, 2, 3}, to[3] = {};
    ASSERT_EQ(seqc_rt_memory_alloc(pkg, 12, &memory), SEQC_RT_OK);
    EXPECT_EQ(seqc_rt_memory_copy(pkg, memory, from, 12, SEQC_RT_TO_DEVICE, nullptr), SEQC_RT_OK);
    EXPECT_EQ(seqc_rt_memory_copy(pkg, memory, static_cast<char *>(memory) + 4, 4, SEQC_RT_ON_DEVICE, nullptr), SEQC_RT_OK);
    EXPECT_EQ(seqc_rt_memory_copy(pkg, to, memory, 12, SEQC_RT_TO_HOST, nullptr), SEQC_RT_OK);
    EXPECT_EQ(to[0] * 100 + to[1] * 10 + to[2], 223);
    seqc_rt_memory_free(pkg, memory);
    EXPECT_STATUS(seqc_rt_memory_copy(pkg, to, memory, 12, static_cast<seqc_rt_copy_t>(3), nullptr), SEQC_RT_INVALID_ARGUMENT, "kind from 0 to 2");
  }
}

TEST_F(Gpu, DeviceInfo) {
  seqc_rt_device_info_t info{};
  EXPECT_STATUS(seqc_rt_device_info({SEQC_RT_CUDA, 0}, &info), SEQC_RT_INVALID_ARGUMENT, "struct_size");
  info.struct_size = sizeof info;
  ASSERT_EQ(seqc_rt_device_info({SEQC_RT_CUDA, 0}, &info), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_STREQ(info.name, "Fake GPU 0");
  EXPECT_EQ(info.compute_major * 10 + info.compute_minor, 90);
  EXPECT_EQ(info.driver_major * 10 + info.driver_minor, 130);
  EXPECT_EQ(info.shared_bytes, 232448);
  EXPECT_EQ(info.memory_bytes, uint64_t{1} << 30);
  EXPECT_STATUS(seqc_rt_device_info({SEQC_RT_CUDA, 1}, &info), SEQC_RT_DEVICE_ERROR, "no device cuda:1, this machine has 1");
  EXPECT_EQ(seqc_rt_device_info({SEQC_RT_CPU, 0}, &info), SEQC_RT_OK);
  EXPECT_STREQ(info.name, "cpu");
  int32_t count;
  EXPECT_EQ(seqc_rt_device_count(SEQC_RT_CUDA, &count), SEQC_RT_OK);
  EXPECT_EQ(count, 1);
}

// --- What is refused --------------------------------------------------------------------------------------------------------------------

TEST_F(Gpu, ArgumentErrors) {
  GpuPackage p;
  DeviceTensor x(p.pkg, {5, 6}, 3), y(p.pkg, {5, 6}, 0);
  x.dl.device.device_id = 1;
  EXPECT_STATUS(call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_TENSOR_MISMATCH,
                "main: input 0 'x': expects a tensor on cuda:0 or in CPU memory, but its device is {2, 1}");
  x.dl.device = {static_cast<DLDeviceType>(4), 0};
  EXPECT_STATUS(call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_TENSOR_MISMATCH, "but its device is {4, 0}");
  x.dl.device = {kDLCUDA, 0};
  EXPECT_STATUS(callOn(p.function("main"), {&x.dl, &x.dl}, {&y.dl}, nullptr, y.dl.data, 127), SEQC_RT_INVALID_ARGUMENT,
                "workspace: expects at least 128");
  DLTensor off = y.dl;
  int64_t shape[] = {4};
  off.shape = shape, off.ndim = 1, off.byte_offset = 4;
  DLTensor in = x.dl;
  in.shape = shape, in.ndim = 1;
  EXPECT_STATUS(call(p.function("cpu"), {&in}, {&off}), SEQC_RT_TENSOR_MISMATCH,
                "cpu: launch 0: kernel 'scale': argument 'y': expects memory aligned to 16 bytes, but it is 4 bytes off");
  Tensor<uint8_t> s({1});
  Tensor<float> one({1});
  int64_t huge[] = {3000000, 1};
  s.dl.shape = huge, s.dl.ndim = 2;
  s.dl.device = {kDLCUDA, 0};
  s.dl.data = reinterpret_cast<void *>(256); // nobody reads it, and nothing lies there
  EXPECT_STATUS(call(p.function("wide"), {&s.dl}, {&one.dl}), SEQC_RT_SIZE_OVERFLOW, "grid extent x of at most 2147483647, but got 3000000000");
  huge[0] = 1, huge[1] = 65536;
  EXPECT_STATUS(call(p.function("wide"), {&s.dl}, {&one.dl}), SEQC_RT_SIZE_OVERFLOW, "grid extent y of at most 65535, but got 65536");
  GpuPackage q(gpuPackageWith("\"grid\": [\"P\", \"Q\", \"sms\"]", "\"grid\": [1]"));
  huge[0] = 3000000, huge[1] = 1;
  EXPECT_STATUS(call(q.function("wide"), {&s.dl}, {&one.dl}), SEQC_RT_SIZE_OVERFLOW, "argument 'P': expects a size of 32 bits, but got 3000000000");
}

TEST_F(Gpu, OutOfMemory) {
  GpuPackage p;
  fake_cuda()->memory_bytes = 4096;
  Tensor<float> x({1000, 6}, 1), y({1000, 6});
  EXPECT_STATUS(call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_OUT_OF_MEMORY,
                "CUDA_ERROR_OUT_OF_MEMORY, error 2 (out of memory); free device memory");
  x.shape[0] = y.shape[0] = 2;
  EXPECT_EQ(call(p.function("main"), {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_OK) << "the next call works";
}

TEST_F(Gpu, StickyErrorsComeLater) {
  GpuPackage p;
  DeviceTensor x(p.pkg, {5, 6}, 3), y(p.pkg, {5, 6}, 0), space(p.pkg, {32}, 0);
  Tensor<float> host({5, 6}, 1);
  DLTensor wrong = host.dl;
  wrong.device = {kDLCUDA, 0}; // a lie: the kernel faults
  EXPECT_EQ(callOn(p.function("main"), {&x.dl, &wrong}, {&y.dl}, nullptr, space.dl.data, 128), SEQC_RT_DEVICE_ERROR);
  EXPECT_STATUS(callOn(p.function("main"), {&x.dl, &x.dl}, {&y.dl}, nullptr, space.dl.data, 128), SEQC_RT_DEVICE_ERROR,
                "CUDA_ERROR_ILLEGAL_ADDRESS, error 700 (an illegal memory access was encountered); a kernel failed before this call");
}

TEST_F(Gpu, Machines) {
  std::string bytes = gpuPackage();
  fake_cuda()->init_result = 100;
  // The process has initialised the driver before, so only the number of devices changes.
  fake_cuda()->devices = 0;
  EXPECT_STATUS(openGpuStatus(bytes), SEQC_RT_DEVICE_ERROR, "no device cuda:0, this machine has 0");
  fake_cuda_reset();
  fake_cuda()->major = 8; // scale has PTX for it; add, which has nothing, is for other plans
  EXPECT_EQ(openGpuStatus(bytes), SEQC_RT_OK) << seqc_rt_last_error();
  fake_cuda()->major = 7;
  EXPECT_STATUS(openGpuStatus(bytes), SEQC_RT_DEVICE_ERROR,
                "the package has code for sm_90a, sm_80, but Fake GPU 0 is sm_70; compile it for this GPU");
  std::string only = replaced(kGpuManifest, "\"sm_80\"", "\"sm_110\"");
  fake_cuda()->major = 10; // sm_90a is this architecture only
  EXPECT_STATUS(openGpuStatus(makePackage(only, gpuMembers())), SEQC_RT_DEVICE_ERROR,
                "the package has code for sm_90a, sm_110, but Fake GPU 0 is sm_100");
  fake_cuda_reset();
  fake_cuda()->shared_bytes = 99999;
  EXPECT_STATUS(openGpuStatus(bytes), SEQC_RT_DEVICE_ERROR,
                "kernel 'scale': entry 'test_scale': needs 100000 bytes of shared memory, but this GPU has 99999");
  fake_cuda_reset();
  EXPECT_STATUS(openGpuStatus(standardPackage()), SEQC_RT_UNSUPPORTED, "the package has no GPU code; compile it with --target=sm_90a");
}

TEST_F(Gpu, PtxWhereNoCubinFits) {
  // No cubin for add: its PTX is used; scale has a cubin for sm_90a and PTX for sm_80 and newer.
  std::string bytes = gpuPackageWith("\"cubin\": \"kernels/add.cubin\", \"ptx\"", "\"ptx\"");
  EXPECT_EQ(openGpuStatus(bytes), SEQC_RT_OK) << seqc_rt_last_error();
  fake_cuda()->jit_result = 218;
  EXPECT_STATUS(openGpuStatus(bytes), SEQC_RT_DEVICE_ERROR,
                "member 'kernels/add.ptx' (PTX for sm_90a) on Fake GPU 0, compute capability 9.0: the driver's assembler says 'ptxas fatal: line 7: "
                "what is this': "
                "cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX, error 218");
  fake_cuda()->jit_result = 222;
  EXPECT_STATUS(openGpuStatus(bytes), SEQC_RT_DEVICE_ERROR, "update the NVIDIA driver");
}

TEST_F(Gpu, DamagedCode) {
  auto with = [](const std::string &name, const std::string &data) {
    auto members = gpuMembers();
    members[name] = data;
    return openGpuStatus(makePackage(kGpuManifest, members));
  };
  std::string good = fakeCubin(90, kEntries);
  EXPECT_EQ(with("kernels/add.cubin", good), SEQC_RT_OK) << seqc_rt_last_error();
  for (size_t n : {size_t{0}, size_t{3}, size_t{63}})
    EXPECT_STATUS(with("kernels/add.cubin", good.substr(0, n)), SEQC_RT_BAD_PACKAGE, "member 'kernels/add.cubin': expects a cubin");
  std::string x86 = good, cut = good, section = good;
  x86[18] = 62;
  EXPECT_STATUS(with("kernels/add.cubin", x86), SEQC_RT_BAD_PACKAGE, "member 'kernels/add.cubin': expects a cubin");
  cut[0x3C] = 4; // section headers where the text is: too many
  EXPECT_STATUS(with("kernels/add.cubin", cut), SEQC_RT_BAD_PACKAGE, "cut off");
  section[0x3C] = 1;
  section[0x27] = 1; // the header itself as section header, with a huge size
  EXPECT_STATUS(with("kernels/add.cubin", section), SEQC_RT_BAD_PACKAGE, "cut off");
  EXPECT_STATUS(with("kernels/add.cubin", fakeCubin(100, kEntries)), SEQC_RT_BAD_PACKAGE,
                "member 'kernels/add.cubin': expects a cubin for sm_90a, but it is for sm_100");
  EXPECT_STATUS(with("kernels/add.cubin", fakeCubin(90, "// entry test_add 8 8 8 8\n")), SEQC_RT_BAD_PACKAGE,
                "kernel 'scale': entry 'test_scale': cuModuleGetFunction: CUDA_ERROR_NOT_FOUND");
  EXPECT_STATUS(with("kernels/add.cubin", fakeCubin(90, "// entry test_add 8 8 8 4\n// entry test_scale 8 8 4 4\n")), SEQC_RT_BAD_PACKAGE,
                "entry 'test_add': expects 8 bytes at 24 for parameter 'N', but the code has 4 at 24");
  EXPECT_STATUS(with("kernels/add.cubin", fakeCubin(90, "// entry test_add 8 8 8\n// entry test_scale 8 8 4 4\n")), SEQC_RT_BAD_PACKAGE,
                "expects 4 parameters, but the code has 3");
  EXPECT_STATUS(with("kernels/add.cubin", fakeCubin(90, "// entry test_add 8 8 8 8 8\n// entry test_scale 8 8 4 4\n")), SEQC_RT_BAD_PACKAGE,
                "expects 4 parameters, but the code has more");
  std::string changed = gpuPackage();
  changed[changed.find("// entry test_add") + 3] = 'E';
  EXPECT_STATUS(openGpuStatus(changed), SEQC_RT_DIGEST_MISMATCH, "member 'kernels/add.cubin'");
}

// Each entry replaces a piece of the manifest; the package is refused on the CPU too.
TEST_F(Gpu, ManifestFaults) {
  struct Fault {
    const char *from, *to, *message;
  };
  const Fault faults[] = {
      {"\"sm_90a\": {", "\"sm_90b\": {", "seqc.json: kernels[0][\"sm_90b\"]: expects a target like sm_90a, but got 'sm_90b'"},
      {"\"sm_90a\": {", "\"sm_9\": {", "expects a target like sm_90a"},
      {"\"sm_90a\": {", "\"sm_9000\": {", "expects a target like sm_90a"},
      {"\"sm_90a\": {", "\"sm_90aa\": {", "expects a target like sm_90a"},
      {"\"sm_80\": {", "\"sm_90a\": {", "kernels[1][\"sm_90a\"]: expects each target once"},
      {"\"sm_90a\": {", "\"sm_90a\": 7, \"x\": {", "kernels[0][\"sm_90a\"]: expects an object"},
      {"\"entry\": \"test_add\"", "\"entry\": \"\"", "expects a symbol of at most 255 characters"},
      {"\"entry\": \"test_add\"", "\"entry\": \"a b\"", "but got 'a b'"},
      {"\"entry\": \"test_add\",", "", "expects a string 'entry'"},
      {"\"cubin\": \"kernels/add.cubin\", \"ptx\": \"kernels/add.ptx\",", "", "kernels[0][\"sm_90a\"]: expects 'cubin' or 'ptx'"},
      {"\"kernels/add.cubin\"", "\"weights/model.safetensors\"", "expects 'cubin' in folder kernels/, but got 'weights/model.safetensors'"},
      {"\"kernels/add.cubin\"", "\"kernels/other.cubin\"", "member 'kernels/other.cubin': named by kernels[0] of seqc.json, but not in the package"},
      {"\"kernels/add.ptx\"", "\"kernels/other.ptx\"", "member 'kernels/other.ptx': named by kernels[0]"},
      {"\"kernels/add.ptx\"", "7", "expects a string 'ptx'"},
      {"\"ptx_version\": \"8.0\",", "", "expects a string 'ptx_version'"},
      {"\"ptx_version\": \"8.0\"", "\"ptx_version\": \"8\"", "expects a version like 8.0 as 'ptx_version', but got '8'"},
      {"\"ptx_version\": \"8.0\"", "\"ptx_version\": \"8.0x\"", "expects a version like 8.0"},
      {"[\"ptr\", \"ptr\", \"ptr\", \"i64\"]", "[\"ptr\", \"ptr\", \"ptr\"]",
       "kernels[0][\"sm_90a\"]: expects 4 params as the kernel has, but got 3"},
      {"[\"ptr\", \"ptr\", \"ptr\", \"i64\"]", "[\"ptr\", \"ptr\", \"ptr\", \"ptr\"]", "params[3]: 'ptr' does not fit param 'N'"},
      {"[\"ptr\", \"ptr\", \"ptr\", \"i64\"]", "[\"i64\", \"ptr\", \"ptr\", \"i64\"]", "params[0]: 'i64' does not fit param 'a'"},
      {"[\"ptr\", \"ptr\", \"i32\", \"f32\"]", "[\"ptr\", \"ptr\", \"i32\", \"f64\"]",
       "kernels[1][\"sm_90a\"]: params[3]: 'f64' does not fit param 's'"},
      {"[\"ptr\", \"ptr\", \"i32\", \"f32\"]", "[\"ptr\", \"ptr\", \"i8\", \"f32\"]", "params[2]: 'i8' does not fit param 'N'"},
      {"[\"ptr\", \"ptr\", \"i32\", \"f32\"]", "[\"ptr\", \"ptr\", 4, \"f32\"]", "params[2]: '' does not fit"},
      {"\"block\": [128, 1, 1]", "\"block\": [128, 1]", "expects three extents >= 1 in 'block'"},
      {"\"block\": [128, 1, 1]", "\"block\": [128, 0, 1]", "expects three extents >= 1"},
      {"\"block\": [128, 1, 1]", "\"block\": [128, 16, 1]", "with a product <= 1024"},
      {"\"block\": [128, 1, 1]", "\"block\": [1, 1, 65]", "z <= 64"},
      {"\"block\": [128, 1, 1]", "\"block\": [2147483648, 2147483648, 4]", "expects three extents"},
      {"\"block\": [128, 1, 1]", "\"block\": 128", "expects an array 'block'"},
      {"\"shared_bytes\": 0", "\"shared_bytes\": -1", "expects an integer 'shared_bytes' from 0 to 1048576"},
      {"\"shared_bytes\": 0", "\"shared_bytes\": 1e9", "expects an integer 'shared_bytes'"},
      {"\"registers\": 12", "\"registers\": 256", "expects an integer 'registers' from 0 to 255"},
      {"\"registers\": 12,", "", "expects an integer 'registers'"},
      {"\"spill_bytes\": 0", "\"spill_bytes\": \"0\"", "expects an integer 'spill_bytes'"},
      {"\"checked\": \"13.4.92\"", "\"checked\": true", "expects a string 'checked'"},
      {"\"checked\": \"13.4.92\"", "\"checked\": \"yes\"", "expects a version like 8.0 as 'checked', but got 'yes'"},
      {"\"align\": 16", "\"align\": 12", "kernels[1][\"sm_90a\"]: expects a power of two as 'align', but got 12"},
      {"\"align\": 16", "\"align\": 0", "expects an integer 'align' from 1 to 256"},
      {"\"align\": 16", "\"align\": 512", "expects an integer 'align' from 1 to 256"},
      {"\"grid\": [[\"ceildiv\", \"N\", 128]]", "\"grid\": [\"Q\"]", "kernels[0][\"sm_90a\"]: expects a known dim in an expression, but got 'Q'"},
      {"\"grid\": [[\"ceildiv\", \"N\", 128]]", "\"grid\": []", "kernels[0][\"sm_90a\"]: expects 1 to 3 grid extents, but got 0"},
      {"\"plans\": {", "\"plans\": [], \"x\": {", "functions[3]: expects an object 'plans'"},
      {"\"plans\": {", "\"plans\": {\"cpu\": 7, ", "functions[3].plans[\"cpu\"]: expects an object"},
      {"\"sm_90a\": {\"workspace_bytes\": 0,", "\"sm_90a\": {", "functions[3].plans[\"sm_90a\"]: expects 'workspace_bytes'"},
      {"\"sm_90a\": {\"workspace_bytes\": 0, \"launches\": [[{\"guard\": 1, \"kernel\": 1",
       "\"sm_90a\": {\"workspace_bytes\": 0, \"launches\": [[{\"guard\": 1, \"kernel\": 9",
       "functions[3].plans[\"sm_90a\"].launches[0][0]: expects an integer 'kernel' from 0 to 3"},
      {"\"plans\": {", "\"plans\": {\"sm_90a\": {\"workspace_bytes\": 0, \"launches\": []}, ",
       "functions[3].plans[\"sm_90a\"]: expects each target once"},
  };
  for (const Fault &f : faults) {
    std::string bytes = gpuPackageWith(f.from, f.to);
    EXPECT_STATUS(openStatus(bytes), SEQC_RT_BAD_PACKAGE, f.message);
    EXPECT_EQ(openGpuStatus(bytes), SEQC_RT_BAD_PACKAGE);
  }
  EXPECT_EQ(openStatus(gpuPackage()), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(openStatus(gpuPackage(), true), SEQC_RT_OK) << seqc_rt_last_error();
}

TEST_F(Gpu, InspectionNeedsNoDriver) {
  seqc_rt_open_options_t options = SEQC_RT_OPEN_OPTIONS_INIT;
  options.device.type = SEQC_RT_CUDA;
  options.inspect_only = 1;
  std::string bytes = gpuPackage();
  seqc_rt_package_t *p;
  fake_cuda_fail(0, 100);
  ASSERT_EQ(seqc_rt_package_open_memory(bytes.data(), bytes.size(), &options, &p), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(fake_cuda_calls(), 0);
  void *memory;
  EXPECT_STATUS(seqc_rt_memory_alloc(p, 4, &memory), SEQC_RT_UNSUPPORTED, "inspect_only");
  seqc_rt_package_close(p);
}
