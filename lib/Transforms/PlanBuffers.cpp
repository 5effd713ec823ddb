// SPDX-License-Identifier: Apache-2.0
#include "seqc/Analysis/BufferPlan.h"
#include "seqc/Support/Diagnostics.h"
#include "seqc/Transforms/Passes.h"
#include <random>

using namespace mlir;

namespace seqc {
#define GEN_PASS_DEF_PLANBUFFERS
#define GEN_PASS_DEF_CHECKBUFFERPLAN
#include "seqc/Transforms/Passes.h.inc"

namespace {

/// factor * base bytes, a multiple of 64 for all values of the dims. Sizes of one base are ordered by their factors.
struct SlotSize {
  Expr base = Expr(1);
  int64_t factor = 0;
};

SlotSize slotSize(const Expr &bytes) {
  if (bytes.isConst())
    return {Expr(1), static_cast<int64_t>(llvm::alignTo(bytes.value(), 64))};
  if (bytes.op() == Expr::Op::Mul && bytes.rhs().isConst() && bytes.rhs().value() % 64 == 0)
    return {bytes.lhs(), bytes.rhs().value()};
  return {ceilDiv(bytes, Expr(64)), 64};
}

/// Sum of slots with like terms merged: expressions stay shallow.
class Total {
public:
  void add(const SlotSize &s) {
    for (SlotSize &t : terms)
      if (t.base == s.base) {
        t.factor += s.factor;
        return;
      }
    terms.push_back(s);
  }
  Expr expr() const { return sum(0, terms.size()); }

private:
  Expr sum(size_t begin, size_t end) const {
    if (begin == end)
      return Expr(0);
    if (end - begin == 1)
      return terms[begin].base * Expr(terms[begin].factor);
    size_t middle = (begin + end) / 2;
    return sum(begin, middle) + sum(middle, end);
  }
  SmallVector<SlotSize> terms;
};

class Planner {
public:
  explicit Planner(func::FuncOp func) : func(func), shapes(func) {}

  LogicalResult run() {
    separateResults();
    for (auto launch : func.getBody().front().getOps<tile::LaunchOp>())
      launches.push_back(launch);
    if (failed(placeOutputs()) || failed(placeWorkspace()))
      return failure();
    writeAttributes();
    return success();
  }

private:
  struct Slot {
    SlotSize size;
    size_t freeFrom = 0; ///< first launch that may write it
  };

  /// Equal results may have become one value (CSE of equal launches); each needs memory of its own: the launch runs once for each.
  void separateResults() {
    llvm::DenseSet<Value> seen;
    for (OpOperand &use : func.getBody().front().getTerminator()->getOpOperands()) {
      Value root = memoryRoot(use.get());
      auto launch = root.getDefiningOp<tile::LaunchOp>();
      if (!launch || seen.insert(root).second)
        continue;
      SmallVector<Operation *> reshapes; // from the launch to the result
      for (Value v = use.get(); v != root; v = v.getDefiningOp()->getOperand(0))
        reshapes.insert(reshapes.begin(), v.getDefiningOp());
      OpBuilder b(launch);
      b.setInsertionPointAfter(launch);
      Value copy = b.clone(*launch)->getResult(cast<OpResult>(root).getResultNumber());
      b.setInsertionPoint(use.getOwner());
      for (Operation *reshape : reshapes) {
        Operation *again = b.clone(*reshape);
        again->setOperand(0, copy);
        copy = again->getResult(0);
      }
      use.set(copy);
    }
  }

  LogicalResult placeOutputs() {
    Operation *ret = func.getBody().front().getTerminator();
    for (auto [i, v] : llvm::enumerate(ret->getOperands())) {
      Value root = memoryRoot(v);
      if (!root.getDefiningOp<tile::LaunchOp>())
        return ret->emitError("expects result ") << i << " to be written by a launch";
      if (!outputs.try_emplace(root, i).second)
        return ret->emitError("expects different memory for results ") << outputs[root] << " and " << i;
    }
    return success();
  }

  size_t lastUse(Value root, size_t defined) {
    size_t last = defined;
    for (size_t i = defined + 1; i < launches.size(); ++i)
      if (llvm::any_of(launches[i].getInputs(), [&](Value v) { return memoryRoot(v) == root; }))
        last = i;
    return last;
  }

  LogicalResult placeWorkspace() {
    for (auto [i, launch] : llvm::enumerate(launches))
      for (Value result : launch->getResults()) {
        if (outputs.count(result))
          continue;
        std::optional<SmallVector<Expr>> shape = shapes.shape(result);
        if (!shape)
          return unsupported(launch.emitError("expects sizes in terms of the named dims"));
        Expr bytes(elementBytes(cast<RankedTensorType>(result.getType()).getElementType()));
        for (const Expr &e : *shape)
          bytes = bytes * e;
        slotOf[result] = takeSlot(slotSize(bytes), i);
        slots[slotOf[result]].freeFrom = lastUse(result, i) + 1;
      }
    return success();
  }

  /// The free slot that fits best: the smallest that is large enough, else the largest, which grows.
  size_t takeSlot(const SlotSize &size, size_t now) {
    std::optional<size_t> best;
    for (auto [i, slot] : llvm::enumerate(slots)) {
      if (slot.freeFrom > now || !(slot.size.base == size.base))
        continue;
      bool fits = slot.size.factor >= size.factor;
      bool bestFits = best && slots[*best].size.factor >= size.factor;
      if (!best || (fits && (!bestFits || slot.size.factor < slots[*best].size.factor)) ||
          (!fits && !bestFits && slot.size.factor > slots[*best].size.factor))
        best = i;
    }
    if (!best) {
      slots.push_back({size, 0});
      return slots.size() - 1;
    }
    slots[*best].size.factor = std::max(slots[*best].size.factor, size.factor);
    return *best;
  }

  void writeAttributes() {
    Builder b(func.getContext());
    Total total;
    SmallVector<Expr> offsets;
    for (const Slot &slot : slots) {
      offsets.push_back(total.expr());
      total.add(slot.size);
    }
    for (tile::LaunchOp launch : launches) {
      SmallVector<Attribute> places;
      for (Value result : launch->getResults()) {
        BufferPlace place;
        if (auto it = outputs.find(result); it != outputs.end())
          place = {BufferPlace::Output, it->second, Expr(0)};
        else
          place.offset = offsets[slotOf[result]];
        places.push_back(b.getStringAttr(place.str()));
      }
      launch->setAttr(kBuffersAttr, b.getArrayAttr(places));
    }
    func->setAttr(kWorkspaceAttr, b.getStringAttr(total.expr().str()));
  }

  func::FuncOp func;
  ShapeExprs shapes;
  SmallVector<tile::LaunchOp> launches;
  llvm::DenseMap<Value, unsigned> outputs;
  llvm::DenseMap<Value, size_t> slotOf;
  SmallVector<Slot> slots;
};

/// The same samples in every run: small sizes, odd ones, and a few large ones.
LogicalResult checkSamples(func::FuncOp func, unsigned samples) {
  ShapeExprs shapes(func);
  std::mt19937 random(1);
  for (unsigned s = 0; s < samples; ++s) {
    llvm::StringMap<int64_t> dims;
    for (const std::string &name : shapes.names())
      dims[name] = s == 0 ? 1 : random() % (s % 2 ? 8 : 300);
    if (failed(checkBufferPlan(func, dims)))
      return failure();
  }
  return success();
}

struct PlanBuffers : impl::PlanBuffersBase<PlanBuffers> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.isExternal() && (failed(Planner(func).run()) || failed(checkSamples(func, 4))))
      signalPassFailure();
  }
};

struct CheckBufferPlan : impl::CheckBufferPlanBase<CheckBufferPlan> {
  using Base::Base;
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.isExternal() && failed(checkSamples(func, samples)))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace seqc
