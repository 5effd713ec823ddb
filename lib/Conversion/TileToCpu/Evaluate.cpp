// SPDX-License-Identifier: Apache-2.0
// Evaluation of tile values at a point of a loop nest.
#include "KernelEmitter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace mlir;

namespace seqc::cpu {

Type typeAt(Type element, const Point &p) { return p.isVector() ? Type(VectorType::get({p.width}, element)) : element; }

static Value widened(Code &code, Value v, const Point &p) {
  if (!p.isVector())
    return v;
  return isa<VectorType>(v.getType()) ? v : code.splat(v, VectorType::get({p.width}, v.getType()));
}

static bool isHalf(Type t) { return t.isF16() || t.isBF16(); }

/// base + (0, 1, 2, ..) as `element` (an integer type).
static Value lanes(Code &code, Size base, Type element, const Point &p) {
  auto start = [&] {
    Value value = code.val(base);
    return element.getIntOrFloatBitWidth() < 64 ? arith::TruncIOp::create(code.b, code.loc, element, value).getResult() : value;
  };
  if (!p.isVector())
    return start();
  auto type = cast<VectorType>(typeAt(element, p));
  SmallVector<APInt> steps;
  for (int64_t i = 0; i < p.width; ++i)
    steps.emplace_back(element.getIntOrFloatBitWidth(), i);
  Value step = arith::ConstantOp::create(code.b, code.loc, DenseElementsAttr::get(type, steps));
  if (base.is(0))
    return step;
  return arith::AddIOp::create(code.b, code.loc, code.splat(start(), type), step);
}

/// Of an integer `y` that was converted from the float `x`: NaN gives 0, what is out of range the nearest integer that there is.
static Value saturated(Code &code, Value x, Value y, bool isSigned) {
  OpBuilder &b = code.b;
  auto integer = cast<IntegerType>(getElementTypeOrSelf(y.getType()));
  auto element = cast<FloatType>(getElementTypeOrSelf(x.getType()));
  unsigned bits = integer.getWidth();
  auto like = [&](TypedAttr value, Type of) -> Value {
    auto vector = dyn_cast<VectorType>(of);
    return arith::ConstantOp::create(b, code.loc, vector ? TypedAttr(DenseElementsAttr::get(vector, Attribute(value))) : value);
  };
  auto where = [&](arith::CmpFPredicate p, double limit, const APInt &value) {
    Value test = arith::CmpFOp::create(b, code.loc, p, x, like(b.getFloatAttr(element, limit), x.getType()));
    y = arith::SelectOp::create(b, code.loc, test, like(b.getIntegerAttr(integer, value), y.getType()), y);
  };
  where(arith::CmpFPredicate::OGE, std::ldexp(1.0, isSigned ? bits - 1 : bits), isSigned ? APInt::getSignedMaxValue(bits) : APInt::getMaxValue(bits));
  if (!isSigned) {
    where(arith::CmpFPredicate::ULE, 0.0, APInt::getZero(bits));
    return y;
  }
  where(arith::CmpFPredicate::OLT, -std::ldexp(1.0, bits - 1), APInt::getSignedMinValue(bits));
  where(arith::CmpFPredicate::UNO, 0.0, APInt::getZero(bits));
  return y;
}

Value cloneLifted(Code &code, Operation *op, ArrayRef<Value> operands, Type element, const Point &p) {
  OpBuilder &b = code.b;
  SmallVector<Value> values(operands.begin(), operands.end());
  bool keepsHalf = isa<arith::SelectOp, arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::NegFOp>(op);
  Type computed = element;
  if (!keepsHalf) {
    for (Value &v : values)
      if (isHalf(getElementTypeOrSelf(v.getType())))
        v = arith::ExtFOp::create(b, code.loc, typeAt(b.getF32Type(), p), v);
    if (isHalf(element))
      computed = b.getF32Type();
  }
  OperationState state(code.loc, op->getName(), values, {typeAt(computed, p)}, op->getAttrDictionary().getValue());
  Value result = b.create(state)->getResult(0);
  if (isa<arith::FPToSIOp, arith::FPToUIOp>(op))
    return saturated(code, values[0], result, isa<arith::FPToSIOp>(op));
  return computed == element ? result : arith::TruncFOp::create(b, code.loc, typeAt(element, p), result).getResult();
}

Evaluator::Key Evaluator::keyOf(Value v, const Point &p) {
  Key key{v.getAsOpaquePointer(), {{nullptr, p.vecDim}, {nullptr, p.width}}};
  for (const Size &i : p.index)
    key.second.emplace_back(i.value.getAsOpaquePointer(), i.isKnown() ? i.number : 0);
  return key;
}

Value Evaluator::evaluate(Value v, const Point &p) {
  Key key = keyOf(v, p);
  if (auto it = memo.find(key); it != memo.end())
    return it->second;
  Value r;
  if (hoist && v.getParentBlock() != hoist->body) {
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPoint(hoist->before);
    r = hoist->outside->evaluate(v, p);
  } else {
    r = compute(v, p);
  }
  memo[key] = r;
  return r;
}

/// Drops dim d. If it was the vector dim the rest is a scalar.
static Point without(const Point &p, int64_t d) {
  Point q = p;
  q.index.erase(q.index.begin() + d);
  if (p.vecDim == d)
    q.vecDim = -1, q.width = 1;
  else if (p.vecDim > d)
    --q.vecDim;
  return q;
}

static Value constantAt(Code &code, arith::ConstantOp op, const Point &p) {
  auto splat = cast<SplatElementsAttr>(op.getValue());
  auto value = splat.getSplatValue<TypedAttr>();
  Type type = typeAt(value.getType(), p);
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(code.b, code.loc, DenseElementsAttr::get(vector, Attribute(value)));
  return arith::ConstantOp::create(code.b, code.loc, value);
}

Value Evaluator::compute(Value v, const Point &p) {
  if (const Buffer *buffer = kernel.findBuffer(v))
    return kernel.loadBuffer(*buffer, p);
  Operation *op = v.getDefiningOp();
  assert(op && isInlineOp(op) && "a value without a buffer is computed inline");
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantAt(code, constant, p);
  if (auto splat = dyn_cast<tile::SplatOp>(op))
    return widened(code, kernel.scalar(splat.getS()), p);
  if (auto i = dyn_cast<tile::IotaOp>(op))
    return iota(i, p);
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op))
    return widened(code, evaluate(broadcast.getT(), without(p, broadcast.getAt())), p);
  if (auto transpose = dyn_cast<tile::TransposeOp>(op)) {
    Point q = p;
    for (auto [i, source] : llvm::enumerate(transpose.getPerm())) {
      q.index[source] = p.index[i];
      if (p.vecDim == static_cast<int64_t>(i))
        q.vecDim = source;
    }
    return evaluate(transpose.getT(), q);
  }
  if (auto slice = dyn_cast<tile::SliceOp>(op)) {
    Point q = p;
    for (auto [i, offset] : llvm::enumerate(slice.getOffsets()))
      q.index[i] = code.add(q.index[i], offset);
    return evaluate(slice.getT(), q);
  }
  if (auto split = dyn_cast<tile::SplitOp>(op)) {
    Point q = p;
    ArrayRef<int64_t> shape = cast<RankedTensorType>(split.getT().getType()).getShape();
    int64_t number = cast<OpResult>(v).getResultNumber();
    SmallVector<int64_t> at(split.getDims().size());
    for (size_t i = at.size(); i-- > 0;) {
      at[i] = number % shape[split.getDims()[i]];
      number /= shape[split.getDims()[i]];
    }
    SmallVector<std::pair<int64_t, int64_t>> inserted;
    for (auto [d, i] : llvm::zip_equal(split.getDims(), at))
      inserted.emplace_back(d, i);
    llvm::sort(inserted);
    for (auto [d, i] : inserted) {
      q.index.insert(q.index.begin() + d, Size(i));
      if (q.vecDim >= d)
        ++q.vecDim;
    }
    return evaluate(split.getT(), q);
  }
  if (auto l = dyn_cast<tile::LoadOp>(op))
    return load(l, p);
  if (auto g = dyn_cast<tile::GatherOp>(op))
    return gather(g, p);
  if (auto m = dyn_cast<tile::MapOp>(op))
    return map(m, cast<OpResult>(v).getResultNumber(), p);
  return elementwise(op, p);
}

Value Evaluator::iota(tile::IotaOp op, const Point &p) {
  Type element = cast<RankedTensorType>(op.getType()).getElementType();
  Size base = p.index[op.getDim()];
  if (p.vecDim == static_cast<int64_t>(op.getDim()))
    return lanes(code, base, element, p);
  return widened(code, lanes(code, base, element, Point()), p);
}

Value Evaluator::elementwise(Operation *op, const Point &p) {
  SmallVector<Value> operands;
  for (Value v : op->getOperands())
    operands.push_back(isTile(v) ? evaluate(v, p) : widened(code, kernel.scalar(v), p));
  return cloneLifted(code, op, operands, getElementTypeOrSelf(op->getResult(0).getType()), p);
}

//===-- map ----------------------------------------------------------------------===//

namespace {
/// Copies a map body with every scalar lifted to p's width. `index` becomes i32: coordinates are below 2^31.
class BodyLifter {
public:
  BodyLifter(Code &code, const Point &p, llvm::function_ref<Value(Value)> outer) : code(code), p(p), outer(outer) {}

  void bind(Value from, Value to) { values[from] = to; }

  Value lifted(Value v) {
    if (auto it = values.find(v); it != values.end())
      return it->second;
    Value captured = outer(v);
    if (captured.getType().isIndex())
      captured = arith::IndexCastOp::create(code.b, code.loc, code.b.getI32Type(), captured);
    return values[v] = widened(code, captured, p);
  }

  void op(Operation *op) {
    Type element = typeOf(op->getResult(0).getType());
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      TypedAttr value = constant.getValue();
      if (value.getType().isIndex())
        value = code.b.getI32IntegerAttr(cast<IntegerAttr>(value).getInt());
      Value c = arith::ConstantOp::create(code.b, code.loc, value);
      values[op->getResult(0)] = widened(code, c, p);
      return;
    }
    if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op)) {
      values[op->getResult(0)] = resized(lifted(op->getOperand(0)), element, isa<arith::IndexCastUIOp>(op));
      return;
    }
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(lifted(v));
    values[op->getResult(0)] = cloneLifted(code, op, operands, element, p);
  }

private:
  Type typeOf(Type t) { return t.isIndex() ? code.b.getI32Type() : t; }
  Value resized(Value v, Type element, bool isUnsigned) {
    unsigned from = getElementTypeOrSelf(v.getType()).getIntOrFloatBitWidth(), to = element.getIntOrFloatBitWidth();
    Type type = typeAt(element, p);
    if (from == to)
      return v;
    if (from > to)
      return arith::TruncIOp::create(code.b, code.loc, type, v);
    return isUnsigned ? arith::ExtUIOp::create(code.b, code.loc, type, v).getResult() : arith::ExtSIOp::create(code.b, code.loc, type, v).getResult();
  }

  Code &code;
  const Point &p;
  llvm::function_ref<Value(Value)> outer;
  llvm::DenseMap<Value, Value> values;
};
} // namespace

Value Evaluator::map(tile::MapOp op, unsigned result, const Point &p) {
  Block &body = op.getBody().front();
  auto captured = [&](Value v) { return kernel.scalar(v); }; // outlives the reference that the lifter keeps
  BodyLifter lifter(code, p, captured);
  unsigned argument = 0;
  for (Value in : op.getInputs())
    lifter.bind(body.getArgument(argument++), evaluate(in, p));
  unsigned nextDynamic = 0;
  for (auto [d, offset] : llvm::enumerate(op.getStaticOffsets())) {
    Size at = ShapedType::isDynamic(offset) ? code.from(kernel.scalar(op.getOffsets()[nextDynamic++]), 0) : Size(offset);
    Size base = code.add(p.index[d], at);
    Type i32 = code.b.getI32Type();
    lifter.bind(body.getArgument(argument++),
                p.vecDim == static_cast<int64_t>(d) ? lanes(code, base, i32, p) : widened(code, lanes(code, base, i32, Point()), p));
  }
  for (Operation &inner : body.without_terminator())
    lifter.op(&inner);
  return lifter.lifted(body.getTerminator()->getOperand(result));
}

//===-- Global memory --------------------------------------------------------------===//

Value Evaluator::address(const Access &a, const Point &p, int64_t skipDim) {
  Size offset = 0;
  for (size_t d = 0; d < a.strides.size(); ++d)
    if (static_cast<int64_t>(d) != skipDim)
      offset = code.add(offset, code.mul(p.index[d], a.strides[d]));
  return code.at(a.base, memoryType(a.element), offset);
}

/// i1 or vector of i1: the element lies inside the bounds. Null if it always does.
Value Evaluator::maskAt(const Access &a, const Point &p, int64_t skipDim) {
  OpBuilder &b = code.b;
  Value scalar = a.leading, vector;
  auto both = [&](Value x, Value y) { return x ? arith::AndIOp::create(b, code.loc, x, y).getResult() : y; };
  // Lanes are numbered in the width of the element: the mask then needs no change of lane width.
  Type laneType = b.getIntegerType(memoryType(a.element).getIntOrFloatBitWidth());
  auto test = [&](arith::CmpIPredicate predicate, size_t d, Size limit) {
    if (p.vecDim != static_cast<int64_t>(d)) {
      scalar = both(scalar, arith::CmpIOp::create(b, code.loc, predicate, code.val(p.index[d]), code.val(limit)));
      return;
    }
    Value first = code.val(code.max(code.min(code.sub(limit, p.index[d]), p.width), 0));
    if (laneType != first.getType())
      first = arith::TruncIOp::create(b, code.loc, laneType, first);
    Value lane = lanes(code, 0, laneType, p);
    vector = both(vector, arith::CmpIOp::create(b, code.loc, predicate, lane, code.splat(first, cast<VectorType>(lane.getType()))));
  };
  for (size_t d = 0; d < a.strides.size(); ++d) {
    if (static_cast<int64_t>(d) == skipDim || (!a.lower[d] && !a.upper[d]))
      continue;
    if (a.lower[d])
      test(arith::CmpIPredicate::sge, d, *a.lower[d]);
    if (a.upper[d])
      test(arith::CmpIPredicate::slt, d, *a.upper[d]);
  }
  if (!scalar || !p.isVector())
    return p.isVector() ? vector : scalar;
  Value wide = code.splat(scalar, VectorType::get({p.width}, b.getI1Type()));
  return both(vector, wide);
}

static Value padValue(Code &code, Type element, double pad, const Point &p) {
  TypedAttr value = isa<FloatType>(element) ? TypedAttr(code.b.getFloatAttr(element, pad)) : TypedAttr(code.b.getIntegerAttr(element, static_cast<int64_t>(pad)));
  return widened(code, arith::ConstantOp::create(code.b, code.loc, value), p);
}

/// i8 in memory to i1.
static Value fromMemory(Code &code, Value v, Type element) {
  if (!element.isInteger(1))
    return v;
  return arith::CmpIOp::create(code.b, code.loc, arith::CmpIPredicate::ne, v, code.zero(v.getType()));
}

/// Elements at `address` with `lane` elements between neighbours of the vector.
Value Evaluator::fetch(const Access &a, Value address, const Point &p, Size lane, Value mask, double pad) {
  OpBuilder &b = code.b;
  Type memory = memoryType(a.element);
  Value loaded;
  if (!p.isVector()) {
    if (mask) {
      auto one = VectorType::get({1}, memory);
      Value m = vector::BroadcastOp::create(b, code.loc, VectorType::get({1}, b.getI1Type()), mask);
      loaded = vector::ExtractOp::create(b, code.loc, code.load(one, address, m), ArrayRef<int64_t>{0});
    } else {
      loaded = code.load(memory, address);
    }
  } else {
    auto type = VectorType::get({p.width}, memory);
    if (lane.is(1)) {
      loaded = mask ? code.load(type, address, mask) : code.load(type, address);
    } else if (lane.is(0) && !mask) {
      loaded = code.splat(code.load(memory, address), type);
    } else {
      loaded = code.zero(type);
      for (int64_t i = 0; i < p.width; ++i) {
        Value at = code.at(address, memory, code.mul(lane, i)), x;
        if (mask) {
          Value bit = vector::ExtractOp::create(b, code.loc, mask, ArrayRef<int64_t>{i});
          Value m = vector::BroadcastOp::create(b, code.loc, VectorType::get({1}, b.getI1Type()), bit);
          x = vector::ExtractOp::create(b, code.loc, code.load(VectorType::get({1}, memory), at, m), ArrayRef<int64_t>{0});
        } else {
          x = code.load(memory, at);
        }
        loaded = vector::InsertOp::create(b, code.loc, x, loaded, ArrayRef<int64_t>{i});
      }
    }
  }
  Value value = fromMemory(code, loaded, a.element);
  if (mask && (pad != 0.0 || std::signbit(pad)))
    value = arith::SelectOp::create(b, code.loc, mask, value, padValue(code, a.element, pad, p));
  return value;
}

Value Evaluator::load(tile::LoadOp op, const Point &p) {
  const Access &a = accesses.find(op)->second;
  Value mask = masked ? maskAt(a, p) : Value();
  return fetch(a, address(a, p), p, p.isVector() ? a.strides[p.vecDim] : Size(0), mask, op.getPadValue());
}

void Evaluator::prefetch(Operation *op, const Point &p, int64_t rows) {
  constexpr int64_t kLine = 64;
  const Access &a = accesses.find(op)->second;
  Type memory = memoryType(a.element);
  Value from = code.at(address(a, p), memory, code.mul(a.strides.front(), rows));
  int64_t bytes = p.width * (memory.getIntOrFloatBitWidth() / 8);
  for (int64_t line = 0; line + kLine <= bytes; line += kLine)
    LLVM::Prefetch::create(code.b, code.loc, code.at(from, code.b.getI8Type(), line), /*rw=*/0, /*hint=*/3, /*cache=*/1);
}

/// Row by row: where the gathered dim is the vector dim every lane has its own address.
Value Evaluator::gather(tile::GatherOp op, const Point &p) {
  OpBuilder &b = code.b;
  const Access &a = accesses.find(op)->second;
  int64_t viewRank = cast<tile::ViewType>(op.getView().getType()).getRank(), rank = cast<RankedTensorType>(op.getType()).getRank();
  int64_t d = static_cast<int64_t>(op.getDim()) - (viewRank - rank);
  Size extent = kernel.viewOf(op.getView()).sizes[op.getDim()];
  auto row = [&](Size at, const Point &q, Value outer) {
    Point index;
    index.index = {at};
    Value raw = evaluate(op.getIdx(), index);
    Value i = raw.getType().isInteger(64) ? raw : arith::ExtSIOp::create(b, code.loc, b.getI64Type(), raw).getResult();
    Value inside = arith::AndIOp::create(b, code.loc, arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::sge, i, code.val(0)),
                                         arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, i, code.val(extent)));
    Value safe = arith::SelectOp::create(b, code.loc, inside, i, code.val(0));
    Value from = code.at(address(a, q, d), memoryType(a.element), code.mul(Size(safe), a.strides[d]));
    Value mask = q.isVector() ? code.splat(inside, VectorType::get({q.width}, b.getI1Type())) : inside;
    if (outer)
      mask = arith::AndIOp::create(b, code.loc, mask, outer);
    return fetch(a, from, q, q.isVector() ? a.strides[q.vecDim] : Size(0), mask, op.getPadValue());
  };
  if (p.vecDim != d)
    return row(p.index[d], p, maskAt(a, p, d));
  Value result = code.zero(typeAt(a.element, p));
  Point q = p;
  q.vecDim = -1;
  q.width = 1;
  for (int64_t i = 0; i < p.width; ++i)
    result = vector::InsertOp::create(b, code.loc, row(code.add(p.index[d], i), q, maskAt(a, q, d)), result, ArrayRef<int64_t>{i});
  return result;
}

/// Adds one element to memory that other programs may add to at the same time. 16-bit floats add in f32 and round.
void Evaluator::atomicAdd(Type element, Value x, Value to) {
  OpBuilder &b = code.b;
  if (!isHalf(element)) {
    LLVM::AtomicRMWOp::create(b, code.loc, isa<FloatType>(element) ? LLVM::AtomicBinOp::fadd : LLVM::AtomicBinOp::add, to, x, LLVM::AtomicOrdering::monotonic);
    return;
  }
  Type i16 = b.getI16Type(), f32 = b.getF32Type();
  Value wide = arith::ExtFOp::create(b, code.loc, f32, x);
  scf::WhileOp::create(
      b, code.loc, TypeRange{i16}, ValueRange{code.load(i16, to)},
      [&](OpBuilder &, Location loc, ValueRange old) {
        Value value = arith::BitcastOp::create(b, loc, element, old[0]);
        Value sum = arith::AddFOp::create(b, loc, arith::ExtFOp::create(b, loc, f32, value), wide);
        Value rounded = arith::TruncFOp::create(b, loc, element, sum), bits = arith::BitcastOp::create(b, loc, i16, rounded);
        Value done = LLVM::AtomicCmpXchgOp::create(b, loc, to, old[0], bits, LLVM::AtomicOrdering::monotonic, LLVM::AtomicOrdering::monotonic);
        Value seen = LLVM::ExtractValueOp::create(b, loc, done, ArrayRef<int64_t>{0});
        scf::ConditionOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, seen, old[0]), seen);
      },
      [&](OpBuilder &, Location loc, ValueRange seen) { scf::YieldOp::create(b, loc, seen); });
}

void Evaluator::store(Operation *op, const Point &p) {
  OpBuilder &b = code.b;
  const Access &a = accesses.find(op)->second;
  bool adds = isa<tile::AccumulateOp>(op);
  Value value = evaluate(storedValue(op), p), mask = masked ? maskAt(a, p) : Value(), at = address(a, p);
  Type memory = memoryType(a.element);
  if (a.element.isInteger(1))
    value = arith::ExtUIOp::create(b, code.loc, typeAt(memory, p), value);
  Size lane = p.isVector() ? a.strides[p.vecDim] : Size(1);
  if (p.isVector() && lane.is(1) && !adds) {
    unsigned vector = kernel.target.vectorBits / 8;
    if (streaming && p.width * (memory.getIntOrFloatBitWidth() / 8) % vector == 0)
      code.storeStreaming(value, at, vector);
    else
      mask ? code.store(value, at, mask) : code.store(value, at);
    return;
  }
  for (int64_t i = 0; i < p.width; ++i) {
    Value x = p.isVector() ? vector::ExtractOp::create(b, code.loc, value, ArrayRef<int64_t>{i}).getResult() : value;
    Value to = code.at(at, memory, code.mul(lane, i));
    if (!mask) {
      adds ? atomicAdd(a.element, x, to) : code.store(x, to);
      continue;
    }
    Value bit = p.isVector() ? vector::ExtractOp::create(b, code.loc, mask, ArrayRef<int64_t>{i}).getResult() : mask;
    if (adds) {
      auto branch = scf::IfOp::create(b, code.loc, bit, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      atomicAdd(a.element, x, to);
      continue;
    }
    code.store(vector::BroadcastOp::create(b, code.loc, VectorType::get({1}, memory), x), to,
               vector::BroadcastOp::create(b, code.loc, VectorType::get({1}, b.getI1Type()), bit));
  }
}

} // namespace seqc::cpu
