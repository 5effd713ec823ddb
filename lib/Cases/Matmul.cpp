// SPDX-License-Identifier: Apache-2.0
// Products: small integers must be exact, standard normal within the bound of the accumulation length.
#include "Lists.h"

namespace seqc::cases {

using interp::DType;

namespace {
struct Sizes {
  int64_t m, n, k;
};

std::vector<Sizes> productSizes(Grid grid) {
  std::vector<Sizes> all = {{0, 2, 4}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {2, 3, 1}, {1, 65, 17}, {17, 1, 65}, {7, 9, 33}, {65, 33, 129}};
  if (grid == Grid::Full)
    for (Sizes s : {Sizes{1, 128, 256}, {8, 16, 8}, {31, 63, 127}, {32, 64, 128}, {33, 65, 129}, {127, 31, 251}, {128, 128, 128}, {2, 257, 3}, {257, 2, 1031}})
      all.push_back(s);
  return all;
}

struct Inputs {
  const char *name;
  Fill fill;
  double parameter;
  bool exact;
};
constexpr Inputs kInputs[] = {{"integers", Fill::Integers, 3, true}, {"normal", Fill::Normal, 1, false}};

Case finishProduct(Graph &g, const char *op, const std::string &variant, const Inputs &in, int64_t k, int operations) {
  return in.exact ? g.finishExact(op, variant) : g.finish(op, variant, {k, 0, operations, 1, 2});
}
} // namespace

Cases matmulCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Inputs &in : kInputs)
      for (Sizes s : productSizes(grid)) {
        Graph g(t);
        Extent m("M", s.m), n("N", s.n), k("K", s.k);
        Value a = g.input("a", {m, k}, in.fill, in.parameter), b = g.input("b", {k, n}, in.fill, in.parameter);
        g.result(g.narrow(g.matmul(a, b)));
        cases.push_back(finishProduct(g, "matmul", in.name, in, s.k, 1));
      }
  return cases;
}

/// y[B, L, N] = x[B, L, K] W[N, K]^T + bias, as a linear layer is imported.
Cases linearCases(Grid grid) {
  struct Widths {
    int64_t k, n;
  };
  std::vector<Widths> widths = {{64, 96}, {33, 7}};
  if (grid == Grid::Full)
    widths.insert(widths.end(), {{1, 1}, {128, 129}, {257, 64}, {512, 128}});
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Inputs &in : kInputs)
      for (Widths w : widths)
        for (auto [b, l] : batchLengths(grid)) {
          if (in.exact && b * l == 0)
            continue;
          Graph g(t);
          Extent batch("B", b), length("L", l);
          Value x = g.input("x", {batch, length, w.k}, in.fill, in.parameter), weight = g.input("w", {w.n, w.k}, in.fill, in.parameter),
                bias = g.input("bias", {w.n}, in.fill, in.parameter);
          Value flat = g.collapse(x, "[[0, 1], [2]]", {batch * length, w.k});
          Value y = g.expand(g.matmul(flat, g.transpose(weight, {1, 0})), "[[0, 1], [2]]", {batch, length, w.n});
          g.result(g.narrow(g.op("arith.addf", {y, g.broadcast(g.widen(bias), y.shape, {0, 1})})));
          cases.push_back(finishProduct(g, "linear", std::string(in.name) + ",K=" + std::to_string(w.k) + ",N=" + std::to_string(w.n), in, w.k, 2));
        }
  return cases;
}

Cases batchMatmulCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Inputs &in : kInputs)
      for (Sizes s : productSizes(grid))
        for (int64_t batch : {0, 1, 3}) {
          if (batch != 3 && s.m != 7)
            continue;
          Graph g(t);
          Extent b("B", batch), m("M", s.m), n("N", s.n), k("K", s.k);
          Value x = g.input("a", {b, m, k}, in.fill, in.parameter), y = g.input("b", {b, k, n}, in.fill, in.parameter);
          g.result(g.narrow(g.matmul(x, y)));
          cases.push_back(finishProduct(g, "batch_matmul", in.name, in, s.k, 1));
        }
  return cases;
}

} // namespace seqc::cases
