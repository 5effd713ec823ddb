// SPDX-License-Identifier: Apache-2.0
// Every form of the closed list: the graph and its kernels compute the same at odd sizes.
#include "SeqToTileTesting.h"

using namespace seqc;

namespace {

TEST_F(SeqToTileTest, SoftmaxStatic) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?x33xf32> {seq.dims = ["B", "L", 33]}) -> tensor<?x?x33xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x33xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x33xf32>
  
  %ninf = arith.constant dense<0xFF800000> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e2 = tensor.empty(%B, %L) : tensor<?x?xf32>
  %e3 = tensor.empty(%B, %L) : tensor<?x?x33xf32>
  %i = linalg.broadcast ins(%ninf : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %m = linalg.reduce { arith.maximumf } ins(%x : tensor<?x?x33xf32>) outs(%i : tensor<?x?xf32>) dimensions = [2]
  %mb = linalg.broadcast ins(%m : tensor<?x?xf32>) outs(%e3 : tensor<?x?x33xf32>) dimensions = [2]
  %s = arith.subf %x, %mb : tensor<?x?x33xf32>
  %p = math.exp %s : tensor<?x?x33xf32>
  %l = linalg.reduce { arith.addf } ins(%p : tensor<?x?x33xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %lb = linalg.broadcast ins(%l : tensor<?x?xf32>) outs(%e3 : tensor<?x?x33xf32>) dimensions = [2]
  %y = arith.divf %p, %lb : tensor<?x?x33xf32>
  return %y : tensor<?x?x33xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 1u);
  expectEqual({{"B", 2}, {"L", 5}});
  expectEqual({{"B", 1}, {"L", 130}});
}

TEST_F(SeqToTileTest, SoftmaxDynamic) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?x?xf32> {seq.dims = ["B", "L", "N"]}) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %N = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e2 = tensor.empty(%B, %L) : tensor<?x?xf32>
  %e3 = tensor.empty(%B, %L, %N) : tensor<?x?x?xf32>
  %i = linalg.broadcast ins(%ninf : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %m = linalg.reduce { arith.maximumf } ins(%x : tensor<?x?x?xf32>) outs(%i : tensor<?x?xf32>) dimensions = [2]
  %mb = linalg.broadcast ins(%m : tensor<?x?xf32>) outs(%e3 : tensor<?x?x?xf32>) dimensions = [2]
  %s = arith.subf %x, %mb : tensor<?x?x?xf32>
  %p = math.exp %s : tensor<?x?x?xf32>
  %l = linalg.reduce { arith.addf } ins(%p : tensor<?x?x?xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %lb = linalg.broadcast ins(%l : tensor<?x?xf32>) outs(%e3 : tensor<?x?x?xf32>) dimensions = [2]
  %y = arith.divf %p, %lb : tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 1u);
  expectEqual({{"B", 2}, {"L", 5}, {"N", 7}});
  expectEqual({{"B", 1}, {"L", 2}, {"N", 1025}});
  expectEqual({{"B", 2}, {"L", 3}, {"N", 1}});
  expectEqual({{"B", 2}, {"L", 3}, {"N", 0}});
}

TEST_F(SeqToTileTest, SoftmaxLargeStatic) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?x9001xf32> {seq.dims = ["B", "L", 9001]}) -> tensor<?x?x9001xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x9001xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x9001xf32>
  
  %ninf = arith.constant dense<0xFF800000> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e2 = tensor.empty(%B, %L) : tensor<?x?xf32>
  %e3 = tensor.empty(%B, %L) : tensor<?x?x9001xf32>
  %i = linalg.broadcast ins(%ninf : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %m = linalg.reduce { arith.maximumf } ins(%x : tensor<?x?x9001xf32>) outs(%i : tensor<?x?xf32>) dimensions = [2]
  %mb = linalg.broadcast ins(%m : tensor<?x?xf32>) outs(%e3 : tensor<?x?x9001xf32>) dimensions = [2]
  %s = arith.subf %x, %mb : tensor<?x?x9001xf32>
  %p = math.exp %s : tensor<?x?x9001xf32>
  %l = linalg.reduce { arith.addf } ins(%p : tensor<?x?x9001xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %lb = linalg.broadcast ins(%l : tensor<?x?xf32>) outs(%e3 : tensor<?x?x9001xf32>) dimensions = [2]
  %y = arith.divf %p, %lb : tensor<?x?x9001xf32>
  return %y : tensor<?x?x9001xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 1u);
  expectEqual({{"B", 1}, {"L", 2}});
}

TEST_F(SeqToTileTest, MeanPooling) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?x48xbf16> {seq.dims = ["B", "L", 48]}, %n: tensor<f32>) -> tensor<?x48xf32> {
  %c0 = arith.constant 0 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x48xbf16>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e = tensor.empty(%B) : tensor<?x48xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x48xf32>) dimensions = [0, 1]
  %f = arith.extf %x : tensor<?x?x48xbf16> to tensor<?x?x48xf32>
  %s = linalg.reduce { arith.addf } ins(%f : tensor<?x?x48xf32>) outs(%z : tensor<?x48xf32>) dimensions = [1]
  %nb = linalg.broadcast ins(%n : tensor<f32>) outs(%e : tensor<?x48xf32>) dimensions = [0, 1]
  %y = arith.divf %s, %nb : tensor<?x48xf32>
  return %y : tensor<?x48xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 1u);
  expectEqual({{"B", 2}, {"L", 5}});
  expectEqual({{"B", 3}, {"L", 67}});
  expectEqual({{"B", 3}, {"L", 0}});
  expectEqual({{"B", 0}, {"L", 4}});
}

TEST_F(SeqToTileTest, ReduceEverything) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?xf32> {seq.dims = ["B", "L"]}, %k: tensor<3x5x4xi32>) -> (tensor<f32>, tensor<i32>, tensor<5xi32>) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<?x?xf32>) outs(%zero : tensor<f32>) dimensions = [0, 1]
  %two = arith.constant dense<2> : tensor<i32>
  %p = linalg.reduce { arith.maxsi } ins(%k : tensor<3x5x4xi32>) outs(%two : tensor<i32>) dimensions = [0, 1, 2]
  %z5 = arith.constant dense<0> : tensor<5xi32>
  %q = linalg.reduce { arith.addi } ins(%k : tensor<3x5x4xi32>) outs(%z5 : tensor<5xi32>) dimensions = [0, 2]
  return %s, %p, %q : tensor<f32>, tensor<i32>, tensor<5xi32>
}
)mlir"));
  expectEqual({{"B", 2}, {"L", 5}});
  expectEqual({{"B", 3}, {"L", 2000}}, 1e-4);
  expectEqual({{"B", 0}, {"L", 4}});
}

TEST_F(SeqToTileTest, InitialValueOfReduction) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x9xf16> {seq.dims = ["B", 9]}, %i: tensor<?xf16> {seq.dims = ["B"]}) -> tensor<?xf16> {
  %s = linalg.reduce { arith.addf } ins(%x : tensor<?x9xf16>) outs(%i : tensor<?xf16>) dimensions = [1]
  return %s : tensor<?xf16>
}
)mlir"));
  expectEqual({{"B", 4}}, 1e-2);
  expectEqual({{"B", 65}}, 1e-2);
}

TEST_F(SeqToTileTest, Embedding) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%t: tensor<11x24xf32>, %ids: tensor<?x?xi64> {seq.dims = ["B", "L"]}, %pos: tensor<64x24xf32>) -> tensor<?x?x24xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %L = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %i = tensor.expand_shape %ids [[0], [1, 2]] output_shape [%B, %L, 1] : tensor<?x?xi64> into tensor<?x?x1xi64>
  %g = tensor.gather %t[%i] gather_dims([0]) : (tensor<11x24xf32>, tensor<?x?x1xi64>) -> tensor<?x?x24xf32>
  %p = tensor.extract_slice %pos[0, 0] [%L, 24] [1, 1] : tensor<64x24xf32> to tensor<?x24xf32>
  %e = tensor.empty(%B, %L) : tensor<?x?x24xf32>
  %pb = linalg.broadcast ins(%p : tensor<?x24xf32>) outs(%e : tensor<?x?x24xf32>) dimensions = [0]
  %y = arith.addf %g, %pb : tensor<?x?x24xf32>
  return %y : tensor<?x?x24xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 1u);
  expectEqual({{"B", 2}, {"L", 5}}, 1e-5, 11);
  expectEqual({{"B", 1}, {"L", 64}}, 1e-5, 11);
}

TEST_F(SeqToTileTest, GatherForms) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%t: tensor<5x6x7xf32>, %a: tensor<?x1xi32> {seq.dims = ["N", 1]}, %b: tensor<?x2xi64> {seq.dims = ["N", 2]}, %v: tensor<6xf32>, %w: tensor<?x?x1xi64> {seq.dims = ["N", "M", 1]})
    -> (tensor<?x5x7xf32>, tensor<?x7xf32>, tensor<?x?xf32>, tensor<?x5x1x7xf32>) {
  %x = tensor.gather %t[%a] gather_dims([1]) : (tensor<5x6x7xf32>, tensor<?x1xi32>) -> tensor<?x5x7xf32>
  %y = tensor.gather %t[%b] gather_dims([0, 1]) : (tensor<5x6x7xf32>, tensor<?x2xi64>) -> tensor<?x7xf32>
  %z = tensor.gather %v[%w] gather_dims([0]) : (tensor<6xf32>, tensor<?x?x1xi64>) -> tensor<?x?xf32>
  %u = tensor.gather %t[%a] gather_dims([1]) : (tensor<5x6x7xf32>, tensor<?x1xi32>) -> tensor<?x5x1x7xf32>
  return %x, %y, %z, %u : tensor<?x5x7xf32>, tensor<?x7xf32>, tensor<?x?xf32>, tensor<?x5x1x7xf32>
}
)mlir"));
  expectEqual({{"N", 4}, {"M", 3}});
  expectEqual({{"N", 70}, {"M", 1}});
}

TEST_F(SeqToTileTest, ConcatAndPad) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%a: tensor<?x3xf32> {seq.dims = ["N", 3]}, %b: tensor<?x5xf32> {seq.dims = ["N", 5]}, %c: tensor<?x5xf32> {seq.dims = ["M", 5]})
    -> (tensor<?x8xf32>, tensor<?x5xf32>, tensor<?x9xf32>, tensor<?x8xf32>) {
  %x = tensor.concat dim(1) %a, %b : (tensor<?x3xf32>, tensor<?x5xf32>) -> tensor<?x8xf32>
  %y = tensor.concat dim(0) %b, %c, %b : (tensor<?x5xf32>, tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %p = arith.constant -1.5 : f32
  %z = tensor.pad %b low[2, 1] high[0, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %p : f32
  } : tensor<?x5xf32> to tensor<?x9xf32>
  %w = math.absf %x : tensor<?x8xf32>
  return %x, %y, %z, %w : tensor<?x8xf32>, tensor<?x5xf32>, tensor<?x9xf32>, tensor<?x8xf32>
}
)mlir"));
  expectEqual({{"N", 4}, {"M", 3}});
  expectEqual({{"N", 1}, {"M", 100}});
  expectEqual({{"N", 0}, {"M", 2}});
}

TEST_F(SeqToTileTest, IotaMaskSelect) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?xf32> {seq.dims = ["L", "L"]}) -> (tensor<?x?xf32>, tensor<?x?xi1>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %L = tensor.dim %x, %c0 : tensor<?x?xf32>
  %i = seq.iota(%L, %L) {dim = 0 : i64} : tensor<?x?xi32>
  %j = seq.iota(%L, %L) {dim = 1 : i64} : tensor<?x?xi32>
  %m = arith.cmpi sge, %i, %j : tensor<?x?xi32>
  %ninf = arith.constant dense<0xFF800000> : tensor<f32>
  %e = tensor.empty(%L, %L) : tensor<?x?xf32>
  %n = linalg.broadcast ins(%ninf : tensor<f32>) outs(%e : tensor<?x?xf32>) dimensions = [0, 1]
  %y = arith.select %m, %x, %n : tensor<?x?xi1>, tensor<?x?xf32>
  %k = seq.iota(%L) {dim = 0 : i64} : tensor<?xi64>
  return %y, %m, %k : tensor<?x?xf32>, tensor<?x?xi1>, tensor<?xi64>
}
)mlir"));
  expectEqual({{"L", 4}});
  expectEqual({{"L", 67}});
  expectEqual({{"L", 1}});
  expectEqual({{"L", 0}});
}

TEST_F(SeqToTileTest, Transposes) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?x6xf32> {seq.dims = ["B", "L", 6]}, %s: tensor<?x?xf32> {seq.dims = ["B", "B"]}) -> (tensor<6x?x?xf32>, tensor<?x?xf32>, tensor<?x?x6xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x6xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x6xf32>
  %e = tensor.empty(%L, %B) : tensor<6x?x?xf32>
  %t = linalg.transpose ins(%x : tensor<?x?x6xf32>) outs(%e : tensor<6x?x?xf32>) permutation = [2, 1, 0]
  %e2 = tensor.empty(%B, %B) : tensor<?x?xf32>
  %st = linalg.transpose ins(%s : tensor<?x?xf32>) outs(%e2 : tensor<?x?xf32>) permutation = [1, 0]
  %sym = arith.addf %s, %st : tensor<?x?xf32>
  %e3 = tensor.empty(%L, %B) : tensor<?x?x6xf32>
  %a = math.absf %x : tensor<?x?x6xf32>
  %u = linalg.transpose ins(%a : tensor<?x?x6xf32>) outs(%e3 : tensor<?x?x6xf32>) permutation = [1, 0, 2]
  return %t, %sym, %u : tensor<6x?x?xf32>, tensor<?x?xf32>, tensor<?x?x6xf32>
}
)mlir"));
  expectEqual({{"B", 4}, {"L", 9}});
  expectEqual({{"B", 65}, {"L", 3}});
  expectEqual({{"B", 1}, {"L", 1}});
}

TEST_F(SeqToTileTest, SplitHeadsAndMerge) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x?x8xf32> {seq.dims = ["B", "L", 8]}, %w: tensor<24x8xf32>) -> (tensor<?x2x?x4xf32>, tensor<?x?x8xf32>, tensor<?x2x?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %M = arith.muli %B, %L : index
  %zero = arith.constant dense<0.0> : tensor<f32>
  %xf = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  %et = tensor.empty() : tensor<8x24xf32>
  %wt = linalg.transpose ins(%w : tensor<24x8xf32>) outs(%et : tensor<8x24xf32>) permutation = [1, 0]
  %e1 = tensor.empty(%M) : tensor<?x24xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e1 : tensor<?x24xf32>) dimensions = [0, 1]
  %m = linalg.matmul ins(%xf, %wt : tensor<?x8xf32>, tensor<8x24xf32>) outs(%z : tensor<?x24xf32>) -> tensor<?x24xf32>
  %m3 = tensor.expand_shape %m [[0, 1], [2]] output_shape [%B, %L, 24] : tensor<?x24xf32> into tensor<?x?x24xf32>
  %q = tensor.extract_slice %m3[0, 0, 0] [%B, %L, 8] [1, 1, 1] : tensor<?x?x24xf32> to tensor<?x?x8xf32>
  %k = tensor.extract_slice %m3[0, 0, 8] [%B, %L, 8] [1, 1, 1] : tensor<?x?x24xf32> to tensor<?x?x8xf32>
  %q4 = tensor.expand_shape %q [[0], [1], [2, 3]] output_shape [%B, %L, 2, 4] : tensor<?x?x8xf32> into tensor<?x?x2x4xf32>
  %k4 = tensor.expand_shape %k [[0], [1], [2, 3]] output_shape [%B, %L, 2, 4] : tensor<?x?x8xf32> into tensor<?x?x2x4xf32>
  %eq = tensor.empty(%B, %L) : tensor<?x2x?x4xf32>
  %qt = linalg.transpose ins(%q4 : tensor<?x?x2x4xf32>) outs(%eq : tensor<?x2x?x4xf32>) permutation = [0, 2, 1, 3]
  %ek = tensor.empty(%B, %L) : tensor<?x2x4x?xf32>
  %kt = linalg.transpose ins(%k4 : tensor<?x?x2x4xf32>) outs(%ek : tensor<?x2x4x?xf32>) permutation = [0, 2, 3, 1]
  %qa = math.absf %qt : tensor<?x2x?x4xf32>
  %qc = tensor.collapse_shape %qa [[0, 1], [2], [3]] : tensor<?x2x?x4xf32> into tensor<?x?x4xf32>
  %kc = tensor.collapse_shape %kt [[0, 1], [2], [3]] : tensor<?x2x4x?xf32> into tensor<?x4x?xf32>
  %c2 = arith.constant 2 : index
  %BH = arith.muli %B, %c2 : index
  %es = tensor.empty(%BH, %L, %L) : tensor<?x?x?xf32>
  %zs = linalg.broadcast ins(%zero : tensor<f32>) outs(%es : tensor<?x?x?xf32>) dimensions = [0, 1, 2]
  %s = linalg.batch_matmul ins(%qc, %kc : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%zs : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s4 = tensor.expand_shape %s [[0, 1], [2], [3]] output_shape [%B, 2, %L, %L] : tensor<?x?x?xf32> into tensor<?x2x?x?xf32>
  %ev = tensor.empty(%B, %L) : tensor<?x?x2x4xf32>
  %back = linalg.transpose ins(%qa : tensor<?x2x?x4xf32>) outs(%ev : tensor<?x?x2x4xf32>) permutation = [0, 2, 1, 3]
  %flat = tensor.collapse_shape %back [[0], [1], [2, 3]] : tensor<?x?x2x4xf32> into tensor<?x?x8xf32>
  return %qa, %flat, %s4 : tensor<?x2x?x4xf32>, tensor<?x?x8xf32>, tensor<?x2x?x?xf32>
}
)mlir"));
  expectEqual({{"B", 2}, {"L", 5}}, 1e-4);
  expectEqual({{"B", 1}, {"L", 67}}, 1e-4);
  expectEqual({{"B", 3}, {"L", 1}}, 1e-4);
  expectEqual({{"B", 3}, {"L", 0}}, 1e-4);
}

TEST_F(SeqToTileTest, InputsAsResults) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x6xf32> {seq.dims = ["B", 6]}) -> (tensor<?x6xf32>, tensor<?x2x3xf32>, tensor<?x2xf32>, tensor<2x?xf32>, tensor<3xf32>, tensor<?x6xf32>, tensor<?x6xf32>) {
  %c0 = arith.constant 0 : index
  %B = tensor.dim %x, %c0 : tensor<?x6xf32>
  %y = tensor.expand_shape %x [[0], [1, 2]] output_shape [%B, 2, 3] : tensor<?x6xf32> into tensor<?x2x3xf32>
  %s = tensor.extract_slice %x[0, 1] [%B, 2] [1, 3] : tensor<?x6xf32> to tensor<?x2xf32>
  %e = tensor.empty(%B) : tensor<2x?xf32>
  %t = linalg.transpose ins(%s : tensor<?x2xf32>) outs(%e : tensor<2x?xf32>) permutation = [1, 0]
  %c = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %n = arith.negf %x : tensor<?x6xf32>
  return %x, %y, %s, %t, %c, %n, %n : tensor<?x6xf32>, tensor<?x2x3xf32>, tensor<?x2xf32>, tensor<2x?xf32>, tensor<3xf32>, tensor<?x6xf32>, tensor<?x6xf32>
}
)mlir"));
  expectEqual({{"B", 4}});
  expectEqual({{"B", 65}});
}

TEST_F(SeqToTileTest, ScalarsAndConstants) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<f32>, %y: tensor<1x1xf32>, %z: tensor<4xf32>) -> (tensor<f32>, tensor<1x1xf32>, tensor<4xf32>, tensor<2x2xi1>, tensor<0x3xf32>) {
  %a = math.exp %x : tensor<f32>
  %b = arith.addf %y, %y : tensor<1x1xf32>
  %e = tensor.empty() : tensor<4xf32>
  %xb = linalg.broadcast ins(%a : tensor<f32>) outs(%e : tensor<4xf32>) dimensions = [0]
  %c = arith.mulf %xb, %z : tensor<4xf32>
  %k = arith.constant dense<[[true, false], [false, true]]> : tensor<2x2xi1>
  %t = arith.constant dense<true> : tensor<2x2xi1>
  %n = arith.xori %k, %t : tensor<2x2xi1>
  %o = arith.constant dense<1.0> : tensor<0x3xf32>
  return %a, %b, %c, %n, %o : tensor<f32>, tensor<1x1xf32>, tensor<4xf32>, tensor<2x2xi1>, tensor<0x3xf32>
}
)mlir"));
  expectEqual({});
}

TEST_F(SeqToTileTest, ElementwiseFunctions) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?xf32> {seq.dims = ["N"]}, %h: tensor<?xbf16> {seq.dims = ["N"]}, %k: tensor<?xi32> {seq.dims = ["N"]}) -> (tensor<?xf32>, tensor<?xbf16>, tensor<?xf32>, tensor<?xi32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %N = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%N) : tensor<?xf32>
  %0 = math.absf %x : tensor<?xf32>
  %1 = math.log1p %0 : tensor<?xf32>
  %2 = math.expm1 %x : tensor<?xf32>
  %3 = math.tanh %2 : tensor<?xf32>
  %4 = arith.addf %1, %3 : tensor<?xf32>
  %5 = math.sqrt %0 : tensor<?xf32>
  %6 = arith.addf %4, %5 : tensor<?xf32>
  %three = arith.constant dense<3.0> : tensor<f32>
  %tb = linalg.broadcast ins(%three : tensor<f32>) outs(%e : tensor<?xf32>) dimensions = [0]
  %7 = math.powf %x, %tb : tensor<?xf32>
  %8 = math.powf %0, %x : tensor<?xf32>
  %9 = arith.addf %7, %8 : tensor<?xf32>
  %10 = arith.addf %6, %9 : tensor<?xf32>
  %h1 = math.exp %h : tensor<?xbf16>
  %h2 = arith.mulf %h1, %h : tensor<?xbf16>
  %11 = arith.extf %h2 : tensor<?xbf16> to tensor<?xf32>
  %12 = math.log %0 : tensor<?xf32>
  %13 = arith.minimumf %11, %12 : tensor<?xf32>
  %i7 = arith.constant dense<7> : tensor<i32>
  %ei = tensor.empty(%N) : tensor<?xi32>
  %kb = linalg.broadcast ins(%i7 : tensor<i32>) outs(%ei : tensor<?xi32>) dimensions = [0]
  %i1 = arith.constant dense<1> : tensor<i32>
  %ob = linalg.broadcast ins(%i1 : tensor<i32>) outs(%ei : tensor<?xi32>) dimensions = [0]
  %17 = arith.addi %k, %ob : tensor<?xi32>
  %15 = arith.divsi %kb, %17 : tensor<?xi32>
  %16 = arith.remsi %kb, %17 : tensor<?xi32>
  %18 = arith.addi %15, %16 : tensor<?xi32>
  %19 = arith.sitofp %18 : tensor<?xi32> to tensor<?xf32>
  return %10, %h2, %13, %18, %19 : tensor<?xf32>, tensor<?xbf16>, tensor<?xf32>, tensor<?xi32>, tensor<?xf32>
}
)mlir"));
  expectEqual({{"N", 5}}, 3e-2);
  expectEqual({{"N", 4097}}, 3e-2);
  expectEqual({{"N", 0}});
}

TEST_F(SeqToTileTest, MatmulForms) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%a: tensor<?x?xf16> {seq.dims = ["M", "K"]}, %b: tensor<?x?xf16> {seq.dims = ["K", "N"]}, %r: tensor<?x?xf32> {seq.dims = ["M", "N"]}, %v: tensor<1x?xf32> {seq.dims = [1, "K"]}, %w: tensor<?x1xf32> {seq.dims = ["K", 1]}, %q: tensor<?x?xf32> {seq.dims = ["K", "N"]})
    -> (tensor<?x?xf32>, tensor<1x1xf32>, tensor<1x?xf32>, tensor<?x1xf32>, tensor<?x?xf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %M = tensor.dim %a, %c0 : tensor<?x?xf16>
  %N = tensor.dim %b, %c1 : tensor<?x?xf16>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %x = linalg.matmul ins(%a, %b : tensor<?x?xf16>, tensor<?x?xf16>) outs(%r : tensor<?x?xf32>) -> tensor<?x?xf32>
  %z11 = arith.constant dense<0.0> : tensor<1x1xf32>
  %y = linalg.matmul ins(%v, %w : tensor<1x?xf32>, tensor<?x1xf32>) outs(%z11 : tensor<1x1xf32>) -> tensor<1x1xf32>
  %e1 = tensor.empty(%N) : tensor<1x?xf32>
  %z1 = linalg.broadcast ins(%zero : tensor<f32>) outs(%e1 : tensor<1x?xf32>) dimensions = [0, 1]
  %z = linalg.matmul ins(%v, %q : tensor<1x?xf32>, tensor<?x?xf32>) outs(%z1 : tensor<1x?xf32>) -> tensor<1x?xf32>
  %e2 = tensor.empty(%N) : tensor<?x1xf32>
  %z2 = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x1xf32>) dimensions = [0, 1]
  %K = tensor.dim %a, %c1 : tensor<?x?xf16>
  %eq = tensor.empty(%N, %K) : tensor<?x?xf32>
  %qt = linalg.transpose ins(%q : tensor<?x?xf32>) outs(%eq : tensor<?x?xf32>) permutation = [1, 0]
  %u = linalg.matmul ins(%qt, %w : tensor<?x?xf32>, tensor<?x1xf32>) outs(%z2 : tensor<?x1xf32>) -> tensor<?x1xf32>
  %en = tensor.empty(%M, %N) : tensor<?x?xf32>
  %zn = linalg.broadcast ins(%zero : tensor<f32>) outs(%en : tensor<?x?xf32>) dimensions = [0, 1]
  %p0 = linalg.matmul ins(%a, %b : tensor<?x?xf16>, tensor<?x?xf16>) outs(%zn : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = arith.truncf %p0 : tensor<?x?xf32> to tensor<?x?xf16>
  return %x, %y, %z, %u, %p : tensor<?x?xf32>, tensor<1x1xf32>, tensor<1x?xf32>, tensor<?x1xf32>, tensor<?x?xf16>
}
)mlir"));
  expectEqual({{"M", 5}, {"N", 7}, {"K", 3}}, 1e-2);
  expectEqual({{"M", 65}, {"N", 129}, {"K", 257}}, 2e-2);
  expectEqual({{"M", 1}, {"N", 1}, {"K", 1}}, 1e-2);
  expectEqual({{"M", 3}, {"N", 2}, {"K", 0}}, 1e-2);
  expectEqual({{"M", 0}, {"N", 2}, {"K", 4}}, 1e-2);
}

TEST_F(SeqToTileTest, GatedProjection) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x16xf32> {seq.dims = ["M", 16]}, %w1: tensor<16x24xf32>, %w2: tensor<16x24xf32>) -> tensor<?x24xf32> {
  %c0 = arith.constant 0 : index
  %M = tensor.dim %x, %c0 : tensor<?x16xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %e = tensor.empty(%M) : tensor<?x24xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x24xf32>) dimensions = [0, 1]
  %ob = linalg.broadcast ins(%one : tensor<f32>) outs(%e : tensor<?x24xf32>) dimensions = [0, 1]
  %a = linalg.matmul ins(%x, %w1 : tensor<?x16xf32>, tensor<16x24xf32>) outs(%z : tensor<?x24xf32>) -> tensor<?x24xf32>
  %n = arith.negf %a : tensor<?x24xf32>
  %en = math.exp %n : tensor<?x24xf32>
  %d = arith.addf %ob, %en : tensor<?x24xf32>
  %s = arith.divf %a, %d : tensor<?x24xf32>
  %b = linalg.matmul ins(%x, %w2 : tensor<?x16xf32>, tensor<16x24xf32>) outs(%z : tensor<?x24xf32>) -> tensor<?x24xf32>
  %y = arith.mulf %s, %b : tensor<?x24xf32>
  return %y : tensor<?x24xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 2u);
  expectEqual({{"M", 5}}, 1e-4);
  expectEqual({{"M", 70}}, 1e-4);
}

TEST_F(SeqToTileTest, ReshapeThatNeedsACopy) {
  ASSERT_TRUE(convert(R"mlir(
func.func @main(%x: tensor<?x4x6xf32> {seq.dims = ["B", 4, 6]}, %w: tensor<24x8xf32>) -> (tensor<?x8xf32>, tensor<?x24xf32>) {
  %c0 = arith.constant 0 : index
  %B = tensor.dim %x, %c0 : tensor<?x4x6xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e = tensor.empty(%B) : tensor<?x6x4xf32>
  %t = linalg.transpose ins(%x : tensor<?x4x6xf32>) outs(%e : tensor<?x6x4xf32>) permutation = [0, 2, 1]
  %f = tensor.collapse_shape %t [[0], [1, 2]] : tensor<?x6x4xf32> into tensor<?x24xf32>
  %e2 = tensor.empty(%B) : tensor<?x8xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x8xf32>) dimensions = [0, 1]
  %m = linalg.matmul ins(%f, %w : tensor<?x24xf32>, tensor<24x8xf32>) outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = arith.negf %f : tensor<?x24xf32>
  return %m, %n : tensor<?x8xf32>, tensor<?x24xf32>
}
)mlir"));
  expectEqual({{"B", 5}}, 1e-4);
  expectEqual({{"B", 70}}, 1e-4);
}

} // namespace
