// SPDX-License-Identifier: Apache-2.0
#include "Size.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cassert>

namespace seqc::onnx {

namespace {
constexpr size_t kMaxTerms = 64, kMaxFactors = 16, kMaxKey = 4096;

bool keyLess(const std::shared_ptr<const Size::Atom> &a, const std::shared_ptr<const Size::Atom> &b) { return a->key < b->key; }

/// m / by, or no value if `by` does not divide it.
std::optional<Size::Monomial> quotient(const Size::Monomial &m, const Size::Monomial &by) {
  Size::Monomial rest;
  size_t j = 0;
  for (const auto &atom : m) {
    if (j < by.size() && by[j]->key == atom->key)
      ++j;
    else
      rest.push_back(atom);
  }
  return j == by.size() ? std::optional(std::move(rest)) : std::nullopt;
}

int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
} // namespace

bool Size::Less::operator()(const Monomial &a, const Monomial &b) const {
  if (a.size() != b.size())
    return a.size() > b.size(); // highest degree first: the leading term of a division
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), keyLess);
}

Size::Size(int64_t value) {
  if (value)
    terms.emplace(Monomial(), value);
}

Size Size::invalid() {
  Size s;
  s.valid = false;
  return s;
}

Size Size::atom(Op op, llvm::StringRef name, const Size &a, const Size &b) {
  if (!a.valid || !b.valid)
    return invalid();
  static const char *const symbols[] = {"", " / ", " % "};
  auto node = std::make_shared<Atom>();
  node->op = op;
  node->name = name.str();
  node->lhs = a;
  node->rhs = b;
  if (op == Op::Name)
    node->key = node->name;
  else if (op == Op::Min || op == Op::Max)
    node->key = std::string(op == Op::Min ? "min(" : "max(") + a.str() + ", " + b.str() + ")";
  else
    node->key = "(" + a.str() + ")" + symbols[static_cast<int>(op)] + "(" + b.str() + ")";
  if (node->key.size() > kMaxKey)
    return invalid();
  Size s;
  s.terms.emplace(Monomial{std::move(node)}, 1);
  return s;
}

Size Size::name(llvm::StringRef n) { return atom(Op::Name, n, Size(), Size()); }

int64_t Size::value() const {
  assert(isConst() && "value of a symbolic size");
  return terms.empty() ? 0 : terms.begin()->second;
}

const std::string *Size::asName() const {
  if (!valid || terms.size() != 1 || terms.begin()->second != 1 || terms.begin()->first.size() != 1)
    return nullptr;
  const Atom &a = *terms.begin()->first.front();
  return a.op == Op::Name ? &a.name : nullptr;
}

static bool isNonNegativeAtom(const Size::Atom &a) {
  switch (a.op) {
  case Size::Op::Name:
  case Size::Op::Mod: // by a number above 0
    return true;
  case Size::Op::FloorDiv:
    return a.lhs.isNonNegative();
  case Size::Op::Min:
    return a.lhs.isNonNegative() && a.rhs.isNonNegative();
  case Size::Op::Max:
    return a.lhs.isNonNegative() || a.rhs.isNonNegative();
  }
  return false;
}

bool Size::isNonNegative() const {
  return valid && llvm::all_of(terms, [](const auto &term) {
           return term.second >= 0 && llvm::all_of(term.first, [](const auto &a) { return isNonNegativeAtom(*a); });
         });
}

bool Size::isPositive() const {
  auto constant = terms.find(Monomial());
  return isNonNegative() && constant != terms.end();
}

void Size::add(const Monomial &m, int64_t coefficient) {
  int64_t &c = terms[m];
  if (llvm::AddOverflow(c, coefficient, c))
    valid = false;
  if (c == 0)
    terms.erase(m);
  if (terms.size() > kMaxTerms)
    valid = false;
}

bool operator==(const Size &a, const Size &b) {
  if (!a.valid || !b.valid || a.terms.size() != b.terms.size())
    return false;
  for (auto [x, y] : llvm::zip(a.terms, b.terms)) {
    bool equal = x.second == y.second && x.first.size() == y.first.size() &&
                 std::equal(x.first.begin(), x.first.end(), y.first.begin(), [](const auto &p, const auto &q) { return p->key == q->key; });
    if (!equal)
      return false;
  }
  return true;
}

Size operator+(const Size &a, const Size &b) {
  Size sum = a.valid && b.valid ? a : Size::invalid();
  for (const auto &[m, c] : b.terms)
    if (sum.valid)
      sum.add(m, c);
  return sum.valid ? sum : Size::invalid();
}

Size operator-(const Size &a, const Size &b) { return a + b * Size(-1); }

Size operator*(const Size &a, const Size &b) {
  Size result = a.valid && b.valid ? Size() : Size::invalid();
  for (const auto &[m, c] : a.terms)
    for (const auto &[n, d] : b.terms) {
      if (!result.valid)
        break;
      Size::Monomial both;
      std::merge(m.begin(), m.end(), n.begin(), n.end(), std::back_inserter(both), keyLess);
      int64_t coefficient;
      if (llvm::MulOverflow(c, d, coefficient) || both.size() > kMaxFactors)
        return Size::invalid();
      result.add(both, coefficient);
    }
  return result.valid ? result : Size::invalid();
}

std::optional<Size> exactQuotient(const Size &a, const Size &b) {
  if (!a.isValid() || !b.isValid() || b.all().empty())
    return std::nullopt;
  const auto &[leadMonomial, leadCoefficient] = *b.all().begin();
  Size rest = a, result;
  for (int step = 0; !rest.all().empty() && step < static_cast<int>(kMaxTerms); ++step) {
    const auto &[m, c] = *rest.all().begin();
    std::optional<Size::Monomial> monomial = quotient(m, leadMonomial);
    if (!monomial || leadCoefficient == -1 || c % leadCoefficient != 0)
      return std::nullopt;
    Size term(c / leadCoefficient);
    for (const auto &atom : *monomial) {
      Size factor; // the atom as a size
      factor = atom->op == Size::Op::Name       ? Size::name(atom->name)
               : atom->op == Size::Op::FloorDiv ? floorDiv(atom->lhs, atom->rhs)
               : atom->op == Size::Op::Mod      ? mod(atom->lhs, atom->rhs)
               : atom->op == Size::Op::Min      ? min(atom->lhs, atom->rhs)
                                                : max(atom->lhs, atom->rhs);
      term *= factor;
    }
    result += term;
    rest = rest - term * b;
    if (!rest.isValid() || !result.isValid())
      return std::nullopt;
  }
  return rest.all().empty() ? std::optional(result) : std::nullopt;
}

Size floorDiv(const Size &a, const Size &b) {
  if (!a.valid || !b.valid || b.isConst(0))
    return Size::invalid();
  if (a.isConst() && b.isConst())
    return b.isConst(-1) ? a * Size(-1) : Size(floorDivide(a.value(), b.value()));
  if (std::optional<Size> exact = exactQuotient(a, b))
    return *exact;
  return Size::atom(Size::Op::FloorDiv, "", a, b);
}

Size ceilDiv(const Size &a, const Size &b) {
  if (std::optional<Size> exact = exactQuotient(a, b))
    return *exact;
  return floorDiv(a + b - Size(1), b);
}

Size mod(const Size &a, const Size &b) {
  if (!a.valid || !b.valid || b.isConst(0))
    return Size::invalid();
  if (a.isConst() && b.isConst())
    return a - b * floorDiv(a, b);
  if (exactQuotient(a, b))
    return Size(0);
  return Size::atom(Size::Op::Mod, "", a, b);
}

Size min(const Size &a, const Size &b) {
  Size difference = b - a;
  if (difference.isNonNegative())
    return a;
  if ((a - b).isNonNegative())
    return b;
  return a.str() < b.str() ? Size::atom(Size::Op::Min, "", a, b) : Size::atom(Size::Op::Min, "", b, a);
}

Size max(const Size &a, const Size &b) {
  Size difference = a - b;
  if (difference.isNonNegative())
    return a;
  if ((b - a).isNonNegative())
    return b;
  return a.str() < b.str() ? Size::atom(Size::Op::Max, "", a, b) : Size::atom(Size::Op::Max, "", b, a);
}

bool Size::mentions(llvm::StringRef n) const {
  return llvm::any_of(terms, [&](const auto &term) {
    return llvm::any_of(term.first, [&](const auto &a) { return a->op == Op::Name ? a->name == n : a->lhs.mentions(n) || a->rhs.mentions(n); });
  });
}

Size Size::substitute(llvm::function_ref<std::optional<Size>(llvm::StringRef)> replacement) const {
  if (!valid)
    return *this;
  Size result;
  for (const auto &[m, c] : terms) {
    Size term(c);
    for (const auto &a : m) {
      if (a->op == Op::Name) {
        std::optional<Size> r = replacement(a->name);
        term *= r ? *r : Size::name(a->name);
        continue;
      }
      Size x = a->lhs.substitute(replacement), y = a->rhs.substitute(replacement);
      term *= a->op == Op::FloorDiv ? floorDiv(x, y) : a->op == Op::Mod ? mod(x, y) : a->op == Op::Min ? min(x, y) : max(x, y);
    }
    result += term;
  }
  return result;
}

std::string Size::str() const {
  if (!valid)
    return "<too large>";
  if (terms.empty())
    return "0";
  std::string text;
  for (const auto &[m, c] : terms) {
    std::string term;
    for (const auto &a : m)
      term += (term.empty() ? "" : " * ") + (a->op == Op::FloorDiv || a->op == Op::Mod ? "(" + a->key + ")" : a->key);
    bool isNegative = c < 0;
    std::string magnitude = std::to_string(c);
    if (isNegative)
      magnitude.erase(0, 1);
    if (text.empty() && isNegative)
      text = "0 - ";
    else if (!text.empty())
      text += isNegative ? " - " : " + ";
    text += term.empty() ? magnitude : magnitude == "1" ? term : magnitude + " * " + term;
  }
  return text;
}

Size product(llvm::ArrayRef<Size> sizes) {
  Size result(1);
  for (const Size &s : sizes)
    result *= s;
  return result;
}

bool allConst(llvm::ArrayRef<Size> sizes) {
  return llvm::all_of(sizes, [](const Size &s) { return s.isConst(); });
}

std::string str(llvm::ArrayRef<Size> sizes) {
  std::string text = "[";
  for (const Size &s : sizes)
    text += (text.size() == 1 ? "" : ", ") + s.str();
  return text + "]";
}

} // namespace seqc::onnx
