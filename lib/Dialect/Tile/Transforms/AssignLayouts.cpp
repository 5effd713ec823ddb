// SPDX-License-Identifier: Apache-2.0
// tile-assign-layouts: encodings for every tile of a kernel without roles, and the relayouts between them.
#include "LayoutSolver.h"
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using seqc::layout::DigitMap;

namespace seqc::tile {
#define GEN_PASS_DEF_TILEASSIGNLAYOUTSPASS
#include "seqc/Dialect/Tile/Transforms/Passes.h.inc"

namespace {
RankedTensorType tileType(Value v) { return dyn_cast<RankedTensorType>(v.getType()); }

class LayoutRewriter {
public:
  LayoutRewriter(KernelOp kernel, LayoutSolver &solver) : kernel(kernel), solver(solver), b(kernel.getContext()) {}

  LogicalResult run() { return rewrite(kernel.getBody().front()); }
  unsigned relayouts() const { return numRelayouts; }

private:
  LogicalResult rewrite(Block &block) {
    for (BlockArgument a : block.getArguments())
      if (tileType(a))
        a.setType(withLayout(tileType(a), solver.of(a)));
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (!isRematerialised(op.getNumResults() ? op.getResult(0) : Value()) && failed(rewrite(&op)))
        return failure();
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (!isa<MapOp, ScanOp>(op) && failed(rewrite(inner)))
            return failure();
    }
    return success();
  }

  /// `v` in another layout; made where `v` is, so that every use shares it.
  Value inLayout(Value v, const DigitMap &map, Operation *user) {
    RankedTensorType type = withLayout(tileType(v), map);
    if (v.getType() == type)
      return v;
    if (isRematerialised(v))
      return rematerialise(v, type, user);
    Value &made = cache[{v, type.getEncoding()}];
    if (made)
      return made;
    if (Operation *def = v.getDefiningOp())
      b.setInsertionPointAfter(def);
    else
      b.setInsertionPointToStart(cast<BlockArgument>(v).getOwner());
    ++numRelayouts;
    return made = RelayoutOp::create(b, v.getLoc(), type, v);
  }

  Value rematerialise(Value v, RankedTensorType type, Operation *user) {
    b.setInsertionPoint(user);
    if (auto constant = v.getDefiningOp<arith::ConstantOp>()) {
      auto splat = cast<SplatElementsAttr>(constant.getValue());
      return arith::ConstantOp::create(b, v.getLoc(), type, DenseElementsAttr::get(type, splat.getSplatValue<Attribute>()));
    }
    Operation *copy = b.clone(*v.getDefiningOp());
    copy->getResult(0).setType(type);
    return copy->getResult(0);
  }

  void use(Operation *op, unsigned i, const DigitMap &map) { op->setOperand(i, inLayout(op->getOperand(i), map, op)); }

  /// The layout of an operand whatever it is; rematerialised ones get that of memory accesses.
  DigitMap layoutOfOperand(Operation *op, unsigned i) {
    Value v = op->getOperand(i);
    if (isRematerialised(v))
      use(op, i, solver.inRegisters(tileType(v), {}));
    return knownLayoutOf(op->getOperand(i));
  }

  LogicalResult rewrite(Operation *op) {
    if (auto dot = dyn_cast<DotOp>(op))
      return rewriteDot(dot), success();
    if (isa<ReduceOp, TransposeOp, ReshapeOp, SliceOp, SplitOp>(op))
      return rewriteShape(op);
    if (auto join = dyn_cast<JoinOp>(op))
      return rewriteJoin(join);
    if (isa<BroadcastOp, GatherOp>(op)) {
      DigitMap result = solver.of(op->getResult(0));
      unsigned i = isa<GatherOp>(op) ? 1 : 0;
      use(op, i, *operandLayout(op, i, result));
    } else if (isa<StoreOp, AccumulateOp, ScalarOp>(op)) {
      (void)layoutOfOperand(op, 0);
    } else if (op->hasTrait<OpTrait::IsTerminator>()) {
      rewriteTerminator(op);
    } else {
      rewriteAlike(op);
    }
    if (isa<RecurOp>(op)) // has finished its results
      return success();
    for (Value r : op->getResults())
      if (tileType(r))
        r.setType(withLayout(tileType(r), solver.of(r)));
    return success();
  }

  /// Ops whose tiles all have one layout, and loops, whose operands have those of the values they start.
  void rewriteAlike(Operation *op) {
    ValueRange targets = op->getResults();
    size_t first = 0;
    if (auto loop = dyn_cast<scf::ForOp>(op))
      targets = loop.getRegionIterArgs(), first = loop.getNumControlOperands();
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      targets = loop.getBeforeArguments();
    else if (auto recur = dyn_cast<RecurOp>(op))
      return rewriteRecur(recur);
    bool isLoop = isa<scf::ForOp, scf::WhileOp>(op);
    for (unsigned i = first; i < op->getNumOperands(); ++i)
      if (tileType(op->getOperand(i)))
        use(op, i, solver.of(targets[isLoop ? i - first : 0]));
  }

  void rewriteRecur(RecurOp recur) {
    Block &body = recur.getBody().front();
    size_t inputs = recur.getInputs().size(), states = recur.getInits().size();
    int64_t dim = recur.getDim();
    for (size_t i = 0; i < inputs; ++i)
      use(recur, i, withSteps(solver.of(body.getArgument(states + i)), dim, tileType(recur.getInputs()[i]).getDimSize(dim)));
    for (size_t i = 0; i < states; ++i)
      use(recur, inputs + i, solver.of(body.getArgument(i)));
    for (auto [i, result] : llvm::enumerate(recur.getResults()))
      finish(result, i < states ? solver.of(result) : withSteps(stepLayout(recur, i), dim, tileType(result).getDimSize(dim)));
  }

  /// Layout of a result of one step of a recurrence: that of what the body yields.
  DigitMap stepLayout(RecurOp recur, size_t i) {
    Value yielded = recur.getBody().front().getTerminator()->getOperand(i);
    return isRematerialised(yielded) ? solver.inRegisters(tileType(yielded), {}) : solver.of(yielded);
  }

  void rewriteTerminator(Operation *op) {
    Operation *parent = op->getParentOp();
    auto useAll = [&](ValueRange targets, unsigned first) {
      for (auto [i, target] : llvm::enumerate(targets))
        if (tileType(target))
          use(op, first + i, solver.of(target));
    };
    if (auto loop = dyn_cast<scf::ForOp>(parent))
      useAll(loop.getRegionIterArgs(), 0);
    else if (auto branch = dyn_cast<scf::IfOp>(parent))
      useAll(branch.getResults(), 0);
    else if (auto loop = dyn_cast<scf::WhileOp>(parent))
      isa<scf::ConditionOp>(op) ? useAll(loop.getAfterArguments(), 1) : useAll(loop.getBeforeArguments(), 0);
    else if (auto recur = dyn_cast<RecurOp>(parent))
      for (auto [i, result] : llvm::enumerate(recur.getResults()))
        use(op, i, i < recur.getInits().size() ? solver.of(result) : stepLayout(recur, i));
  }

  void rewriteDot(DotOp dot) {
    DigitMap acc = solver.of(dot.getResult());
    DotLayouts wanted = dotLayouts(dot.getA().getType(), dot.getB().getType(), acc);
    auto current = tileType(dot.getA()).getEncoding() ? std::optional(knownLayoutOf(dot.getA())) : std::nullopt;
    if (wanted.engine != DotEngine::Mma || !current || !holdsFragmentsOfA(*current, acc))
      use(dot, 0, wanted.a);
    use(dot, 1, wanted.b);
    if (dot.getAcc())
      use(dot, 2, acc);
    dot.getResult().setType(withLayout(dot.getType(), acc));
  }

  /// The op keeps the layout that follows from its operand; where the class of the result has another one a relayout follows.
  LogicalResult rewriteShape(Operation *op) {
    DigitMap operand = layoutOfOperand(op, 0);
    if (!resultLayout(op, 0, operand)) {
      std::optional<DigitMap> asked = operandLayout(op, 0, solver.of(op->getResult(0)));
      if (!asked || !resultLayout(op, 0, *asked))
        asked = fallback(op);
      if (!asked || !resultLayout(op, 0, *asked))
        return op->emitOpError("has no layout on the GPU: extents that no layout spreads over the threads on both sides"), failure();
      use(op, 0, *asked);
      operand = *asked;
    }
    for (auto [i, result] : llvm::enumerate(op->getResults()))
      finish(result, *resultLayout(op, i, operand));
    return success();
  }

  /// A layout that keeps whole, inside each thread, what the op cuts.
  std::optional<DigitMap> fallback(Operation *op) {
    auto type = tileType(op->getOperand(0));
    SmallVector<int64_t> dims;
    if (auto slice = dyn_cast<SliceOp>(op)) {
      for (int64_t d = 0; d < type.getRank(); ++d)
        if (slice.getSizes()[d] != type.getDimSize(d))
          dims.push_back(d);
    } else if (auto split = dyn_cast<SplitOp>(op)) {
      dims.assign(split.getDims().begin(), split.getDims().end());
    } else {
      for (int64_t d = 0; d < type.getRank(); ++d)
        dims.push_back(d);
    }
    return solver.inRegisters(type, dims);
  }

  LogicalResult rewriteJoin(JoinOp join) {
    DigitMap result = solver.of(join.getResult());
    std::optional<DigitMap> part = operandLayout(join, 0, result);
    for (unsigned i = 0; part && i < join.getParts().size(); ++i)
      if (operandLayout(join, i, result) != part)
        part.reset();
    if (!part)
      part = solver.inRegisters(tileType(join.getParts()[0]), {});
    for (unsigned i = 0; i < join.getParts().size(); ++i)
      use(join, i, *part);
    finish(join.getResult(), resultLayout(join, 0, *part).value_or(result));
    return success();
  }

  void finish(Value result, const DigitMap &natural) {
    result.setType(withLayout(tileType(result), natural));
    const DigitMap &wanted = solver.of(result);
    if (wanted == natural)
      return;
    b.setInsertionPointAfter(result.getDefiningOp());
    ++numRelayouts;
    auto relayout = RelayoutOp::create(b, result.getLoc(), withLayout(tileType(result), wanted), result);
    result.replaceAllUsesExcept(relayout.getResult(), relayout);
  }

  KernelOp kernel;
  LayoutSolver &solver;
  OpBuilder b;
  llvm::DenseMap<std::pair<Value, Attribute>, Value> cache;
  unsigned numRelayouts = 0;
};

struct TileAssignLayoutsPass : impl::TileAssignLayoutsPassBase<TileAssignLayoutsPass> {
  using TileAssignLayoutsPassBase::TileAssignLayoutsPassBase;

  void runOnOperation() override {
    KernelOp kernel = getOperation();
    if (kernel.getLevel() != Level::Block) {
      kernel.emitError("expects a kernel at level block, but got level ") << stringifyLevel(kernel.getLevel());
      return signalPassFailure();
    }
    LayoutSolver solver(kernel, kernelWarps(kernel));
    LayoutRewriter rewriter(kernel, solver);
    if (failed(rewriter.run()))
      return signalPassFailure();
    removeUnused(kernel);
    numRelayouts += rewriter.relayouts();
    kernel.setLevel(Level::Layout);
  }

  /// Constants, splats and iotas without layout that have copies now.
  static void removeUnused(KernelOp kernel) {
    SmallVector<Operation *> unused;
    kernel.getBody().walk([&](Operation *op) {
      if (op->getNumResults() == 1 && isRematerialised(op->getResult(0)) && op->use_empty() && tileType(op->getResult(0)))
        unused.push_back(op);
    });
    for (Operation *op : unused)
      op->erase();
  }
};
} // namespace
} // namespace seqc::tile
