// SPDX-License-Identifier: Apache-2.0
#include "LayoutSolver.h"
#include "seqc/Layout/Factories.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::DigitMap;

namespace seqc::tile {

bool isRematerialised(Value v) { return isa_and_nonnull<arith::ConstantOp, SplatOp, IotaOp>(v.getDefiningOp()); }

static bool isTile(Value v) { return isa<RankedTensorType>(v.getType()); }
static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

template <class T> static std::optional<T> ok(llvm::Expected<T> e) {
  if (e)
    return std::move(*e);
  llvm::consumeError(e.takeError());
  return std::nullopt;
}

//===-- Algebra of shape ops ------------------------------------------------------===//

static DigitMap dropDims(DigitMap map, ArrayRef<int64_t> dims) {
  for (int64_t d : llvm::reverse(dims))
    map = map.dropDim(d);
  return map;
}

/// One coordinate of each of `dims`, then without them.
static std::optional<DigitMap> pick(std::optional<DigitMap> map, ArrayRef<int64_t> dims, int64_t index) {
  for (int64_t d : llvm::reverse(dims)) {
    if (!map)
      return map;
    int64_t extent = map->shape()[d];
    map = ok(map->slice(d, index % extent, 1));
    index /= extent;
    if (map)
      map = map->dropDim(d);
  }
  return map;
}

std::optional<DigitMap> resultLayout(Operation *op, unsigned result, const DigitMap &operand) {
  return llvm::TypeSwitch<Operation *, std::optional<DigitMap>>(op)
      .Case([&](ReduceOp r) { return dropDims(operand, r.getDims()); })
      .Case([&](TransposeOp t) { return operand.transpose(llvm::to_vector_of<int>(t.getPerm())); })
      .Case([&](ReshapeOp r) { return ok(operand.reshape(r.getType().getShape())); })
      .Case([&](SliceOp s) -> std::optional<DigitMap> {
        std::optional<DigitMap> map = operand;
        for (int64_t d = 0; map && d < map->rank(); ++d)
          if (s.getSizes()[d] != map->shape()[d])
            map = ok(map->slice(d, s.getOffsets()[d], s.getSizes()[d]));
        return map;
      })
      .Case([&](SplitOp s) { return pick(operand, s.getDims(), result); })
      .Case([&](JoinOp j) -> std::optional<DigitMap> {
        DigitMap map = operand;
        for (int64_t d : j.getDims())
          map = map.stack(d, j.getType().getDimSize(d));
        return map;
      })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<DigitMap> operandLayout(Operation *op, unsigned operand, const DigitMap &result) {
  return llvm::TypeSwitch<Operation *, std::optional<DigitMap>>(op)
      .Case([&](BroadcastOp b) { return result.dropDim(b.getAt()); })
      .Case([&](TransposeOp t) {
        SmallVector<int> inverse(t.getPerm().size());
        for (auto [i, p] : llvm::enumerate(t.getPerm()))
          inverse[p] = i;
        return result.transpose(inverse);
      })
      .Case([&](ReshapeOp r) { return ok(result.reshape(r.getT().getType().getShape())); })
      .Case([&](JoinOp j) { return pick(result, j.getDims(), operand); })
      .Case([&](GatherOp g) -> std::optional<DigitMap> {
        int64_t kept = g.getDim() - (cast<ViewType>(g.getView().getType()).getRank() - g.getType().getRank());
        DigitMap map = result;
        for (int64_t d = map.rank(); d-- > 0;)
          if (d != kept)
            map = map.dropDim(d);
        return map;
      })
      .Default([](Operation *) { return std::nullopt; });
}

DigitMap withSteps(const DigitMap &part, int64_t dim, int64_t steps) {
  DigitMap stacked = part.stack(dim, steps);
  layout::MapBuilder builder(stacked.shape());
  builder.add(Axis::Reg, steps, 1, dim);
  for (Axis a : {Axis::Reg, Axis::Lane, Axis::Warp})
    for (const layout::Digit &d : stacked.digits(a))
      if (d.dim != dim)
        builder.add(a, d);
  return builder.buildExact();
}

//===-- Classes --------------------------------------------------------------------===//

LayoutSolver::LayoutSolver(KernelOp kernel, int numWarps) : kernel(kernel), numWarps(numWarps) {
  kernel.getBody().walk([&](Operation *op) { collect(op); });
  layouts.resize(parents.size());
  kernel.getBody().walk([&](Operation *op) { anchors(op); });
  propagate();
  assignFreely();
}

unsigned LayoutSolver::idOf(Value v) {
  auto [it, isNew] = ids.insert({v, parents.size()});
  if (isNew)
    parents.push_back(parents.size());
  return it->second;
}

unsigned LayoutSolver::root(unsigned i) {
  while (parents[i] != i)
    i = parents[i] = parents[parents[i]];
  return i;
}

void LayoutSolver::unite(Value a, Value b) {
  if (!isTile(a) || isRematerialised(a) || isRematerialised(b))
    return;
  unsigned ra = find(a), rb = find(b);
  if (ra != rb)
    parents[std::max(ra, rb)] = std::min(ra, rb);
}

void LayoutSolver::uniteAll(ValueRange values) {
  Value first;
  for (Value v : values) {
    if (!isTile(v) || isRematerialised(v))
      continue;
    if (first)
      unite(first, v);
    else
      first = v;
  }
}

/// Values that control flow passes on.
void LayoutSolver::collectControl(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    for (auto [init, arg, next, result] : llvm::zip_equal(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues(), loop.getResults()))
      uniteAll({arg, result, next, init});
  if (auto branch = dyn_cast<scf::IfOp>(op); branch && branch.getNumResults())
    for (auto [a, b, result] : llvm::zip_equal(branch.thenYield().getOperands(), branch.elseYield().getOperands(), branch.getResults()))
      uniteAll({result, a, b});
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    for (auto [init, arg, next] : llvm::zip_equal(loop.getInits(), loop.getBeforeArguments(), loop.getYieldOp().getOperands()))
      uniteAll({arg, init, next});
    for (auto [arg, passed, result] : llvm::zip_equal(loop.getAfterArguments(), loop.getConditionOp().getArgs(), loop.getResults()))
      uniteAll({arg, passed, result});
  }
  if (auto recur = dyn_cast<RecurOp>(op)) {
    Block &body = recur.getBody().front();
    size_t states = recur.getInits().size();
    for (size_t i = 0; i < states; ++i)
      uniteAll({body.getArgument(i), recur.getInits()[i], body.getTerminator()->getOperand(i), recur.getResult(i)});
  }
}

void LayoutSolver::collect(Operation *op) {
  for (Value v : op->getResults())
    if (isTile(v) && !isRematerialised(v))
      idOf(v);
  for (Region &region : op->getRegions())
    for (BlockArgument a : region.getArguments())
      if (isTile(a))
        idOf(a);
  collectControl(op);
  bool isElementwise = isa<arith::ArithDialect, math::MathDialect>(op->getDialect());
  if (isElementwise || isa<MapOp, ScanOp>(op)) {
    SmallVector<Value> tiles(op->getOperands());
    llvm::append_range(tiles, op->getResults());
    uniteAll(tiles);
  } else if (auto dot = dyn_cast<DotOp>(op); dot && dot.getAcc()) {
    unite(dot.getResult(), dot.getAcc());
  } else if (isa<BroadcastOp, ReduceOp, TransposeOp, ReshapeOp, SliceOp, SplitOp, JoinOp, GatherOp>(op)) {
    edges.push_back(op);
  } else if (isa<RecurOp>(op)) {
    edges.push_back(op);
  }
}

//===-- Anchors and spreading --------------------------------------------------------===//

void LayoutSolver::anchor(Value v, const DigitMap &map) {
  if (isRematerialised(v))
    return;
  if (std::optional<DigitMap> &slot = layouts[find(v)]; !slot)
    slot = map;
}

DigitMap LayoutSolver::inRegisters(RankedTensorType type, ArrayRef<int64_t> dims) const {
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!llvm::is_contained(dims, d))
      kept.push_back(type.getDimSize(d));
  int bits = std::max(8u, type.getElementTypeBitWidth());
  DigitMap map = layout::blocked(kept, bits, numWarps, bits / 8);
  for (int64_t d : dims)
    map = map.stack(d, type.getDimSize(d));
  return map;
}

/// [rows, states]: the states of a row in one thread, or in as many neighbouring lanes as it takes to give every thread some.
DigitMap LayoutSolver::statesLayout(RankedTensorType type) const {
  int64_t rows = type.getDimSize(0), states = type.getDimSize(1), threads = numWarps * layout::kWarpSize, lanes = 1;
  while (states % (2 * lanes) == 0 && rows * 2 * lanes <= threads)
    lanes *= 2;
  int bits = std::max(8u, type.getElementTypeBitWidth());
  DigitMap spread = layout::blocked({rows, lanes}, bits, numWarps, bits / 8).stack(2, states / lanes);
  std::optional<DigitMap> map = ok(spread.reshape(type.getShape()));
  assert(map && "lanes and registers of a row are digits of its states");
  return *map;
}

void LayoutSolver::anchors(Operation *op) {
  if (auto dot = dyn_cast<DotOp>(op))
    anchor(dot.getResult(), accumulatorLayout(dot.getType().getShape(), dot.getType().getElementTypeBitWidth(), numWarps));
  if (auto scan = dyn_cast<ScanOp>(op))
    anchor(scan.getResult(0), inRegisters(typeOf(scan.getResult(0)), static_cast<int64_t>(scan.getDim())));
  auto recur = dyn_cast<RecurOp>(op);
  if (!recur)
    return;
  int64_t dim = recur.getDim();
  Block &body = recur.getBody().front();
  size_t states = recur.getInits().size();
  // Matrices of states decide; what the body reads beside them follows from its broadcasts.
  for (Value state : body.getArguments().take_front(states))
    if (typeOf(state).getRank() == 2)
      anchor(state, statesLayout(typeOf(state)));
  if (states && typeOf(body.getArgument(0)).getRank() == 2)
    return;
  for (auto [i, input] : llvm::enumerate(recur.getInputs())) {
    DigitMap step = inRegisters(typeOf(input), dim).dropDim(dim);
    anchor(input, withSteps(step, dim, typeOf(input).getDimSize(dim)));
    anchor(body.getArgument(states + i), step);
  }
}

/// True for an input of a recurrence that is the same for all states of a row: it is computed in its own layout, once, and exchanged in the warp.
static bool goesAlongRows(Value argument) {
  return llvm::all_of(argument.getUsers(), [](Operation *user) {
    auto broadcast = dyn_cast<BroadcastOp>(user);
    return !broadcast || broadcast.getAt() == 1;
  });
}

/// Spreads known layouts over one op; true if a class got one.
bool LayoutSolver::propagate(Operation *op) {
  bool changed = false;
  auto assign = [&](Value v, std::optional<DigitMap> map) {
    if (!map || isRematerialised(v) || layouts[find(v)])
      return;
    layouts[find(v)] = std::move(*map);
    changed = true;
  };
  if (auto recur = dyn_cast<RecurOp>(op)) { // the folded dim is one of registers
    Block &body = recur.getBody().front();
    size_t states = recur.getInits().size();
    int64_t dim = recur.getDim(), steps = typeOf(recur.getInputs()[0]).getDimSize(dim);
    auto follow = [&](Value whole, Value part) {
      if (!isRematerialised(part) && layouts[find(part)])
        assign(whole, withSteps(of(part), dim, steps));
    };
    bool isMatrix = states && typeOf(body.getArgument(0)).getRank() == 2;
    for (auto [i, input] : llvm::enumerate(recur.getInputs()))
      if (!isMatrix || !goesAlongRows(body.getArgument(states + i)))
        follow(input, body.getArgument(states + i));
    for (size_t i = states; i < recur.getNumResults() && !isMatrix; ++i)
      follow(recur.getResult(i), body.getTerminator()->getOperand(i));
    return changed;
  }
  auto known = [&](Value v) { return isTile(v) && !isRematerialised(v) && layouts[find(v)]; };
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    for (auto [j, operand] : llvm::enumerate(op->getOperands())) {
      if (known(operand) && !isa<GatherOp, BroadcastOp>(op))
        assign(result, resultLayout(op, i, of(operand)));
      if (known(result) && isTile(operand))
        assign(operand, operandLayout(op, j, of(result)));
    }
  return changed;
}

void LayoutSolver::propagate() {
  bool changed = true;
  while (changed) {
    changed = false;
    for (Operation *op : edges)
      changed |= propagate(op);
  }
}

/// A layout for a class that nothing decides: vectors along the dim that is contiguous in memory.
DigitMap LayoutSolver::memoryLayout(unsigned cls) {
  RankedTensorType type;
  int64_t bits = 64, fastest = -1;
  auto look = [&](Value tile, Value view) {
    auto memory = cast<ViewType>(view.getType());
    bits = std::min<int64_t>(bits, std::max(8u, memory.getElementType().getIntOrFloatBitWidth()));
    int64_t lead = memory.getRank() - typeOf(tile).getRank();
    for (int64_t d = 0; d < typeOf(tile).getRank(); ++d)
      if (memory.getStrides()[lead + d] == 1 && typeOf(tile).getDimSize(d) > 1)
        fastest = d;
  };
  for (auto [v, id] : ids) {
    if (root(id) != cls)
      continue;
    type = typeOf(v);
    if (auto load = v.getDefiningOp<LoadOp>())
      look(v, load.getView());
    if (auto gather = v.getDefiningOp<GatherOp>())
      look(v, gather.getView());
    for (Operation *user : v.getUsers())
      if (auto store = dyn_cast<StoreOp>(user); store && store.getValue() == v)
        look(v, store.getView());
  }
  if (bits == 64)
    bits = std::max(8u, type.getElementTypeBitWidth());
  int64_t rank = type.getRank(), threads = numWarps * layout::kWarpSize;
  // No wider than what keeps all threads busy.
  int64_t bytes = std::clamp<int64_t>(llvm::bit_floor(static_cast<uint64_t>(std::max<int64_t>(type.getNumElements() / threads, 1))) * bits / 8, bits / 8, 16);
  if (rank < 2 || fastest < 0 || fastest == rank - 1)
    return layout::blocked(type.getShape(), bits, numWarps, bytes);
  SmallVector<int> order, inverse(rank);
  for (int64_t d = 0; d < rank; ++d)
    if (d != fastest)
      order.push_back(d);
  order.push_back(fastest);
  SmallVector<int64_t> shape;
  for (auto [i, d] : llvm::enumerate(order)) {
    shape.push_back(type.getDimSize(d));
    inverse[d] = i;
  }
  return layout::blocked(shape, bits, numWarps, bytes).transpose(inverse);
}

void LayoutSolver::assignFreely() {
  for (;;) {
    int64_t largest = -1;
    unsigned cls = 0;
    for (auto [v, id] : ids)
      if (unsigned r = root(id); !layouts[r] && typeOf(v).getNumElements() > largest) {
        largest = typeOf(v).getNumElements();
        cls = r;
      }
    if (largest < 0)
      return;
    layouts[cls] = memoryLayout(cls);
    propagate();
  }
}

} // namespace seqc::tile
