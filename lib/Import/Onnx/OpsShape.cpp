// SPDX-License-Identifier: Apache-2.0
// Constants, shapes, views, slices, joins.
#include "Registry.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <climits>
#include <cmath>
#include <numeric>

using namespace mlir;

namespace seqc::onnx {

namespace {
constexpr int64_t kFirst = kMinOpset, kLast = kMaxOpset;
using Compare = GraphBuilder::Compare;

//===-- Constants and sizes -------------------------------------------------------===//

Tensor fileConstant(NodeContext &c, const TensorData &data) {
  if (!data.problem.empty() || !elementTypeOf(c.g.b.getContext(), data.type))
    unsupported("a constant of element type " + elementName(data.type));
  return constantOf(c.g.b.getContext(), data);
}

void constant(NodeContext &c) {
  GraphBuilder &g = c.g;
  if (c.node.attributes.size() != 1)
    invalid("expects one attribute, but got " + llvm::Twine(c.node.attributes.size()));
  const Attribute &a = c.node.attributes.front();
  Known k;
  using Kind = Attribute::Kind;
  switch (a.kind) {
  case Kind::Tensor:
    return c.out(fileConstant(c, *a.tensor));
  case Kind::Float:
    k.floats.push_back(a.f);
    return c.out(g.fromKnown(std::move(k), {}, g.f32()));
  case Kind::Int:
    k.ints.push_back(Size(a.i));
    return c.out(g.fromKnown(std::move(k), {}, g.i64()));
  case Kind::Floats:
    k.floats = a.floats;
    return c.out(g.fromKnown(std::move(k), {Size(static_cast<int64_t>(a.floats.size()))}, g.f32()));
  case Kind::Ints:
    k.ints.assign(a.ints.begin(), a.ints.end());
    return c.out(g.fromKnown(std::move(k), {Size(static_cast<int64_t>(a.ints.size()))}, g.i64()));
  default:
    unsupported("attribute " + a.name);
  }
}

void shapeOf(NodeContext &c) {
  const Shape &shape = c.in(0).shape;
  auto rank = static_cast<int64_t>(shape.size());
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  int64_t start = clamp(c.attrInt("start", 0)), end = clamp(c.attrInt("end", rank));
  c.out(c.g.sizes(llvm::ArrayRef<Size>(shape).slice(start, std::max<int64_t>(end - start, 0))));
}

void sizeOf(NodeContext &c) { c.out(c.g.fromKnown({{product(c.in(0).shape)}, {}}, {}, c.g.i64())); }

void constantOfShape(NodeContext &c) {
  GraphBuilder &g = c.g;
  std::vector<Size> wanted = c.contents(0, "the elements of a shape");
  Shape shape(wanted.begin(), wanted.end());
  const Attribute *value = c.node.find("value");
  if (value && value->kind != Attribute::Kind::Tensor)
    invalid("expects attribute 'value' to be a tensor, but got another kind");
  Tensor element = value ? fileConstant(c, *value->tensor) : g.constant(0, {}, g.f32());
  c.out(g.broadcastTo(g.reshape(element, {}), shape));
}

/// A range of floats whose limits are constants.
void floatRange(NodeContext &c) {
  GraphBuilder &g = c.g;
  std::optional<double> start = c.in(0).asFloat(), limit = c.in(1).asFloat(), delta = c.in(2).asFloat();
  if (!start || !limit || !delta)
    unsupported("limits that depend on data");
  double count = std::ceil((*limit - *start) / *delta);
  if (!(count < 1e9))
    invalid("expects a range of fewer than 1000000000 elements, but got " + std::to_string(count));
  Type element = c.in(0).element;
  Tensor r = g.cast(g.iota({Size(static_cast<int64_t>(std::max(count, 0.0)))}, 0, g.i64()), g.wide(element));
  c.out(g.cast(g.addScalar(g.scale(r, *delta), *start), element));
}

void range(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &start = c.in(0), &limit = c.in(1), &delta = c.in(2);
  if (start.isFloat())
    return floatRange(c);
  auto only = [](const Tensor &t) -> Size {
    if (!t.asSize())
      unsupported("limits that depend on data");
    return *t.asSize();
  };
  Size first = only(start), last = only(limit), step = only(delta);
  if (!step.isConst() || step.isConst(0))
    unsupported("a step that is not a constant");
  Size distance = step.value() > 0 ? last - first : first - last;
  Size count = ceilDiv(distance, Size(step.value() > 0 ? step.value() : -step.value()));
  if (!count.isNonNegative())
    count = max(count, Size(0));
  Tensor r = g.iota({count}, 0, start.element.isInteger(32) ? g.i32() : g.i64());
  if (!step.isConst(1))
    r = g.scale(r, static_cast<double>(step.value()));
  if (!first.isConst(0))
    r = g.add(r, g.repeat(g.cast(g.reshape(start, {}), r.element), r.shape, {0}));
  c.out(g.cast(r, start.element));
}

//===-- Views ---------------------------------------------------------------------===//

void reshape(NodeContext &c) {
  const Tensor &x = c.in(0);
  std::vector<Size> wanted = c.contents(1, "the elements of a shape");
  bool allowZero = c.attrInt("allowzero", 0) != 0;
  Shape shape;
  int64_t inferred = -1;
  for (auto [d, s] : llvm::enumerate(wanted)) {
    if (s.isConst(-1)) {
      if (inferred >= 0)
        invalid("expects at most one -1 in a shape, but got two");
      inferred = static_cast<int64_t>(d);
      shape.push_back(Size(1));
    } else if (s.isConst(0) && !allowZero) {
      if (d >= x.shape.size())
        invalid("expects a 0 in a shape to copy a dim of " + describe(x) + ", but got dim " + llvm::Twine(d));
      shape.push_back(x.shape[d]);
    } else {
      shape.push_back(s);
    }
  }
  if (inferred >= 0) {
    // Equal dims cancel, also where they may be 0.
    Shape rest = shape;
    Size all(1), others(1);
    for (const Size &s : x.shape) {
      auto *it = llvm::find(rest, s);
      if (it != rest.end() && !s.isConst())
        rest.erase(it);
      else
        all *= s;
    }
    others = product(rest);
    if (others.isConst(0))
      invalid("expects a shape whose -1 can be inferred, but got " + str(shape));
    std::optional<Size> quotient = exactQuotient(all, others);
    if (!quotient && all.isConst() && others.isConst())
      invalid("expects a shape of " + all.str() + " elements, but got " + str(shape) + " with a -1");
    if (!quotient)
      unsupported("a shape of " + str(shape) + " whose -1 cannot be inferred from " + str(x.shape));
    shape[inferred] = *quotient;
  }
  c.out(c.g.reshape(x, shape));
}

void flatten(NodeContext &c) {
  const Tensor &x = c.in(0);
  int64_t axis = c.attrInt("axis", 1), rank = x.rank();
  if (axis < -rank || axis > rank)
    invalid("expects an axis of a tensor of rank " + llvm::Twine(rank) + ", but got " + llvm::Twine(axis));
  axis = axis < 0 ? axis + rank : axis;
  llvm::ArrayRef<Size> shape = x.shape;
  c.out(c.g.reshape(x, {product(shape.take_front(axis)), product(shape.drop_front(axis))}));
}

void squeeze(NodeContext &c) {
  const Tensor &x = c.in(0);
  std::vector<int64_t> dims;
  if (c.has(1)) {
    dims = c.axes(c.constants(1, "axes"), x.rank());
  } else {
    for (int64_t d = 0; d < x.rank(); ++d) {
      if (!x.shape[d].isConst())
        unsupported("a squeeze of all dims of size 1 of " + describe(x));
      if (x.shape[d].isConst(1))
        dims.push_back(d);
    }
  }
  c.out(c.g.squeeze(x, dims));
}

void unsqueeze(NodeContext &c) {
  std::vector<int64_t> dims = c.constants(1, "axes");
  c.out(c.g.unsqueeze(c.in(0), c.axes(dims, c.in(0).rank() + static_cast<int64_t>(dims.size()))));
}

void transpose(NodeContext &c) {
  const Tensor &x = c.in(0);
  std::vector<int64_t> order = c.attrInts("perm").value_or(std::vector<int64_t>());
  if (!c.hasAttr("perm"))
    for (int64_t d = x.rank() - 1; d >= 0; --d)
      order.push_back(d);
  order = c.axes(order, x.rank());
  if (static_cast<int64_t>(order.size()) != x.rank())
    invalid("expects a permutation of " + llvm::Twine(x.rank()) + " dims, but got " + llvm::Twine(order.size()));
  c.out(c.g.transpose(x, order));
}

void expand(NodeContext &c) {
  std::vector<Size> wanted = c.contents(1, "the elements of a shape");
  Shape shape = c.g.commonShape(c.in(0).shape, wanted);
  c.out(c.g.broadcastTo(c.in(0), shape));
}

void tile(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  std::vector<Size> repeats = c.contents(1, "repeats");
  if (static_cast<int64_t>(repeats.size()) != x.rank())
    invalid("expects " + llvm::Twine(x.rank()) + " repeats, but got " + llvm::Twine(repeats.size()));
  Shape wide, shape;
  llvm::SmallVector<int64_t> added;
  for (int64_t d = 0; d < x.rank(); ++d) {
    if (!repeats[d].isConst(1)) {
      added.push_back(static_cast<int64_t>(wide.size()));
      wide.push_back(repeats[d]);
    }
    wide.push_back(x.shape[d]);
    shape.push_back(repeats[d] * x.shape[d]);
  }
  c.out(g.reshape(g.repeat(x, wide, added), shape));
}

//===-- Slices and joins ----------------------------------------------------------===//

void concat(NodeContext &c) {
  llvm::SmallVector<Tensor> parts;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    parts.push_back(c.in(i));
  if (parts.empty() || parts[0].rank() == 0 || !c.hasAttr("axis"))
    invalid("expects an axis and operands of rank 1 or more, but got another node");
  for (const Tensor &t : parts)
    if (t.element != parts[0].element || t.rank() != parts[0].rank())
      invalid("expects operands of one type and rank, but got " + describe(parts[0]) + " and " + describe(t));
  c.out(c.g.concat(parts, c.axis(c.attrInt("axis", 0), parts[0].rank())));
}

void split(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  int64_t dim = c.axis(c.attrInt("axis", 0), x.rank());
  auto count = static_cast<int64_t>(c.node.outputs.size());
  std::vector<Size> parts;
  if (c.has(1)) {
    parts = c.contents(1, "sizes of parts");
    if (static_cast<int64_t>(parts.size()) != count)
      invalid("expects " + llvm::Twine(count) + " sizes of parts, but got " + llvm::Twine(parts.size()));
    Size sum(0);
    for (const Size &s : parts)
      sum += s;
    g.require(x.shape[dim], sum, "parts together");
  } else {
    if (c.hasAttr("num_outputs") && c.attrInt("num_outputs", 0) != count)
      invalid("expects num_outputs = " + llvm::Twine(count) + ", but got " + llvm::Twine(c.attrInt("num_outputs", 0)));
    Size part = ceilDiv(x.shape[dim], Size(count)); // the last one may be smaller
    for (int64_t i = 0; i + 1 < count; ++i)
      parts.push_back(part);
    parts.push_back(x.shape[dim] - part * Size(count - 1));
  }
  Size offset(0);
  for (int64_t i = 0; i < count; ++i) {
    c.out(i, g.slice(x, dim, offset, parts[i]));
    offset += parts[i];
  }
}

/// A bound of a slice as a position: negative ones count from the end, all are clamped to [low, high].
Size bound(const Size &s, const Size &extent, const Size &low, const Size &high) {
  Size at = s;
  if (s.isConst() ? s.value() < 0 : (s * Size(-1)).isPositive())
    at = s + extent;
  else if (!s.isConst() && !s.isNonNegative())
    unsupported("a bound of a slice, " + s.str() + ", that may be negative or not");
  return min(max(at, low), high);
}

void slice(NodeContext &c) {
  GraphBuilder &g = c.g;
  Tensor x = c.in(0);
  std::vector<Size> starts = c.contents(1, "starts"), ends = c.contents(2, "ends");
  std::vector<int64_t> dims, steps(starts.size(), 1);
  if (c.has(3)) {
    dims = c.axes(c.constants(3, "axes"), x.rank());
  } else {
    for (size_t i = 0; i < starts.size(); ++i)
      dims.push_back(c.axis(static_cast<int64_t>(i), x.rank()));
  }
  if (c.has(4))
    steps = c.constants(4, "steps");
  if (ends.size() != starts.size() || dims.size() != starts.size() || steps.size() != starts.size())
    invalid("expects starts, ends, axes and steps of one length, but got " + llvm::Twine(starts.size()) + ", " + llvm::Twine(ends.size()) + ", " +
            llvm::Twine(dims.size()) + ", " + llvm::Twine(steps.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    int64_t dim = dims[i], step = steps[i];
    if (step == 0 || step == INT64_MIN)
      invalid("expects steps other than 0, but got " + llvm::Twine(step));
    Size extent = x.shape[dim], start, end, count;
    // INT_MAX and INT_MIN mean "to the end" however long the dim is.
    auto isFar = [](const Size &s) { return s.isConst() && (s.value() >= INT_MAX || s.value() <= -INT_MAX); };
    if (step > 0) {
      start = isFar(starts[i]) ? (starts[i].value() > 0 ? extent : Size(0)) : bound(starts[i], extent, Size(0), extent);
      end = isFar(ends[i]) ? (ends[i].value() > 0 ? extent : Size(0)) : bound(ends[i], extent, Size(0), extent);
      count = ceilDiv(max(end - start, Size(0)), Size(step));
      x = g.slice(x, dim, start, count, step);
      continue;
    }
    // Backwards: forwards on the reversed dim.
    Size last = extent - Size(1);
    start = isFar(starts[i]) ? (starts[i].value() > 0 ? last : Size(-1)) : bound(starts[i], extent, Size(-1), last);
    end = isFar(ends[i]) ? (ends[i].value() > 0 ? last : Size(-1)) : bound(ends[i], extent, Size(-1), last);
    count = ceilDiv(max(start - end, Size(0)), Size(-step));
    x = g.slice(g.reverse(x, dim), dim, last - start, count, -step);
  }
  c.out(x);
}

void pad(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (std::string mode = c.attrString("mode", "constant"); mode != "constant")
    unsupported("padding mode " + mode);
  std::vector<Size> pads = c.contents(1, "pads");
  std::vector<int64_t> dims(x.rank());
  std::iota(dims.begin(), dims.end(), 0);
  if (c.has(3))
    dims = c.axes(c.constants(3, "axes"), x.rank());
  if (pads.size() != 2 * dims.size())
    invalid("expects " + llvm::Twine(2 * dims.size()) + " pads, but got " + llvm::Twine(pads.size()));
  double value = 0;
  if (c.has(2)) {
    std::optional<double> f = c.in(2).asFloat();
    std::optional<Size> s = c.in(2).asSize();
    if (!f && !(s && s->isConst()))
      unsupported("a padding value that is not a constant");
    value = f ? *f : static_cast<double>(s->value());
  }
  llvm::SmallVector<Size> low(x.rank(), Size(0)), high(x.rank(), Size(0)), offset(x.rank(), Size(0));
  Shape cut = x.shape;
  for (size_t i = 0; i < dims.size(); ++i) {
    Size &l = low[dims[i]] = pads[i], &h = high[dims[i]] = pads[i + dims.size()];
    // Negative pads cut.
    if (l.isConst() && l.value() < 0) {
      offset[dims[i]] = l * Size(-1);
      cut[dims[i]] += l;
      l = Size(0);
    }
    if (h.isConst() && h.value() < 0) {
      cut[dims[i]] += h;
      h = Size(0);
    }
    if (!l.isNonNegative() || !h.isNonNegative())
      unsupported("pads that may be negative");
  }
  c.out(g.pad(g.slice(x, offset, cut), low, high, value));
}

//===-- Patterns of positions -----------------------------------------------------===//

void trilu(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (x.rank() < 2)
    invalid("expects a tensor of rank 2 or more, but got " + describe(x));
  int64_t k = 0;
  if (c.has(1)) {
    std::vector<int64_t> list = c.constants(1, "k");
    k = list.size() == 1 ? list[0] : 0;
  }
  Tensor row = g.iota(x.shape, x.rank() - 2, g.i64()), column = g.iota(x.shape, x.rank() - 1, g.i64());
  Tensor diagonal = k ? g.addScalar(row, static_cast<double>(k)) : row;
  Tensor keep = g.compare(c.attrInt("upper", 1) ? Compare::Ge : Compare::Le, column, diagonal);
  c.out(g.select(keep, x, g.constant(0, x.shape, x.element)));
}

void eyeLike(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (x.rank() != 2)
    invalid("expects a tensor of rank 2, but got " + describe(x));
  Type element = c.hasAttr("dtype") ? c.elementType(c.attrInt("dtype", 0)) : x.element;
  Tensor row = g.iota(x.shape, 0, g.i64()), column = g.iota(x.shape, 1, g.i64());
  c.out(g.cast(g.compare(Compare::Eq, column, g.addScalar(row, static_cast<double>(c.attrInt("k", 0)))), element));
}
} // namespace

llvm::ArrayRef<Operator> shapeOperators() {
  static const Operator table[] = {
      {"", "Constant", kFirst, kLast, constant},
      {"", "ConstantOfShape", kFirst, kLast, constantOfShape},
      {"", "Shape", kFirst, kLast, shapeOf},
      {"", "Size", kFirst, kLast, sizeOf},
      {"", "Range", kFirst, kLast, range},
      {"", "Reshape", kFirst, kLast, reshape},
      {"", "Flatten", kFirst, kLast, flatten},
      {"", "Squeeze", kFirst, kLast, squeeze},
      {"", "Unsqueeze", kFirst, kLast, unsqueeze},
      {"", "Transpose", kFirst, kLast, transpose},
      {"", "Expand", kFirst, kLast, expand},
      {"", "Tile", kFirst, kLast, tile},
      {"", "Concat", kFirst, kLast, concat},
      {"", "Split", kFirst, kLast, split},
      {"", "Slice", kFirst, kLast, slice},
      {"", "Pad", kFirst, kLast, pad},
      {"", "Trilu", 14, kLast, trilu},
      {"", "EyeLike", kFirst, kLast, eyeLike},
  };
  return table;
}

} // namespace seqc::onnx
