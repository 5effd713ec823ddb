// SPDX-License-Identifier: Apache-2.0
#include "Rows.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

/// Positions, lengths and windows stay below this, so that sums fit i32 where positions do.
constexpr int64_t kFar = int64_t(1) << 29;

Expr packedBlocks(int64_t bm, const Expr &m, const Expr &s) { return floorDiv(m, Expr(bm)) + s + Expr(1); }

static Value loadIndex(KernelBuilder &k, Value view, Value at) {
  TileMath t{k.b(), k.loc()};
  return t.toIndex(tile::LoadScalarOp::create(k.b(), k.loc(), view, ArrayRef<OpFoldResult>{at}));
}

Rows packedRows(KernelBuilder &k, seq::AttentionOp op, Value id, int64_t bm, const Expr &m, const Expr &n, Value cuQ, Value cuK, const Expr &s) {
  OpBuilder &b = k.b();
  TileMath t{b, k.loc()};
  Value zero = k.index(0), one = k.index(1), count = k.expr(s), total = k.expr(m);
  auto bound = [&](Value list, Value at, Value limit) { return t.clamp(loadIndex(k, list, at), zero, limit); };
  // Walk over the sequences: blocks before the current one, the sequence of this program, blocks before that.
  auto loop = scf::ForOp::create(b, k.loc(), zero, count, one, ValueRange{zero, count, zero});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value i = loop.getInductionVar(), before = loop.getRegionIterArg(0);
    Value start = bound(cuQ, i, total), end = bound(cuQ, t.addi(i, one), total);
    Value next = t.addi(before, t.ceilDivi(t.maxi(t.subi(end, start), zero), bm));
    Value here = arith::AndIOp::create(b, k.loc(), t.less(t.subi(before, one), id), t.less(id, next));
    scf::YieldOp::create(b, k.loc(), ValueRange{next, t.select(here, i, loop.getRegionIterArg(1)), t.select(here, before, loop.getRegionIterArg(2))});
  }
  Value sequence = loop.getResult(1), found = t.less(sequence, count);
  Value before = t.select(found, loop.getResult(2), loop.getResult(0));
  Value after = t.mini(t.addi(sequence, one), count);
  Rows rows;
  rows.found = found;
  rows.sequence = t.maxi(t.mini(sequence, t.subi(count, one)), zero);
  rows.batch = zero;
  rows.queryStart = bound(cuQ, sequence, total);
  rows.keyStart = bound(cuK, sequence, k.expr(n));
  rows.first = t.muli(t.subi(id, before), bm);
  Value queryEnd = t.select(found, bound(cuQ, after, total), total);
  rows.rows = t.maxi(t.subi(queryEnd, rows.queryStart), zero);
  rows.keys = t.maxi(t.subi(bound(cuK, after, k.expr(n)), rows.keyStart), zero);
  return rows;
}

Value keysOfBatch(KernelBuilder &k, Value lengths, Value batch, Value n) {
  TileMath t{k.b(), k.loc()};
  return t.clamp(loadIndex(k, lengths, batch), k.index(0), n);
}

Limits limitsOf(TileMath t, seq::AttentionOp op, const Rows &rows) {
  Value off = op.getCausal() == "bottom_right" ? t.subi(rows.keys, rows.rows) : t.index(0);
  std::optional<int64_t> high;
  if (op.getWindowRight())
    high = std::min<int64_t>(*op.getWindowRight(), kFar);
  if (op.getCausal() != "none")
    high = 0;
  Limits limits;
  if (high)
    limits.high = t.addi(off, *high);
  if (op.getWindowLeft())
    limits.low = t.addi(off, -std::min<int64_t>(*op.getWindowLeft(), kFar));
  return limits;
}

KeyBlocks keyBlocks(TileMath t, const Rows &rows, const Limits &limits, int64_t bm, int64_t bn) {
  Value zero = t.index(0);
  Value last = t.addi(t.mini(t.addi(rows.first, bm), rows.rows), -1); // last row that exists
  Value firstKey = zero, firstFull = zero, endFull = rows.keys, endKey = rows.keys;
  if (limits.high) {
    endFull = t.clamp(t.addi(t.addi(rows.first, limits.high), 1), zero, rows.keys);
    endKey = t.clamp(t.addi(t.addi(last, limits.high), 1), zero, rows.keys);
  }
  if (limits.low) {
    firstKey = t.clamp(t.addi(rows.first, limits.low), zero, rows.keys);
    firstFull = t.clamp(t.addi(last, limits.low), zero, rows.keys);
  }
  KeyBlocks blocks;
  blocks.begin = t.divi(firstKey, bn);
  blocks.end = t.maxi(t.ceilDivi(endKey, bn), blocks.begin);
  blocks.fullBegin = t.clamp(t.ceilDivi(firstFull, bn), blocks.begin, blocks.end);
  blocks.fullEnd = t.clamp(t.divi(endFull, bn), blocks.fullBegin, blocks.end);
  return blocks;
}

RowRanges rowRanges(TileMath t, const Rows &rows, const Limits &limits, int64_t bm, int64_t heads) {
  auto type = TileMath::type({heads * bm}, t.b.getI32Type());
  Value row;
  auto positions = [&](Value shift) {
    if (!row)
      row = heads == 1 ? t.iota(bm) : tile::ReshapeOp::create(t.b, t.loc, type, t.broadcast(t.iota(bm), 0, heads));
    return t.addi(row, t.splat(type, t.toI32(t.addi(rows.first, shift))));
  };
  RowRanges ranges;
  ranges.high = t.splat(type, t.toI32(rows.keys));
  if (limits.high)
    ranges.high = t.mini(positions(t.addi(limits.high, 1)), ranges.high);
  if (limits.low)
    ranges.low = positions(limits.low);
  return ranges;
}

} // namespace seqc::convert
