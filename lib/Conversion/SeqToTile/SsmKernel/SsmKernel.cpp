// SPDX-License-Identifier: Apache-2.0
#include "SsmKernel.h"
#include "../Common/OpKinds.h"
#include "LowRank.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

namespace {
seq::SsmKernelOp anchorOf(const GroupInfo &info) { return cast<seq::SsmKernelOp>(info.anchor()); }

/// Axis of the lengths; 0 if there is one length. Null if an epilogue splits the lengths.
std::optional<unsigned> lengthAxis(const GroupInfo &info) {
  const FineList &list = info.domain().of(anchorOf(info).getK())[1];
  if (list.empty())
    return 0;
  bool one = llvm::all_of(list, [&](unsigned f) { return info.axisOf(f) == info.axisOf(list.back()); });
  return one ? std::optional(info.axisOf(list.back())) : std::nullopt;
}

class SsmKernelEmitter {
public:
  SsmKernelEmitter(KernelBuilder &kernel, const GroupInfo &info, const Config &config)
      : kernel(kernel), info(info), emitter(kernel, info), op(anchorOf(info)), t{kernel.b(), kernel.loc()}, real(op.getRealType()), bm(config.get("bm")),
        bt(config.get("bt")), bn(config.get("bn")) {}

  LogicalResult emit() {
    unsigned axis = *lengthAxis(info);
    emitter.axis(axis).extent = op.getLowRank() ? bt : bm * bt;
    SmallVector<unsigned> grid;
    for (unsigned a = 1; a < info.axes().size(); ++a)
      if (!op.getLowRank() || a != axis) // its lengths are steps of a loop
        grid.push_back(a);
    assignGrid(emitter, info, grid);
    std::optional<Expr> size = kernel.shapes().dim(op.getK(), 1);
    if (!size || failed(readOperands()))
      return unsupported(op.emitOpError("expects sizes that are expressions over the named dims"));
    length = t.toI32(kernel.expr(*size));
    channel = coordinate(info.domain().of(op.getK())[0]);
    dt = tile::LoadScalarOp::create(kernel.b(), kernel.loc(), views[3], ArrayRef<OpFoldResult>{channel});
    if (op.getLowRank())
      return lowRank(axis);
    start = emitter.axis(axis).start ? emitter.axis(axis).start : kernel.index(0);
    emitter.seed(op.getK(), Tile{diagonal(), {axis}});
    return storeResults(emitter, info);
  }

private:
  /// Views of lambda, b, c `[D, N]` (complex: `[D, N, 2]`), dt `[D]`, low_rank.
  LogicalResult readOperands() {
    SmallVector<Value> operands{op.getLambda(), op.getB(), op.getC(), op.getDt()};
    if (op.getLowRank())
      operands.push_back(op.getLowRank());
    for (Value v : operands) {
      FailureOr<OperandView> view = viewForKernel(op, v, kernel.shapes());
      if (failed(view))
        return failure();
      SmallVector<OpFoldResult> none;
      bool pairs = isa<ComplexType>(getElementTypeOrSelf(v.getType()));
      views.push_back(emitter.viewOf(kernel.readPointer(view->base), view->offset, view->dims, none, pairs));
    }
    return success();
  }

  Value coordinate(const FineList &list) {
    Value c;
    SmallVector<unsigned> seen;
    for (unsigned f : list) {
      unsigned a = info.axisOf(f);
      if (llvm::is_contained(seen, a))
        continue;
      seen.push_back(a);
      Value at = emitter.axis(a).start ? emitter.axis(a).start : kernel.index(0);
      c = c ? t.addi(t.muli(c, kernel.expr(info.axes()[a].size)), at) : at;
    }
    return c ? c : kernel.index(0);
  }

  /// Eigenvalues first .. first + bn of the channel; 0 beyond N.
  Parts states(Value view, Value first) {
    SmallVector<OpFoldResult> coords{channel, first};
    SmallVector<int64_t> shape{bn};
    if (!op.isComplex())
      return {tile::LoadOp::create(kernel.b(), kernel.loc(), TileMath::type(shape, real), view, coords, 0.0), Value()};
    coords.push_back(kernel.b().getIndexAttr(0));
    shape.push_back(2);
    Value pairs = tile::LoadOp::create(kernel.b(), kernel.loc(), TileMath::type(shape, real), view, coords, 0.0);
    auto part = TileMath::type({bn}, real);
    auto split = tile::SplitOp::create(kernel.b(), kernel.loc(), TypeRange{part, part}, pairs, ArrayRef<int64_t>{1});
    return {split->getResult(0), split->getResult(1)};
  }

  Parts product(Parts a, Parts b) {
    if (!a.im)
      return {t.mul(a.re, b.re), Value()};
    return {t.sub(t.mul(a.re, b.re), t.mul(a.im, b.im)), t.add(t.mul(a.re, b.im), t.mul(a.im, b.re))};
  }

  Value ints(int64_t extent, int64_t step, Value from) {
    Value tile = t.iota(extent);
    auto type = TileMath::typeOf(tile);
    if (step != 1)
      tile = arith::MulIOp::create(t.b, t.loc, tile, arith::ConstantOp::create(t.b, t.loc, DenseElementsAttr::get(type, Attribute(t.b.getI32IntegerAttr(step)))));
    return from ? Value(arith::AddIOp::create(t.b, t.loc, tile, t.splat(type, t.toI32(from)))) : tile;
  }

  /// Adds the terms of bn eigenvalues to the tile [bm, bt].
  Value addTerms(Value first, Value acc) {
    Powers powers(t, states(views[0], first), dt, op.getDiscretization());
    Parts weight = product(product(states(views[1], first), states(views[2], first)), powers.input(length));
    Parts rows = powers.table(ints(bm, bt, start), /*statesFirst=*/false), columns = powers.table(ints(bt, 1, Value()), /*statesFirst=*/true);
    double factor = op.getConjugate() ? 2 : 1;
    auto overRows = [&](Value v) { return t.broadcast(t.mul(v, factor), 0, bm); };
    rows = product({overRows(weight.re), weight.im ? overRows(weight.im) : Value()}, rows);
    auto type = TileMath::typeOf(acc);
    acc = tile::DotOp::create(t.b, t.loc, type, rows.re, columns.re, acc);
    if (rows.im)
      acc = tile::DotOp::create(t.b, t.loc, type, Value(arith::NegFOp::create(t.b, t.loc, rows.im)), columns.im, acc);
    return acc;
  }

  LogicalResult lowRank(unsigned axis) {
    OpBuilder &b = kernel.b();
    Value zero = kernel.index(0);
    LowRank system(t, {states(views[0], zero), states(views[1], zero), states(views[2], zero), states(views[4], zero), dt});
    SmallVector<Value> carried = system.initial();
    Value lengths = axis ? kernel.expr(info.axes()[axis].size) : kernel.index(1);
    auto loop = scf::ForOp::create(b, kernel.loc(), zero, lengths, kernel.index(bt), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    carried.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
    emitter.axis(axis).start = axis ? loop.getInductionVar() : Value();
    Value k = system.block(carried, bt);
    emitter.seed(op.getK(), Tile{k, {axis}});
    if (failed(storeResults(emitter, info)))
      return failure();
    b.setInsertionPointToEnd(loop.getBody());
    scf::YieldOp::create(b, kernel.loc(), carried);
    return success();
  }

  Value diagonal() {
    OpBuilder &b = kernel.b();
    Value acc = t.constant(TileMath::type({bm, bt}, real), 0);
    if (op.getStates() <= bn) {
      acc = addTerms(kernel.index(0), acc);
    } else {
      auto loop = scf::ForOp::create(b, kernel.loc(), kernel.index(0), kernel.index(op.getStates()), kernel.index(bn), acc);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value next = addTerms(loop.getInductionVar(), loop.getRegionIterArg(0));
      scf::YieldOp::create(b, kernel.loc(), next);
      acc = loop.getResult(0);
    }
    return tile::ReshapeOp::create(b, kernel.loc(), TileMath::type({bm * bt}, real), acc);
  }

  KernelBuilder &kernel;
  const GroupInfo &info;
  TileEmitter emitter;
  seq::SsmKernelOp op;
  TileMath t;
  Type real;
  int64_t bm, bt, bn;
  SmallVector<Value> views;
  Value channel, start, length, dt; ///< length is an i32
};
} // namespace

SmallVector<Config> ssmKernelCandidates(const GroupInfo &info, Target target) {
  seq::SsmKernelOp op = anchorOf(info);
  std::optional<unsigned> axis = lengthAxis(info);
  if (!axis) {
    unsupported(op.emitOpError("expects an epilogue that does not reshape the lengths"));
    return {};
  }
  int64_t lengths = cast<RankedTensorType>(op.getK().getType()).getDimSize(1), states = op.getStates();
  if (ShapedType::isDynamic(lengths))
    lengths = INT64_MAX / 2;
  auto make = [&](int64_t bm, int64_t bt, int64_t bn) {
    Config c;
    auto upTo = [](int64_t limit, int64_t n) { return std::min<int64_t>(limit, llvm::PowerOf2Ceil(std::max<int64_t>(n, 1))); };
    bt = upTo(bt, lengths);
    bm = upTo(bm, llvm::divideCeil(std::max<int64_t>(lengths, 1), bt));
    c.set("bm", bm);
    c.set("bt", bt);
    c.set("bn", upTo(bn, states));
    return c;
  };
  if (op.getLowRank()) { // all states at once
    Config c = make(1, 64, states);
    if (target == Target::Gpu)
      c.set("warps", 1);
    return {c};
  }
  if (target == Target::Cpu)
    return {make(32, 128, 16), make(16, 64, 16)};
  Config gpu = make(64, 64, 16);
  gpu.set("warps", 4);
  return {gpu};
}

FailureOr<SmallVector<Value>> emitSsmKernel(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  KernelBuilder kernel(context.library, group.getLoc(), "ssm_kernel", context.shapes);
  for (const auto &[name, value] : config.values)
    kernel.setConfig(name, value);
  if (failed(SsmKernelEmitter(kernel, info, config).emit()))
    return failure();
  return kernel.launch(host, groupDtype(info), info.outputs());
}

} // namespace seqc::convert
