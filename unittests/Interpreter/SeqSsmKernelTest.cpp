// SPDX-License-Identifier: Apache-2.0
// seq.ssm_kernel against values published with the models' sources, closed forms and properties.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace seqc::interp;

namespace {
using Z = std::complex<double>;

Tensor row(std::vector<Z> values, bool isComplex = true) {
  Tensor t(isComplex ? DType::C128 : DType::F64, {1, static_cast<int64_t>(values.size())});
  for (auto [i, z] : llvm::enumerate(values))
    if (isComplex)
      t.setComplex(i, z);
    else
      t.data[i] = z.real();
  return t;
}

/// g(s)_i = sin(1.3 s + 0.37 i), the generator of the golden vectors.
double golden(int s, int64_t i) { return std::sin(1.3 * s + 0.37 * static_cast<double>(i)); }

/// One channel: k[0..length).
std::vector<double> kernel(std::vector<Z> lambda, std::vector<Z> b, std::vector<Z> c, double dt, int64_t length, const std::string &attributes, std::vector<Z> p = {},
                           bool isComplex = true) {
  std::string type = "tensor<1x" + std::to_string(lambda.size()) + (isComplex ? "xcomplex<f64>>" : "xf64>");
  std::string text = "func.func @f(%l: " + type + ", %b: " + type + ", %c: " + type + ", %d: tensor<1xf64>" + (p.empty() ? "" : ", %p: " + type) + ") -> tensor<1x" +
                     std::to_string(length) + "xf64> {\n  %k = seq.ssm_kernel %l, %b, %c, %d" + (p.empty() ? "" : " low_rank(%p : " + type + ")") + " {" + attributes + "} : " + type + ", " +
                     type + ", " + type + ", tensor<1xf64> -> tensor<1x" + std::to_string(length) + "xf64>\n  return %k : tensor<1x" + std::to_string(length) + "xf64>\n}";
  DialectRegistry registry;
  registry.insert<seqc::seq::SeqDialect, func::FuncDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module) {
    ADD_FAILURE() << "does not parse: " << text;
    return std::vector<double>(length);
  }
  std::vector<Tensor> args{row(lambda, isComplex), row(b, isComplex), row(c, isComplex), Tensor(DType::F64, {1}, dt)};
  if (!p.empty())
    args.push_back(row(p));
  llvm::Expected<std::vector<Tensor>> r = evaluate(*module->getOps<func::FuncOp>().begin(), args, {});
  if (!r) {
    ADD_FAILURE() << toString(r.takeError());
    return std::vector<double>(length);
  }
  return (*r)[0].data;
}

void expectStarts(const std::vector<double> &k, std::vector<double> expected, double tolerance = 5e-7) {
  for (auto [i, x] : llvm::enumerate(expected))
    EXPECT_NEAR(k[i], x, tolerance) << i;
}

std::vector<Z> linear(int from, int count) {
  std::vector<Z> lambda;
  for (int n = from; n < from + count; ++n)
    lambda.push_back({-0.5, M_PI * n});
  return lambda;
}
std::vector<Z> output() {
  std::vector<Z> c;
  for (int i = 0; i < 4; ++i)
    c.push_back({golden(1, i), golden(2, i)});
  return c;
}
const std::vector<Z> kOnes(4, 1.0);
} // namespace

TEST(SsmKernel, GoldenS4D) {
  expectStarts(kernel(linear(0, 4), kOnes, output(), 0.1, 6, "conjugate"), {0.705986, 0.567713, 0.292349, 0.032135, -0.092147, -0.064693});
  expectStarts(kernel(linear(0, 4), kOnes, output(), 0.1, 6, "conjugate, discretization = \"bilinear\""), {0.690066, 0.571596, 0.323197, 0.065745, -0.088946, -0.101074});
}

TEST(SsmKernel, GoldenDss) {
  expectStarts(kernel(linear(1, 4), kOnes, output(), 0.1, 8, "discretization = \"softmax\""), {-0.232547, -0.108096, 0.053916, 0.124473, 0.083726});
  expectStarts(kernel(linear(1, 4), kOnes, output(), 0.1, 8, ""), {0.331896, 0.155874, -0.083061, -0.191611, -0.135329});
}

/// HiPPO-LegS of size 8 in the eigenbasis of its normal part; the four eigenvalues with positive imaginary part.
TEST(SsmKernel, GoldenS4) {
  const std::vector<Z> lambda = {{-0.5, 0.42748871228585933}, {-0.5, 1.9577941509028056}, {-0.5, 5.3542085150308774}, {-0.5, 19.857410370970577}};
  const std::vector<Z> b = {{-0.60764770319313899, 0.51952506832298972}, {-0.29074055409407162, 1.1384203124712244}, {-0.17144282224579599, 1.8358812374187319}, {-0.12977502729559715, 5.1539919458251759}};
  const std::vector<Z> c = {{-0.33072750307833432, -0.13184745677305615}, {-0.236372907628912, -0.24827229210301885}, {-0.30791040402706782, -0.30266162597562629}, {-1.2275171086290264, -0.071575094461131}};
  const std::vector<Z> p = {{-0.42967181150029915, 0.36735969880759067}, {-0.20558461736585221, 0.80498472278891131}, {-0.12122838219576232, 1.298164072431935}, {-0.091764801829385845, 3.6444226550738303}};
  std::vector<double> k = kernel(lambda, b, c, 0.1, 16, "conjugate, discretization = \"bilinear\"", p);
  expectStarts(k, {0.483492, 0.313178, -0.047170, -0.058178, 0.027246, 0.071333});
  EXPECT_NEAR(k[15], 0.016966, 5e-7);
  // Convolved with u = g(2).
  for (auto [t, expected] : {std::pair(12, 0.297177), {13, 0.504930}, {14, 0.644821}, {15, 0.694879}}) {
    double y = 0;
    for (int s = 0; s <= t; ++s)
      y += k[t - s] * golden(2, s);
    EXPECT_NEAR(y, expected, 5e-7) << t;
  }
}

TEST(SsmKernel, WithoutCouplingLowRankIsDiagonal) {
  std::vector<double> diagonal = kernel(linear(0, 4), kOnes, output(), 0.1, 20, "conjugate, discretization = \"bilinear\"");
  expectStarts(kernel(linear(0, 4), kOnes, output(), 0.1, 20, "conjugate, discretization = \"bilinear\"", std::vector<Z>(4, 0.0)), diagonal, 1e-13);
}

/// The recurrence against the closed form, far out.
TEST(SsmKernel, PowersAreExponentials) {
  Z lambda(-0.001, 3), c(0.5, -1);
  std::vector<double> k = kernel({lambda}, {Z(2, 1)}, {c}, 0.3, 3000, "conjugate");
  for (int l : {0, 1, 17, 2999}) {
    Z expected = 2.0 * c * Z(2, 1) * (std::exp(0.3 * lambda) - 1.0) / lambda * std::exp(0.3 * l * lambda);
    EXPECT_NEAR(k[l], expected.real(), 1e-11) << l;
  }
}

TEST(SsmKernel, ZeroEigenvalueIntegrates) {
  expectStarts(kernel({0.0}, {3.0}, {2.0}, 0.25, 3, ""), {1.5, 1.5, 1.5}, 0);
  expectStarts(kernel({0.0}, {3.0}, {2.0}, 0.25, 3, "discretization = \"bilinear\""), {1.5, 1.5, 1.5}, 0);
  expectStarts(kernel({-2.0}, {1.0}, {1.0}, 1.0, 3, "discretization = \"bilinear\"", {}, false), {0.5, 0, 0}, 0);
}

TEST(SsmKernel, RealParametersAreComplexOnesWithoutImaginaryPart) {
  for (const char *rule : {"discretization = \"zoh\"", "discretization = \"bilinear\"", "discretization = \"softmax\""})
    expectStarts(kernel({-0.3, -2.0}, {1.0, 0.5}, {-1.0, 2.0}, 0.7, 9, rule, {}, false), kernel({-0.3, -2.0}, {1.0, 0.5}, {-1.0, 2.0}, 0.7, 9, rule), 1e-14);
}

/// Convolution with the kernel against seq.linear_scan of every state: y_t = 2 Re sum_n c_n h[n, t].
TEST(SsmKernel, ConvolutionIsRecurrence) {
  constexpr int kLength = 23;
  const double dt = 0.2;
  std::vector<Z> lambda = linear(0, 4), c = output(), b{{1, 0.5}, {-0.3, 1}, {0.2, -2}, {1, 1}};
  for (bool bilinear : {false, true}) {
    std::vector<double> k = kernel(lambda, b, c, dt, kLength, bilinear ? "conjugate, discretization = \"bilinear\"" : "conjugate");
    Tensor a(DType::C128, {4}), inputs(DType::C128, {1, 4, kLength});
    for (int n = 0; n < 4; ++n) {
      Z z = dt * lambda[n], abar = bilinear ? (1.0 + z / 2.0) / (1.0 - z / 2.0) : std::exp(z);
      Z bbar = bilinear ? b[n] * dt / (1.0 - z / 2.0) : b[n] * (std::exp(z) - 1.0) / lambda[n];
      a.setComplex(n, abar);
      for (int t = 0; t < kLength; ++t)
        inputs.setComplex({0, n, t}, bbar * golden(2, t));
    }
    MLIRContext context;
    context.loadDialect<seqc::seq::SeqDialect, func::FuncDialect>();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(func.func @f(%a: tensor<4xcomplex<f64>>, %b: tensor<1x4x23xcomplex<f64>>) -> tensor<1x4x23xcomplex<f64>> {
      %h = seq.linear_scan %a, %b : tensor<4xcomplex<f64>>, tensor<1x4x23xcomplex<f64>> -> tensor<1x4x23xcomplex<f64>>
      return %h : tensor<1x4x23xcomplex<f64>>
    })",
                                                               &context);
    ASSERT_TRUE(module);
    llvm::Expected<std::vector<Tensor>> h = evaluate(*module->getOps<func::FuncOp>().begin(), {a, inputs}, {});
    ASSERT_TRUE(bool(h)) << toString(h.takeError());
    for (int t = 0; t < kLength; ++t) {
      double convolved = 0, stepped = 0;
      for (int s = 0; s <= t; ++s)
        convolved += k[t - s] * golden(2, s);
      for (int n = 0; n < 4; ++n)
        stepped += 2 * (c[n] * (*h)[0].complexAt({0, n, t})).real();
      EXPECT_NEAR(convolved, stepped, 1e-12) << t;
    }
  }
}

/// Sum over lengths of a softmax kernel with c = lambda: every eigenvalue contributes 1.
TEST(SsmKernel, SoftmaxWeightsSumToOne) {
  std::vector<Z> lambda = linear(1, 4);
  std::vector<double> k = kernel(lambda, kOnes, lambda, 0.1, 37, "discretization = \"softmax\"");
  double sum = 0;
  for (double x : k)
    sum += x;
  EXPECT_NEAR(sum, 4, 1e-12);
}
