// SPDX-License-Identifier: Apache-2.0
// Expansions of math ops against libm in double (long double for f64 forms): largest error in ulps over a sweep of bit
// patterns, and special values.
#include "CpuJit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <random>

using namespace mlir;
using namespace seqc;

namespace {

constexpr int64_t kLanes = 8;

/// out[i] = op(in[i], second[i]) by vectors of 8; args: in, second, out, count (a multiple of 8).
template <typename OpTy> void emitMap(OpBuilder &b, ValueRange args, Type element, arith::FastMathFlags flags) {
  Location loc = b.getUnknownLoc();
  auto type = VectorType::get(kLanes, element);
  auto constant = [&](int64_t n) { return arith::ConstantIntOp::create(b, loc, n, 64).getResult(); };
  unsigned align = element.getIntOrFloatBitWidth() / 8;
  auto loop = scf::ForOp::create(b, loc, constant(0), args[3], constant(kLanes));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  auto address = [&](Value base) {
    return LLVM::GEPOp::create(b, loc, base.getType(), element, base, ArrayRef<LLVM::GEPArg>{loop.getInductionVar()});
  };
  SmallVector<Value> operands;
  for (unsigned i = 0; i < OpTy::template hasTrait<OpTrait::OneOperand>() + 2 * !OpTy::template hasTrait<OpTrait::OneOperand>(); ++i)
    operands.push_back(LLVM::LoadOp::create(b, loc, type, address(args[i]), align));
  auto op = OpTy::create(b, loc, TypeRange(type), operands);
  op.setFastmath(flags);
  LLVM::StoreOp::create(b, loc, op.getResult(), address(args[2]), align);
}

using Kernel = void (*)(const void *, const void *, void *, int64_t);

template <typename OpTy> struct Mapped {
  CpuJit jit;
  Kernel kernel;
  explicit Mapped(StringRef element = "f32", arith::FastMathFlags flags = arith::FastMathFlags::none) {
    Builder types(&jit.context);
    Type type = element == "f32"    ? Type(types.getF32Type())
                : element == "f64"  ? Type(types.getF64Type())
                : element == "bf16" ? Type(types.getBF16Type())
                                    : Type(types.getF16Type());
    jit.addFunction("map", 3, 1, [&](OpBuilder &b, ValueRange args) { emitMap<OpTy>(b, args, type, flags); });
    EXPECT_TRUE(jit.compile(llvm::cantFail(CpuTarget::get("x86-64-v3"))));
    kernel = reinterpret_cast<Kernel>(jit.lookup("map"));
  }
  template <typename T> std::vector<T> operator()(std::vector<T> x, std::vector<T> y = {}) {
    size_t count = x.size();
    x.resize((count + kLanes - 1) / kLanes * kLanes);
    y.resize(x.size());
    std::vector<T> out(x.size());
    kernel(x.data(), y.data(), out.data(), x.size());
    out.resize(count);
    return out;
  }
};

/// Distance of `got` from `exact` in units of the last place of exact rounded to T; infinity when only one is NaN or
/// infinite. Exact values beyond the range of T count as infinite.
template <typename T> double ulps(T got, long double exact) {
  T rounded = static_cast<T>(exact);
  if (std::isnan(got) || std::isnan(rounded))
    return std::isnan(got) && std::isnan(rounded) ? 0 : INFINITY;
  if (std::isinf(got) || std::isinf(rounded))
    return got == rounded ? 0 : INFINITY;
  int exponent;
  std::frexp(rounded, &exponent);
  int digits = std::numeric_limits<T>::digits, least = std::numeric_limits<T>::min_exponent;
  long double unit = std::ldexp(1.0L, std::max(rounded == 0 ? least : exponent, least) - digits);
  return std::abs(static_cast<long double>(got) - exact) / unit;
}

float fromBits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Every `step`-th float of all 2^32, those with `keep`.
std::vector<float> sweep(uint64_t step, llvm::function_ref<bool(float)> keep) {
  std::vector<float> result;
  for (uint64_t bits = 0; bits < (1ull << 32); bits += step)
    if (float x = fromBits(bits); keep(x))
      result.push_back(x);
  return result;
}

template <typename OpTy>
double worst(
    long double (*exact)(long double), llvm::function_ref<bool(float)> keep = [](float) { return true; },
    arith::FastMathFlags flags = arith::FastMathFlags::none) {
  Mapped<OpTy> map("f32", flags);
  std::vector<float> x = sweep(4099, keep), y = map(x);
  double most = 0;
  size_t at = 0;
  for (size_t i = 0; i < x.size(); ++i)
    if (double error = ulps(y[i], exact(x[i])); !(error <= most))
      most = error, at = i;
  printf("  largest error %.3f ulp at %a: %a, exact %La\n", most, x[at], y[at], exact(x[at]));
  return most;
}

// libm's long double functions are the references.
#define EXACT(name) [](long double x) -> long double { return std::name(x); }

TEST(CpuMath, Exp2) { EXPECT_LE(worst<math::Exp2Op>(EXACT(exp2)), 2); }
TEST(CpuMath, Exp2Approximate) {
  EXPECT_LE(worst<math::Exp2Op>(EXACT(exp2), [](float x) { return !(x < -126); }, arith::FastMathFlags::afn), 2);
}
TEST(CpuMath, Exp) { EXPECT_LE(worst<math::ExpOp>(EXACT(exp)), 2); }
TEST(CpuMath, Log2) { EXPECT_LE(worst<math::Log2Op>(EXACT(log2)), 2); }
TEST(CpuMath, Log) { EXPECT_LE(worst<math::LogOp>(EXACT(log)), 2); }
TEST(CpuMath, Tanh) { EXPECT_LE(worst<math::TanhOp>(EXACT(tanh)), 2); }
TEST(CpuMath, Erf) { EXPECT_LE(worst<math::ErfOp>(EXACT(erf)), 2); }
TEST(CpuMath, Sin) {
  EXPECT_LE(worst<math::SinOp>(EXACT(sin), [](float x) { return !(std::abs(x) > 0x1p40f) || std::isinf(x); }), 1);
}
TEST(CpuMath, Cos) {
  EXPECT_LE(worst<math::CosOp>(EXACT(cos), [](float x) { return !(std::abs(x) > 0x1p40f) || std::isinf(x); }), 1);
}
TEST(CpuMath, Log1p) { EXPECT_LE(worst<math::Log1pOp>(EXACT(log1p)), 1); }
TEST(CpuMath, ExpM1) { EXPECT_LE(worst<math::ExpM1Op>(EXACT(expm1)), 1); }

TEST(CpuMath, NearOne) {
  // Logarithms cancel there: every float within 2^-12 of 1.
  Mapped<math::Log2Op> log2;
  std::vector<float> x;
  for (uint32_t bits = 0x3F7FE000; bits < 0x3F801000; ++bits)
    x.push_back(fromBits(bits));
  std::vector<float> y = log2(x);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_LE(ulps(y[i], std::log2((long double)x[i])), 2) << x[i];
}

TEST(CpuMath, SpecialValues) {
  float inf = INFINITY, tiny = 0x1p-149f, most = 0x1.fffffep127f;
  auto same = [](float a, float b) { return std::isnan(b) ? std::isnan(a) : a == b && std::signbit(a) == std::signbit(b); };
  auto check = [&](const char *name, std::vector<float> got, std::vector<float> want) {
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_TRUE(same(got[i], want[i])) << name << " case " << i << ": " << got[i] << ", not " << want[i];
  };
  using Floats = std::vector<float>;
  for (auto flags : {arith::FastMathFlags::none, arith::FastMathFlags::afn}) {
    check("exp2", Mapped<math::Exp2Op>("f32", flags)(Floats{-inf, inf, NAN, 0, -0.f, 128, 127, -126, -200, most, -most, 1, tiny}),
          {0, inf, NAN, 1, 1, inf, 0x1p127f, 0x1p-126f, 0, inf, 0, 2, 1});
    check("exp", Mapped<math::ExpOp>("f32", flags)(Floats{-inf, inf, NAN, 0, -0.f, 89, -200, most, -most}), {0, inf, NAN, 1, 1, inf, 0, inf, 0});
  }
  check("exp2", Mapped<math::Exp2Op>()(Floats{-149, -150, -127}), {tiny, 0, 0x1p-127f});
  check("log2", Mapped<math::Log2Op>()(Floats{0, -0.f, inf, -inf, NAN, -1, 1, 8, tiny, 0.5f}), {-inf, -inf, inf, NAN, NAN, NAN, 0, 3, -149, -1});
  check("log", Mapped<math::LogOp>()(Floats{0, inf, -inf, NAN, -1, 1}), {-inf, inf, NAN, NAN, NAN, 0});
  check("tanh", Mapped<math::TanhOp>()(Floats{0, -0.f, inf, -inf, NAN, tiny, -tiny, 20}), {0, -0.f, 1, -1, NAN, tiny, -tiny, 1});
  check("erf", Mapped<math::ErfOp>()(Floats{0, -0.f, inf, -inf, NAN, 10, -10}), {0, -0.f, 1, -1, NAN, 1, -1});
  check("sin", Mapped<math::SinOp>()(Floats{0, -0.f, inf, -inf, NAN, tiny}), {0, -0.f, NAN, NAN, NAN, tiny});
  check("cos", Mapped<math::CosOp>()(Floats{0, inf, NAN}), {1, NAN, NAN});
  check("log1p", Mapped<math::Log1pOp>()(Floats{0, -0.f, -1, -2, inf, NAN}), {0, -0.f, -inf, NAN, inf, NAN});
  check("expm1", Mapped<math::ExpM1Op>()(Floats{0, -0.f, -inf, inf, NAN, 100}), {0, -0.f, -1, inf, NAN, inf});
}

TEST(CpuMath, PowAgreesWithLibm) {
  float inf = INFINITY;
  std::vector<float> values = {0,   -0.f, 1,   -1,     2,       -2,    3,      -3,       0.5f, -0.5f, 1.5f,   -1.5f,
                               inf, -inf, NAN, 1e-40f, -1e-40f, 1e30f, -1e30f, 16777216, 33,   -33,   0.3333f};
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 8);
  std::vector<float> x, y;
  for (float a : values)
    for (float b : values)
      x.push_back(a), y.push_back(b);
  for (int i = 0; i < 20000; ++i)
    x.push_back(std::exp(normal(random))), y.push_back(normal(random));
  std::vector<float> got = Mapped<math::PowFOp>()(x, y);
  double most = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    long double exact = std::pow((long double)x[i], (long double)y[i]);
    double error = ulps(got[i], exact);
    EXPECT_LE(error, 1) << x[i] << " ^ " << y[i] << " = " << got[i];
    most = std::max(most, error);
    if (float rounded = float(exact); rounded == 0 || std::isinf(rounded))
      EXPECT_EQ(std::signbit(got[i]), std::signbit(rounded)) << x[i] << " ^ " << y[i];
  }
  printf("  largest error %.3f ulp\n", most);
}

template <typename OpTy> double worstDouble(long double (*exact)(long double), double low, double high) {
  Mapped<OpTy> map("f64");
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> x(100000);
  for (double &value : x)
    value = uniform(random);
  std::vector<double> y = map(x);
  double most = 0;
  for (size_t i = 0; i < x.size(); ++i)
    most = std::max(most, ulps(y[i], exact(x[i])));
  printf("  largest error %.3f ulp\n", most);
  return most;
}

TEST(CpuMath, Doubles) {
  EXPECT_LE(worstDouble<math::Exp2Op>(EXACT(exp2), -1080, 1030), 2);
  EXPECT_LE(worstDouble<math::ExpOp>(EXACT(exp), -750, 720), 2);
  EXPECT_LE(worstDouble<math::Log2Op>(EXACT(log2), 0, 3), 4);
  EXPECT_LE(worstDouble<math::LogOp>(EXACT(log), 0, 1e9), 4);
  for (double high : {1e-300, 1e-3, 0.7, 3.0, 25.0})
    EXPECT_LE(worstDouble<math::TanhOp>(EXACT(tanh), -high, high), 3);
  for (double high : {1e-300, 1e-3, 1.1, 3.0, 7.0})
    EXPECT_LE(worstDouble<math::ErfOp>(EXACT(erf), -high, high), 3);
  for (double high : {1e-300, 1e-3, 1.0, 100.0, 1e6, 0x1p40}) {
    EXPECT_LE(worstDouble<math::SinOp>(EXACT(sin), -high, high), 3);
    EXPECT_LE(worstDouble<math::CosOp>(EXACT(cos), -high, high), 3);
  }
  // The double closest to a multiple of pi/2 below 2^40, and special values.
  double inf = INFINITY, worst = 6381956970095103.0 * 0x1p-14;
  std::vector<double> x = {worst, 0.0, -0.0, inf, -inf, NAN, 1e308}, sin = Mapped<math::SinOp>("f64")(x), tanh = Mapped<math::TanhOp>("f64")(x), erf = Mapped<math::ErfOp>("f64")(x);
  EXPECT_LE(ulps(sin[0], std::sin((long double)worst)), 3);
  EXPECT_TRUE(std::signbit(sin[2]) && std::isnan(sin[3]) && std::isnan(sin[5]));
  for (const std::vector<double> &y : {tanh, erf}) {
    EXPECT_TRUE(y[1] == 0 && !std::signbit(y[1]) && std::signbit(y[2]));
    EXPECT_TRUE(y[3] == 1 && y[4] == -1 && std::isnan(y[5]) && y[6] == 1);
  }
}

/// Remainders are exact.
template <typename T> void remaindersAgree(StringRef element, int64_t leastExponent, int64_t mostExponent) {
  T inf = INFINITY, least = std::numeric_limits<T>::denorm_min(), most = std::numeric_limits<T>::max();
  std::vector<T> values = {0, T(-0.0), 1, -1, 3, T(0.1), T(-5.5), inf, -inf, T(NAN), least, 3 * least, most, -most, std::numeric_limits<T>::min()}, x, y;
  for (T a : values)
    for (T b : values)
      x.push_back(a), y.push_back(b);
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> digits(-2, 2);
  std::uniform_int_distribution<int64_t> exponent(leastExponent, mostExponent);
  for (int i = 0; i < 20000; ++i)
    x.push_back(T(std::ldexp(digits(random), exponent(random)))), y.push_back(T(std::ldexp(digits(random), i % 2 ? exponent(random) : 0)));
  std::vector<T> got = Mapped<arith::RemFOp>(element)(x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    T want = std::fmod(x[i], y[i]);
    bool same = std::isnan(want) ? std::isnan(got[i]) : want == got[i] && std::signbit(want) == std::signbit(got[i]);
    ASSERT_TRUE(same) << x[i] << " rem " << y[i] << " = " << got[i] << ", not " << want;
  }
}

TEST(CpuMath, RemaindersAreExact) {
  remaindersAgree<float>("f32", -148, 126);
  remaindersAgree<double>("f64", -1070, 1022);
}

TEST(CpuMath, SixteenBitTypesRoundOnce) {
  // All bf16 patterns: the result is that of f32 rounded; half an ulp of bf16 plus what f32 adds.
  std::vector<uint16_t> x(1 << 16);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = i;
  std::vector<uint16_t> tanh = Mapped<math::TanhOp>("bf16")(x), pow = Mapped<math::SinOp>("bf16")(x);
  auto value = [](uint16_t bits) { return fromBits(uint32_t(bits) << 16); };
  for (size_t i = 0; i < x.size(); ++i) {
    float in = value(i), want = std::tanh(double(in));
    if (std::isnan(in)) {
      EXPECT_TRUE(std::isnan(value(tanh[i])));
      continue;
    }
    ASSERT_LE(std::abs(value(tanh[i]) - want), std::abs(want) * 0x1.01p-8 + 0x1p-133) << in;
    if (std::abs(in) < 1e6)
      ASSERT_LE(std::abs(value(pow[i]) - std::sin(double(in))), std::abs(std::sin(double(in))) * 0x1.01p-8 + 0x1p-133) << in;
  }
}

TEST(CpuMath, NoExpansionIsAnError) {
  CpuJit jit;
  jit.addFunction("map", 3, 1, [&](OpBuilder &b, ValueRange args) { emitMap<math::AtanOp>(b, args, b.getF64Type(), arith::FastMathFlags::none); });
  std::string message;
  ScopedDiagnosticHandler handler(&jit.context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
  EXPECT_FALSE(jit.compile(llvm::cantFail(CpuTarget::get("x86-64-v3"))));
  EXPECT_NE(message.find("expects an operation with a CPU expansion, but got math.atan on 'vector<8xf64>'"), std::string::npos) << message;
}

TEST(CpuMath, TheUlpMeasureSeesErrors) {
  EXPECT_EQ(ulps(1.0f, 1.0L), 0);
  EXPECT_EQ(ulps(std::nextafter(1.0f, 2.0f), 1.0L), 1);
  EXPECT_TRUE(std::isinf(ulps(float(NAN), 1.0L)));
  EXPECT_TRUE(std::isinf(ulps(float(INFINITY), 1e38L)));
  EXPECT_EQ(ulps(0x1p-149f, 0.0L), 1);
}

} // namespace
