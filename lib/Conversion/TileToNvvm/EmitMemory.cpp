// SPDX-License-Identifier: Apache-2.0
// Views, loads, stores, tables. A load outside the bounds reads zeros from a constant instead of branching; stores branch.
#include "KernelEmitter.h"
#include "seqc/Layout/SharedPlan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <numeric>

using namespace mlir;
using seqc::layout::Axis;

namespace seqc::gpu {

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
  a.memory = &t.memory;
  size_t rank = t.memory.map.rank();
  a.lower.resize(rank);
  a.upper.resize(rank);
  a.limitDivisors.assign(rank, 0);
  return a;
}

//===-- One thread's part -------------------------------------------------------------------===//

/// The widest access that lies inside or outside the bounds as a whole.
static int vectorLimit(const Access &a, int maxVecBytes) {
  int64_t bytes = memoryBytes(a.element), limit = maxVecBytes;
  for (auto [d, stride] : llvm::enumerate(a.strides))
    if ((a.lower[d] || a.upper[d]) && stride.isKnown() && stride.number)
      limit = std::min(limit, bytes * (stride.number == 1 ? a.limitDivisors[d] & -a.limitDivisors[d] : stride.number));
  return static_cast<int>(std::max<int64_t>(llvm::bit_floor(static_cast<uint64_t>(limit)), bytes));
}

Placement KernelEmitter::place(const Access &a, const Dist &dist, int maxVecBytes) {
  Placement placed;
  int64_t bytes = memoryBytes(a.element);
  int bits = static_cast<int>(bytes * 8);
  if (a.memory) {
    std::optional<layout::AccessPlan> plan = layout::planShared(dist.map, *a.memory, bits, 0, maxVecBytes);
    assert(plan && "SharedPlan chooses memory that both sides can address");
    placed.plan = std::move(*plan);
    placeShared(placed, a);
    return placed;
  }
  layout::StridedMemory memory;
  for (const Size &s : a.strides) {
    memory.strideBytes.push_back(s.isKnown() ? s.number * bytes : layout::kDynamic);
    memory.strideAlign.push_back(s.divisor * bytes);
  }
  memory.baseAlign = std::gcd<int64_t>(a.divisor * bytes, 16);
  memory.maxVecBytes = vectorLimit(a, maxVecBytes);
  placed.plan = layout::planGlobal(dist.map, memory, bits);
  placeGlobal(placed, a);
  return placed;
}

void KernelEmitter::placeGlobal(Placement &placed, const Access &a) {
  Type byte = b.getI8Type();
  placed.pointer = a.base;
  layout::Terms fixed, wide;
  std::map<int, layout::Terms> dynamic;
  for (const layout::Term &t : placed.plan.base)
    (t.dynDim >= 0 ? dynamic[t.dynDim] : t.mul * t.mod > INT32_MAX / 8 ? wide : fixed).push_back(t);
  if (!fixed.empty())
    placed.pointer = shiftPointer(placed.pointer, byte, toI64(sumOf(fixed)));
  for (const layout::Term &t : wide)
    placed.pointer = shiftPointer(placed.pointer, byte, arith::MulIOp::create(b, loc, toI64(digitOf(t.axis, t.div, t.mod)), i64(t.mul)));
  for (auto &[d, terms] : dynamic)
    placed.pointer = shiftPointer(placed.pointer, memoryType(a.element), arith::MulIOp::create(b, loc, toI64(sumOf(terms)), toI64(a.strides[d].value)));
}

void KernelEmitter::placeShared(Placement &placed, const Access &a) {
  if (placed.plan.base.empty())
    return;
  placed.offset = sumOf(placed.plan.base);
  const layout::Transform &t = placed.plan.baseTransform;
  if (t.isXor())
    placed.offset = arith::XOrIOp::create(b, loc, placed.offset, arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, placed.offset, i32(t.shift)), i32(t.mask())));
}

/// i1: the access lies inside the bounds; none if always.
Value KernelEmitter::inside(const Access &a, const Dist &dist, Placement &placed, int64_t access) {
  int rank = dist.map.rank();
  ArrayRef<int32_t> coords = ArrayRef(placed.plan.accessCoords).slice(access * rank, rank);
  std::vector<int32_t> key;
  for (int d = 0; d < rank; ++d)
    key.push_back(a.lower[d] || a.upper[d] ? coords[d] : 0);
  auto [it, isNew] = placed.limits.insert({key, Value()});
  if (!isNew)
    return it->second;
  Value ok = a.uniform;
  for (int d = 0; d < rank; ++d) {
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

/// Address of an access. What accesses share is made once: offsets along dims with strides known only at run time; the XOR of a swizzle.
Value KernelEmitter::pointerTo(const Access &a, Placement &placed, int64_t access) {
  const layout::AccessPlan &plan = placed.plan;
  Type byte = b.getI8Type();
  int64_t fixed = plan.accessBytes[access], rank = a.strides.size();
  std::vector<int64_t> key;
  if (a.memory)
    key = {plan.xorRegs ? plan.xorBytes[access] : 0};
  else
    for (int64_t d = 0; d < rank; ++d)
      key.push_back(a.strides[d].isKnown() ? 0 : plan.accessCoords[access * rank + d]);
  auto [it, isNew] = placed.pointers.insert({key, a.memory ? a.base : placed.pointer});
  if (isNew && a.memory && placed.offset)
    it->second = shiftPointer(it->second, byte, key[0] ? arith::XOrIOp::create(b, loc, placed.offset, i32(key[0])).getResult() : placed.offset);
  else if (isNew && a.memory)
    it->second = shiftPointer(it->second, byte, key[0]);
  else if (isNew)
    for (int64_t d = 0; d < rank; ++d)
      if (key[d])
        it->second = shiftPointer(it->second, memoryType(a.element), arith::MulIOp::create(b, loc, i64(key[d]), toI64(a.strides[d].value)));
  return std::abs(fixed) > INT32_MAX ? shiftPointer(it->second, byte, i64(fixed)) : shiftPointer(it->second, byte, fixed);
}

/// 16 zero bytes in global memory, which loads outside the bounds read.
Value KernelEmitter::zeroMemory() {
  return LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 1), "seqc_zeros");
}

Regs KernelEmitter::loadTile(const Access &a, const Dist &dist, double pad) {
  Placement placed = place(a, dist);
  return loadElements(a, placed, pad, [&](int64_t j) { return std::pair(pointerTo(a, placed, j), inside(a, dist, placed, j)); });
}

/// `site` gives the address of an access and whether it lies inside.
Regs KernelEmitter::loadElements(const Access &a, const Placement &placed, double pad, llvm::function_ref<std::pair<Value, Value>(int64_t)> site) {
  int64_t width = placed.plan.vecElems;
  Type memory = memoryType(a.element);
  Type type = width == 1 ? memory : Type(VectorType::get({width}, memory));
  Value padValue;
  if (bool isZero = pad == 0.0 && !std::signbit(pad); !isZero)
    padValue = scalarConstant(isa<FloatType>(a.element) ? TypedAttr(b.getFloatAttr(a.element, pad)) : TypedAttr(b.getIntegerAttr(a.element, static_cast<int64_t>(pad))), a.element);
  Regs values(placed.plan.regs.size());
  for (int64_t j = 0; j < placed.plan.numAccesses(); ++j) {
    auto [ptr, ok] = site(j);
    if (ok)
      ptr = LLVM::SelectOp::create(b, loc, ok, ptr, zeroMemory());
    Value loaded = load(type, ptr, placed.plan.vecBytes);
    for (auto [i, r] : llvm::enumerate(placed.registers(j))) {
      Value v = width == 1 ? loaded : LLVM::ExtractElementOp::create(b, loc, loaded, i32(i)).getResult();
      v = fromMemory(v, a.element);
      values[r] = ok && padValue ? arith::SelectOp::create(b, loc, ok, v, padValue).getResult() : v;
    }
  }
  return values;
}

void KernelEmitter::storeTile(const Access &a, const Dist &dist, ArrayRef<Value> regs) {
  Placement placed = place(a, dist);
  int64_t width = placed.plan.vecElems;
  Type memory = memoryType(a.element);
  OpBuilder::InsertionGuard guard(b);
  if (dist.owner)
    b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), dist.owner, false).thenBlock());
  // Stores under one condition share a branch.
  llvm::MapVector<Value, SmallVector<int64_t>> groups;
  for (int64_t j = 0; j < placed.plan.numAccesses(); ++j)
    groups[inside(a, dist, placed, j)].push_back(j);
  for (auto &[ok, accesses] : groups) {
    OpBuilder::InsertionGuard inner(b);
    placed.pointers.clear(); // made inside the branch
    if (ok)
      b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), ok, false).thenBlock());
    for (int64_t j : accesses) {
      ArrayRef<int32_t> from = placed.registers(j);
      Value value = toMemory(regs[from[0]]);
      if (width > 1) {
        value = LLVM::PoisonOp::create(b, loc, VectorType::get({width}, memory));
        for (int64_t i = 0; i < width; ++i)
          value = LLVM::InsertElementOp::create(b, loc, value, toMemory(regs[from[i]]), i32(i));
      }
      LLVM::StoreOp::create(b, loc, value, pointerTo(a, placed, j), static_cast<unsigned>(placed.plan.vecBytes));
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
  Placement placed = place(a, dist);
  struct Row {
    Value ok;
    Placement placed; ///< with the row's own pointer
  };
  std::vector<Row> rows(indexDist.regs());
  for (auto [row, index] : llvm::zip_equal(rows, tiles[op.getIdx()])) {
    Value wide = toI64(index);
    row.ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, wide, limit);
    row.placed = placed;
    row.placed.pointer = shiftPointer(placed.pointer, memoryType(a.element), arith::MulIOp::create(b, loc, wide, step));
  }
  tiles[op.getResult()] = loadElements(a, placed, op.getPadValue(), [&](int64_t j) {
    Row &row = rows[indexDist.map.locate(dist.coords[dim][placed.registers(j)[0]]).reg];
    return std::pair(pointerTo(a, row.placed, j), andOf(inside(a, dist, placed, j), row.ok));
  });
}

LogicalResult KernelEmitter::emitAccumulate(tile::AccumulateOp op) {
  RankedTensorType type = op.getValue().getType();
  Access a = globalAccess(op.getView(), mixed(b, op.getStaticCoords(), op.getCoords()), type, {});
  if (a.element.isInteger(1))
    return op.emitError("has no GPU form for i1");
  const Dist &dist = distOf(op.getValue());
  Placement placed = place(a, dist, static_cast<int>(memoryBytes(a.element)));
  OpBuilder::InsertionGuard guard(b);
  if (dist.owner)
    b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), dist.owner, false).thenBlock());
  bool isFloat = isa<FloatType>(a.element);
  for (int64_t j = 0; j < placed.plan.numAccesses(); ++j) {
    Value ok = inside(a, dist, placed, j);
    OpBuilder::InsertionGuard inner(b);
    placed.pointers.clear(); // made inside the branch
    if (ok)
      b.setInsertionPointToStart(scf::IfOp::create(b, loc, TypeRange(), ok, false).thenBlock());
    LLVM::AtomicRMWOp::create(b, loc, isFloat ? LLVM::AtomicBinOp::fadd : LLVM::AtomicBinOp::add, pointerTo(a, placed, j),
                              tiles[op.getValue()][placed.registers(j)[0]], LLVM::AtomicOrdering::monotonic, "device");
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
