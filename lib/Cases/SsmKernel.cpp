// SPDX-License-Identifier: Apache-2.0
// seq.ssm_kernel: eigenvalues as models have them, -1/2 + i pi n and the like, over steps, lengths and numbers of states.
#include "Lists.h"
#include <cmath>

namespace seqc::cases {

using interp::DType;

namespace {
struct Variant {
  const char *name, *rule;
  bool conjugate, isComplex;
  int64_t states;
  double step, spread; ///< dt, and the largest imaginary part in units of pi
};

constexpr Variant kVariants[] = {{"zoh", "zoh", true, true, 4, 0.1, 4},           {"zoh_full", "zoh", false, true, 5, 0.05, 20},   {"bilinear", "bilinear", true, true, 4, 0.1, 4},
                                 {"softmax", "softmax", false, true, 4, 0.1, 4}, {"real", "zoh", false, false, 3, 0.2, 0},      {"real_bilinear", "bilinear", false, false, 2, 5, 0},
                                 {"many_states", "zoh", true, true, 40, 0.01, 400}};

/// lambda[d, n] = -1/2 - n/8 + i pi spread (n + 1) / N, shifted a little for each channel; the first is 0 where that has a meaning.
std::vector<double> eigenvalues(const Variant &v, int64_t channels) {
  std::vector<double> values;
  for (int64_t d = 0; d < channels; ++d)
    for (int64_t n = 0; n < v.states; ++n) {
      bool zero = d == 1 && n == 0 && llvm::StringRef(v.rule) != "softmax";
      values.push_back(zero ? 0 : -0.5 - static_cast<double>(n) / 8 - static_cast<double>(d) / 16);
      if (v.isComplex)
        values.push_back(zero ? 0 : M_PI * v.spread * static_cast<double>(n + 1) / static_cast<double>(v.states));
    }
  for (double &x : values)
    x = interp::roundTo(DType::F32, x);
  return values;
}

std::vector<double> steps(const Variant &v, int64_t channels) {
  std::vector<double> values;
  for (int64_t d = 0; d < channels; ++d)
    values.push_back(interp::roundTo(DType::F32, v.step / (1 + static_cast<double>(d))));
  return values;
}

std::string text(const Value &lambda, const Value &b, const Value &c, const Value &dt, const std::string &options, const std::string &attributes, const Shape &shape) {
  Value k{"", shape, dt.type};
  return "seq.ssm_kernel " + lambda.id + ", " + b.id + ", " + c.id + ", " + dt.id + options + " {" + attributes + "} : " + lambda.tensor() + ", " + b.tensor() + ", " + c.tensor() +
         ", " + dt.tensor() + " -> " + k.tensor();
}

/// `dynamic`: L is that of an input, and an epilogue follows.
Case diagonal(const Variant &v, int64_t d, int64_t l, bool dynamic, DType t = DType::F32) {
  Graph g(t);
  std::string real = g.type(), type = v.isComplex ? "complex<" + real + ">" : real, attributes = std::string("discretization = \"") + v.rule + "\"" + (v.conjugate ? ", conjugate" : "");
  Extent channels("D", d), length = dynamic ? Extent("L", l) : Extent(l);
  Value lambda = g.literal("lambda", {channels, v.states}, eigenvalues(v, d), type), dt = g.literal("dt", {channels}, steps(v, d), real);
  Value b = g.input("b", {channels, v.states}, Fill::Normal, 1, type), c = g.input("c", {channels, v.states}, Fill::Normal, 1, type);
  double flops = 4.0 * static_cast<double>(v.states * d * l);
  if (dynamic) {
    Value window = g.input("window", {length}, Fill::Positive, 1);
    Value k = g.raw(text(lambda, b, c, dt, " length(" + g.size(length) + ")", attributes, {channels, length}), {channels, length}, real, flops);
    g.result(g.op("arith.mulf", {k, g.broadcast(window, {channels, length}, {0})}));
  } else {
    g.result(g.raw(text(lambda, b, c, dt, "", attributes, {channels, length}), {channels, length}, real, flops));
  }
  // Three functions one after the other for bbar, three for a power; angles are within 4 units of 2^-24.
  return g.finish("ssm_kernel", v.name + std::string(dynamic ? "" : ",L=" + std::to_string(l)), {2 * v.states, 4, 20, 1, 8});
}

/// The rounding errors of as many steps as the memory is long add up.
Case lowRank(int64_t d, int64_t l, int64_t n) {
  Graph g(DType::F32);
  Variant v{"low_rank", "bilinear", true, true, n, 0.1, static_cast<double>(n)};
  Extent channels("D", d), length("L", l);
  std::vector<double> lambda = eigenvalues(v, d);
  Value a = g.literal("lambda", {channels, n}, lambda, "complex<f32>"), dt = g.literal("dt", {channels}, steps(v, d), "f32");
  Value b = g.input("b", {channels, n}, Fill::Normal, 1, "complex<f32>"), c = g.input("c", {channels, n}, Fill::Normal, 1, "complex<f32>"),
        p = g.input("p", {channels, n}, Fill::Normal, 0.7, "complex<f32>"), like = g.input("like", {length}, Fill::Normal, 1);
  Shape shape{channels, length};
  Value k = g.raw(text(a, b, c, dt, " low_rank(" + p.id + " : " + p.tensor() + ") length(" + g.size(length) + ")", "discretization = \"bilinear\", conjugate", shape), shape, "f32",
                  36.0 * static_cast<double>(n * d * l));
  g.result(g.op("arith.addf", {k, g.broadcast(like, shape, {0})}));
  double memory = 40.0 * static_cast<double>(d); // steps after which |abar|^l is small
  return g.finish("ssm_kernel", "low_rank,N=" + std::to_string(n), {2 * n, 0, 20, 1, std::sqrt(std::min<double>(static_cast<double>(l) + 1, memory)) * 8});
}
} // namespace

Cases ssmKernelCases(Grid grid) {
  Cases cases;
  std::vector<int64_t> all = grid == Grid::Small ? std::vector<int64_t>{0, 1, 17, 129, 5000} : std::vector<int64_t>{0, 1, 2, 3, 31, 32, 33, 127, 128, 129, 1000, 4095, 4096, 4097, 20011};
  for (const Variant &v : kVariants)
    for (int64_t l : all) {
      bool isDefined = l > 0 || llvm::StringRef(v.rule) != "softmax";
      if (isDefined && (v.states < 16 || l < 5000))
        cases.push_back(diagonal(v, l > 1000 ? 1 : 3, l, true));
    }
  for (int64_t l : {1, 100})
    cases.push_back(diagonal(kVariants[0], 3, l, false));
  for (const Variant &v : kVariants) // short: the truth is a recurrence in f64 itself
    cases.push_back(diagonal(v, 2, 33, true, DType::F64));
  cases.push_back(diagonal(kVariants[2], 0, 9, true));
  for (auto [l, n] : {std::pair<int64_t, int64_t>(0, 4), {1, 1}, {17, 4}, {100, 5}, {130, 32}})
    cases.push_back(lowRank(2, l, n));
  return cases;
}

} // namespace seqc::cases
