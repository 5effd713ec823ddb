// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Expr.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <array>

using namespace llvm;

namespace seqc {

struct Expr::Node {
  Op op;
  int64_t value = 0;
  std::string name;
  uint64_t size = 1;
  Expr a, b;
  Node(Op op, int64_t value, std::string name) : op(op), value(value), name(std::move(name)), a(nullptr), b(nullptr) {}
  Node(Op op, Expr x, Expr y) : op(op), a(std::move(x)), b(std::move(y)) { size = SaturatingAdd(uint64_t(1), a.size(), b.size()); }
};

namespace {
struct OpInfo {
  Expr::Op op;
  const char *json, *infix;
  int precedence; // infix binding strength; 0 = function call
};
constexpr std::array<OpInfo, 14> kOps{{{Expr::Op::Or, "or", "||", 1},
                                       {Expr::Op::And, "and", "&&", 2},
                                       {Expr::Op::Eq, "eq", "==", 3},
                                       {Expr::Op::Ne, "ne", "!=", 3},
                                       {Expr::Op::Le, "le", "<=", 4},
                                       {Expr::Op::Lt, "lt", "<", 4},
                                       {Expr::Op::Add, "add", "+", 5},
                                       {Expr::Op::Sub, "sub", "-", 5},
                                       {Expr::Op::Mul, "mul", "*", 6},
                                       {Expr::Op::FloorDiv, "floordiv", "/", 6},
                                       {Expr::Op::Mod, "mod", "%", 6},
                                       {Expr::Op::CeilDiv, "ceildiv", "ceildiv", 0},
                                       {Expr::Op::Min, "min", "min", 0},
                                       {Expr::Op::Max, "max", "max", 0}}};
const OpInfo &info(Expr::Op op) {
  return *llvm::find_if(kOps, [&](const OpInfo &i) { return i.op == op; });
}

/// Applies op to constants; no value on overflow or division by a number <= 0.
std::optional<int64_t> apply(Expr::Op op, int64_t a, int64_t b) {
  int64_t r;
  switch (op) {
  case Expr::Op::Add:
    return AddOverflow(a, b, r) ? std::nullopt : std::optional(r);
  case Expr::Op::Sub:
    return SubOverflow(a, b, r) ? std::nullopt : std::optional(r);
  case Expr::Op::Mul:
    return MulOverflow(a, b, r) ? std::nullopt : std::optional(r);
  case Expr::Op::FloorDiv:
    return b <= 0 ? std::nullopt : std::optional(divideFloorSigned(a, b));
  case Expr::Op::CeilDiv:
    return b <= 0 ? std::nullopt : std::optional(divideCeilSigned(a, b));
  case Expr::Op::Mod:
    return b <= 0 ? std::nullopt : std::optional(((a % b) + b) % b);
  case Expr::Op::Min:
    return std::min(a, b);
  case Expr::Op::Max:
    return std::max(a, b);
  case Expr::Op::Eq:
    return a == b;
  case Expr::Op::Ne:
    return a != b;
  case Expr::Op::Lt:
    return a < b;
  case Expr::Op::Le:
    return a <= b;
  case Expr::Op::And:
    return a && b;
  case Expr::Op::Or:
    return a || b;
  case Expr::Op::Const:
  case Expr::Op::Name:
    break;
  }
  return std::nullopt;
}

bool isCommutative(Expr::Op op) {
  return op == Expr::Op::Add || op == Expr::Op::Mul || op == Expr::Op::Min || op == Expr::Op::Max || op == Expr::Op::Eq || op == Expr::Op::Ne;
}
} // namespace

Expr::Expr(int64_t value) : node(std::make_shared<Node>(Op::Const, value, "")) {}
Expr Expr::name(StringRef n) { return Expr(std::make_shared<Node>(Op::Name, 0, n.str())); }
Expr::Op Expr::op() const { return node->op; }
int64_t Expr::value() const { return node->value; }
const std::string &Expr::name() const { return node->name; }
uint64_t Expr::size() const { return node->size; }
const Expr &Expr::lhs() const { return node->a; }
const Expr &Expr::rhs() const { return node->b; }

bool Expr::operator==(const Expr &o) const {
  if (node == o.node)
    return true;
  if (op() != o.op())
    return false;
  if (op() == Op::Const)
    return value() == o.value();
  if (op() == Op::Name)
    return name() == o.name();
  return lhs() == o.lhs() && rhs() == o.rhs();
}

Expr Expr::get(Op op, Expr a, Expr b) {
  if (a.isConst() && b.isConst())
    if (std::optional<int64_t> v = apply(op, a.value(), b.value()))
      return Expr(*v);
  // Canonical order: constants last, otherwise by text.
  if (isCommutative(op) && ((a.isConst() && !b.isConst()) || (!a.isConst() && !b.isConst() && b.str() < a.str())))
    std::swap(a, b);
  if (b.isConst()) {
    int64_t v = b.value();
    if ((op == Op::Add || op == Op::Sub) && v == 0)
      return a;
    if ((op == Op::Mul || op == Op::FloorDiv || op == Op::CeilDiv) && v == 1)
      return a;
    if (op == Op::Mul && v == 0)
      return b;
    if (op == Op::Mod && v == 1)
      return Expr(int64_t{0});
    // (x op c1) op c2 for + and *.
    if ((op == Op::Add || op == Op::Mul) && a.op() == op && a.rhs().isConst())
      if (std::optional<int64_t> c = apply(op, a.rhs().value(), v))
        return get(op, a.lhs(), Expr(*c));
  }
  // (x op c) op y = (x op y) op c, so that constants meet at the outside.
  if ((op == Op::Add || op == Op::Mul) && !b.isConst()) {
    if (a.op() == op && a.rhs().isConst())
      return get(op, get(op, a.lhs(), b), a.rhs());
    if (b.op() == op && b.rhs().isConst())
      return get(op, get(op, a, b.lhs()), b.rhs());
  }
  if (a == b) {
    if (op == Op::Min || op == Op::Max)
      return a;
    if (op == Op::Add)
      return get(Op::Mul, a, Expr(2));
    if (op == Op::Sub)
      return Expr(int64_t{0});
    if (op == Op::Eq || op == Op::Le)
      return Expr(int64_t{1});
    if (op == Op::Ne || op == Op::Lt)
      return Expr(int64_t{0});
  }
  return Expr(std::make_shared<Node>(op, std::move(a), std::move(b)));
}

Expected<int64_t> Expr::evaluate(const StringMap<int64_t> &dims) const {
  if (op() == Op::Const)
    return value();
  if (op() == Op::Name) {
    auto it = dims.find(name());
    if (it == dims.end())
      return createStringError("no value for dim '" + name() + "'");
    return it->second;
  }
  Expected<int64_t> a = lhs().evaluate(dims);
  if (!a)
    return a;
  Expected<int64_t> b = rhs().evaluate(dims);
  if (!b)
    return b;
  if (std::optional<int64_t> v = apply(op(), *a, *b))
    return *v;
  return createStringError("overflow or division by zero in '" + str() + "'");
}

Expr Expr::substitute(const StringMap<Expr> &map) const {
  if (op() == Op::Const)
    return *this;
  if (op() == Op::Name) {
    auto it = map.find(name());
    return it == map.end() ? *this : it->second;
  }
  return get(op(), lhs().substitute(map), rhs().substitute(map));
}

void Expr::collectNames(std::vector<std::string> &names) const {
  if (op() == Op::Const)
    return;
  if (op() == Op::Name) {
    if (!llvm::is_contained(names, name()))
      names.push_back(name());
    return;
  }
  lhs().collectNames(names);
  rhs().collectNames(names);
}

json::Value Expr::toJson() const {
  if (op() == Op::Const)
    return value();
  if (op() == Op::Name)
    return name();
  return json::Array{info(op()).json, lhs().toJson(), rhs().toJson()};
}

Expected<Expr> Expr::fromJson(const json::Value &v) {
  if (std::optional<int64_t> i = v.getAsInteger())
    return Expr(*i);
  if (std::optional<StringRef> s = v.getAsString())
    return name(*s);
  const json::Array *array = v.getAsArray();
  std::optional<StringRef> word = array && array->size() == 3 ? (*array)[0].getAsString() : std::nullopt;
  if (!word)
    return createStringError("an expression is an integer, a name or [op, a, b]");
  const auto *entry = llvm::find_if(kOps, [&](const OpInfo &i) { return *word == i.json; });
  if (entry == kOps.end())
    return createStringError("unknown operator '" + *word + "' in an expression");
  Expected<Expr> a = fromJson((*array)[1]);
  if (!a)
    return a;
  Expected<Expr> b = fromJson((*array)[2]);
  if (!b)
    return b;
  return get(entry->op, *a, *b);
}

static void print(const Expr &e, int outer, std::string &out) {
  if (e.op() == Expr::Op::Const)
    out += std::to_string(e.value());
  else if (e.op() == Expr::Op::Name)
    out += e.name();
  else if (const OpInfo &i = info(e.op()); i.precedence == 0) {
    out += std::string(i.infix) + "(";
    print(e.lhs(), 0, out);
    out += ", ";
    print(e.rhs(), 0, out);
    out += ")";
  } else {
    bool parens = i.precedence < outer;
    out += parens ? "(" : "";
    print(e.lhs(), i.precedence, out);
    out += std::string(" ") + i.infix + " ";
    print(e.rhs(), i.precedence + 1, out);
    out += parens ? ")" : "";
  }
}

std::string Expr::str() const {
  std::string out;
  print(*this, 0, out);
  return out;
}

namespace {
/// Precedence climbing over the infix form.
class InfixParser {
public:
  explicit InfixParser(StringRef text) : rest(text) {}
  Expected<Expr> parseAll() {
    Expected<Expr> e = parseBinary(1);
    if (e && !rest.ltrim().empty())
      return createStringError("unexpected '" + rest.ltrim().str() + "'");
    return e;
  }

private:
  bool eat(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  /// The operator at the cursor, if it binds at least as strongly as `min`; `swap` for > and >=.
  const OpInfo *peekOperator(int min, bool &swap) {
    rest = rest.ltrim();
    swap = false;
    for (const OpInfo &i : kOps)
      if (i.precedence >= min && i.precedence > 0 && rest.starts_with(i.infix))
        return rest = rest.drop_front(StringRef(i.infix).size()), &i;
    if (min <= 4 && rest.starts_with(">")) {
      swap = true;
      bool orEqual = rest.starts_with(">=");
      rest = rest.drop_front(orEqual ? 2 : 1);
      return &info(orEqual ? Expr::Op::Le : Expr::Op::Lt);
    }
    return nullptr;
  }

  Expected<Expr> parseBinary(int min) {
    if (++depth > 200)
      return createStringError("expression is nested too deeply");
    Expected<Expr> left = parsePrimary();
    bool swap;
    while (left) {
      const OpInfo *op = peekOperator(min, swap);
      if (!op)
        break;
      Expected<Expr> right = parseBinary(op->precedence + 1);
      if (!right)
        return right;
      left = swap ? Expr::get(op->op, *right, *left) : Expr::get(op->op, *left, *right);
    }
    --depth;
    return left;
  }

  Expected<Expr> parsePrimary() {
    if (eat("(")) {
      Expected<Expr> e = parseBinary(1);
      if (e && !eat(")"))
        return createStringError("expected ')'");
      return e;
    }
    rest = rest.ltrim();
    int64_t number;
    StringRef digits = rest.starts_with("-") ? rest.drop_front() : rest; // a number may have a sign
    if (!digits.empty() && isDigit(digits.front())) {
      if (rest.consumeInteger(10, number))
        return createStringError("number is too large");
      return Expr(number);
    }
    StringRef word = rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
    if (word.empty())
      return createStringError("expected a name, a number or '('");
    rest = rest.drop_front(word.size());
    const auto *call = llvm::find_if(kOps, [&](const OpInfo &i) { return i.precedence == 0 && word == i.infix; });
    if (call == kOps.end() || !eat("("))
      return Expr::name(word);
    Expected<Expr> a = parseBinary(1);
    if (!a)
      return a;
    if (!eat(","))
      return createStringError("expected ',' in " + word);
    Expected<Expr> b = parseBinary(1);
    if (!b)
      return b;
    if (!eat(")"))
      return createStringError("expected ')'");
    return Expr::get(call->op, *a, *b);
  }

  StringRef rest;
  int depth = 0;
};
} // namespace

Expected<Expr> Expr::parse(StringRef infix) { return InfixParser(infix).parseAll(); }

Expr operator+(Expr a, Expr b) { return Expr::get(Expr::Op::Add, std::move(a), std::move(b)); }
Expr operator-(Expr a, Expr b) { return Expr::get(Expr::Op::Sub, std::move(a), std::move(b)); }
Expr operator*(Expr a, Expr b) { return Expr::get(Expr::Op::Mul, std::move(a), std::move(b)); }
Expr ceilDiv(Expr a, Expr b) { return Expr::get(Expr::Op::CeilDiv, std::move(a), std::move(b)); }
Expr floorDiv(Expr a, Expr b) { return Expr::get(Expr::Op::FloorDiv, std::move(a), std::move(b)); }

} // namespace seqc
