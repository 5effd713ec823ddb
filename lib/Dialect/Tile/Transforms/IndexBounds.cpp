// SPDX-License-Identifier: Apache-2.0
#include "IndexBounds.h"
#include "seqc/Support/Expr.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <numeric>

using namespace mlir;

namespace seqc::tile {

/// More candidates than this are never needed by kernels and would grow as a product.
static constexpr size_t kMaxBounds = 8;

IndexBounds::IndexBounds(KernelOp kernel) : kernel(kernel) {
  unsigned count = kernel.getBody().getNumArguments();
  values.resize(count);
  divisors.assign(count, 1);
  if (auto assume = kernel->getAttrOfType<ArrayAttr>("tile.assume"))
    for (auto text : assume.getAsRange<StringAttr>())
      readFact(text);
}

/// Facts that are used: `name % n == 0`, `name == n`, and conjunctions of facts.
static void collectFacts(const Expr &e, llvm::function_ref<void(StringRef, int64_t, bool)> use) {
  if (e.op() == Expr::Op::And) {
    collectFacts(e.lhs(), use);
    collectFacts(e.rhs(), use);
    return;
  }
  if (e.op() != Expr::Op::Eq)
    return;
  Expr a = e.lhs(), b = e.rhs();
  if (a.isConst())
    std::swap(a, b);
  if (!b.isConst())
    return;
  if (a.op() == Expr::Op::Name)
    use(a.name(), b.value(), /*isDivisor=*/false);
  if (a.op() == Expr::Op::Mod && b.value() == 0 && a.lhs().op() == Expr::Op::Name && a.rhs().isConst() && a.rhs().value() > 0)
    use(a.lhs().name(), a.rhs().value(), /*isDivisor=*/true);
}

void IndexBounds::readFact(StringRef text) {
  collectFacts(llvm::cantFail(Expr::parse(text)), [&](StringRef name, int64_t n, bool isDivisor) {
    for (BlockArgument a : kernel.getBody().getArguments()) {
      unsigned i = a.getArgNumber();
      if (kernel.paramName(i) != name)
        continue;
      if (isDivisor)
        divisors[i] = std::lcm(divisors[i], n);
      else if (n >= 0)
        values[i] = n;
    }
  });
}

Polynomial IndexBounds::symbolOf(Value v) {
  auto [it, isNew] = symbols.try_emplace(v, divisors.size());
  if (isNew)
    divisors.push_back(1);
  return Polynomial::symbol(it->second);
}

/// The kernel argument (of grid or body) that a value is.
static std::optional<unsigned> argumentOf(Value v) {
  auto a = dyn_cast<BlockArgument>(v);
  if (!a || !isa<KernelOp>(a.getOwner()->getParentOp()))
    return std::nullopt;
  return a.getArgNumber();
}

//===-- Exact values --------------------------------------------------------------------===//

static bool isDivision(Operation *op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}
static bool roundsUp(Operation *op) { return isa<arith::CeilDivSIOp, arith::CeilDivUIOp>(op); }

std::optional<Polynomial> IndexBounds::exactQuotient(Operation *op) {
  std::optional<int64_t> d = getConstantIntValue(op->getOperand(1));
  std::optional<Polynomial> p = exact(op->getOperand(0));
  if (!d || *d <= 0 || !p || !isNonNegative(op->getOperand(0)))
    return std::nullopt;
  return p->dividedBy(*d, roundsUp(op), divisors);
}

std::optional<Polynomial> IndexBounds::exact(Value v) {
  if (std::optional<unsigned> i = argumentOf(v))
    return values[*i] ? Polynomial(*values[*i]) : Polynomial::symbol(*i);
  if (std::optional<int64_t> c = getConstantIntValue(v))
    return Polynomial(*c);
  if (Operation *op = v.getDefiningOp()) {
    if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op)) {
      std::optional<Polynomial> a = exact(op->getOperand(0)), b = exact(op->getOperand(1));
      if (a && b)
        return isa<arith::AddIOp>(op) ? *a + *b : isa<arith::SubIOp>(op) ? *a - *b : *a * *b;
    }
    if (isDivision(op))
      if (std::optional<Polynomial> q = exactQuotient(op))
        return q;
  }
  // Symbols stand for numbers that are never negative.
  if (isNonNegative(v))
    return symbolOf(v);
  return std::nullopt;
}

//===-- Signs -----------------------------------------------------------------------------===//

bool IndexBounds::isNonNegative(Value v) {
  if (argumentOf(v))
    return true;
  if (std::optional<int64_t> c = getConstantIntValue(v))
    return *c >= 0;
  if (auto a = dyn_cast<BlockArgument>(v)) {
    auto loop = dyn_cast<scf::ForOp>(a.getOwner()->getParentOp());
    return loop && a == loop.getInductionVar() && isNonNegative(loop.getLowerBound());
  }
  return isNonNegativeOp(v.getDefiningOp());
}

bool IndexBounds::isNonNegativeOp(Operation *op) {
  if (isa<ProgramIdOp, NumSmsOp>(op))
    return true;
  auto both = [&] { return isNonNegative(op->getOperand(0)) && isNonNegative(op->getOperand(1)); };
  if (isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::MinUIOp, arith::MaxUIOp>(op) || isDivision(op))
    return both();
  if (isa<arith::RemSIOp, arith::RemUIOp>(op)) // the sign is that of the dividend
    return isNonNegative(op->getOperand(0));
  if (isa<arith::MaxSIOp>(op))
    return isNonNegative(op->getOperand(0)) || isNonNegative(op->getOperand(1));
  return false;
}

//===-- Upper bounds ------------------------------------------------------------------------===//

IndexBounds::Bounds IndexBounds::upper(Value v) {
  Bounds result;
  if (auto a = dyn_cast<BlockArgument>(v)) {
    auto loop = dyn_cast<scf::ForOp>(a.getOwner()->getParentOp());
    if (loop && a == loop.getInductionVar())
      result = upperOfCounter(loop);
  } else {
    result = upperOfOp(v.getDefiningOp());
  }
  if (result.empty())
    if (std::optional<Polynomial> p = exact(v))
      result.push_back(*p);
  if (result.size() > kMaxBounds)
    result.truncate(kMaxBounds);
  return result;
}

IndexBounds::Bounds IndexBounds::upperOfCounter(scf::ForOp loop) {
  // counter = lower + k * step < bound: if bound - lower is a multiple of the step, counter <= bound - step.
  Bounds result;
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  std::optional<Polynomial> lower = exact(loop.getLowerBound());
  for (const Polynomial &bound : upper(loop.getUpperBound())) {
    bool isAligned = step && *step > 0 && lower && (bound - *lower).isMultipleOf(*step, divisors);
    result.push_back(bound - Polynomial(isAligned ? *step : 1));
  }
  return result;
}

IndexBounds::Bounds IndexBounds::upperOfQuotient(Operation *op, bool roundUp) {
  Bounds result;
  if (!isNonNegative(op->getOperand(0)) || !isNonNegative(op->getOperand(1)))
    return result;
  std::optional<Polynomial> divisor = exact(op->getOperand(1));
  std::optional<int64_t> constant = divisor ? divisor->constant() : std::nullopt;
  for (const Polynomial &a : upper(op->getOperand(0))) {
    std::optional<Polynomial> q;
    if (constant && *constant > 0)
      q = a.dividedBy(*constant, roundUp, divisors);
    else if (divisor && !roundUp)
      q = a.floorDividedBy(*divisor);
    if (q)
      result.push_back(*q);
  }
  return result;
}

IndexBounds::Bounds IndexBounds::upperOfOp(Operation *op) {
  Bounds result;
  if (auto id = dyn_cast<ProgramIdOp>(op)) {
    for (const Polynomial &extent : upper(kernel.getGrid().front().back().getOperand(id.getDim())))
      result.push_back(extent - Polynomial(1));
    return result;
  }
  if (isDivision(op))
    return upperOfQuotient(op, roundsUp(op));
  if (op->getNumOperands() != 2 || !op->getOperand(0).getType().isIndex())
    return result;
  Value a = op->getOperand(0), b = op->getOperand(1);
  if (isa<arith::AddIOp>(op) || (isa<arith::MulIOp>(op) && isNonNegative(a) && isNonNegative(b))) {
    Bounds left = upper(a), right = upper(b);
    for (const Polynomial &x : left)
      for (const Polynomial &y : right)
        result.push_back(isa<arith::AddIOp>(op) ? x + y : x * y);
  } else if (isa<arith::SubIOp>(op)) {
    // At least zero is subtracted, and exactly the value where it is known.
    std::optional<Polynomial> y = exact(b);
    for (const Polynomial &x : upper(a)) {
      if (y)
        result.push_back(x - *y);
      else if (isNonNegative(b))
        result.push_back(x);
    }
  } else if (isa<arith::MinSIOp>(op)) {
    result = upper(a);
    llvm::append_range(result, upper(b));
  } else if (isa<arith::MaxSIOp>(op)) {
    Bounds left = upper(a), right = upper(b);
    for (const Polynomial &x : left)
      for (const Polynomial &y : right) {
        if ((x - y).isNonNegative())
          result.push_back(x);
        else if ((y - x).isNonNegative())
          result.push_back(y);
      }
  } else if (isa<arith::RemSIOp, arith::RemUIOp>(op) && isNonNegative(a) && isNonNegative(b)) {
    for (const Polynomial &y : upper(b))
      result.push_back(y - Polynomial(1));
    llvm::append_range(result, upper(a));
  }
  return result;
}

bool IndexBounds::isInside(OpFoldResult coordinate, int64_t extent, OpFoldResult size) {
  std::optional<int64_t> c = getConstantIntValue(coordinate), s = getConstantIntValue(size);
  if (c ? *c < 0 : !isNonNegative(cast<Value>(coordinate)))
    return false;
  std::optional<Polynomial> bound = s ? Polynomial(*s) : exact(cast<Value>(size));
  if (!bound)
    return false;
  Bounds tops = c ? Bounds{Polynomial(*c)} : upper(cast<Value>(coordinate));
  return llvm::any_of(tops, [&](const Polynomial &top) { return (*bound - Polynomial(extent) - top).isNonNegative(); });
}

} // namespace seqc::tile
