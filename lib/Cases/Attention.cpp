// SPDX-License-Identifier: Apache-2.0
// seq.attention: every option alone and the combinations that models use.
#include "Lists.h"
#include <cmath>

namespace seqc::cases {

using interp::DType;

namespace {
constexpr double kPoison = 197; // one element in so many values is not finite, and of keys, whose rows it spoils, one in 4 times as many

struct Variant {
  const char *name;
  const char *attributes = "";          ///< inside the braces
  int64_t hq = 2, hk = 2, d = 16, dv = 16;
  std::vector<int64_t> bias;            ///< dims kept of [B, HQ, M, N]; the others are 1
  bool sinks = false, lengths = false;
  const char *scoreMod = "", *mask = "";
  double queryScale = 1;                ///< logits grow with it
  bool everyPair = false;               ///< all pairs of lengths, not only the short list
  Fill keyFill = Fill::Normal, valueFill = Fill::Normal, biasFill = Fill::Normal;
};

// ALiBi: s - |m - n| / 2^(h + 1), with n - m as a float.
constexpr const char *kAlibi = R"(score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    %mi = arith.index_cast %m : index to i32
    %ni = arith.index_cast %n : index to i32
    %di = arith.subi %ni, %mi : i32
    %df = arith.sitofp %di : i32 to f32
    %slope = arith.constant 0.25 : f32
    %t = arith.mulf %df, %slope : f32
    %r = arith.addf %s, %t : f32
    seq.yield %r : f32
  })";
// Blocks of 16 keys and queries, and the first key always.
constexpr const char *kBlocks = R"(mask {
  ^bb0(%b: index, %h: index, %m: index, %n: index):
    %size = arith.constant 16 : index
    %zero = arith.constant 0 : index
    %mb = arith.divui %m, %size : index
    %nb = arith.divui %n, %size : index
    %same = arith.cmpi eq, %mb, %nb : index
    %first = arith.cmpi eq, %n, %zero : index
    %r = arith.ori %same, %first : i1
    seq.yield %r : i1
  })";

// Every fifth row sees nothing, the others every third key. (More rows of zeros would make the scale of the result too small.)
constexpr const char *kSparse = R"(mask {
  ^bb0(%b: index, %h: index, %m: index, %n: index):
    %five = arith.constant 5 : index
    %zero = arith.constant 0 : index
    %three = arith.constant 3 : index
    %one = arith.constant 1 : index
    %mo = arith.remui %m, %five : index
    %no = arith.remui %n, %three : index
    %sees = arith.cmpi ne, %mo, %zero : index
    %third = arith.cmpi eq, %no, %one : index
    %r = arith.andi %sees, %third : i1
    seq.yield %r : i1
  })";

const std::vector<Variant> &variants() {
  static const std::vector<Variant> all = [] {
    std::vector<Variant> v;
    auto add = [&](const char *name, const char *attributes) -> Variant & {
      v.emplace_back();
      v.back().name = name;
      v.back().attributes = attributes;
      return v.back();
    };
    add("plain", "").everyPair = true;
    add("causal", "causal = \"top_left\"").everyPair = true;
    add("causal_bottom_right", "causal = \"bottom_right\"").everyPair = true;
    add("window", "window_left = 5 : i64, window_right = 3 : i64");
    add("causal_window", "causal = \"bottom_right\", window_left = 8 : i64");
    add("softcap", "softcap = 2.5 : f64");
    add("scale", "scale = 0.03 : f64");
    add("bias_full", "").bias = {0, 1, 2, 3};
    add("bias_heads", "").bias = {1, 3};
    add("sinks", "causal = \"bottom_right\"").sinks = true;
    add("kv_lengths", "").lengths = true;
    add("kv_lengths_causal", "causal = \"bottom_right\"").lengths = true;
    // Few rows of grouped heads share a tile.
    Variant &shared = add("grouped_sinks", "causal = \"bottom_right\", window_left = 9 : i64");
    shared.hq = 8;
    shared.sinks = shared.lengths = true;
    add("grouped_three", "causal = \"top_left\"").hq = 6;
    add("alibi", "").scoreMod = kAlibi;
    add("block_mask", "").mask = kBlocks;
    add("huge_logits", "").queryScale = 50;
    // Keys that a row does not see do not reach it, whatever they hold.
    auto poison = [&](const char *name, const char *attributes, const char *mask = "") -> Variant & {
      Variant &p = add(name, attributes);
      p.mask = mask;
      p.keyFill = p.valueFill = Fill::Poisoned;
      return p;
    };
    poison("hidden_poison_causal", "causal = \"top_left\"");
    poison("hidden_poison_window", "causal = \"bottom_right\", window_left = 4 : i64");
    poison("hidden_poison_lengths", "causal = \"top_left\"").lengths = true;
    poison("hidden_poison_mask", "", kSparse);
    Variant &biased = poison("hidden_poison_bias", "");
    biased.keyFill = Fill::Normal;
    biased.bias = {0, 2, 3};
    biased.biasFill = Fill::MinusInf;
    Variant &gqa = add("grouped_queries", "causal = \"top_left\"");
    gqa.hq = 6;
    gqa.d = 33;
    gqa.dv = 7;
    Variant &all = add("everything", "causal = \"bottom_right\", window_left = 20 : i64, softcap = 3.0 : f64, scale = 0.2 : f64");
    all.bias = {0, 2, 3};
    all.sinks = all.lengths = true;
    all.scoreMod = kAlibi;
    all.mask = kBlocks;
    all.hq = 4;
    return v;
  }();
  return all;
}

struct Pair {
  int64_t m, n;
};

std::vector<Pair> pairs(Grid grid, bool every) {
  if (grid == Grid::Small)
    return every ? std::vector<Pair>{{0, 3}, {3, 0}, {1, 1}, {1, 65}, {17, 2}, {65, 33}} : std::vector<Pair>{{1, 17}, {33, 17}};
  if (!every)
    return {{0, 3}, {3, 0}, {1, 1}, {2, 3}, {1, 129}, {17, 2}, {33, 17}, {64, 64}, {65, 127}};
  std::vector<Pair> all;
  for (int64_t m : {0, 1, 2, 3, 17, 63, 64, 65, 129})
    for (int64_t n : {0, 1, 2, 3, 17, 63, 64, 65, 129})
      all.push_back({m, n});
  return all;
}

/// kv_lengths: none, part, all, more than there are.
std::vector<double> keyLengths(int64_t b, int64_t n) {
  const double choices[] = {std::floor(n / 2.0), 0, static_cast<double>(n), static_cast<double>(n + 3)};
  std::vector<double> values;
  for (int64_t i = 0; i < b; ++i)
    values.push_back(choices[i % 4]);
  return values;
}

/// A logit of size s is off by s u(f32), and so is the logarithm of its weight. Weights may be rounded to the input type before the product:
/// N independent errors of standard deviation u / sqrt(3), weighted as the values are, so 6 deviations are 3.5 u of the scale of the
/// result; that counts as three roundings beside the one of the result.
Steps attentionSteps(int64_t n, int64_t d, double logitScale) { return {std::max(n, d), 2, 6, 4, 4 + logitScale}; }

Case attentionCase(DType t, const Variant &v, int64_t batch, Pair lengths) {
  Graph g(t);
  Extent b("B", batch), m("M", lengths.m), n("N", lengths.n);
  Value q = g.input("q", {b, v.hq, m, v.d}, Fill::Normal, v.queryScale), k = g.input("k", {b, v.hk, n, v.d}, v.keyFill, v.keyFill == Fill::Poisoned ? 4 * kPoison : 1), x = g.input("v", {b, v.hk, n, v.dv}, v.valueFill, v.valueFill == Fill::Poisoned ? kPoison : 1);
  std::string text = "seq.attention " + q.id + ", " + k.id + ", " + x.id;
  if (!v.bias.empty()) {
    Shape shape{1, 1, 1, 1}, full{b, v.hq, m, n};
    for (int64_t d : v.bias)
      shape[d] = full[d];
    text += " bias(%bias : " + g.input("bias", shape, v.biasFill, 1, "f32").tensor() + ")";
  }
  if (v.sinks)
    text += " sinks(%sinks : " + g.input("sinks", {v.hq}, Fill::Normal, 1, "f32").tensor() + ")";
  if (v.lengths)
    text += " kv_lengths(%lengths : " + g.literal("lengths", {b}, keyLengths(batch, lengths.n), "i32").tensor() + ")";
  Shape o{b, v.hq, m, v.dv}, lse{b, v.hq, m};
  text += std::string(*v.scoreMod ? " " : "") + v.scoreMod + (*v.mask ? " " : "") + v.mask + " {" + v.attributes + "} : " + q.tensor() + ", " + k.tensor() + ", " + x.tensor() +
          " -> " + Value{"", o, g.type()}.tensor() + ", " + Value{"", lse, "f32"}.tensor();
  double flops = 2.0 * batch * v.hq * lengths.m * lengths.n * (v.d + v.dv);
  auto [out, rows] = g.raw2(text, o, g.type(), lse, "f32", flops);
  g.result(out);
  g.result(rows);
  return g.finish("attention", v.name, attentionSteps(lengths.n, v.d, v.queryScale));
}
} // namespace

Cases attentionCases(Grid grid) {
  Cases cases;
  for (DType t : kFloatTypes)
    for (const Variant &v : variants()) {
      for (Pair p : pairs(grid, v.everyPair))
        cases.push_back(attentionCase(t, v, v.lengths ? 4 : 2, p));
      if (v.everyPair)
        cases.push_back(attentionCase(t, v, 0, {3, 5}));
    }
  return cases;
}

/// Sequences of different lengths behind one another; an empty one among them, rows after the last belong to none.
Cases attentionPackedCases(Grid grid) {
  struct Packing {
    const char *name;
    std::vector<double> q, k;
  };
  const std::vector<Packing> packings = {
      {"one", {0, 17}, {0, 17}}, {"empty_between", {0, 5, 5, 38}, {0, 5, 9, 42}}, {"different", {0, 1, 8, 31}, {0, 20, 27, 60}}, {"no_keys", {0, 3, 6}, {0, 0, 4}}};
  Cases cases;
  struct Mode {
    const char *name, *causal;
    bool sinks;
  };
  for (DType t : kFloatTypes)
    for (const Mode &mode : {Mode{"none", "none", false}, Mode{"top_left", "top_left", false}, Mode{"bottom_right", "bottom_right", false}, Mode{"sinks", "top_left", true}})
      for (const Packing &p : packings) {
        if (grid == Grid::Small && p.q.size() == 2)
          continue;
        Graph g(t);
        constexpr int64_t kHeads = 4, kKeyHeads = 2, kD = 16;
        Extent m("M", p.q.back()), n("N", p.k.back()), s("S1", p.q.size());
        Value q = g.input("q", {1, kHeads, m, kD}, Fill::Normal), k = g.input("k", {1, kKeyHeads, n, kD}, Fill::Normal), v = g.input("v", {1, kKeyHeads, n, kD}, Fill::Normal);
        Value cq = g.literal("cu_q", {s}, p.q, "i32"), ck = g.literal("cu_k", {s}, p.k, "i32");
        double flops = 0;
        for (size_t i = 0; i + 1 < p.q.size(); ++i)
          flops += 4.0 * kHeads * kD * (p.q[i + 1] - p.q[i]) * (p.k[i + 1] - p.k[i]);
        std::string sinks = mode.sinks ? " sinks(%sinks : " + g.input("sinks", {kHeads}, Fill::Normal, 1, "f32").tensor() + ")" : "";
        Shape lse{1, kHeads, m};
        auto [out, rows] = g.raw2("seq.attention " + q.id + ", " + k.id + ", " + v.id + sinks + " cu_seqlens(" + cq.id + " : " + cq.tensor() + ", " + ck.id + " : " + ck.tensor() +
                                      ") {causal = \"" + mode.causal + "\"} : " + q.tensor() + ", " + k.tensor() + ", " + v.tensor() + " -> " + q.tensor() + ", " +
                                      Value{"", lse, "f32"}.tensor(),
                                  q.shape, q.type, lse, "f32", flops);
        g.result(out);
        g.result(rows);
        cases.push_back(g.finish("attention_packed", std::string(mode.name) + "," + p.name, attentionSteps(n.size, kD, 1)));
      }
  return cases;
}

} // namespace seqc::cases
