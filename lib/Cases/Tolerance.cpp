// SPDX-License-Identifier: Apache-2.0
#include "seqc/Cases/Tolerance.h"
#include <algorithm>
#include <cmath>

namespace seqc::cases {

using interp::DType;

namespace {
struct FloatFacts {
  DType type;
  int roundoffExponent, tiniestExponent;
};
constexpr FloatFacts kFloats[] = {{DType::F64, -53, -1074}, {DType::F32, -24, -149}, {DType::F16, -11, -24}, {DType::BF16, -8, -133}};
constexpr double kTranscendentalUlp = 4, kDeviations = 6;

const FloatFacts *find(DType t) {
  t = interp::componentType(t);
  const FloatFacts *f = std::find_if(std::begin(kFloats), std::end(kFloats), [&](const FloatFacts &f) { return f.type == t; });
  return f == std::end(kFloats) ? nullptr : f;
}
} // namespace

double unitRoundoff(DType t) { return find(t) ? std::ldexp(1.0, find(t)->roundoffExponent) : 0.0; }
double tiniest(DType t) { return find(t) ? std::ldexp(1.0, find(t)->tiniestExponent) : 0.0; }

Tolerance toleranceOf(DType stored, const Steps &steps) {
  stored = interp::componentType(stored);
  if (!interp::isFloat(stored))
    return {};
  double work = unitRoundoff(stored == DType::F64 ? DType::F64 : DType::F32), k = static_cast<double>(steps.accumulation);
  double sum = steps.accumulation > 1 ? (steps.equalTerms ? k : std::min(k, kDeviations * std::sqrt(k))) + 1 : 0;
  return {steps.roundings * unitRoundoff(stored) + steps.amplification * (steps.operations + kTranscendentalUlp * steps.transcendental + sum) * work};
}

} // namespace seqc::cases
