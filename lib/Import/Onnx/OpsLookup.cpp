// SPDX-License-Identifier: Apache-2.0
// Lookups at indices that are data.
#include "Registry.h"

using namespace mlir;

namespace seqc::onnx {

namespace {
constexpr int64_t kFirst = kMinOpset, kLast = kMaxOpset;
using Compare = GraphBuilder::Compare;

/// Indices of which negative ones count from the end.
Tensor wrapped(GraphBuilder &g, Tensor index, const Size &extent) {
  if (index.isFloat() || index.isBool())
    invalid("expects integers as indices, but got " + describe(index));
  if (index.element.isInteger(8))
    index = g.cast(index, g.i32());
  Tensor zero = g.constant(0, index.shape, index.element);
  Tensor limit = g.broadcastTo(
      extent.isConst() ? g.constant(static_cast<double>(extent.value()), {}, index.element) : g.scalar(extent, index.element), index.shape);
  return g.select(g.compare(Compare::Lt, index, zero), g.add(index, limit), index);
}

void gather(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0), &index = c.in(1);
  if (x.rank() == 0)
    invalid("expects a tensor of rank 1 or more, but got " + describe(x));
  int64_t dim = c.axis(c.attrInt("axis", 0), x.rank());
  // One row at a known position is a slice.
  std::optional<Size> row = index.asSize();
  if (row && !x.known && (row->isNonNegative() || row->isConst())) {
    Size at = row->isConst() && row->value() < 0 ? *row + x.shape[dim] : *row;
    if (at.isConst() && x.shape[dim].isConst() && (at.value() < 0 || at.value() >= x.shape[dim].value()))
      invalid("expects an index inside " + describe(x) + ", but got " + row->str());
    Shape shape(x.shape.begin(), x.shape.begin() + dim);
    shape.append(index.shape.begin(), index.shape.end());
    shape.append(x.shape.begin() + dim + 1, x.shape.end());
    return c.out(g.reshape(g.slice(x, dim, at, Size(1)), shape));
  }
  c.out(g.take(x, wrapped(g, index, x.shape[dim]), dim));
}

/// Elements of x at row-major positions: one list of coordinates per dim of `dims`, the leading dims of x.
Tensor takeElements(GraphBuilder &g, const Tensor &x, llvm::ArrayRef<Tensor> coordinates) {
  Tensor linear = coordinates[0];
  for (size_t d = 1; d < coordinates.size(); ++d) {
    Tensor extent = g.broadcastTo(g.scalar(x.shape[d], linear.element), linear.shape);
    linear = g.add(g.mul(linear, extent), coordinates[d]);
  }
  llvm::ArrayRef<Size> shape = x.shape;
  Shape flat{product(shape.take_front(coordinates.size()))};
  flat.append(shape.begin() + coordinates.size(), shape.end());
  return g.take(g.reshape(x, flat), linear, 0);
}

void gatherElements(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0), &index = c.in(1);
  if (x.rank() != index.rank() || x.rank() == 0)
    invalid("expects data and indices of one rank, but got " + describe(x) + " and " + describe(index));
  int64_t dim = c.axis(c.attrInt("axis", 0), x.rank());
  llvm::SmallVector<Tensor> coordinates;
  for (int64_t d = 0; d < x.rank(); ++d)
    coordinates.push_back(d == dim ? g.cast(wrapped(g, index, x.shape[d]), g.i64()) : g.iota(index.shape, d, g.i64()));
  c.out(takeElements(g, x, coordinates));
}

void gatherNd(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0), &index = c.in(1);
  int64_t batch = c.attrInt("batch_dims", 0), rank = index.rank();
  if (rank == 0 || !index.shape.back().isConst())
    unsupported("indices of shape " + str(index.shape));
  int64_t depth = index.shape.back().value();
  if (batch < 0 || batch >= rank || depth < 1 || batch + depth > x.rank())
    invalid("expects indices that fit " + describe(x) + ", but got " + describe(index));
  Shape lead(index.shape.begin(), index.shape.end() - 1);
  llvm::SmallVector<Tensor> coordinates;
  for (int64_t d = 0; d < batch; ++d) {
    g.require(x.shape[d], index.shape[d], "batch dims");
    coordinates.push_back(g.iota(lead, d, g.i64()));
  }
  for (int64_t d = 0; d < depth; ++d) {
    Tensor column = g.reshape(g.slice(index, rank - 1, Size(d), Size(1)), lead);
    coordinates.push_back(g.cast(wrapped(g, column, x.shape[batch + d]), g.i64()));
  }
  c.out(takeElements(g, x, coordinates));
}

void oneHot(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &values = c.in(2);
  Tensor index = c.in(0).isFloat() ? g.cast(c.in(0), g.i64()) : c.in(0);
  std::vector<Size> depth;
  if (std::optional<double> f = c.in(1).asFloat(); f && *f >= 0 && *f < 1e9)
    depth.push_back(Size(static_cast<int64_t>(*f)));
  else
    depth = c.contents(1, "depth");
  if (depth.size() != 1)
    invalid("expects one depth, but got " + llvm::Twine(depth.size()));
  int64_t dim = c.axis(c.attrInt("axis", -1), index.rank() + 1);
  Shape shape = index.shape;
  shape.insert(shape.begin() + dim, depth[0]);
  Tensor hot = g.cast(g.repeat(wrapped(g, index, depth[0]), shape, {dim}), g.i64());
  Tensor isHot = g.compare(Compare::Eq, hot, g.iota(shape, dim, g.i64()));
  auto value = [&](int64_t i) { return g.broadcastTo(g.reshape(g.slice(values, 0, Size(i), Size(1)), {}), shape); };
  c.out(g.select(isHot, value(1), value(0)));
}
} // namespace

llvm::ArrayRef<Operator> lookupOperators() {
  static const Operator table[] = {
      {"", "Gather", kFirst, kLast, gather},
      {"", "GatherElements", kFirst, kLast, gatherElements},
      {"", "GatherND", kFirst, kLast, gatherNd},
      {"", "OneHot", kFirst, kLast, oneHot},
  };
  return table;
}

} // namespace seqc::onnx
