// SPDX-License-Identifier: Apache-2.0
#include "ScanProgram.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

namespace {
class SelectiveScan : ScanProgram {
public:
  SelectiveScan(KernelBuilder &kernel, seq::SelectiveScanOp op, ScanConfig config)
      : ScanProgram(kernel, op, config, op.getU()), scan(op), states(cast<RankedTensorType>(op.getA().getType()).getDimSize(1)) {}

  LogicalResult emit() {
    Expr groups(1), sequences = batch;
    for (Value v : {scan.getB(), scan.getC()})
      if (scan.isInTime(v))
        groups = k.shapes().dim(v, 1).value_or(Expr(1));
    if (scan.isPacked())
      sequences = k.shapes().dim(scan.getCuSeqlens(), 0).value_or(Expr(1)) - Expr(1);
    setGrid(groups, scan.isPacked() ? sequences + Expr(1) : sequences);
    memory = scan.isPacked() ? k.index(0) : other;
    begin = k.index(0);
    end = k.expr(length);
    y = resultView(scan.getY(), 1);
    return scan.isPacked() ? emitPacked(sequences) : emitSequence(other);
  }

private:
  /// One program per sequence, and one for what lies behind the last: y is 0 there.
  LogicalResult emitPacked(const Expr &sequences) {
    OpBuilder &b = k.b();
    FailureOr<Value> list = operandView(scan.getCuSeqlens(), -1);
    if (failed(list))
      return failure();
    Value total = k.expr(length);
    auto bound = [&](Value at) {
      return t.clamp(t.toIndex(tile::LoadScalarOp::create(b, k.loc(), *list, ArrayRef<OpFoldResult>{at})), k.index(0), total);
    };
    Value count = k.expr(sequences);
    begin = bound(other);
    Value isSequence = t.less(other, count);
    auto branch = scf::IfOp::create(b, k.loc(), TypeRange(), isSequence, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(branch.thenYield());
    end = bound(t.addi(other, 1));
    if (failed(emitSequence(other)))
      return failure();
    b.setInsertionPoint(branch.elseYield());
    end = total;
    auto zeros = [&](Value first, bool, ValueRange) -> FailureOr<SmallVector<Value>> {
      storeRange(t.constant(chunkType(), 0.0), first);
      return SmallVector<Value>();
    };
    return failure(failed(walk(Expr::name("range"), begin, end, false, {}, zeros)));
  }

  LogicalResult emitSequence(Value sequence) {
    FailureOr<Value> start = t.constant(stateTile(), 0.0);
    if (Value initial = scan.getInitial())
      start = load(initial, 1, {sequence, k.index(0)}, stateTile().getShape(), state);
    FailureOr<Value> decay = fixed(scan.getA());
    if (failed(start) || failed(decay))
      return failure();
    rates = t.mul(*decay, M_LOG2E);
    for (auto [operand, tile] : {std::pair(scan.getB(), &fixedB), std::pair(scan.getC(), &fixedC)})
      if (!scan.isInTime(operand)) {
        FailureOr<Value> loaded = fixed(operand);
        if (failed(loaded))
          return failure();
        *tile = *loaded;
      }
    FailureOr<SmallVector<Value>> carried = config.ahead ? rowsInTime(begin) : SmallVector<Value>();
    if (failed(carried))
      return failure();
    carried->insert(carried->begin(), *start);
    FailureOr<SmallVector<Value>> last =
        walk(scan.isPacked() ? Expr::name("range") : length, begin, end, false, *carried, [&](Value first, bool isTail, ValueRange s) { return step(first, isTail, s); });
    if (failed(last))
      return failure();
    if (scan.hasFinal())
      store((*last)[0], resultView(scan.getFinalState(), 1), 1, {sequence, k.index(0)});
    return success();
  }

  /// `carried`: the states, then what was read of this chunk ahead.
  FailureOr<SmallVector<Value>> step(Value first, bool isTail, ValueRange carried) {
    FailureOr<SmallVector<Value>> rows = config.ahead ? SmallVector<Value>(carried.drop_front()) : rowsInTime(first), next = SmallVector<Value>();
    if (config.ahead)
      next = isTail ? *rows : rowsInTime(t.addi(first, config.chunk));
    if (failed(rows) || failed(next))
      return failure();
    Value h = carried[0], u = t.convert((*rows)[0], state);
    FailureOr<Value> dt = stepSizes(t.convert((*rows)[1], state));
    if (failed(dt))
      return failure();
    SmallVector<Value> inputs{*dt, t.mul(*dt, u)};
    for (Value v : {scan.getB(), scan.getC()})
      if (scan.isInTime(v)) {
        FailureOr<Value> p = projection(v, first);
        if (failed(p))
          return failure();
        inputs.push_back(*p);
      }
    if (isTail)
      inputs.push_back(validSteps(first, end));
    SmallVector<Value> results = recur(inputs, h, 1, false, [&](ValueRange s, ValueRange x) -> SmallVector<Value> {
      size_t next = 2;
      Value b = fixedB ? fixedB : overRows(x[next++]), c = fixedC ? fixedC : overRows(x[next++]);
      Value decay = t.exp2(t.mul(overStates(x[0]), rates));
      Value state = t.fma(decay, s[0], t.mul(overStates(x[1]), b));
      if (isTail) // beyond the end the state stays
        state = t.select(overStates(x.back()), state, s[0]);
      Value products = arith::MulFOp::create(k.b(), k.loc(), state, c, arith::FastMathFlags::contract); // with the sum, where that is one operation
      return {state, t.reduce(products, 1, "add")};
    });
    FailureOr<Value> out = gated(results[1], u, scan.getZ() ? t.convert((*rows)[2], state) : Value());
    if (failed(out))
      return failure();
    storeRange(*out, first);
    next->insert(next->begin(), results[0]);
    return next;
  }

  /// u, delta and z of a chunk, as they are in memory.
  FailureOr<SmallVector<Value>> rowsInTime(Value first) {
    SmallVector<Value> tiles;
    for (Value v : {scan.getU(), scan.getDelta(), scan.getZ()}) {
      if (!v)
        continue;
      FailureOr<Value> tile = load(v, 1, {memory, first}, {config.rows, config.chunk}, getElementTypeOrSelf(v.getType()));
      if (failed(tile))
        return failure();
      tiles.push_back(*tile);
    }
    return tiles;
  }

  /// dt of a chunk.
  FailureOr<Value> stepSizes(Value dt) {
    if (Value bias = scan.getDeltaBias()) {
      FailureOr<Value> b = load(bias, 0, {}, {config.rows}, state);
      if (failed(b))
        return failure();
      dt = t.add(dt, t.broadcast(*b, 1, config.chunk));
    }
    return scan.getDeltaSoftplus() ? softplus(dt) : dt;
  }

  /// x above 20, else log(1 + exp(x)) = log(v) e / (v - 1) with e = exp(x), v = 1 + e: without cancellation where e is small.
  Value softplus(Value x) {
    auto number = [&](double v) { return t.constant(TileMath::typeOf(x), v); };
    auto compare = [&](arith::CmpFPredicate p, Value a, double limit) { return arith::CmpFOp::create(k.b(), k.loc(), p, a, number(limit)); };
    Value e = t.exp2(t.mul(x, M_LOG2E)), v = t.add(e, number(1.0));
    if (cast<RankedTensorType>(scan.getDelta().getType()).getElementTypeBitWidth() < 32) {
      // Steps of 11 bits at most: an approximate logarithm is enough, with three terms of the series where it is not (below 2^-6 to 2^-20).
      Value series = t.mul(e, t.fma(e, t.fma(e, number(1.0 / 3), number(-0.5)), number(1.0)));
      Value log = t.mul(math::Log2Op::create(k.b(), k.loc(), v, arith::FastMathFlags::afn), M_LN2);
      Value result = t.select(compare(arith::CmpFPredicate::OLT, e, 0x1p-6), series, log);
      return t.select(compare(arith::CmpFPredicate::OGT, x, 20.0), x, result);
    }
    Value quotient = arith::DivFOp::create(k.b(), k.loc(), e, t.sub(v, number(1.0)), arith::FastMathFlags::afn);
    Value result = t.mul(t.mul(t.log2(v), M_LN2), quotient);
    result = t.select(compare(arith::CmpFPredicate::OEQ, v, 1.0), e, result);
    return t.select(compare(arith::CmpFPredicate::OGT, x, 20.0), x, result);
  }

  /// (y + D u) silu(z)
  FailureOr<Value> gated(Value out, Value u, Value z) {
    if (Value skip = scan.getSkip()) {
      FailureOr<Value> d = load(skip, 0, {}, {config.rows}, state);
      if (failed(d))
        return failure();
      out = t.fma(t.broadcast(*d, 1, config.chunk), u, out);
    }
    if (z) {
      Value one = t.constant(chunkType(), 1.0);
      Value silu = arith::DivFOp::create(k.b(), k.loc(), z, t.add(one, t.exp2(t.mul(z, -M_LOG2E))), arith::FastMathFlags::afn);
      out = t.mul(out, silu);
    }
    return out;
  }

  RankedTensorType chunkType() const { return type({config.rows, config.chunk}); }
  RankedTensorType stateTile() const { return type({config.rows, states}); }
  Value overStates(Value rows) { return t.broadcast(rows, 1, states); }
  Value overRows(Value column) { return t.broadcast(column, 0, config.rows); }
  /// [rows, N] of an operand [D, N].
  FailureOr<Value> fixed(Value v) { return load(v, 0, {k.index(0)}, stateTile().getShape(), state); }

  /// [N, chunk] of B or C: of the group that the block is in.
  FailureOr<Value> projection(Value v, Value first) {
    FailureOr<Value> view = operandView(v, -1);
    if (failed(view))
      return failure();
    auto tile = TileMath::type({states, config.chunk}, getElementTypeOrSelf(v.getType()));
    SmallVector<OpFoldResult> coords{memory, groupIndex(), k.index(0), first};
    return t.convert(tile::LoadOp::create(k.b(), k.loc(), tile, *view, coords), state);
  }

  /// Stores a chunk of y, up to the end of the sequence.
  void storeRange(Value tile, Value first) {
    Value view = y;
    if (scan.isPacked()) {
      auto whole = y.getDefiningOp<tile::ViewOp>();
      SmallVector<OpFoldResult> sizes = getMixedValues(whole.getStaticSizes(), whole.getSizes(), k.b());
      sizes.back() = end;
      view = tile::SubviewOp::create(k.b(), k.loc(), y, SmallVector<OpFoldResult>(sizes.size(), k.b().getIndexAttr(0)), sizes, SmallVector<bool>(sizes.size(), false));
    }
    store(tile, view, 1, {memory, first});
  }

  seq::SelectiveScanOp scan;
  int64_t states;
  Value memory;            ///< batch coordinate in memory: 0 in the packed form
  Value begin, end;        ///< of the sequence in L
  Value y;                 ///< view
  Value rates;             ///< A log2(e)
  Value fixedB, fixedC;    ///< [rows, N] where constant in time
};
} // namespace

LogicalResult emitSelectiveScan(KernelBuilder &kernel, seq::SelectiveScanOp op, ScanConfig config) { return SelectiveScan(kernel, op, config).emit(); }

} // namespace seqc::convert
