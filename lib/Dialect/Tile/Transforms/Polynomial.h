// SPDX-License-Identifier: Apache-2.0
// Polynomials with rational coefficients over symbols that are non-negative integers, some with a known divisor. The arithmetic of
// bounds proofs: sizes such as B * H * L, quotients such as L / 64 where 64 divides L.
#ifndef SEQC_LIB_DIALECT_TILE_TRANSFORMS_POLYNOMIAL_H
#define SEQC_LIB_DIALECT_TILE_TRANSFORMS_POLYNOMIAL_H

#include "mlir/Analysis/Presburger/Fraction.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <optional>
#include <vector>

namespace seqc::tile {

using Fraction = mlir::presburger::Fraction;

class Polynomial {
public:
  using Monomial = std::vector<unsigned>; ///< sorted symbol numbers; empty for the constant term

  Polynomial() = default;
  explicit Polynomial(int64_t constant) { add({}, Fraction(constant, 1)); }
  static Polynomial symbol(unsigned i);

  Polynomial operator+(const Polynomial &o) const;
  Polynomial operator-(const Polynomial &o) const;
  Polynomial operator*(const Polynomial &o) const;

  /// True if no value of the symbols makes it negative, because no coefficient is negative.
  bool isNonNegative() const;
  std::optional<int64_t> constant() const; ///< the value of a constant polynomial

  /// True if every value is a multiple of t, where symbol i is a multiple of divisors[i].
  bool isMultipleOf(int64_t t, llvm::ArrayRef<int64_t> divisors) const;
  /// floor(p / t) or ceil(p / t) for t > 0, where all terms but the constant are multiples of t.
  std::optional<Polynomial> dividedBy(int64_t t, bool roundUp, llvm::ArrayRef<int64_t> divisors) const;
  /// floor(p / d) for a single-term divisor d >= 1, where d divides all terms but a constant of 0 or -1.
  std::optional<Polynomial> floorDividedBy(const Polynomial &d) const;

private:
  void add(const Monomial &m, const Fraction &c);
  std::map<Monomial, Fraction> terms; // no zero coefficients
};

} // namespace seqc::tile

#endif // SEQC_LIB_DIALECT_TILE_TRANSFORMS_POLYNOMIAL_H
