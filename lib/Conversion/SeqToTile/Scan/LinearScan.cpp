// SPDX-License-Identifier: Apache-2.0
#include "ScanProgram.h"

using namespace mlir;

namespace seqc::convert {

namespace {
/// A tile of real numbers, or two with the parts of complex ones.
using Parts = SmallVector<Value>;

class LinearScan : ScanProgram {
public:
  LinearScan(KernelBuilder &kernel, seq::LinearScanOp op, ScanConfig config)
      : ScanProgram(kernel, op, config, op.getB()), scan(op), numParts(isa<ComplexType>(input) ? 2 : 1) {}

  LogicalResult emit() {
    setGrid(Expr(1), batch);
    Parts zeros(numParts, t.constant(type({config.rows}), 0.0));
    FailureOr<Parts> start = zeros, fixed = Parts();
    if (Value initial = scan.getInitial())
      start = loadParts(initial, 1, {other}, {config.rows});
    if (scan.isConstant())
      fixed = loadParts(scan.getA(), 0, {}, {config.rows});
    if (failed(start) || failed(fixed))
      return failure();
    Value h = resultView(scan.getH(), 1), end = k.expr(length);
    auto step = [&](Value first, bool isTail, ValueRange states) -> FailureOr<SmallVector<Value>> {
      FailureOr<SmallVector<Value>> inputs = chunk(first);
      if (failed(inputs))
        return failure();
      if (isTail)
        inputs->push_back(validSteps(first, end));
      SmallVector<Value> results = recur(*inputs, states, numParts, scan.getReverse(), [&](ValueRange s, ValueRange x) {
        Parts next = update(scan.isConstant() ? *fixed : Parts(x.slice(numParts, numParts)), s, x.take_front(numParts));
        if (isTail) // beyond the end the state stays
          for (auto [n, old] : llvm::zip_equal(next, s))
            n = t.select(x.back(), n, old);
        next.append(Parts(next));
        return next;
      });
      storeParts(ArrayRef(results).drop_front(numParts), h, {other, first});
      return SmallVector<Value>(ArrayRef(results).take_front(numParts));
    };
    FailureOr<SmallVector<Value>> last = walk(length, k.index(0), end, scan.getReverse(), *start, step);
    if (failed(last))
      return failure();
    if (scan.hasFinal())
      storeParts(*last, resultView(scan.getFinalState(), 1), {other});
    return success();
  }

private:
  /// a s + b; of complex numbers by parts.
  Parts update(ArrayRef<Value> a, ValueRange s, ValueRange b) {
    if (numParts == 1)
      return {t.fma(a[0], s[0], b[0])};
    Value minus = arith::NegFOp::create(k.b(), k.loc(), a[1]);
    return {t.fma(a[0], s[0], t.fma(minus, s[1], b[0])), t.fma(a[0], s[1], t.fma(a[1], s[0], b[1]))};
  }

  /// [rows, chunk] of b, and of a if it changes with time.
  FailureOr<SmallVector<Value>> chunk(Value first) {
    SmallVector<Value> tiles;
    for (Value v : {scan.getB(), scan.getA()}) {
      if (v == scan.getA() && scan.isConstant())
        break;
      FailureOr<Parts> parts = loadParts(v, 1, {other, first}, {config.rows, config.chunk});
      if (failed(parts))
        return failure();
      tiles.append(parts->begin(), parts->end());
    }
    return tiles;
  }

  FailureOr<Parts> loadParts(Value operand, int64_t channelDim, ArrayRef<Value> others, ArrayRef<int64_t> shape) {
    FailureOr<Value> tile = load(operand, channelDim, others, shape, state);
    if (failed(tile))
      return failure();
    if (numParts == 1)
      return Parts{*tile};
    auto split = tile::SplitOp::create(k.b(), k.loc(), SmallVector<Type>(2, type(shape)), *tile, ArrayRef<int64_t>{static_cast<int64_t>(shape.size())});
    return Parts(split.getResults());
  }

  void storeParts(ArrayRef<Value> parts, Value view, ArrayRef<Value> others) {
    Value tile = parts[0];
    if (numParts == 2) {
      SmallVector<int64_t> shape(TileMath::typeOf(tile).getShape());
      shape.push_back(2);
      tile = tile::JoinOp::create(k.b(), k.loc(), type(shape), parts, ArrayRef<int64_t>{static_cast<int64_t>(shape.size()) - 1});
    }
    store(tile, view, 1, others);
  }

  seq::LinearScanOp scan;
  unsigned numParts;
};
} // namespace

LogicalResult emitLinearScan(KernelBuilder &kernel, seq::LinearScanOp op, ScanConfig config) { return LinearScan(kernel, op, config).emit(); }

} // namespace seqc::convert
