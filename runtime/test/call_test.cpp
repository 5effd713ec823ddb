// SPDX-License-Identifier: Apache-2.0
// Calls: results, argument checks, named dims, workspace, concurrency.
#include "call_helper.h"
#include <malloc.h>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>
#include <xmmintrin.h>

using namespace seqc_rt_test;

TEST(Call, TwoLaunchesThroughWorkspace) {
  for (int threads : {1, 2, 3, 8}) {
    Package p(standardPackage(), threads);
    for (int64_t b : {0, 1, 2, 3, 64, 127, 1000}) {
      Tensor<float> x({b, 6}), bias({b, 6}), y({b, 6}, -1);
      std::mt19937 random(static_cast<unsigned>(b));
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(random() % 1000), bias[i] = static_cast<float>(random() % 1000);
      ASSERT_EQ(call(p.function("main"), {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
      float scale = b <= 2 ? 2.0f : 0.5f; // the guard of the second launch
      for (size_t i = 0; i < y.size(); ++i)
        ASSERT_EQ(y[i], scale * (x[i] + bias[i])) << "b=" << b << " i=" << i;
      EXPECT_TRUE(y.guardsIntact() && x.guardsIntact());
    }
  }
}

TEST(Call, ScratchGrowsWithTheKernels) {
  std::string manifest = replaced(kStandardManifest, R"("symbol": "test_count", "scratch_bytes": 0)", R"("symbol": "test_count", "scratch_bytes": 8)");
  Package p(makePackage(replaced(manifest, R"("symbol": "test_scratch", "scratch_bytes": 4104)", R"("symbol": "test_scratch_address", "scratch_bytes": 100000)"), standardMembers()), 1);
  Tensor<int8_t> n({3});
  Tensor<int32_t> counts({3});
  ASSERT_EQ(call(p.function("count"), {&n.dl}, {&counts.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  Tensor<uint8_t> shape({1, 1, 1});
  Tensor<int64_t> address({1});
  ASSERT_EQ(call(p.function("grid"), {&shape.dl}, {&address.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_GE(malloc_usable_size(reinterpret_cast<void *>(address[0])), 100000u);
}

TEST(Call, WeightsInPlaceAndCopied) {
  for (int pad : {0, 1, 2, 3}) { // shifts the data off its alignment
    auto members = standardMembers();
    members["weights/model.safetensors"] = makeSafetensors({{"w", "F32", {6}, bytesOf<float>({1, 2, 3, 4, 5, 6})}}, pad);
    Package p(makePackage(kStandardManifest, members));
    Tensor<float> state({6}, 10), next({6});
    ASSERT_EQ(call(p.function("step"), {&state.dl}, {&next.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(next[i], 11 + i);
  }
}

TEST(Call, ComplexWeightsAreComplexOrPairs) {
  std::string manifest = replaced(kStandardManifest, "\"dtype\": \"f32\", \"shape\": [6]}]", "\"dtype\": \"c64\", \"shape\": [3]}]");
  struct Case {
    const char *dtype;
    std::vector<int64_t> shape;
    bool fits;
  };
  for (const Case &c : {Case{"C64", {3}, true}, {"F32", {3, 2}, true}, {"F32", {6}, false}, {"F32", {2, 3}, false}, {"F32", {3}, false}}) {
    auto members = standardMembers();
    size_t floats = c.shape == std::vector<int64_t>{3} && std::string(c.dtype) == "F32" ? 3 : 6;
    std::vector<float> values{1, 2, 3, 4, 5, 6};
    values.resize(floats);
    members["weights/model.safetensors"] = makeSafetensors({{"w", c.dtype, c.shape, bytesOf<float>(values)}});
    if (!c.fits) {
      EXPECT_STATUS(openStatus(makePackage(manifest, members)), SEQC_RT_BAD_PACKAGE, "tensor 'w': its dtype or shape differs");
      continue;
    }
    Package p(makePackage(manifest, members));
    Tensor<float> state({6}, 10), next({6});
    ASSERT_EQ(call(p.function("step"), {&state.dl}, {&next.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(next[i], 11 + i);
  }
}

TEST(Call, EveryProgramOfA3dGridRunsWithItsOwnScratch) {
  Package p(standardPackage(), 4);
  for (auto [x, y, z] : {std::array<int64_t, 3>{1, 1, 1}, {7, 5, 3}, {64, 1, 33}, {0, 5, 3}, {3, 0, 0}, {1, 1, 1009}}) {
    Tensor<uint8_t> shape({x, y, z});
    Tensor<int64_t> t({x * y * z}, -7);
    ASSERT_EQ(call(p.function("grid"), {&shape.dl}, {&t.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    for (int64_t i = 0; i < x * y * z; ++i)
      ASSERT_EQ(t[i], i);
    EXPECT_TRUE(t.guardsIntact());
  }
}

TEST(Call, EveryProgramRunsOnce) {
  Package p(standardPackage(), 4);
  Tensor<int8_t> n({100003});
  Tensor<int32_t> y({100003}, 0);
  for (int round = 1; round <= 200; ++round) {
    ASSERT_EQ(call(p.function("count"), {&n.dl}, {&y.dl}), SEQC_RT_OK);
    for (int i : {0, 1, 50000, 100002})
      ASSERT_EQ(y[i], round);
  }
  for (size_t i = 0; i < y.size(); ++i)
    ASSERT_EQ(y[i], 200);
  EXPECT_TRUE(y.guardsIntact());
}

TEST(Call, ScalarsOfEveryType) {
  Package p;
  Tensor<int64_t> y({8});
  ASSERT_EQ(call(p.function("scalars"), {}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  double nan;
  memcpy(&nan, &y[3], sizeof nan);
  EXPECT_EQ(y[0], 0x3E00);     // 1.5 in f16
  EXPECT_EQ(y[1], 0xFF80);     // -inf in bf16
  EXPECT_EQ(y[2], 0x3DCCCCCD); // 0.1 in f32
  EXPECT_TRUE(std::isnan(nan));
  EXPECT_EQ(y[4], 1);
  EXPECT_EQ(y[5], -128);
  EXPECT_EQ(y[6], -5);
  EXPECT_EQ(y[7], 4503599627370497);
}

TEST(Call, ScalarsAreRoundedOnceToNearestEven) {
  struct Case {
    const char *text;
    int64_t f16, bf16, f32;
  };
  const Case cases[] = {
      {"0.1", 0x2E66, 0x3DCD, 0x3DCCCCCD},
      {"-0.0", 0x8000, 0x8000, 0x80000000},
      {"65504", 0x7BFF, 0x4780, 0x477FE000},
      {"65519.99", 0x7BFF, 0x4780, 0x477FEFFD},
      {"65520", 0x7C00, 0x4780, 0x477FF000},
      {"-1e300", 0xFC00, 0xFF80, 0xFF800000},
      {"2049", 0x6800, 0x4500, 0x45001000},
      {"2051", 0x6802, 0x4500, 0x45003000},
      {"2049.0000000001", 0x6801, 0x4500, 0x45001000}, // above the tie in f64, on it in f32
      {"5.9604644775390625e-8", 0x0001, 0x3380, 0x33800000},
      {"2.98023223876953125e-8", 0x0000, 0x3300, 0x33000000}, // tie between 0 and the smallest denormal
      {"6.103515625e-05", 0x0400, 0x3880, 0x38800000},
      {"6.1e-05", 0x03FF, 0x3880, 0x387FDA40},
      {"1e-45", 0x0000, 0x0000, 0x00000001},
      {"3.39e38", 0x7C00, 0x7F7F, 0x7F7F0906},
  };
  for (const Case &c : cases) {
    std::string manifest = replaced(kStandardManifest, "{\"value\": 1.5}, {\"value\": \"-inf\"}, {\"value\": 0.1}",
                                    std::string("{\"value\": ") + c.text + "}, {\"value\": " + c.text + "}, {\"value\": " + c.text + "}");
    Package p(makePackage(manifest, standardMembers()));
    Tensor<int64_t> y({8});
    ASSERT_EQ(call(p.function("scalars"), {}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
    EXPECT_EQ(y[0], c.f16) << c.text << " in f16";
    EXPECT_EQ(y[1], c.bf16) << c.text << " in bf16";
    EXPECT_EQ(y[2], c.f32) << c.text << " in f32";
  }
}

TEST(Call, DenormalsAreKeptWhateverTheHostSet) {
  Package p(standardPackage(), 4);
  Tensor<float> x({64}, 1.17549435e-38f), y({64});
  uint32_t host = _mm_getcsr();
  _mm_setcsr(host | 0x8040); // flush to zero, denormals are zero
  seqc_rt_status_t status = call(p.function("denormal"), {&x.dl}, {&y.dl});
  EXPECT_EQ(_mm_getcsr() & 0x8040, 0x8040u);
  _mm_setcsr(host);
  ASSERT_EQ(status, SEQC_RT_OK);
  for (int i = 0; i < 64; ++i)
    EXPECT_NE(y[i], 0.0f);
}

// --- Argument checks --------------------------------------------------------------------------------------------------------------------

struct CallErrors : testing::Test {
  Package p;
  const seqc_rt_function_t *fn = p.function("main");
  Tensor<float> x{{3, 6}, 1}, bias{{3, 6}, 1}, y{{3, 6}};
  seqc_rt_status_t run() { return call(fn, {&x.dl, &bias.dl}, {&y.dl}); }
};

TEST_F(CallErrors, Counts) {
  EXPECT_STATUS(call(fn, {&x.dl}, {&y.dl}), SEQC_RT_TENSOR_MISMATCH, "main: expects 2 inputs, but got 1");
  EXPECT_STATUS(call(fn, {&x.dl, &bias.dl}, {}), SEQC_RT_TENSOR_MISMATCH, "expects 1 outputs, but got 0");
  EXPECT_STATUS(call(fn, {&x.dl, nullptr}, {&y.dl}), SEQC_RT_INVALID_ARGUMENT, "input 1 is NULL");
  EXPECT_STATUS(seqc_rt_function_call(fn, nullptr, 2, nullptr, 1, nullptr, 0, nullptr), SEQC_RT_INVALID_ARGUMENT, "list is NULL");
  EXPECT_STATUS(seqc_rt_function_call(nullptr, nullptr, 0, nullptr, 0, nullptr, 0, nullptr), SEQC_RT_INVALID_ARGUMENT, "expects a function");
}

TEST_F(CallErrors, DtypeAndRank) {
  x.dl.dtype.bits = 64;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "main: input 0 'x': expects dtype f32, but got float64");
  x.dl.dtype = {kDLFloat, 32, 4};
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "lanes 4");
  x.dl.dtype = {200, 32, 1};
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "unknown32");
  x.dl.dtype = dtypeOf<float>();
  y.dl.dtype = {kDLInt, 32, 1};
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "output 0 'y': expects dtype f32, but got int32");
  y.dl.dtype = dtypeOf<float>();
  x.dl.ndim = 1;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "expects rank 2, but got 1");
  x.dl.ndim = -1;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "expects rank 2, but got -1");
}

TEST_F(CallErrors, Dims) {
  bias.shape[0] = 2;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "input 1 'bias': expects shape[0] = B = 3 (from input 0 'x' shape[0]), but got 2");
  bias.shape[0] = 3;
  bias.shape[1] = 7;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "input 1 'bias': expects shape[1] = 6, but got 7");
  bias.shape[1] = 6;
  y.shape[0] = 4;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "output 0 'y': expects shape[0] = B = 3");
  y.shape[0] = 3;
  x.shape[0] = -1;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "expects shape[0] >= 0, but got -1");
  x.shape[0] = 3;
  x.dl.shape = nullptr;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "shape is NULL");
}

TEST_F(CallErrors, Assumption) {
  x.shape[0] = bias.shape[0] = y.shape[0] = 1001;
  EXPECT_STATUS(run(), SEQC_RT_CONSTRAINT_VIOLATED, "main: expects B <= 1000, but got B = 1001; the graph needs this of its sizes");
}

TEST_F(CallErrors, Overflow) {
  Tensor<uint8_t> shape({1, 1, 1});
  Tensor<int64_t> t({1});
  shape.shape = {int64_t{1} << 40, int64_t{1} << 40, 1};
  EXPECT_STATUS(call(p.function("grid"), {&shape.dl}, {&t.dl}), SEQC_RT_SIZE_OVERFLOW, "grid");
  Package noAssume(makePackage(replaced(kStandardManifest, "[[\"le\", \"B\", 1000]]", "[]"), standardMembers()));
  x.shape[0] = bias.shape[0] = y.shape[0] = int64_t{1} << 60;
  EXPECT_STATUS(call(noAssume.function("main"), {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_SIZE_OVERFLOW, "does not fit");
  size_t bytes;
  DLTensor *in[] = {&x.dl, &bias.dl};
  EXPECT_STATUS(seqc_rt_function_workspace_bytes(noAssume.function("main"), in, 2, &bytes), SEQC_RT_SIZE_OVERFLOW, "workspace_bytes");
}

TEST_F(CallErrors, Memory) {
  int64_t strides[] = {12, 2};
  x.dl.strides = strides;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "contiguous row-major tensor (strides[1] = 1), but got 2");
  strides[0] = 7, strides[1] = 1;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "strides[0] = 6), but got 7");
  strides[0] = 6;
  EXPECT_EQ(run(), SEQC_RT_OK) << seqc_rt_last_error();
  x.dl.strides = nullptr;
  x.dl.byte_offset = 2;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "aligned to 4 bytes, but it is 2 bytes off");
  x.dl.byte_offset = UINT64_MAX - 3;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "byte_offset");
  x.dl.byte_offset = 0;
  x.dl.device.device_type = kDLCUDA;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "input 0 'x': expects a tensor in CPU memory, but its device type is 2");
  x.dl.device.device_type = kDLCPU;
  x.dl.data = nullptr;
  EXPECT_STATUS(run(), SEQC_RT_TENSOR_MISMATCH, "data is NULL");
}

TEST_F(CallErrors, ByteOffsetIsApplied) {
  Tensor<float> big({4, 6}, 5);
  big.shape[0] = 3;
  big.dl.byte_offset = 24;
  big[0] = 100;
  ASSERT_EQ(call(fn, {&big.dl, &bias.dl}, {&y.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(y[0], 3.0f);
}

TEST_F(CallErrors, StridesOfUnitExtentsAndEmptyTensorsAreFree) {
  Tensor<float> one({1, 6}, 1), oneBias({1, 6}, 1), out({1, 6});
  int64_t strides[] = {999, 1};
  one.dl.strides = strides;
  EXPECT_EQ(call(fn, {&one.dl, &oneBias.dl}, {&out.dl}), SEQC_RT_OK) << seqc_rt_last_error();
  DLTensor empty = one.dl;
  int64_t shape[] = {0, 6};
  empty.data = nullptr;
  empty.shape = shape;
  EXPECT_EQ(call(fn, {&empty, &empty}, {&empty}), SEQC_RT_OK) << seqc_rt_last_error();
}

TEST_F(CallErrors, Overlap) {
  EXPECT_STATUS(call(fn, {&x.dl, &bias.dl}, {&x.dl}), SEQC_RT_TENSOR_MISMATCH, "output 0 'y': expects memory of its own, but it overlaps input 0 'x'");
  Tensor<float> big({4, 6});
  DLTensor out = big.dl;
  big.shape[0] = 3;
  int64_t shape[] = {3, 6};
  out.shape = shape;
  out.byte_offset = 24; // three rows, one further
  EXPECT_STATUS(call(fn, {&x.dl, &big.dl}, {&out}), SEQC_RT_TENSOR_MISMATCH, "overlaps input 1");
  EXPECT_EQ(call(fn, {&x.dl, &x.dl}, {&y.dl}), SEQC_RT_OK) << "inputs may be shared";
}

TEST_F(CallErrors, OverlapOfOutputs) {
  Tensor<float> in({8}, 1), out({8}), other({8});
  DLTensor shifted = out.dl;
  shifted.byte_offset = 28; // the last element
  EXPECT_STATUS(call(p.function("pair"), {&in.dl}, {&out.dl, &out.dl}), SEQC_RT_TENSOR_MISMATCH, "output 1 'b': expects memory of its own, but it overlaps output 0 'a'");
  EXPECT_STATUS(call(p.function("pair"), {&in.dl}, {&shifted, &out.dl}), SEQC_RT_TENSOR_MISMATCH, "overlaps output 0 'a'");
  EXPECT_EQ(call(p.function("pair"), {&in.dl}, {&out.dl, &other.dl}), SEQC_RT_OK);
  EXPECT_EQ(other[7], 4.0f);
}

TEST_F(CallErrors, WorkspaceOffsetsOfABadPackage) {
  for (const char *offset : {"32", "-64", "192", "[\"mul\", \"B\", 64]"}) {
    std::string manifest = kStandardManifest;
    for (int i = 0; i < 3; ++i)
      manifest = replaced(manifest, "{\"workspace\": 0}", std::string("{\"workspace\": ") + offset + "}");
    Package bad(makePackage(manifest, standardMembers()));
    EXPECT_STATUS(call(bad.function("main"), {&x.dl, &bias.dl}, {&y.dl}), SEQC_RT_BAD_PACKAGE, "main: launch 0: argument 'y' of kernel 'add': expects a workspace offset inside 128 bytes");
  }
}

TEST_F(CallErrors, Workspace) {
  DLTensor *in[] = {&x.dl, &bias.dl};
  size_t bytes = 0;
  ASSERT_EQ(seqc_rt_function_workspace_bytes(fn, in, 2, &bytes), SEQC_RT_OK);
  EXPECT_EQ(bytes, 128u);
  alignas(64) char space[256];
  memset(space, 0xFF, sizeof space); // poison: NaN
  EXPECT_STATUS(call(fn, {&x.dl, &bias.dl}, {&y.dl}, space, 127), SEQC_RT_INVALID_ARGUMENT, "workspace: expects at least 128 bytes, but got 127");
  for (int off : {4, 8, 16, 32})
    EXPECT_STATUS(call(fn, {&x.dl, &bias.dl}, {&y.dl}, space + off, 192), SEQC_RT_INVALID_ARGUMENT, "64-byte alignment");
  EXPECT_EQ(call(fn, {&x.dl, &bias.dl}, {&y.dl}, space, 128), SEQC_RT_OK);
  EXPECT_EQ(y[17], 1.0f);
  for (int i = 128; i < 256; ++i)
    EXPECT_EQ(space[i], '\xFF');
  int stream;
  EXPECT_STATUS(seqc_rt_function_call(fn, in, 2, nullptr, 0, nullptr, 0, &stream), SEQC_RT_INVALID_ARGUMENT, "stream");
}

TEST_F(CallErrors, NextCallWorks) {
  x.dl.ndim = 7;
  EXPECT_EQ(run(), SEQC_RT_TENSOR_MISMATCH);
  x.dl.ndim = 2;
  EXPECT_EQ(run(), SEQC_RT_OK);
}

TEST(InferShapes, ExpressionsAndErrors) {
  Package p;
  Tensor<uint8_t> shape({3, 5, 7});
  shape.dl.data = nullptr;
  DLTensor *in[] = {&shape.dl};
  int64_t extents[] = {-1};
  DLTensor out{};
  out.shape = extents;
  DLTensor *outs[] = {&out};
  ASSERT_EQ(seqc_rt_function_infer_shapes(p.function("grid"), in, 1, outs, 1), SEQC_RT_OK) << seqc_rt_last_error();
  EXPECT_EQ(extents[0], 105);
  EXPECT_EQ(out.ndim, 1);
  EXPECT_EQ(out.dtype.bits, 64);
  out.shape = nullptr;
  EXPECT_STATUS(seqc_rt_function_infer_shapes(p.function("grid"), in, 1, outs, 1), SEQC_RT_INVALID_ARGUMENT, "shape is NULL");
  EXPECT_STATUS(seqc_rt_function_infer_shapes(p.function("grid"), in, 1, outs, 0), SEQC_RT_TENSOR_MISMATCH, "expects 1 outputs");
  EXPECT_STATUS(seqc_rt_function_infer_shapes(nullptr, in, 1, outs, 1), SEQC_RT_INVALID_ARGUMENT, "expects a function");
  EXPECT_STATUS(seqc_rt_function_workspace_bytes(nullptr, in, 1, nullptr), SEQC_RT_INVALID_ARGUMENT, "expects a function");
}

// --- Threads ----------------------------------------------------------------------------------------------------------------------------

TEST(Threads, ConcurrentCallsOfOnePackage) {
  Package p(standardPackage(), 3);
  const seqc_rt_function_t *fn = p.function("main");
  std::vector<std::thread> threads;
  std::vector<int> failures(6);
  for (int id = 0; id < 6; ++id)
    threads.emplace_back([&, id] {
      for (int round = 0; round < 300; ++round) {
        int64_t b = 1 + (round * 7 + id) % 200;
        Tensor<float> x({b, 6}, static_cast<float>(id)), bias({b, 6}, static_cast<float>(round)), y({b, 6});
        if (call(fn, {&x.dl, &bias.dl}, {&y.dl}) != SEQC_RT_OK)
          ++failures[id];
        for (size_t i = 0; i < y.size(); ++i)
          failures[id] += y[i] != (b <= 2 ? 2.0f : 0.5f) * static_cast<float>(id + round);
      }
    });
  for (std::thread &t : threads)
    t.join();
  EXPECT_EQ(failures, std::vector<int>(6));
}

TEST(Threads, MessageIsPerThread) {
  EXPECT_EQ(openStatus("nonsense"), SEQC_RT_BAD_PACKAGE);
  std::string here = seqc_rt_last_error(), there = "x";
  std::thread([&] { there = seqc_rt_last_error(); }).join();
  EXPECT_NE(here, "");
  EXPECT_EQ(there, "");
}
