// SPDX-License-Identifier: Apache-2.0
// Fourier transforms of all kinds of lengths, and products of learned factors: Monarch, butterfly, block FFT.
#include "Lists.h"

namespace seqc::cases {

using interp::DType;

namespace {
std::string complexOf(DType t) { return t == DType::F64 ? "complex<f64>" : "complex<f32>"; }

/// 1: one dense stage; 2, 3: primes; 30, 127: dense; 128..4096: stages; 257, 1021: Bluestein; 6000: through memory.
std::vector<int64_t> transformLengths(Grid grid) {
  if (grid == Grid::Small)
    return {1, 2, 3, 8, 15, 16, 17, 30, 127, 128, 257, 1000, 1024, 4096};
  return {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 30, 31, 32, 33, 60, 63, 64, 65, 127, 128, 129, 251, 255, 256, 257, 360, 512, 1000, 1021, 1023, 1024, 1025, 2048, 4095, 4096, 4097, 6000, 8192};
}

/// Sums of at most 251 terms in a stage; matrices and twiddles of up to three stages are tables of sines in f32. Values of one spectrum have the size of its
/// root mean square.
Steps transformSteps(int64_t n) { return {std::min<int64_t>(n, 251), 3, 24, 1, 4}; }

/// The case of a transform of n values. Dense stages of more than 64 values whose number is not even (of these lengths) become too much code on the GPU.
Case transform(Graph &g, const std::string &name, int64_t n) {
  Case c = g.finish("fft", name + ",N=" + std::to_string(n), transformSteps(n));
  c.onGpu = !llvm::is_contained({127, 129, 251, 255, 1000, 1023, 1025, 4095, 6000}, n);
  return c;
}

Case fftCase(DType t, int64_t batch, int64_t n, bool inverse) {
  Graph g(t);
  Extent b("B", batch);
  Value x = g.input("x", {b, n}, Fill::Normal, 1, complexOf(t));
  g.result(g.raw("seq.fft " + x.id + (inverse ? " {inverse}" : "") + " : " + x.tensor() + " -> " + x.tensor(), x.shape, x.type, 8.0 * static_cast<double>(batch * n)));
  return transform(g, inverse ? "inverse" : "forward", n);
}

Value rfft(Graph &g, const Value &x, DType t) {
  Value y{"", x.shape, complexOf(t)};
  y.shape.back() = Extent(x.shape.back().size / 2 + 1);
  return g.raw("seq.rfft " + x.id + " : " + x.tensor() + " -> " + y.tensor(), y.shape, y.type, 0);
}

Value irfft(Graph &g, const Value &x, int64_t n, const std::string &type) {
  Value y{"", x.shape, type};
  y.shape.back() = Extent(n);
  return g.raw("seq.irfft " + x.id + " {n = " + std::to_string(n) + " : i64} : " + x.tensor() + " -> " + y.tensor(), y.shape, y.type, 0);
}

Case rfftCase(DType t, int64_t batch, int64_t n) {
  Graph g(t);
  Extent b("B", batch);
  Value x = g.input("x", {b, 3, n}, Fill::Normal, 1);
  g.result(rfft(g, x, t));
  return transform(g, "real", n);
}

Case irfftCase(DType t, int64_t batch, int64_t n) {
  Graph g(t);
  Extent b("B", batch);
  Value x = g.input("x", {b, n / 2 + 1}, Fill::Normal, 1, complexOf(t));
  g.result(irfft(g, x, n, g.type()));
  return transform(g, "real_inverse", n);
}

/// Circular convolution of [B, L, D] with [D, L] along L, written out: strided operands, products between.
Case convolution(int64_t batch, int64_t n) {
  Graph g(DType::F32);
  Extent b("B", batch);
  Value u = g.input("u", {b, n, 3}, Fill::Normal, 1), k = g.input("k", {3, n}, Fill::Normal, 1);
  Value ut = g.transpose(u, {0, 2, 1});
  Value spectrum = rfft(g, ut, DType::F32), kernel = rfft(g, k, DType::F32);
  Value product = g.map("complex.mul", {spectrum, g.broadcast(kernel, spectrum.shape, {0})}, spectrum.type, 6);
  g.result(g.transpose(irfft(g, product, n, "f32"), {0, 2, 1}));
  return g.finish("fft", "convolution,N=" + std::to_string(n), {n, 9, 60, 1, 8});
}

Value butterfly(Graph &g, const Value &x, llvm::ArrayRef<Value> factors, const std::string &rest, Shape shape, const std::string &type) {
  std::string names, types;
  for (const Value &f : factors) {
    names += (names.empty() ? "" : ", ") + f.id;
    types += (types.empty() ? "" : ", ") + f.tensor();
  }
  Value y{"", std::move(shape), type};
  return g.raw("seq.butterfly " + x.id + " factors(" + names + " : " + types + ") " + rest + " : " + x.tensor() + " -> " + y.tensor(), y.shape, y.type, 0);
}

/// k blocks [q, p], then l blocks [s, r]: kp -> kq = lr -> ls.
Case monarch(DType t, int64_t batch, int64_t k, int64_t q, int64_t p, int64_t l, int64_t s) {
  Graph g(t);
  Extent b("B", batch);
  int64_t r = k * q / l;
  Value x = g.input("x", {b, 2, k * p}, Fill::Normal, 1), w1 = g.input("w1", {1, k, 1, q, p}, Fill::Normal, 0.3), w2 = g.input("w2", {1, 1, l, s, r}, Fill::Normal, 0.3);
  auto text = [](int64_t n) { return std::to_string(n); };
  std::string stages = "[#seq.stage<matrix [" + text(k) + ", " + text(p) + " -> " + text(q) + ", 1]>, #seq.stage<matrix [1, " + text(r) + " -> " + text(s) + ", " + text(l) + "]>]";
  g.result(butterfly(g, x, {w1, w2}, stages, {b, 2, l * s}, g.type()));
  Case c = g.finish("butterfly", "monarch,k=" + text(k) + ",q=" + text(q) + ",p=" + text(p) + ",l=" + text(l), {p + r, 0, 8, 2, 4});
  c.onGpu = q % 5 != 0; // no layout spreads 20 values in blocks of 5 and of 4 over threads
  return c;
}

/// n = 2^m of increasing strides.
Case strides(DType t, int64_t batch, int64_t m, bool complexFactors) {
  Graph g(t);
  Extent b("B", batch);
  int64_t n = int64_t(1) << m;
  Value x = g.input("x", {b, n}, Fill::Normal, 1);
  std::vector<Value> factors;
  std::string stages;
  for (int64_t i = 0; i < m; ++i) {
    int64_t s = int64_t(1) << i, blocks = n / (2 * s);
    factors.push_back(g.input("w" + std::to_string(i), {1, blocks, s, 2, 2}, Fill::Normal, 0.7, complexFactors ? complexOf(t) : g.type()));
    stages += (i ? ", " : "") + ("#seq.stage<matrix [" + std::to_string(blocks) + ", 2, " + std::to_string(s) + "]>");
  }
  g.result(butterfly(g, x, factors, "[" + stages + "]", x.shape, complexFactors ? complexOf(t) : g.type()));
  return g.finish("butterfly", std::string(complexFactors ? "complex_" : "") + "strides,m=" + std::to_string(m), {2 * m, 0, 8, 2, 8});
}

/// A matrix per channel in place of the first DFT, then fixed stages there and back.
Case blockFft(int64_t batch, int64_t channels) {
  Graph g(DType::F32);
  Extent b("B", batch), h("H", channels);
  Value x = g.input("x", {b, h, 128}, Fill::Normal, 1), w = g.input("w", {h, 1, 1, 16, 16}, Fill::Normal, 0.3, "complex<f32>");
  Value y = butterfly(g, x, {w}, "[#seq.stage<twiddled [1, 16, 8]>, #seq.stage<dft [16, 8, 1]>, #seq.stage<inverse_dft_transposed [16, 8, 1]>, #seq.stage<inverse_dft_transposed [1, 16, 8]>] "
                                "{scale = 0.0078125 : f64}",
                      x.shape, "f32");
  g.result(y);
  return g.finish("butterfly", "block_fft", {48, 4, 24, 1, 8});
}
} // namespace

Cases fftCases(Grid grid) {
  Cases cases;
  for (int64_t n : transformLengths(grid)) {
    cases.push_back(fftCase(DType::F32, n > 100 ? 2 : 19, n, false));
    cases.push_back(fftCase(DType::F32, 1, n, true));
    cases.push_back(irfftCase(DType::F32, 3, n));
    for (DType t : kFloatTypes)
      cases.push_back(rfftCase(t, 2, n));
  }
  for (int64_t n : {1, 12, 128, 1000})
    cases.push_back(fftCase(DType::F64, 3, n, n == 12));
  for (int64_t n : {30, 257, 1024})
    cases.push_back(irfftCase(DType::BF16, 2, n));
  cases.push_back(fftCase(DType::F32, 0, 64, false));
  for (int64_t n : {16, 100, 257})
    cases.push_back(convolution(2, n));
  return cases;
}

Cases butterflyCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes) {
    cases.push_back(monarch(t, 3, 2, 3, 2, 3, 2));
    cases.push_back(monarch(t, 5, 4, 5, 3, 4, 5));
    cases.push_back(monarch(t, 17, 4, 48, 48, 4, 192));
    cases.push_back(monarch(t, 2, 32, 32, 32, 32, 32));
    cases.push_back(strides(t, 9, 3, false));
    cases.push_back(strides(t, 2, 7, false));
  }
  cases.push_back(strides(DType::F32, 0, 3, false));
  cases.push_back(strides(DType::F32, 1, 3, false));
  cases.push_back(strides(DType::F32, 3, 5, true));
  cases.push_back(strides(DType::F64, 3, 4, false));
  cases.push_back(blockFft(1, 1));
  cases.push_back(blockFft(5, 3));
  return cases;
}

} // namespace seqc::cases
