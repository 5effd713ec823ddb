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

bool staysInThread(tile::RelayoutOp op) {
  DigitMap from = tile::knownLayoutOf(op.getT()), to = tile::knownLayoutOf(op.getResult());
  return from.digits(Axis::Lane) == to.digits(Axis::Lane) && from.digits(Axis::Warp) == to.digits(Axis::Warp);
}

int64_t warpsOverReduced(tile::ReduceOp op) {
  int64_t count = 1;
  for (const layout::Digit &d : tile::knownLayoutOf(op.getT()).digits(Axis::Warp))
    if (!d.isReplica() && llvm::is_contained(op.getDims(), d.dim))
      count *= d.size;
  return count;
}

/// Memory of a relayout: the dim that the writers hold in vectors is the fastest.
static SharedTile tileFor(tile::RelayoutOp op) {
  RankedTensorType type = op.getType();
  DigitMap from = tile::knownLayoutOf(op.getT());
  SharedTile t;
  int64_t rank = type.getRank(), bytes = memoryBytes(type.getElementType());
  t.fastest = rank ? rank - 1 : 0;
  if (ArrayRef<layout::Digit> reg = from.digits(Axis::Reg); !reg.empty() && reg[0].stride == 1)
    t.fastest = reg[0].dim;
  t.strides.assign(rank, 1);
  int64_t stride = 1;
  auto extend = [&](int64_t d) {
    t.strides[d] = stride;
    stride *= type.getDimSize(d);
    if (d == t.fastest && type.getNumElements() > stride)
      stride = (llvm::alignTo(stride * bytes, kAlign) + kPad) / bytes;
  };
  if (rank)
    extend(t.fastest);
  for (int64_t d = rank; d-- > 0;)
    if (d != t.fastest)
      extend(d);
  t.bytes = llvm::alignTo(std::max<int64_t>(stride, 1) * bytes, kAlign);
  return t;
}

/// Memory of a reduction: one partial result per warp over the reduced dims and element of the result.
static SharedTile tileFor(tile::ReduceOp op) {
  SharedTile t;
  int64_t bytes = std::max<int64_t>(memoryBytes(op.getType().getElementType()), 4); // sums are kept in 32 bits at least
  t.bytes = llvm::alignTo(warpsOverReduced(op) * op.getType().getNumElements() * bytes, kAlign);
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
    if (auto relayout = dyn_cast<tile::RelayoutOp>(op); relayout && (isStaged(relayout) || !staysInThread(relayout)))
      tiles[&op] = tileFor(relayout);
    else if (auto reduce = dyn_cast<tile::ReduceOp>(op); reduce && warpsOverReduced(reduce) > 1)
      tiles[&op] = tileFor(reduce);
    else
      continue;
    lifetimes.push_back({&op, first, first});
  }
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
