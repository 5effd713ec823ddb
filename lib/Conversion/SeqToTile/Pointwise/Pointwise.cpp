// SPDX-License-Identifier: Apache-2.0
#include "Pointwise.h"
#include "../Common/OpKinds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

namespace {
enum Form : int64_t { kPlain = 0, kRows = 1, kLoops = 2 };
constexpr int64_t kMaxRow = 8192;

/// Which axes are the rows and columns of the tile.
struct TileAxes {
  Form form = kPlain;
  unsigned row = 0, col = 0; ///< 0: none
};

TileAxes chooseAxes(const GroupInfo &info) {
  TileAxes t;
  unsigned last = info.axes().size() - 1, lastKept = 0, lastReduced = 0, reducedCount = 0;
  for (unsigned a = 1; a <= last; ++a) {
    (info.axes()[a].reduced ? lastReduced : lastKept) = a;
    reducedCount += info.axes()[a].reduced;
  }
  t.col = last;
  if (!reducedCount) {
    t.row = last > 1 ? last - 1 : 0;
    return t;
  }
  const Expr &width = info.axes()[lastReduced].size;
  bool whole = reducedCount == 1 && lastReduced == last && width.isConst() && width.value() >= 1 && width.value() <= kMaxRow;
  t.form = whole ? kRows : kLoops;
  t.row = lastReduced == last ? lastKept : lastReduced;
  return t;
}

/// Tile elements that keep a few operands in the first two cache levels and leave programs enough.
int64_t tileElements(Target target) { return target == Target::Cpu ? 4096 : 2048; }

class PointwiseEmitter {
public:
  PointwiseEmitter(KernelBuilder &kernel, const GroupInfo &info) : kernel(kernel), info(info), emitter(kernel, info) {}

  LogicalResult emit(const TileAxes &tile, const Config &config) {
    if (tile.row)
      emitter.axis(tile.row).extent = config.get("bm");
    if (tile.col)
      emitter.axis(tile.col).extent = config.get("bn");
    SmallVector<unsigned> grid, loops;
    for (unsigned a = 1; a < info.axes().size(); ++a)
      if (!info.axes()[a].reduced)
        grid.push_back(a);
      else if (tile.form == kLoops)
        loops.push_back(a);
    assignGrid(emitter, info, grid);
    return tile.form == kLoops ? emitLoops(loops) : storeResults(emitter, info);
  }

private:
  /// Passes over the reduced axes: pass p computes the reductions whose inputs need p reductions before; the last one writes results
  /// that have reduced axes.
  LogicalResult emitLoops(ArrayRef<unsigned> loops) {
    SmallVector<linalg::ReduceOp> left(info.reduces());
    for (int64_t pass = 0; !left.empty(); ++pass) {
      SmallVector<linalg::ReduceOp> now;
      llvm::copy_if(left, std::back_inserter(now), [&](linalg::ReduceOp r) { return depth(r->getOperand(0)) == pass; });
      llvm::erase_if(left, [&](linalg::ReduceOp r) { return llvm::is_contained(now, r); });
      if (!now.empty() && failed(reducePass(loops, now)))
        return failure();
    }
    auto isLoopResult = [&](Value v) { return info.hasReduced(info.domain().of(v)); };
    if (llvm::any_of(info.outputs(), isLoopResult)) {
      auto body = [&](ValueRange) -> FailureOr<SmallVector<Value>> {
        for (Value v : info.outputs())
          if (isLoopResult(v) && failed(emitter.store(v)))
            return failure();
        return SmallVector<Value>();
      };
      if (failed(buildLoops(loops, {}, body)))
        return failure();
    }
    for (Value v : info.outputs())
      if (!isLoopResult(v) && failed(emitter.store(v)))
        return failure();
    return success();
  }

  int64_t depth(Value v) {
    Operation *op = v.getDefiningOp();
    if (!op || !llvm::is_contained(info.ops(), op))
      return 0;
    if (auto it = depths.find(op); it != depths.end())
      return it->second;
    int64_t d = 0;
    for (Value operand : op->getOperands())
      d = std::max(d, depth(operand));
    d += isa<linalg::ReduceOp>(op);
    depths[op] = d;
    return d;
  }

  using Body = function_ref<FailureOr<SmallVector<Value>>(ValueRange)>;

  /// Nested loops: one coordinate at a time over all axes but those with an extent, which go by blocks.
  FailureOr<SmallVector<Value>> buildLoops(ArrayRef<unsigned> loops, ArrayRef<Value> inits, Body body) {
    OpBuilder &b = kernel.b();
    OpBuilder::InsertionGuard guard(b);
    SmallVector<scf::ForOp> nest;
    SmallVector<Value> carried(inits);
    for (unsigned a : loops) {
      int64_t step = std::max<int64_t>(emitter.axis(a).extent, 1);
      auto loop = scf::ForOp::create(b, kernel.loc(), kernel.index(0), kernel.expr(info.axes()[a].size), kernel.index(step), carried);
      nest.push_back(loop);
      emitter.axis(a).start = loop.getInductionVar();
      carried.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      b.setInsertionPointToStart(loop.getBody());
    }
    emitter.beginLoop(nest.front());
    FailureOr<SmallVector<Value>> results = body(carried);
    emitter.endLoop();
    if (failed(results))
      return failure();
    for (scf::ForOp loop : llvm::reverse(nest)) {
      if (loop.getBody()->mightHaveTerminator())
        loop.getBody()->getTerminator()->erase();
      b.setInsertionPointToEnd(loop.getBody());
      scf::YieldOp::create(b, kernel.loc(), *results);
      results = llvm::to_vector_of<Value>(loop.getResults());
    }
    for (unsigned a : loops)
      emitter.axis(a).start = Value();
    return results;
  }

  LogicalResult reducePass(ArrayRef<unsigned> loops, ArrayRef<linalg::ReduceOp> reduces) {
    SmallVector<Value> inits;
    SmallVector<SmallVector<unsigned>> kept;
    for (linalg::ReduceOp op : reduces) {
      SmallVector<unsigned> onAxes = emitter.keptAxes(op);
      inits.push_back(emitter.identity(op, onAxes));
      kept.push_back(onAxes);
    }
    auto body = [&](ValueRange carried) -> FailureOr<SmallVector<Value>> {
      SmallVector<Value> next;
      for (auto [op, onAxes, acc] : llvm::zip_equal(reduces, kept, carried)) {
        FailureOr<Tile> input = emitter.emitUse(op->getOpOperand(0));
        if (failed(input))
          return failure();
        Tile partial = emitter.reduceTile(op, *input);
        next.push_back(emitter.combine(op, acc, emitter.spread(partial, onAxes)));
      }
      return next;
    };
    FailureOr<SmallVector<Value>> sums = buildLoops(loops, inits, body);
    if (failed(sums))
      return failure();
    for (auto [op, onAxes, sum] : llvm::zip_equal(reduces, kept, *sums)) {
      FailureOr<Tile> done = emitter.finishReduce(op, Tile{sum, onAxes});
      if (failed(done))
        return failure();
      emitter.seed(op->getResult(0), *done);
    }
    return success();
  }

  KernelBuilder &kernel;
  const GroupInfo &info;
  TileEmitter emitter;
  llvm::DenseMap<Operation *, int64_t> depths;
};
} // namespace

SmallVector<Config> pointwiseCandidates(const GroupInfo &info, Target target) {
  TileAxes t = chooseAxes(info);
  auto sizeOf = [&](unsigned a) { return a ? info.axes()[a].size : Expr(1); };
  auto make = [&](int64_t elements) {
    int64_t colLimit = t.form == kRows ? kMaxRow : !t.row ? elements : t.form == kLoops && t.row && info.axes()[t.row].reduced ? 256 : 1024;
    int64_t bn = t.col ? tileExtent(sizeOf(t.col), colLimit) : 1;
    int64_t rowLimit = llvm::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(elements / bn, 1, 64)));
    int64_t bm = t.row ? sizeOf(t.row).isConst() ? std::clamp<int64_t>(sizeOf(t.row).value(), 1, rowLimit) : rowLimit : 1;
    Config c;
    c.set("form", t.form);
    c.set("bm", bm);
    c.set("bn", bn);
    return c;
  };
  if (target == Target::Cpu)
    return {make(tileElements(target)), make(2 * tileElements(target))};
  auto makeGpu = [&](int64_t elements) {
    int64_t colLimit = t.form == kRows ? kMaxRow : !t.row ? elements : t.form == kLoops && t.row && info.axes()[t.row].reduced ? 64 : 256;
    int64_t bn = t.col ? gpuTileExtent(sizeOf(t.col), colLimit) : 1;
    int64_t rowLimit = llvm::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(elements / bn, 1, 64)));
    int64_t bm = t.row ? gpuTileExtent(sizeOf(t.row), rowLimit) : 1;
    Config c;
    c.set("form", t.form);
    c.set("bm", bm);
    c.set("bn", bn);
    c.set("warps", gpuWarps(bm * bn));
    return c;
  };
  return {makeGpu(tileElements(target)), makeGpu(2 * tileElements(target))};
}

FailureOr<SmallVector<Value>> emitPointwise(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  KernelBuilder kernel(context.library, group.getLoc(), "pointwise", context.shapes);
  for (const auto &[name, value] : config.values)
    kernel.setConfig(name, value);
  PointwiseEmitter emitter(kernel, info);
  if (failed(emitter.emit(chooseAxes(info), config)))
    return failure();
  return kernel.launch(host, groupDtype(info), info.outputs());
}

} // namespace seqc::convert
