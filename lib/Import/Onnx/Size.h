// SPDX-License-Identifier: Apache-2.0
// Symbolic integers of shape computations: polynomials with integer coefficients over named dims and over quotients, remainders, minima and
// maxima of such polynomials. Equal polynomials compare equal. Named dims are sizes, so at least 0.
#ifndef SEQC_LIB_IMPORT_ONNX_SIZE_H
#define SEQC_LIB_IMPORT_ONNX_SIZE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace seqc::onnx {

class Size {
public:
  enum class Op : uint8_t { Name, FloorDiv, Mod, Min, Max };
  struct Atom;
  /// Product of atoms, sorted by key; empty for the constant term.
  using Monomial = std::vector<std::shared_ptr<const Atom>>;
  struct Less {
    bool operator()(const Monomial &a, const Monomial &b) const;
  };
  using Terms = std::map<Monomial, int64_t, Less>;

  Size() = default;
  Size(int64_t value);
  static Size name(llvm::StringRef n);

  bool isConst() const { return valid && (terms.empty() || (terms.size() == 1 && terms.begin()->first.empty())); }
  bool isConst(int64_t v) const { return isConst() && value() == v; }
  int64_t value() const; ///< of a constant
  /// False after an overflow or when the expression became too large; every operation on such a size gives such a size.
  bool isValid() const { return valid; }
  /// A lone name, or null.
  const std::string *asName() const;
  /// Proven, for all sizes of the named dims.
  bool isNonNegative() const;
  bool isPositive() const;
  /// a - b is 0, proven.
  friend bool operator==(const Size &a, const Size &b);
  friend bool operator!=(const Size &a, const Size &b) { return !(a == b); }

  friend Size operator+(const Size &a, const Size &b);
  friend Size operator-(const Size &a, const Size &b);
  friend Size operator*(const Size &a, const Size &b);
  Size &operator+=(const Size &b) { return *this = *this + b; }
  Size &operator*=(const Size &b) { return *this = *this * b; }

  const Terms &all() const { return terms; }
  bool mentions(llvm::StringRef name) const;
  Size substitute(llvm::function_ref<std::optional<Size>(llvm::StringRef)> replacement) const;
  /// Infix text as `seqc::Expr::parse` reads it.
  std::string str() const;

private:
  static Size invalid();
  static Size atom(Op op, llvm::StringRef name, const Size &a, const Size &b);
  friend Size floorDiv(const Size &a, const Size &b);
  friend Size mod(const Size &a, const Size &b);
  friend Size min(const Size &a, const Size &b);
  friend Size max(const Size &a, const Size &b);
  void add(const Monomial &m, int64_t coefficient);

  Terms terms;
  bool valid = true;
};

struct Size::Atom {
  Op op;
  std::string key; ///< text; equal atoms have equal keys
  std::string name;
  Size lhs, rhs;
};

/// a / b where that is a polynomial; b is taken not to be 0.
std::optional<Size> exactQuotient(const Size &a, const Size &b);
/// Rounded to minus infinity; b is taken to be above 0. Division by the constant 0 gives an invalid size.
Size floorDiv(const Size &a, const Size &b);
Size ceilDiv(const Size &a, const Size &b);
/// a - b floorDiv(a, b)
Size mod(const Size &a, const Size &b);
Size min(const Size &a, const Size &b);
Size max(const Size &a, const Size &b);

using Shape = llvm::SmallVector<Size, 0>;
Size product(llvm::ArrayRef<Size> sizes);
bool allConst(llvm::ArrayRef<Size> sizes);
/// "[B, L, 64]"
std::string str(llvm::ArrayRef<Size> sizes);

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_SIZE_H
