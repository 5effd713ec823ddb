// SPDX-License-Identifier: Apache-2.0
// Reductions, and what is built of them along one axis. 16-bit inputs are summed in f32.
#include "Registry.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>
#include <numeric>

using namespace mlir;

namespace seqc::onnx {

namespace {
constexpr int64_t kFirst = kMinOpset, kLast = kMaxOpset;
using Compare = GraphBuilder::Compare;
using Reduce = GraphBuilder::Reduce;

/// The axes of a reduction; all of them where none are given. No value: nothing is to be reduced.
std::optional<std::vector<int64_t>> reducedAxes(NodeContext &c, int64_t inputSince) {
  std::optional<std::vector<int64_t>> list = c.attrOrInput("axes", inputSince, 1);
  int64_t rank = c.in(0).rank();
  if (list && !list->empty())
    return c.axes(*list, rank);
  if (c.attrInt("noop_with_empty_axes", 0))
    return std::nullopt;
  std::vector<int64_t> all(rank);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Tensor kept(NodeContext &c, const Tensor &reduced, std::vector<int64_t> dims) {
  return c.attrInt("keepdims", 1) ? c.g.unsqueeze(reduced, dims) : reduced;
}

Tensor same(GraphBuilder &, const Tensor &x) { return x; }
Tensor magnitude(GraphBuilder &g, const Tensor &x) { return g.absolute(x); }
Tensor square(GraphBuilder &g, const Tensor &x) { return g.mul(x, x); }
Tensor root(GraphBuilder &g, const Tensor &x) {
  if (!x.isFloat())
    unsupported("a root of integers");
  return g.sqrt(x);
}
Tensor logarithm(GraphBuilder &g, const Tensor &x) {
  if (!x.isFloat())
    unsupported("a logarithm of integers");
  return g.unary<math::LogOp>(x);
}

/// before, reduce, after; axes are an input from opset `since` on.
template <Reduce kind, int64_t since, Tensor (*before)(GraphBuilder &, const Tensor &), Tensor (*after)(GraphBuilder &, const Tensor &)>
void reduction(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  std::optional<std::vector<int64_t>> dims = reducedAxes(c, since);
  Tensor wide = before(g, g.widen(x));
  if (!dims)
    return c.out(g.cast(after(g, wide), x.element));
  c.out(g.cast(kept(c, after(g, g.reduce(kind, wide, *dims)), *dims), x.element));
}

void reduceMean(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (!x.isFloat())
    unsupported("a mean of integers");
  std::optional<std::vector<int64_t>> dims = reducedAxes(c, 18);
  c.out(dims ? g.cast(kept(c, g.mean(g.widen(x), *dims), *dims), x.element) : x);
}

void reduceLogSumExp(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  std::optional<std::vector<int64_t>> dims = reducedAxes(c, 18);
  if (!x.isFloat())
    unsupported("a logarithm of integers");
  if (!dims)
    return c.out(x);
  Tensor wide = g.widen(x), top = g.reduce(Reduce::Max, wide, *dims);
  // An infinite maximum is the result; subtracting it would give NaN.
  constexpr double inf = std::numeric_limits<double>::infinity();
  Tensor isFinite = g.compare(Compare::Lt, g.unary<math::AbsFOp>(top), g.constant(inf, top.shape, top.element));
  Tensor base = g.select(isFinite, top, g.constant(0, top.shape, top.element));
  Tensor sum = g.reduce(Reduce::Add, g.unary<math::ExpOp>(g.sub(wide, g.spread(base, wide, *dims))), *dims);
  c.out(g.cast(kept(c, g.add(g.unary<math::LogOp>(sum), base), *dims), x.element));
}

/// Position of the largest or smallest element: the smallest (or largest) of the positions where it is.
template <Reduce kind> void argument(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  int64_t dim = c.axis(c.attrInt("axis", 0), x.rank());
  bool isLast = c.attrInt("select_last_index", 0) != 0;
  Tensor best = g.spread(g.reduce(kind, x, {dim}), x, {dim});
  Tensor position = g.iota(x.shape, dim, g.i32());
  Tensor none = isLast ? g.constant(-1, x.shape, g.i32()) : g.broadcastTo(g.scalar(x.shape[dim], g.i32()), x.shape);
  Tensor found = g.reduce(isLast ? Reduce::Max : Reduce::Min, g.select(g.compare(Compare::Eq, x, best), position, none), {dim});
  c.out(kept(c, g.cast(found, g.i64()), {dim}));
}

/// Sum of the elements up to each position: a sum over the products with a triangle of ones.
void cumSum(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  std::vector<int64_t> list = c.constants(1, "axis");
  if (list.size() != 1)
    invalid("expects one axis, but got " + llvm::Twine(list.size()));
  int64_t dim = c.axis(list[0], x.rank());
  bool exclusive = c.attrInt("exclusive", 0) != 0, isBackwards = c.attrInt("reverse", 0) != 0;
  // [.., to, from, ..]
  Shape square = x.shape;
  square.insert(square.begin() + dim, x.shape[dim]);
  Tensor to = g.iota(square, dim, g.i64()), from = g.iota(square, dim + 1, g.i64());
  Compare order = isBackwards ? (exclusive ? Compare::Gt : Compare::Ge) : (exclusive ? Compare::Lt : Compare::Le);
  Tensor wide = g.repeat(g.widen(x), square, {dim});
  Tensor terms = g.select(g.compare(order, from, to), wide, g.constant(0, square, wide.element));
  c.out(g.cast(g.reduce(Reduce::Add, terms, {dim + 1}), x.element));
}
} // namespace

llvm::ArrayRef<Operator> reductionOperators() {
  static const Operator table[] = {
      {"", "ReduceSum", kFirst, kLast, reduction<Reduce::Add, 13, same, same>},
      {"", "ReduceProd", kFirst, kLast, reduction<Reduce::Mul, 18, same, same>},
      {"", "ReduceMax", kFirst, kLast, reduction<Reduce::Max, 18, same, same>},
      {"", "ReduceMin", kFirst, kLast, reduction<Reduce::Min, 18, same, same>},
      {"", "ReduceL1", kFirst, kLast, reduction<Reduce::Add, 18, magnitude, same>},
      {"", "ReduceL2", kFirst, kLast, reduction<Reduce::Add, 18, square, root>},
      {"", "ReduceSumSquare", kFirst, kLast, reduction<Reduce::Add, 18, square, same>},
      {"", "ReduceLogSum", kFirst, kLast, reduction<Reduce::Add, 18, same, logarithm>},
      {"", "ReduceMean", kFirst, kLast, reduceMean},
      {"", "ReduceLogSumExp", kFirst, kLast, reduceLogSumExp},
      {"", "ArgMax", kFirst, kLast, argument<Reduce::Max>},
      {"", "ArgMin", kFirst, kLast, argument<Reduce::Min>},
      {"", "CumSum", 14, kLast, cumSum},
  };
  return table;
}

} // namespace seqc::onnx
