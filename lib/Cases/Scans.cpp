// SPDX-License-Identifier: Apache-2.0
// seq.linear_scan and seq.selective_scan: every option, lengths around chunks, channels that fill no block.
#include "Lists.h"
#include <cmath>

namespace seqc::cases {

using interp::DType;

namespace {
std::vector<int64_t> scanLengths(Grid grid) {
  if (grid == Grid::Small)
    return {0, 1, 17, 65};
  return {0, 1, 2, 3, 17, 127, 128, 129, 1000};
}

/// Steps of a recurrence: every one rounds, and the errors fade with the state.
Steps scanSteps(int64_t length, int64_t terms, int transcendental, int operations, double amplification) {
  return {std::max<int64_t>({length, terms, 1}), transcendental, operations, 1, amplification};
}

std::string stateType(DType t) { return t == DType::F64 ? "f64" : "f32"; }

std::string typeText(const Shape &shape, const std::string &type) { return Value{"", shape, type}.tensor(); }

//===-- linear_scan -----------------------------------------------------------------===//

struct LinearVariant {
  const char *name;
  bool constant = false, reverse = false, initial = false, final = false;
  const char *aType = ""; ///< of a, if not that of b
  Fill aFill = Fill::Normal, bFill = Fill::Normal;
  double aScale = 0.5, bScale = 1;
};

const LinearVariant kLinear[] = {
    {"plain"},
    {"constant", true, false, false, false, "", Fill::Normal, Fill::Normal, 0.3, 1},
    {"reverse", false, true},
    {"states", false, false, true, true},
    {"constant_reverse_states", true, true, true, true, "", Fill::Normal, Fill::Normal, 0.3, 1},
    {"gates_f32", false, false, true, true, "f32"},
    {"cumulative_sum", false, false, false, true, "", Fill::Constant, Fill::Integers, 1, 1},
    {"extremes", false, false, false, true, "", Fill::Normal, Fill::Extremes, 0.5, 1e4},
    {"infinities", false, false, true, true, "", Fill::Positive, Fill::MinusInf, 0.5, 1},
};

/// Of numbers of `type`, or of complex numbers whose parts are.
Case linearCase(DType type, const LinearVariant &v, int64_t batch, int64_t channels, int64_t length, bool isComplex = false) {
  Graph g(type);
  std::string element = isComplex ? "complex<" + g.type() + ">" : g.type(), stateElement = isComplex ? element : stateType(type);
  Extent b("B", batch), l("L", length);
  Shape shape{b, channels, l}, states{b, channels};
  Value a = g.input("a", v.constant ? Shape{channels} : shape, v.aFill, v.aScale, *v.aType ? v.aType : element), x = g.input("b", shape, v.bFill, v.bScale, element);
  std::string text = "seq.linear_scan " + a.id + ", " + x.id;
  if (v.initial) {
    Value initial = g.input("initial", states, Fill::Normal, 1, stateElement);
    text += " initial(" + initial.id + " : " + initial.tensor() + ")";
  }
  text += std::string(v.reverse ? " {reverse}" : "") + " : " + a.tensor() + ", " + x.tensor() + " -> " + x.tensor();
  double flops = (isComplex ? 8.0 : 2.0) * batch * channels * length;
  if (v.final) {
    auto [h, last] = g.raw2(text + ", " + typeText(states, stateElement), shape, element, states, stateElement, flops);
    g.result(h);
    g.result(last);
  } else {
    g.result(g.raw(text, shape, element, flops));
  }
  return g.finish("linear_scan", std::string(isComplex ? "complex_" : "") + v.name + ",D=" + std::to_string(channels), scanSteps(length, 1, 0, 4, isComplex ? 4 : 1));
}

//===-- selective_scan ----------------------------------------------------------------===//

struct SelectiveVariant {
  const char *name;
  int64_t states = 16, groups = 1;
  bool softplus = false, bias = false, skip = false, gate = false, initial = false, final = false;
  bool constantB = false, constantC = false;
  double deltaScale = 0.5;
  const char *paramType = ""; ///< of delta, B, C if not that of u
};

const SelectiveVariant kSelective[] = {
    {"plain", 4},
    {"mamba", 16, 1, true, true, true, true},
    {"states", 16, 1, true, false, false, false, true, true},
    {"groups", 3, 2, true, true, true, true, true, true},
    {"constant_b", 8, 1, true, false, false, false, false, true, true, false},
    {"constant_c", 8, 3, true, false, false, false, false, true, false, true},
    {"constant_both", 5, 1, true, false, true, false, true, true, true, true},
    {"one_state", 1, 1, true, true, true, true, true, true},
    {"params_f32", 16, 1, true, true, true, true, true, true, false, false, 0.5, "f32"},
    {"large_steps", 16, 1, true, true, true, true, false, true, false, false, 30},
};

/// A = -(n + 1) (1 + d mod 5) / 8, as in trained models: rates from slow to fast.
std::vector<double> decayRates(int64_t channels, int64_t states) {
  std::vector<double> rates;
  for (int64_t d = 0; d < channels; ++d)
    for (int64_t n = 0; n < states; ++n)
      rates.push_back(-static_cast<double>((n + 1) * (1 + d % 5)) / 8);
  return rates;
}

struct SelectiveText {
  std::string operands, options;
};

/// Inputs of the op but states and cu_seqlens.
SelectiveText selectiveInputs(Graph &g, const SelectiveVariant &v, const Extent &b, int64_t channels, const Extent &l) {
  Shape shape{b, channels, l}, inTime{b, v.groups, v.states, l}, fixed{channels, v.states};
  std::string state = stateType(interp::parseDType(g.type()).get());
  // Without softplus steps are positive by themselves, else the state grows.
  Value u = g.input("u", shape, Fill::Normal), delta = g.input("delta", shape, v.softplus ? Fill::Normal : Fill::Positive, v.deltaScale, v.paramType);
  Value a = g.literal("A", fixed, decayRates(channels, v.states), state);
  Value B = g.input("B", v.constantB ? fixed : inTime, Fill::Normal, 1, v.paramType), C = g.input("C", v.constantC ? fixed : inTime, Fill::Normal, 1, v.paramType);
  SelectiveText text{u.id + ", " + delta.id + ", " + a.id + ", " + B.id + ", " + C.id, ""};
  auto option = [&](const char *keyword, const Value &x) { text.operands += std::string(" ") + keyword + "(" + x.id + " : " + x.tensor() + ")"; };
  if (v.skip)
    option("D", g.input("D", {channels}, Fill::Normal, 1, state));
  if (v.gate)
    option("z", g.input("z", shape, Fill::Normal, 2));
  if (v.bias)
    option("delta_bias", g.input("delta_bias", {channels}, Fill::Normal, 1, state));
  text.options = std::string(v.softplus ? " {delta_softplus}" : "") + " : " + u.tensor() + ", " + delta.tensor() + ", " + a.tensor() + ", " + B.tensor() + ", " + C.tensor() +
                 " -> " + u.tensor();
  return text;
}

Case selectiveCase(DType type, const SelectiveVariant &v, int64_t batch, int64_t channels, int64_t length) {
  Graph g(type);
  Extent b("B", batch), l("L", length);
  Shape shape{b, channels, l}, states{b, channels, v.states};
  SelectiveText text = selectiveInputs(g, v, b, channels, l);
  std::string all = "seq.selective_scan " + text.operands;
  if (v.initial) {
    Value initial = g.input("initial", states, Fill::Normal, 1, stateType(type));
    all += " initial(" + initial.id + " : " + initial.tensor() + ")";
  }
  all += text.options;
  double flops = 7.0 * v.states * batch * channels * length;
  if (v.final) {
    auto [y, last] = g.raw2(all + ", " + typeText(states, stateType(type)), shape, g.type(), states, stateType(type), flops);
    g.result(y);
    g.result(last);
  } else {
    g.result(g.raw(all, shape, g.type(), flops));
  }
  return g.finish("selective_scan", std::string(v.name) + ",D=" + std::to_string(channels), scanSteps(length, v.states, 2, 12, 2));
}
} // namespace

Cases linearScanCases(Grid grid) {
  Cases cases;
  for (DType t : {DType::F32, DType::F16, DType::BF16, DType::F64})
    for (const LinearVariant &v : kLinear) {
      if (*v.aType && (t == DType::F32 || t == DType::F64))
        continue;
      if (v.aFill == Fill::Constant && t != DType::F32) // sums that the type holds
        continue;
      if (v.bFill == Fill::Extremes && t == DType::F16)
        continue;
      bool isMain = t == DType::F32 || t == DType::BF16;
      for (int64_t l : isMain ? scanLengths(grid) : std::vector<int64_t>{17, 129})
        cases.push_back(linearCase(t, v, 2, 9, l));
      if (!isMain)
        continue;
      cases.push_back(linearCase(t, v, 1, 64, 66));
      cases.push_back(linearCase(t, v, 3, 1, 40));
      cases.push_back(linearCase(t, v, 0, 9, 3));
    }
  for (DType t : {DType::F32, DType::F64})
    for (const LinearVariant &v : kLinear)
      for (int64_t l : t == DType::F32 ? scanLengths(grid) : std::vector<int64_t>{17, 129})
        if (!*v.aType && v.aFill == Fill::Normal && v.bFill == Fill::Normal)
          cases.push_back(linearCase(t, v, 2, 9, l, /*isComplex=*/true));
  if (grid == Grid::Full)
    for (const LinearVariant &v : kLinear)
      cases.push_back(linearCase(DType::F32, v, 1, 17, 4096));
  return cases;
}

Cases selectiveScanCases(Grid grid) {
  Cases cases;
  for (DType t : {DType::F32, DType::F16, DType::BF16, DType::F64})
    for (const SelectiveVariant &v : kSelective) {
      if (*v.paramType && (t == DType::F32 || t == DType::F64))
        continue;
      bool isMain = t == DType::F32 || t == DType::BF16;
      for (int64_t l : isMain ? scanLengths(grid) : std::vector<int64_t>{17})
        cases.push_back(selectiveCase(t, v, 2, 6, l));
      if (!isMain)
        continue;
      cases.push_back(selectiveCase(t, v, 1, 6 * 11, 19));
      cases.push_back(selectiveCase(t, v, 0, 6, 3));
    }
  if (grid == Grid::Full)
    cases.push_back(selectiveCase(DType::F32, kSelective[1], 1, 18, 4096));
  return cases;
}

/// Sequences of different lengths behind one another; an empty one among them, and time steps after the last that belong to none.
Cases selectiveScanPackedCases(Grid grid) {
  struct Packing {
    const char *name;
    std::vector<double> ends;
    int64_t length;
  };
  const std::vector<Packing> packings = {
      {"one", {0, 17}, 17}, {"empty_between", {0, 5, 5, 38}, 38}, {"rest", {0, 1, 8, 70}, 83}, {"none", {0}, 9}, {"chunks", {0, 64, 128, 129}, 129}};
  Cases cases;
  for (DType t : kFloatTypes)
    for (const SelectiveVariant &v : kSelective)
      for (const Packing &p : packings) {
        bool isStated = v.initial || v.final;
        if (*v.paramType || (grid == Grid::Small && (!isStated || v.states > 8)))
          continue;
        constexpr int64_t kChannels = 6;
        Graph g(t);
        Extent l("L", p.length), ends("S1", p.ends.size()), sequences("S", p.ends.size() - 1);
        Shape shape{1, kChannels, l}, states{sequences, kChannels, v.states};
        SelectiveText text = selectiveInputs(g, v, 1, kChannels, l);
        std::string all = "seq.selective_scan " + text.operands;
        if (v.initial) {
          Value initial = g.input("initial", states, Fill::Normal, 1, stateType(t));
          all += " initial(" + initial.id + " : " + initial.tensor() + ")";
        }
        Value cu = g.literal("cu_seqlens", {ends}, p.ends, "i32");
        all += " cu_seqlens(" + cu.id + " : " + cu.tensor() + ")" + text.options;
        double flops = 7.0 * v.states * kChannels * p.length;
        if (v.initial && v.final) {
          auto [y, last] = g.raw2(all + ", " + typeText(states, stateType(t)), shape, g.type(), states, stateType(t), flops);
          g.result(y);
          g.result(last);
        } else {
          g.result(g.raw(all, shape, g.type(), flops));
        }
        cases.push_back(g.finish("selective_scan_packed", std::string(v.name) + "," + p.name, scanSteps(p.length, v.states, 2, 12, 2)));
      }
  return cases;
}

} // namespace seqc::cases
