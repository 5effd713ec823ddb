// SPDX-License-Identifier: Apache-2.0
#include "Stages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

using Z = std::complex<double>;

/// exp(sign 2 pi i k / n), exact at multiples of a quarter.
static Z root(double sign, int64_t k, int64_t n) {
  k %= n;
  if (4 * k % n == 0) {
    const Z quarters[] = {{1, 0}, {0, sign}, {-1, 0}, {0, -sign}};
    return quarters[4 * k / n];
  }
  return std::polar(1.0, sign * 2 * M_PI * static_cast<double>(k) / static_cast<double>(n));
}

//===-- Digits ---------------------------------------------------------------------===//

unsigned Stages::add(int64_t size) {
  sizes.push_back(size);
  return sizes.size() - 1;
}

int64_t Stages::product(ArrayRef<unsigned> ids) const {
  int64_t n = 1;
  for (unsigned id : ids)
    n *= sizes[id];
  return n;
}

SmallVector<int64_t> Stages::shapeOf(ArrayRef<unsigned> ids) const {
  return llvm::map_to_vector(ids, [&](unsigned id) { return sizes[id]; });
}

void Stages::replace(unsigned from, ArrayRef<unsigned> to) {
  for (Ids *list : {&order, &digits}) {
    auto *it = llvm::find(*list, from);
    assert(it != list->end() && "a dim of the tile");
    size_t at = it - list->begin();
    list->erase(it);
    list->insert(list->begin() + at, to.begin(), to.end());
  }
}

void Stages::mergeDigits() {
  for (size_t i = 0; i + 1 < order.size();) {
    unsigned a = order[i], b = order[i + 1];
    const unsigned *at = llvm::find(digits, a);
    if (at == digits.end() || at + 1 == digits.end() || at[1] != b) { // the rows are no digit
      ++i;
      continue;
    }
    unsigned both = add(sizes[a] * sizes[b]);
    replace(b, {});
    replace(a, {both});
  }
}

void Stages::start(Planes planes, int64_t rows, int64_t length) {
  current = planes;
  sizes.assign({rows, length});
  order.assign({0});
  digits.clear();
  if (length > 1) {
    order.push_back(1);
    digits.push_back(1);
  }
}

std::optional<SmallVector<Stages::Ids, 3>> Stages::tryAlign(ArrayRef<int64_t> parts) {
  SmallVector<Ids, 3> groups(parts.size());
  SmallVector<std::pair<unsigned, Ids>> splits;
  SmallVector<int64_t> before = sizes;
  size_t part = 0;
  int64_t rest = parts[0];
  for (unsigned d : digits) {
    Ids pieces;
    for (int64_t n = sizes[d]; n > 1;) {
      while (rest == 1)
        rest = parts[++part];
      int64_t piece = std::min(n, rest);
      if (n % piece || rest % piece) {
        sizes = before;
        return std::nullopt;
      }
      unsigned id = piece == sizes[d] ? d : add(piece);
      pieces.push_back(id);
      groups[part].push_back(id);
      n /= piece;
      rest /= piece;
    }
    splits.push_back({d, pieces});
  }
  for (auto &[d, pieces] : splits)
    replace(d, pieces);
  return groups;
}

SmallVector<Stages::Ids, 3> Stages::align(ArrayRef<int64_t> parts) {
  if (auto groups = tryAlign(parts))
    return *groups;
  canonicalize();
  auto groups = tryAlign(parts);
  assert(groups && "parts of one digit");
  return *groups;
}

unsigned Stages::contracted(const StageShape &s, SmallVector<Ids, 3> &groups) {
  groups = align({s.left, s.in, s.right});
  if (groups[1].empty()) { // in = 1: a digit of its own
    unsigned p = add(1);
    order.push_back(p);
    digits.insert(digits.begin() + groups[0].size(), p);
    groups[1].push_back(p);
  }
  if (groups[1].size() == 1)
    return groups[1][0];
  auto *at = llvm::find(order, groups[1][0]);
  size_t count = groups[1].size();
  if (static_cast<size_t>(order.end() - at) < count || ArrayRef<unsigned>(at, count) != ArrayRef<unsigned>(groups[1])) {
    canonicalize();
    groups = align({s.left, s.in, s.right});
    return groups[1][0];
  }
  unsigned p = add(s.in);
  for (unsigned id : ArrayRef<unsigned>(groups[1]).drop_front())
    replace(id, {});
  replace(groups[1][0], {p});
  groups[1].assign({p});
  return p;
}

void Stages::permute(ArrayRef<int64_t> parts, ArrayRef<int64_t> p) {
  SmallVector<Ids, 3> groups = align(parts);
  digits.clear();
  for (int64_t d : p)
    llvm::append_range(digits, groups[d]);
}

void Stages::canonicalize() {
  mergeDigits();
  Ids natural{0};
  llvm::append_range(natural, digits);
  arrange(natural);
  int64_t length = product(digits);
  order.assign({0});
  digits.clear();
  if (length > 1) {
    unsigned id = add(length);
    order.push_back(id);
    digits.push_back(id);
  }
  SmallVector<int64_t> shape{sizes[0], length};
  each([&](Value v) { return reshape(v, shape); });
}

SmallVector<Stages::Dim> Stages::dims() const {
  SmallVector<Dim> result;
  for (unsigned id : order) {
    Dim dim{sizes[id], std::nullopt};
    if (id) {
      const unsigned *at = llvm::find(digits, id);
      dim.stride = product(ArrayRef<unsigned>(at + 1, digits.end() - at - 1));
    }
    result.push_back(dim);
  }
  return result;
}

Planes Stages::planes() {
  each([&](Value v) { return reshape(v, shapeOf(order)); });
  return current;
}

//===-- Tiles ----------------------------------------------------------------------===//

void Stages::each(function_ref<Value(Value)> f) {
  current.re = f(current.re);
  if (current.im)
    current.im = f(current.im);
}

Value Stages::reshape(Value v, ArrayRef<int64_t> shape) {
  auto type = TileMath::type(shape, TileMath::elementOf(v));
  return v.getType() == type ? v : Value(tile::ReshapeOp::create(t.b, t.loc, type, v));
}

Value Stages::transpose(Value v, ArrayRef<int64_t> perm) {
  return llvm::is_sorted(perm) ? v : Value(tile::TransposeOp::create(t.b, t.loc, v, perm));
}

void Stages::arrange(ArrayRef<unsigned> newOrder) {
  SmallVector<int64_t> perm;
  for (unsigned id : newOrder)
    perm.push_back(llvm::find(order, id) - order.begin());
  SmallVector<int64_t> shape = shapeOf(order);
  each([&](Value v) { return transpose(reshape(v, shape), perm); });
  order.assign(newOrder.begin(), newOrder.end());
}

Value Stages::table(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  auto type = TileMath::type(shape, acc);
  DenseElementsAttr attr;
  if (acc.isF64())
    attr = DenseElementsAttr::get(type, values);
  else
    attr = DenseElementsAttr::get(type, ArrayRef<float>(llvm::map_to_vector(values, [](double x) { return static_cast<float>(x); })));
  if (attr.isSplat())
    return arith::ConstantOp::create(t.b, t.loc, attr);
  std::string bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(double)), name;
  llvm::raw_string_ostream(name) << "table_" << (acc.isF64() ? "f64_" : "f32_") << llvm::join(llvm::map_range(shape, [](int64_t n) { return std::to_string(n); }), "x") << '_'
                                 << llvm::format_hex_no_prefix(llvm::xxh3_64bits(bytes), 16);
  ModuleOp module = library.module();
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(t.b);
    t.b.setInsertionPointToStart(module.getBody());
    tile::ConstantOp::create(t.b, t.loc, name, type, attr);
  }
  return tile::TableOp::create(t.b, t.loc, type, name);
}

Planes Stages::tables(ArrayRef<int64_t> shape, ArrayRef<Z> values) {
  SmallVector<double> re, im;
  for (const Z &z : values)
    re.push_back(z.real()), im.push_back(z.imag());
  bool real = llvm::all_of(im, [](double x) { return x == 0; });
  return {table(shape, re), real ? Value() : table(shape, im)};
}

void Stages::multiply(Planes w, bool imaginary) {
  Value re = t.mul(current.re, w.re), im;
  if (current.im && w.im)
    re = t.fma(arith::NegFOp::create(t.b, t.loc, current.im), w.im, re);
  if (imaginary && w.im)
    im = t.mul(current.re, w.im);
  if (imaginary && current.im)
    im = im ? t.fma(current.im, w.re, im) : t.mul(current.im, w.re);
  current = {re, im};
}

void Stages::scale(double factor) {
  if (factor != 1)
    each([&](Value v) { return t.mul(v, factor); });
}

//===-- Stages ---------------------------------------------------------------------===//

Planes Stages::product(Planes a, Planes w, Value negated, RankedTensorType type, bool imaginary) {
  auto dot = [&](Value x, Value y, Value sum) -> Value { return tile::DotOp::create(t.b, t.loc, type, x, y, sum); };
  Planes result{dot(a.re, w.re, Value()), Value()};
  if (a.im && negated)
    result.re = dot(a.im, negated, result.re);
  if (imaginary && w.im)
    result.im = dot(a.re, w.im, Value());
  if (imaginary && a.im)
    result.im = dot(a.im, w.re, result.im);
  return result;
}

/// The tile as [before, p, after] times w [p, q] is [before, after, q].
void Stages::contract(unsigned p, int64_t out, Planes w, Value negated, bool imaginary) {
  size_t at = llvm::find(order, p) - order.begin();
  int64_t before = product(ArrayRef<unsigned>(order).take_front(at)), in = sizes[p], after = product(ArrayRef<unsigned>(order).drop_front(at + 1));
  auto rows = [&](Value v) {
    if (after == 1)
      return reshape(v, {before, in});
    if (before == 1)
      return transpose(reshape(v, {in, after}), {1, 0});
    return transpose(reshape(v, {before, in, after}), {0, 2, 1});
  };
  SmallVector<int64_t> shape;
  if (before != 1 || after == 1)
    shape.push_back(before);
  if (after != 1)
    shape.push_back(after);
  shape.push_back(out);
  each(rows);
  current = product(current, w, negated, TileMath::type(shape, acc), imaginary);
  unsigned q = add(out);
  if (out == 1) {
    replace(p, {});
    return;
  }
  replace(p, {q});
  order.erase(llvm::find(order, q));
  order.push_back(q);
}

void Stages::shared(StageShape s, Planes w, bool imaginary) {
  SmallVector<Ids, 3> groups;
  unsigned p = contracted(s, groups);
  Value negated = w.im && current.im ? Value(arith::NegFOp::create(t.b, t.loc, w.im)) : Value();
  auto turned = [&](Value v) { return v ? transpose(v, {1, 0}) : Value(); };
  contract(p, s.out, {turned(w.re), turned(w.im)}, turned(negated), imaginary);
}

void Stages::dft(StageShape s, double sign, bool transposed, double factor, bool imaginary) {
  if (s.in == 1 && s.out == 1)
    return scale(factor);
  if (transposed)
    twiddle(s.left, s.in, s.right, s.out, sign);
  int64_t n = transposed ? s.out : s.in;
  SmallVector<Z> values, negatives;
  for (int64_t p = 0; p < s.in; ++p)
    for (int64_t q = 0; q < s.out; ++q)
      values.push_back(factor * root(sign, p * q, n));
  for (const Z &z : values)
    negatives.push_back(-z.imag());
  Planes w = tables({s.in, s.out}, values);
  SmallVector<Ids, 3> groups;
  unsigned p = contracted(s, groups);
  Value negated = w.im && current.im ? tables({s.in, s.out}, negatives).re : Value();
  bool last = transposed || s.right == 1;
  contract(p, s.out, w, negated, imaginary || !last);
  if (!transposed)
    twiddle(s.left, s.out, s.right, s.in, sign);
  if (!imaginary)
    current.im = Value();
}

void Stages::twiddle(int64_t left, int64_t extent, int64_t right, int64_t n, double sign) {
  if (extent == 1 || right == 1)
    return;
  SmallVector<Ids, 3> groups = align({left, extent, right});
  Ids members = groups[1];
  llvm::append_range(members, groups[2]);
  // Runs of dims that the table has and lacks.
  SmallVector<int64_t> runs, tableShape;
  SmallVector<bool> inTable;
  Ids tableIds;
  for (unsigned id : order) {
    bool has = llvm::is_contained(members, id);
    if (has)
      tableIds.push_back(id);
    if (runs.empty() || inTable.back() != has) {
      runs.push_back(1);
      inTable.push_back(has);
    }
    runs.back() *= sizes[id];
  }
  for (auto [size, has] : llvm::zip(runs, inTable))
    if (has)
      tableShape.push_back(size);
  SmallVector<Z> values;
  SmallVector<int64_t> coordinate(sizes.size(), 0);
  for (int64_t i = 0, count = product(tableIds); i < count; ++i) {
    int64_t rest = i, q = 0, c = 0;
    for (unsigned id : llvm::reverse(tableIds)) {
      coordinate[id] = rest % sizes[id];
      rest /= sizes[id];
    }
    for (unsigned id : groups[1])
      q = q * sizes[id] + coordinate[id];
    for (unsigned id : groups[2])
      c = c * sizes[id] + coordinate[id];
    values.push_back(root(sign, q * c, n * right));
  }
  Planes w = tables(tableShape, values);
  auto spread = [&](Value v) {
    for (auto [d, has] : llvm::enumerate(inTable))
      if (v && !has)
        v = t.broadcast(v, d, runs[d]);
    return v;
  };
  each([&](Value v) { return reshape(v, runs); });
  multiply({spread(w.re), spread(w.im)}, true);
}

SmallVector<FactorDim> Stages::factorDims(ArrayRef<unsigned> ids, const Ids &left, const Ids &right) const {
  SmallVector<FactorDim> result;
  for (unsigned id : ids)
    for (const Ids *group : {&left, &right})
      if (const unsigned *at = llvm::find(*group, id); at != group->end())
        result.push_back({group == &left, sizes[id], product(ArrayRef<unsigned>(at + 1, group->end() - at - 1))});
  return result;
}

void Stages::blocks(StageShape s, FactorLoader load, bool imaginary) {
  SmallVector<Ids, 3> groups;
  unsigned p = contracted(s, groups);
  Ids batch = groups[0];
  llvm::append_range(batch, groups[2]);
  if (batch.size() > 4) { // tiles have at most 6 dims
    canonicalize();
    p = contracted(s, groups);
    batch = groups[0];
    llvm::append_range(batch, groups[2]);
  }
  Planes w = load(factorDims(batch, groups[0], groups[2]), /*matrix=*/true);
  Ids newOrder = batch;
  newOrder.push_back(0);
  newOrder.push_back(p);
  arrange(newOrder);
  Value negated = w.im && current.im ? Value(arith::NegFOp::create(t.b, t.loc, w.im)) : Value();
  SmallVector<int64_t> swapped = llvm::to_vector(llvm::seq<int64_t>(0, batch.size() + 2));
  std::swap(swapped[batch.size()], swapped[batch.size() + 1]);
  auto turned = [&](Value v) { return v ? transpose(v, swapped) : Value(); };
  SmallVector<int64_t> shape = shapeOf(newOrder);
  shape.back() = s.out;
  current = product(current, {turned(w.re), turned(w.im)}, turned(negated), TileMath::type(shape, acc), imaginary);
  if (s.out == 1)
    replace(p, {});
  else
    replace(p, {add(s.out)});
  mergeDigits();
}

void Stages::diagonal(StageShape s, FactorLoader load, bool imaginary) {
  SmallVector<Ids, 3> groups = align({s.left, 1, s.right});
  Ids ids;
  for (unsigned id : order)
    if (id)
      ids.push_back(id);
  Planes w = load(factorDims(ids, groups[0], groups[2]), /*matrix=*/false);
  int64_t at = llvm::find(order, 0u) - order.begin();
  auto spread = [&](Value v) { return v ? t.broadcast(v, at, sizes[0]) : Value(); };
  each([&](Value v) { return reshape(v, shapeOf(order)); });
  multiply({spread(w.re), spread(w.im)}, imaginary);
}

} // namespace seqc::convert
