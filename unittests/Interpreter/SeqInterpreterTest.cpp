// SPDX-License-Identifier: Apache-2.0
// Hand-checked cases of the graph level, the golden vector of causal attention, and properties of attention.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace seqc::interp;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();

class SeqInterpreterTest : public ::testing::Test {
protected:
  SeqInterpreterTest() {
    DialectRegistry registry;
    registry.insert<seqc::seq::SeqDialect, arith::ArithDialect, math::MathDialect, tensor::TensorDialect, linalg::LinalgDialect, func::FuncDialect,
                    ml_program::MLProgramDialect>();
    context.appendDialectRegistry(registry);
  }

  std::vector<Tensor> run(StringRef text, ArrayRef<Tensor> args, Precision precision = Precision::F64) {
    module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << "does not parse";
      return {};
    }
    SeqOptions options;
    options.precision = precision;
    llvm::Expected<std::vector<Tensor>> r = evaluate(*module->getOps<func::FuncOp>().begin(), args, options);
    if (!r) {
      error = toString(r.takeError());
      return {};
    }
    return *r;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string error;
};

/// g(s)_i = sin(1.3 s + 0.37 i), the generator of the golden vectors.
Tensor golden(int s, std::vector<int64_t> shape) {
  Tensor t(DType::F64, std::move(shape));
  for (size_t i = 0; i < t.data.size(); ++i)
    t.data[i] = std::sin(1.3 * s + 0.37 * i);
  return t;
}

Tensor literal(DType type, std::vector<int64_t> shape, std::vector<double> data) {
  Tensor t(type, std::move(shape));
  t.data = std::move(data);
  return t;
}

void expectNear(const Tensor &t, std::vector<double> expected, double tolerance = 1e-12) {
  ASSERT_EQ(t.data.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isinf(expected[i]))
      EXPECT_EQ(t.data[i], expected[i]) << i;
    else
      EXPECT_NEAR(t.data[i], expected[i], tolerance) << i;
  }
}

std::string attention(StringRef shapes, StringRef attributes, StringRef extra = "") {
  return ("func.func @f(%q: " + shapes + ", %k: " + shapes + ", %v: " + shapes + ") -> (" + shapes + ", tensor<1x1x?xf64>) {\n  %o, %l = seq.attention %q, %k, %v " + extra + " {" +
          attributes + "} : " + shapes + ", " + shapes + ", " + shapes + " -> " + shapes + ", tensor<1x1x?xf64>\n  return %o, %l : " + shapes + ", tensor<1x1x?xf64>\n}")
      .str();
}
constexpr StringLiteral kQ = "tensor<1x1x?x4xf64>";
} // namespace

TEST_F(SeqInterpreterTest, GoldenCausalAttention) {
  std::vector<Tensor> r =
      run(attention(kQ, "causal = \"top_left\", scale = 0.5"), {golden(1, {1, 1, 6, 4}), golden(2, {1, 1, 6, 4}), golden(3, {1, 1, 6, 4})});
  ASSERT_EQ(r.size(), 2u) << error;
  Tensor last = literal(DType::F64, {4}, {r[0].data.end() - 4, r[0].data.end()});
  expectNear(last, {-0.231606, -0.305135, -0.337365, -0.323935}, 5e-7);
  EXPECT_NEAR(r[1].data[5], 1.856138, 5e-7);
}

TEST_F(SeqInterpreterTest, FirstRowOfCausalAttentionIsFirstValue) {
  std::vector<Tensor> r = run(attention(kQ, "causal = \"top_left\""), {golden(1, {1, 1, 3, 4}), golden(2, {1, 1, 3, 4}), golden(3, {1, 1, 3, 4})});
  ASSERT_EQ(r.size(), 2u) << error;
  for (int d = 0; d < 4; ++d)
    EXPECT_DOUBLE_EQ(r[0].data[d], golden(3, {4}).data[d]);
}

TEST_F(SeqInterpreterTest, FullyMaskedRowIsZeroAndIgnoresPoisonedValues) {
  // Keys after the query only: query 0 with window_right 0 and bottom_right alignment over fewer keys sees nothing.
  Tensor k = golden(2, {1, 1, 1, 4}), v(DType::F64, {1, 1, 1, 4}, std::nan(""));
  std::vector<Tensor> r = run(attention(kQ, "causal = \"bottom_right\""), {golden(1, {1, 1, 2, 4}), k, v});
  ASSERT_EQ(r.size(), 2u) << error;
  for (int d = 0; d < 4; ++d)
    EXPECT_EQ(r[0].data[d], 0.0);
  EXPECT_EQ(r[1].data[0], -kInf);
  EXPECT_TRUE(std::isnan(r[0].data[4]));
}

TEST_F(SeqInterpreterTest, WeightsSumToOne) {
  Tensor ones(DType::F64, {1, 1, 5, 4}, 1.0);
  std::vector<Tensor> r = run(attention(kQ, "window_left = 1, softcap = 0.7"), {golden(1, {1, 1, 5, 4}), golden(2, {1, 1, 5, 4}), ones});
  ASSERT_EQ(r.size(), 2u) << error;
  for (double x : r[0].data)
    EXPECT_NEAR(x, 1.0, 1e-14);
}

TEST_F(SeqInterpreterTest, SoftcapComesBeforeScoreMod) {
  // One query, one key: lse is the score itself.
  Tensor q(DType::F64, {1, 1, 1, 4}, 3.0);
  std::vector<Tensor> r = run(attention(kQ, "softcap = 2.0, scale = 1.0", "score_mod { ^bb0(%s: f64, %b: index, %h: index, %m: index, %n: index):\n"
                                                                         " %c = arith.constant 10.0 : f64 %y = arith.addf %s, %c : f64 seq.yield %y : f64 }"),
                              {q, q, q});
  ASSERT_EQ(r.size(), 2u) << error;
  EXPECT_NEAR(r[1].data[0], 2.0 * std::tanh(18.0) + 10.0, 1e-12);
}

TEST_F(SeqInterpreterTest, BroadcastReduceTransposeMatmul) {
  std::vector<Tensor> r = run(R"(
func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>) -> (tensor<2x2xf32>, tensor<3xf32>, tensor<3x2xf32>) {
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<3xf32>
  %m = linalg.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  %x = linalg.reduce ins(%a : tensor<2x3xf32>) outs(%ninf : tensor<3xf32>) dimensions = [0] (%i: f32, %o: f32) { %t = arith.maximumf %i, %o : f32 linalg.yield %t : f32 }
  %e = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%a : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) permutation = [1, 0]
  return %m, %x, %t : tensor<2x2xf32>, tensor<3xf32>, tensor<3x2xf32>
})",
                              {literal(DType::F32, {2, 3}, {1, 2, 3, 4, 5, 6}), literal(DType::F32, {3, 2}, {1, 0, 0, 1, 1, 1})});
  ASSERT_EQ(r.size(), 3u) << error;
  expectNear(r[0], {4, 5, 10, 11});
  expectNear(r[1], {4, 5, 6});
  expectNear(r[2], {1, 4, 2, 5, 3, 6});
}

TEST_F(SeqInterpreterTest, ShapesAndIndexing) {
  std::vector<Tensor> r = run(R"(
func.func @f(%a: tensor<2x?xf32>, %i: tensor<2x1xi64>) -> (tensor<2x2xf32>, tensor<2x?xf32>, tensor<2x?xf32>, tensor<?xf32>, tensor<2x?xi32>) {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %a, %c1 : tensor<2x?xf32>
  %s = tensor.extract_slice %a[0, 1] [2, 2] [1, 1] : tensor<2x?xf32> to tensor<2x2xf32>
  %c = tensor.concat dim(1) %s, %a : (tensor<2x2xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %g = tensor.gather %a[%i] gather_dims([0]) : (tensor<2x?xf32>, tensor<2x1xi64>) -> tensor<2x?xf32>
  %f = tensor.collapse_shape %a [[0, 1]] : tensor<2x?xf32> into tensor<?xf32>
  %p = seq.iota(%n) {dim = 1} : tensor<2x?xi32>
  return %s, %c, %g, %f, %p : tensor<2x2xf32>, tensor<2x?xf32>, tensor<2x?xf32>, tensor<?xf32>, tensor<2x?xi32>
})",
                              {literal(DType::F32, {2, 3}, {1, 2, 3, 4, 5, 6}), literal(DType::I64, {2, 1}, {1, 1})});
  ASSERT_EQ(r.size(), 5u) << error;
  expectNear(r[0], {2, 3, 5, 6});
  expectNear(r[1], {2, 3, 1, 2, 3, 5, 6, 4, 5, 6});
  expectNear(r[2], {4, 5, 6, 4, 5, 6});
  expectNear(r[3], {1, 2, 3, 4, 5, 6});
  expectNear(r[4], {0, 1, 2, 0, 1, 2});
}

TEST_F(SeqInterpreterTest, PrecisionRoundsBetweenOps) {
  constexpr StringLiteral text = R"(
func.func @f(%a: tensor<1xbf16>) -> tensor<1xbf16> {
  %b = arith.mulf %a, %a : tensor<1xbf16>
  return %b : tensor<1xbf16>
})";
  Tensor a = literal(DType::BF16, {1}, {1.0078125});
  EXPECT_EQ(run(text, {a}, Precision::F64)[0].data[0], 1.0078125 * 1.0078125);
  EXPECT_EQ(run(text, {a}, Precision::Typed)[0].data[0], 1.015625);
}

TEST_F(SeqInterpreterTest, ErrorsNameTheOp) {
  EXPECT_TRUE(run("func.func @f(%a: tensor<2x3xf32>, %i: tensor<1x1xi64>) -> tensor<1x3xf32> {\n %g = tensor.gather %a[%i] gather_dims([0]) : "
                  "(tensor<2x3xf32>, tensor<1x1xi64>) -> tensor<1x3xf32>\n return %g : tensor<1x3xf32> }",
                  {Tensor(DType::F32, {2, 3}), literal(DType::I64, {1, 1}, {2})})
                  .empty());
  EXPECT_NE(error.find("tensor.gather"), std::string::npos) << error;
  EXPECT_NE(error.find("out of range"), std::string::npos) << error;
}
