// SPDX-License-Identifier: Apache-2.0
// The convolution of one channel by matrix products. Times are cut into rows of n: row r of the block holds times t0 + r n + j. With the lags of
// distance p rows, T_p[i, j] = h[p n + j - i], the block is sum_p V_p T_p, where row r of V_p is the input p rows before row r. T_p is the table
// of lags read with strides -1 and 1: it exists only in the strides of a view.
#include "LongConvProgram.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

namespace {
class ToeplitzProgram : LongConvProgram {
public:
  ToeplitzProgram(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const LagTable &table, const ConvBlock &block)
      : LongConvProgram(k, op, sizes, block), table(table), n(table.block), rows(block.times / table.block) {}

  FailureOr<Value> emit() {
    if (failed(readOperands(/*withKernels=*/false)))
      return failure();
    Value acc = tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({1, block.times}, sum), products());
    return finish(views.tail ? t.add(acc, tail()) : acc);
  }

  /// The times of the block are positions behind the end of the input.
  FailureOr<Value> emitTail() {
    if (failed(readOperands(/*withKernels=*/false)))
      return failure();
    isTail = true;
    block.time = t.addi(k.expr(sizes.l), block.time);
    Value acc = tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({1, block.times}, sum), products());
    return views.tail ? t.add(acc, tail()) : acc;
  }

private:
  /// Loop over distances of rows, those that some time of 0..L lies at.
  Value products() {
    OpBuilder &b = k.b();
    // T_p starts at (before + p) n of the table: the dims of the view are row, start, i, j.
    SmallVector<OperandView::Dim> dims{{sizes.hk, table.width}, {table.width - Expr(2 * n - 2), Expr(1)}, {Expr(n), Expr(-1)}, {Expr(n), Expr(1)}};
    Value lags = k.view(k.readPointer(table.tensor), Expr(n - 1), dims), row = kernelRow();
    Value before = k.expr(table.before), after = k.expr(table.after), zero = k.index(0);
    Value begin;
    if (isTail) { // rows from the last one that exists to the first of the block
      begin = t.addi(before, t.divi(t.subi(block.time, t.subi(k.expr(sizes.l), k.index(1))), n));
    } else { // rows behind the first of the block that exist
      Value later = t.divi(t.maxi(t.subi(t.subi(k.expr(sizes.l), k.index(1)), block.time), zero), n);
      begin = t.subi(before, t.mini(before, later));
    }
    Value end = t.addi(t.addi(before, t.mini(after, t.divi(t.addi(block.time, block.times - 1), n))), 1);
    auto type = TileMath::type({rows, n}, sum);
    auto loop = scf::ForOp::create(b, k.loc(), begin, end, k.index(1), t.constant(type, 0.0));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value p = loop.getInductionVar(), at = t.addi(block.time, t.muli(t.subi(before, p), n));
    Value v = tile::ReshapeOp::create(b, k.loc(), TileMath::type({rows, n}, factorType()), factor(at));
    Value toeplitz = tile::LoadOp::create(b, k.loc(), TileMath::type({n, n}, factorType()), lags, ArrayRef<OpFoldResult>{row, t.muli(p, n), zero, zero});
    scf::YieldOp::create(b, k.loc(), tile::DotOp::create(b, k.loc(), type, v, toeplitz, loop.getRegionIterArg(0)).getResult());
    return loop.getResult(0);
  }

  /// Of the table: that of u, of sums for tails, which are as precise as sums.
  Type factorType() { return cast<RankedTensorType>(table.tensor.getType()).getElementType(); }
  Value factor(Value at) { return views.preGate ? t.convert(input(at), factorType()) : loadBlock(t, views.u, block, at, factorType()); }

  const LagTable &table;
  int64_t n, rows;
  bool isTail = false;
};
} // namespace

FailureOr<Value> emitLongConvToeplitz(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const LagTable &table,
                                      const ConvBlock &block) {
  return ToeplitzProgram(k, op, sizes, table, block).emit();
}

FailureOr<Value> emitLongConvTailToeplitz(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const LagTable &table,
                                          const ConvBlock &block) {
  return ToeplitzProgram(k, op, sizes, table, block).emitTail();
}

} // namespace seqc::convert
