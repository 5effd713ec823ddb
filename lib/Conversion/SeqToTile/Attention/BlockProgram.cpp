// SPDX-License-Identifier: Apache-2.0
#include "BlockProgram.h"
#include "Regions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

namespace {
/// Running values over the key blocks. Scores are in units of `unit` natural ones: maximum in these units, weights exp2((s - max) * c).
struct Running {
  Value o, max, sum;
};

class Program {
public:
  Program(KernelBuilder &k, AttentionConfig config, const AttentionViews &views, seq::AttentionOp op, const Rows &rows)
      : k(k), t{k.b(), k.loc()}, config(config), views(views), op(op), rows(rows), regions(k, op, rows, config.rows(), config.bn) {
    Type element = cast<RankedTensorType>(op.getQ().getType()).getElementType();
    input = element;
    score = seq::AttentionOp::scoreType(element);
    isPlain = !op.getSoftcap() && !views.bias && op.getScoreMod().empty();
    unit = isPlain ? op.getScaleValue() : 1.0;
    factor = unit * M_LOG2E;
    rowType = TileMath::type({config.rows()}, score);
  }

  FailureOr<AttentionTiles> emit() {
    limits = limitsOf(t, op, rows);
    ranges = rowRanges(t, rows, limits, config.bm, config.heads);
    if (failed(regions.prepare()))
      return failure();
    loadRows();
    KeyBlocks blocks = keyBlocks(t, rows, limits, config.bm, config.bn);
    Running r = initial();
    LogicalResult ok = success();
    auto loop = [&](Value begin, Value end, bool masked) {
      if (succeeded(ok))
        ok = emitLoop(begin, end, masked, r);
    };
    if (!op.getMask().empty()) {
      loop(blocks.begin, blocks.end, true);
    } else {
      if (limits.low)
        loop(blocks.begin, blocks.fullBegin, true);
      loop(blocks.fullBegin, blocks.fullEnd, false);
      if (limits.high || hasPartialEnd())
        loop(blocks.fullEnd, blocks.end, true);
    }
    if (failed(ok))
      return failure();
    return finish(r);
  }

private:
  /// False if all sequences have the same whole number of key blocks.
  bool hasPartialEnd() {
    int64_t n = cast<RankedTensorType>(op.getK().getType()).getDimSize(2);
    return op.getKvLengths() || op.isPacked() || ShapedType::isDynamic(n) || n % config.bn != 0;
  }

  /// Rows of a head of the sequence: [rows, columns].
  Value matrix(Value view, Value head, Value start, Value size) {
    auto type = cast<tile::ViewType>(view.getType());
    OpFoldResult zero = k.b().getIndexAttr(0), one = k.b().getIndexAttr(1), columns = k.b().getIndexAttr(type.getShape()[3]);
    return tile::SubviewOp::create(k.b(), k.loc(), view, ArrayRef<OpFoldResult>{rows.batch, head, start, zero}, ArrayRef<OpFoldResult>{one, one, getAsOpFoldResult(size), columns},
                                   ArrayRef<bool>{true, true, false, false});
  }

  Value loadBlock(Value view, Value first, int64_t extent, int64_t columns) {
    Type element = cast<tile::ViewType>(view.getType()).getElementType();
    return tile::LoadOp::create(k.b(), k.loc(), TileMath::type({extent, columns}, element), view, ArrayRef<OpFoldResult>{first, k.b().getIndexAttr(0)});
  }

  /// The queries of all heads of the block: [heads * bm, d].
  Value loadHeads() {
    auto type = cast<tile::ViewType>(views.q.getType());
    OpFoldResult zero = k.b().getIndexAttr(0);
    Value view = tile::SubviewOp::create(k.b(), k.loc(), views.q, ArrayRef<OpFoldResult>{rows.batch, rows.head, zero, zero},
                                         ArrayRef<OpFoldResult>{k.b().getIndexAttr(1), k.b().getIndexAttr(config.heads), getAsOpFoldResult(rows.rows),
                                                                k.b().getIndexAttr(type.getShape()[3])},
                                         ArrayRef<bool>{true, false, false, false});
    Value tile = tile::LoadOp::create(k.b(), k.loc(), TileMath::type({config.heads, config.bm, config.d}, input), view, ArrayRef<OpFoldResult>{zero, rows.first, zero});
    return tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({config.rows(), config.d}, input), tile);
  }

  /// What stays the same over the keys.
  void loadRows() {
    q = config.heads == 1 ? loadBlock(matrix(views.q, rows.head, rows.queryStart, rows.rows), rows.first, config.bm, config.d) : loadHeads();
    keys = matrix(views.k, rows.kvHead, rows.keyStart, rows.keys);
    values = matrix(views.v, rows.kvHead, rows.keyStart, rows.keys);
    if (!views.bias)
      return;
    // The bias of this batch and head: [M or 1, N or 1] without its dims of size 1.
    auto type = cast<RankedTensorType>(op.getBias().getType());
    SmallVector<OpFoldResult> offsets, sizes;
    SmallVector<bool> dropped;
    Value at[] = {rows.batch, rows.head};
    for (int64_t d = 0; d < 4; ++d) {
      bool isOne = type.getDimSize(d) == 1;
      offsets.push_back(d < 2 && !isOne ? OpFoldResult(at[d]) : OpFoldResult(k.b().getIndexAttr(0)));
      dropped.push_back(d < 2 || isOne);
      sizes.push_back(dropped.back() ? OpFoldResult(k.b().getIndexAttr(1)) : k.size(views.biasSizes[d]));
    }
    biasRows = !dropped[2], biasKeys = !dropped[3];
    if (!biasRows && !biasKeys) {
      bias = t.convert(tile::LoadScalarOp::create(k.b(), k.loc(), views.bias, offsets), score);
      return;
    }
    bias = tile::SubviewOp::create(k.b(), k.loc(), views.bias, offsets, sizes, dropped);
    if (!biasKeys)
      bias = t.convert(biasTile(Value()), score);
  }

  Value biasTile(Value first) {
    SmallVector<OpFoldResult> coords;
    SmallVector<int64_t> shape;
    if (biasRows)
      coords.push_back(rows.first), shape.push_back(config.rows());
    if (biasKeys)
      coords.push_back(first), shape.push_back(config.bn);
    Type element = cast<tile::ViewType>(bias.getType()).getElementType();
    return tile::LoadOp::create(k.b(), k.loc(), TileMath::type(shape, element), bias, coords);
  }

  Value biasOf(Value first) {
    auto type = TileMath::type({config.rows(), config.bn}, score);
    if (!biasRows && !biasKeys)
      return t.splat(type, bias);
    Value tile = biasKeys ? t.convert(biasTile(first), score) : bias;
    if (!biasKeys)
      return t.broadcast(tile, 1, config.bn);
    return biasRows ? tile : t.broadcast(tile, 0, config.rows());
  }

  Running initial() {
    Running r;
    r.o = t.constant(TileMath::type({config.rows(), config.dv}, score), 0.0);
    if (!views.sinks) {
      r.max = t.constant(rowType, -INFINITY);
      r.sum = t.constant(rowType, 0.0);
      return r;
    }
    // The sink is a key without a value: it starts the maximum, and its weight is 1.
    Type element = cast<tile::ViewType>(views.sinks.getType()).getElementType();
    Value sinks = tile::LoadOp::create(k.b(), k.loc(), TileMath::type({config.heads}, element), views.sinks, ArrayRef<OpFoldResult>{rows.head});
    Value start = tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({config.rows()}, element), t.broadcast(sinks, 1, config.bm));
    r.max = t.mul(t.convert(start, score), M_LOG2E / factor);
    r.sum = t.constant(rowType, 1.0);
    if (rows.found) {
      Value found = t.splat(rowType.clone(k.b().getI1Type()), rows.found);
      r.max = t.select(found, r.max, t.constant(rowType, -INFINITY));
      r.sum = t.select(found, r.sum, t.constant(rowType, 0.0));
    }
    return r;
  }

  LogicalResult emitLoop(Value begin, Value end, bool masked, Running &r) {
    OpBuilder &b = k.b();
    auto loop = scf::ForOp::create(b, k.loc(), begin, end, k.index(1), ValueRange{r.o, r.max, r.sum});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Running inner{loop.getRegionIterArg(0), loop.getRegionIterArg(1), loop.getRegionIterArg(2)};
    FailureOr<Running> next = step(inner, t.muli(loop.getInductionVar(), config.bn), masked);
    if (failed(next))
      return failure();
    scf::YieldOp::create(b, k.loc(), ValueRange{next->o, next->max, next->sum});
    r = {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
    return success();
  }

  FailureOr<Running> step(Running r, Value first, bool masked) {
    FailureOr<Value> scores = modified(first);
    if (failed(scores))
      return failure();
    Value s = masked ? select(*scores, first) : *scores;
    Value max = t.max(r.max, t.reduce(s, 1, "max"));
    // Nothing visible yet: -inf - -inf must not occur.
    Value reference = masked || !isPlain ? t.select(t.equals(max, -INFINITY), t.constant(rowType, 0.0), max) : max;
    Value c = t.constant(rowType, factor);
    Value rescale = t.exp2(t.mul(t.sub(r.max, reference), c));
    Value weights = t.exp2(exponents(s, reference));
    Value sum = t.fma(r.sum, rescale, t.reduce(weights, 1, "add"));
    Value o = t.mul(r.o, t.broadcast(rescale, 1, config.dv)), p = t.convert(weights, input);
    bool hides = (masked && (limits.high || limits.low)) || views.bias || !regions.empty();
    o = config.guard && hides ? guardedProduct(s, p, first, o) : product(p, loadBlock(values, first, config.bn, config.dv), o);
    return Running{o, max, sum};
  }

  /// (s - reference) * factor. A bias may be finite and near the largest float: its multiple is not.
  Value exponents(Value s, Value reference) {
    if (!isPlain)
      return t.mul(t.sub(s, t.broadcast(reference, 1, config.bn)), factor);
    return t.fma(s, t.constant(TileMath::typeOf(s), factor), t.broadcast(t.mul(reference, -factor), 1, config.bn));
  }

  Value product(Value p, Value v, Value o) { return tile::DotOp::create(k.b(), k.loc(), TileMath::typeOf(o), p, v, o); }

  /// o + p V where weights of 0 hide values that are not finite. Only blocks that hold such values pay for it.
  Value guardedProduct(Value s, Value p, Value first, Value o) {
    OpBuilder &b = k.b();
    // x * 0 is 0 for finite x, else NaN.
    Value zeros = t.mul(t.convert(loadBlock(values, first, config.bn, config.dv), score), 0.0);
    Value total = t.reduce(t.reduce(zeros, 0, "add"), 0, "add");
    Value element = tile::ScalarOp::create(b, k.loc(), score, total);
    Value isFinite = arith::CmpFOp::create(b, k.loc(), arith::CmpFPredicate::OEQ, element, t.scalar(score, 0.0));
    auto branch = scf::IfOp::create(b, k.loc(), o.getType(), isFinite, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branch.getThenRegion().front());
    scf::YieldOp::create(b, k.loc(), product(p, loadBlock(values, first, config.bn, config.dv), o));
    b.setInsertionPointToStart(&branch.getElseRegion().front());
    scf::YieldOp::create(b, k.loc(), carefulProduct(s, p, first, o));
    return branch.getResult(0);
  }

  /// The finite values by the product; of the others, a second product counts those that each row sees: an infinity is 1, minus infinity
  /// 1 / unit, NaN 1 / unit^2, with a unit above the number of keys, so that the sums keep them apart.
  Value carefulProduct(Value s, Value p, Value first, Value o) {
    OpBuilder &b = k.b();
    Value v = loadBlock(values, first, config.bn, config.dv);
    RankedTensorType valueType = TileMath::typeOf(v), sumType = TileMath::typeOf(o);
    double unit = std::exp2(llvm::Log2_64_Ceil(config.bn + 1));
    auto number = [&](double x) { return t.constant(valueType, x); };
    Value finite = arith::CmpFOp::create(b, k.loc(), arith::CmpFPredicate::OLT, math::AbsFOp::create(b, k.loc(), v), number(INFINITY));
    Value nan = arith::CmpFOp::create(b, k.loc(), arith::CmpFPredicate::UNO, v, v);
    Value code = t.select(nan, number(1 / (unit * unit)), t.select(t.equals(v, INFINITY), number(1), number(1 / unit)));
    code = t.select(finite, number(0), code);
    Value sees = t.select(t.equals(s, -INFINITY), t.constant(TileMath::typeOf(p), 0), t.constant(TileMath::typeOf(p), 1));
    Value seen = product(sees, code, t.constant(sumType, 0));
    o = product(p, t.select(finite, v, number(0)), o);
    auto fraction = [&](Value x) { return t.sub(x, math::FloorOp::create(b, k.loc(), x)); };
    auto addIf = [&](Value x, double least, double what) {
      Value present = arith::CmpFOp::create(b, k.loc(), arith::CmpFPredicate::OGE, x, t.constant(sumType, least));
      o = t.add(o, t.select(present, t.constant(sumType, what), t.constant(sumType, 0)));
    };
    Value rest = t.mul(fraction(seen), unit);
    addIf(seen, 1, INFINITY);
    addIf(rest, 1, -INFINITY);
    addIf(fraction(rest), 1 / unit, NAN);
    return o;
  }

  /// scale, softcap, bias, regions; the raw product if there is nothing to do but the scale.
  FailureOr<Value> modified(Value first) {
    auto type = TileMath::type({config.rows(), config.bn}, score);
    Value block = loadBlock(keys, first, config.bn, config.d);
    Value s = tile::DotOp::create(k.b(), k.loc(), type, q, t.transpose(block), Value());
    if (!isPlain) {
      double scale = op.getScaleValue();
      if (std::optional<APFloat> cap = op.getSoftcap())
        s = t.mul(t.tanh(t.mul(s, scale / cap->convertToDouble())), cap->convertToDouble());
      else if (views.bias)
        s = t.fma(s, t.constant(type, scale), biasOf(first));
      else
        s = t.mul(s, scale);
      if (op.getSoftcap() && views.bias)
        s = t.add(s, biasOf(first));
    }
    return regions.empty() ? FailureOr<Value>(s) : regions.apply(s, first);
  }

  /// -inf where the key is outside the range of the row.
  Value select(Value s, Value first) {
    auto keyType = TileMath::type({config.bn}, k.b().getI32Type());
    Value positions = t.broadcast(t.addi(t.iota(config.bn), t.splat(keyType, t.toI32(first))), 0, config.rows());
    auto compare = [&](arith::CmpIPredicate p, Value limit) -> Value {
      return arith::CmpIOp::create(k.b(), k.loc(), p, positions, t.broadcast(limit, 1, config.bn));
    };
    Value visible = compare(arith::CmpIPredicate::slt, ranges.high);
    if (ranges.low)
      visible = arith::AndIOp::create(k.b(), k.loc(), visible, compare(arith::CmpIPredicate::sge, ranges.low));
    return t.select(visible, s, t.constant(TileMath::typeOf(s), -INFINITY));
  }

  /// o / sum, 0 for rows without keys; lse in natural units.
  AttentionTiles finish(const Running &r) {
    Value zero = t.constant(rowType, 0.0), one = t.constant(rowType, 1.0);
    Value inverse = t.select(t.equals(r.sum, 0.0), zero, t.div(one, r.sum));
    AttentionTiles tiles;
    tiles.o = t.mul(r.o, t.broadcast(inverse, 1, config.dv));
    tiles.lse = t.fma(t.log2(r.sum), t.constant(rowType, M_LN2), t.mul(r.max, unit));
    return tiles;
  }

  KernelBuilder &k;
  TileMath t;
  AttentionConfig config;
  AttentionViews views;
  seq::AttentionOp op;
  const Rows &rows;
  ScoreRegions regions;
  Type input, score;
  RankedTensorType rowType;
  bool isPlain = true, biasRows = false, biasKeys = false;
  double unit = 1.0;   ///< of scores
  double factor = 1.0; ///< weights are exp2(factor * (s - max))
  Limits limits;
  RowRanges ranges;
  Value q, keys, values, bias;
};
} // namespace

FailureOr<AttentionTiles> emitAttentionProgram(KernelBuilder &k, seq::AttentionOp op, const AttentionConfig &config, const AttentionViews &views,
                                               const Rows &rows) {
  return Program(k, config, views, op, rows).emit();
}

} // namespace seqc::convert
