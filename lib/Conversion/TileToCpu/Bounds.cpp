// SPDX-License-Identifier: Apache-2.0
#include "Bounds.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Iterators.h"

using namespace mlir;

namespace seqc::cpu {

static int64_t rankOf(Value v) { return cast<RankedTensorType>(v.getType()).getRank(); }
static bool isTile(Value v) { return isa<RankedTensorType>(v.getType()); }

Need Need::join(const Need &o) const {
  if (kind == none || *this == o)
    return o;
  if (o.kind == none)
    return *this;
  Need both;
  both.kind = all;
  return both;
}

static Needs allOf(int64_t rank) {
  Need need;
  need.kind = Need::all;
  return Needs(rank, need);
}

bool Bounds::isOutermost(Value v) const { return v.getParentBlock() == body; }

Needs Bounds::of(Value v) const {
  auto it = needs.find(v);
  return it == needs.end() ? Needs(rankOf(v)) : it->second;
}

void Bounds::require(Value v, const Needs &more) {
  if (!isTile(v))
    return;
  Needs &known = needs.try_emplace(v, Needs(rankOf(v))).first->second;
  for (auto [a, b] : llvm::zip_equal(known, more)) {
    Need joined = a.join(b);
    changed |= !(joined == a);
    a = joined;
  }
}

void Bounds::requireAll(Value v) {
  if (isTile(v))
    require(v, allOf(rankOf(v)));
}

/// Number or value of entry d of a mixed list.
static std::pair<Value, int64_t> mixed(ArrayRef<int64_t> statics, ValueRange dynamics, int64_t d) {
  if (!ShapedType::isDynamic(statics[d]))
    return {Value(), statics[d]};
  size_t place = llvm::count_if(statics.take_front(d), ShapedType::isDynamic);
  Value v = dynamics[place];
  if (std::optional<int64_t> number = getConstantIntValue(v))
    return {Value(), *number};
  return {v, 0};
}

/// Size of dim d of a view. A subview's own size is enough: it ends no later than what it is cut from.
static std::optional<std::pair<Value, int64_t>> viewSize(Value view, int64_t d) {
  if (auto op = view.getDefiningOp<tile::ViewOp>())
    return mixed(op.getStaticSizes(), op.getSizes(), d);
  if (auto op = view.getDefiningOp<tile::SubviewOp>()) {
    SmallVector<bool> dropped = op.droppedDims();
    for (int64_t i = 0; i < static_cast<int64_t>(dropped.size()); ++i)
      if (!dropped[i] && d-- == 0)
        return mixed(op.getStaticSizes(), op.getSizes(), i);
  }
  return std::nullopt;
}

Needs Bounds::ofStore(tile::StoreOp op) const {
  int64_t rank = rankOf(op.getValue()), lead = cast<tile::ViewType>(op.getView().getType()).getRank() - rank;
  Needs result = allOf(rank);
  for (int64_t d = 0; d < rank; ++d) {
    if (llvm::is_contained(op.getInbounds().value_or(ArrayRef<int64_t>()), d + lead))
      continue;
    auto size = viewSize(op.getView(), d + lead);
    if (!size)
      continue;
    Need need;
    need.kind = Need::bounded;
    std::tie(need.size, need.sizeNumber) = *size;
    std::tie(need.coord, need.coordNumber) = mixed(op.getStaticCoords(), op.getCoords(), d + lead);
    if ((!need.size || isOutermost(need.size)) && (!need.coord || isOutermost(need.coord)))
      result[d] = need;
  }
  return result;
}

Needs Bounds::ofReduce(tile::ReduceOp op) const {
  Needs result = allOf(rankOf(op.getT())), kept = of(op.getResult());
  size_t next = 0;
  for (size_t d = 0; d < result.size(); ++d)
    if (!llvm::is_contained(op.getDims(), static_cast<int64_t>(d)))
      result[d] = kept[next++];
  return result;
}

/// Integer division traps on what is left in memory where no value was computed.
static bool canTrap(Operation *op) {
  bool found = false;
  op->walk([&](Operation *inner) { found |= isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(inner); });
  return found;
}

static Needs without(Needs needs, int64_t d) {
  needs.erase(needs.begin() + d);
  return needs;
}

void Bounds::visit(Operation *op) {
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return require(store.getValue(), ofStore(store));
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    return require(reduce.getT(), ofReduce(reduce));
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op))
    return require(broadcast.getT(), without(of(broadcast.getResult()), broadcast.getAt()));
  if (auto transpose = dyn_cast<tile::TransposeOp>(op)) {
    Needs from = of(transpose.getResult()), to(from.size());
    for (auto [i, source] : llvm::enumerate(transpose.getPerm()))
      to[source] = from[i];
    return require(transpose.getT(), to);
  }
  if (auto dot = dyn_cast<tile::DotOp>(op)) {
    Needs result = of(dot.getResult());
    int64_t rank = result.size(), rankB = rankOf(dot.getB());
    Needs a = result, b(result.end() - rankB, result.end());
    a[rank - 1] = allOf(1)[0];
    b[rankB - 2] = allOf(1)[0];
    require(dot.getA(), a);
    require(dot.getB(), b);
    if (dot.getAcc())
      require(dot.getAcc(), result);
    return;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    for (auto [init, arg, yielded, result] :
         llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getBody()->getTerminator()->getOperands(), loop.getResults())) {
      if (!isTile(init))
        continue;
      require(arg, of(result)); // one buffer carries them all
      for (Value v : {init, yielded, Value(result)})
        require(v, of(arg));
    }
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()})
      if (!region->empty())
        for (auto [v, result] : llvm::zip_equal(region->front().getTerminator()->getOperands(), branch.getResults()))
          if (isTile(v))
            require(v, of(result));
    return;
  }
  if (isa<scf::YieldOp>(op) && isa<scf::ForOp, scf::IfOp>(op->getParentOp()))
    return;
  bool elementwise = isa<tile::MapOp>(op) || (op->hasTrait<OpTrait::Elementwise>() && op->getNumResults() == 1 && isTile(op->getResult(0)));
  if (elementwise && !canTrap(op)) {
    for (Value r : op->getResults())
      for (Value v : op->getOperands())
        if (isTile(v))
          require(v, of(r));
    return;
  }
  for (Value v : op->getOperands())
    requireAll(v);
}

Bounds::Bounds(tile::KernelOp kernel) : body(&kernel.getBody().front()) {
  do {
    changed = false;
    kernel.getBody().walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
      // The body of a map works on scalars.
      if (op->getParentOfType<tile::MapOp>() == nullptr)
        visit(op);
    });
  } while (changed);
}

} // namespace seqc::cpu
