// SPDX-License-Identifier: Apache-2.0
// One random step: an op, or a small group of ops that keeps values exact.
#include "Builder.h"
#include <cmath>

using llvm::Twine;

namespace seqc::fuzz {

void Builder::step() {
  using Maker = void (Builder::*)();
  static const std::vector<std::pair<Maker, int>> weights{
      {&Builder::floatUnary, 3},  {&Builder::floatBinary, 8}, {&Builder::compareSelect, 4}, {&Builder::approximate, 5}, {&Builder::integers, 4},
      {&Builder::booleans, 2},    {&Builder::cast, 4},        {&Builder::broadcast, 4},     {&Builder::reshape, 2},     {&Builder::transpose, 3},
      {&Builder::slice, 3},       {&Builder::splitJoin, 2},   {&Builder::reduce, 5},        {&Builder::scan, 2},        {&Builder::scanRegion, 1},
      {&Builder::recur, 2},       {&Builder::dot, 4},         {&Builder::map, 4},           {&Builder::loop, 3},        {&Builder::branch, 1},
      {&Builder::splatScalar, 2}, {&Builder::gather, 2},      {&Builder::loadScalar, 1},
      {&Builder::storeAndReload, 3}, {&Builder::accumulate, 1}, {&Builder::carriedLoop, 4}, {&Builder::dotLoop, 2}, {&Builder::recurPair, 2}, {&Builder::mapPair, 2}};
  int total = 0;
  for (const auto &[maker, weight] : weights)
    total += weight;
  int64_t at = pick(1, total);
  for (const auto &[maker, weight] : weights)
    if ((at -= weight) <= 0)
      return (this->*maker)();
}

//===-- Elementwise -----------------------------------------------------------------===//

void Builder::floatUnary() {
  Tile t = findFloat();
  switch (pick(0, 4)) {
  case 0:
    elementwise("arith.negf", {t}, t.bound, t.step);
    return;
  case 1:
    elementwise("math.absf", {t}, t.bound, t.step);
    return;
  default:
    if (!t.isExact)
      return;
    static const std::vector<std::string> ops{"math.floor", "math.ceil", "math.round", "math.roundeven", "math.trunc"};
    elementwise(oneOf(ops), {t}, t.bound + 1, std::max(t.step, 1.0));
  }
}

void Builder::floatBinary() {
  Tile a = settled(findFloat());
  Tile b = find([&](const Tile &t) { return t.type == a.type && t.shape == a.shape; });
  if (b.shape != a.shape || b.type != a.type)
    b = load(&a.shape, &a.type);
  b = settled(b);
  double sum = a.bound + b.bound, step = std::min(a.step, b.step);
  switch (pick(0, 5)) {
  case 0:
    elementwise("arith.addf", {a, b}, sum, step);
    return;
  case 1:
    elementwise("arith.subf", {a, b}, sum, step);
    return;
  case 2:
    a = settled(a, 1, 2048);
    b = settled(b, 1, 2048);
    elementwise("arith.mulf", {a, b}, a.bound * b.bound, a.step * b.step);
    return;
  case 3:
    elementwise(chance(50) ? "arith.maximumf" : "arith.maxnumf", {a, b}, std::max(a.bound, b.bound), step);
    return;
  case 4:
    elementwise(chance(50) ? "arith.minimumf" : "arith.minnumf", {a, b}, std::max(a.bound, b.bound), step);
    return;
  case 5: {
    a = settled(a, 1, 2048);
    b = settled(b, 1, 2048);
    Tile c = settled(find([&](const Tile &t) { return t.type == a.type && t.shape == a.shape; }), 1, 2048);
    if (c.shape == a.shape && c.type == a.type)
      elementwise("math.fma", {a, b, c}, a.bound * b.bound + c.bound, std::min(a.step * b.step, c.step));
  }
  }
}

void Builder::compareSelect() {
  Tile a = find([](const Tile &t) { return t.isFloat() && t.isExact; });
  if (!a.isExact)
    return;
  Tile b = find([&](const Tile &t) { return t.type == a.type && t.shape == a.shape && t.isExact; });
  if (b.shape != a.shape || b.type != a.type || !b.isExact)
    b = constant(a.shape, a.type, static_cast<double>(pick(-3, 3)));
  static const std::vector<std::string> predicates{"oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno"};
  Tile c{"", a.shape, "i1", 1};
  c = define(c, "arith.cmpf " + oneOf(predicates) + ", " + a.name + ", " + b.name + " : " + a.typeText());
  Tile r = a;
  r.bound = std::max(a.bound, b.bound);
  r.step = std::min(a.step, b.step);
  if (chance(80))
    define(r, "arith.select " + c.name + ", " + a.name + ", " + b.name + " : " + c.typeText() + ", " + r.typeText());
}

void Builder::approximate() {
  if (options.exactOnly)
    return;
  Tile t = clamped(asType(findFloat(), "f32"), 6);
  auto inexact = [&](const Twine &op, std::vector<Tile> operands, double bound) {
    for (Tile &o : operands)
      o.isExact = false;
    elementwise(op, operands, bound, std::ldexp(1.0, -40));
  };
  auto oneMore = [&] { // 1 + t * t
    Tile one = constant(t.shape, "f32", 1);
    return elementwise("math.fma", {t, t, one}, 1 + t.bound * t.bound, std::min(1.0, t.step * t.step));
  };
  switch (pick(0, 8)) {
  case 0:
    return inexact("math.exp2", {t}, 64);
  case 1:
    return inexact("math.tanh", {t}, 1);
  case 2:
    return inexact("math.rsqrt", {oneMore()}, 1);
  case 3:
    return inexact("math.sqrt", {oneMore()}, 7);
  case 4:
    return inexact("math.log2", {oneMore()}, 6);
  case 5:
    return inexact("math.erf", {t}, 1);
  case 6:
    return inexact(chance(50) ? "math.sin" : "math.cos", {t}, 1);
  default: {
    Tile a = find([&](const Tile &x) { return x.type == "f32" && x.shape == t.shape; });
    if (a.type != "f32" || a.shape != t.shape)
      a = t;
    return inexact("arith.divf", {a, oneMore()}, a.bound);
  }
  }
}

void Builder::integers() {
  Tile a = find([](const Tile &t) { return t.type == "i32"; });
  if (a.type != "i32") {
    Tile shape{"", randomShape(3, 512), "i32", 33};
    if (shape.shape.empty())
      shape.shape = {5};
    a = define(shape, Twine("tile.iota {dim = ") + Twine(pick(0, static_cast<int64_t>(shape.shape.size()) - 1)) + "} : " + shape.typeText());
  }
  if (chance(50)) {
    static const std::vector<std::string> ops{"arith.divsi", "arith.remsi", "arith.divui", "arith.remui", "arith.floordivsi", "arith.ceildivsi"};
    Tile d = constant(a.shape, "i32", static_cast<double>(pick(2, 7)));
    elementwise(oneOf(ops), {a, d}, 1e9, 1);
    return;
  }
  static const std::vector<std::string> ops{"arith.addi", "arith.subi", "arith.muli", "arith.andi", "arith.ori", "arith.xori", "arith.maxsi", "arith.minsi", "arith.maxui", "arith.minui"};
  Tile b = find([&](const Tile &t) { return t.type == "i32" && t.shape == a.shape; });
  if (b.type != "i32" || b.shape != a.shape)
    b = constant(a.shape, "i32", static_cast<double>(pick(-5, 5)));
  elementwise(oneOf(ops), {a, b}, 4e9, 1);
  if (chance(40)) {
    Tile c{"", a.shape, "i1", 1};
    static const std::vector<std::string> predicates{"eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"};
    define(c, "arith.cmpi " + oneOf(predicates) + ", " + a.name + ", " + b.name + " : " + a.typeText());
  }
}

void Builder::booleans() {
  Tile a = find([](const Tile &t) { return t.type == "i1"; });
  if (a.type != "i1")
    return compareSelect();
  Tile b = find([&](const Tile &t) { return t.type == "i1" && t.shape == a.shape; });
  static const std::vector<std::string> ops{"arith.andi", "arith.ori", "arith.xori"};
  elementwise(oneOf(ops), {a, b}, 1, 1);
  Tile x = find([&](const Tile &t) { return t.type != "i1" && t.shape == a.shape; });
  if (x.shape != a.shape || x.type == "i1")
    return;
  Tile z = constant(a.shape, x.type, 1);
  Tile r = x;
  r.bound = std::max(x.bound, 1.0);
  r.step = std::min(x.step, 1.0);
  define(r, "arith.select " + a.name + ", " + x.name + ", " + z.name + " : " + a.typeText() + ", " + r.typeText());
}

void Builder::cast() {
  Tile t = find([](const Tile &x) { return x.type != "i1" || true; });
  Tile r = t;
  auto convert = [&](const char *op, const char *type) {
    r.type = type;
    define(r, Twine("arith.") + op + " " + t.name + " : " + t.typeText() + " to " + r.typeText());
  };
  if (t.isFloat()) {
    static const std::vector<std::string> types{"f32", "bf16", "f16"};
    if (chance(70) || !t.isExact) {
      asType(t, options.allTypes && chance(20) ? "f64" : oneOf(types));
      return;
    }
    t = integral(asType(t, "f32"));
    // NaN and infinities have no integer: maxnum and minnum leave numbers.
    Tile low = constant(t.shape, "f32", -100), high = constant(t.shape, "f32", 100);
    t = elementwise("arith.maxnumf", {t, low}, t.bound, t.step);
    t = elementwise("arith.minnumf", {t, high}, 100, t.step);
    r = t;
    r.step = 1;
    return convert("fptosi", "i32");
  }
  if (t.type == "i1")
    return convert(chance(50) ? "extui" : "extsi", "i32");
  if (t.type == "i32") {
    Tile high = constant(t.shape, "i32", 50), low = constant(t.shape, "i32", -50);
    t = elementwise("arith.minsi", {t, high}, t.bound, 1);
    t = elementwise("arith.maxsi", {t, low}, 50, 1);
    r = t;
    r.bound = 50;
    return convert("sitofp", chance(60) ? "f32" : chance(50) ? "bf16" : "f16");
  }
}

//===-- Shapes ------------------------------------------------------------------------===//

void Builder::broadcast() {
  Tile t = find([](const Tile &x) { return x.shape.size() < 4 && x.size() <= 512; });
  if (t.shape.size() >= 4)
    return;
  Tile r = t;
  int64_t at = pick(0, static_cast<int64_t>(t.shape.size())), e = extent();
  while (e * t.size() > 2048)
    e = (e + 1) / 2;
  r.shape.insert(r.shape.begin() + at, e);
  define(r, "tile.broadcast " + t.name + " {at = " + Twine(at) + "} : " + t.typeText() + " -> " + r.typeText());
}

void Builder::reshape() {
  Tile t = find([](const Tile &) { return true; });
  Tile r = t;
  std::vector<Shape> shapes{{t.size()}, {1, t.size()}, {t.size(), 1}};
  for (int64_t d : {2, 3, 4, 8})
    if (t.size() % d == 0) {
      shapes.push_back({t.size() / d, d});
      shapes.push_back({d, t.size() / d});
      if (t.size() % (2 * d) == 0)
        shapes.push_back({2, t.size() / (2 * d), d});
    }
  r.shape = oneOf(shapes);
  define(r, "tile.reshape " + t.name + " : " + t.typeText() + " -> " + r.typeText());
}

void Builder::transpose() {
  Tile t = find([](const Tile &x) { return x.shape.size() >= 2; });
  Shape perm;
  for (size_t i = 0; i < t.shape.size(); ++i)
    perm.push_back(static_cast<int64_t>(i));
  std::shuffle(perm.begin(), perm.end(), random);
  Tile r = t;
  std::string text;
  for (size_t i = 0; i < perm.size(); ++i) {
    r.shape[i] = t.shape[perm[i]];
    text += (i ? ", " : "") + std::to_string(perm[i]);
  }
  define(r, "tile.transpose " + t.name + " [" + text + "] : " + t.typeText());
}

void Builder::slice() {
  Tile t = find([](const Tile &x) { return !x.shape.empty(); });
  Tile r = t;
  std::string offsets, sizes;
  for (size_t i = 0; i < t.shape.size(); ++i) {
    r.shape[i] = chance(40) ? t.shape[i] : pick(1, t.shape[i]);
    offsets += (i ? ", " : "") + std::to_string(pick(0, t.shape[i] - r.shape[i]));
    sizes += (i ? ", " : "") + std::to_string(r.shape[i]);
  }
  define(r, "tile.slice " + t.name + " [" + offsets + "] [" + sizes + "] : " + t.typeText() + " -> " + r.typeText());
}

void Builder::splitJoin() {
  Tile t = find([](const Tile &x) { return !x.shape.empty() && *std::min_element(x.shape.begin(), x.shape.end()) <= 4; });
  for (size_t d = 0; d < t.shape.size(); ++d) {
    int64_t count = t.shape[d];
    if (count > 4)
      continue;
    Tile part = t;
    part.shape.erase(part.shape.begin() + static_cast<int64_t>(d));
    std::string names, types, operands;
    std::vector<Tile> parts;
    for (int64_t i = 0; i < count; ++i) {
      part.name = fresh();
      parts.push_back(part);
      names += (i ? ", " : "") + part.name;
      types += (i ? ", " : "") + part.typeText();
    }
    line(names + " = tile.split " + t.name + " {dims = [" + Twine(d) + "]} : " + t.typeText() + " -> " + types);
    tiles.insert(tiles.end(), parts.begin(), parts.end());
    std::shuffle(parts.begin(), parts.end(), random);
    for (size_t i = 0; i < parts.size(); ++i)
      operands += (i ? ", " : "") + parts[i].name;
    int64_t at = pick(0, static_cast<int64_t>(part.shape.size()));
    Tile r = t;
    r.shape = part.shape;
    r.shape.insert(r.shape.begin() + at, count);
    if (chance(70))
      define(r, "tile.join " + operands + " {dims = [" + Twine(at) + "]} : " + types + " -> " + r.typeText());
    return;
  }
}

void Builder::splatScalar() {
  Tile t{"", randomShape(3, 512), "f32", 4, 0.5};
  std::string scalar = scalars.empty() || chance(50) ? "%s" : oneOf(scalars);
  if (chance(20)) {
    hasTable = true;
    t = {"", {4, 4}, "f32", 1, 1};
    define(t, "tile.table @table : " + t.typeText());
    return;
  }
  define(t, "tile.splat " + scalar + " : f32 -> " + t.typeText());
}

//===-- Reductions, dots, regions -------------------------------------------------------===//

void Builder::reduce() {
  Tile t = find([](const Tile &x) { return !x.shape.empty(); });
  if (t.shape.empty())
    return;
  std::string dims;
  Tile r = t;
  r.shape.clear();
  int64_t count = 1;
  for (size_t d = 0; d < t.shape.size(); ++d) {
    if (chance(50) || (dims.empty() && d + 1 == t.shape.size())) {
      dims += (dims.empty() ? "" : ", ") + std::to_string(d);
      count *= t.shape[d];
    } else {
      r.shape.push_back(t.shape[d]);
    }
  }
  static const std::vector<std::string> floats{"add", "add", "add", "max", "max", "min"}, ints{"add", "max", "min", "or", "and", "mul"}, bits{"or", "and"};
  // Sums and products of i64 may leave what the interpreter can hold.
  std::string kind = oneOf(t.isFloat() ? floats : t.type == "i1" || t.type == "i64" ? bits : ints);
  if (kind == "add" && t.isFloat()) {
    t = settled(t, static_cast<double>(count));
    r.bound = t.bound * static_cast<double>(count) * 1.01;
    r.step = t.step;
  }
  define(r, "tile.reduce " + t.name + " {dims = [" + dims + "], kind = " + kind + "} : " + t.typeText() + " -> " + r.typeText());
}

void Builder::scan() {
  Tile t = find([](const Tile &x) { return !x.shape.empty() && x.type != "i1" && x.type != "i64"; });
  if (t.shape.empty() || t.type == "i64" || t.type == "i1")
    return;
  int64_t dim = pick(0, static_cast<int64_t>(t.shape.size()) - 1), count = t.shape[dim];
  static const std::vector<std::string> kinds{"add", "add", "max", "min"};
  std::string kind = oneOf(kinds);
  Tile r = t;
  if (kind == "add" && t.isFloat()) {
    t = settled(t, static_cast<double>(count));
    r = t;
    r.bound = t.bound * static_cast<double>(count) * 1.01;
  }
  define(r, "tile.scan " + t.name + " {dim = " + Twine(dim) + ", kind = " + kind + (chance(40) ? ", reverse" : "") + "} : " + t.typeText() + " -> " + r.typeText());
}

void Builder::scanRegion() {
  Tile a = clamped(integral(find([](const Tile &x) { return !x.shape.empty() && x.type == "f32" && x.isExact; })), 1);
  if (a.shape.empty() || a.type != "f32" || !a.isExact)
    return;
  int64_t dim = pick(0, static_cast<int64_t>(a.shape.size()) - 1);
  std::string f32 = "f32";
  Tile b = load(&a.shape, &f32);
  Tile ra = a, rb = b;
  ra.name = fresh();
  rb.name = fresh();
  rb.bound = b.bound * static_cast<double>(a.shape[dim]);
  rb.isExact = ra.isExact = a.isExact && b.isExact;
  std::string types = a.typeText() + ", " + b.typeText();
  line(ra.name + ", " + rb.name + " = tile.scan " + a.name + ", " + b.name + " {dim = " + Twine(dim) + (chance(40) ? ", reverse" : "") + "} : " + types + " -> " + types +
       " combine (%a0: f32, %b0: f32, %a1: f32, %b1: f32) {");
  line("  %aa = arith.mulf %a0, %a1 : f32");
  line("  %bb = math.fma %a1, %b0, %b1 : f32");
  line("  tile.yield %aa, %bb : f32, f32");
  line("}");
  tiles.push_back(ra);
  tiles.push_back(rb);
}

void Builder::recur() {
  Tile x = find([](const Tile &t) { return !t.shape.empty() && t.type == "f32"; });
  if (x.shape.empty() || x.type != "f32")
    return;
  int64_t dim = pick(0, static_cast<int64_t>(x.shape.size()) - 1), count = x.shape[dim];
  x = settled(x, static_cast<double>(count));
  Tile state = x;
  state.shape.erase(state.shape.begin() + dim);
  std::string f32 = "f32";
  bool isSum = chance(50), hasCapture = chance(50);
  Tile init = constant(state.shape, f32, static_cast<double>(pick(-2, 2)));
  Tile captured = constant(state.shape, f32, static_cast<double>(pick(-2, 2)));
  Tile last = state, all = x;
  last.name = fresh();
  all.name = fresh();
  last.bound = x.bound * static_cast<double>(count) + 2;
  all.bound = last.bound + x.bound + 2;
  std::string st = state.typeText();
  line(last.name + ", " + all.name + " = tile.recur " + x.name + " init(" + init.name + ") (%st: " + st + ", %xt: " + st + ") {");
  line(Twine("  %ns = arith.") + (isSum ? "addf" : "maximumf") + " %st, %xt : " + st);
  line("  %yt = arith.subf %ns, " + (hasCapture ? captured.name : std::string("%xt")) + " : " + st);
  line("  tile.yield %ns, %yt : " + st + ", " + st);
  line("} {dim = " + Twine(dim) + (chance(40) ? ", reverse" : "") + "} : " + x.typeText() + " init(" + st + ") -> " + st + ", " + all.typeText());
  tiles.push_back(last);
  tiles.push_back(all);
}

void Builder::dot() {
  Tile a = find([](const Tile &t) { return t.isFloat() && t.type != "f64" && t.shape.size() >= 2 && t.shape.size() <= 3; });
  if (a.shape.size() < 2 || a.type == "f64" || !a.isFloat())
    return;
  int64_t k = a.shape.back();
  a = settled(a, 1, 64);
  Tile b = find([&](const Tile &t) { return t.type == a.type && t.shape.size() == 2 && t.shape[0] == k; });
  if (b.type != a.type || b.shape.size() != 2 || b.shape[0] != k) {
    Shape shape{k, extent()};
    if (a.shape.size() == 3 && chance(50))
      shape.insert(shape.begin(), a.shape[0]);
    b = load(&shape, &a.type);
  }
  b = settled(b, 1, 64);
  if (a.bound / a.step > 2048 || b.bound / b.step > 2048)
    return; // approximate values that a clamp cannot make small
  Tile d{"", a.shape, "f32", a.bound * b.bound * static_cast<double>(k), a.step * b.step, a.isExact && b.isExact};
  d.shape.back() = b.shape.back();
  std::string acc, accType;
  if (chance(50)) {
    Tile c = constant(d.shape, "f32", static_cast<double>(pick(-2, 2)));
    d.bound += c.bound;
    acc = ", " + c.name;
    accType = ", " + c.typeText();
  }
  define(d, "tile.dot " + a.name + ", " + b.name + acc + " : " + a.typeText() + ", " + b.typeText() + accType + " -> " + d.typeText());
}

void Builder::map() {
  Tile t = find([](const Tile &x) { return !x.shape.empty() && x.type == "f32"; });
  if (t.shape.empty() || t.type != "f32")
    return;
  t = settled(t, 2);
  std::string offsets, coords, first = "%i0", last = "%i" + std::to_string(t.shape.size() - 1);
  for (size_t d = 0; d < t.shape.size(); ++d) {
    std::string offset = chance(30) ? "%row" : chance(20) && !counter.empty() ? counter : std::to_string(pick(-3, 3));
    offsets += (d ? ", " : "") + offset;
    coords += ", %i" + std::to_string(d) + ": index";
  }
  std::string scalar = scalars.empty() || chance(50) ? "%s" : oneOf(scalars);
  static const std::vector<std::string> predicates{"slt", "sle", "sgt", "sge", "eq", "ne"};
  Tile r = t;
  r.name = fresh();
  r.bound = t.bound + 128;
  r.step = std::min(t.step, 0.5);
  line(r.name + " = tile.map " + t.name + " at [" + offsets + "] (%x: f32" + coords + ") {");
  line("  %c = arith.cmpi " + oneOf(predicates) + ", " + last + ", " + (chance(50) ? "%n" : first) + " : index");
  line("  %d = arith.subi " + last + ", " + first + " : index");
  line("  %e = arith.index_cast %d : index to i32");
  line("  %f = arith.sitofp %e : i32 to f32");
  line("  %g = arith.addf %f, %x : f32");
  line("  %h = arith.select %c, %g, " + scalar + " : f32");
  line("  tile.yield %h : f32");
  line("} : " + t.typeText() + " -> " + r.typeText());
  tiles.push_back(r);
}

//===-- Control flow ------------------------------------------------------------------------===//

void Builder::loop() {
  if (depth > 2)
    return;
  std::string f32 = "f32";
  Shape shape = randomShape(2, 256);
  Tile init = constant(shape, f32, static_cast<double>(pick(-2, 2)));
  Tile acc = init, result = init;
  acc.name = fresh();
  result.name = fresh();
  std::string zero = index(chance(70) ? 0 : pick(1, 3)), by = index(chance(50) ? 1 : pick(2, 9)), iv = fresh();
  bool isDynamic = chance(60);
  std::string end = isDynamic ? "%n" : index(pick(0, 12));
  line(result.name + " = scf.for " + iv + " = " + zero + " to " + end + " step " + by + " iter_args(" + acc.name + " = " + init.name + ") -> (" + init.typeText() + ") {");
  std::vector<Tile> outer = tiles;
  std::string outerCounter = counter;
  std::vector<std::string> outerScalars = scalars;
  counter = iv;
  ++depth;
  Tile x = load(&shape, &f32);
  for (int64_t i = 0, count = pick(0, 2); i < count; ++i)
    step();
  bool isSum = chance(60);
  Tile next = define(acc, Twine(isSum ? "arith.addf " : "arith.maximumf ") + acc.name + ", " + x.name + " : " + acc.typeText());
  line("scf.yield " + next.name + " : " + acc.typeText());
  --depth;
  counter = outerCounter;
  scalars = outerScalars;
  tiles = outer;
  line("}");
  result.bound = isSum ? x.bound * 40 + 2 : std::max(x.bound, 2.0);
  result.step = std::min(x.step, init.step);
  result.isExact = x.isExact;
  tiles.push_back(result);
}

/// Two carried tiles that depend on each other, exchanged or read at other coordinates: nothing may be overwritten too early.
void Builder::carriedLoop() {
  if (depth > 2)
    return;
  int64_t e = std::min<int64_t>(extent(), 9);
  Shape shape{e, e};
  Tile a = constant(shape, "f32", static_cast<double>(pick(-2, 2))), b = find([&](const Tile &t) { return t.type == "f32" && t.shape == shape; });
  if (b.type != "f32" || b.shape != shape) {
    std::string f32 = "f32";
    b = load(&shape, &f32);
  }
  b = clamped(b.isExact ? integral(b) : b, 4);
  Tile ra = a, rb = b, ia = a, ib = b;
  for (Tile *t : {&ra, &rb, &ia, &ib})
    t->name = fresh();
  std::string iv = fresh(), type = a.typeText(), zero = index(0), one = index(1), end = index(pick(0, 3));
  line(ra.name + ", " + rb.name + " = scf.for " + iv + " = " + zero + " to " + end + " step " + one + " iter_args(" + ia.name + " = " + a.name + ", " + ib.name + " = " + b.name +
       ") -> (" + type + ", " + type + ") {");
  std::vector<Tile> outer = tiles;
  ++depth;
  ia.bound = ib.bound = 4;
  ia.step = ib.step = std::min(a.step, b.step);
  ia.isExact = ib.isExact = b.isExact;
  auto other = [&](Tile t) { // the tile at other coordinates
    switch (pick(0, 2)) {
    case 0:
      return define(t, "tile.transpose " + t.name + " [1, 0] : " + t.typeText());
    case 1: {
      Tile r = t;
      r.shape = {e};
      r = define(r, "tile.reduce " + t.name + " {dims = [" + Twine(pick(0, 1)) + "], kind = max} : " + t.typeText() + " -> " + r.typeText());
      return define(t, "tile.broadcast " + r.name + " {at = " + Twine(pick(0, 1)) + "} : " + r.typeText() + " -> " + t.typeText());
    }
    default:
      return t;
    }
  };
  Tile na = elementwise("arith.subf", {chance(50) ? ia : ib, other(chance(50) ? ia : ib)}, 8, ia.step);
  Tile nb = elementwise("arith.addf", {other(ib), chance(50) ? other(na) : other(ia)}, 12, ia.step);
  na = clamped(na, 4);
  nb = clamped(nb, 4);
  if (chance(25))
    na = ib; // passed on
  if (chance(15))
    nb = ia;
  if (chance(40))
    std::swap(na, nb);
  line("scf.yield " + na.name + ", " + nb.name + " : " + type + ", " + type);
  --depth;
  tiles = outer;
  line("}");
  ra.bound = rb.bound = 4;
  ra.step = rb.step = ia.step;
  ra.isExact = rb.isExact = b.isExact;
  tiles.push_back(ra);
  tiles.push_back(rb);
}

/// acc = dot(p, v, acc * s) over blocks, as in attention; p and v are loaded or computed.
void Builder::dotLoop() {
  if (depth > 2)
    return;
  static const std::vector<std::string> types{"f32", "bf16", "f16"};
  std::string type = oneOf(types);
  int64_t m = std::min<int64_t>(extent(), 17), k = std::min<int64_t>(extent(), 17), d = extent();
  Tile acc = constant({m, d}, "f32", static_cast<double>(pick(-1, 1))), in = acc, result = acc;
  in.name = fresh();
  result.name = fresh();
  std::string iv = fresh(), zero = index(0), by = index(k);
  line(result.name + " = scf.for " + iv + " = " + zero + " to %n step " + by + " iter_args(" + in.name + " = " + acc.name + ") -> (" + acc.typeText() + ") {");
  std::vector<Tile> outer = tiles;
  std::string outerCounter = counter;
  counter = iv;
  ++depth;
  Shape left{m, k}, right{k, d}, turned{d, k};
  Tile p = load(&left, &type), v;
  if (chance(60)) {
    p = asType(p, "f32");
    p = elementwise("math.absf", {p}, p.bound, p.step);
    p = asType(p, type);
  }
  if (chance(40)) {
    Tile raw = load(&turned, &type);
    v = raw;
    v.shape = right;
    v = define(v, "tile.transpose " + raw.name + " [1, 0] : " + raw.typeText());
  } else {
    v = load(&right, &type);
  }
  Tile old = in;
  if (chance(60)) { // values shrink to whole numbers, so that they stay exact
    old.isExact = true;
    Tile half = constant(in.shape, "f32", 0.25);
    old = elementwise("arith.mulf", {in, half}, 4096, 0.25);
    old = elementwise("math.floor", {old}, 4096, 1);
  }
  Tile next = define(acc, "tile.dot " + p.name + ", " + v.name + ", " + old.name + " : " + p.typeText() + ", " + v.typeText() + ", " + old.typeText() + " -> " + acc.typeText());
  line("scf.yield " + next.name + " : " + acc.typeText());
  --depth;
  counter = outerCounter;
  tiles = outer;
  line("}");
  result.bound = 9 * 9 * 17 * 41 + 2;
  result.step = 1.0 / 16;
  tiles.push_back(result);
}

/// Two states; the second reads the first at other coordinates.
void Builder::recurPair() {
  Tile x = find([](const Tile &t) { return t.shape.size() == 2 && t.type == "f32"; });
  if (x.shape.size() != 2 || x.type != "f32")
    return;
  x = clamped(x.isExact ? integral(x) : x, 4);
  int64_t dim = pick(0, 1);
  Shape one{x.shape[1 - dim]};
  Tile s0 = constant(one, "f32", static_cast<double>(pick(-2, 2))), s1 = constant(one, "f32", static_cast<double>(pick(-2, 2)));
  Tile r0 = s0, r1 = s1, all = x;
  for (Tile *t : {&r0, &r1, &all}) {
    t->name = fresh();
    t->bound = 8;
    t->step = std::min(x.step, 1.0);
    t->isExact = x.isExact;
  }
  std::string st = s0.typeText();
  line(r0.name + ", " + r1.name + ", " + all.name + " = tile.recur " + x.name + " init(" + s0.name + ", " + s1.name + ") (%s0: " + st + ", %s1: " + st + ", %xt: " + st + ") {");
  line("  %lo = arith.constant dense<-8.0> : " + st);
  line("  %hi = arith.constant dense<8.0> : " + st);
  line("  %m = tile.reduce %s0 {dims = [0], kind = max} : " + st + " -> tensor<f32>");
  line("  %mb = tile.broadcast %m {at = 0} : tensor<f32> -> " + st);
  line("  %a = arith.addf " + std::string(chance(50) ? "%s1" : "%s0") + ", %xt : " + st);
  line("  %b = arith.subf %mb, " + std::string(chance(50) ? "%s1" : "%a") + " : " + st);
  for (const char *name : {"a", "b"}) {
    line(Twine("  %") + name + "1 = arith.minimumf %" + name + ", %hi : " + st);
    line(Twine("  %") + name + "2 = arith.maximumf %" + name + "1, %lo : " + st);
  }
  bool isSwapped = chance(40);
  line("  tile.yield " + std::string(isSwapped ? "%b2, %a2, " : "%a2, %b2, ") + (chance(50) ? "%b2" : "%a2") + " : " + st + ", " + st + ", " + st);
  line("} {dim = " + Twine(dim) + (chance(40) ? ", reverse" : "") + "} : " + x.typeText() + " init(" + st + ", " + st + ") -> " + st + ", " + st + ", " + all.typeText());
  tiles.push_back(r0);
  tiles.push_back(r1);
  tiles.push_back(all);
}

/// A map of two inputs of different types with two results, or of none.
void Builder::mapPair() {
  if (chance(40)) {
    Tile r{"", randomShape(2, 512), "f32", 256, 1};
    if (r.shape.empty())
      return;
    std::string offsets, coords;
    for (size_t d = 0; d < r.shape.size(); ++d) {
      offsets += (d ? ", " : "") + std::string(chance(40) ? "%row" : std::to_string(pick(-2, 2)));
      coords += (d ? ", %i" : "%i") + std::to_string(d) + ": index";
    }
    r.name = fresh();
    line(r.name + " = tile.map at [" + offsets + "] (" + coords + ") {");
    line("  %e = arith.index_cast %i0 : index to i32");
    line("  %f = arith.sitofp %e : i32 to f32");
    line("  tile.yield %f : f32");
    line("} -> " + r.typeText());
    tiles.push_back(r);
    return;
  }
  Tile x = settled(find([](const Tile &t) { return !t.shape.empty() && (t.type == "bf16" || t.type == "f16"); }), 2);
  Tile y = find([&](const Tile &t) { return t.shape == x.shape && t.type == "f32"; });
  if (x.shape.empty() || (x.type != "bf16" && x.type != "f16") || y.shape != x.shape || y.type != "f32")
    return;
  y = settled(y, 2);
  std::string offsets, coords, t = x.type;
  for (size_t d = 0; d < x.shape.size(); ++d) {
    offsets += d ? ", 0" : "0";
    coords += ", %i" + std::to_string(d) + ": index";
  }
  Tile r0 = y, r1 = x;
  r0.name = fresh();
  r1.name = fresh();
  r0.isExact = x.isExact && y.isExact;
  r0.bound = x.bound + y.bound;
  r0.step = std::min(x.step, y.step);
  r1.bound = 2.1 * x.bound;
  line(r0.name + ", " + r1.name + " = tile.map " + x.name + ", " + y.name + " at [" + offsets + "] (%x: " + t + ", %y: f32" + coords + ") {");
  line("  %w = arith.extf %x : " + t + " to f32");
  line("  %a = arith.addf %w, %y : f32");
  line("  %b = arith.addf %x, %x : " + t);
  line("  tile.yield %a, %b : f32, " + t);
  line("} : " + x.typeText() + ", " + y.typeText() + " -> " + r0.typeText() + ", " + r1.typeText());
  tiles.push_back(r0);
  tiles.push_back(r1);
}

void Builder::branch() {
  if (depth > 2)
    return;
  Tile t = find([](const Tile &x) { return x.type == "f32"; });
  if (t.type != "f32")
    return;
  std::string c = fresh(), k = index(pick(0, 3));
  static const std::vector<std::string> predicates{"slt", "eq", "sge"};
  line(c + " = arith.cmpi " + oneOf(predicates) + ", %pid, " + k + " : index");
  Tile r = t;
  r.name = fresh();
  line(r.name + " = scf.if " + c + " -> (" + t.typeText() + ") {");
  std::vector<Tile> outer = tiles;
  ++depth;
  Tile a = elementwise("arith.addf", {t, t}, 2 * t.bound, t.step);
  line("scf.yield " + a.name + " : " + a.typeText());
  --depth;
  line("} else {");
  ++depth;
  Tile b = elementwise("arith.negf", {t}, t.bound, t.step);
  line("scf.yield " + b.name + " : " + b.typeText());
  --depth;
  line("}");
  tiles = outer;
  r.bound = 2 * t.bound;
  tiles.push_back(r);
}

} // namespace seqc::fuzz
