// SPDX-License-Identifier: Apache-2.0
// Graphs and the kernels made of them compute the same.
#include "SeqToTileTesting.h"

using namespace seqc;

namespace {

TEST_F(SeqToTileTest, ResidualLayernorm) {
  ASSERT_TRUE(convert(R"mlir(
func.func @add_layernorm(%x: tensor<?x?x100xf32> {seq.dims = ["B", "L", 100]}, %r: tensor<?x?x100xf32> {seq.dims = ["B", "L", 100]},
                         %g: tensor<100xf32>, %b: tensor<100xf32>) -> (tensor<?x?x100xf32>, tensor<?x?x100xf32>) attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x100xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x100xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %h = arith.addf %x, %r : tensor<?x?x100xf32>
  %e2 = tensor.empty(%B, %L) : tensor<?x?xf32>
  %e3 = tensor.empty(%B, %L) : tensor<?x?x100xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %s = linalg.reduce { arith.addf } ins(%h : tensor<?x?x100xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %n = arith.constant dense<100.0> : tensor<f32>
  %nb = linalg.broadcast ins(%n : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %mu = arith.divf %s, %nb : tensor<?x?xf32>
  %mub = linalg.broadcast ins(%mu : tensor<?x?xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [2]
  %c = arith.subf %h, %mub : tensor<?x?x100xf32>
  %cc = arith.mulf %c, %c : tensor<?x?x100xf32>
  %v = linalg.reduce { arith.addf } ins(%cc : tensor<?x?x100xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %var = arith.divf %v, %nb : tensor<?x?xf32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %epsb = linalg.broadcast ins(%eps : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %ve = arith.addf %var, %epsb : tensor<?x?xf32>
  %rs = math.rsqrt %ve : tensor<?x?xf32>
  %rsb = linalg.broadcast ins(%rs : tensor<?x?xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [2]
  %y0 = arith.mulf %c, %rsb : tensor<?x?x100xf32>
  %gb = linalg.broadcast ins(%g : tensor<100xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [0, 1]
  %bb = linalg.broadcast ins(%b : tensor<100xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [0, 1]
  %y1 = arith.mulf %y0, %gb : tensor<?x?x100xf32>
  %y = arith.addf %y1, %bb : tensor<?x?x100xf32>
  return %y, %h : tensor<?x?x100xf32>, tensor<?x?x100xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 1u);
  for (int64_t l : {0, 1, 7, 65})
    expectEqual({{"B", 2}, {"L", l}});
  expectEqual({{"B", 0}, {"L", 3}});
}

TEST_F(SeqToTileTest, MlpWithEpilogues) {
  ASSERT_TRUE(convert(R"mlir(
func.func @mlp(%x: tensor<?x?x64xf32> {seq.dims = ["B", "L", 64]}, %w: tensor<256x64xf32>, %b: tensor<256xf32>, %w2: tensor<64x256xf32>) -> tensor<?x?x64xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x64xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x64xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %M = arith.muli %B, %L : index
  %xf = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x64xf32> into tensor<?x64xf32>
  %et = tensor.empty() : tensor<64x256xf32>
  %wt = linalg.transpose ins(%w : tensor<256x64xf32>) outs(%et : tensor<64x256xf32>) permutation = [1, 0]
  %e1 = tensor.empty(%M) : tensor<?x256xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e1 : tensor<?x256xf32>) dimensions = [0, 1]
  %m = linalg.matmul ins(%xf, %wt : tensor<?x64xf32>, tensor<64x256xf32>) outs(%z : tensor<?x256xf32>) -> tensor<?x256xf32>
  %m3 = tensor.expand_shape %m [[0, 1], [2]] output_shape [%B, %L, 256] : tensor<?x256xf32> into tensor<?x?x256xf32>
  %e3 = tensor.empty(%B, %L) : tensor<?x?x256xf32>
  %bb = linalg.broadcast ins(%b : tensor<256xf32>) outs(%e3 : tensor<?x?x256xf32>) dimensions = [0, 1]
  %s = arith.addf %m3, %bb : tensor<?x?x256xf32>
  %er = math.erf %s : tensor<?x?x256xf32>
  %hb = linalg.broadcast ins(%half : tensor<f32>) outs(%e3 : tensor<?x?x256xf32>) dimensions = [0, 1, 2]
  %sh = arith.mulf %s, %hb : tensor<?x?x256xf32>
  %g0 = arith.mulf %er, %sh : tensor<?x?x256xf32>
  %g = arith.addf %g0, %sh : tensor<?x?x256xf32>
  %gf = tensor.collapse_shape %g [[0, 1], [2]] : tensor<?x?x256xf32> into tensor<?x256xf32>
  %et2 = tensor.empty() : tensor<256x64xf32>
  %wt2 = linalg.transpose ins(%w2 : tensor<64x256xf32>) outs(%et2 : tensor<256x64xf32>) permutation = [1, 0]
  %e4 = tensor.empty(%M) : tensor<?x64xf32>
  %z4 = linalg.broadcast ins(%zero : tensor<f32>) outs(%e4 : tensor<?x64xf32>) dimensions = [0, 1]
  %m2 = linalg.matmul ins(%gf, %wt2 : tensor<?x256xf32>, tensor<256x64xf32>) outs(%z4 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %o = tensor.expand_shape %m2 [[0, 1], [2]] output_shape [%B, %L, 64] : tensor<?x64xf32> into tensor<?x?x64xf32>
  %y = arith.addf %o, %x : tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
)mlir"));
  EXPECT_EQ(launches(), 2u);
  for (int64_t l : {0, 1, 33})
    expectEqual({{"B", 2}, {"L", l}}, 1e-3);
}

/// A product [2, 6, 10] of P [2, 6, 15] and V [2, 15, 10], of which every second factor of dim `dim` of one operand is a repetition.
std::string productOfRepeated(bool left, int64_t dim, int64_t times, bool computed) {
  std::vector<int64_t> whole = left ? std::vector<int64_t>{2, 6, 15} : std::vector<int64_t>{2, 15, 10}, part = whole;
  part[dim] /= times;
  std::vector<int64_t> spread = part;
  spread.insert(spread.begin() + dim + 1, times);
  auto type = [](llvm::ArrayRef<int64_t> shape) {
    std::string text = "tensor<";
    for (int64_t d : shape)
      text += std::to_string(d) + "x";
    return text + "f32>";
  };
  std::string groups = dim == 0 ? "[[0, 1], [2], [3]]" : dim == 1 ? "[[0], [1, 2], [3]]" : "[[0], [1], [2, 3]]";
  std::string p = type({2, 6, 15}), v = type({2, 15, 10}), in = type(part), out = type({2, 6, 10});
  return "func.func @f(%p: " + (left ? in : p) + ", %v: " + (left ? v : in) + ") -> " + out + " attributes {seq.export} {\n" +
         (computed ? std::string("  %x = math.exp ") + (left ? "%p" : "%v") + " : " + in + "\n" : "") + "  %e = tensor.empty() : " + type(spread) + "\n  %b = linalg.broadcast ins(" +
         (computed ? "%x" : left ? "%p" : "%v") + " : " + in + ") outs(%e : " + type(spread) + ") dimensions = [" + std::to_string(dim + 1) + "]\n" +
         "  %c = tensor.collapse_shape %b " + groups + " : " + type(spread) + " into " + type(whole) + "\n  %z = arith.constant dense<0.0> : " + out +
         "\n  %o = linalg.batch_matmul ins(" + (left ? "%c, %v" : "%p, %c") + " : " + p + ", " + v + ") outs(%z : " + out + ") -> " + out + "\n  return %o : " + out + "\n}\n";
}

TEST_F(SeqToTileTest, ProductsOfRepeatedOperands) {
  for (bool left : {true, false})
    for (int64_t dim : {0, 1, 2})
      for (bool computed : {true, false}) {
        int64_t extent = dim == 0 ? 2 : left == (dim == 1) ? (left ? 6 : 10) : 15, times = extent == 15 ? 3 : 2;
        std::string text = productOfRepeated(left, dim, times, computed);
        SCOPED_TRACE(text);
        ASSERT_TRUE(convert(text));
        expectEqual({});
      }
}

} // namespace
