// SPDX-License-Identifier: Apache-2.0
#include "Grouping.h"
#include "../Common/GroupInfo.h"
#include "../Common/OpKinds.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace seqc::convert {

namespace {
constexpr size_t kMaxOps = 96;      ///< of one kernel
constexpr unsigned kMaxFreeOps = 12; ///< that are computed again in every kernel that needs them
} // namespace

Grouping::Grouping(func::FuncOp func) : func(func) {}

LogicalResult Grouping::run() {
  for (Operation &op : func.getBody().front())
    if (classify(&op) == OpKind::Unsupported)
      return unsupported(op.emitError("'")) << op.getName() << "' is not among the forms that kernels are made of";
  shapes = std::make_unique<ShapeExprs>(func);
  makeSingleUse();
  number();
  SmallVector<Operation *> ops;
  for (Operation &op : func.getBody().front())
    ops.push_back(&op);
  for (Operation *op : ops) {
    OpKind kind = classify(op);
    if (kind == OpKind::View)
      placeView(op);
    else if (isCompute(kind) && !isAttached(op) && failed(place(op)))
      return failure();
  }
  if (failed(placeResults()))
    return failure();
  build();
  return success();
}

void Grouping::number() {
  unsigned n = 0;
  for (Operation &op : func.getBody().front())
    position[&op] = n += 2;
}

//===-- Views and free ops: one per use -------------------------------------===//

/// Positions and what follows from them and from constants alone: cheaper to compute than to read.
bool Grouping::isFree(Operation *op) {
  auto it = freeMemo.find(op);
  if (it != freeMemo.end())
    return it->second;
  OpKind kind = classify(op);
  bool result = isa<seq::IotaOp>(op);
  if (kind == OpKind::View || kind == OpKind::Elementwise) {
    result = llvm::all_of(op->getOperands(), [&](Value v) {
      Operation *def = v.getDefiningOp();
      return !isa<RankedTensorType>(v.getType()) || splatOf(v) || (def && (isa<tensor::EmptyOp>(def) || isFree(def)));
    });
    llvm::SetVector<Operation *> tree;
    if (result && kind == OpKind::Elementwise) {
      collectClosure(op, tree);
      result = tree.size() <= kMaxFreeOps;
    }
  }
  if (kind == OpKind::Elementwise && !result)
    result = isBroadcastOnly(op);
  return freeMemo[op] = result;
}

/// A short elementwise op on memory whose result is only broadcast (1 + weight): computed where it is used.
bool Grouping::isBroadcastOnly(Operation *op) {
  if (classify(op) != OpKind::Elementwise || op->use_empty())
    return false;
  bool spread = llvm::all_of(op->getUsers(), [](Operation *u) { return isa<linalg::BroadcastOp>(u); });
  return spread && llvm::all_of(op->getOperands(), [&](Value v) {
           Operation *def = v.getDefiningOp();
           while (def && classify(def) == OpKind::View)
             def = viewSource(def).get().getDefiningOp();
           return !def || classify(def) == OpKind::Host;
         });
}

/// True for ops that live in the kernel of their only user.
bool Grouping::isAttached(Operation *op) {
  if (classify(op) == OpKind::View)
    return true;
  if (!isFree(op) || !op->hasOneUse())
    return false;
  Operation *user = *op->user_begin();
  while (classify(user) == OpKind::View && user->hasOneUse() && !isa<tensor::ExtractSliceOp>(user))
    user = *user->user_begin();
  OpKind kind = classify(user);
  return kind == OpKind::Elementwise || kind == OpKind::Reduce;
}

void Grouping::makeSingleUse() {
  Block &body = func.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body))) {
    bool view = classify(&op) == OpKind::View;
    if (!view && !(isCompute(classify(&op)) && isFree(&op)))
      continue;
    if (op.use_empty()) {
      op.erase();
      continue;
    }
    OpBuilder b(&op);
    while (!op.getResult(0).hasOneUse()) {
      OpOperand &use = *op.getResult(0).use_begin();
      use.set(b.clone(op)->getResult(0));
    }
  }
  freeMemo.clear();
}

/// `op` and the views and free ops that it reads through.
void Grouping::collectClosure(Operation *op, llvm::SetVector<Operation *> &ops) {
  if (!ops.insert(op))
    return;
  for (Value v : valuesRead(op))
    if (Operation *def = v.getDefiningOp(); def && isa<RankedTensorType>(v.getType()) && classify(def) != OpKind::Host && isAttached(def))
      collectClosure(def, ops);
}

SmallVector<Operation *> Grouping::sorted(const llvm::SetVector<Operation *> &ops) {
  SmallVector<Operation *> list(ops.begin(), ops.end());
  llvm::sort(list, [&](Operation *a, Operation *b) { return position[a] < position[b]; });
  return list;
}

SmallVector<Value> Grouping::outputsOf(const llvm::SetVector<Operation *> &ops) {
  SmallVector<Value> outputs;
  for (Operation *op : sorted(ops))
    for (Value r : op->getResults())
      if (!isAttached(op) && (llvm::any_of(r.getUsers(), [&](Operation *u) { return !ops.contains(u); }) || r.use_empty()))
        outputs.push_back(r);
  return outputs;
}

bool Grouping::isKernel(const llvm::SetVector<Operation *> &ops, Operation **where, std::string *reason) {
  return ops.size() <= kMaxOps && succeeded(GroupInfo::get(sorted(ops), outputsOf(ops), *shapes, where, reason));
}

//===-- Groups --------------------------------------------------------------===//

unsigned Grouping::find(unsigned g) {
  while (mergedInto[g] != g)
    g = mergedInto[g];
  return g;
}

/// A path from group `from` back to its producer `to`; with `direct` false, one through a third group.
bool Grouping::reaches(unsigned from, unsigned to, bool direct) {
  llvm::DenseSet<unsigned> seen;
  SmallVector<unsigned> work;
  for (unsigned d : groups[from].deps)
    if (unsigned g = find(d); g != from && (direct || g != to))
      work.push_back(g);
  while (!work.empty()) {
    unsigned g = work.pop_back_val();
    if (g == to)
      return true;
    if (!seen.insert(g).second)
      continue;
    for (unsigned d : groups[g].deps)
      if (find(d) != g && find(d) != from)
        work.push_back(find(d));
  }
  return false;
}

LogicalResult Grouping::place(Operation *op) {
  if (failed(ensureViews(op)))
    return failure();
  llvm::SetVector<Operation *> closure;
  collectClosure(op, closure);
  unsigned own = groups.size();
  groups.emplace_back();
  mergedInto.push_back(own);
  groups[own].ops = closure;
  llvm::SetVector<unsigned> producers;
  for (Operation *member : closure) {
    groupOf[member] = own;
    for (Value v : valuesRead(member))
      if (Operation *def = v.getDefiningOp(); def && !closure.contains(def))
        if (auto it = groupOf.find(def); it != groupOf.end()) {
          groups[own].deps.insert(find(it->second));
          producers.insert(find(it->second));
        }
  }
  OpKind kind = classify(op);
  if (kind != OpKind::Elementwise && kind != OpKind::Reduce)
    return success();
  SmallVector<unsigned> order(producers.begin(), producers.end());
  llvm::sort(order, std::greater<unsigned>());
  for (unsigned candidate : order) {
    unsigned g = find(candidate), mine = find(own);
    if (g == mine || reaches(mine, g, /*direct=*/false) || reaches(g, mine, /*direct=*/true))
      continue;
    llvm::SetVector<Operation *> merged = groups[g].ops;
    merged.insert(groups[mine].ops.begin(), groups[mine].ops.end());
    if (!groups[g].copies.empty() || !isKernel(merged))
      continue;
    groups[g].ops = std::move(merged);
    groups[g].deps.insert(groups[mine].deps.begin(), groups[mine].deps.end());
    groups[mine].dead = true;
    mergedInto[mine] = g;
  }
  return success();
}

/// A transpose right behind the op that computes its source becomes the layout that the kernel writes, if rows stay rows.
void Grouping::placeView(Operation *op) {
  auto transpose = dyn_cast<linalg::TransposeOp>(op);
  Operation *source = op->getOperand(0).getDefiningOp();
  if (!transpose || !source || !groupOf.count(source) || !source->getResult(0).hasOneUse() || op->getOperand(0) != source->getResult(0))
    return;
  ArrayRef<int64_t> perm = transpose.getPermutation();
  if (perm.empty() || perm.back() != static_cast<int64_t>(perm.size()) - 1)
    return;
  unsigned g = find(groupOf[source]);
  llvm::SetVector<Operation *> with = groups[g].ops;
  op->setAttr(kResultViewAttr, UnitAttr::get(op->getContext()));
  with.insert(op);
  if (!groups[g].copies.empty() || !isKernel(with)) {
    op->removeAttr(kResultViewAttr);
    return;
  }
  groups[g].ops = std::move(with);
  groupOf[op] = g;
}

/// Copies what the op reads through reshapes that strides, or one iteration space, cannot express; then the op alone is a kernel.
LogicalResult Grouping::ensureViews(Operation *op) {
  // A reshape of a view; one of memory never stands in the way.
  auto isReshape = [](Operation *o) {
    Operation *source = o->getOperand(0).getDefiningOp();
    return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(o) && classify(o) == OpKind::View && source && classify(source) == OpKind::View;
  };
  llvm::SetVector<Operation *> closure;
  collectClosure(op, closure);
  for (Operation *member : sorted(closure)) {
    // Only what is read by position must be strided memory; through its dims a kernel reads reshapes itself.
    if (!isa<tensor::ExtractSliceOp>(member) && !isSeqAnchor(member) && classify(member) != OpKind::Source)
      continue;
    for (OpOperand &use : member->getOpOperands()) {
      if (!isa<RankedTensorType>(use.get().getType()) || isa_and_nonnull<tensor::EmptyOp>(use.get().getDefiningOp()) || splatOf(use.get()))
        continue;
      Operation *blocker = nullptr;
      while (failed(viewOf(use.get(), *shapes, &blocker))) {
        if (!blocker)
          return unsupported(op->emitError("expects sizes that follow from the named dims"));
        if (failed(copySource(blocker)))
          return failure();
      }
    }
  }
  while (true) {
    closure.clear();
    collectClosure(op, closure);
    Operation *where = nullptr;
    std::string reason;
    if (isKernel(closure, &where, &reason))
      return success();
    if (!where || !closure.contains(where) || !isReshape(where)) {
      SmallVector<Operation *> ops = sorted(closure);
      auto it = llvm::find_if(llvm::reverse(ops), isReshape);
      where = it == ops.rend() ? nullptr : *it;
    }
    if (!where)
      return unsupported(op->emitError("cannot make a kernel of '")) << op->getName() << "': " << reason;
    if (failed(copySource(where)))
      return failure();
  }
}

LogicalResult Grouping::copySource(Operation *reshape) {
  FailureOr<Value> copy = makeCopy(reshape->getOperand(0), reshape, "a reshape of strided memory");
  if (succeeded(copy))
    reshape->setOperand(0, *copy);
  return copy;
}

/// A group that writes `v` to memory of its own.
FailureOr<Value> Grouping::makeCopy(Value v, Operation *before, StringRef why) {
  before->emitRemark("layout-copy: ") << why << " needs a copy of " << v.getType();
  // The copy is an op of its own that later steps see as memory: a cast to the same type, marked.
  OpBuilder b(before);
  auto cast = tensor::CastOp::create(b, before->getLoc(), v.getType(), v);
  cast->setAttr(kResultViewAttr, b.getUnitAttr());
  position[cast] = position[before] - 1;
  if (failed(ensureViews(cast)))
    return failure();
  unsigned own = groups.size();
  groups.emplace_back();
  mergedInto.push_back(own);
  Group &g = groups[own];
  collectClosure(cast, g.ops);
  for (Operation *member : g.ops) {
    groupOf[member] = own;
    for (Value operand : valuesRead(member))
      if (Operation *def = operand.getDefiningOp(); def && !g.ops.contains(def))
        if (auto it = groupOf.find(def); it != groupOf.end())
          g.deps.insert(find(it->second));
  }
  g.copies.insert(cast.getResult());
  return cast.getResult();
}

LogicalResult Grouping::placeResults() {
  Operation *terminator = func.getBody().front().getTerminator();
  llvm::DenseSet<Value> written;
  for (OpOperand &use : terminator->getOpOperands()) {
    if (!isa<RankedTensorType>(use.get().getType()))
      return func.emitError("expects tensors as results, but got ") << use.get().getType();
    // Reshapes of whole tensors are free; anything else must be in memory as it is.
    Value v = use.get();
    auto isReshape = [](Operation *op) { return isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op) && classify(op) == OpKind::View; };
    while (isReshape(v.getDefiningOp()))
      v = v.getDefiningOp()->getOperand(0);
    Operation *def = v.getDefiningOp();
    bool computed = def && (classify(def) == OpKind::Group || (groupOf.count(def) && !isAttached(def)));
    if (computed && written.insert(v).second)
      continue;
    FailureOr<Value> copy = makeCopy(use.get(), terminator, "a result that is no memory of its own");
    if (failed(copy))
      return failure();
    use.set(*copy);
    written.insert(use.get());
  }
  return success();
}

//===-- IR ------------------------------------------------------------------===//

void Grouping::build() {
  Block &body = func.getBody().front();
  for (Group &g : groups) {
    if (g.dead)
      continue;
    SmallVector<Operation *> ops = sorted(g.ops);
    SmallVector<Value> outputs = outputsOf(g.ops);
    Operation *anchor = nullptr;
    SmallVector<Location> locs;
    for (Operation *op : ops) {
      if (classify(op) == OpKind::Anchor)
        anchor = op;
      if (classify(op) != OpKind::View)
        locs.push_back(op->getLoc());
    }
    StringRef scheme = anchor ? schemeOf(anchor) : "pointwise";
    OpBuilder b(ops.back());
    SmallVector<Type> types = llvm::map_to_vector(outputs, [](Value v) { return v.getType(); });
    auto group = seq::GroupOp::create(b, anchor ? anchor->getLoc() : b.getFusedLoc(locs), types, b.getStringAttr(scheme), DictionaryAttr());
    Block &inner = group.getBody().emplaceBlock();
    for (Operation *op : ops)
      op->moveBefore(&inner, inner.end());
    OpBuilder yieldBuilder = OpBuilder::atBlockEnd(&inner);
    seq::YieldOp::create(yieldBuilder, group.getLoc(), outputs);
    for (auto [from, to] : llvm::zip_equal(outputs, group.getResults()))
      from.replaceUsesWithIf(to, [&](OpOperand &use) { return !group->isAncestor(use.getOwner()); });
  }
  sortTopologically(&body);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace seqc::convert
