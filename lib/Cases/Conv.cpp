// SPDX-License-Identifier: Apache-2.0
// seq.long_conv and seq.short_conv: every option alone, the combinations that models use, and lengths around the tiles of kernels.
#include "Lists.h"

namespace seqc::cases {

using interp::DType;

namespace {
//===-- long_conv -------------------------------------------------------------------===//

struct Variant {
  const char *name, *mode = "causal";
  int64_t rows = 5, reverse = -1; ///< rows of k; reverse_offset, -1 without k_rev
  bool skip = false, preGate = false, postGate = false, tail = false, tailOut = false;
  bool wideKernel = false; ///< kernels in f32 beside 16-bit inputs
  bool everySize = false;  ///< all sizes, not only the short list
};

const std::vector<Variant> &variants() {
  static const std::vector<Variant> all = [] {
    std::vector<Variant> v;
    auto add = [&](const char *name, const char *mode) -> Variant & {
      v.emplace_back();
      v.back().name = name;
      v.back().mode = mode;
      return v.back();
    };
    add("causal", "causal").everySize = true;
    add("circular", "circular").everySize = true;
    Variant &both = add("bidirectional", "bidirectional");
    both.reverse = 0;
    both.everySize = true;
    add("bidirectional_s4", "bidirectional").reverse = 1;
    add("skip", "causal").skip = true;
    add("pre_gate", "causal").preGate = true;
    add("post_gate", "causal").postGate = true;
    Variant &hyena = add("gated", "causal");
    hyena.preGate = hyena.postGate = hyena.skip = true;
    add("tail", "causal").tail = true;
    add("tail_out", "causal").tailOut = true;
    Variant &chunk = add("chunk", "causal");
    chunk.tail = chunk.tailOut = chunk.preGate = chunk.postGate = chunk.skip = true;
    add("kernel_groups", "causal").rows = 1;
    add("wide_kernel", "causal").wideKernel = true;
    Variant &m2 = add("gated_bidirectional", "bidirectional");
    m2.preGate = m2.postGate = m2.skip = true;
    m2.reverse = 0;
    Variant &circular = add("gated_circular", "circular");
    circular.preGate = circular.postGate = circular.skip = true;
    return v;
  }();
  return all;
}

struct Sizes {
  int64_t l, taps, reverse;
};

std::vector<Sizes> sizes(Grid grid, bool every) {
  if (grid == Grid::Small)
    return every ? std::vector<Sizes>{{0, 3, 2}, {1, 1, 1}, {2, 5, 3}, {17, 17, 17}, {65, 3, 9}, {33, 70, 64}}
                 : std::vector<Sizes>{{3, 2, 5}, {129, 40, 17}};
  if (!every)
    return {{1, 1, 1}, {2, 9, 2}, {17, 4, 20}, {128, 128, 127}, {129, 64, 200}, {300, 129, 33}};
  return {{0, 3, 2},    {1, 1, 1},     {1, 5, 2},      {2, 2, 1},       {3, 1, 3},       {17, 17, 5},   {17, 3, 17},      {63, 70, 64},
          {64, 64, 64}, {127, 128, 1}, {128, 17, 128}, {129, 129, 129}, {251, 400, 251}, {1000, 31, 7}, {1000, 1000, 999}};
}

/// Sizes known while compiling let a kernel hold a sequence of that length, with transforms instead of sums: a chain of roundings to the input
/// type at most, and tables of sines.
enum class Lengths { Dynamic, Static };

Case longConvCase(DType t, const Variant &v, int64_t batch, int64_t channels, const Sizes &s, Lengths lengths = Lengths::Dynamic) {
  Graph g(t);
  bool isStatic = lengths == Lengths::Static;
  auto length = [&](const char *name, int64_t size) { return isStatic ? Extent(size) : Extent(name, size); };
  Extent b("B", batch), d(channels), l = length("L", s.l), taps = length("LK", s.taps), less = length("LT", s.taps - 1);
  std::string sum = t == DType::F64 ? "f64" : "f32", kernel = v.wideKernel ? sum : "";
  Value u = g.input("u", {b, d, l}, Fill::Normal), k = g.input("k", {v.rows, taps}, Fill::Normal, 1, kernel);
  std::string text = "seq.long_conv " + u.id + ", " + k.id, attributes = std::string("mode = \"") + v.mode + "\"";
  auto operand = [&](const char *name, Shape shape, std::string type) {
    text += std::string(" ") + name + "(%" + name + " : " + g.input(name, std::move(shape), Fill::Normal, 1, std::move(type)).tensor() + ")";
  };
  if (v.reverse >= 0) {
    operand("k_rev", {v.rows, length("LR", s.reverse)}, kernel);
    attributes += ", reverse_offset = " + std::to_string(v.reverse) + " : i64";
  }
  if (v.skip)
    operand("skip", {d}, sum);
  if (v.preGate)
    operand("pre_gate", {b, d, l}, "");
  if (v.postGate)
    operand("post_gate", {b, d, l}, "");
  Shape state{b, d, less};
  if (v.tail)
    operand("tail", state, sum);
  text += " {" + attributes + "} : " + u.tensor() + ", " + k.tensor() + " -> " + u.tensor();
  // Rounded to the input type: the gated input, the kernel, the result. (As weights of attention: the first two count with the size of the sum.)
  int64_t longest = std::min(s.taps, s.l) + (v.reverse >= 0 ? s.reverse : 0) + 1;
  Steps steps{longest, isStatic ? 16 : 0, 6, isStatic ? 10 : 4};
  double flops = 2.0 * batch * channels * s.l * std::min(s.taps, s.l);
  if (v.tailOut) {
    auto [y, tail] = g.raw2(text + ", " + Value{"", state, sum}.tensor(), u.shape, g.type(), state, sum, flops);
    g.result(y);
    g.result(tail);
  } else {
    g.result(g.raw(text, u.shape, g.type(), flops));
  }
  std::string name = v.name;
  if (isStatic)
    name += ",L=" + std::to_string(s.l) + ",LK=" + std::to_string(s.taps);
  return g.finish("long_conv", name, steps);
}

/// The convolution with arithmetic behind it, in one kernel.
Case epilogueCase(DType t) {
  Graph g(t);
  Extent b("B", 2), l("L", 37);
  Value u = g.input("u", {b, 6, l}, Fill::Normal), k = g.input("k", {6, 20}, Fill::Normal), r = g.input("r", {b, 6, l}, Fill::Normal);
  Value y = g.raw("seq.long_conv " + u.id + ", " + k.id + " : " + u.tensor() + ", " + k.tensor() + " -> " + u.tensor(), u.shape, u.type, 0);
  g.result(g.op("arith.addf", {y, r}));
  return g.finish("long_conv", "epilogue", {21, 0, 6, 5});
}

//===-- short_conv ------------------------------------------------------------------===//

struct ShortVariant {
  const char *name;
  bool bias = false, silu = false, state = false, stateOut = false, wide = false;
};

Case shortConvCase(DType t, const ShortVariant &v, int64_t batch, int64_t channels, int64_t length, int64_t taps) {
  Graph g(t);
  Extent b("B", batch), d("D", channels), l("L", length);
  std::string sum = t == DType::F64 ? "f64" : "f32", parameter = v.wide ? sum : "";
  Value u = g.input("u", {b, d, l}, Fill::Normal), w = g.input("w", {d, taps}, Fill::Normal, 1, parameter);
  std::string text = "seq.short_conv " + u.id + ", " + w.id;
  if (v.bias)
    text += " bias(%bias : " + g.input("bias", {d}, Fill::Normal, 1, parameter).tensor() + ")";
  Shape state{b, d, taps - 1};
  if (v.state)
    text += " state(%state : " + g.input("state", state, Fill::Normal).tensor() + ")";
  text += std::string(v.silu ? " {activation = \"silu\"}" : "") + " : " + u.tensor() + ", " + w.tensor() + " -> " + u.tensor();
  double flops = 2.0 * batch * channels * length * taps;
  // The exponential of a sum of size s is off by s times the relative error of the sum.
  Steps steps{taps + 1, v.silu ? 1 : 0, 6, 1, v.silu ? 6.0 : 1.0};
  if (v.stateOut) {
    auto [y, out] = g.raw2(text + ", " + Value{"", state, g.type()}.tensor(), u.shape, g.type(), state, g.type(), flops);
    g.result(y);
    g.result(out);
  } else {
    g.result(g.raw(text, u.shape, g.type(), flops));
  }
  return g.finish("short_conv", std::string(v.name) + ",K=" + std::to_string(taps), steps);
}
} // namespace

Cases longConvCases(Grid grid) {
  Cases cases;
  std::vector<DType> types(std::begin(kFloatTypes), std::end(kFloatTypes));
  types.push_back(DType::F64);
  for (DType t : types) {
    for (const Variant &v : variants()) {
      if (v.wideKernel && t != DType::F16 && t != DType::BF16)
        continue;
      if (t == DType::F64 && !v.everySize)
        continue;
      for (const Sizes &s : sizes(grid, v.everySize))
        cases.push_back(longConvCase(t, v, s.l % 2 ? 3 : 2, 5, s));
    }
    cases.push_back(longConvCase(t, variants()[0], 0, 5, {7, 3, 1}));
    cases.push_back(longConvCase(t, variants()[0], 33, 5, {70, 70, 1}));
    cases.push_back(epilogueCase(t));
  }
  // Few times or taps; a transform of two factors, of three; more points than times.
  for (DType t : types) {
    std::vector<Sizes> known{{17, 40, 3}, {200, 5, 2}, {1024, 1024, 1024}, {1000, 900, 1000}};
    for (const Sizes &s : known)
      for (const Variant &v : variants()) {
        bool all = v.everySize || v.reverse == 1 || v.tailOut || v.rows == 1 || (v.preGate && v.postGate);
        if (v.wideKernel || (grid == Grid::Small ? !v.everySize || s.l > 200 : !all) || (t == DType::F64 && !v.everySize) ||
            (v.tailOut && s.taps > 100))
          continue;
        cases.push_back(longConvCase(t, v, 2, 5, s, Lengths::Static));
      }
    if (grid == Grid::Small && (t == DType::F32 || t == DType::BF16))
      for (const Sizes &s : {Sizes{1024, 1024, 1}, Sizes{1000, 900, 999}})
        cases.push_back(longConvCase(t, variants()[s.l == 1024 ? 7 : 2], 1, 5, s, Lengths::Static));
  }
  if (grid == Grid::Full) {
    for (DType t : types)
      for (int variant : {0, 1, 2, 7})
        cases.push_back(longConvCase(t, variants()[variant], 1, 5, {4096, 4096, 4096}, Lengths::Static));
    cases.push_back(longConvCase(DType::F32, variants()[0], 1, 5, {3000, 5000, 1}, Lengths::Static));
    cases.push_back(longConvCase(DType::F32, variants()[0], 1, 5, {4096, 4096, 1}));
    cases.push_back(longConvCase(DType::BF16, variants()[7], 1, 5, {4096, 4096, 1}));
    cases.push_back(longConvCase(DType::F32, variants()[1], 1, 5, {4096, 4096, 1}));
  }
  return cases;
}

Cases shortConvCases(Grid grid) {
  const ShortVariant all[] = {{"plain"},
                              {"bias", true},
                              {"silu", true, true},
                              {"state", true, true, true, true},
                              {"state_in", false, false, true},
                              {"state_out", false, false, false, true},
                              {"wide", true, true, true, true, true}};
  std::vector<int64_t> taps = grid == Grid::Small ? std::vector<int64_t>{1, 4, 19} : std::vector<int64_t>{1, 2, 3, 4, 7, 19, 33};
  Cases cases;
  for (DType t : kFloatTypes)
    for (const ShortVariant &v : all)
      for (int64_t k : taps) {
        if (v.wide && t == DType::F32)
          continue;
        for (int64_t l : grid == Grid::Small ? std::vector<int64_t>{0, 1, 3, 65} : lengths(grid))
          if (k == 4 || l == 0 || l == 3 || l >= 129)
            cases.push_back(shortConvCase(t, v, l % 2 ? 2 : 1, l % 3 ? 3 : 9, l, k));
        if (k == 4) {
          cases.push_back(shortConvCase(t, v, 0, 3, 5, k));
          cases.push_back(shortConvCase(t, v, 2, 1, 17, k));
        }
      }
  for (int64_t l : {1, 5, 40})
    cases.push_back(shortConvCase(DType::F64, all[3], 2, 3, l, 4));
  if (grid == Grid::Full)
    cases.push_back(shortConvCase(DType::F32, all[3], 1, 5, 4096, 4));
  return cases;
}

} // namespace seqc::cases
