// SPDX-License-Identifier: Apache-2.0
// Views, loads, stores, tables. A load outside the bounds reads zeros from a constant instead of branching; stores branch.
#include "KernelEmitter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <numeric>

using namespace mlir;
using seqc::layout::Axis;

namespace seqc::gpu {

constexpr int64_t kMaxVectorBytes = 16;
constexpr int64_t kTileLimit = 65536; // no tile has more elements along a dim

//===-- Views ---------------------------------------------------------------------------===//

Size KernelEmitter::sizeOf(OpFoldResult v) {
  Size s;
  s.divisor = facts.divisor(v);
  if (std::optional<int64_t> n = getConstantIntValue(v))
    s.number = *n;
  else
    s.value = scalars.lookup(cast<Value>(v));
  return s;
}

static SmallVector<OpFoldResult> mixed(OpBuilder &b, ArrayRef<int64_t> statics, ValueRange dynamics) { return getMixedValues(statics, dynamics, b); }

View KernelEmitter::viewOf(Value v) {
  if (auto it = views.find(v); it != views.end())
    return it->second;
  View view;
  view.element = cast<tile::ViewType>(v.getType()).getElementType();
  if (auto op = v.getDefiningOp<tile::ViewOp>()) {
    view.ptr = scalars.lookup(op.getPtr());
    view.divisor = 0;
    for (OpFoldResult s : mixed(b, op.getStaticSizes(), op.getSizes()))
      view.sizes.push_back(sizeOf(s));
    for (OpFoldResult s : mixed(b, op.getStaticStrides(), op.getStrides()))
      view.strides.push_back(sizeOf(s));
    return views[v] = view;
  }
  auto op = cast<tile::SubviewOp>(v.getDefiningOp());
  View source = viewOf(op.getView());
  view.ptr = source.ptr;
  view.divisor = source.divisor;
  SmallVector<bool> dropped = op.droppedDims();
  SmallVector<OpFoldResult> sizes = mixed(b, op.getStaticSizes(), op.getSizes());
  for (auto [d, offset] : llvm::enumerate(mixed(b, op.getStaticOffsets(), op.getOffsets()))) {
    Size o = sizeOf(offset), stride = source.strides[d];
    if (!o.is(0)) {
      Value product = arith::MulIOp::create(b, loc, o.isKnown() ? i64(o.number) : toI64(o.value), stride.isKnown() ? i64(stride.number) : toI64(stride.value));
      view.ptr = shiftPointer(view.ptr, memoryType(view.element), product);
      view.divisor = std::gcd(view.divisor, o.divisor * stride.divisor);
    }
    if (dropped[d])
      continue;
    view.sizes.push_back(sizeOf(sizes[d]));
    view.strides.push_back(stride);
  }
  return views[v] = view;
}

/// `limit - coordinate`, clamped to [0, kTileLimit], as i32.
static Value remaining(OpBuilder &b, Location loc, Value limit, Value coordinate) {
  Type index = b.getIndexType();
  auto constant = [&](int64_t n) { return arith::ConstantOp::create(b, loc, index, b.getIndexAttr(n)).getResult(); };
  Value rest = arith::SubIOp::create(b, loc, limit, coordinate);
  rest = arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, rest, constant(0)), constant(kTileLimit));
  return arith::IndexCastOp::create(b, loc, b.getI32Type(), rest);
}

Access KernelEmitter::globalAccess(Value v, ArrayRef<OpFoldResult> coords, RankedTensorType type, ArrayRef<int64_t> inbounds, int64_t gathered) {
  View view = viewOf(v);
  Access a;
  a.space = 1;
  a.element = view.element;
  a.base = view.ptr;
  a.divisor = view.divisor;
  int64_t lead = view.sizes.size() - type.getRank();
  auto asIndex = [&](const Size &s) { return s.isKnown() ? arith::ConstantOp::create(b, loc, b.getIndexType(), b.getIndexAttr(s.number)).getResult() : s.value; };
  for (auto [d, coordinate] : llvm::enumerate(coords)) {
    int64_t dim = d;
    Size c = sizeOf(coordinate), size = view.sizes[d], stride = view.strides[d];
    bool isGathered = dim == gathered;
    if (!isGathered && !c.is(0)) {
      Value offset = arith::MulIOp::create(b, loc, toI64(asIndex(c)), toI64(asIndex(stride)));
      a.base = shiftPointer(a.base, memoryType(a.element), offset);
      a.divisor = std::gcd(a.divisor, c.divisor * stride.divisor);
    }
    int64_t extent = dim < lead ? 1 : type.getDimSize(dim - lead);
    bool isProved = isGathered || llvm::is_contained(inbounds, dim);
    bool lowSafe = isProved || facts.isNonNegative(coordinate);
    bool highSafe = isProved || (c.isKnown() && size.isKnown() && c.number + extent <= size.number);
    Value zero = arith::ConstantOp::create(b, loc, b.getIndexType(), b.getIndexAttr(0));
    if (dim < lead) {
      if (!lowSafe)
        a.uniform = andOf(a.uniform, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, asIndex(c), zero));
      if (!highSafe)
        a.uniform = andOf(a.uniform, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, asIndex(c), asIndex(size)));
      continue;
    }
    a.strides.push_back(stride);
    a.lower.push_back(lowSafe ? Value() : remaining(b, loc, zero, asIndex(c)));
    a.upper.push_back(highSafe ? Value() : remaining(b, loc, asIndex(size), asIndex(c)));
    a.limitDivisors.push_back(std::gcd(std::gcd(size.divisor, c.divisor), kTileLimit));
  }
  return a;
}

Access KernelEmitter::sharedAccess(const SharedTile &t, Type element) {
  Access a;
  a.space = 3;
  a.element = element;
  a.base = shiftPointer(shared, b.getI8Type(), t.offset);
  for (int64_t s : t.strides) {
    a.strides.push_back({Value(), s, s});
    a.lower.push_back(Value());
    a.upper.push_back(Value());
    a.limitDivisors.push_back(0);
  }
  return a;
}

//===-- One thread's part -------------------------------------------------------------------===//

/// Elements per access: consecutive registers that are consecutive in memory, aligned, and inside or outside the bounds together.
int64_t KernelEmitter::vectorWidth(const Access &a, const Dist &dist) const {
  ArrayRef<layout::Digit> reg = dist.map.digits(Axis::Reg);
  if (reg.empty() || reg[0].isReplica() || reg[0].stride != 1)
    return 1;
  int dim = reg[0].dim;
  if (!a.strides[dim].is(1))
    return 1;
  int64_t width = std::min<int64_t>(reg[0].size & -reg[0].size, kMaxVectorBytes / memoryBytes(a.element));
  auto fits = [&](int64_t w) {
    if (a.divisor % w)
      return false;
    for (int d = 0; d < dist.map.rank(); ++d) {
      if (d != dim && a.strides[d].divisor % w)
        return false;
      if (d == dim && (a.lower[d] || a.upper[d]) && a.limitDivisors[d] % w)
        return false;
    }
    return true;
  };
  while (width > 1 && !fits(width))
    width /= 2;
  return width;
}

/// Pointer to the element that register 0 would have at coordinate 0 of the register digits.
Value KernelEmitter::threadPointer(const Access &a, const Dist &dist) {
  Value offset;
  for (int d = 0; d < dist.map.rank(); ++d) {
    const Size &s = a.strides[d];
    if (dist.map.shape()[d] == 1 || s.is(0))
      continue;
    Value part = a.space == 3 ? dist.base[d] : toI64(dist.base[d]);
    Value stride = !s.isKnown() ? toI64(s.value) : a.space == 3 ? i32(s.number) : i64(s.number);
    part = arith::MulIOp::create(b, loc, part, stride);
    offset = offset ? arith::AddIOp::create(b, loc, offset, part).getResult() : part;
  }
  return offset ? shiftPointer(a.base, memoryType(a.element), offset) : a.base;
}

/// i1: register `reg` lies inside the bounds; none if always.
Value KernelEmitter::inside(const Access &a, const Dist &dist, int64_t reg, std::map<std::vector<int32_t>, Value> &cache) {
  std::vector<int32_t> key;
  for (int d = 0; d < dist.map.rank(); ++d)
    key.push_back(a.lower[d] || a.upper[d] ? dist.coords[d][reg] : 0);
  auto [it, isNew] = cache.insert({key, Value()});
  if (!isNew)
    return it->second;
  Value ok = a.uniform;
  for (int d = 0; d < dist.map.rank(); ++d) {
    if (!a.lower[d] && !a.upper[d])
      continue;
    Value c = dist.base[d];
    if (key[d])
      c = arith::AddIOp::create(b, loc, c, i32(key[d]));
    if (a.upper[d])
      ok = andOf(ok, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, c, a.upper[d]));
    if (a.lower[d])
      ok = andOf(ok, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, c, a.lower[d]));
  }
  return it->second = ok;
}

/// Address of register `reg`; offsets of dims with strides known only at run time are shared.
Value KernelEmitter::elementPointer(const Access &a, const Dist &dist, Value thread, int64_t reg, std::map<std::vector<int32_t>, Value> &cache) {
  std::vector<int32_t> key;
  int64_t fixed = 0;
  for (int d = 0; d < dist.map.rank(); ++d) {
    bool isKnown = a.strides[d].isKnown();
    key.push_back(isKnown ? 0 : dist.coords[d][reg]);
    fixed += isKnown ? dist.coords[d][reg] * a.strides[d].number : 0;
  }
  Type memory = memoryType(a.element);
  auto [it, isNew] = cache.insert({key, thread});
  if (isNew)
    for (size_t d = 0; d < key.size(); ++d)
      if (key[d])
        it->second = shiftPointer(it->second, memory, arith::MulIOp::create(b, loc, i64(key[d]), toI64(a.strides[d].value)));
  return std::abs(fixed) > INT32_MAX ? shiftPointer(it->second, memory, i64(fixed)) : shiftPointer(it->second, memory, fixed);
}

/// 16 zero bytes in global memory, which loads outside the bounds read.
Value KernelEmitter::zeroMemory() {
  return LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 1), "seqc_zeros");
}

Regs KernelEmitter::loadTile(const Access &a, const Dist &dist, double pad) {
  Value thread = threadPointer(a, dist);
  std::map<std::vector<int32_t>, Value> limits, pointers;
  return loadElements(a, dist, pad, [&](int64_t r) { return std::pair(elementPointer(a, dist, thread, r, pointers), inside(a, dist, r, limits)); });
}

/// `site` gives the address of a register and whether it lies inside.
Regs KernelEmitter::loadElements(const Access &a, const Dist &dist, double pad, llvm::function_ref<std::pair<Value, Value>(int64_t)> site) {
  int64_t width = vectorWidth(a, dist), regs = dist.regs();
  Type memory = memoryType(a.element);
  Type type = width == 1 ? memory : Type(VectorType::get({width}, memory));
  Value padValue;
  if (bool isZero = pad == 0.0 && !std::signbit(pad); !isZero)
    padValue = scalarConstant(isa<FloatType>(a.element) ? TypedAttr(b.getFloatAttr(a.element, pad)) : TypedAttr(b.getIntegerAttr(a.element, static_cast<int64_t>(pad))), a.element);
  Regs values(regs);
  for (int64_t r = 0; r < regs; r += width) {
    auto [ptr, ok] = site(r);
    if (ok)
      ptr = LLVM::SelectOp::create(b, loc, ok, ptr, zeroMemory());
    Value loaded = load(type, ptr, width * memoryBytes(a.element));
    for (int64_t i = 0; i < width; ++i) {
      Value v = width == 1 ? loaded : LLVM::ExtractElementOp::create(b, loc, loaded, i32(i)).getResult();
      v = fromMemory(v, a.element);
      values[r + i] = ok && padValue ? arith::SelectOp::create(b, loc, ok, v, padValue).getResult() : v;
    }
  }
  return values;
}

void KernelEmitter::storeTile(const Access &a, const Dist &dist, ArrayRef<Value> regs) {
  int64_t width = vectorWidth(a, dist);
  Type memory = memoryType(a.element);
  Value thread = threadPointer(a, dist);
  std::map<std::vector<int32_t>, Value> limits, pointers;
  OpBuilder::InsertionGuard guard(b);
  if (dist.owner)
    b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), dist.owner, false).thenBlock());
  // Stores under one condition share a branch.
  llvm::MapVector<Value, SmallVector<int64_t>> groups;
  for (int64_t r = 0; r < static_cast<int64_t>(regs.size()); r += width)
    groups[inside(a, dist, r, limits)].push_back(r);
  for (auto &[ok, starts] : groups) {
    OpBuilder::InsertionGuard inner(b);
    std::map<std::vector<int32_t>, Value> here;
    if (ok)
      b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), ok, false).thenBlock());
    for (int64_t r : starts) {
      Value value = toMemory(regs[r]);
      if (width > 1) {
        value = LLVM::PoisonOp::create(b, loc, VectorType::get({width}, memory));
        for (int64_t i = 0; i < width; ++i)
          value = LLVM::InsertElementOp::create(b, loc, value, toMemory(regs[r + i]), i32(i));
      }
      LLVM::StoreOp::create(b, loc, value, elementPointer(a, dist, thread, r, here), static_cast<unsigned>(width * memoryBytes(a.element)));
    }
  }
}

//===-- Ops -----------------------------------------------------------------------------------===//

void KernelEmitter::emitLoad(tile::LoadOp op) {
  Access a = globalAccess(op.getView(), mixed(b, op.getStaticCoords(), op.getCoords()), op.getType(), op.getInbounds().value_or(ArrayRef<int64_t>()));
  tiles[op.getResult()] = loadTile(a, distOf(op.getResult()), op.getPadValue());
}

void KernelEmitter::emitStore(tile::StoreOp op) {
  Access a = globalAccess(op.getView(), mixed(b, op.getStaticCoords(), op.getCoords()), op.getValue().getType(), op.getInbounds().value_or(ArrayRef<int64_t>()));
  storeTile(a, distOf(op.getValue()), tiles[op.getValue()]);
}

void KernelEmitter::emitLoadScalar(tile::LoadScalarOp op) {
  View view = viewOf(op.getView());
  Value ptr = view.ptr;
  for (auto [c, stride] : llvm::zip_equal(mixed(b, op.getStaticCoords(), op.getCoords()), view.strides)) {
    Size s = sizeOf(c);
    Value offset = arith::MulIOp::create(b, loc, s.isKnown() ? i64(s.number) : toI64(s.value), stride.isKnown() ? i64(stride.number) : toI64(stride.value));
    ptr = shiftPointer(ptr, memoryType(view.element), offset);
  }
  scalars.map(op.getResult(), fromMemory(load(memoryType(view.element), ptr, memoryBytes(view.element)), view.element));
}

/// Every element has its own index along the gathered dim: one pointer and one test per index that the thread holds.
void KernelEmitter::emitGather(tile::GatherOp op) {
  RankedTensorType type = op.getType();
  int64_t dim = op.getDim() - (cast<tile::ViewType>(op.getView().getType()).getRank() - type.getRank());
  Access a = globalAccess(op.getView(), mixed(b, op.getStaticCoords(), op.getCoords()), type, {}, op.getDim());
  const Dist &dist = distOf(op.getResult()), &indexDist = distOf(op.getIdx());
  Size size = viewOf(op.getView()).sizes[op.getDim()], stride = a.strides[dim];
  Value limit = size.isKnown() ? i64(size.number) : toI64(size.value), step = stride.isKnown() ? i64(stride.number) : toI64(stride.value);
  a.strides[dim] = Size();
  a.divisor = std::gcd(a.divisor, stride.divisor);
  struct Row {
    Value thread, ok;
    std::map<std::vector<int32_t>, Value> pointers;
  };
  SmallVector<Row> rows(indexDist.regs());
  Value thread = threadPointer(a, dist);
  for (auto [row, index] : llvm::zip_equal(rows, tiles[op.getIdx()])) {
    Value wide = toI64(index);
    row.ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, wide, limit);
    row.thread = shiftPointer(thread, memoryType(a.element), arith::MulIOp::create(b, loc, wide, step));
  }
  std::map<std::vector<int32_t>, Value> limits;
  tiles[op.getResult()] = loadElements(a, dist, op.getPadValue(), [&](int64_t r) {
    Row &row = rows[indexDist.map.locate(dist.coords[dim][r]).reg];
    return std::pair(elementPointer(a, dist, row.thread, r, row.pointers), andOf(inside(a, dist, r, limits), row.ok));
  });
}

LogicalResult KernelEmitter::emitAccumulate(tile::AccumulateOp op) {
  RankedTensorType type = op.getValue().getType();
  Access a = globalAccess(op.getView(), mixed(b, op.getStaticCoords(), op.getCoords()), type, {});
  if (a.element.isInteger(1))
    return op.emitError("has no GPU form for i1");
  const Dist &dist = distOf(op.getValue());
  Value thread = threadPointer(a, dist);
  std::map<std::vector<int32_t>, Value> limits;
  OpBuilder::InsertionGuard guard(b);
  if (dist.owner)
    b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), dist.owner, false).thenBlock());
  bool isFloat = isa<FloatType>(a.element);
  for (int64_t r = 0; r < dist.regs(); ++r) {
    OpBuilder::InsertionGuard inner(b);
    std::map<std::vector<int32_t>, Value> here;
    if (Value ok = inside(a, dist, r, limits))
      b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), ok, false).thenBlock());
    LLVM::AtomicRMWOp::create(b, loc, isFloat ? LLVM::AtomicBinOp::fadd : LLVM::AtomicBinOp::add, elementPointer(a, dist, thread, r, here),
                              tiles[op.getValue()][r], LLVM::AtomicOrdering::monotonic, "device");
  }
  return success();
}

void KernelEmitter::emitTable(tile::TableOp op) {
  RankedTensorType type = op.getType();
  Access a;
  a.space = 1;
  a.element = type.getElementType();
  a.base = LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 1), op.getTable());
  for (int64_t s : layout::rowMajorStrides(type.getShape())) {
    a.strides.push_back({Value(), s, s});
    a.lower.push_back(Value());
    a.upper.push_back(Value());
    a.limitDivisors.push_back(0);
  }
  tiles[op.getResult()] = loadTile(a, distOf(op.getResult()), 0.0);
}

} // namespace seqc::gpu
