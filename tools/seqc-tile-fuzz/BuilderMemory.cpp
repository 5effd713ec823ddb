// SPDX-License-Identifier: Apache-2.0
// Arguments, views, loads with odd bounds, stores.
#include "Builder.h"
#include <cmath>

using llvm::Twine;

namespace seqc::fuzz {

static interp::DType dtypeOf(const std::string &type) { return llvm::cantFail(interp::parseDType(type)); }

void Builder::makeArguments() {
  n = pick(1, 40);
  rows = extent();
  programs = pick(1, 3);
  std::vector<std::string> floats{"f32", "f32", "f32", "bf16", "f16"}, types{"f32", "f32", "bf16", "bf16", "f16", "i32", "i1"};
  if (options.allTypes)
    types.insert(types.end(), {"f64", "i8", "i64"});
  for (int64_t i = 0, count = pick(1, 3); i < count; ++i) {
    Argument a;
    a.name = "x" + std::to_string(i);
    a.type = oneOf(i == 0 ? floats : types);
    a.isPointer = true;
    args.push_back(a);
  }
}

/// `[a, b, c]` of a list of sizes where the dynamic ones have names.
static std::string listed(const std::vector<std::string> &xs) {
  std::string text;
  for (const std::string &x : xs)
    text += (text.empty() ? "" : ", ") + x;
  return "[" + text + "]";
}

static std::string viewType(const std::vector<std::string> &sizes, const std::vector<std::string> &strides, const std::string &type) {
  auto shown = [](const std::string &x) { return x[0] == '%' ? std::string("?") : x; };
  std::string text = "!tile.view<";
  std::vector<std::string> list;
  for (const std::string &s : sizes)
    text += shown(s) + "x";
  for (const std::string &s : strides)
    list.push_back(shown(s));
  return text + type + ", " + listed(list) + ">";
}

void Builder::makeViews() {
  line("%pid = tile.program_id 0");
  line("%pid1 = tile.program_id 1");
  std::string t = index(rows);
  line("%row = arith.muli %pid, " + Twine(t) + " : index");
  for (Argument &a : args) {
    int64_t c = extent();
    std::string cs = std::to_string(c), nc = fresh();
    struct Form {
      std::vector<std::string> sizes, strides;
      Shape actual;
      int64_t elements;
    };
    std::string cc = index(c);
    line(nc + " = arith.muli %n, " + cc + " : index");
    std::vector<Form> forms{{{"%n", cs}, {cs, "1"}, {n, c}, n * c},
                            {{"%n"}, {"1"}, {n}, n},
                            {{"%p", "%n", cs}, {nc, cs, "1"}, {programs, n, c}, programs * n * c},
                            {{cs, "%n"}, {"1", cs}, {c, n}, n * c},
                            {{cs, "5"}, {"5", "1"}, {c, 5}, c * 5},
                            {{"%n", cc}, {cs, "1"}, {n, c}, n * c}};
    const Form &f = oneOf(forms);
    bool isFloat = a.type[0] == 'f' || a.type[0] == 'b';
    a.memory = interp::Tensor(dtypeOf(a.type), {f.elements});
    for (double &x : a.memory.data)
      x = isFloat ? static_cast<double>(pick(-8, 8)) / 2 : static_cast<double>(a.type == "i1" ? pick(0, 1) : pick(-9, 9));
    View v{fresh(), viewType(f.sizes, f.strides, a.type), a.type, f.actual, isFloat ? 4.0 : 9.0, isFloat ? 0.5 : 1.0};
    line(v.name + " = tile.view %" + a.name + " sizes " + listed(f.sizes) + " strides " + listed(f.strides) + " : !tile.ptr<" + a.type + "> -> " + v.typeText);
    views.push_back(v);
  }
}

View Builder::subview(const View &v) {
  if (v.sizes.size() < 2)
    return v;
  // The first dim at a constant offset, dropped; the others whole or shortened by static sizes.
  View s = v;
  s.name = fresh();
  s.sizes.erase(s.sizes.begin());
  std::string offsets = std::to_string(pick(0, v.sizes[0] - 1)), sizes = "1", type = "!tile.view<";
  for (size_t d = 1; d < v.sizes.size(); ++d) {
    int64_t size = pick(1, v.sizes[d]);
    s.sizes[d - 1] = size;
    offsets += ", " + std::to_string(pick(0, v.sizes[d] - size));
    sizes += ", " + std::to_string(size);
    type += std::to_string(size) + "x";
  }
  // Strides of the type: all but the first.
  std::string strides = v.typeText.substr(v.typeText.find('[') + 1);
  strides = strides.substr(strides.find(", ") + 2);
  s.typeText = type + v.type + ", [" + strides;
  line(s.name + " = tile.subview " + v.name + "[" + offsets + "] sizes [" + sizes + "] {drop = [0]} : " + v.typeText + " -> " + s.typeText);
  return s;
}

std::string Builder::coordinate(const View &v, size_t dim, int64_t tileExtent) {
  if (chance(25))
    return "%row";
  if (!counter.empty() && chance(50))
    return counter;
  if (chance(15))
    return "%pid1";
  return std::to_string(chance(50) ? 0 : pick(-2, std::max<int64_t>(v.sizes[dim], 3)));
}

Tile Builder::load(const Shape *wanted, const std::string *type) {
  std::vector<View> fits;
  for (const View &v : views)
    if ((!type || v.type == *type) && (!wanted || v.sizes.size() >= wanted->size()))
      fits.push_back(v);
  if (fits.empty())
    return constant(wanted ? *wanted : randomShape(2, 512), type ? *type : "f32", 3);
  View v = oneOf(fits);
  if (!wanted && chance(15))
    v = subview(v);
  Tile t{"", wanted ? *wanted : randomShape(static_cast<int64_t>(v.sizes.size()), 1024), v.type, v.bound, v.step};
  while (t.shape.size() > v.sizes.size())
    t.shape.erase(t.shape.begin());
  std::string coords, pad;
  for (size_t d = 0; d < v.sizes.size(); ++d)
    coords += (d ? ", " : "") + coordinate(v, d, 1);
  if (chance(30))
    pad = t.isFloat() && chance(20) ? " {pad = -inf}" : " {pad = " + std::to_string(t.type == "i1" ? pick(0, 1) : pick(-3, 3)) + ".0}";
  return define(t, "tile.load " + v.name + "[" + coords + "]" + pad + " : " + v.typeText + " -> " + t.typeText());
}

void Builder::gather() {
  View v = oneOf(views);
  int64_t rank = static_cast<int64_t>(v.sizes.size());
  Shape shape;
  for (int64_t d = 0, count = pick(1, rank); d < count; ++d)
    shape.push_back(std::min<int64_t>(extent(), 16));
  int64_t first = rank - static_cast<int64_t>(shape.size()), dim = pick(first, rank - 1);
  Tile idx = define({"", {shape[dim - first]}, "i32", 33}, Twine("tile.iota {dim = 0} : tensor<") + Twine(shape[dim - first]) + "xi32>");
  Tile back = constant(idx.shape, "i32", static_cast<double>(pick(-3, 3)));
  idx = elementwise(chance(50) ? "arith.subi" : "arith.muli", {back, idx}, 200, 1);
  std::string coords;
  for (int64_t d = 0; d < rank; ++d)
    coords += (d ? ", " : "") + (d == dim ? "0" : coordinate(v, d, 1));
  Tile t{"", shape, v.type, v.bound, v.step};
  std::string pad = chance(40) ? ", pad = 1.0" : "";
  define(t, "tile.gather " + v.name + "[" + coords + "] by " + idx.name + " {dim = " + Twine(dim) + pad + "} : " + v.typeText + ", " + idx.typeText() + " -> " +
                t.typeText());
}

void Builder::loadScalar() {
  for (const View &v : views) {
    if (v.type != "f32" || scalars.size() > 4)
      continue;
    std::string coords, name = fresh();
    for (int64_t s : v.sizes)
      coords += (coords.empty() ? "" : ", ") + std::to_string(pick(0, s - 1));
    line(name + " = tile.load_scalar " + v.name + "[" + coords + "] : " + v.typeText);
    if (depth == 1)
      scalars.push_back(name);
    return;
  }
}

/// Two stores to one place with a load after each: what was loaded first must not change with the second store.
void Builder::storeAndReload() {
  if (depth > 1)
    return;
  Tile a = find([](const Tile &t) { return t.type == "f32" && t.shape.size() <= 3; });
  if (a.type != "f32" || a.shape.size() > 3)
    return;
  Tile b = find([&](const Tile &t) { return t.type == "f32" && t.shape == a.shape; });
  Argument y;
  y.name = "y" + std::to_string(args.size());
  y.type = "f32";
  y.isPointer = y.isOutput = true;
  y.isExact = a.isExact && b.isExact;
  int64_t grid = (n + rows - 1) / rows, elements = a.size();
  std::vector<std::string> sizes{"%gx" + y.name, "%p"}, strides;
  std::string coords = "%pid, %pid1", outer = fresh(), rowsName = index(rows), shift = std::to_string(a.shape.empty() ? 0 : pick(-1, 1)), moved = coords;
  int64_t inner = 1;
  for (size_t d = a.shape.size(); d-- > 0;) {
    strides.insert(strides.begin(), std::to_string(inner));
    inner *= a.shape[d];
  }
  for (size_t d = 0; d < a.shape.size(); ++d) {
    sizes.push_back(std::to_string(a.shape[d]));
    coords += ", 0";
    moved += d + 1 == a.shape.size() ? ", " + shift : ", 0";
  }
  strides.insert(strides.begin(), {outer, std::to_string(elements)});
  y.memory = interp::Tensor(interp::DType::F32, {elements * grid * programs}, std::nan(""));
  line(outer + " = arith.muli %p, " + Twine(index(elements)) + " : index");
  line(sizes[0] + " = arith.ceildivsi %n, " + rowsName + " : index");
  std::string v = fresh(), type = viewType(sizes, strides, "f32");
  line(v + " = tile.view %" + y.name + " sizes " + listed(sizes) + " strides " + listed(strides) + " : !tile.ptr<f32> -> " + type);
  auto store = [&](const Tile &t) { line("tile.store " + t.name + ", " + v + "[" + coords + "] : " + t.typeText() + ", " + type); };
  auto reload = [&](Tile t) { return define(t, "tile.load " + v + "[" + moved + "] : " + type + " -> " + t.typeText()); };
  store(a);
  Tile first = reload(a);
  store(elementwise("arith.negf", {b.shape == a.shape && b.type == "f32" ? b : a}, std::max(a.bound, b.bound), std::min(a.step, b.step)));
  Tile both = a;
  both.bound = std::max(a.bound, b.bound);
  both.step = std::min(a.step, b.step);
  both.isExact = y.isExact;
  Tile second = reload(both);
  first = settled(first);
  second = settled(second);
  elementwise("arith.subf", {first, second}, first.bound + second.bound, std::min(first.step, second.step));
  args.push_back(y);
}

void Builder::accumulate() {
  if (depth > 1)
    return;
  Tile t = settled(integral(find([](const Tile &x) { return x.type == "f32" && x.isExact && x.shape.size() == 1; })), 200);
  if (t.type != "f32" || !t.isExact || t.shape.size() != 1)
    return;
  Argument y;
  y.name = "y" + std::to_string(args.size());
  y.type = "f32";
  y.isPointer = y.isOutput = true;
  int64_t size = std::max<int64_t>(1, t.shape[0] + pick(-1, 2));
  y.memory = interp::Tensor(interp::DType::F32, {size});
  std::string v = fresh(), type = "!tile.view<" + std::to_string(size) + "xf32, [1]>";
  line(v + " = tile.view %" + y.name + " sizes [" + Twine(size) + "] strides [1] : !tile.ptr<f32> -> " + type);
  line("tile.accumulate " + t.name + ", " + v + "[" + std::string(chance(50) ? "0" : "%pid") + "] : " + t.typeText() + ", " + type);
  args.push_back(y);
}

void Builder::storeResults() {
  // The last tiles, each to an output of its own: [grid x, grid y, dims..] with sizes a little off the tile's.
  std::vector<Tile> stored(tiles.end() - std::min<size_t>(tiles.size(), 3), tiles.end());
  int64_t grid = (n + rows - 1) / rows;
  for (Tile t : stored) {
    if (t.shape.size() > 4)
      continue;
    if (t.type == "i1" && chance(50))
      t = define({"", t.shape, "i32", 1}, "arith.extui " + t.name + " : " + t.typeText() + " to " + Tile{"", t.shape, "i32"}.typeText());
    Argument a;
    a.name = "y" + std::to_string(args.size());
    a.type = t.type;
    a.isPointer = a.isOutput = true;
    a.isExact = t.isExact;
    std::vector<std::string> sizes{"%gx", "%p"}, strides;
    Shape actual{grid, programs};
    std::string coords = "%pid, %pid1";
    for (int64_t e : t.shape) {
      int64_t size = std::max<int64_t>(1, e + pick(-1, 2));
      actual.push_back(size);
      sizes.push_back(std::to_string(size));
      coords += ", " + std::to_string(chance(60) ? 0 : pick(-1, 1));
    }
    int64_t elements = 1;
    for (size_t d = actual.size(); d-- > 2;) {
      strides.insert(strides.begin(), std::to_string(elements));
      elements *= actual[d];
    }
    std::string outer = fresh();
    line(outer + " = arith.muli %p, " + Twine(index(elements)) + " : index");
    strides.insert(strides.begin(), {outer, std::to_string(elements)});
    a.memory = interp::Tensor(dtypeOf(a.type), {elements * grid * programs}, t.isFloat() ? std::nan("") : t.type == "i1" ? 1 : 99);
    std::string gx = "%gx" + a.name, v = fresh(), rowsName = index(rows);
    sizes[0] = gx;
    line(gx + " = arith.ceildivsi %n, " + rowsName + " : index");
    std::string type = viewType(sizes, strides, a.type);
    line(v + " = tile.view %" + a.name + " sizes " + listed(sizes) + " strides " + listed(strides) + " : !tile.ptr<" + a.type + "> -> " + type);
    line("tile.store " + t.name + ", " + v + "[" + coords + "] : " + t.typeText() + ", " + type);
    args.push_back(a);
  }
  auto value = [&](const char *name, const char *type, double x) {
    Argument a;
    a.name = name;
    a.type = type;
    a.value = x;
    args.push_back(a);
  };
  value("n", "index", static_cast<double>(n));
  value("p", "index", static_cast<double>(programs));
  value("s", "f32", static_cast<double>(pick(-3, 3)));
}

} // namespace seqc::fuzz
