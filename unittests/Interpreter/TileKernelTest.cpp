// SPDX-License-Identifier: Apache-2.0
// Whole kernels of test/Dialect/Tile/Inputs against direct evaluation of their equations in double.
#include "TileTesting.h"

using namespace seqc::interp;

using TileKernel = TileTest;

static double silu(double x) { return x / (1 + std::exp(-x)); }

TEST_F(TileKernel, AddLayernormRowsNotMultipleOfTile) {
  parseInput("add_layernorm.mlir");
  constexpr int64_t d = 24;
  for (int64_t rows : {0, 1, 4, 7}) {
    Tensor x = random(DType::BF16, {rows, d}), r = random(DType::BF16, {rows, d}), g = random(DType::F32, {d}), b = random(DType::F32, {d});
    Tensor y = nans(DType::BF16, {rows, d}), xr = y, wantY(DType::BF16, {rows, d}), wantXr = wantY;
    for (int64_t i = 0; i < rows; ++i) {
      double mean = 0, variance = 0;
      for (int64_t j = 0; j < d; ++j)
        mean += (x.at({i, j}) + r.at({i, j})) / d;
      for (int64_t j = 0; j < d; ++j)
        variance += std::pow(x.at({i, j}) + r.at({i, j}) - mean, 2) / d;
      for (int64_t j = 0; j < d; ++j) {
        wantXr.at({i, j}) = roundTo(DType::BF16, x.at({i, j}) + r.at({i, j}));
        wantY.at({i, j}) = (x.at({i, j}) + r.at({i, j}) - mean) / std::sqrt(variance + 1e-5) * g.at({j}) + b.at({j});
      }
    }
    run(kernel("add_layernorm"), {&x, &r, &g, &b, &y, &xr, double(rows), 1e-5});
    expectNear(xr, wantXr, 0);
    expectNear(y, wantY, 1.0 / 256);
    run(kernel("add_layernorm"), {&x, &r, &g, &b, &y, &xr, double(rows), 1e-5}, Precision::F64);
    expectNear(y, wantY, 1e-6); // constants of the kernel are f32
  }
}

TEST_F(TileKernel, CausalAttentionWithRaggedLengths) {
  parseInput("attention.mlir");
  constexpr int64_t D = 32;
  struct Case {
    int64_t B, H, G, M, N;
  };
  for (Case c : {Case{1, 2, 2, 45, 70}, Case{2, 2, 1, 1, 33}, Case{1, 1, 1, 64, 64}, Case{1, 1, 1, 40, 31}}) {
    auto [B, H, G, M, N] = c;
    double scale = 1 / std::sqrt(double(D));
    Tensor q = random(DType::BF16, {B, H, M, D}), k = random(DType::BF16, {B, H / G, N, D}), v = random(DType::BF16, {B, H / G, N, D});
    Tensor slope = random(DType::F32, {H}, 0, 0.5), o = nans(DType::BF16, {B, H, M, D}), lse = nans(DType::F32, {B, H, M}), wantO = o, wantLse = lse;
    for (int64_t b = 0; b < B; ++b)
      for (int64_t h = 0; h < H; ++h)
        for (int64_t m = 0; m < M; ++m) {
          std::vector<double> s;
          double top = -INFINITY, sum = 0;
          int64_t limit = m + N - M; // last visible key
          for (int64_t n = 0; n <= limit; ++n) {
            double dot = 0;
            for (int64_t i = 0; i < D; ++i)
              dot += q.at({b, h, m, i}) * k.at({b, h / G, n, i});
            s.push_back(dot * scale + slope.at({h}) * double(n - limit));
            top = std::max(top, s.back());
          }
          for (double x : s)
            sum += std::exp(x - top);
          wantLse.at({b, h, m}) = s.empty() ? -INFINITY : top + std::log(sum);
          for (int64_t i = 0; i < D; ++i) {
            double y = 0;
            for (size_t n = 0; n < s.size(); ++n)
              y += std::exp(s[n] - top) / sum * v.at({b, h / G, int64_t(n), i});
            wantO.at({b, h, m, i}) = y;
          }
        }
    std::vector<KernelArg> args{&q, &k, &v, &slope, &o, &lse, double(B), double(H), double(G), double(M), double(N), scale};
    run(kernel("attn_fwd"), args);
    expectNear(o, wantO, 1.0 / 64);
    expectNear(lse, wantLse, 1e-3);
    run(kernel("attn_fwd"), args, Precision::F64);
    expectNear(o, wantO, 1e-5);
    expectNear(lse, wantLse, 1e-5);
  }
}

TEST_F(TileKernel, SelectiveScan) {
  parseInput("selective_scan.mlir");
  constexpr int64_t S = 16;
  for (auto [B, C, L] : {std::tuple<int64_t, int64_t, int64_t>{2, 67, 19}, {1, 64, 8}, {1, 3, 1}}) {
    Tensor u = random(DType::BF16, {B, C, L}), dt = random(DType::BF16, {B, C, L}, -3, 3), z = random(DType::BF16, {B, C, L});
    Tensor A = random(DType::F32, {C, S}, -2, 0), Bm = random(DType::BF16, {B, S, L}), Cm = random(DType::BF16, {B, S, L});
    Tensor D = random(DType::F32, {C}), bias = random(DType::F32, {C}, -3, 1), h0 = random(DType::F32, {B, C, S});
    Tensor y = nans(DType::BF16, {B, C, L}), h1 = nans(DType::F32, {B, C, S}), wantY = y, wantH = h0;
    for (int64_t b = 0; b < B; ++b)
      for (int64_t c = 0; c < C; ++c)
        for (int64_t t = 0; t < L; ++t) {
          double delta = std::log1p(std::exp(dt.at({b, c, t}) + bias.at({c}))), out = D.at({c}) * u.at({b, c, t});
          for (int64_t s = 0; s < S; ++s) {
            double &h = wantH.at({b, c, s});
            h = std::exp(delta * A.at({c, s})) * h + delta * Bm.at({b, s, t}) * u.at({b, c, t});
            out += Cm.at({b, s, t}) * h;
          }
          wantY.at({b, c, t}) = out * silu(z.at({b, c, t}));
        }
    std::vector<KernelArg> args{&u, &dt, &z, &A, &Bm, &Cm, &D, &bias, &h0, &y, &h1, double(B), double(C), double(L)};
    run(kernel("selective_scan"), args);
    expectNear(y, wantY, 1.0 / 128);
    expectNear(h1, wantH, 1e-4);
    run(kernel("selective_scan"), args, Precision::F64);
    expectNear(y, wantY, 1e-5);
    expectNear(h1, wantH, 1e-5);
  }
}

TEST_F(TileKernel, DecodeSplitAndMerge) {
  parseInput("decode.mlir");
  constexpr int64_t R = 16, D = 32, splits = 4;
  int64_t B = 3, HK = 2, Nmax = 61, rows = B * HK * R;
  Tensor q = random(DType::BF16, {B, HK, R, D}), k = random(DType::BF16, {B, HK, Nmax, D}), v = random(DType::BF16, {B, HK, Nmax, D});
  Tensor len(DType::I32, {B});
  len.data = {61, 9, 0};
  Tensor op = nans(DType::F32, {splits, rows, D}), lp = nans(DType::F32, {splits, rows}), o = nans(DType::BF16, {rows, D}), want = o;
  double scale = 1 / std::sqrt(double(D));
  for (int64_t b = 0; b < B; ++b)
    for (int64_t h = 0; h < HK; ++h)
      for (int64_t r = 0; r < R; ++r) {
        std::vector<double> p, y(D, 0);
        double sum = 0;
        for (int64_t n = 0; n < int64_t(len.data[b]); ++n) {
          double dot = 0;
          for (int64_t i = 0; i < D; ++i)
            dot += q.at({b, h, r, i}) * k.at({b, h, n, i});
          p.push_back(std::exp(dot * scale));
          sum += p.back();
        }
        for (int64_t i = 0; i < D; ++i) {
          for (size_t n = 0; n < p.size(); ++n)
            y[i] += p[n] / sum * v.at({b, h, int64_t(n), i});
          want.at({(b * HK + h) * R + r, i}) = y[i];
        }
      }
  run(kernel("decode_split"), {&q, &k, &v, &len, &op, &lp, double(B), double(HK), double(Nmax), scale * std::log2(std::exp(1.0))});
  run(kernel("decode_merge"), {&op, &lp, &o, double(rows)});
  expectNear(o, want, 1.0 / 64);
}
