// SPDX-License-Identifier: Apache-2.0
// Ops that move elements; all exact. Specials go through unchanged.
#include "Lists.h"
#include "llvm/ADT/STLExtras.h"

namespace seqc::cases {

using interp::DType;

static Value reshape(Graph &g, Extent b, Extent l) {
  Value x = g.input("x", {b, l, 24}, Fill::Specials);
  Value heads = g.expand(x, "[[0], [1], [2, 3]]", {b, l, 4, 6});
  g.result(g.collapse(g.op("math.absf", {heads}), "[[0, 1], [2, 3]]", {b * l, 24}));
  return g.expand(x, "[[0], [1], [2, 3, 4]]", {b, l, 2, 3, 4});
}

static Value slice(Graph &g, Extent b, Extent l) {
  Value x = g.input("x", {b, l, 24}, Fill::Specials);
  g.result(g.slice(x, {0, 0, 5}, {b, l, 7}, {1, 1, 1}));
  g.result(g.op("math.absf", {g.slice(x, {0, 0, 1}, {b, l, 8}, {1, 1, 3})}));
  return g.slice(x, {0, 0, 23}, {b, l, 1}, {1, 1, 1});
}

static Value concat(Graph &g, Extent b, Extent l) {
  Extent m("M", 5);
  Value x = g.input("x", {b, l, 7}, Fill::Specials), y = g.input("y", {b, m, 7}, Fill::Specials), z = g.input("z", {b, l, 9}, Fill::Specials);
  g.result(g.concat(1, {x, y, x}));
  g.result(g.op("math.absf", {g.concat(2, {z, x})}));
  return g.concat(0, {x, x});
}

static Value pad(Graph &g, Extent b, Extent l) {
  Value x = g.input("x", {b, l, 7}, Fill::Specials);
  g.result(g.pad(x, {0, 3, 0}, {0, 0, 0}, "0.0", {b, l + 3, 7}));
  return g.pad(g.op("math.absf", {x}), {0, 0, 1}, {0, 2, 8}, "-1.5", {b, l + 2, 16});
}

static Value transpose(Graph &g, Extent b, Extent l) {
  Value x = g.input("x", {b, l, 4, 6}, Fill::Specials);
  Value heads = g.transpose(x, {0, 2, 1, 3});
  g.result(g.collapse(g.transpose(g.op("math.absf", {heads}), {0, 2, 1, 3}), "[[0], [1], [2, 3]]", {b, l, 24}));
  g.result(g.transpose(x, {3, 2, 1, 0}));
  return heads;
}

namespace {
struct Mover {
  const char *op;
  Value (*make)(Graph &, Extent, Extent);
};
constexpr Mover kMovers[] = {{"reshape", reshape}, {"slice", slice}, {"concat", concat}, {"pad", pad}, {"transpose", transpose}};
} // namespace

Cases shapeCases(llvm::StringRef op, Grid grid) {
  const Mover *mover = llvm::find_if(kMovers, [&](const Mover &m) { return op == m.op; });
  Cases cases;
  for (DType t : kFloatTypes)
    for (auto [b, l] : batchLengths(grid)) {
      Graph g(t);
      g.result(mover->make(g, {"B", b}, {"L", l}));
      cases.push_back(g.finishExact(mover->op, "specials"));
    }
  return cases;
}

/// table[V, D] at ids[B, L], plus positions; ids of i32 and i64.
Cases embeddingCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (const char *type : {"i32", "i64"})
      for (int64_t d : {1, 24})
        for (auto [b, l] : batchLengths(grid)) {
          Graph g(t);
          Extent batch("B", b), length("L", l);
          Value table = g.input("table", {11, d}, Fill::Normal), ids = g.input("ids", {batch, length}, Fill::Indices, 11, type),
                positions = g.input("positions", {length, d}, Fill::Integers, 4);
          Value rows = g.gather(table, g.expand(ids, "[[0], [1, 2]]", {batch, length, 1}), 0);
          g.result(rows);
          g.result(g.op("math.absf", {g.gather(positions, g.expand(g.iota({length}, 0, type), "[[0, 1]]", {length, 1}), 0)}));
          cases.push_back(g.finishExact("embedding", std::string(type) + ",D=" + std::to_string(d)));
        }
  return cases;
}

} // namespace seqc::cases
