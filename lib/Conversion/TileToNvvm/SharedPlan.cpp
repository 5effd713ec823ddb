// SPDX-License-Identifier: Apache-2.0
#include "SharedPlan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::DigitMap;

namespace seqc::gpu {

constexpr int64_t kAlign = 16, kPad = 16;

int64_t memoryBytes(Type element) { return std::max<int64_t>(element.getIntOrFloatBitWidth() / 8, 1); }

bool isStaged(tile::RelayoutOp op) {
  return llvm::all_of(op->getUses(), [](OpOperand &use) { return isa<tile::DotOp>(use.getOwner()) && use.getOperandNumber() < 2; });
}

int64_t warpsOverReduced(tile::ReduceOp op) {
  int64_t count = 1;
  for (const layout::Digit &d : tile::knownLayoutOf(op.getT()).digits(Axis::Warp))
    if (!d.isReplica() && llvm::is_contained(op.getDims(), d.dim))
      count *= d.size;
  return count;
}

static SharedTile tileIn(layout::MemLayout memory, Type element) {
  SharedTile t;
  t.bytes = llvm::alignTo(std::max<int64_t>(memory.bytes(static_cast<int>(memoryBytes(element) * 8)), 1), kAlign);
  t.memory = std::move(memory);
  return t;
}

/// Memory that multiply-adds step through: addresses are linear in every coordinate. The dim that the writers hold in vectors is the fastest; its
/// rows are padded against bank conflicts.
static layout::MemLayout linearMemory(RankedTensorType type, const DigitMap &from) {
  int rank = static_cast<int>(type.getRank()), fastest = rank - 1;
  int64_t bytes = memoryBytes(type.getElementType());
  if (ArrayRef<layout::Digit> reg = from.digits(Axis::Reg); !reg.empty() && reg[0].stride == 1)
    fastest = reg[0].dim;
  SmallVector<int> order{fastest};
  for (int d = rank; d-- > 0;)
    if (d != fastest)
      order.push_back(d);
  layout::MemLayout memory = layout::MemLayout::dense(type.getShape(), order);
  int64_t row = type.getDimSize(fastest) * bytes;
  if (type.getNumElements() * bytes == row)
    return memory;
  return llvm::cantFail(layout::MemLayout::get(memory.map, layout::Transform::pad(row, llvm::alignTo(row, kAlign) + kPad - row), static_cast<int>(bytes * 8)));
}

/// Memory of operands of dots: for matrix instructions what moves in the fewest wavefronts.
static layout::MemLayout stagedMemory(tile::RelayoutOp op) {
  DigitMap from = tile::knownLayoutOf(op.getT());
  bool isLinear = llvm::any_of(op->getUsers(), [](Operation *user) {
    auto dot = cast<tile::DotOp>(user);
    return tile::dotLayouts(dot.getA().getType(), dot.getB().getType(), tile::knownLayoutOf(dot.getResult())).engine == tile::DotEngine::Fma;
  });
  if (isLinear)
    return linearMemory(op.getType(), from);
  return layout::exchangeBuffer(from, tile::knownLayoutOf(op.getResult()), static_cast<int>(memoryBytes(op.getType().getElementType()) * 8));
}

/// Memory of a reduction: one partial result per warp over the reduced dims and element of the result.
static SharedTile tileFor(tile::ReduceOp op) {
  SharedTile t;
  int64_t bytes = std::max<int64_t>(memoryBytes(op.getType().getElementType()), 4); // sums are kept in 32 bits at least
  t.bytes = llvm::alignTo(warpsOverReduced(op) * op.getType().getNumElements() * bytes, kAlign);
  t.memory = layout::MemLayout::dense(op.getType().getShape());
  return t;
}

SharedPlan::SharedPlan(tile::KernelOp kernel) {
  number(kernel.getBody().front());
  allocate();
  do {
    changed = false;
    Pending pending;
    scan(kernel.getBody().front(), pending);
  } while (changed);
}

//===-- Offsets ---------------------------------------------------------------------===//

void SharedPlan::number(Block &block) {
  for (Operation &op : block) {
    int64_t first = next++;
    if (!isa<tile::MapOp, tile::ScanOp>(op))
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          number(inner);
    numbers[&op] = {first, next};
    if (auto relayout = dyn_cast<tile::RelayoutOp>(op))
      plan(relayout);
    else if (auto reduce = dyn_cast<tile::ReduceOp>(op); reduce && warpsOverReduced(reduce) > 1)
      tiles[&op] = tileFor(reduce);
    if (!uses(&op))
      continue;
    lifetimes.push_back({&op, first, first});
  }
}

/// Shuffles where they are no dearer than the way through memory, which needs barriers besides; a 64-bit value is two shuffles.
void SharedPlan::plan(tile::RelayoutOp op) {
  Type element = op.getType().getElementType();
  if (isStaged(op)) {
    tiles[op] = tileIn(stagedMemory(op), element);
    return;
  }
  int64_t bytes = memoryBytes(element);
  layout::Conversion c = layout::classify(tile::knownLayoutOf(op.getT()), tile::knownLayoutOf(op.getResult()), static_cast<int>(bytes * 8));
  if (c.kind == layout::ConvKind::Shuffle && c.cost * std::max<int64_t>(bytes / 4, 1) > c.smemCost)
    c.kind = layout::ConvKind::Smem;
  if (c.kind == layout::ConvKind::Smem)
    tiles[op] = tileIn(c.via, element);
  conversions[op] = std::move(c);
}

/// First fit in the order of definition; a tile that a loop reads lives as long as the loop.
void SharedPlan::allocate() {
  for (Lifetime &l : lifetimes)
    if (auto relayout = dyn_cast<tile::RelayoutOp>(l.op); relayout && isStaged(relayout))
      for (Operation *user : relayout->getUsers())
        l.last = std::max(l.last, numbers[l.op->getBlock()->findAncestorOpInBlock(*user)].second);
  for (auto [i, l] : llvm::enumerate(lifetimes)) {
    SmallVector<std::pair<int64_t, int64_t>> taken;
    for (const Lifetime &other : ArrayRef(lifetimes).take_front(i))
      if (other.last >= l.first)
        taken.push_back({tiles[other.op].offset, tiles[other.op].offset + tiles[other.op].bytes});
    llvm::sort(taken);
    SharedTile &t = tiles[l.op];
    for (auto [begin, end] : taken)
      if (t.offset < end && begin < t.offset + t.bytes)
        t.offset = end;
    total = std::max(total, t.offset + t.bytes);
  }
}

//===-- Barriers -----------------------------------------------------------------------===//

bool SharedPlan::overlap(Operation *a, Operation *b) const {
  const SharedTile &x = tileOf(a), &y = tileOf(b);
  return x.offset < y.offset + y.bytes && y.offset < x.offset + x.bytes;
}

/// One access of all threads to the memory of `source`; a barrier orders it after what other threads did there.
void SharedPlan::access(Operation *op, Operation *source, bool isWrite, Pending &pending) {
  std::pair<Operation *, Operation *> key{op, isWrite ? nullptr : source};
  auto conflicts = [&](Operation *other) { return overlap(other, source); };
  bool needed = llvm::any_of(pending.writes, conflicts) || (isWrite && llvm::any_of(pending.reads, conflicts));
  if (needed && barriers.insert(key).second)
    changed = true;
  if (barriers.contains(key))
    pending.clear();
  (isWrite ? pending.writes : pending.reads).insert(source);
}

void SharedPlan::scan(Block &block, Pending &pending) {
  for (Operation &op : block) {
    if (uses(&op)) {
      access(&op, &op, true, pending);
      if (auto relayout = dyn_cast<tile::RelayoutOp>(op); !relayout || !isStaged(relayout))
        access(&op, &op, false, pending);
    } else if (auto dot = dyn_cast<tile::DotOp>(op)) {
      for (Value v : {dot.getA(), dot.getB()})
        if (Operation *source = v.getDefiningOp(); source && uses(source))
          access(&op, source, false, pending);
    } else if (!isa<tile::MapOp, tile::ScanOp>(op) && op.getNumRegions()) {
      scanRegions(&op, pending);
    }
  }
}

/// Loops run zero, one or more times, branches one way or the other.
void SharedPlan::scanRegions(Operation *op, Pending &pending) {
  Pending entry = pending;
  bool isLoop = !isa<scf::IfOp>(op);
  for (int round = 0; round < (isLoop ? 2 : 1); ++round)
    for (Region &region : op->getRegions()) {
      if (region.empty())
        continue;
      Pending inner = isLoop ? pending : entry;
      scan(region.front(), inner);
      pending.join(inner);
    }
}

} // namespace seqc::gpu
