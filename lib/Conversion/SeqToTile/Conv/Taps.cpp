// SPDX-License-Identifier: Apache-2.0
#include "LongConvProgram.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

namespace {
constexpr int64_t kUnroll = 8; ///< taps per step of the loop: the sums are read and written once for so many

class TapsProgram : LongConvProgram {
public:
  using LongConvProgram::LongConvProgram;

  FailureOr<Value> emit() {
    if (failed(readOperands(/*withKernels=*/true)))
      return failure();
    Value acc = op.getMode() == "circular" ? circular() : forward();
    if (op.getMode() == "bidirectional")
      acc = backward(acc);
    return finish(acc);
  }

  FailureOr<Value> emitTail() {
    if (failed(readOperands(/*withKernels=*/true)))
      return failure();
    block.time = t.addi(k.expr(sizes.l), block.time);
    return forward();
  }

private:
  /// acc + sum over taps [begin, end) of kernel[tap] x(tap). Taps beyond the kernel's end are 0.
  Value addTaps(Value acc, Value kernel, Value begin, Value end, function_ref<Value(Value)> x) {
    OpBuilder &b = k.b();
    Value row = kernelRow();
    auto loop = scf::ForOp::create(b, k.loc(), begin, end, k.index(kUnroll), acc);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value inner = loop.getRegionIterArg(0);
    for (int64_t j = 0; j < kUnroll; ++j) {
      Value tap = t.addi(loop.getInductionVar(), j);
      inner = t.fma(loadTap(t, kernel, block, tap, row, sum), x(tap), inner);
    }
    scf::YieldOp::create(b, k.loc(), inner);
    return loop.getResult(0);
  }

  /// Taps that reach from a time of the block to one in 0..L.
  Value forward() {
    Value begin = t.maxi(t.subi(t.addi(block.time, 1), k.expr(sizes.l)), k.index(0));
    Value end = t.mini(k.expr(sizes.lk), t.addi(block.time, block.times));
    return addTaps(views.tail ? tail() : zeros(), views.k, begin, end, [&](Value tap) { return input(t.subi(block.time, tap)); });
  }

  Value backward(Value acc) {
    Value first = t.addi(block.time, op.getReverseOffset());
    Value end = t.mini(k.expr(sizes.lr), t.subi(k.expr(sizes.l), first));
    return addTaps(acc, views.kRev, k.index(0), end, [&](Value tap) { return input(t.addi(first, tap)); });
  }

  /// Of time - tap and its period later, at most one lies in 0..L.
  Value circular() {
    return addTaps(zeros(), views.k, k.index(0), k.expr(sizes.lk), [&](Value tap) {
      Value at = t.subi(block.time, t.remi(tap, k.expr(sizes.l)));
      return t.add(input(at), input(t.addi(at, k.expr(sizes.l))));
    });
  }
};
} // namespace

FailureOr<Value> emitLongConvTaps(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const ConvBlock &block) {
  return TapsProgram(k, op, sizes, block).emit();
}

FailureOr<Value> emitLongConvTail(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const ConvBlock &block) {
  return TapsProgram(k, op, sizes, block).emitTail();
}

} // namespace seqc::convert
