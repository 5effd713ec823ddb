// SPDX-License-Identifier: Apache-2.0
#include "Domain.h"
#include "OpKinds.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc::convert {

SmallVector<unsigned> flatten(const DimLists &lists) {
  SmallVector<unsigned> all;
  for (const FineList &list : lists)
    llvm::append_range(all, list);
  return all;
}

const DimLists &Domain::of(OpOperand &use) const {
  auto it = values.find(use.get());
  return it != values.end() ? it->second : uses.find(&use)->second;
}

/// Union-find over dims whose members may also be split into products.
class DomainBuilder {
public:
  DomainBuilder(ArrayRef<Operation *> ops, ShapeExprs &shapes) : ops(ops), shapes(shapes) {}

  FailureOr<Domain> build(ArrayRef<Value> outputs, bool shareReads, Operation **where) {
    for (Operation *op : ops)
      if (failed(addValues(op)) || failed(relate(op))) {
        if (where)
          *where = op;
        return failure();
      }
    if (shareReads && failed(share()))
      return failure();
    for (Value v : outputs) // a value that is only copied
      if (!domain.values.count(v)) {
        FailureOr<DimLists> lists = fresh(v);
        if (failed(lists))
          return failure();
        domain.values[v] = *lists;
      }
    for (unsigned d : reducedNodes)
      for (unsigned f : resolve({d}))
        nodes[f].reduced = true;
    return collect(outputs, where);
  }

private:
  struct Node {
    Expr size;
    bool reduced = false;
    std::optional<unsigned> alias;
    FineList split;
  };

  unsigned make(const Expr &size) {
    nodes.push_back({size, false, std::nullopt, {}});
    return nodes.size() - 1;
  }

  FailureOr<DimLists> fresh(Value v) {
    std::optional<SmallVector<Expr>> sizes = shapes.shape(v);
    if (!sizes)
      return failure();
    DimLists lists;
    for (const Expr &e : *sizes)
      lists.push_back(e.isConst(1) ? FineList{} : FineList{make(e)});
    return lists;
  }

  LogicalResult addValues(Operation *op) {
    for (Value r : op->getResults()) {
      FailureOr<DimLists> lists = fresh(r);
      if (failed(lists))
        return failure();
      domain.values[r] = *lists;
    }
    for (OpOperand &use : op->getOpOperands()) {
      if (!isa<RankedTensorType>(use.get().getType()) || domain.values.count(use.get()))
        continue;
      FailureOr<DimLists> lists = fresh(use.get());
      if (failed(lists))
        return failure();
      domain.uses[&use] = *lists;
    }
    return success();
  }

  FineList resolve(const FineList &list) const {
    FineList out;
    for (unsigned d : list) {
      const Node &n = nodes[d];
      if (n.alias)
        llvm::append_range(out, resolve({*n.alias}));
      else if (!n.split.empty())
        llvm::append_range(out, resolve(n.split));
      else
        out.push_back(d);
    }
    return out;
  }

  void alias(unsigned from, unsigned to) {
    if (nodes[from].size.isConst() && !nodes[to].size.isConst())
      nodes[to].size = nodes[from].size;
    nodes[from].alias = to;
  }

  /// Equates two dims, as products.
  LogicalResult equate(const FineList &a, const FineList &b) {
    FineList x = resolve(a), y = resolve(b);
    if (x.size() == 1 && y.size() == 1) { // equal by the rule of the op, however the sizes are written
      if (x[0] != y[0])
        alias(y[0], x[0]);
      return success();
    }
    while (!x.empty() && !y.empty()) {
      unsigned p = x.back(), q = y.back();
      if (p != q) {
        if (nodes[p].size == nodes[q].size) {
          alias(q, p);
        } else if (std::optional<Expr> outer = exactQuotient(nodes[p].size, nodes[q].size)) {
          nodes[p].split = {make(*outer), q};
        } else if (std::optional<Expr> outer = exactQuotient(nodes[q].size, nodes[p].size)) {
          nodes[q].split = {make(*outer), p};
        } else {
          return failure();
        }
        x = resolve(x), y = resolve(y);
      }
      x.pop_back(), y.pop_back();
    }
    return success(x.empty() && y.empty());
  }

  LogicalResult equateAll(const DimLists &a, const DimLists &b) {
    for (auto [x, y] : llvm::zip_equal(a, b))
      if (failed(equate(x, y)))
        return failure();
    return success();
  }

  /// dims[i] of `whole` is the concatenation of the dims of `parts` listed in groups[i].
  LogicalResult equateReshape(const DimLists &whole, const DimLists &parts, ArrayRef<ReassociationIndices> groups) {
    for (auto [w, group] : llvm::zip_equal(whole, groups)) {
      FineList joined;
      for (int64_t p : group)
        llvm::append_range(joined, parts[p]);
      if (failed(equate(w, joined)))
        return failure();
    }
    return success();
  }

  /// Equates the dims of all reads of one tensor, and of equal slices of one tensor.
  LogicalResult share() {
    llvm::MapVector<Value, OpOperand *> first;
    SmallVector<tensor::ExtractSliceOp> slices;
    for (Operation *op : ops) {
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
        for (tensor::ExtractSliceOp other : slices)
          if (OperationEquivalence::isEquivalentTo(slice, other, OperationEquivalence::exactValueMatch, nullptr, OperationEquivalence::IgnoreLocations))
            if (failed(equateAll(domain.values[slice.getResult()], domain.values[other.getResult()])))
              return failure();
        slices.push_back(slice);
      }
      if (readsByPosition(op) || classify(op) == OpKind::Anchor)
        continue;
      for (OpOperand &use : op->getOpOperands()) {
        if (!domain.uses.count(&use) || !counts(use))
          continue;
        auto [it, isNew] = first.insert({use.get(), &use});
        if (!isNew && failed(equateAll(domain.uses[it->second], domain.uses[&use])))
          return failure();
      }
    }
    return success();
  }

  void reduce(const FineList &list) { llvm::append_range(reducedNodes, list); }

  LogicalResult relate(Operation *op) {
    auto in = [&](unsigned i) -> DimLists { return domain.of(op->getOpOperand(i)); };
    DimLists out = domain.of(op->getResult(0));
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](linalg::TransposeOp t) -> LogicalResult {
          DimLists source = in(0);
          for (auto [d, p] : llvm::enumerate(t.getPermutation()))
            if (failed(equate(out[d], source[p])))
              return failure();
          return success();
        })
        .Case([&](linalg::BroadcastOp b) -> LogicalResult {
          DimLists source = in(0);
          for (int64_t d = 0, next = 0; d < static_cast<int64_t>(out.size()); ++d)
            if (!llvm::is_contained(b.getDimensions(), d) && failed(equate(out[d], source[next++])))
              return failure();
          return success();
        })
        .Case([&](tensor::ExpandShapeOp e) { return equateReshape(in(0), out, e.getReassociationIndices()); })
        .Case([&](tensor::CollapseShapeOp c) { return equateReshape(out, in(0), c.getReassociationIndices()); })
        .Case([&](tensor::CastOp) { return equateAll(out, in(0)); })
        // Only a slice of memory is a view: the source must come from outside the set (seen through views).
        .Case([&](tensor::ExtractSliceOp s) { return success(readsMemory(s.getSource())); })
        .Case([&](linalg::ReduceOp r) -> LogicalResult {
          DimLists source = in(0);
          int64_t kept = 0;
          for (int64_t d = 0; d < static_cast<int64_t>(source.size()); ++d)
            if (llvm::is_contained(r.getDimensions(), d))
              reduce(source[d]);
            else if (failed(equate(out[kept++], source[d])))
              return failure();
          return splatOf(r.getInits()[0]) ? success() : equateAll(out, in(1));
        })
        .Case<linalg::MatmulOp, linalg::BatchMatmulOp>([&](auto m) -> LogicalResult {
          DimLists a = in(0), b = in(1);
          size_t rank = out.size();
          for (size_t d = 0; d + 2 < rank; ++d)
            if (failed(equate(out[d], a[d])) || failed(equate(out[d], b[d])))
              return failure();
          reduce(a[rank - 1]);
          if (failed(equate(out[rank - 2], a[rank - 2])) || failed(equate(out[rank - 1], b[rank - 1])) || failed(equate(a[rank - 1], b[rank - 2])))
            return failure();
          return splatOf(op->getOperand(2)) ? success() : equateAll(out, in(2));
        })
        .Case([&](seq::AttentionOp a) -> LogicalResult {
          DimLists q = in(0);
          for (size_t d = 0; d < 3; ++d)
            if (failed(equate(out[d], q[d])))
              return failure();
          if (!a.hasLse())
            return success();
          DimLists lse = domain.of(a.getLse());
          for (size_t d = 0; d < 3; ++d)
            if (failed(equate(lse[d], out[d])))
              return failure();
          return success();
        })
        .Case<seq::LinearScanOp, seq::SelectiveScanOp, seq::ButterflyOp, seq::SsmKernelOp>([](auto) { return success(); })
        .Case<seq::LongConvOp, seq::ShortConvOp>([&](auto) { return equateAll(out, in(0)); })
        .Case<tensor::GatherOp, tensor::PadOp, tensor::ConcatOp, seq::IotaOp>([&](auto source) -> LogicalResult {
          return success(llvm::all_of(source->getOperands(), [&](Value v) { return !isa<RankedTensorType>(v.getType()) || readsMemory(v); }));
        })
        .Default([&](Operation *) -> LogicalResult {
          for (OpOperand &use : op->getOpOperands())
            if (!splatOf(use.get()) && failed(equateAll(out, domain.of(use))))
              return failure();
          return success();
        });
  }

  /// True if no op of the set but views computes `v`.
  bool readsMemory(Value v) const {
    Operation *op = v.getDefiningOp();
    while (op && llvm::is_contained(ops, op)) {
      if (classify(op) != OpKind::View)
        return false;
      op = viewSource(op).get().getDefiningOp();
    }
    return true;
  }

  /// Marks the ops that count: not the views below slices and sources, which are read through strides.
  void markLive(Value v, llvm::DenseSet<Operation *> &live) {
    Operation *op = v.getDefiningOp();
    if (!op || !llvm::is_contained(ops, op) || !live.insert(op).second)
      return;
    if (readsByPosition(op))
      return;
    for (OpOperand &use : op->getOpOperands())
      if (counts(use))
        markLive(use.get(), live);
  }

  static bool readsByPosition(Operation *op) { return isa<tensor::ExtractSliceOp>(op) || isSeqAnchor(op) || classify(op) == OpKind::Source; }
  /// True unless the use is a destination without meaning, or of a constant.
  static bool counts(OpOperand &use) {
    bool destination = isa<linalg::BroadcastOp, linalg::TransposeOp, linalg::MapOp>(use.getOwner()) && cast<DestinationStyleOpInterface>(use.getOwner()).isDpsInit(&use);
    return isa<RankedTensorType>(use.get().getType()) && !destination && !splatOf(use.get());
  }

  FailureOr<Domain> collect(ArrayRef<Value> outputs, Operation **where) {
    for (auto &entry : domain.values)
      for (FineList &list : entry.second)
        list = resolve(list);
    for (auto &entry : domain.uses)
      for (FineList &list : entry.second)
        list = resolve(list);
    llvm::DenseSet<Operation *> live;
    for (Value v : outputs) {
      markLive(v, live);
      if (!isSideResult(v) && failed(collect(domain.values[v])))
        return failure();
    }
    for (Operation *op : ops) {
      if (!live.count(op))
        continue;
      domain.liveOps.push_back(op);
      bool ok = llvm::all_of(op->getResults(), [&](Value r) { return isSideResult(r) || succeeded(collect(domain.values[r])); });
      for (OpOperand &use : op->getOpOperands()) {
        auto it = domain.uses.find(&use);
        if (it == domain.uses.end() || readsByPosition(op) || !counts(use))
          continue;
        ok = ok && succeeded(collect(it->second));
        domain.leaves.insert(&use);
      }
      if (!ok) {
        if (where)
          *where = op;
        return failure();
      }
    }
    return std::move(domain);
  }

  LogicalResult collect(const DimLists &lists) {
    llvm::DenseSet<unsigned> seen;
    for (unsigned f : flatten(lists)) {
      if (!seen.insert(f).second)
        return failure(); // a diagonal
      domain.fines.insert({f, {nodes[f].size, nodes[f].reduced}});
    }
    return success();
  }

  ArrayRef<Operation *> ops;
  ShapeExprs &shapes;
  Domain domain;
  std::vector<Node> nodes;
  FineList reducedNodes;
};

FailureOr<Domain> Domain::infer(ArrayRef<Operation *> ops, ArrayRef<Value> outputs, ShapeExprs &shapes, bool shareReads, Operation **where) {
  return DomainBuilder(ops, shapes).build(outputs, shareReads, where);
}

} // namespace seqc::convert
