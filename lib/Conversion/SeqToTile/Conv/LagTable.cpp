// SPDX-License-Identifier: Apache-2.0
// One sequence over lags per kernel row: whatever the mode, y[t] = sum_s h[t - s] v[s].
#include "LongConvProgram.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

namespace {
constexpr int64_t kRows = 8, kColumns = 256; ///< of a block of the table

Expr lessOne(const Expr &e) { return Expr::get(Expr::Op::Max, e - Expr(1), Expr(0)); }
Expr least(const Expr &a, const Expr &b) { return Expr::get(Expr::Op::Min, a, b); }

class TableProgram {
public:
  TableProgram(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const LagTable &table, Type element)
      : k(k), t{k.b(), k.loc()}, op(op), sizes(sizes), table(table), element(element), sum(seq::accumulationType(element)) {}

  FailureOr<Value> emit(OpBuilder &host) {
    FailureOr<OperandView> forward = viewForKernel(op, op.getK(), k.shapes());
    FailureOr<OperandView> reverse = op.getKRev() ? viewForKernel(op, op.getKRev(), k.shapes()) : forward;
    if (failed(forward) || failed(reverse))
      return failure();
    k.setGrid({ceilDiv(table.width, Expr(kColumns)), ceilDiv(sizes.hk, Expr(kRows))});
    row = t.muli(k.programId(1), kRows);
    Value column = t.muli(k.programId(0), kColumns), lag = t.subi(column, k.expr(table.lagZero()));
    Value taps = k.view(k.readPointer(forward->base), forward->offset, forward->dims);
    Value h = op.getMode() == "circular" ? wrapped(taps, lag) : load(taps, lag);
    if (op.getKRev()) { // lag x is tap -x - offset: the taps from the last one on
      SmallVector<OperandView::Dim> dims(reverse->dims);
      Expr last = sizes.lr - Expr(1);
      dims[1].stride = Expr(0) - dims[1].stride;
      Value backwards = k.view(k.readPointer(reverse->base), reverse->offset + last * reverse->dims[1].stride, dims);
      h = t.add(h, load(backwards, t.addi(t.addi(lag, k.expr(last)), op.getReverseOffset())));
    }
    auto type = RankedTensorType::get(
        {sizes.hk.isConst() ? sizes.hk.value() : ShapedType::kDynamic, table.width.isConst() ? table.width.value() : ShapedType::kDynamic}, element);
    SmallVector<Expr> shape{sizes.hk, table.width};
    Value view = k.view(k.writePointer(op.getK(), type, shape), Expr(0), {{sizes.hk, table.width}, {table.width, Expr(1)}});
    tile::StoreOp::create(k.b(), k.loc(), t.convert(h, element), view, ArrayRef<OpFoldResult>{row, column});
    return k.launch(host, dtypeName(element), {op.getK()})[0];
  }

private:
  Value load(Value view, Value at) {
    auto type = TileMath::type({kRows, kColumns}, cast<tile::ViewType>(view.getType()).getElementType());
    return t.convert(tile::LoadOp::create(k.b(), k.loc(), type, view, ArrayRef<OpFoldResult>{row, at}), sum);
  }

  /// Taps at lag, lag + L, lag + 2 L, ..
  Value wrapped(Value view, Value lag) {
    OpBuilder &b = k.b();
    Value period = k.expr(Expr::get(Expr::Op::Max, sizes.l, Expr(1))), zero = t.constant(TileMath::type({kRows, kColumns}, sum), 0.0);
    // Lags start above -L: the last period that a tap can lie in is the one after those of LK.
    auto loop = scf::ForOp::create(b, k.loc(), k.index(0), t.addi(k.expr(sizes.lk), period), period, zero);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, k.loc(), t.add(loop.getRegionIterArg(0), load(view, t.addi(lag, loop.getInductionVar()))));
    return loop.getResult(0);
  }

  KernelBuilder &k;
  TileMath t;
  seq::LongConvOp op;
  const LongConvSizes &sizes;
  const LagTable &table;
  Type element, sum;
  Value row;
};
} // namespace

FailureOr<LagTable> emitLagTable(OpBuilder &host, seq::LongConvOp op, const LongConvSizes &sizes, int64_t block, Type element, SchemeContext &context,
                                 bool forTail) {
  bool circular = op.getMode() == "circular";
  Expr highest = lessOne(circular ? sizes.l : forTail ? sizes.lk : least(sizes.l, sizes.lk));
  Expr lowest = circular ? lessOne(sizes.l) : op.getKRev() ? lessOne(least(sizes.l, sizes.lr + Expr(op.getReverseOffset()))) : Expr(0);
  LagTable table{Value(), ceilDiv(lowest, Expr(block)), ceilDiv(highest, Expr(block)), Expr(0), block};
  table.width = (table.before + table.after + Expr(2)) * Expr(block);
  KernelBuilder kernel(context.library, op.getLoc(), "long_conv_lags", context.shapes);
  if (context.target == Target::Gpu)
    kernel.setConfig("warps", 4);
  FailureOr<Value> tensor = TableProgram(kernel, op, sizes, table, element).emit(host);
  if (failed(tensor))
    return failure();
  table.tensor = *tensor;
  return table;
}

} // namespace seqc::convert
