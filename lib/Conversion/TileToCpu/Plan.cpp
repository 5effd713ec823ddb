// SPDX-License-Identifier: Apache-2.0
#include "Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc::cpu {

bool isTile(Value v) { return isa<RankedTensorType>(v.getType()); }

bool isFreeOp(Operation *op) {
  return isa<arith::ConstantOp, tile::SplatOp, tile::IotaOp, tile::BroadcastOp, tile::TransposeOp, tile::SliceOp, tile::SplitOp>(op) &&
         isTile(op->getResult(0));
}

bool isInlineOp(Operation *op) {
  if (isFreeOp(op) || isa<tile::LoadOp, tile::GatherOp, tile::MapOp>(op))
    return true;
  return op->hasTrait<OpTrait::Elementwise>() && op->getNumResults() == 1 && isTile(op->getResult(0));
}

Value peelTransposes(Value v, SmallVectorImpl<int64_t> &perm) {
  int64_t rank = cast<RankedTensorType>(v.getType()).getRank();
  perm.assign(rank, 0);
  for (int64_t i = 0; i < rank; ++i)
    perm[i] = i;
  while (auto t = v.getDefiningOp<tile::TransposeOp>()) {
    for (int64_t &p : perm)
      p = t.getPerm()[p];
    v = t.getT();
  }
  return v;
}

/// The pointer argument behind a view.
static Value pointerOf(Value view) {
  while (auto sub = view.getDefiningOp<tile::SubviewOp>())
    view = sub.getView();
  auto whole = view.getDefiningOp<tile::ViewOp>();
  return whole ? whole.getPtr() : Value();
}

/// The view that a memory op accesses; null for other ops.
static Value viewAccessed(Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<tile::LoadOp, tile::GatherOp, tile::LoadScalarOp, tile::StoreOp, tile::AccumulateOp>([](auto access) { return access.getView(); })
      .Default([](Operation *) { return Value(); });
}

Value storedValue(Operation *op) {
  auto store = dyn_cast<tile::StoreOp>(op);
  return store ? store.getValue() : cast<tile::AccumulateOp>(op).getValue();
}

bool Plan::isOrdered(Operation *op) const {
  return isa<tile::LoadOp, tile::GatherOp, tile::LoadScalarOp>(op) && writtenPointers.contains(pointerOf(viewAccessed(op)));
}

/// Writes to one memory may share loops only if they meet at the same coordinates.
bool Plan::mayJoin(Operation *store, const Step &group) const {
  return llvm::all_of(group.stores, [&](Operation *other) {
    return pointerOf(viewAccessed(other)) != pointerOf(viewAccessed(store)) ||
           (viewAccessed(other) == viewAccessed(store) && other->getName() == store->getName() &&
            llvm::equal(other->getOperands().drop_front(), store->getOperands().drop_front()) && other->getAttrs() == store->getAttrs());
  });
}

Plan::Plan(tile::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  body.walk([&](Operation *op) {
    if (isa<tile::StoreOp, tile::AccumulateOp>(op))
      writtenPointers.insert(pointerOf(viewAccessed(op)));
  });
  markBuffered(body);
  buildSteps(body);
  // Inner blocks first would not see the outer groups; every block is independent here.
  for (auto &[block, unused] : plans)
    dropLocalBuffers(*block);
}

ArrayRef<Step> Plan::steps(Block *block) const { return plans.find(block)->second; }

//===-- Which values need a buffer ------------------------------------------------===//

/// Marks the value that must be in memory to serve `v`; free ops pass the demand on to what they read.
void Plan::require(Value v) {
  Operation *def = v.getDefiningOp();
  if (def && isa<arith::ConstantOp, tile::SplatOp, tile::IotaOp>(def))
    return;
  buffered.insert(v);
  tentative.erase(v);
}

static bool usedOnlyByDots(Value v) {
  return llvm::all_of(v.getUses(), [&](OpOperand &use) {
    if (auto t = dyn_cast<tile::TransposeOp>(use.getOwner()))
      return usedOnlyByDots(t.getResult());
    auto dot = dyn_cast<tile::DotOp>(use.getOwner());
    return dot && use.getOperandNumber() < 2;
  });
}

void Plan::markOperands(Operation *op) {
  if (auto dot = dyn_cast<tile::DotOp>(op)) {
    SmallVector<int64_t> perm;
    for (Value v : {dot.getA(), dot.getB()}) {
      Value source = peelTransposes(v, perm);
      if (isa_and_nonnull<tile::LoadOp>(source.getDefiningOp()) && !isOrdered(source.getDefiningOp()) && usedOnlyByDots(source))
        directLoads.insert(source);
      buffered.insert(source);
      tentative.erase(source);
    }
    if (dot.getAcc() && !matchPattern(dot.getAcc(), m_Constant()))
      require(dot.getAcc());
    return;
  }
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    // A statistic that is computed is stored once instead of being computed again at every element.
    Operation *def = broadcast.getT().getDefiningOp();
    if (def && !isFreeOp(def) && !isa<tile::LoadOp>(def))
      require(broadcast.getT());
    return;
  }
  if (isInlineOp(op) || isa<tile::StoreOp, tile::AccumulateOp, tile::ReduceOp, scf::YieldOp, scf::ConditionOp, tile::YieldOp>(op))
    return;
  // Reshapes, scans, recurrences, joins and control take their tiles from memory.
  for (Value v : op->getOperands())
    if (isTile(v)) {
      if (isa<tile::ReshapeOp, tile::ScanOp, tile::RecurOp>(op))
        buffered.insert(v), tentative.erase(v);
      else
        require(v);
    }
}

void Plan::markBuffered(Block &block) {
  for (BlockArgument a : block.getArguments())
    if (isTile(a))
      buffered.insert(a);
  for (Operation &op : block) {
    markOperands(&op);
    bool ownsResult = !isInlineOp(&op);
    for (Value r : op.getResults()) {
      if (!isTile(r))
        continue;
      if (ownsResult || isOrdered(&op)) {
        buffered.insert(r);
        tentative.erase(r);
        continue;
      }
      bool usedInside = llvm::any_of(r.getUsers(), [&](Operation *user) { return user->getBlock() != &block; });
      if (!isFreeOp(&op) && usedInside)
        require(r);
      else if (!isFreeOp(&op) && !r.hasOneUse() && !r.use_empty() && !buffered.contains(r))
        buffered.insert(r), tentative.insert(r);
    }
    if (isa<tile::MapOp>(op))
      continue;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        markBuffered(inner);
  }
  // Free ops between a computed value and an inner block: the value itself must be in memory.
  for (Operation &op : block)
    if (isFreeOp(&op))
      for (Value r : op.getResults())
        if (llvm::any_of(r.getUsers(), [&](Operation *user) { return user->getBlock() != &block; }))
          for (Value operand : op.getOperands())
            if (isTile(operand) && operand.getDefiningOp() && !isFreeOp(operand.getDefiningOp()))
              require(operand);
}

//===-- Reach --------------------------------------------------------------------===//

/// Operands that evaluating an inline op reads, with whether they are read at the same coordinate.
static void inlineOperands(Operation *op, SmallVectorImpl<std::pair<Value, bool>> &out) {
  bool pointwise = !isa<tile::BroadcastOp, tile::TransposeOp, tile::SliceOp, tile::SplitOp, tile::GatherOp>(op);
  for (Value v : op->getOperands())
    if (isTile(v))
      out.emplace_back(v, pointwise);
}

SmallVector<Plan::Reached> Plan::reach(Value v) const {
  SmallVector<Reached> found;
  SmallVector<std::pair<Value, bool>> work{{v, true}};
  llvm::DenseSet<Value> seen[2]; // by pointwise: a value with many paths to it is followed once
  bool first = true;
  while (!work.empty()) {
    auto [value, pointwise] = work.pop_back_val();
    if (!seen[pointwise].insert(value).second)
      continue;
    Operation *def = value.getDefiningOp();
    if (isBuffered(value) && !first) {
      found.push_back({value, pointwise});
      continue;
    }
    first = false;
    if (!def || !isInlineOp(def)) {
      found.push_back({value, pointwise});
      continue;
    }
    SmallVector<std::pair<Value, bool>> operands;
    inlineOperands(def, operands);
    for (auto [operand, same] : operands)
      work.emplace_back(operand, pointwise && same);
  }
  return found;
}

void Plan::collectAccesses(Value v, SmallVectorImpl<Operation *> &accesses) const {
  SmallVector<Value> work{v};
  bool first = true;
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *def = value.getDefiningOp();
    if ((isBuffered(value) && !first) || !def || !isInlineOp(def) || !seen.insert(value).second)
      continue;
    first = false;
    if (isa<tile::LoadOp, tile::GatherOp>(def) && !llvm::is_contained(accesses, def))
      accesses.push_back(def);
    for (Value operand : def->getOperands())
      if (isTile(operand))
        work.push_back(operand);
  }
}

//===-- Groups -------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

SmallVector<Plan::Reached> Plan::reads(Value v) const {
  if (isBuffered(v))
    return {{v, true}};
  return reach(v);
}

SmallVector<Plan::Reached> Plan::reads(const Step &group) const {
  SmallVector<Reached> all;
  for (Operation *s : group.stores)
    all.append(reads(storedValue(s)));
  for (Operation *r : group.reduces)
    all.append(reads(cast<tile::ReduceOp>(r).getT()));
  for (Value v : group.written)
    all.append(reach(v));
  return all;
}

/// True if the reads need something that `group` produces to be complete.
bool Plan::dependsThrough(ArrayRef<Reached> reads, const Step &group) const {
  for (const Reached &r : reads) {
    if (llvm::any_of(group.reduces, [&](Operation *op) { return op->getResult(0) == r.value; }))
      return true;
    if (!r.pointwise && llvm::is_contained(group.written, r.value))
      return true;
  }
  return false;
}

void Plan::buildSteps(Block &block) {
  std::vector<Step> steps;
  bool open = false; // the last step is a group that may take more roots
  auto group = [&](ArrayRef<int64_t> shape, ArrayRef<Reached> read) -> Step & {
    if (!open || !llvm::equal(steps.back().shape, shape) || dependsThrough(read, steps.back())) {
      steps.emplace_back();
      steps.back().shape.assign(shape.begin(), shape.end());
      open = true;
    }
    return steps.back();
  };
  for (Operation &op : block) {
    if (isa<tile::StoreOp, tile::AccumulateOp>(op)) {
      if (open && !mayJoin(&op, steps.back()))
        open = false;
      Value value = storedValue(&op);
      group(shapeOf(value), reads(value)).stores.push_back(&op);
    } else if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
      if (!reduce.getResult().use_empty())
        group(shapeOf(reduce.getT()), reads(reduce.getT())).reduces.push_back(&op);
    } else if (isInlineOp(&op) && !(op.getNumResults() == 1 && isDirectLoad(op.getResult(0)))) {
      bool alone = isOrdered(&op);
      open &= !alone;
      for (Value r : op.getResults())
        if (isBuffered(r) && !r.use_empty())
          group(shapeOf(r), reach(r)).written.push_back(r);
      open &= !alone;
    } else {
      bool hasTiles = isa<tile::DotOp, tile::ReshapeOp, tile::ScanOp, tile::RecurOp, tile::JoinOp, tile::TableOp, tile::ScalarOp, tile::LoadOp>(op) || isOrdered(&op) ||
                      op.getNumRegions() > 0;
      steps.emplace_back();
      steps.back().single = &op;
      // Scalars and views come and go without ending a group.
      if (!hasTiles && open)
        std::swap(steps.back(), steps[steps.size() - 2]);
      else
        open = false;
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          buildSteps(inner);
    }
  }
  plans[&block] = std::move(steps);
}

/// A value that is buffered only because it has several users is not when all of them are in the loops that compute it.
void Plan::dropLocalBuffers(Block &block) {
  std::vector<Step> &steps = plans[&block];
  for (size_t i = 0; i < steps.size(); ++i) {
    SmallVector<Value> candidates(steps[i].written.begin(), steps[i].written.end());
    for (Value v : candidates) {
      if (!tentative.contains(v))
        continue;
      bool local = true;
      for (size_t j = 0; j < steps.size() && local; ++j) {
        if (!steps[j].isGroup())
          continue;
        for (const Reached &r : reads(steps[j]))
          if (r.value == v && (j != i || !r.pointwise))
            local = false;
      }
      if (!local)
        continue;
      buffered.erase(v);
      tentative.erase(v);
      llvm::erase(steps[i].written, v);
    }
  }
}

bool Plan::isLastUse(Value v, Block *block, size_t step) const {
  auto readsV = [&](ArrayRef<Reached> all) { return llvm::any_of(all, [&](const Reached &r) { return r.value == v; }); };
  for (const Step &later : steps(block).drop_front(step + 1)) {
    if (later.isGroup()) {
      if (readsV(reads(later)))
        return false;
      continue;
    }
    bool uses = false;
    later.single->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        uses |= isTile(operand) && readsV(reads(operand));
    });
    if (uses)
      return false;
  }
  return true;
}

} // namespace seqc::cpu
