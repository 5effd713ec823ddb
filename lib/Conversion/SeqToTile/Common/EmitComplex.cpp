// SPDX-License-Identifier: Apache-2.0
// Complex numbers in tiles: pairs in memory, tiles of real and of imaginary parts in arithmetic.
#include "Elementwise.h"
#include "OpKinds.h"
#include "TileEmitter.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc::convert {

Tile TileEmitter::splatTile(Attribute value) {
  if (auto number = dyn_cast<complex::NumberAttr>(value))
    return Tile{Value(), {}, true, number};
  return Tile{constant(cast<TypedAttr>(value), {}), {}};
}

SmallVector<unsigned> TileEmitter::atLeastUnit(ArrayRef<unsigned> onAxes) {
  if (!onAxes.empty())
    return SmallVector<unsigned>(onAxes);
  axes[0].extent = 1;
  return {0};
}

std::pair<Value, Value> TileEmitter::parts(const Tile &t, ArrayRef<unsigned> onAxes) {
  OpBuilder &b = kernel.b();
  if (t.number) {
    Type element = partOf(t.number.getType());
    return {constant(b.getFloatAttr(element, t.number.getReal()), onAxes), constant(b.getFloatAttr(element, t.number.getImag()), onAxes)};
  }
  auto type = RankedTensorType::get(shapeOf(onAxes), getElementTypeOrSelf(t.value.getType()));
  auto split = tile::SplitOp::create(b, kernel.loc(), TypeRange{type, type}, spread(t, onAxes), ArrayRef<int64_t>{static_cast<int64_t>(onAxes.size())});
  return {split->getResult(0), split->getResult(1)};
}

Tile TileEmitter::joined(Value re, Value im, ArrayRef<unsigned> onAxes) {
  auto type = RankedTensorType::get(shapeOf(onAxes, true), getElementTypeOrSelf(re.getType()));
  Value pair = tile::JoinOp::create(kernel.b(), kernel.loc(), type, ValueRange{re, im}, ArrayRef<int64_t>{static_cast<int64_t>(onAxes.size())});
  return Tile{pair, SmallVector<unsigned>(onAxes), true};
}

Value TileEmitter::maskOver(const Tile &mask, ArrayRef<unsigned> onAxes, bool pairs) {
  Value m = spread(mask, onAxes);
  if (!pairs || !isa<RankedTensorType>(m.getType()))
    return m;
  return tile::BroadcastOp::create(kernel.b(), kernel.loc(), RankedTensorType::get(shapeOf(onAxes, true), getElementTypeOrSelf(m.getType())), m, onAxes.size());
}

Value TileEmitter::viewOf(Value pointer, const Expr &offset, SmallVectorImpl<OperandView::Dim> &dims, SmallVectorImpl<OpFoldResult> &coords, bool pairs) {
  if (!pairs)
    return kernel.view(pointer, offset, dims);
  for (OperandView::Dim &d : dims)
    d.stride = d.stride * Expr(2);
  dims.push_back({Expr(2), Expr(1)});
  coords.push_back(kernel.b().getIndexAttr(0));
  return kernel.view(pointer, offset * Expr(2), dims);
}

namespace {
/// A scalar of a body: a tile of numbers, or two of parts.
struct Number {
  Value re, im;
};

/// Formulas of complex arithmetic on tiles of parts.
class Formulas {
public:
  Formulas(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Number add(Number x, Number y) { return {plus(x.re, y.re), plus(x.im, y.im)}; }
  Number sub(Number x, Number y) { return {minus(x.re, y.re), minus(x.im, y.im)}; }
  Number neg(Number x) { return {negated(x.re), negated(x.im)}; }
  Number mul(Number x, Number y) { return {minus(times(x.re, y.re), times(x.im, y.im)), plus(times(x.re, y.im), times(x.im, y.re))}; }

  /// Smith's formula: dividing by the larger part first keeps squares from overflow.
  Number div(Number x, Number y) {
    Value swap = less(magnitude(y.re), magnitude(y.im));
    Value large = select(swap, y.im, y.re), small = select(swap, y.re, y.im);
    Value r = over(small, large), d = plus(large, times(small, r));
    Value first = select(swap, x.im, x.re), second = select(swap, x.re, x.im);
    Value re = over(plus(first, times(second, r)), d);
    Value im = over(minus(second, times(first, r)), d);
    return {re, select(swap, negated(im), im)};
  }

  /// e^x (cos y + i sin y).
  Number exp(Number x) {
    Value e = scaledExp(x.re);
    return {times(e, math::CosOp::create(b, loc, x.im)), times(e, math::SinOp::create(b, loc, x.im))};
  }

  /// m sqrt(1 + (n/m)^2) with m the larger part; 0 for 0, infinite if a part is.
  Value abs(Number x) {
    Value a = magnitude(x.re), c = magnitude(x.im), swap = less(a, c);
    Value large = select(swap, c, a), small = select(swap, a, c), zero = constant(large, 0.0);
    Value r = over(small, large);
    Value length = times(large, math::SqrtOp::create(b, loc, plus(constant(large, 1.0), times(r, r))));
    Value plain = arith::OrIOp::create(b, loc, compare(arith::CmpFPredicate::OEQ, large, zero), compare(arith::CmpFPredicate::OEQ, large, constant(large, INFINITY)));
    return select(plain, large, length);
  }

  Number select(Value c, Number x, Number y) { return {select(c, x.re, y.re), x.im ? select(c, x.im, y.im) : Value()}; }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }

private:
  Value plus(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value minus(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value times(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value over(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value negated(Value x) { return arith::NegFOp::create(b, loc, x); }
  Value magnitude(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value compare(arith::CmpFPredicate p, Value x, Value y) { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value less(Value x, Value y) { return compare(arith::CmpFPredicate::OLT, x, y); }
  Value constant(Value like, double v) {
    auto type = cast<RankedTensorType>(like.getType());
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(b.getFloatAttr(type.getElementType(), v))));
  }
  Value scaledExp(Value x) { return math::Exp2Op::create(b, loc, times(x, constant(x, M_LOG2E))); }

  OpBuilder &b;
  Location loc;
};
} // namespace

/// One op of a body with a complex operand or result; no value for any other.
static std::optional<Number> emitComplexOp(OpBuilder &b, Location loc, Operation *op, ArrayRef<Number> x) {
  Formulas f(b, loc);
  return llvm::TypeSwitch<Operation *, std::optional<Number>>(op)
      .Case([&](complex::AddOp) { return f.add(x[0], x[1]); })
      .Case([&](complex::SubOp) { return f.sub(x[0], x[1]); })
      .Case([&](complex::MulOp) { return f.mul(x[0], x[1]); })
      .Case([&](complex::DivOp) { return f.div(x[0], x[1]); })
      .Case([&](complex::NegOp) { return f.neg(x[0]); })
      .Case([&](complex::ConjOp) { return Number{x[0].re, arith::NegFOp::create(b, loc, x[0].im)}; })
      .Case([&](complex::ExpOp) { return f.exp(x[0]); })
      .Case([&](complex::AbsOp) { return Number{f.abs(x[0]), Value()}; })
      .Case([&](complex::ReOp) { return Number{x[0].re, Value()}; })
      .Case([&](complex::ImOp) { return Number{x[0].im, Value()}; })
      .Case([&](complex::CreateOp) { return Number{x[0].re, x[1].re}; })
      .Case([&](arith::SelectOp) { return f.select(x[0].re, x[1], x[2]); })
      .Default([](Operation *) { return std::nullopt; });
}

FailureOr<Tile> TileEmitter::emitMap(linalg::MapOp op) {
  SmallVector<Tile> tiles;
  SmallVector<unsigned> used;
  for (OpOperand *use : op.getDpsInputOperands()) {
    FailureOr<Tile> t = emitUse(*use);
    if (failed(t))
      return failure();
    for (unsigned a : t->axes)
      if (!llvm::is_contained(used, a))
        used.push_back(a);
    tiles.push_back(*t);
  }
  llvm::sort(used);
  SmallVector<unsigned> onAxes = atLeastUnit(used);
  Block &body = op.getMapper().front();
  llvm::DenseMap<Value, Number> numbers;
  for (auto [argument, t] : llvm::zip(body.getArguments(), tiles)) {
    if (t.pairs) {
      auto [re, im] = parts(t, onAxes);
      numbers[argument] = {re, im};
    } else {
      numbers[argument] = {spread(t, onAxes), Value()};
    }
  }
  // Constants may have been hoisted out of the body.
  auto numberOf = [&](Value v) -> Number {
    if (auto it = numbers.find(v); it != numbers.end())
      return it->second;
    Attribute attr;
    bool known = matchPattern(v, m_Constant(&attr));
    assert(known && "values from outside a body are constants");
    (void)known;
    auto pair = dyn_cast<ArrayAttr>(attr);
    return numbers[v] = pair ? Number{constant(cast<TypedAttr>(pair[0]), onAxes), constant(cast<TypedAttr>(pair[1]), onAxes)}
                             : Number{constant(cast<TypedAttr>(attr), onAxes), Value()};
  };
  for (Operation &inner : body.without_terminator()) {
    if (inner.hasTrait<OpTrait::ConstantLike>())
      continue;
    SmallVector<Number> operands = llvm::map_to_vector(inner.getOperands(), numberOf);
    if (std::optional<Number> n = emitComplexOp(kernel.b(), kernel.loc(), &inner, operands)) {
      numbers[inner.getResult(0)] = *n;
      continue;
    }
    FailureOr<Value> v = emitElementwiseOp(kernel.b(), &inner, llvm::map_to_vector(operands, [](const Number &n) { return n.re; }));
    if (failed(v))
      return failure();
    numbers[inner.getResult(0)] = {*v, Value()};
  }
  Number result = numberOf(body.getTerminator()->getOperand(0));
  return result.im ? joined(result.re, result.im, onAxes) : Tile{result.re, onAxes};
}

} // namespace seqc::convert
