// SPDX-License-Identifier: Apache-2.0
// Complex numbers in tensors and graphs, against values computed by hand and against std::complex.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace seqc::interp;

namespace {
using Z = std::complex<double>;

Tensor numbers(DType type, std::vector<int64_t> shape, std::vector<Z> values) {
  Tensor t(type, std::move(shape));
  for (auto [i, z] : llvm::enumerate(values))
    t.setComplex(i, z);
  return t;
}

std::vector<Tensor> run(StringRef body, ArrayRef<Tensor> args, Precision precision = Precision::F64) {
  DialectRegistry registry;
  registry.insert<seqc::seq::SeqDialect, arith::ArithDialect, math::MathDialect, complex::ComplexDialect, tensor::TensorDialect, linalg::LinalgDialect, func::FuncDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(body, &context);
  if (!module) {
    ADD_FAILURE() << "does not parse";
    return {};
  }
  SeqOptions options;
  options.precision = precision;
  llvm::Expected<std::vector<Tensor>> r = evaluate(*module->getOps<func::FuncOp>().begin(), args, options);
  if (!r) {
    ADD_FAILURE() << toString(r.takeError());
    return {};
  }
  return *r;
}

void expectNear(const Tensor &t, std::vector<Z> expected, double tolerance = 1e-14) {
  ASSERT_EQ(t.size(), static_cast<int64_t>(expected.size()));
  for (auto [i, z] : llvm::enumerate(expected))
    EXPECT_LE(std::abs(t.complexAt(i) - z), tolerance) << i;
}
} // namespace

TEST(ComplexTensor, ElementsTakeTwoPlaces) {
  Tensor t(DType::C64, {2, 3}, 1.0);
  EXPECT_EQ(t.size(), 6);
  EXPECT_EQ(t.data.size(), 12u);
  EXPECT_EQ(t.complexAt({1, 2}), Z(1.0, 0.0));
  t.setComplex({1, 0}, {2, -3});
  EXPECT_EQ(t.data[6], 2.0);
  EXPECT_EQ(t.data[7], -3.0);
  Tensor copy(DType::C64, {1});
  copy.copyElement({0}, t, {1, 0});
  EXPECT_EQ(copy.complexAt({0}), Z(2, -3));
  EXPECT_EQ(Tensor(DType::F32, {2}, 5.0).complexAt({1}), Z(5, 0));
}

TEST(ComplexTensor, MemoryIsInterleaved) {
  Tensor t = numbers(DType::C64, {2}, {{1, 2}, {3, 0.1}});
  std::vector<char> bytes = t.toBytes();
  ASSERT_EQ(bytes.size(), 16u);
  float parts[4];
  std::memcpy(parts, bytes.data(), 16);
  EXPECT_EQ(parts[1], 2.0f);
  EXPECT_EQ(parts[3], 0.1f);
  EXPECT_EQ(Tensor::fromBytes(DType::C64, {2}, bytes.data()).complexAt(1), Z(3, 0.1f));
  EXPECT_EQ(byteSize(DType::C128), 16);
  EXPECT_EQ(name(DType::C128), "c128");
  EXPECT_EQ(componentType(DType::C128), DType::F64);
}

TEST(SeqComplex, EveryFunction) {
  const Z a(1.5, -0.75), b(-0.25, 2);
  std::vector<std::pair<std::string, Z>> cases = {{"add %a, %b", a + b}, {"sub %a, %b", a - b}, {"mul %a, %b", a * b}, {"div %a, %b", a / b},
                                                  {"div %b, %a", b / a}, {"neg %a", -a},        {"conj %a", std::conj(a)}, {"exp %a", std::exp(a)}};
  for (auto &[text, expected] : cases) {
    std::vector<Tensor> r = run("func.func @f(%x: tensor<1xcomplex<f64>>, %y: tensor<1xcomplex<f64>>) -> tensor<1xcomplex<f64>> {\n %e = tensor.empty() : tensor<1xcomplex<f64>>\n"
                                " %r = linalg.map ins(%x, %y : tensor<1xcomplex<f64>>, tensor<1xcomplex<f64>>) outs(%e : tensor<1xcomplex<f64>>)"
                                " (%a: complex<f64>, %b: complex<f64>, %i: complex<f64>) {\n %z = complex." +
                                    text + " : complex<f64>\n linalg.yield %z : complex<f64>\n }\n return %r : tensor<1xcomplex<f64>>\n}",
                                {numbers(DType::C128, {1}, std::vector<Z>(1, a)), numbers(DType::C128, {1}, std::vector<Z>(1, b))});
    ASSERT_EQ(r.size(), 1u) << text;
    expectNear(r[0], std::vector<Z>(1, expected));
  }
}

TEST(SeqComplex, PartsAndMagnitude) {
  std::vector<Tensor> r = run(R"(func.func @f(%x: tensor<2xcomplex<f64>>) -> (tensor<2xf64>, tensor<2xcomplex<f64>>) {
    %e = tensor.empty() : tensor<2xf64>
    %a = linalg.map { complex.abs } ins(%x : tensor<2xcomplex<f64>>) outs(%e : tensor<2xf64>)
    %ez = tensor.empty() : tensor<2xcomplex<f64>>
    %s = linalg.map ins(%x, %a : tensor<2xcomplex<f64>>, tensor<2xf64>) outs(%ez : tensor<2xcomplex<f64>>) (%z: complex<f64>, %m: f64, %i: complex<f64>) {
      %re = complex.re %z : complex<f64>
      %im = complex.im %z : complex<f64>
      %t = arith.addf %im, %m : f64
      %c = complex.constant [0.5 : f64, 1.0 : f64] : complex<f64>
      %w = complex.create %t, %re : complex<f64>
      %p = complex.add %w, %c : complex<f64>
      linalg.yield %p : complex<f64>
    }
    return %a, %s : tensor<2xf64>, tensor<2xcomplex<f64>>
  })",
                              {numbers(DType::C128, {2}, {{3, 4}, {0, -2}})});
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].data, (std::vector<double>{5, 2}));
  expectNear(r[1], {{9.5, 4}, {0.5, 1}});
}

TEST(SeqComplex, DataMovement) {
  std::vector<Tensor> r = run(R"(func.func @f(%x: tensor<2x2xcomplex<f64>>, %i: tensor<1x1xi64>) -> (tensor<2x2xcomplex<f64>>, tensor<3xcomplex<f64>>, tensor<2xcomplex<f64>>, tensor<1x2xcomplex<f64>>) {
    %e = tensor.empty() : tensor<2x2xcomplex<f64>>
    %t = linalg.transpose ins(%x : tensor<2x2xcomplex<f64>>) outs(%e : tensor<2x2xcomplex<f64>>) permutation = [1, 0]
    %row = tensor.extract_slice %t[0, 0] [1, 2] [1, 1] : tensor<2x2xcomplex<f64>> to tensor<2xcomplex<f64>>
    %c = complex.constant [7.0 : f64, 8.0 : f64] : complex<f64>
    %p = tensor.pad %row low[1] high[0] {
    ^bb0(%d: index):
      tensor.yield %c : complex<f64>
    } : tensor<2xcomplex<f64>> to tensor<3xcomplex<f64>>
    %zero = arith.constant dense<(0.0, 1.0)> : tensor<2xcomplex<f64>>
    %s = linalg.reduce { complex.add } ins(%x : tensor<2x2xcomplex<f64>>) outs(%zero : tensor<2xcomplex<f64>>) dimensions = [1]
    %g = tensor.gather %x[%i] gather_dims([0]) : (tensor<2x2xcomplex<f64>>, tensor<1x1xi64>) -> tensor<1x2xcomplex<f64>>
    return %t, %p, %s, %g : tensor<2x2xcomplex<f64>>, tensor<3xcomplex<f64>>, tensor<2xcomplex<f64>>, tensor<1x2xcomplex<f64>>
  })",
                              {numbers(DType::C128, {2, 2}, {{1, 2}, {3, 4}, {5, 6}, {-1, 0.5}}), Tensor(DType::I64, {1, 1}, 1)});
  ASSERT_EQ(r.size(), 4u);
  expectNear(r[0], {{1, 2}, {5, 6}, {3, 4}, {-1, 0.5}});
  expectNear(r[1], {{7, 8}, {1, 2}, {5, 6}});
  expectNear(r[2], {{4, 7}, {4, 7.5}});
  expectNear(r[3], {{5, 6}, {-1, 0.5}});
}

TEST(SeqComplex, TypedRoundsBothParts) {
  const char *text = R"(func.func @f(%x: tensor<1xcomplex<f32>>) -> tensor<1xcomplex<f32>> {
    %e = tensor.empty() : tensor<1xcomplex<f32>>
    %a = linalg.map { complex.mul } ins(%x, %x : tensor<1xcomplex<f32>>, tensor<1xcomplex<f32>>) outs(%e : tensor<1xcomplex<f32>>)
    return %a : tensor<1xcomplex<f32>>
  })";
  Tensor x = numbers(DType::C64, {1}, {{0.1f, 0.3f}});
  Z exact = x.complexAt(0) * x.complexAt(0);
  EXPECT_EQ(run(text, {x})[0].complexAt(0), exact);
  EXPECT_EQ(run(text, {x}, Precision::Typed)[0].complexAt(0), Z(static_cast<float>(exact.real()), static_cast<float>(exact.imag())));
}
