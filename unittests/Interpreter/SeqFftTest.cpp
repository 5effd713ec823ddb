// SPDX-License-Identifier: Apache-2.0
// Transforms and products of factors in the reference interpreter: against direct sums, against published layer definitions, and properties.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace seqc::interp;

namespace {
using Z = std::complex<double>;

/// sin(1.3 s + 0.37 i)
Tensor wave(int s, std::vector<int64_t> shape) {
  Tensor t(DType::F64, std::move(shape));
  for (size_t i = 0; i < t.data.size(); ++i)
    t.data[i] = std::sin(1.3 * s + 0.37 * i);
  return t;
}

Tensor complexWave(int s, std::vector<int64_t> shape) {
  Tensor t(DType::C128, shape), re = wave(s, shape), im = wave(s + 1, shape);
  for (int64_t i = 0; i < t.size(); ++i)
    t.setComplex(i, {re.data[i], im.data[i]});
  return t;
}

std::string type(const Tensor &t) {
  std::string text = "tensor<";
  for (int64_t d : t.shape)
    text += std::to_string(d) + "x";
  return text + (isComplex(t.dtype) ? "complex<f64>" : "f64") + ">";
}

Tensor like(DType t, std::vector<int64_t> shape) { return Tensor(t, std::move(shape)); }

/// `op` with operands %a0, %a1, ..; its text up to the types.
Tensor run(const std::string &op, const std::vector<Tensor> &args, const Tensor &result) {
  std::string text = "func.func @f(";
  for (size_t i = 0; i < args.size(); ++i)
    text += (i ? ", %a" : "%a") + std::to_string(i) + ": " + type(args[i]);
  text += ") -> " + type(result) + " {\n %r = " + op + " : " + type(args[0]) + " -> " + type(result) + "\n return %r : " + type(result) + "\n}";
  DialectRegistry registry;
  registry.insert<seqc::seq::SeqDialect, func::FuncDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module) {
    ADD_FAILURE() << text;
    return result;
  }
  llvm::Expected<std::vector<Tensor>> r = evaluate(*module->getOps<func::FuncOp>().begin(), args, SeqOptions{});
  if (!r) {
    ADD_FAILURE() << toString(r.takeError());
    return result;
  }
  return (*r)[0];
}

Tensor fft(const Tensor &x, bool inverse = false) { return run(inverse ? "seq.fft %a0 {inverse}" : "seq.fft %a0", {x}, x); }

Tensor rfft(const Tensor &x) {
  std::vector<int64_t> shape = x.shape;
  shape.back() = shape.back() / 2 + 1;
  return run("seq.rfft %a0", {x}, like(DType::C128, shape));
}

Tensor irfft(const Tensor &x, int64_t n) {
  std::vector<int64_t> shape = x.shape;
  shape.back() = n;
  return run("seq.irfft %a0 {n = " + std::to_string(n) + "}", {x}, like(DType::F64, shape));
}

void expectNear(const Tensor &a, const Tensor &b, double tolerance) {
  ASSERT_EQ(a.shape, b.shape);
  ASSERT_EQ(a.dtype, b.dtype);
  for (size_t i = 0; i < a.data.size(); ++i)
    ASSERT_NEAR(a.data[i], b.data[i], tolerance) << i;
}

std::string factorTypes(const std::vector<Tensor> &factors) {
  std::string names, types;
  for (size_t i = 0; i < factors.size(); ++i) {
    names += (i ? ", %a" : "%a") + std::to_string(i + 1);
    types += (i ? ", " : "") + type(factors[i]);
  }
  return factors.empty() ? "" : " factors(" + names + " : " + types + ")";
}

Tensor butterfly(const Tensor &x, const std::vector<Tensor> &factors, const std::string &rest, const Tensor &result) {
  std::vector<Tensor> args{x};
  args.insert(args.end(), factors.begin(), factors.end());
  return run("seq.butterfly %a0" + factorTypes(factors) + " " + rest, args, result);
}

Tensor shaped(Tensor t, std::vector<int64_t> shape) {
  t.shape = std::move(shape);
  return t;
}

const int64_t kLengths[] = {1, 2, 3, 4, 8, 15, 16, 17, 30, 127, 128, 1000};
} // namespace

TEST(SeqFft, IsTheSum) {
  for (int64_t n : {1, 2, 3, 6, 12, 17, 30}) {
    Tensor x = complexWave(3, {2, n}), y = fft(x);
    for (int64_t row = 0; row < 2; ++row)
      for (int64_t k = 0; k < n; ++k) {
        Z sum = 0;
        for (int64_t i = 0; i < n; ++i)
          sum += x.complexAt({row, i}) * std::exp(Z(0, -2 * M_PI * static_cast<double>(i * k) / static_cast<double>(n)));
        EXPECT_LE(std::abs(sum - y.complexAt({row, k})), 1e-12) << n << ", " << k;
      }
  }
}

TEST(SeqFft, KnownValues) {
  Tensor y = rfft(wave(1, {16}));
  EXPECT_LE(std::abs(y.complexAt(1) - Z(7.031857, -3.576023)), 2e-6);
  EXPECT_LE(std::abs(y.complexAt(2) - Z(0.339739, -0.247846)), 2e-6);
  EXPECT_LE(std::abs(y.complexAt(8) - Z(0.109338, 0)), 2e-6);
}

TEST(SeqFft, RoundTrips) {
  for (int64_t n : kLengths) {
    Tensor x = complexWave(2, {3, n}), r = wave(5, {3, n});
    expectNear(fft(fft(x), true), x, 1e-12);
    expectNear(irfft(rfft(r), n), r, 1e-12);
  }
}

TEST(SeqFft, KeepsEnergy) {
  for (int64_t n : kLengths) {
    Tensor x = complexWave(2, {n}), y = fft(x);
    double before = 0, after = 0;
    for (int64_t i = 0; i < n; ++i)
      before += std::norm(x.complexAt(i)), after += std::norm(y.complexAt(i));
    EXPECT_NEAR(after / static_cast<double>(n), before, 1e-12 * before);
  }
}

TEST(SeqFft, ImpulseGivesAWave) {
  for (int64_t n : kLengths) {
    Tensor x(DType::C128, {n});
    x.setComplex(n - 1, 1.0);
    Tensor y = fft(x);
    for (int64_t k = 0; k < n; ++k)
      EXPECT_LE(std::abs(y.complexAt(k) - std::exp(Z(0, 2 * M_PI * static_cast<double>(k) / static_cast<double>(n)))), 1e-12);
  }
}

TEST(SeqFft, RealTransformIsHalfOfTheComplexOne) {
  for (int64_t n : kLengths) {
    Tensor r = wave(4, {n}), x(DType::C128, {n});
    for (int64_t i = 0; i < n; ++i)
      x.setComplex(i, r.data[i]);
    Tensor half = rfft(r), whole = fft(x);
    for (int64_t k = 0; k <= n / 2; ++k)
      EXPECT_LE(std::abs(half.complexAt(k) - whole.complexAt(k)), 1e-12);
  }
}

TEST(SeqFft, InverseRealIgnoresImaginaryEnds) {
  for (int64_t n : {1, 2, 5, 8}) {
    Tensor x = rfft(wave(4, {n})), y = x;
    y.setComplex(0, {x.complexAt(0).real(), 7.0});
    if (n % 2 == 0)
      y.setComplex(n / 2, {x.complexAt(n / 2).real(), -3.0});
    expectNear(irfft(y, n), irfft(x, n), 1e-13);
  }
}

TEST(SeqButterfly, DftIsAProductOfStages) {
  Tensor x = complexWave(1, {2, 60});
  std::string digits = "{output_digits = array<i64: 3, 4, 5>, output_permutation = array<i64: 2, 1, 0>}";
  expectNear(butterfly(x, {}, "[#seq.stage<dft [1, 3, 20]>, #seq.stage<dft [3, 4, 5]>, #seq.stage<dft [12, 5, 1]>] " + digits, x), fft(x), 1e-12);
}

TEST(SeqButterfly, TransposedStagesGoBack) {
  Tensor x = complexWave(1, {60});
  std::string forward = "#seq.stage<dft [1, 3, 20]>, #seq.stage<dft [3, 20, 1]>", back = "#seq.stage<inverse_dft_transposed [3, 20, 1]>, #seq.stage<inverse_dft_transposed [1, 3, 20]>";
  expectNear(butterfly(x, {}, "[" + forward + ", " + back + "] {scale = " + std::to_string(1 / 60.0) + " : f64}", x), x, 1e-4);
  expectNear(butterfly(x, {}, "[" + forward + ", " + back + "] {scale = 0x3F91111111111111 : f64}", x), x, 1e-12); // 1/60
}

TEST(SeqButterfly, PadsTruncatesAndTakesRealParts) {
  Tensor x = wave(1, {5}), padded(DType::C128, {8});
  for (int64_t i = 0; i < 5; ++i)
    padded.setComplex(i, x.data[i]);
  Tensor y = butterfly(x, {}, "[#seq.stage<dft [1, 8, 1]>]", like(DType::F64, {3})), whole = fft(padded);
  for (int64_t k = 0; k < 3; ++k)
    EXPECT_NEAR(y.data[k], whole.complexAt(k).real(), 1e-13);
}

TEST(SeqButterfly, InputPermutationIsThatOfTheView) {
  Tensor x = wave(1, {6}), w(DType::F64, {1, 1, 1, 6, 6});
  for (int64_t i = 0; i < 6; ++i)
    w.at({0, 0, 0, i, i}) = 1;
  Tensor y = butterfly(x, {w}, "[#seq.stage<matrix [1, 6, 1]>] {input_digits = array<i64: 2, 3>, input_permutation = array<i64: 1, 0>}", x);
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 2; ++j)
      EXPECT_EQ(y.data[i * 2 + j], x.data[j * 3 + i]);
}

// w1 [k, q, p] = [2, 3, 2], w2 [l, s, r] = [3, 2, 2]
TEST(SeqButterfly, MonarchKnownValues) {
  Tensor w1 = shaped(wave(1, {2, 3, 2}), {1, 2, 1, 3, 2}), w2 = shaped(wave(2, {3, 2, 2}), {1, 1, 3, 2, 2});
  Tensor y = butterfly(wave(3, {4}), {w1, w2}, "[#seq.stage<matrix [2, 2 -> 3, 1]>, #seq.stage<matrix [1, 2, 3]>]", like(DType::F64, {6}));
  double expected[] = {-0.631207, -0.804732, -0.436546, -0.240654, -0.432700, 0.642278};
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_NEAR(y.data[i], expected[i], 1e-6) << i;
}

// Twiddles [factor, pair in the order (block, offset), 2, 2], strides 1, 2, 4.
TEST(SeqButterfly, ButterflyKnownValues) {
  Tensor all = wave(1, {3, 4, 2, 2});
  std::vector<Tensor> factors;
  std::string stages;
  for (int64_t i = 0; i < 3; ++i) {
    int64_t s = int64_t(1) << i;
    Tensor f(DType::F64, {1, 4 / s, s, 2, 2});
    std::copy_n(all.data.begin() + i * 16, 16, f.data.begin());
    factors.push_back(f);
    stages += (i ? ", " : "") + ("#seq.stage<matrix [" + std::to_string(4 / s) + ", 2, " + std::to_string(s) + "]>");
  }
  Tensor y = butterfly(wave(2, {8}), factors, "[" + stages + "]", like(DType::F64, {8}));
  double expected[] = {-1.166796, -0.098736, 1.371539, 0.471636, -1.289088, 0.200861, 1.768255, 0.149794};
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_NEAR(y.data[i], expected[i], 1e-6) << i;
}

// A learned block FFT that starts from the DFT matrices is the DFT; rows have matrices of their own.
TEST(SeqButterfly, TwiddledMatricesPerRow) {
  Tensor x = complexWave(1, {3, 2, 16}), w(DType::C128, {2, 1, 1, 4, 4});
  for (int64_t q = 0; q < 4; ++q)
    for (int64_t p = 0; p < 4; ++p) {
      Z root = std::polar(1.0, -2 * M_PI * static_cast<double>(q * p) / 4);
      w.setComplex({0, 0, 0, q, p}, root);
      w.setComplex({1, 0, 0, q, p}, 2.0 * root);
    }
  std::string stages = "[#seq.stage<twiddled [1, 4, 4]>, #seq.stage<dft [4, 4, 1]>] {output_digits = array<i64: 4, 4>, output_permutation = array<i64: 1, 0>}";
  Tensor y = butterfly(x, {w}, stages, x), z = fft(x);
  for (int64_t b = 0; b < 3; ++b)
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t k = 0; k < 16; ++k)
        EXPECT_LE(std::abs(y.complexAt({b, h, k}) - static_cast<double>(h + 1) * z.complexAt({b, h, k})), 1e-12);
}
