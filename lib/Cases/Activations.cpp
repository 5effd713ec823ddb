// SPDX-License-Identifier: Apache-2.0
// Elementwise: activations, gates, arithmetic, functions, conversions, comparisons.
#include "Lists.h"
#include "llvm/ADT/STLExtras.h"

namespace seqc::cases {

using interp::DType;

static Value scaled(Graph &g, const Value &x, const char *factor) { return g.op("arith.mulf", {x, g.splat(factor, x.shape, x.type)}); }
static Value plus(Graph &g, const Value &x, const char *term) { return g.op("arith.addf", {x, g.splat(term, x.shape, x.type)}); }

/// x sigma(x), written x / (1 + exp(-x)).
static Value silu(Graph &g, const Value &x) { return g.op("arith.divf", {x, plus(g, g.op("math.exp", {g.op("arith.negf", {x})}), "1.0")}); }

static Value gelu(Graph &g, const Value &x) {
  return g.op("arith.mulf", {scaled(g, x, "0.5"), plus(g, g.op("math.erf", {scaled(g, x, "0.70710678118654752")}), "1.0")});
}

static Value geluTanh(Graph &g, const Value &x) {
  Value cube = g.op("arith.mulf", {g.op("arith.mulf", {x, x}), x});
  Value inner = scaled(g, g.op("arith.addf", {x, scaled(g, cube, "0.044715")}), "0.79788456080286536");
  return g.op("arith.mulf", {scaled(g, x, "0.5"), plus(g, g.op("math.tanh", {inner}), "1.0")});
}

static Value relu(Graph &g, const Value &x) { return g.op("arith.maximumf", {x, g.splat("0.0", x.shape, x.type)}); }

namespace {
struct Activation {
  const char *op;
  Value (*make)(Graph &, const Value &);
  int transcendental, operations;
};
constexpr Activation kActivations[] = {{"gelu", gelu, 1, 5}, {"gelu_tanh", geluTanh, 1, 9}, {"silu", silu, 1, 4}, {"relu", relu, 0, 0}};

struct Inputs {
  const char *name;
  Fill fill;
  double parameter;
};

/// Lengths of flat vectors: blocks of a pointwise kernel and their edges.
std::vector<int64_t> flatLengths(Grid grid) {
  std::vector<int64_t> all = lengths(grid);
  all.push_back(1023);
  if (grid == Grid::Full)
    for (int64_t n : {1024, 1025, 4095, 4097, 10007})
      all.push_back(n);
  return all;
}
} // namespace

Cases activationCases(llvm::StringRef op, Grid grid) {
  constexpr Inputs kInputs[] = {{"normal", Fill::Normal, 2}, {"huge", Fill::Extremes, 10000}, {"tiny", Fill::Normal, 1e-5}};
  const Activation *a = llvm::find_if(kActivations, [&](const Activation &a) { return op == a.op; });
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Inputs &in : kInputs)
      for (int64_t n : flatLengths(grid)) {
        Graph g(t);
        g.result(g.narrow(a->make(g, g.widen(g.input("x", {{"N", n}}, in.fill, in.parameter)))));
        cases.push_back(g.finish(a->op, in.name, {1, a->transcendental, a->operations, 1, 4}));
      }
  return cases;
}

/// y[B, L, D] = a sigma(b) and silu(a) b of the halves a, b of x[B, L, 2 D].
Cases gluCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (int64_t d : {1, 33})
      for (auto [b, l] : batchLengths(grid)) {
        Graph g(t);
        Shape half{{"B", b}, {"L", l}, d};
        Value x = g.input("x", {{"B", b}, {"L", l}, 2 * d}, Fill::Normal, 2);
        Value first = g.widen(g.slice(x, {0, 0, 0}, half, {1, 1, 1})), second = g.widen(g.slice(x, {0, 0, d}, half, {1, 1, 1}));
        Value gate = g.op("arith.divf", {g.splat("1.0", half, "f32"), plus(g, g.op("math.exp", {g.op("arith.negf", {second})}), "1.0")});
        g.result(g.narrow(g.op("arith.mulf", {first, gate})));
        g.result(g.narrow(g.op("arith.mulf", {silu(g, first), second})));
        cases.push_back(g.finish("glu", "D=" + std::to_string(d), {1, 1, 5, 1, 4}));
      }
  return cases;
}

namespace {
/// Functions of x (and z) that share inputs and a tolerance; all are results of one graph.
struct Family {
  const char *name;
  Fill x, z;
  double px, pz;
  std::vector<const char *> unary, binary;
  bool native, exact; ///< native: in the type of activations, without going to f32
  Steps steps;
};

const std::vector<Family> &families() {
  static const std::vector<Family> all = {
      {"exponential", Fill::Normal, Fill::Normal, 2, 1, {"math.exp", "math.exp2", "math.expm1", "math.tanh", "math.erf"}, {}, false, false, {1, 1, 2, 1, 8}},
      {"logarithm", Fill::Positive, Fill::Normal, 2, 1, {"math.log", "math.log2", "math.log1p", "math.sqrt", "math.rsqrt"}, {}, false, false, {1, 1, 2, 1, 2}},
      {"trigonometric", Fill::Normal, Fill::Normal, 5, 1, {"math.sin", "math.cos"}, {}, false, false, {1, 1, 2, 1, 4}},
      {"power", Fill::Positive, Fill::Normal, 2, 1, {}, {"math.powf"}, false, false, {1, 2, 4, 1, 16}},
      {"rounding", Fill::Normal, Fill::Normal, 5, 1, {"math.absf", "arith.negf", "math.floor", "math.ceil", "math.round", "math.roundeven", "math.trunc"}, {"math.copysign"}, true, true, {}},
      {"arithmetic", Fill::Normal, Fill::Positive, 2, 3, {}, {"arith.addf", "arith.subf", "arith.mulf", "arith.divf"}, true, false, {1, 0, 1, 1, 1}},
      {"minmax_specials", Fill::Specials, Fill::Specials, 1, 1, {"math.absf", "arith.negf"}, {"arith.maximumf", "arith.minimumf", "arith.maxnumf", "arith.minnumf", "arith.addf", "arith.mulf"}, false, false,
       {1, 0, 1, 1, 1}},
      {"function_specials", Fill::Specials, Fill::Normal, 1, 1, {"math.exp", "math.exp2", "math.tanh", "math.erf", "math.sqrt", "math.rsqrt", "math.log", "math.log2"}, {}, false, false, {1, 1, 2, 1, 8}}};
  return all;
}
} // namespace

Cases elementwiseCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Family &f : families())
      for (int64_t n : flatLengths(grid)) {
        Graph g(t);
        Value x = g.input("x", {{"N", n}}, f.x, f.px), z = f.binary.empty() ? x : g.input("z", {{"N", n}}, f.z, f.pz);
        if (!f.native) {
          x = g.widen(x);
          z = f.binary.empty() ? x : g.widen(z);
        }
        for (const char *name : f.unary)
          g.result(g.narrow(g.op(name, {x})));
        for (const char *name : f.binary)
          g.result(g.narrow(g.op(name, {x, z})));
        cases.push_back(f.exact ? g.finishExact("elementwise", f.name) : g.finish("elementwise", f.name, f.steps));
      }
  for (const char *type : {"i32", "i64"}) // integers, listed under f32
    for (int64_t n : flatLengths(grid)) {
      Graph g(DType::F32);
      Value x = g.input("x", {{"N", n}}, Fill::Integers, 1000, type), z = g.input("z", {{"N", n}}, Fill::Integers, 50, type);
      Value odd = g.op("arith.ori", {z, g.splat("1", z.shape, type)}); // never 0
      for (const char *name : {"arith.addi", "arith.subi", "arith.muli", "arith.andi", "arith.ori", "arith.xori", "arith.maxsi", "arith.minsi"})
        g.result(g.op(name, {x, z}));
      for (const char *name : {"arith.divsi", "arith.remsi"})
        g.result(g.op(name, {x, odd}));
      cases.push_back(g.finishExact("elementwise", std::string("integer_") + type));
    }
  return cases;
}

Cases castCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (int64_t n : flatLengths(grid)) {
      Graph g(t);
      Shape shape{{"N", n}};
      Value x = g.input("x", shape, Fill::Normal, 50), wide = g.input("w", shape, Fill::Normal, 3, "f32"), i = g.input("i", shape, Fill::Integers, 120, "i32"),
            c = g.input("c", shape, Fill::Bits, 1, "i1"), k = g.input("k", shape, Fill::Integers, 100000, "i64");
      g.result(g.widen(x));
      g.result(g.convert("arith.fptosi", g.widen(x), "i32"));
      for (const char *narrow : {"f16", "bf16"})
        g.result(g.convert("arith.truncf", wide, narrow));
      g.result(g.convert("arith.sitofp", i, "f32"));
      g.result(g.convert("arith.uitofp", c, "f32"));
      g.result(g.convert("arith.extsi", i, "i64"));
      g.result(g.convert("arith.extui", c, "i32"));
      g.result(g.convert("arith.trunci", k, "i32"));
      cases.push_back(g.finishExact("cast", "all"));
    }
  return cases;
}

Cases compareSelectCases(Grid grid) {
  constexpr const char *kFloat[] = {"oeq", "olt", "ole", "ogt", "oge", "one", "ord", "ueq", "ult", "une", "uno"};
  constexpr const char *kInteger[] = {"eq", "ne", "slt", "sle", "sgt", "sge"};
  Cases cases;
  for (DType t : kFloatTypes)
    for (int64_t n : flatLengths(grid)) {
      Graph g(t);
      Shape shape{{"N", n}};
      Value x = g.input("x", shape, Fill::Specials), z = g.input("z", shape, Fill::Specials), i = g.input("i", shape, Fill::Integers, 2, "i64"),
            k = g.input("k", shape, Fill::Integers, 2, "i64");
      for (const char *p : kFloat)
        g.result(g.compare(std::string("arith.cmpf ") + p, x, z));
      for (const char *p : kInteger)
        g.result(g.select(g.compare(std::string("arith.cmpi ") + p, i, k), x, z));
      cases.push_back(g.finishExact("compare_select", "specials"));
    }
  for (DType t : kFloatTypes) // the lower triangle of x[L, L], -inf above
    for (int64_t l : lengths(grid)) {
      Graph g(t);
      Shape square{{"L", l}, {"L", l}};
      Value x = g.input("x", square, Fill::Normal);
      Value visible = g.compare("arith.cmpi sge", g.iota(square, 0, "i32"), g.iota(square, 1, "i32"));
      g.result(g.select(visible, x, g.splat(t == DType::F32 ? "0xFF800000" : t == DType::F16 ? "0xFC00" : "0xFF80", square, g.type())));
      g.result(visible);
      cases.push_back(g.finishExact("compare_select", "causal_mask"));
    }
  return cases;
}

} // namespace seqc::cases
