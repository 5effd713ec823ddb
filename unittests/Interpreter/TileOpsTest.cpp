// SPDX-License-Identifier: Apache-2.0
// Single ops: memory with bounds, shapes, scans, numerics, errors.
#include "TileTesting.h"

using namespace seqc::interp;

using TileMemory = TileTest;
using TileShapes = TileTest;
using TileCompute = TileTest;
using TileNumerics = TileTest;
using TileErrors = TileTest;

static Tensor numbers(std::vector<int64_t> shape, DType t = DType::F32) {
  Tensor r(t, std::move(shape));
  for (size_t i = 0; i < r.data.size(); ++i)
    r.data[i] = double(i);
  return r;
}

TEST_F(TileMemory, LoadPadsAndStoreClipsOnEverySide) {
  // Tiles of 4 x 4 at (-1, 3) of a 3 x 5 view
  Tensor x = numbers({3, 5}), y = nans(DType::F32, {4, 4});
  run(unary(R"(
    %v = tile.view %x sizes [3, 5] strides [5, 1] : !tile.ptr<f32> -> !tile.view<3x5xf32, [5, 1]>
    %w = tile.view %y sizes [4, 4] strides [4, 1] : !tile.ptr<f32> -> !tile.view<4x4xf32, [4, 1]>
    %t = tile.load %v[-1, 3] {pad = -inf} : !tile.view<3x5xf32, [5, 1]> -> tensor<4x4xf32>
    tile.store %t, %w[0, 0] : tensor<4x4xf32>, !tile.view<4x4xf32, [4, 1]>)"),
      {&x, &y, 0.0});
  double inf = INFINITY;
  EXPECT_EQ(y.data, (std::vector<double>{-inf, -inf, -inf, -inf, 3, 4, -inf, -inf, 8, 9, -inf, -inf, 13, 14, -inf, -inf}));

  Tensor z(DType::F32, {3, 5}, -1);
  run(unary(R"(
    %v = tile.view %x sizes [4, 4] strides [4, 1] : !tile.ptr<f32> -> !tile.view<4x4xf32, [4, 1]>
    %w = tile.view %y sizes [3, 5] strides [5, 1] : !tile.ptr<f32> -> !tile.view<3x5xf32, [5, 1]>
    %t = tile.load %v[0, 0] : !tile.view<4x4xf32, [4, 1]> -> tensor<4x4xf32>
    tile.store %t, %w[-1, 3] : tensor<4x4xf32>, !tile.view<3x5xf32, [5, 1]>)"),
      {&y, &z, 0.0});
  EXPECT_EQ(z.data, (std::vector<double>{-1, -1, -1, 3, 4, -1, -1, -1, 8, 9, -1, -1, -1, 13, 14}));
}

TEST_F(TileMemory, LeadingCoordinateOutsideGivesPadOnly) {
  Tensor x = numbers({2, 3}), y = nans(DType::F32, {3});
  run(unary(R"(
    %v = tile.view %x sizes [2, 3] strides [3, 1] : !tile.ptr<f32> -> !tile.view<2x3xf32, [3, 1]>
    %w = tile.view %y sizes [3] strides [1] : !tile.ptr<f32> -> !tile.view<3xf32, [1]>
    %t = tile.load %v[%n, 0] {pad = 7.5} : !tile.view<2x3xf32, [3, 1]> -> tensor<3xf32>
    tile.store %t, %w[0] : tensor<3xf32>, !tile.view<3xf32, [1]>)"),
      {&x, &y, 2.0});
  EXPECT_EQ(y.data, (std::vector<double>{7.5, 7.5, 7.5}));
}

TEST_F(TileMemory, SubviewShiftsAndDropsDims) {
  Tensor x = numbers({2, 3, 5}), y = nans(DType::F32, {4});
  run(unary(R"(
    %v = tile.view %x sizes [2, 3, 5] strides [15, 5, 1] : !tile.ptr<f32> -> !tile.view<2x3x5xf32, [15, 5, 1]>
    %s = tile.subview %v[1, %n, 1] sizes [1, 1, 3] {drop = [0, 1]} : !tile.view<2x3x5xf32, [15, 5, 1]> -> !tile.view<3xf32, [1]>
    %w = tile.view %y sizes [4] strides [1] : !tile.ptr<f32> -> !tile.view<4xf32, [1]>
    %t = tile.load %s[0] {pad = 0.5} : !tile.view<3xf32, [1]> -> tensor<4xf32>
    tile.store %t, %w[0] : tensor<4xf32>, !tile.view<4xf32, [1]>)"),
      {&x, &y, 2.0});
  EXPECT_EQ(y.data, (std::vector<double>{26, 27, 28, 0.5}));
}

TEST_F(TileMemory, GatherRowsWithBadIndicesGivesPad) {
  Tensor x = numbers({3, 2}), y = nans(DType::F32, {5, 2});
  run(unary(R"(
    %v = tile.view %x sizes [3, 2] strides [2, 1] : !tile.ptr<f32> -> !tile.view<3x2xf32, [2, 1]>
    %w = tile.view %y sizes [5, 2] strides [2, 1] : !tile.ptr<f32> -> !tile.view<5x2xf32, [2, 1]>
    %i0 = tile.iota {dim = 0} : tensor<5xi32>
    %c = arith.constant dense<-1> : tensor<5xi32>
    %i = arith.addi %i0, %c : tensor<5xi32>
    %g = tile.gather %v[0, 0] by %i {dim = 0, pad = -2.0} : !tile.view<3x2xf32, [2, 1]>, tensor<5xi32> -> tensor<5x2xf32>
    tile.store %g, %w[0, 0] : tensor<5x2xf32>, !tile.view<5x2xf32, [2, 1]>)"),
      {&x, &y, 0.0});
  EXPECT_EQ(y.data, (std::vector<double>{-2, -2, 0, 1, 2, 3, 4, 5, -2, -2}));
}

TEST_F(TileMemory, AccumulateAddsOverPrograms) {
  parse(R"(tile.kernel @k(%y: !tile.ptr<f32>, %n: index) level(block) grid { %c2 = arith.constant 2 : index tile.grid_yield %n, %c2 } {
    %w = tile.view %y sizes [3] strides [1] : !tile.ptr<f32> -> !tile.view<3xf32, [1]>
    %p = tile.program_id 0
    %c2 = arith.constant 2 : index
    %one = arith.constant dense<1.0> : tensor<2xf32>
    %c = arith.remui %p, %c2 : index
    %at = arith.muli %c, %c2 : index
    tile.accumulate %one, %w[%at] : tensor<2xf32>, !tile.view<3xf32, [1]>
  })");
  Tensor y(DType::F32, {3}, 10);
  run(kernel("k"), {&y, 3.0});
  EXPECT_EQ(y.data, (std::vector<double>{14, 14, 12}));
}

TEST_F(TileShapes, TransposeSliceReshapeBroadcast) {
  Tensor x = numbers({2, 3, 4}), y = nans(DType::F32, {2, 2, 6});
  run(unary(R"(
    %v = tile.view %x sizes [2, 3, 4] strides [12, 4, 1] : !tile.ptr<f32> -> !tile.view<2x3x4xf32, [12, 4, 1]>
    %w = tile.view %y sizes [2, 2, 6] strides [12, 6, 1] : !tile.ptr<f32> -> !tile.view<2x2x6xf32, [12, 6, 1]>
    %t = tile.load %v[0, 0, 0] : !tile.view<2x3x4xf32, [12, 4, 1]> -> tensor<2x3x4xf32>
    %p = tile.transpose %t [2, 0, 1] : tensor<2x3x4xf32>
    %s = tile.slice %p [1, 0, 0] [2, 2, 3] : tensor<4x2x3xf32> -> tensor<2x2x3xf32>
    %r = tile.reshape %s : tensor<2x2x3xf32> -> tensor<2x6xf32>
    %b = tile.broadcast %r {at = 1} : tensor<2x6xf32> -> tensor<2x2x6xf32>
    tile.store %b, %w[0, 0, 0] : tensor<2x2x6xf32>, !tile.view<2x2x6xf32, [12, 6, 1]>)"),
      {&x, &y, 0.0});
  std::vector<double> row1{1, 5, 9, 13, 17, 21}, row2{2, 6, 10, 14, 18, 22}, want;
  for (const auto &r : {row1, row1, row2, row2})
    want.insert(want.end(), r.begin(), r.end());
  EXPECT_EQ(y.data, want);
}

TEST_F(TileShapes, SplitAndJoin) {
  Tensor x = numbers({2, 3, 2}), y = nans(DType::F32, {2, 2, 3});
  // parts: (d0, d2) = (0,0) (0,1) (1,0) (1,1); joined back as [d0, d2, d1].
  run(unary(R"(
    %v = tile.view %x sizes [2, 3, 2] strides [6, 2, 1] : !tile.ptr<f32> -> !tile.view<2x3x2xf32, [6, 2, 1]>
    %w = tile.view %y sizes [2, 2, 3] strides [6, 3, 1] : !tile.ptr<f32> -> !tile.view<2x2x3xf32, [6, 3, 1]>
    %t = tile.load %v[0, 0, 0] : !tile.view<2x3x2xf32, [6, 2, 1]> -> tensor<2x3x2xf32>
    %p:4 = tile.split %t {dims = [0, 2]} : tensor<2x3x2xf32> -> tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
    %j = tile.join %p#0, %p#1, %p#2, %p#3 {dims = [0, 1]} : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x2x3xf32>
    tile.store %j, %w[0, 0, 0] : tensor<2x2x3xf32>, !tile.view<2x2x3xf32, [6, 3, 1]>)"),
      {&x, &y, 0.0});
  EXPECT_EQ(y.data, (std::vector<double>{0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11}));
}

TEST_F(TileShapes, TableReadsModuleConstant) {
  parse(R"(
  tile.constant @c : tensor<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  tile.kernel @k(%y: !tile.ptr<f32>) level(block) grid { %c1 = arith.constant 1 : index tile.grid_yield %c1 } {
    %w = tile.view %y sizes [2, 2] strides [2, 1] : !tile.ptr<f32> -> !tile.view<2x2xf32, [2, 1]>
    %t = tile.table @c : tensor<2x2xf32>
    tile.store %t, %w[0, 0] : tensor<2x2xf32>, !tile.view<2x2xf32, [2, 1]>
  })");
  Tensor y = nans(DType::F32, {2, 2});
  run(kernel("k"), {&y});
  EXPECT_EQ(y.data, (std::vector<double>{1, 2, 3, 4}));
}

TEST_F(TileCompute, ScanKindsAndDirections) {
  Tensor x(DType::F32, {4}), y = nans(DType::F32, {4});
  x.data = {3, -1, 4, 2};
  auto scanned = [&](llvm::StringRef options) {
    run(unary((R"(
    %v = tile.view %x sizes [4] strides [1] : !tile.ptr<f32> -> !tile.view<4xf32, [1]>
    %w = tile.view %y sizes [4] strides [1] : !tile.ptr<f32> -> !tile.view<4xf32, [1]>
    %t = tile.load %v[0] : !tile.view<4xf32, [1]> -> tensor<4xf32>
    %s = tile.scan %t {)" + options +
               R"(} : tensor<4xf32> -> tensor<4xf32>
    tile.store %s, %w[0] : tensor<4xf32>, !tile.view<4xf32, [1]>)")
                  .str()),
        {&x, &y, 0.0});
    return y.data;
  };
  EXPECT_EQ(scanned("dim = 0, kind = add"), (std::vector<double>{3, 2, 6, 8}));
  EXPECT_EQ(scanned("dim = 0, kind = add, reverse"), (std::vector<double>{8, 5, 6, 2}));
  EXPECT_EQ(scanned("dim = 0, kind = mul"), (std::vector<double>{3, -3, -12, -24}));
  EXPECT_EQ(scanned("dim = 0, kind = max"), (std::vector<double>{3, 3, 4, 4}));
  EXPECT_EQ(scanned("dim = 0, kind = min, reverse"), (std::vector<double>{-1, -1, 2, 2}));
}

TEST_F(TileCompute, ScanWithRegionIsTheAffineRecurrence) {
  constexpr const char *text = R"(
    %v = tile.view %x sizes [2, 3, 5] strides [15, 5, 1] : !tile.ptr<f32> -> !tile.view<2x3x5xf32, [15, 5, 1]>
    %w = tile.view %y sizes [3, 5] strides [5, 1] : !tile.ptr<f32> -> !tile.view<3x5xf32, [5, 1]>
    %ab = tile.load %v[0, 0, 0] : !tile.view<2x3x5xf32, [15, 5, 1]> -> tensor<2x3x5xf32>
    %p:2 = tile.split %ab {dims = [0]} : tensor<2x3x5xf32> -> tensor<3x5xf32>, tensor<3x5xf32>
    %s:2 = tile.scan %p#0, %p#1 {dim = 1%} : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x5xf32>, tensor<3x5xf32> combine (%a: f32, %b: f32, %c: f32, %d: f32) {
      %ac = arith.mulf %a, %c : f32
      %bcd = math.fma %b, %c, %d : f32
      tile.yield %ac, %bcd : f32, f32
    }
    tile.store %s#1, %w[0, 0] : tensor<3x5xf32>, !tile.view<3x5xf32, [5, 1]>)";
  for (bool reverse : {false, true}) {
    Tensor x = random(DType::F32, {2, 3, 5}), y = nans(DType::F32, {3, 5}), want = y;
    for (int64_t r = 0; r < 3; ++r) {
      double h = 0;
      for (int64_t i = 0; i < 5; ++i) {
        int64_t t = reverse ? 4 - i : i;
        h = x.at({0, r, t}) * h + x.at({1, r, t});
        want.at({r, t}) = h;
      }
    }
    std::string s = text;
    s.replace(s.find("%}"), 1, reverse ? ", reverse" : "");
    run(unary(s), {&x, &y, 0.0});
    expectNear(y, want, 1e-6);
  }
}

TEST_F(TileCompute, BatchedDotSharesUnbatchedB) {
  Tensor x = random(DType::F32, {2 * 3 * 4 + 4 * 5}), y = nans(DType::F32, {2, 3, 5}), want(DType::F32, {2, 3, 5});
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 5; ++j) {
        want.at({b, i, j}) = 1;
        for (int64_t k = 0; k < 4; ++k)
          want.at({b, i, j}) += x.data[(b * 3 + i) * 4 + k] * x.data[24 + k * 5 + j];
      }
  run(unary(R"(
    %v = tile.view %x sizes [2, 3, 4] strides [12, 4, 1] : !tile.ptr<f32> -> !tile.view<2x3x4xf32, [12, 4, 1]>
    %u = tile.view %x sizes [44] strides [1] : !tile.ptr<f32> -> !tile.view<44xf32, [1]>
    %w = tile.view %y sizes [2, 3, 5] strides [15, 5, 1] : !tile.ptr<f32> -> !tile.view<2x3x5xf32, [15, 5, 1]>
    %a = tile.load %v[0, 0, 0] : !tile.view<2x3x4xf32, [12, 4, 1]> -> tensor<2x3x4xf32>
    %b1 = tile.load %u[24] : !tile.view<44xf32, [1]> -> tensor<20xf32>
    %b = tile.reshape %b1 : tensor<20xf32> -> tensor<4x5xf32>
    %one = arith.constant dense<1.0> : tensor<2x3x5xf32>
    %d = tile.dot %a, %b, %one : tensor<2x3x4xf32>, tensor<4x5xf32>, tensor<2x3x5xf32> -> tensor<2x3x5xf32>
    tile.store %d, %w[0, 0, 0] : tensor<2x3x5xf32>, !tile.view<2x3x5xf32, [15, 5, 1]>)"),
      {&x, &y, 0.0});
  expectNear(y, want, 1e-6);
}

TEST_F(TileCompute, ReduceKindsAndNaN) {
  Tensor x(DType::F32, {2, 3}), y = nans(DType::F32, {2});
  x.data = {1, -2, 3, 4, std::nan(""), 6};
  auto reduced = [&](llvm::StringRef kind) {
    run(unary((R"(
    %v = tile.view %x sizes [2, 3] strides [3, 1] : !tile.ptr<f32> -> !tile.view<2x3xf32, [3, 1]>
    %w = tile.view %y sizes [2] strides [1] : !tile.ptr<f32> -> !tile.view<2xf32, [1]>
    %t = tile.load %v[0, 0] : !tile.view<2x3xf32, [3, 1]> -> tensor<2x3xf32>
    %s = tile.reduce %t {dims = [1], kind = )" + kind +
               R"(} : tensor<2x3xf32> -> tensor<2xf32>
    tile.store %s, %w[0] : tensor<2xf32>, !tile.view<2xf32, [1]>)")
                  .str()),
        {&x, &y, 0.0});
    EXPECT_TRUE(std::isnan(y.data[1])) << kind.str();
    return y.data[0];
  };
  EXPECT_EQ(reduced("add"), 2);
  EXPECT_EQ(reduced("mul"), -6);
  EXPECT_EQ(reduced("max"), 3);
  EXPECT_EQ(reduced("min"), -2);
}

TEST_F(TileNumerics, IntegerProductsWrap) {
  Tensor x(DType::I32, {3}, 2147483647), y = nans(DType::I32, {1});
  run(unary(R"(
    %v = tile.view %x sizes [3] strides [1] : !tile.ptr<i32> -> !tile.view<3xi32, [1]>
    %w = tile.view %y sizes [1] strides [1] : !tile.ptr<i32> -> !tile.view<1xi32, [1]>
    %t = tile.load %v[0] : !tile.view<3xi32, [1]> -> tensor<3xi32>
    %s = tile.reduce %t {dims = [0], kind = mul} : tensor<3xi32> -> tensor<i32>
    %b = tile.broadcast %s {at = 0} : tensor<i32> -> tensor<1xi32>
    tile.store %b, %w[0] : tensor<1xi32>, !tile.view<1xi32, [1]>)",
            "i32", "i32"),
      {&x, &y, 0.0});
  EXPECT_EQ(y.data[0], 2147483647);
}

TEST_F(TileNumerics, HalfSumsAreKeptInF32) {
  // 256 + 1 + 1 + .. in bf16 would stay at 256.
  Tensor x(DType::BF16, {65}, 1), y = nans(DType::BF16, {1});
  x.data[0] = 256;
  run(unary(R"(
    %v = tile.view %x sizes [65] strides [1] : !tile.ptr<bf16> -> !tile.view<65xbf16, [1]>
    %w = tile.view %y sizes [1] strides [1] : !tile.ptr<bf16> -> !tile.view<1xbf16, [1]>
    %t = tile.load %v[0] : !tile.view<65xbf16, [1]> -> tensor<65xbf16>
    %s = tile.reduce %t {dims = [0], kind = add} : tensor<65xbf16> -> tensor<bf16>
    %b = tile.broadcast %s {at = 0} : tensor<bf16> -> tensor<1xbf16>
    tile.store %b, %w[0] : tensor<1xbf16>, !tile.view<1xbf16, [1]>)",
            "bf16", "bf16"),
      {&x, &y, 0.0});
  EXPECT_EQ(y.data[0], 320);
}

TEST_F(TileNumerics, PrecisionDecidesRounding) {
  Tensor x(DType::F32, {1}, 1.0), y = nans(DType::BF16, {1});
  auto third = [&](Precision p) {
    run(unary(R"(
    %v = tile.view %x sizes [1] strides [1] : !tile.ptr<f32> -> !tile.view<1xf32, [1]>
    %w = tile.view %y sizes [1] strides [1] : !tile.ptr<bf16> -> !tile.view<1xbf16, [1]>
    %t = tile.load %v[0] : !tile.view<1xf32, [1]> -> tensor<1xf32>
    %c = arith.constant dense<3.0> : tensor<1xf32>
    %d = arith.divf %t, %c : tensor<1xf32>
    %b = arith.truncf %d : tensor<1xf32> to tensor<1xbf16>
    tile.store %b, %w[0] : tensor<1xbf16>, !tile.view<1xbf16, [1]>)",
              "f32", "bf16"),
        {&x, &y, 0.0}, p);
    return y.data[0];
  };
  EXPECT_EQ(third(Precision::F64), 1.0 / 3);
  EXPECT_EQ(third(Precision::F32), double(1.0f / 3));
  EXPECT_EQ(third(Precision::Typed), 0.333984375);
}

TEST_F(TileNumerics, IntegersWrapAndReadSignsByOp) {
  Tensor x(DType::I32, {1}), y = nans(DType::I32, {1});
  auto result = [&](llvm::StringRef code, double value) {
    x.data[0] = value;
    run(unary((R"(
    %v = tile.view %x sizes [1] strides [1] : !tile.ptr<i32> -> !tile.view<1xi32, [1]>
    %w = tile.view %y sizes [1] strides [1] : !tile.ptr<i32> -> !tile.view<1xi32, [1]>
    %a = tile.load_scalar %v[0] : !tile.view<1xi32, [1]>
    %k = arith.constant 7 : i32
    )" + code + R"(
    %t = tile.splat %r : i32 -> tensor<1xi32>
    tile.store %t, %w[0] : tensor<1xi32>, !tile.view<1xi32, [1]>)")
                  .str(),
              "i32", "i32"),
        {&x, &y, 0.0});
    return y.data[0];
  };
  EXPECT_EQ(result("%r = arith.muli %a, %a : i32", 2147483647), 1);
  EXPECT_EQ(result("%r = arith.addi %a, %k : i32", 2147483647), -2147483642);
  EXPECT_EQ(result("%r = arith.divsi %a, %k : i32", -20), -2);
  EXPECT_EQ(result("%r = arith.floordivsi %a, %k : i32", -20), -3);
  EXPECT_EQ(result("%r = arith.ceildivsi %a, %k : i32", -20), -2);
  EXPECT_EQ(result("%r = arith.ceildivsi %a, %k : i32", 20), 3);
  EXPECT_EQ(result("%r = arith.remui %a, %k : i32", -1), 4294967295.0 - 7.0 * 613566756);
  EXPECT_EQ(result("%r = arith.shrui %a, %k : i32", -1), 33554431);
  EXPECT_EQ(result("%r = arith.shrsi %a, %k : i32", -1), -1);
  EXPECT_EQ(result("%b = arith.cmpi ult, %a, %k : i32 %r = arith.extui %b : i1 to i32", -1), 0);
  EXPECT_EQ(result("%b = arith.cmpi slt, %a, %k : i32 %r = arith.extsi %b : i1 to i32", -1), -1);
  EXPECT_EQ(result("%f = arith.sitofp %a : i32 to f32 %h = math.absf %f : f32 %r = arith.fptosi %h : f32 to i32", -12), 12);
  EXPECT_EQ(result("%f = arith.bitcast %a : i32 to f32 %r = arith.fptosi %f : f32 to i32", 0x40490fdb), 3);
}

TEST_F(TileCompute, ControlFlow) {
  // Collatz steps of n by scf.while with scf.if inside.
  parse(R"(tile.kernel @k(%y: !tile.ptr<i32>, %n: index) level(block) grid { %c1 = arith.constant 1 : index tile.grid_yield %c1 } {
    %w = tile.view %y sizes [1] strides [1] : !tile.ptr<i32> -> !tile.view<1xi32, [1]>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %r:2 = scf.while (%v = %n, %s = %c0) : (index, index) -> (index, index) {
      %go = arith.cmpi ne, %v, %c1 : index
      scf.condition(%go) %v, %s : index, index
    } do {
    ^bb0(%v: index, %s: index):
      %odd = arith.remui %v, %c2 : index
      %is = arith.cmpi eq, %odd, %c1 : index
      %next = scf.if %is -> (index) {
        %a = arith.muli %v, %c3 : index
        %b = arith.addi %a, %c1 : index
        scf.yield %b : index
      } else {
        %h = arith.divui %v, %c2 : index
        scf.yield %h : index
      }
      %s1 = arith.addi %s, %c1 : index
      scf.yield %next, %s1 : index, index
    }
    %i = arith.index_cast %r#1 : index to i32
    %t = tile.splat %i : i32 -> tensor<1xi32>
    tile.store %t, %w[0] : tensor<1xi32>, !tile.view<1xi32, [1]>
  })");
  Tensor y = nans(DType::I32, {1});
  run(kernel("k"), {&y, 27.0});
  EXPECT_EQ(y.data[0], 111);
}

TEST_F(TileErrors, AccessBeyondTheMemoryNamesOpAndCoordinate) {
  Tensor x = numbers({4}), y = nans(DType::F32, {4});
  std::string text = failureOf(unary(R"(
    %v = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
    %t = tile.load %v[0] : !tile.view<?xf32, [1]> -> tensor<5xf32>)"),
                               {&x, &y, 5.0});
  EXPECT_NE(text.find("'tile.load' op at "), std::string::npos) << text;
  EXPECT_NE(text.find("accesses element 4 of a memory of 4 elements, at coordinate [4]"), std::string::npos) << text;
}

TEST_F(TileErrors, EachRuleHasAMessage) {
  struct Case {
    const char *body, *message;
  };
  const char *view = "%v = tile.view %x sizes [4] strides [1] : !tile.ptr<f32> -> !tile.view<4xf32, [1]>\n";
  const Case cases[] = {
      {"%s = tile.load_scalar %v[%n] : !tile.view<4xf32, [1]>", "expects a coordinate inside the bounds [4], but got [5]"},
      {"%s = tile.subview %v[%n] sizes [1] : !tile.view<4xf32, [1]> -> !tile.view<1xf32, [1]>", "inside the bounds [4]"},
      {"%s = tile.load %v[%n] {inbounds = [0]} : !tile.view<4xf32, [1]> -> tensor<1xf32>", "claims that dim 0 is in bounds"},
      {"%t = tile.load %v[0] : !tile.view<4xf32, [1]> -> tensor<2xf32>\n %w = tile.view %y sizes [4] strides [1] : !tile.ptr<f32> -> "
       "!tile.view<4xf32, [1]>\n tile.store %t, %w[%n] {inbounds = [0]} : tensor<2xf32>, !tile.view<4xf32, [1]>",
       "'tile.store' op"},
      {"%z = arith.constant 0 : index\n %q = arith.divsi %n, %z : index", "divides 5 by 0"},
      {"%z = arith.constant 0 : index\n scf.for %i = %z to %n step %z {\n}", "expects a positive step, but got 0"}};
  for (const Case &c : cases) {
    Tensor x = numbers({4}), y = nans(DType::F32, {4});
    std::string text = failureOf(unary(std::string(view) + c.body), {&x, &y, 5.0});
    EXPECT_NE(text.find(c.message), std::string::npos) << c.body << "\n" << text;
  }
}

TEST_F(TileErrors, UnwrittenIntegersAreSeen) {
  Tensor x = nans(DType::I32, {2}), y = nans(DType::F32, {2});
  std::string text = failureOf(unary(R"(
    %v = tile.view %x sizes [2] strides [1] : !tile.ptr<i32> -> !tile.view<2xi32, [1]>
    %t = tile.load %v[0] : !tile.view<2xi32, [1]> -> tensor<2xi32>)",
                                     "i32"),
                               {&x, &y, 0.0});
  EXPECT_NE(text.find("never written"), std::string::npos) << text;
}

TEST_F(TileErrors, WrongArguments) {
  // Arguments are checked before anything runs
  Tensor x = numbers({2}), y = nans(DType::F32, {2}), b = nans(DType::BF16, {2});
  auto k = unary("");
  EXPECT_NE(failureOf(k, {&x, &y}).find("expects 3 arguments, but got 2"), std::string::npos);
  EXPECT_NE(failureOf(k, {1.0, &y, 1.0}).find("expects memory for argument x"), std::string::npos);
  EXPECT_NE(failureOf(k, {&x, &y, &y}).find("expects a number for argument n"), std::string::npos);
  EXPECT_NE(failureOf(k, {&x, &b, 1.0}).find("expects memory of f32 for argument y, but got bf16"), std::string::npos);
}
