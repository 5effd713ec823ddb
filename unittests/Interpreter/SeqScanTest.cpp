// SPDX-License-Identifier: Apache-2.0
// seq.linear_scan and seq.selective_scan in the reference interpreter: published values, and what every option must mean.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>
#include <complex>

using namespace mlir;
using namespace seqc::interp;

namespace {
using Z = std::complex<double>;

/// sin(1.3 s + 0.37 i): values that other implementations can make too.
double wave(int s, int64_t i) { return std::sin(1.3 * s + 0.37 * i); }

Tensor waves(int s, std::vector<int64_t> shape) {
  Tensor t(DType::F64, std::move(shape));
  for (int64_t i = 0; i < t.size(); ++i)
    t.data[i] = wave(s, i);
  return t;
}

/// The tensor with each element passed through `f`.
template <typename F> Tensor map(Tensor t, F f) {
  for (double &x : t.data)
    x = f(x);
  return t;
}

/// [B, D, from..to) of a [B, D, L] tensor, flipped along L if `flip`.
Tensor cut(const Tensor &t, int64_t from, int64_t to, bool flip = false) {
  Tensor r(t.dtype, {t.shape[0], t.shape[1], to - from});
  for (int64_t b = 0; b < t.shape[0]; ++b)
    for (int64_t d = 0; d < t.shape[1]; ++d)
      for (int64_t l = from; l < to; ++l)
        r.at({b, d, flip ? to - 1 - l : l - from}) = t.at({b, d, l});
  return r;
}

std::string type(const Tensor &t) {
  std::string text = "tensor<", element = name(t.dtype).str();
  for (int64_t d : t.shape)
    text += std::to_string(d) + "x";
  return text + (t.dtype == DType::C128 ? "complex<f64>" : element) + ">";
}

struct Result {
  Tensor h, last;
};

/// Named operands after the first ones: keyword and tensor.
using Options = std::vector<std::pair<std::string, Tensor>>;

class SeqScanTest : public ::testing::Test {
protected:
  SeqScanTest() {
    DialectRegistry registry;
    registry.insert<seqc::seq::SeqDialect, arith::ArithDialect, func::FuncDialect, tensor::TensorDialect>();
    context.appendDialectRegistry(registry);
  }

  Result run(const std::string &op, std::vector<Tensor> operands, const Options &options, const std::string &attributes, const Tensor &h, const Tensor &last) {
    size_t plain = operands.size();
    for (const auto &[keyword, tensor] : options)
      operands.push_back(tensor);
    std::string header, names, clauses, types;
    for (size_t i = 0; i < operands.size(); ++i) {
      std::string id = "%a" + std::to_string(i);
      header += (i ? ", " : "") + id + ": " + type(operands[i]);
      if (i >= plain) {
        clauses += " " + options[i - plain].first + "(" + id + " : " + type(operands[i]) + ")";
        continue;
      }
      names += (i ? ", " : "") + id;
      types += (i ? ", " : "") + type(operands[i]);
    }
    std::string results = type(h) + ", " + type(last);
    std::string text = "func.func @f(" + header + ") -> (" + results + ") {\n %h, %f = " + op + " " + names + clauses + " {" + attributes + "} : " + types + " -> " + results +
                       "\n return %h, %f : " + results + "\n}";
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    llvm::Expected<std::vector<Tensor>> r = evaluate(*module->getOps<func::FuncOp>().begin(), operands, SeqOptions{});
    EXPECT_TRUE(bool(r)) << toString(r.takeError());
    return {(*r)[0], (*r)[1]};
  }

  Result linear(const Tensor &a, const Tensor &b, const Options &options = {}, const std::string &attributes = "") {
    return run("seq.linear_scan", {a, b}, options, attributes, b, Tensor(b.dtype, {b.shape[0], b.shape[1]}));
  }

  Result selective(const Tensor &u, const Tensor &delta, const Tensor &A, const Tensor &B, const Tensor &C, const Options &options = {},
                   const std::string &attributes = "", int64_t states = 0) {
    return run("seq.selective_scan", {u, delta, A, B, C}, options, attributes, u, Tensor(DType::F64, {states ? states : u.shape[0], u.shape[1], A.shape[1]}));
  }

  MLIRContext context;
};

void expectEqual(const Tensor &a, const Tensor &b) {
  ASSERT_EQ(a.shape, b.shape);
  for (int64_t i = 0; i < static_cast<int64_t>(a.data.size()); ++i)
    EXPECT_EQ(a.data[i], b.data[i]) << "element " << i;
}

//===-- linear_scan -----------------------------------------------------------------===//

TEST_F(SeqScanTest, LinearIsTheExplicitSum) {
  Tensor a = map(waves(1, {2, 3, 9}), [](double x) { return 0.9 * x; }), b = waves(2, {2, 3, 9}), initial = waves(3, {2, 3});
  Result r = linear(a, b, {{"initial", initial}});
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t d = 0; d < 3; ++d)
      for (int64_t t = 0; t < 9; ++t) {
        double sum = 0, factor = 1;
        for (int64_t s = t; s >= 0; --s) { // b[s] times the coefficients after s
          sum += factor * b.at({i, d, s});
          factor *= a.at({i, d, s});
        }
        EXPECT_NEAR(r.h.at({i, d, t}), sum + factor * initial.at({i, d}), 1e-12);
      }
  for (int64_t d = 0; d < 3; ++d)
    EXPECT_EQ(r.last.at({1, d}), r.h.at({1, d, 8}));
}

TEST_F(SeqScanTest, LinearCutsCompose) {
  Tensor a = waves(1, {2, 3, 17}), b = waves(2, {2, 3, 17});
  Result whole = linear(a, b);
  for (int64_t at : {0, 1, 7, 17}) {
    Result first = linear(cut(a, 0, at), cut(b, 0, at));
    Result second = linear(cut(a, at, 17), cut(b, at, 17), {{"initial", first.last}});
    expectEqual(first.h, cut(whole.h, 0, at));
    expectEqual(second.h, cut(whole.h, at, 17));
    expectEqual(second.last, whole.last);
  }
}

TEST_F(SeqScanTest, ReverseIsTheFlippedScan) {
  Tensor a = waves(1, {1, 2, 8}), b = waves(2, {1, 2, 8}), initial = waves(3, {1, 2});
  Result reverse = linear(a, b, {{"initial", initial}}, "reverse"), forward = linear(cut(a, 0, 8, true), cut(b, 0, 8, true), {{"initial", initial}});
  expectEqual(reverse.h, cut(forward.h, 0, 8, true));
  expectEqual(reverse.last, forward.last);
}

TEST_F(SeqScanTest, ConstantCoefficients) {
  Tensor a = waves(1, {3}), b = waves(2, {2, 3, 6}), spread(DType::F64, {2, 3, 6});
  for (int64_t i = 0; i < spread.size(); ++i)
    spread.data[i] = a.data[i / 6 % 3];
  expectEqual(linear(a, b).h, linear(spread, b).h);
}

TEST_F(SeqScanTest, EmptySequenceKeepsTheState) {
  Tensor initial = waves(3, {2, 3});
  expectEqual(linear(waves(1, {3}), Tensor(DType::F64, {2, 3, 0}), {{"initial", initial}}).last, initial);
}

/// LRU (Orvieto et al., 2023): complex diagonal recurrence, real input and output.
TEST_F(SeqScanTest, ComplexGoldenLru) {
  constexpr int64_t kStates = 3, kWidth = 2, kLength = 8;
  Tensor a(DType::C128, {kStates}), b(DType::C128, {1, kStates, kLength});
  for (int64_t n = 0; n < kStates; ++n) {
    Z lambda = std::exp(Z(-std::exp(wave(1, n)), std::exp(wave(2, n))));
    a.setComplex(n, lambda);
    for (int64_t t = 0; t < kLength; ++t) {
      Z x = 0;
      for (int64_t i = 0; i < kWidth; ++i)
        x += Z(wave(3, n * kWidth + i), wave(4, n * kWidth + i)) * wave(7, t * kWidth + i);
      b.setComplex({0, n, t}, std::sqrt(1 - std::norm(lambda)) * x);
    }
  }
  Result r = linear(a, b);
  const double expected[] = {-0.732621, -2.859629};
  for (int64_t i = 0; i < kWidth; ++i) {
    Z y = 0;
    for (int64_t n = 0; n < kStates; ++n)
      y += Z(wave(5, i * kStates + n), wave(6, i * kStates + n)) * r.h.complexAt({0, n, kLength - 1});
    EXPECT_NEAR(y.real() + 0.5 * wave(7, (kLength - 1) * kWidth + i), expected[i], 1e-6);
  }
  EXPECT_EQ(r.last.complexAt({0, 1}), r.h.complexAt({0, 1, kLength - 1}));
}

/// RG-LRU (De et al., 2024) with gates from the input; the input multiplier is 1 at the first step.
TEST_F(SeqScanTest, GoldenRgLru) {
  auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  Tensor a(DType::F64, {1, 1, 6}), b(DType::F64, {1, 1, 6});
  for (int64_t t = 0; t < 6; ++t) {
    double gate = -8 * sigmoid(wave(2, t)) * std::log1p(std::exp(0.5));
    a.data[t] = std::exp(gate);
    b.data[t] = (t ? std::sqrt(-std::expm1(2 * gate)) : 1) * sigmoid(wave(3, t)) * wave(1, t);
  }
  EXPECT_NEAR(linear(a, b).last.data[0], 0.011833, 1e-6);
}

//===-- selective_scan ----------------------------------------------------------------===//

/// [L, n] of a wave as [1, n, L] or, with groups, [1, 1, n, L].
Tensor timeLast(int s, int64_t length, int64_t n, bool grouped) {
  Tensor t(DType::F64, grouped ? std::vector<int64_t>{1, 1, n, length} : std::vector<int64_t>{1, n, length});
  for (int64_t l = 0; l < length; ++l)
    for (int64_t i = 0; i < n; ++i)
      t.data[i * length + l] = wave(s, l * n + i);
  return t;
}

/// Mamba (Gu and Dao, 2023), two channels, three states.
TEST_F(SeqScanTest, SelectiveGoldenMamba) {
  Tensor A = map(waves(1, {2, 3}), [](double x) { return -std::exp(x); }), D(DType::F64, {2}, 0.5);
  Result r = selective(timeLast(5, 6, 2, false), timeLast(2, 6, 2, false), A, timeLast(3, 6, 3, true), timeLast(4, 6, 3, true), {{"D", D}}, "delta_softplus");
  EXPECT_NEAR(r.h.at({0, 0, 5}), -0.869285, 1e-6);
  EXPECT_NEAR(r.h.at({0, 1, 5}), -1.171557, 1e-6);
}

/// All options on, with two groups.
struct Mamba {
  Tensor u = waves(1, {2, 4, 11}), delta = waves(2, {2, 4, 11}), A = map(waves(3, {4, 3}), [](double x) { return -std::exp(x); }), B = waves(4, {2, 2, 3, 11}),
         C = waves(5, {2, 2, 3, 11}), D = waves(6, {4}), z = waves(7, {2, 4, 11}), bias = waves(8, {4}), initial = waves(9, {2, 4, 3});
};

TEST_F(SeqScanTest, SelectiveIsLinearScansOfItsStates) {
  Mamba m;
  Result r = selective(m.u, m.delta, m.A, m.B, m.C, {{"D", m.D}, {"z", m.z}, {"delta_bias", m.bias}, {"initial", m.initial}}, "delta_softplus");
  Tensor y(DType::F64, m.u.shape);
  for (int64_t n = 0; n < 3; ++n) {
    Tensor a(DType::F64, m.u.shape), b = a, start(DType::F64, {2, 4});
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t d = 0; d < 4; ++d) {
        start.at({i, d}) = m.initial.at({i, d, n});
        for (int64_t t = 0; t < 11; ++t) {
          double dt = std::log1p(std::exp(m.delta.at({i, d, t}) + m.bias.at({d})));
          a.at({i, d, t}) = std::exp(dt * m.A.at({d, n}));
          b.at({i, d, t}) = dt * m.u.at({i, d, t}) * m.B.at({i, d / 2, n, t});
        }
      }
    Result state = linear(a, b, {{"initial", start}});
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t d = 0; d < 4; ++d) {
        EXPECT_NEAR(r.last.at({i, d, n}), state.last.at({i, d}), 1e-12);
        for (int64_t t = 0; t < 11; ++t)
          y.at({i, d, t}) += m.C.at({i, d / 2, n, t}) * state.h.at({i, d, t});
      }
  }
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t d = 0; d < 4; ++d)
      for (int64_t t = 0; t < 11; ++t) {
        double z = m.z.at({i, d, t});
        EXPECT_NEAR(r.h.at({i, d, t}), (y.at({i, d, t}) + m.D.at({d}) * m.u.at({i, d, t})) * z / (1 + std::exp(-z)), 1e-12);
      }
}

/// Sequences of a packed call are calls of their own; the rest is 0.
TEST_F(SeqScanTest, PackedSequencesAreSeparate) {
  Tensor u = waves(1, {1, 2, 12}), delta = map(waves(2, {1, 2, 12}), [](double x) { return std::abs(x); }), A = map(waves(3, {2, 3}), [](double x) { return -std::exp(x); }),
         B = waves(4, {1, 1, 3, 12}), C = waves(5, {2, 3}), initial = waves(6, {3, 2, 3}), ends(DType::I32, {4});
  ends.data = {0, 4, 4, 10};
  Result r = selective(u, delta, A, B, C, {{"initial", initial}, {"cu_seqlens", ends}}, "", 3);
  auto part = [](const Tensor &t, int64_t from, int64_t to) { // along the last dim
    Tensor p(t.dtype, t.shape);
    p.shape.back() = to - from;
    p.data.clear();
    for (int64_t i = 0; i < t.size(); ++i)
      if (i % t.shape.back() >= from && i % t.shape.back() < to)
        p.data.push_back(t.data[i]);
    return p;
  };
  for (int64_t s = 0; s < 3; ++s) {
    int64_t from = static_cast<int64_t>(ends.data[s]), to = static_cast<int64_t>(ends.data[s + 1]);
    Tensor start(DType::F64, {1, 2, 3});
    std::copy_n(initial.data.begin() + s * 6, 6, start.data.begin());
    Result alone = selective(part(u, from, to), part(delta, from, to), A, part(B, from, to), C, {{"initial", start}});
    expectEqual(part(r.h, from, to), alone.h);
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_EQ(r.last.data[s * 6 + i], alone.last.data[i]);
  }
  for (double x : part(r.h, 10, 12).data)
    EXPECT_EQ(x, 0);
}

TEST_F(SeqScanTest, LaterInputsChangeNothingBefore) {
  Mamba m;
  Result before = selective(m.u, m.delta, m.A, m.B, m.C);
  m.u.at({0, 1, 6}) += 1;
  Result after = selective(m.u, m.delta, m.A, m.B, m.C);
  expectEqual(cut(before.h, 0, 6), cut(after.h, 0, 6));
  EXPECT_NE(before.h.at({0, 1, 6}), after.h.at({0, 1, 6}));
}

/// Above 20 a step is taken as it is; far below 0 it keeps its relative precision.
TEST_F(SeqScanTest, SoftplusOfSteps) {
  Tensor u(DType::F64, {1, 1, 3}, 1.0), delta(DType::F64, {1, 1, 3}), A(DType::F64, {1, 1}, 0.0), one(DType::F64, {1, 1}, 1.0);
  delta.data = {-40, 20, 21};
  Result r = selective(u, delta, A, one, one, {}, "delta_softplus"); // A = 0: y is the sum of the steps
  EXPECT_DOUBLE_EQ(r.h.data[0], std::exp(-40));
  EXPECT_DOUBLE_EQ(r.h.data[1] - r.h.data[0], std::log1p(std::exp(20)));
  EXPECT_DOUBLE_EQ(r.h.data[2] - r.h.data[1], 21);
}
} // namespace
