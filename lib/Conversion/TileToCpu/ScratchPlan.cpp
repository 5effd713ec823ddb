// SPDX-License-Identifier: Apache-2.0
#include "ScratchPlan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::cpu {

constexpr int64_t kAlign = 64; // of buffers, in bytes

Value ScratchPlan::allocate(OpBuilder &b, Location loc, Value scratch, int64_t bytes) {
  auto pointer = LLVM::GEPOp::create(b, loc, scratch.getType(), b.getI8Type(), scratch, ArrayRef<LLVM::GEPArg>{0});
  buffers.push_back({pointer, static_cast<int64_t>(llvm::alignTo(std::max<int64_t>(bytes, 1), kAlign))});
  return pointer;
}

/// First and last position of every op with what it holds.
using Positions = llvm::DenseMap<Operation *, std::pair<int64_t, int64_t>>;

static void number(Operation *op, int64_t &next, Positions &positions) {
  int64_t first = next++;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block)
        number(&inner, next, positions);
  positions[op] = {first, next++};
}

/// The last position where memory behind `pointer`, which was made at `origin`, may be used.
static int64_t lastUse(Operation *origin, const Positions &positions) {
  int64_t last = positions.lookup(origin).second;
  llvm::SmallVector<Value> work{origin->getResult(0)};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value pointer = work.pop_back_val();
    if (!seen.insert(pointer).second)
      continue;
    for (OpOperand &use : pointer.getUses()) {
      Operation *user = use.getOwner();
      last = std::max(last, positions.lookup(user).second);
      // What a loop uses of outside is live in all its trips.
      for (Operation *around = user->getParentOp(); around && !around->isAncestor(origin); around = around->getParentOp())
        if (isa<scf::ForOp, scf::WhileOp>(around))
          last = std::max(last, positions.lookup(around).second);
      for (Value result : user->getResults())
        if (isa<LLVM::LLVMPointerType>(result.getType()))
          work.push_back(result);
      // Branches pass pointers on; so may loops, whose arguments are followed with their results.
      if (isa<scf::YieldOp, scf::ConditionOp>(user))
        user = user->getParentOp();
      if (isa<scf::IfOp, scf::ForOp, scf::WhileOp>(user)) {
        for (Value result : user->getResults())
          work.push_back(result);
        for (Region &region : user->getRegions())
          if (!region.empty())
            work.append(region.front().args_begin(), region.front().args_end());
        last = std::max(last, positions.lookup(user).second);
      }
    }
  }
  return last;
}

int64_t ScratchPlan::place() {
  if (buffers.empty())
    return 0;
  Positions positions;
  int64_t next = 0;
  number(buffers.front().pointer->getParentOfType<FunctionOpInterface>(), next, positions);
  for (Buffer &b : buffers) {
    b.begin = positions.lookup(b.pointer).first;
    b.end = lastUse(b.pointer, positions);
  }
  // The largest first, each at the lowest place that is free while it lives.
  SmallVector<Buffer *> order = llvm::map_to_vector(buffers, [](Buffer &b) { return &b; });
  llvm::stable_sort(order, [](Buffer *x, Buffer *y) { return x->bytes > y->bytes; });
  int64_t total = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    Buffer &b = *order[i];
    SmallVector<Buffer *> others;
    for (Buffer *o : ArrayRef(order).take_front(i))
      if (o->begin <= b.end && b.begin <= o->end)
        others.push_back(o);
    llvm::sort(others, [](Buffer *x, Buffer *y) { return x->offset < y->offset; });
    for (Buffer *o : others)
      if (o->offset < b.offset + b.bytes)
        b.offset = std::max(b.offset, o->offset + o->bytes);
    b.pointer.setRawConstantIndices({static_cast<int32_t>(b.offset)});
    total = std::max(total, b.offset + b.bytes);
  }
  return total;
}

} // namespace seqc::cpu
