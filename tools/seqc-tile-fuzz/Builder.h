// SPDX-License-Identifier: Apache-2.0
// State of the generator: the text so far, the tiles and index values in scope, the arguments.
#ifndef SEQC_TOOLS_SEQC_TILE_FUZZ_BUILDER_H
#define SEQC_TOOLS_SEQC_TILE_FUZZ_BUILDER_H

#include "Generator.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"
#include <functional>

namespace seqc::fuzz {

using Shape = std::vector<int64_t>;

struct Tile {
  std::string name;
  Shape shape;
  std::string type;            // element type
  double bound = 1, step = 1;  // floats: |x| <= bound, x a multiple of step; integers: bound only
  bool isExact = true;
  bool isFloat() const { return type[0] == 'f' || type[0] == 'b'; }
  int64_t size() const;
  std::string typeText() const; // tensor<..>
};

struct View {
  std::string name, typeText, type; // element type
  Shape sizes;                      // actual sizes
  double bound, step;
};

class Builder {
public:
  explicit Builder(const Options &options) : options(options), random(options.seed * 2654435761u + 17) {}
  Program build();

private:
  // Choices (Builder.cpp).
  int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  template <typename T>
  const T &oneOf(const std::vector<T> &xs) { return xs[pick(0, static_cast<int64_t>(xs.size()) - 1)]; }
  int64_t extent();
  Shape randomShape(int64_t maxRank, int64_t maxSize);
  /// A tile in scope that the predicate accepts, as a copy; a fresh one if there is none.
  Tile find(const std::function<bool(const Tile &)> &accept);
  Tile findFloat();

  // Text (Builder.cpp).
  void line(const llvm::Twine &text);
  std::string fresh() { return "%v" + std::to_string(next++); }
  std::string index(int64_t value); ///< an index constant
  /// Emits `name = text` and puts the tile into scope.
  Tile define(Tile t, const llvm::Twine &text);
  Tile elementwise(const llvm::Twine &op, std::vector<Tile> operands, double bound, double step);
  Tile constant(const Shape &shape, const std::string &type, double value);
  /// Clamps values so that `factor` of them can be added up exactly.
  Tile settled(Tile t, double factor = 1, double limit = 4194304);
  Tile clamped(Tile t, double limit);
  Tile integral(Tile t);
  Tile asType(Tile t, const std::string &type);

  // Memory (BuilderMemory.cpp).
  void makeArguments();
  void makeViews();
  std::string coordinate(const View &v, size_t dim, int64_t tileExtent);
  Tile load(const Shape *shape, const std::string *type);
  void gather();
  void loadScalar();
  void storeResults();
  void storeAndReload();
  void accumulate();
  View subview(const View &v);

  // Ops (BuilderOps.cpp).
  void step();
  void floatUnary();
  void floatBinary();
  void compareSelect();
  void approximate();
  void integers();
  void booleans();
  void cast();
  void broadcast();
  void reshape();
  void transpose();
  void slice();
  void splitJoin();
  void reduce();
  void scan();
  void scanRegion();
  void recur();
  void dot();
  void map();
  void loop();
  void carriedLoop();
  void dotLoop();
  void recurPair();
  void mapPair();
  void branch();
  void splatScalar();

  const Options &options;
  std::mt19937_64 random;
  std::string body, header;
  int next = 0, depth = 1;
  std::vector<Tile> tiles;
  std::vector<View> views;
  std::vector<std::string> scalars; // f32 scalars: small integers
  std::string counter;              // of the innermost loop; empty outside
  std::vector<Argument> args;
  int64_t n = 1, rows = 4, programs = 1;
  bool hasTable = false;
};

} // namespace seqc::fuzz

#endif // SEQC_TOOLS_SEQC_TILE_FUZZ_BUILDER_H
