// SPDX-License-Identifier: Apache-2.0
// Choices, text and the exactness book-keeping.
#include "Builder.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using llvm::Twine;

namespace seqc::fuzz {

int64_t Tile::size() const {
  int64_t s = 1;
  for (int64_t d : shape)
    s *= d;
  return s;
}

std::string Tile::typeText() const {
  std::string text = "tensor<";
  for (int64_t d : shape)
    text += std::to_string(d) + "x";
  return text + type + ">";
}

int64_t Builder::extent() {
  static const std::vector<int64_t> extents{1, 2, 3, 4, 5, 7, 8, 8, 9, 13, 16, 16, 17, 31, 32, 33};
  return oneOf(extents);
}

Shape Builder::randomShape(int64_t maxRank, int64_t maxSize) {
  Shape shape;
  int64_t size = 1;
  for (int64_t rank = pick(chance(10) ? 0 : 1, maxRank); rank > 0; --rank) {
    int64_t e = extent();
    while (size * e > maxSize)
      e = (e + 1) / 2;
    shape.push_back(e);
    size *= e;
    if (size >= maxSize)
      break;
  }
  return shape;
}

Tile Builder::find(const std::function<bool(const Tile &)> &accept) {
  std::vector<Tile> fits;
  for (const Tile &t : tiles)
    if (accept(t))
      fits.push_back(t);
  // Prefer recent tiles, so that chains get long.
  if (fits.size() > 4 && chance(70))
    fits.erase(fits.begin(), fits.end() - 4);
  if (!fits.empty())
    return oneOf(fits);
  std::string f32 = "f32";
  return load(nullptr, &f32);
}

Tile Builder::findFloat() {
  return find([](const Tile &t) { return t.isFloat(); });
}

void Builder::line(const Twine &text) {
  body.append(2 * depth, ' ');
  body += text.str() + "\n";
}

std::string Builder::index(int64_t value) {
  std::string name = fresh();
  line(name + " = arith.constant " + Twine(value) + " : index");
  return name;
}

Tile Builder::define(Tile t, const Twine &text) {
  t.name = fresh();
  line(t.name + " = " + text);
  tiles.push_back(t);
  return t;
}

Tile Builder::elementwise(const Twine &op, std::vector<Tile> operands, double bound, double step) {
  Tile r = operands.front();
  std::string names;
  for (const Tile &t : operands) {
    names += (names.empty() ? "" : ", ") + t.name;
    r.isExact &= t.isExact;
  }
  r.bound = bound * (r.type == "f32" || r.type == "f64" ? 1 : 1.01); // 16-bit results round
  r.step = step;
  return define(r, op + " " + names + " : " + r.typeText());
}

Tile Builder::constant(const Shape &shape, const std::string &type, double value) {
  Tile t{"", shape, type, std::fabs(value), 1};
  while (t.isFloat() && std::fmod(value, t.step) != 0)
    t.step /= 2;
  std::string text;
  llvm::raw_string_ostream os(text);
  if (t.isFloat())
    os << llvm::format("%.8e", value);
  else if (type == "i1")
    os << (value != 0 ? "true" : "false");
  else
    os << static_cast<int64_t>(value);
  return define(t, "arith.constant dense<" + text + "> : " + t.typeText());
}

Tile Builder::clamped(Tile t, double limit) {
  if (t.bound <= limit)
    return t;
  Tile high = constant(t.shape, t.type, limit), low = constant(t.shape, t.type, -limit);
  double step = std::min(t.step, 1.0);
  t = elementwise("arith.minimumf", {t, high}, t.bound, step);
  return elementwise("arith.maximumf", {t, low}, limit, step);
}

Tile Builder::integral(Tile t) {
  if (!t.isExact || t.step >= 1)
    return t;
  return elementwise("math.floor", {t}, t.bound + 1, 1);
}

Tile Builder::settled(Tile t, double factor, double limit) {
  if (t.bound * factor / t.step <= limit)
    return t;
  if (t.isExact && t.step < 1)
    t = integral(t);
  if (t.bound * factor / t.step > limit)
    t = clamped(t, 8);
  return t;
}

Tile Builder::asType(Tile t, const std::string &type) {
  if (t.type == type)
    return t;
  auto bits = [](const std::string &name) { return name == "f64" ? 64 : name == "f32" ? 32 : 16; };
  if (type == "f16")
    t = clamped(t, 16384);
  if (bits(t.type) == 16 && bits(type) == 16)
    t = asType(t, "f32");
  Tile r = t;
  r.type = type;
  r.bound *= 1.01;
  return define(r, Twine(bits(type) > bits(t.type) ? "arith.extf " : "arith.truncf ") + t.name + " : " + t.typeText() + " to " + r.typeText());
}

Program Builder::build() {
  makeArguments();
  makeViews();
  load(nullptr, nullptr);
  for (int i = 0; i < options.steps; ++i)
    step();
  storeResults();
  std::string params, access, signature;
  for (const Argument &a : args) {
    std::string sep = signature.empty() ? "" : ", ";
    signature += sep + "%" + a.name + ": " + (a.isPointer ? "!tile.ptr<" + a.type + ">" : a.type);
    params += sep + "\"" + a.name + "\"";
    access += sep + (!a.isPointer ? "\"value\"" : a.isOutput ? "\"write\"" : "\"read\"");
  }
  Program p;
  if (hasTable)
    p.text = "tile.constant @table : tensor<4x4xf32> = dense<[[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]>"
             " : tensor<4x4xf32>\n";
  p.text += "tile.kernel @fuzz(" + signature + ") level(block)\n  params([" + params + "])\n  access([" + access + "])\n  grid {\n" +
            "    %t = arith.constant " + std::to_string(rows) + " : index\n    %g = arith.ceildivsi %n, %t : index\n    tile.grid_yield %g, %p\n  } {\n" + header +
            body + "}\n";
  p.args = args;
  p.tasks = (n + rows - 1) / rows * programs;
  return p;
}

Program generate(const Options &options) { return Builder(options).build(); }

} // namespace seqc::fuzz
