// SPDX-License-Identifier: Apache-2.0
// Rows: layer norm, softmax, mean over a sequence, plain reductions.
#include "Lists.h"
#include <algorithm>
#include <cmath>

namespace seqc::cases {

using interp::DType;

namespace {
struct Inputs {
  const char *name;
  Fill fill;
  double parameter;
  double amplification;
};
} // namespace

/// x[B, L, D] -> (x - mean) rsqrt(var + 1e-5) g + b over D, in f32.
static Value layernorm(Graph &g, const Value &input, const Value &weight, const Value &bias) {
  Value x = g.widen(input);
  Shape row(x.shape.begin(), x.shape.end() - 1);
  int64_t last = static_cast<int64_t>(row.size());
  std::vector<int64_t> outer(row.size());
  for (size_t d = 0; d < outer.size(); ++d)
    outer[d] = d;
  Value count = g.splat(std::to_string(x.shape.back().size) + ".0", row, "f32");
  auto mean = [&](const Value &v) { return g.op("arith.divf", {g.reduce("arith.addf", v, {last}, "0.0"), count}); };
  Value centred = g.op("arith.subf", {x, g.broadcast(mean(x), x.shape, {last})});
  Value variance = g.op("arith.addf", {mean(g.op("arith.mulf", {centred, centred})), g.splat("1.0e-5", row, "f32")});
  Value scaled = g.op("arith.mulf", {centred, g.broadcast(g.op("math.rsqrt", {variance}), x.shape, {last})});
  Value y = g.op("arith.mulf", {scaled, g.broadcast(g.widen(weight), x.shape, outer)});
  return g.narrow(g.op("arith.addf", {y, g.broadcast(g.widen(bias), x.shape, outer)}));
}

/// How much the result of a layer norm magnifies rounding errors of x and its mean: they are as large as the largest |x| of the row, and are
/// divided by its deviation. (Through the deviation they have no effect of first order: x - mean sums up to 0.) Rows of equal elements, rows
/// far from 0, and rows of few elements that happen to lie close together have large ones.
static double layernormCondition(const interp::Tensor &x) {
  double worst = 1;
  size_t width = x.shape.back();
  for (size_t row = 0; width && row + width <= x.data.size(); row += width) {
    double largest = 0, mean = 0, variance = 0;
    for (size_t i = 0; i < width; ++i) {
      largest = std::max(largest, std::abs(x.data[row + i]));
      mean += x.data[row + i] / width;
    }
    for (size_t i = 0; i < width; ++i)
      variance += (x.data[row + i] - mean) * (x.data[row + i] - mean) / width;
    worst = std::max(worst, largest / std::sqrt(variance + 1e-5));
  }
  return worst;
}

Cases layernormCases(Grid grid) {
  struct Rows {
    const char *name;
    Fill fill;
    double parameter;
  };
  constexpr Rows kInputs[] = {{"normal", Fill::Normal, 1}, {"constant", Fill::Constant, 0.7}, {"offset", Fill::Offset, 100}};
  Cases cases;
  std::vector<int64_t> widths = grid == Grid::Small ? std::vector<int64_t>{1, 100} : std::vector<int64_t>{1, 2, 3, 31, 64, 100, 257, 768};
  for (DType t : kFloatTypes)
    for (int64_t d : widths)
      for (const Rows &in : kInputs)
        for (auto [b, l] : batchLengths(grid)) {
          if (in.fill != Fill::Normal && b * l == 0)
            continue;
          Graph g(t);
          Value x = g.input("x", {{"B", b}, {"L", l}, d}, in.fill, in.parameter), w = g.input("g", {d}, Fill::Normal), c = g.input("b", {d}, Fill::Normal);
          g.result(layernorm(g, x, w, c));
          cases.push_back(g.finish("layernorm", std::string(in.name) + ",D=" + std::to_string(d), {d, 1, 8, 1, 1, in.fill == Fill::Constant}));
          cases.back().steps.amplification = 1 + layernormCondition(makeInputs(cases.back()).front());
        }
  return cases;
}

/// softmax over the last dim, in f32.
static Value softmax(Graph &g, const Value &input) {
  Value x = g.widen(input);
  int64_t last = static_cast<int64_t>(x.shape.size()) - 1;
  Value top = g.reduce("arith.maximumf", x, {last}, "0xFF800000");
  Value p = g.op("math.exp", {g.op("arith.subf", {x, g.broadcast(top, x.shape, {last})})});
  return g.narrow(g.op("arith.divf", {p, g.broadcast(g.reduce("arith.addf", p, {last}, "0.0"), x.shape, {last})}));
}

Cases softmaxCases(Grid grid) {
  constexpr double kInf = HUGE_VAL;
  constexpr Inputs kInputs[] = {{"normal", Fill::Normal, 1, 8}, {"huge", Fill::Extremes, 20000, 8},  {"equal", Fill::Constant, 3, 8},
                                {"masked", Fill::MinusInf, 1, 8}, {"all_masked", Fill::Constant, -kInf, 8}, {"wide", Fill::Normal, 30, 40}};
  Cases cases;
  std::vector<int64_t> rows = lengths(grid);
  rows.push_back(1025);
  for (DType t : kFloatTypes)
    for (const Inputs &in : kInputs)
      for (int64_t n : rows)
        for (int64_t b : {0, 1, 5}) {
          if (b != 5 && (n != 17 || in.fill != Fill::Normal))
            continue;
          Graph g(t);
          g.result(softmax(g, g.input("x", {{"B", b}, {"N", n}}, in.fill, in.parameter)));
          cases.push_back(g.finish("softmax", in.name, {n, 1, 3, 1, in.amplification}));
        }
  return cases;
}

/// sum over visible steps of x[B, L, D] divided by their number; NaN where there is none.
Cases meanPoolCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (int64_t d : {1, 48})
      for (auto [b, l] : batchLengths(grid)) {
        Graph g(t);
        Shape shape{{"B", b}, {"L", l}, d};
        Value x = g.input("x", shape, Fill::Normal), mask = g.input("mask", {{"B", b}, {"L", l}}, Fill::Bits, 1, "i1");
        Value weight = g.convert("arith.uitofp", mask, "f32");
        Value kept = g.select(g.broadcast(mask, shape, {2}), g.widen(x), g.splat("0.0", shape, "f32"));
        Value sum = g.reduce("arith.addf", kept, {1}, "0.0"), count = g.reduce("arith.addf", weight, {1}, "0.0");
        g.result(g.narrow(g.op("arith.divf", {sum, g.broadcast(count, sum.shape, {1})})));
        cases.push_back(g.finish("mean_pool", "D=" + std::to_string(d), {l, 0, 2, 1, 4}));
      }
  return cases;
}

Cases reduceCases(Grid grid) {
  struct Kind {
    const char *combiner, *init, *name;
    Fill fill;
  };
  constexpr Kind kKinds[] = {{"arith.addf", "0.0", "sum", Fill::Integers}, {"arith.maximumf", "0xFF800000", "max", Fill::Normal}, {"arith.minimumf", "0x7F800000", "min", Fill::Normal}};
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Kind &kind : kKinds)
      for (int64_t dim : {0, 1, 2})
        for (auto [b, l] : batchLengths(grid)) {
          Graph g(t);
          Value x = g.widen(g.input("x", {{"B", b}, {"L", l}, 33}, kind.fill, 4));
          g.result(g.narrow(g.reduce(kind.combiner, x, {dim}, kind.init)));
          cases.push_back(g.finishExact("reduce", std::string(kind.name) + ",dim=" + std::to_string(dim)));
        }
  return cases;
}

/// x + W2 gelu(W1 layernorm(x) + b1) + b2: the block that models are made of.
Cases blockCases(Grid grid) {
  Cases cases;
  constexpr int64_t kD = 64, kHidden = 96;
  for (DType t : kFloatTypes)
    for (auto [b, l] : batchLengths(grid)) {
      Graph g(t);
      Extent batch("B", b), length("L", l);
      Value x = g.input("x", {batch, length, kD}, Fill::Normal), gamma = g.input("g", {kD}, Fill::Normal), beta = g.input("b", {kD}, Fill::Normal);
      Value w1 = g.input("w1", {kD, kHidden}, Fill::Normal, 0.125), b1 = g.input("b1", {kHidden}, Fill::Normal);
      Value w2 = g.input("w2", {kHidden, kD}, Fill::Normal, 0.125), b2 = g.input("b2", {kD}, Fill::Normal);
      auto project = [&](const Value &v, const Value &w, const Value &bias) {
        Value flat = g.collapse(v, "[[0, 1], [2]]", {batch * length, v.shape[2]});
        Value y = g.expand(g.matmul(flat, w), "[[0, 1], [2]]", {batch, length, w.shape[1]});
        return g.op("arith.addf", {y, g.broadcast(g.widen(bias), y.shape, {0, 1})});
      };
      Value h = project(layernorm(g, x, gamma, beta), w1, b1);
      Value half = g.op("arith.mulf", {h, g.splat("0.5", h.shape, "f32")});
      Value inner = g.op("math.erf", {g.op("arith.mulf", {h, g.splat("0.70710678118654752", h.shape, "f32")})});
      Value gelu = g.narrow(g.op("arith.addf", {half, g.op("arith.mulf", {half, inner})}));
      Value y = g.op("arith.addf", {g.widen(x), project(gelu, w2, b2)});
      g.result(g.narrow(y));
      cases.push_back(g.finish("block", "mlp", {kD + kHidden, 2, 20, 4, 4}));
    }
  return cases;
}

} // namespace seqc::cases
