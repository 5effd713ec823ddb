// SPDX-License-Identifier: Apache-2.0
#include "ScanProgram.h"

using namespace mlir;

namespace seqc::convert {

namespace {
class LinearScan : ScanProgram {
public:
  LinearScan(KernelBuilder &kernel, seq::LinearScanOp op, ScanConfig config) : ScanProgram(kernel, op, config, op.getB()), scan(op) {}

  LogicalResult emit() {
    setGrid(Expr(1), batch);
    FailureOr<Value> start = t.constant(type({config.rows}), 0.0), fixed = Value();
    if (Value initial = scan.getInitial())
      start = load(initial, 1, {other}, {config.rows}, state);
    if (scan.isConstant())
      fixed = load(scan.getA(), 0, {}, {config.rows}, state);
    if (failed(start) || failed(fixed))
      return failure();
    Value h = resultView(scan.getH(), 1), end = k.expr(length);
    auto step = [&](Value first, bool isTail, ValueRange states) -> FailureOr<SmallVector<Value>> {
      FailureOr<Value> a = *fixed, b = load(scan.getB(), 1, {other, first}, {config.rows, config.chunk}, state);
      if (!scan.isConstant())
        a = load(scan.getA(), 1, {other, first}, {config.rows, config.chunk}, state);
      if (failed(a) || failed(b))
        return failure();
      SmallVector<Value> inputs{*b};
      if (!scan.isConstant())
        inputs.push_back(*a);
      if (isTail)
        inputs.push_back(validSteps(first, end));
      SmallVector<Value> results = recur(inputs, states, 1, scan.getReverse(), [&](ValueRange s, ValueRange x) -> SmallVector<Value> {
        Value next = t.fma(scan.isConstant() ? *fixed : x[1], s[0], x[0]);
        if (isTail) // beyond the end the state stays
          next = t.select(x.back(), next, s[0]);
        return {next, next};
      });
      store(results[1], h, 1, {other, first});
      return SmallVector<Value>{results[0]};
    };
    FailureOr<SmallVector<Value>> last = walk(length, k.index(0), end, scan.getReverse(), {*start}, step);
    if (failed(last))
      return failure();
    if (scan.hasFinal())
      store((*last)[0], resultView(scan.getFinalState(), 1), 1, {other});
    return success();
  }

private:
  seq::LinearScanOp scan;
};
} // namespace

LogicalResult emitLinearScan(KernelBuilder &kernel, seq::LinearScanOp op, ScanConfig config) { return LinearScan(kernel, op, config).emit(); }

} // namespace seqc::convert
