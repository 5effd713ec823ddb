// SPDX-License-Identifier: Apache-2.0
#include "LongConvProgram.h"

using namespace mlir;

namespace seqc::convert {

FailureOr<LongConvSizes> LongConvSizes::get(seq::LongConvOp op, ShapeExprs &shapes) {
  auto size = [&](Value v, int64_t d) { return shapes.dim(v, d); };
  std::optional<Expr> b = size(op.getU(), 0), d = size(op.getU(), 1), l = size(op.getU(), 2), hk = size(op.getK(), 0), lk = size(op.getK(), 1);
  std::optional<Expr> lr = op.getKRev() ? size(op.getKRev(), 1) : Expr(0);
  if (!b || !d || !l || !hk || !lk || !lr)
    return failure();
  return LongConvSizes{*b, *d, *l, *hk, *lk, *lr};
}

LongConvProgram::LongConvProgram(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const ConvBlock &block)
    : k(k), t{k.b(), k.loc()}, op(op), sizes(sizes), block(block), element(cast<RankedTensorType>(op.getU().getType()).getElementType()),
      sum(seq::accumulationType(element)) {}

LogicalResult LongConvProgram::readOperands(bool withKernels) {
  struct Operand {
    Value v, *view;
    SmallVector<unsigned> order;
  };
  SmallVector<Operand> operands{{op.getU(), &views.u, {}},
                                {op.getSkip(), &views.skip, {}},
                                {op.getPreGate(), &views.preGate, {}},
                                {op.getPostGate(), &views.postGate, {}},
                                {op.getTail(), &views.tail, {}}};
  if (withKernels)
    operands.append({{op.getK(), &views.k, {1, 0}}, {op.getKRev(), &views.kRev, {1, 0}}});
  for (const Operand &o : operands) {
    if (!o.v)
      continue;
    FailureOr<Value> view = operandView(k, op, o.v, o.order);
    if (failed(view))
      return failure();
    *o.view = *view;
  }
  return success();
}

Value LongConvProgram::kernelRow() { return sizes.hk == sizes.d ? block.channel : t.divi(block.channel, k.expr(floorDiv(sizes.d, sizes.hk))); }

Value LongConvProgram::input(Value at) {
  Value x = loadBlock(t, views.u, block, at, sum);
  return views.preGate ? t.mul(loadBlock(t, views.preGate, block, at, sum), x) : x;
}

Value LongConvProgram::finish(Value sums) {
  if (views.skip)
    sums = t.fma(loadPerChannel(t, views.skip, block, sum), input(block.time), sums);
  return views.postGate ? t.mul(loadBlock(t, views.postGate, block, block.time, sum), sums) : sums;
}

} // namespace seqc::convert
