// SPDX-License-Identifier: Apache-2.0
// Integer expressions over named dims: shapes, grids, buffer offsets, guards. Values are int64; overflow and division by zero
// are evaluation errors. JSON form (manifest): a number, a name, or ["op", a, b]; infix form (seq.assume): "L % 64 == 0".
#ifndef SEQC_SUPPORT_EXPR_H
#define SEQC_SUPPORT_EXPR_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace seqc {

/// Immutable integer expression. Construction folds constants and the identities x+0, x*1, x*0, x+x=2x, min(x,x), ...; sums and products are kept
/// in canonical order, so that equal expressions built in different order compare equal in the common cases.
class Expr {
public:
  /// FloorDiv, CeilDiv and Mod round towards minus infinity (Mod has the sign of the divisor). Comparisons and And, Or give 0 or 1.
  enum class Op : uint8_t { Const, Name, Add, Sub, Mul, FloorDiv, CeilDiv, Mod, Min, Max, Eq, Ne, Lt, Le, And, Or };

  Expr() : Expr(int64_t{0}) {}
  Expr(int64_t value);
  static Expr name(llvm::StringRef n);
  static Expr get(Op op, Expr a, Expr b);

  Op op() const;
  bool isConst() const { return op() == Op::Const; }
  bool isConst(int64_t v) const { return isConst() && value() == v; }
  int64_t value() const;            ///< of Const
  const std::string &name() const;  ///< of Name
  const Expr &lhs() const;
  const Expr &rhs() const;
  uint64_t size() const;            ///< of the text: names, numbers and operators; shared parts count as often as they occur
  static constexpr uint64_t kMaxSize = 4096; ///< of sizes in a graph: everything that is done with an expression takes time by its size

  bool operator==(const Expr &o) const;
  bool operator!=(const Expr &o) const { return !(*this == o); }

  /// Fails for an unknown name, overflow, or division by a number <= 0.
  llvm::Expected<int64_t> evaluate(const llvm::StringMap<int64_t> &dims) const;
  /// Replaces names; names that are not in the map stay.
  Expr substitute(const llvm::StringMap<Expr> &map) const;
  void collectNames(std::vector<std::string> &names) const;  ///< each once, in order of first use

  llvm::json::Value toJson() const;
  static llvm::Expected<Expr> fromJson(const llvm::json::Value &v);
  std::string str() const;                                   ///< infix, reparsable
  static llvm::Expected<Expr> parse(llvm::StringRef infix);  ///< names, integers, + - * / (floor) % == != < <= > >= && ||, parentheses, ceildiv(a,b), min, max

private:
  struct Node;
  explicit Expr(std::shared_ptr<const Node> n) : node(std::move(n)) {}
  std::shared_ptr<const Node> node;
};

Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr ceilDiv(Expr a, Expr b);
Expr floorDiv(Expr a, Expr b);

} // namespace seqc

#endif // SEQC_SUPPORT_EXPR_H
