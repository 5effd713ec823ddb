// SPDX-License-Identifier: Apache-2.0
#include "Polynomial.h"
#include "llvm/ADT/STLExtras.h"

using llvm::ArrayRef;
using mlir::presburger::ceil;
using mlir::presburger::floor;

namespace seqc::tile {

Polynomial Polynomial::symbol(unsigned i) {
  Polynomial p;
  p.add({i}, Fraction(1, 1));
  return p;
}

void Polynomial::add(const Monomial &m, const Fraction &c) {
  auto [it, isNew] = terms.try_emplace(m, c);
  if (!isNew)
    it->second = mlir::presburger::reduce(it->second + c);
  if (it->second == Fraction(0, 1))
    terms.erase(it);
}

Polynomial Polynomial::operator+(const Polynomial &o) const {
  Polynomial r = *this;
  for (const auto &[m, c] : o.terms)
    r.add(m, c);
  return r;
}

Polynomial Polynomial::operator-(const Polynomial &o) const { return *this + Polynomial(-1) * o; }

Polynomial Polynomial::operator*(const Polynomial &o) const {
  Polynomial r;
  for (const auto &[m, c] : terms)
    for (const auto &[n, d] : o.terms) {
      Monomial product = m;
      product.insert(product.end(), n.begin(), n.end());
      llvm::sort(product);
      r.add(product, mlir::presburger::reduce(c * d));
    }
  return r;
}

bool Polynomial::isNonNegative() const {
  return llvm::all_of(terms, [](const auto &t) { return t.second > Fraction(0, 1); });
}

std::optional<int64_t> Polynomial::constant() const {
  if (terms.empty())
    return 0;
  const auto &[m, c] = *terms.begin();
  if (terms.size() != 1 || !m.empty() || c.den != 1)
    return std::nullopt;
  return static_cast<int64_t>(c.num);
}

/// One term is a multiple of t: its coefficient times the divisors of its symbols is.
static bool isTermMultiple(const Polynomial::Monomial &m, const Fraction &c, int64_t t, ArrayRef<int64_t> divisors) {
  Fraction unit = c * Fraction(1, t);
  for (unsigned i : m)
    unit = unit * Fraction(i < divisors.size() ? divisors[i] : 1, 1);
  return mlir::presburger::reduce(unit).den == 1;
}

bool Polynomial::isMultipleOf(int64_t t, ArrayRef<int64_t> divisors) const {
  return llvm::all_of(terms, [&](const auto &term) { return isTermMultiple(term.first, term.second, t, divisors); });
}

std::optional<Polynomial> Polynomial::dividedBy(int64_t t, bool roundUp, ArrayRef<int64_t> divisors) const {
  Polynomial r;
  for (const auto &[m, c] : terms) {
    Fraction q = mlir::presburger::reduce(c * Fraction(1, t));
    if (!m.empty() && !isTermMultiple(m, c, t, divisors))
      return std::nullopt;
    r.add(m, m.empty() ? Fraction(roundUp ? ceil(q) : floor(q), 1) : q);
  }
  return r;
}

std::optional<Polynomial> Polynomial::floorDividedBy(const Polynomial &d) const {
  if (d.terms.size() != 1)
    return std::nullopt;
  const auto &[divisor, coefficient] = *d.terms.begin();
  if (divisor.empty() || !(coefficient == Fraction(1, 1)))
    return std::nullopt;
  Polynomial r;
  for (const auto &[m, c] : terms) {
    if (m.empty()) {
      if (!(c == Fraction(-1, 1)))
        return std::nullopt;
      r.add(m, c); // floor(-1 / d) = -1
      continue;
    }
    if (!std::includes(m.begin(), m.end(), divisor.begin(), divisor.end()) || c.den != 1)
      return std::nullopt;
    Monomial quotient;
    std::set_difference(m.begin(), m.end(), divisor.begin(), divisor.end(), std::back_inserter(quotient));
    r.add(quotient, c);
  }
  return r;
}

} // namespace seqc::tile
