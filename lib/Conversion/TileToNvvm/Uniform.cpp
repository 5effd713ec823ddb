// SPDX-License-Identifier: Apache-2.0
#include "Uniform.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;

namespace seqc::gpu {

/// Facts `X % n == 0` of `tile.assume`.
UniformFacts::UniformFacts(tile::KernelOp kernel) {
  auto assume = kernel->getAttrOfType<ArrayAttr>("tile.assume");
  if (!assume)
    return;
  for (StringRef fact : assume.getAsValueRange<StringAttr>()) {
    auto [left, right] = fact.split("==");
    auto [name, number] = left.split('%');
    int64_t n;
    if (right.trim() != "0" || number.trim().getAsInteger(10, n) || n < 1)
      continue;
    for (BlockArgument a : kernel.getBody().getArguments())
      if (kernel.paramName(a.getArgNumber()) == name.trim())
        divisors[a] = std::lcm(n, divisors.lookup(a) ? divisors.lookup(a) : 1);
  }
}

int64_t UniformFacts::divisor(OpFoldResult v) {
  if (std::optional<int64_t> n = getConstantIntValue(v))
    return std::abs(*n);
  Value value = cast<Value>(v);
  if (auto it = divisors.find(value); it != divisors.end())
    return it->second;
  divisors[value] = 1; // ends cycles through loops
  int64_t d = computeDivisor(value);
  return divisors[value] = d;
}

int64_t UniformFacts::computeDivisor(Value v) {
  if (auto argument = dyn_cast<BlockArgument>(v)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && loop.getInductionVar() == v ? std::gcd(divisor(loop.getLowerBound()), divisor(loop.getStep())) : 1;
  }
  Operation *op = v.getDefiningOp();
  auto of = [&](unsigned i) { return divisor(op->getOperand(i)); };
  auto product = [&] {
    int64_t a = of(0), b = of(1), limit = int64_t(1) << 20;
    return a > limit || b > limit ? std::gcd(a, limit) : a * b;
  };
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([&](arith::MulIOp) { return product(); })
      .Case<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MaxSIOp, arith::RemSIOp, arith::RemUIOp>([&](auto) { return std::gcd(of(0), of(1)); })
      .Case([&](arith::SelectOp) { return std::gcd(of(1), of(2)); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp>([&](auto) { return of(0); })
      .Default([](Operation *) { return 1; });
}

bool UniformFacts::isNonNegative(OpFoldResult v) {
  if (std::optional<int64_t> n = getConstantIntValue(v))
    return *n >= 0;
  Value value = cast<Value>(v);
  if (auto it = signs.find(value); it != signs.end())
    return it->second;
  signs[value] = false;
  bool known = computeNonNegative(value);
  return signs[value] = known;
}

bool UniformFacts::computeNonNegative(Value v) {
  if (!v.getType().isIndex())
    return false;
  if (auto argument = dyn_cast<BlockArgument>(v)) {
    if (isa<tile::KernelOp>(argument.getOwner()->getParentOp()))
      return true; // sizes
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && loop.getInductionVar() == v && isNonNegative(loop.getLowerBound());
  }
  Operation *op = v.getDefiningOp();
  auto of = [&](unsigned i) { return isNonNegative(op->getOperand(i)); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([](tile::ProgramIdOp) { return true; })
      .Case<arith::MulIOp, arith::AddIOp, arith::MinSIOp, arith::DivSIOp, arith::CeilDivSIOp, arith::FloorDivSIOp>([&](auto) { return of(0) && of(1); })
      .Case([&](arith::MaxSIOp) { return of(0) || of(1); })
      .Case<arith::RemSIOp>([&](auto) { return of(0); })
      .Case([&](arith::SelectOp) { return of(1) && of(2); })
      .Default([](Operation *) { return false; });
}

} // namespace seqc::gpu
