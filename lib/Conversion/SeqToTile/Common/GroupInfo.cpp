// SPDX-License-Identifier: Apache-2.0
#include "GroupInfo.h"
#include "OpKinds.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace seqc::convert {

std::optional<Expr> Access::stride(unsigned fine) const {
  for (const auto &[f, s] : strides)
    if (f == fine)
      return s;
  return std::nullopt;
}

/// Strides of the fine dims of a value whose tensor dims have the strides of `view`.
static Access accessOf(OperandView view, const DimLists &lists, const Domain &domain) {
  Access access{std::move(view), {}};
  for (auto [d, list] : llvm::enumerate(lists)) {
    Expr stride = access.view.dims[d].stride;
    if (stride.isConst(0))
      continue;
    for (unsigned f : llvm::reverse(list)) {
      access.strides.push_back({f, stride});
      stride = stride * domain.fine(f).size;
    }
  }
  return access;
}

Access GroupInfo::read(Value v, const DimLists &lists, ShapeExprs &shapes) const {
  FailureOr<OperandView> view = viewOf(v, shapes);
  assert(succeeded(view) && "checked by collectAccesses");
  return accessOf(*view, lists, dom);
}

Access GroupInfo::read(OpOperand &use, ShapeExprs &shapes) const {
  OpOperand *leaf = &use;
  for (Operation *def = use.get().getDefiningOp(); def && llvm::is_contained(operations, def); def = leaf->get().getDefiningOp()) {
    if (classify(def) != OpKind::View || isa<tensor::ExtractSliceOp>(def))
      break;
    leaf = &viewSource(def);
  }
  return read(leaf->get(), dims(*leaf), shapes);
}

Access GroupInfo::write(Value output) const {
  Access access{{Value(), Expr(0), {}}, {}};
  Expr stride(1);
  SmallVector<unsigned> fines = flatten(dom.of(output));
  for (unsigned f : llvm::reverse(fines)) {
    access.strides.push_back({f, stride});
    stride = stride * dom.fine(f).size;
  }
  return access;
}

SmallVector<unsigned> GroupInfo::axesOf(const DimLists &lists) const {
  SmallVector<unsigned> axes;
  for (unsigned f : flatten(lists))
    if (!llvm::is_contained(axes, axisOf(f)))
      axes.push_back(axisOf(f));
  llvm::sort(axes);
  return axes;
}

bool GroupInfo::hasReduced(const DimLists &lists) const {
  return llvm::any_of(flatten(lists), [&](unsigned f) { return dom.fine(f).reduced; });
}

FailureOr<GroupInfo> GroupInfo::get(Operation *group, ShapeExprs &shapes, Operation **where, std::string *reason) {
  Block &body = group->getRegion(0).front();
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    if (classify(&op) != OpKind::Host)
      ops.push_back(&op);
  return get(ops, llvm::to_vector(body.getTerminator()->getOperands()), shapes, where, reason);
}

FailureOr<GroupInfo> GroupInfo::get(ArrayRef<Operation *> ops, ArrayRef<Value> outputs, ShapeExprs &shapes, Operation **where, std::string *reason) {
  Operation *at = nullptr;
  std::string why;
  for (bool shareReads : {true, false}) {
    at = ops.empty() ? nullptr : ops.front();
    why = "its dims do not fit one iteration space";
    FailureOr<Domain> domain = Domain::infer(ops, outputs, shapes, shareReads, &at);
    if (failed(domain))
      continue;
    GroupInfo info;
    info.operations.assign(ops.begin(), ops.end());
    info.results.assign(outputs.begin(), outputs.end());
    info.dom = std::move(*domain);
    if (!info.collectAccesses(shapes, at, why) || !info.checkStructure(why))
      continue;
    info.orderFines();
    info.makeAxes();
    return info;
  }
  if (where)
    *where = at;
  if (reason)
    *reason = why;
  return failure();
}

bool GroupInfo::computes(Value v) const {
  Operation *def = v.getDefiningOp();
  while (def && classify(def) == OpKind::View && llvm::is_contained(operations, def))
    def = viewSource(def).get().getDefiningOp();
  return def && llvm::is_contained(operations, def);
}

bool GroupInfo::checkStructure(std::string &reason) {
  auto no = [&](const char *why) {
    reason = why;
    return false;
  };
  for (Operation *op : dom.live()) {
    if (!isa<tensor::DimOp>(op) && llvm::any_of(op->getOperands(), [&](Value v) { return isSideResult(v) && llvm::is_contained(operations, v.getDefiningOp()); }))
      return no("it reads a side result of its own anchor");
    if (classify(op) == OpKind::Anchor) {
      if (anchorOp)
        return no("it has two anchors");
      anchorOp = op;
    }
    if (auto reduce = dyn_cast<linalg::ReduceOp>(op)) {
      if (reduceKind(reduce).empty())
        return no("its reduction is none of add, mul, max, min, and, or");
      reduceOps.push_back(reduce);
    }
  }
  // Every reduction reduces all reduced dims over all other dims.
  for (linalg::ReduceOp op : reduceOps) {
    if (anchorOp)
      return no("a reduction cannot follow the anchor in one kernel");
    SmallVector<unsigned> in = flatten(dims(op->getOpOperand(0)));
    bool all = llvm::all_of(dom.all(), [&](auto &entry) { return llvm::is_contained(in, entry.first); });
    if (!all || hasReduced(dom.of(op->getResult(0))))
      return no("its reductions run over different dims");
  }
  if (anchorOp && !hasEpilogue(anchorOp))
    return dom.live().size() == 1 || no("nothing follows its anchor in one kernel");
  // A result is written once: it has all dims that the grid runs over.
  for (Value v : results) {
    if (isSideResult(v))
      continue;
    SmallVector<unsigned> own = flatten(dom.of(v));
    bool side = anchorOp && llvm::is_contained(anchorOp->getResults(), v);
    for (auto &[id, fine] : dom.all())
      if (!side && !fine.reduced && !llvm::is_contained(own, id))
        return no("a result lacks a dim of the iteration space");
  }
  if (!anchorOp)
    return true;
  SmallVector<unsigned> own = flatten(dom.of(anchorOp->getResult(0)));
  for (auto &[id, fine] : dom.all())
    if (!fine.reduced && !llvm::is_contained(own, id))
      return no("its epilogue has a dim that the anchor lacks");
  if (llvm::any_of(valuesRead(anchorOp), [&](Value v) { return computes(v); }))
    return no("the anchor reads a value of its own kernel");
  // Rows of packed sequences are stored sequence by sequence, without an epilogue.
  auto packed = dyn_cast<seq::AttentionOp>(anchorOp);
  if (packed && packed.isPacked() && llvm::any_of(dom.live(), [](Operation *op) { return classify(op) == OpKind::Elementwise; }))
    return no("packed attention has no epilogue");
  return true;
}

bool GroupInfo::addAccess(Value v, const DimLists &lists, ShapeExprs &shapes, Operation *&where, std::string &reason) {
  Operation *blocker = nullptr;
  FailureOr<OperandView> view = viewOf(v, shapes, &blocker);
  if (failed(view)) {
    where = blocker ? blocker : where;
    reason = blocker ? "a reshape of strided memory needs a copy" : "a size is not an expression in the named dims";
    return false;
  }
  accesses.push_back(accessOf(*view, lists, dom));
  return true;
}

DimLists gatherIndexDims(Operation *op, const DimLists &result) {
  int64_t leading = cast<RankedTensorType>(op->getOperand(1).getType()).getRank() - 1;
  DimLists lists(result.begin(), result.begin() + leading);
  lists.push_back({});
  return lists;
}

DimLists gatherSourceDims(Operation *op, const DimLists &result) {
  auto gather = cast<tensor::GatherOp>(op);
  int64_t rank = gather.getSourceType().getRank(), next = cast<RankedTensorType>(op->getOperand(1).getType()).getRank() - 1;
  bool keepsUnits = static_cast<int64_t>(result.size()) == next + rank;
  DimLists lists;
  for (int64_t d = 0; d < rank; ++d) {
    bool gathered = llvm::is_contained(gather.getGatherDims(), d);
    lists.push_back(gathered ? FineList{} : result[next]);
    next += !gathered || keepsUnits;
  }
  return lists;
}

/// Ops that read their operands by position: their shifted dims stay dims of their own.
bool GroupInfo::collectSource(Operation *op, ShapeExprs &shapes, Operation *&where, std::string &reason) {
  DimLists out = dom.of(op->getResult(0));
  SmallVector<int64_t> positional;
  if (auto iota = dyn_cast<seq::IotaOp>(op)) {
    solid.insert(out[iota.getDim()].begin(), out[iota.getDim()].end());
  } else if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    positional.push_back(concat.getDim());
  } else if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    for (auto [d, low, high] : llvm::enumerate(pad.getMixedLowPad(), pad.getMixedHighPad()))
      if (!isConstantIntValue(low, 0) || !isConstantIntValue(high, 0))
        positional.push_back(d);
  }
  for (int64_t d : positional) {
    if (out[d].size() != 1)
      return reason = "a padded or joined dim is reshaped", false;
    solid.insert(out[d].front());
  }
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    if (!isa<RankedTensorType>(operand.getType()))
      continue;
    bool gather = isa<tensor::GatherOp>(op);
    if (!addAccess(operand, !gather ? out : i == 1 ? gatherIndexDims(op, out) : gatherSourceDims(op, out), shapes, where, reason))
      return false;
  }
  return true;
}

bool GroupInfo::collectAccesses(ShapeExprs &shapes, Operation *&where, std::string &reason) {
  for (Operation *op : dom.live()) {
    where = op;
    if (isa<tensor::ExtractSliceOp>(op)) {
      if (!addAccess(op->getResult(0), dom.of(op->getResult(0)), shapes, where, reason))
        return false;
    } else if (classify(op) == OpKind::Source) {
      if (!collectSource(op, shapes, where, reason))
        return false;
    } else {
      for (OpOperand &use : op->getOpOperands())
        if (dom.isLeafUse(use) && !addAccess(use.get(), dom.of(use), shapes, where, reason))
          return false;
    }
  }
  for (Value v : results) {
    if (!v.getDefiningOp() || !llvm::is_contained(operations, v.getDefiningOp()))
      if (!addAccess(v, dom.of(v), shapes, where, reason))
        return false;
    if (!isSideResult(v))
      accesses.push_back(write(v));
  }
  return true;
}

/// The order of the value that spans most: of a reduction its input, else a result.
void GroupInfo::orderFines() {
  auto append = [&](const DimLists &lists) {
    for (unsigned f : flatten(lists))
      if (!llvm::is_contained(fineOrder, f))
        fineOrder.push_back(f);
  };
  if (anchorOp)
    append(dom.of(anchorOp->getResult(0)));
  else if (!reduceOps.empty())
    append(dims(reduceOps.front()->getOpOperand(0)));
  for (Value v : results)
    if (!isSideResult(v))
      append(dom.of(v));
  for (auto &entry : dom.all())
    if (!llvm::is_contained(fineOrder, entry.first))
      fineOrder.push_back(entry.first);
}

void GroupInfo::makeAxes() {
  auto joins = [&](unsigned outer, unsigned inner) {
    if (solid.count(outer) || solid.count(inner) || dom.fine(outer).reduced != dom.fine(inner).reduced)
      return false;
    return llvm::all_of(accesses, [&](const Access &a) {
      std::optional<Expr> so = a.stride(outer), si = a.stride(inner);
      return !so && !si ? true : so && si && *so == *si * dom.fine(inner).size;
    });
  };
  axisList.push_back(Axis());
  for (unsigned f : fineOrder) {
    bool join = !axisList.back().fines.empty() && joins(axisList.back().fines.back(), f);
    // The matrix dims of an anchor never merge with each other or with batch dims.
    if (join && anchorOp)
      for (const FineList &list : dom.of(anchorOp->getResult(0)))
        join = join && llvm::is_contained(list, f) == llvm::is_contained(list, axisList.back().fines.back());
    if (!join)
      axisList.push_back(Axis());
    Axis &axis = axisList.back();
    axis.fines.push_back(f);
    axis.size = axis.size * dom.fine(f).size;
    axis.reduced = dom.fine(f).reduced;
    fineToAxis[f] = axisList.size() - 1;
  }
}

} // namespace seqc::convert
