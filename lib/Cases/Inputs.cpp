// SPDX-License-Identifier: Apache-2.0
// Values of inputs. The generator is our own: the standard leaves its distributions to each library.
#include "seqc/Cases/Case.h"
#include <cmath>
#include <limits>

namespace seqc::cases {

using interp::Tensor;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kTwoPi = 6.283185307179586;

/// splitmix64 (Steele, Lea, Flood 2014).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t bits() {
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint64_t>(n)); }
  double normal() {
    double u = (static_cast<double>(bits() >> 11) + 1) * 0x1p-53, v = static_cast<double>(bits() >> 11) * 0x1p-53;
    return std::sqrt(-2 * std::log(u)) * std::cos(kTwoPi * v);
  }

private:
  uint64_t state;
};

/// FNV-1a.
uint64_t hash(llvm::StringRef text) {
  uint64_t h = 0xCBF29CE484222325u;
  for (unsigned char c : text)
    h = (h ^ c) * 0x100000001B3u;
  return h;
}

double extreme(Random &random, double p) {
  const double values[] = {p, -p, 1 / p, random.normal()};
  return values[random.below(4)];
}

double special(Random &random) {
  const double values[] = {0.0, -0.0, kInf, -kInf, std::nan(""), random.normal(), random.normal(), random.normal()};
  return values[random.below(8)];
}

double poisoned(Random &random, double p) {
  const double values[] = {kInf, -kInf, std::nan("")};
  return random.below(static_cast<int64_t>(p)) == 0 ? values[random.below(3)] : random.normal();
}

double element(Random &random, const Input &in, int64_t i) {
  double p = in.parameter;
  switch (in.fill) {
  case Fill::Integers:
    return static_cast<double>(random.below(2 * static_cast<int64_t>(p) + 1)) - p;
  case Fill::Normal:
    return p * random.normal();
  case Fill::Offset:
    return p + random.normal();
  case Fill::Positive:
    return p * std::max(std::abs(random.normal()), 1.0 / 16);
  case Fill::Constant:
    return p;
  case Fill::Indices:
    return static_cast<double>(random.below(static_cast<int64_t>(p)));
  case Fill::Bits:
    return static_cast<double>(random.below(2));
  case Fill::Extremes:
    return extreme(random, p);
  case Fill::MinusInf:
    return random.below(3) == 0 ? -kInf : random.normal();
  case Fill::Specials:
    return special(random);
  case Fill::Poisoned:
    return poisoned(random, p);
  case Fill::Literal:
    return in.values[i];
  }
  return 0;
}
} // namespace

std::vector<Tensor> makeInputs(const Case &c) {
  std::vector<Tensor> tensors;
  Random random(hash(c.name) ^ (c.seed * 0x9E3779B97F4A7C15u));
  for (const Input &in : c.inputs) {
    Tensor t(in.dtype, in.shape);
    for (size_t i = 0; i < t.data.size(); ++i) // parts of complex numbers are independent
      t.data[i] = interp::roundTo(in.dtype, element(random, in, i));
    tensors.push_back(std::move(t));
  }
  return tensors;
}

} // namespace seqc::cases
