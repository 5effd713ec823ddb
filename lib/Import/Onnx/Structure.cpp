// SPDX-License-Identifier: Apache-2.0
// Shapes, slices, joins, lookups, reductions, products.
#include "GraphBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace seqc::onnx {

static llvm::SmallVector<int64_t> inOrder(llvm::ArrayRef<int64_t> dims) {
  llvm::SmallVector<int64_t> list(dims);
  llvm::sort(list);
  return list;
}

/// Position of an index in a tensor of constant shape.
static int64_t linearIndex(llvm::ArrayRef<Size> shape, llvm::ArrayRef<int64_t> index) {
  int64_t at = 0;
  for (auto [s, i] : llvm::zip_equal(shape, index))
    at = at * s.value() + i;
  return at;
}

//===-- Reshape -------------------------------------------------------------------===//

namespace {
struct Range {
  int64_t begin, end;
};
/// Source dims and target dims with equal products.
struct Group {
  Range source, target;
};
} // namespace

/// The finest common cuts of both shapes.
static llvm::SmallVector<Group> commonGroups(llvm::ArrayRef<Size> source, llvm::ArrayRef<Size> target) {
  if (source.empty() || target.empty())
    return {};
  llvm::SmallVector<Size> prefixes{Size(1)};
  for (const Size &s : target)
    prefixes.push_back(prefixes.back() * s);
  llvm::SmallVector<std::pair<int64_t, int64_t>> cuts;
  int64_t j = 0, sources = source.size(), targets = target.size();
  Size product(1);
  for (int64_t i = 0; i < sources; ++i) {
    product *= source[i];
    for (int64_t k = j + 1; k <= targets; ++k)
      if (product == prefixes[k]) {
        j = k;
        cuts.push_back({i + 1, k});
        break;
      }
  }
  if (cuts.empty())
    cuts.push_back({sources, targets});
  cuts.back() = {sources, targets};
  llvm::SmallVector<Group> groups;
  std::pair<int64_t, int64_t> last{0, 0};
  for (auto cut : cuts) {
    groups.push_back({{last.first, cut.first}, {last.second, cut.second}});
    last = cut;
  }
  return groups;
}

template <typename F> static llvm::SmallVector<ReassociationIndices> reassociation(llvm::ArrayRef<Group> groups, F range) {
  llvm::SmallVector<ReassociationIndices> lists;
  for (const Group &g : groups) {
    Range r = range(g);
    lists.push_back(llvm::to_vector<2>(llvm::seq(r.begin, r.end)));
  }
  return lists;
}

Tensor GraphBuilder::reshape(const Tensor &x, llvm::ArrayRef<Size> shape) {
  if (llvm::ArrayRef<Size>(x.shape) == shape)
    return x;
  require(product(x.shape), product(shape), "a new shape " + str(shape) + " of " + str(x.shape));
  if (x.known)
    return fromKnown(*x.known, shape, x.element);
  auto isZero = [](const Size &s) { return s.isConst(0); };
  if (llvm::any_of(x.shape, isZero) || llvm::any_of(shape, isZero))
    return constant(0, shape, x.element);
  llvm::SmallVector<Group> groups = commonGroups(x.shape, shape);
  Tensor middle = x;
  bool isCollapsed = groups.empty() ? x.rank() > 0 : static_cast<int64_t>(groups.size()) != x.rank();
  if (isCollapsed) {
    Shape flat;
    for (const Group &g : groups)
      flat.push_back(product(llvm::ArrayRef(x.shape).slice(g.source.begin, g.source.end - g.source.begin)));
    auto lists = reassociation(groups, [](const Group &g) { return g.source; });
    middle = wrap(tensor::CollapseShapeOp::create(b, loc, type(flat, x.element), value(x), lists), flat);
  }
  bool isExpanded = groups.empty() ? !shape.empty() : groups.size() != shape.size();
  if (!isExpanded)
    return middle;
  auto lists = reassociation(groups, [](const Group &g) { return g.target; });
  return wrap(tensor::ExpandShapeOp::create(b, loc, type(shape, x.element), value(middle), lists, mixed(shape)), shape);
}

Tensor GraphBuilder::unsqueeze(const Tensor &x, llvm::ArrayRef<int64_t> dims) {
  Shape shape(x.shape);
  for (int64_t d : inOrder(dims))
    shape.insert(shape.begin() + d, Size(1));
  return reshape(x, shape);
}

Tensor GraphBuilder::squeeze(const Tensor &x, llvm::ArrayRef<int64_t> dims) {
  Shape shape;
  for (int64_t d = 0; d < x.rank(); ++d) {
    if (!llvm::is_contained(dims, d))
      shape.push_back(x.shape[d]);
    else
      require(Size(1), x.shape[d], "a dim to drop");
  }
  return reshape(x, shape);
}

Tensor GraphBuilder::transpose(const Tensor &x, llvm::ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, x.rank())))
    return x;
  Shape shape;
  for (int64_t p : permutation)
    shape.push_back(x.shape[p]);
  auto source = [&](llvm::ArrayRef<int64_t> i) {
    llvm::SmallVector<int64_t> at(i.size());
    for (auto [d, p] : llvm::enumerate(permutation))
      at[p] = i[d];
    return linearIndex(x.shape, at);
  };
  if (Tensor t = foldMove(x, shape, source))
    return t;
  return wrap(linalg::TransposeOp::create(b, loc, value(x), empty(shape, x.element), permutation)->getResult(0), shape);
}

//===-- Broadcasting --------------------------------------------------------------===//

Shape GraphBuilder::commonShape(llvm::ArrayRef<Size> x, llvm::ArrayRef<Size> y) {
  size_t rank = std::max(x.size(), y.size());
  Shape shape;
  for (size_t d = 0; d < rank; ++d) {
    Size p = d + x.size() < rank ? Size(1) : x[d + x.size() - rank], q = d + y.size() < rank ? Size(1) : y[d + y.size() - rank];
    if (p.isConst(1)) {
      shape.push_back(q);
    } else {
      if (!q.isConst(1))
        require(p, q, "operands that broadcast, " + str(x) + " with " + str(y));
      shape.push_back(p);
    }
  }
  return shape;
}

Tensor GraphBuilder::repeat(const Tensor &x, llvm::ArrayRef<Size> shape, llvm::ArrayRef<int64_t> dims) {
  if (dims.empty())
    return x;
  if (std::optional<double> f = x.asFloat())
    return constant(*f, shape, x.element);
  if (std::optional<Size> s = x.asSize(); s && s->isConst() && std::abs(s->value()) < (int64_t{1} << 53))
    return constant(static_cast<double>(s->value()), shape, x.element);
  auto source = [&](llvm::ArrayRef<int64_t> i) {
    llvm::SmallVector<int64_t> at;
    for (auto [d, p] : llvm::enumerate(i))
      if (!llvm::is_contained(dims, static_cast<int64_t>(d)))
        at.push_back(p);
    return linearIndex(x.shape, at);
  };
  if (Tensor t = foldMove(x, shape, source))
    return t;
  return wrap(linalg::BroadcastOp::create(b, loc, value(x), empty(shape, x.element), dims)->getResult(0), shape);
}

Tensor GraphBuilder::broadcastTo(const Tensor &x, llvm::ArrayRef<Size> shape) {
  if (llvm::ArrayRef<Size>(x.shape) == shape)
    return x;
  int64_t lead = static_cast<int64_t>(shape.size()) - x.rank();
  if (lead < 0)
    invalid("expects a shape that " + str(x.shape) + " broadcasts to, but got " + str(shape));
  llvm::SmallVector<int64_t> added = llvm::to_vector(llvm::seq<int64_t>(0, lead));
  Shape kept;
  for (int64_t d = 0; d < x.rank(); ++d) {
    if (x.shape[d].isConst(1) && !shape[lead + d].isConst(1)) {
      added.push_back(lead + d);
    } else {
      require(shape[lead + d], x.shape[d], "an operand that broadcasts to " + str(shape));
      kept.push_back(x.shape[d]);
    }
  }
  return repeat(reshape(x, kept), shape, added);
}

//===-- Slices and joins ----------------------------------------------------------===//

Tensor GraphBuilder::slice(const Tensor &x, llvm::ArrayRef<Size> offsets, llvm::ArrayRef<Size> shape, llvm::ArrayRef<int64_t> steps) {
  if (llvm::is_contained(shape, Size(0)))
    return constant(0, shape, x.element); // offsets at the end are not inside
  for (int64_t d = 0; d < x.rank(); ++d) {
    int64_t step = steps.empty() ? 1 : steps[d];
    if (!x.shape[d].isConst() || !offsets[d].isConst() || !shape[d].isConst())
      continue;
    Size end = offsets[d] + (shape[d] - Size(1)) * Size(step) + Size(1);
    if (offsets[d].value() < 0 || !end.isConst() || end.value() > x.shape[d].value())
      invalid("expects a slice inside " + describe(x) + ", but got elements " + offsets[d].str() + " to " + end.str() + " of dim " + llvm::Twine(d));
  }
  bool isWhole = llvm::ArrayRef<Size>(x.shape) == shape && llvm::all_of(offsets, [](const Size &o) { return o.isConst(0); });
  if (isWhole)
    return x;
  auto source = [&](llvm::ArrayRef<int64_t> i) {
    llvm::SmallVector<int64_t> at;
    for (auto [d, p] : llvm::enumerate(i))
      at.push_back(offsets[d].value() + p * (steps.empty() ? 1 : steps[d]));
    return linearIndex(x.shape, at);
  };
  if (allConst(offsets))
    if (Tensor t = foldMove(x, shape, source))
      return t;
  llvm::SmallVector<OpFoldResult> strides;
  for (int64_t d = 0; d < x.rank(); ++d)
    strides.push_back(b.getIndexAttr(steps.empty() ? 1 : steps[d]));
  return wrap(tensor::ExtractSliceOp::create(b, loc, type(shape, x.element), value(x), mixed(offsets), mixed(shape), strides), shape);
}

Tensor GraphBuilder::slice(const Tensor &x, int64_t dim, const Size &offset, const Size &size, int64_t step) {
  if (dim < 0 || dim >= x.rank())
    invalid("expects a tensor of rank " + llvm::Twine(dim + 1) + " or more, but got " + describe(x));
  llvm::SmallVector<Size> offsets(x.rank(), Size(0));
  llvm::SmallVector<int64_t> steps(x.rank(), 1);
  Shape shape = x.shape;
  offsets[dim] = offset;
  shape[dim] = size;
  steps[dim] = step;
  return slice(x, offsets, shape, steps);
}

Tensor GraphBuilder::concat(llvm::ArrayRef<Tensor> parts, int64_t dim) {
  Shape shape = parts.front().shape;
  llvm::SmallVector<Value> values;
  shape[dim] = Size(0);
  for (const Tensor &t : parts) {
    if (t.element != parts.front().element || t.rank() != parts.front().rank())
      invalid("expects operands of one type and rank, but got " + describe(parts.front()) + " and " + describe(t));
    for (int64_t d = 0; d < t.rank(); ++d)
      if (d != dim)
        require(shape[d], t.shape[d], "operands of a concatenation");
    shape[dim] += t.shape[dim];
  }
  if (parts.size() == 1)
    return parts.front();
  if (Tensor t = foldConcat(parts, dim, shape))
    return t;
  for (const Tensor &t : parts)
    values.push_back(value(t));
  return wrap(tensor::ConcatOp::create(b, loc, type(shape, parts.front().element), dim, values), shape);
}

Tensor GraphBuilder::pad(const Tensor &x, llvm::ArrayRef<Size> low, llvm::ArrayRef<Size> high, double padding) {
  Shape shape;
  for (int64_t d = 0; d < x.rank(); ++d)
    shape.push_back(low[d] + x.shape[d] + high[d]);
  if (shape == x.shape)
    return x;
  if (!x.isFloat() && !std::isfinite(padding))
    invalid("expects a padding value of the type of " + describe(x) + ", but got another");
  TypedAttr attr =
      x.isFloat() ? TypedAttr(b.getFloatAttr(x.element, padding)) : TypedAttr(b.getIntegerAttr(x.element, static_cast<int64_t>(padding)));
  Value element = arith::ConstantOp::create(b, loc, attr);
  return wrap(tensor::PadOp::create(b, loc, type(shape, x.element), value(x), mixed(low), mixed(high), element), shape);
}

Tensor GraphBuilder::take(const Tensor &x, const Tensor &indices, int64_t dim) {
  if (x.rank() == 0 || !(indices.element.isInteger(32) || indices.element.isInteger(64)))
    invalid("expects rows and integers as indices, but got " + describe(x) + " and " + describe(indices));
  Shape gathered = indices.shape;
  llvm::SmallVector<int64_t> permutation;
  int64_t rank = indices.rank();
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != dim)
      gathered.push_back(x.shape[d]);
  auto source = [&](llvm::ArrayRef<int64_t> i) -> int64_t {
    const Size &row = indices.known->ints[linearIndex(indices.shape, i.slice(dim, rank))];
    llvm::SmallVector<int64_t> at(i.take_front(dim));
    at.push_back(row.value());
    at.append(i.begin() + dim + rank, i.end());
    return row.value() >= 0 && row.value() < x.shape[dim].value() ? linearIndex(x.shape, at) : -1;
  };
  if (indices.isConstant() && x.known) {
    Shape shape(x.shape.begin(), x.shape.begin() + dim);
    shape.append(indices.shape.begin(), indices.shape.end());
    shape.append(x.shape.begin() + dim + 1, x.shape.end());
    if (Tensor t = foldMove(x, shape, source))
      return t;
  }
  Tensor column = unsqueeze(indices, {rank});
  Tensor rows = wrap(tensor::GatherOp::create(b, loc, type(gathered, x.element), value(x), value(column), llvm::ArrayRef<int64_t>{dim}), gathered);
  for (int64_t d = 0; d < dim; ++d)
    permutation.push_back(rank + d);
  for (int64_t d = 0; d < rank; ++d)
    permutation.push_back(d);
  for (int64_t d = dim + 1; d < x.rank(); ++d)
    permutation.push_back(rank + d - 1);
  return transpose(rows, permutation);
}

Tensor GraphBuilder::reverse(const Tensor &x, int64_t dim) {
  Tensor positions = iota({x.shape[dim]}, 0, i64());
  Tensor last = repeat(scalar(x.shape[dim], i64()), positions.shape, {0});
  return take(x, addScalar(sub(last, positions), -1), dim);
}

//===-- Reductions and products ---------------------------------------------------===//

Tensor GraphBuilder::reduce(Reduce kind, const Tensor &x, llvm::ArrayRef<int64_t> dims) {
  if (dims.empty())
    return x;
  llvm::SmallVector<int64_t> sorted = inOrder(dims);
  constexpr double inf = std::numeric_limits<double>::infinity();
  bool isFloat = x.isFloat();
  // Smallest and largest integer of the type, as doubles: exact for up to 32 bits; i64 limits convert through int64.
  unsigned bits = x.element.getIntOrFloatBitWidth();
  double smallest = x.isBool() ? 0 : -std::ldexp(1.0, bits - 1);
  double initial = kind == Reduce::Add ? 0 : kind == Reduce::Mul ? 1 : kind == Reduce::Max ? (isFloat ? -inf : smallest) : inf;
  Shape shape;
  for (int64_t d = 0; d < x.rank(); ++d)
    if (!llvm::is_contained(sorted, d))
      shape.push_back(x.shape[d]);
  if (Tensor t = foldReduce(kind, x, sorted, shape))
    return t;
  Tensor init;
  if (kind == Reduce::Min && !isFloat) // the largest integer: all ones of the smallest
    init = x.isBool() ? constant(1, shape, x.element)
                      : repeat(fromKnown({{Size(llvm::APInt::getSignedMaxValue(bits).getSExtValue())}, {}}, {}, x.element), shape,
                               llvm::to_vector(llvm::seq<int64_t>(0, shape.size())));
  else
    init = constant(initial, shape, x.element);
  auto body = [&](OpBuilder &inner, Location at, ValueRange args) {
    auto make = [&](llvm::StringRef name) {
      OperationState state(at, name);
      state.addOperands({args[0], args[1]});
      state.addTypes(x.element);
      linalg::YieldOp::create(inner, at, inner.create(state)->getResult(0));
    };
    static constexpr const char *kFloat[] = {"arith.addf", "arith.mulf", "arith.maximumf", "arith.minimumf"};
    static constexpr const char *kInt[] = {"arith.addi", "arith.muli", "arith.maxsi", "arith.minsi"};
    static constexpr const char *kBool[] = {"arith.ori", "arith.andi", "arith.ori", "arith.andi"};
    auto i = static_cast<size_t>(kind);
    make(isFloat ? kFloat[i] : x.isBool() ? kBool[i] : kInt[i]);
  };
  return wrap(linalg::ReduceOp::create(b, loc, ValueRange{value(x)}, ValueRange{value(init)}, sorted, body)->getResult(0), shape);
}

Tensor GraphBuilder::spread(const Tensor &reduced, const Tensor &like, llvm::ArrayRef<int64_t> dims) {
  return repeat(reduced, like.shape, inOrder(dims));
}

Tensor GraphBuilder::mean(const Tensor &x, llvm::ArrayRef<int64_t> dims) {
  Size count(1);
  for (int64_t d : dims)
    count *= x.shape[d];
  Tensor sum = reduce(Reduce::Add, x, dims);
  if (count.isConst() && count.value() > 0)
    return scale(sum, 1.0 / static_cast<double>(count.value()));
  return div(sum, broadcastTo(scalar(count, x.element), sum.shape));
}

Tensor GraphBuilder::dot(const Tensor &x, const Tensor &y) {
  Shape shape(x.shape.begin(), x.shape.end() - 1);
  shape.push_back(y.shape.back());
  if (!x.isFloat() || x.element != y.element)
    unsupported("a product of " + describe(x) + " and " + describe(y));
  require(x.shape.back(), y.shape[y.rank() - 2], "inner dims of a product");
  if (x.rank() == 3)
    require(x.shape[0], y.shape[0], "batches of a product");
  Tensor init = constant(0, shape, wide(x.element));
  llvm::SmallVector<Value> operands{value(x), value(y)}, inits{value(init)};
  Type result = inits[0].getType();
  Operation *op = x.rank() == 2 ? linalg::MatmulOp::create(b, loc, TypeRange{result}, operands, inits).getOperation()
                                : linalg::BatchMatmulOp::create(b, loc, TypeRange{result}, operands, inits).getOperation();
  return wrap(op->getResult(0), shape);
}

Tensor GraphBuilder::matmul(const Tensor &x, const Tensor &y) {
  if (!x.isFloat() || x.element != y.element)
    unsupported("a product of " + describe(x) + " and " + describe(y));
  Tensor left = x.rank() == 1 ? unsqueeze(x, {0}) : x, right = y.rank() == 1 ? unsqueeze(y, {1}) : y;
  if (left.rank() == 0 || right.rank() == 0)
    invalid("expects operands of a product of rank 1 or more, but got " + describe(x) + " and " + describe(y));
  Tensor out;
  if (right.rank() == 2) {
    Shape lead(left.shape.begin(), left.shape.end() - 1), shape = lead;
    shape.push_back(right.shape[1]);
    out = reshape(dot(reshape(left, {product(lead), left.shape.back()}), right), shape);
  } else {
    llvm::ArrayRef<Size> a = left.shape, c = right.shape;
    Shape batch = commonShape(a.drop_back(2), c.drop_back(2));
    auto batched = [&](const Tensor &t) {
      Shape full = batch;
      full.append(t.shape.end() - 2, t.shape.end());
      return reshape(broadcastTo(t, full), {product(batch), t.shape[t.rank() - 2], t.shape[t.rank() - 1]});
    };
    Shape shape = batch;
    shape.push_back(a[a.size() - 2]);
    shape.push_back(c.back());
    out = reshape(dot(batched(left), batched(right)), shape);
  }
  llvm::SmallVector<int64_t> drop;
  if (x.rank() == 1)
    drop.push_back(out.rank() - 2);
  if (y.rank() == 1)
    drop.push_back(out.rank() - 1);
  return squeeze(out, drop);
}

/// exp(x - max) / sum; a row whose maximum is -inf gives NaN, as the formula says.
Tensor GraphBuilder::softmax(const Tensor &x, int64_t dim) {
  Tensor centred = sub(x, spread(reduce(Reduce::Max, x, {dim}), x, {dim}));
  Tensor e = unary<math::ExpOp>(centred);
  return div(e, spread(reduce(Reduce::Add, e, {dim}), x, {dim}));
}

} // namespace seqc::onnx
