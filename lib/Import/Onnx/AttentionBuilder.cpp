// SPDX-License-Identifier: Apache-2.0
#include "AttentionBuilder.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace seqc::onnx {

using Compare = GraphBuilder::Compare;
using Reduce = GraphBuilder::Reduce;
static constexpr double kInf = std::numeric_limits<double>::infinity();

//===-- Heads ---------------------------------------------------------------------===//

Tensor splitHeads(GraphBuilder &g, const Tensor &x, int64_t heads) {
  if (x.rank() != 3 || heads < 1)
    invalid("expects a tensor of rank 3 and heads above 0, but got " + describe(x) + " and " + llvm::Twine(heads));
  std::optional<Size> depth = exactQuotient(x.shape[2], Size(heads));
  if (!depth)
    invalid("expects a last dim of " + llvm::Twine(heads) + " heads, but got " + describe(x));
  return g.transpose(g.reshape(x, {x.shape[0], x.shape[1], Size(heads), *depth}), {0, 2, 1, 3});
}

Tensor joinHeads(GraphBuilder &g, const Tensor &x) {
  Tensor t = g.transpose(x, {0, 2, 1, 3});
  return g.reshape(t, {t.shape[0], t.shape[1], t.shape[2] * t.shape[3]});
}

/// Number of query heads per key head.
static Size groupsOf(const Tensor &q, const Tensor &k) {
  std::optional<Size> groups = exactQuotient(q.shape[1], k.shape[1]);
  if (!groups || groups->isConst(0))
    invalid("expects query heads that are a multiple of key heads, but got " + q.shape[1].str() + " and " + k.shape[1].str());
  return *groups;
}

/// Keys or values repeated for the query heads: [B, HK, N, D] -> [B, HQ, N, D]
static Tensor perQueryHead(GraphBuilder &g, const Tensor &x, const Size &groups) {
  if (groups.isConst(1))
    return x;
  Shape wide{x.shape[0], x.shape[1], groups, x.shape[2], x.shape[3]};
  return g.reshape(g.repeat(x, wide, {2}), {x.shape[0], x.shape[1] * groups, x.shape[2], x.shape[3]});
}

//===-- Checks --------------------------------------------------------------------===//

void checkAttention(GraphBuilder &g, const AttentionInputs &in) {
  for (const Tensor *t : {&in.q, &in.k, &in.v})
    if (t->rank() != 4 || !t->isFloat())
      invalid("expects queries, keys and values of rank 4 and a float type, but got " + describe(*t));
  if (in.q.element != in.k.element || in.q.element != in.v.element)
    unsupported("queries, keys and values of different types, " + describe(in.q) + ", " + describe(in.k) + ", " + describe(in.v));
  g.require(in.q.shape[0], in.k.shape[0], "batches of queries and keys");
  g.require(in.k.shape[0], in.v.shape[0], "batches of keys and values");
  g.require(in.k.shape[1], in.v.shape[1], "heads of keys and values");
  g.require(in.k.shape[2], in.v.shape[2], "lengths of keys and values");
  g.require(in.q.shape[3], in.k.shape[3], "head dims of queries and keys");
  if (!in.q.shape[3].isConst() || !in.v.shape[3].isConst())
    unsupported("a head dim that is dynamic, " + describe(in.q) + " (fix it with --dim)");
  groupsOf(in.q, in.k);
}

static double scaleOf(const AttentionInputs &in) { return in.scale != 0 ? in.scale : 1 / std::sqrt(static_cast<double>(in.q.shape[3].value())); }

/// A mask of rank 0 to 4 with dims of size 1 or those of [B, HQ, M, N], as rank 4.
static Tensor maskOfRank4(GraphBuilder &g, const AttentionInputs &in, const Tensor &mask) {
  if (mask.rank() > 4)
    invalid("expects a mask of rank 4 or less, but got " + describe(mask));
  Shape shape(4 - mask.rank(), Size(1));
  shape.append(mask.shape.begin(), mask.shape.end());
  const Size want[] = {in.q.shape[0], in.q.shape[1], in.q.shape[2], in.k.shape[2]};
  for (int d = 0; d < 4; ++d)
    if (!shape[d].isConst(1))
      g.require(want[d], shape[d], "a mask " + str(mask.shape) + " that broadcasts to batch, heads, queries and keys");
  return g.reshape(mask, shape);
}

//===-- seq.attention -------------------------------------------------------------===//

namespace {
/// The region that says which keys a query sees.
class MaskRegion {
public:
  MaskRegion(GraphBuilder &g, Block &block) : g(g), b(g.b), block(block) {}

  Value at(const Tensor &mask) {
    llvm::SmallVector<Value> index;
    for (int64_t d = 0; d < 4; ++d)
      index.push_back(mask.shape[d].isConst(1) ? constant(0) : Value(block.getArgument(d)));
    return tensor::ExtractOp::create(b, g.loc, mask.value, index);
  }
  void add(Value condition) { all = all ? Value(arith::AndIOp::create(b, g.loc, all, condition)) : condition; }
  /// Conditions on n relative to the position m + offset.
  void position(const AttentionInputs &in, const Tensor &offset) {
    Value start = offset ? asIndex(tensor::ExtractOp::create(b, g.loc, offset.value, offset.rank() ? ValueRange{block.getArgument(0)} : ValueRange{}))
                         : constant(in.offset.value());
    Value at = arith::AddIOp::create(b, g.loc, block.getArgument(2), start), n = block.getArgument(3);
    auto compare = [&](arith::CmpIPredicate p, Value bound) { add(arith::CmpIOp::create(b, g.loc, p, n, bound)); };
    if (in.causal)
      compare(arith::CmpIPredicate::sle, at);
    if (in.left)
      compare(arith::CmpIPredicate::sge, arith::SubIOp::create(b, g.loc, at, constant(*in.left)));
    if (in.right)
      compare(arith::CmpIPredicate::sle, arith::AddIOp::create(b, g.loc, at, constant(*in.right)));
  }
  void finish() { seq::YieldOp::create(b, g.loc, all); }

private:
  Value constant(int64_t x) { return arith::ConstantIndexOp::create(b, g.loc, x); }
  Value asIndex(Value v) { return arith::IndexCastOp::create(b, g.loc, b.getIndexType(), v); }

  GraphBuilder &g;
  OpBuilder &b;
  Block &block;
  Value all;
};

/// How the attributes of seq.attention say what positions see, if they can.
std::optional<llvm::StringRef> alignment(const AttentionInputs &in) {
  bool isPositional = in.causal || in.left || in.right;
  if (!isPositional)
    return "none";
  if (!in.offsets && in.offset.isConst(0))
    return in.causal ? "top_left" : "none";
  // bottom_right: positions end at the last key
  bool endsAtKeys = in.offsets ? in.offsetsEndAtLengths : !in.lengths && in.offset == in.k.shape[2] - in.q.shape[2];
  if (endsAtKeys && in.causal)
    return "bottom_right";
  return std::nullopt;
}

/// Values that regions capture have to be SSA values.
Tensor captured(GraphBuilder &g, Tensor t) {
  t.value = g.value(t);
  return t;
}
} // namespace

Tensor attention(GraphBuilder &g, AttentionInputs in) {
  checkAttention(g, in);
  if (in.right == 0) { // no key beyond the position: causal
    in.causal = true;
    in.right.reset();
  }
  if (in.causal)
    in.right.reset();
  OpBuilder &b = g.b;
  double scale = scaleOf(in);
  Tensor q = in.q;
  if (!(scale > 0)) { // seq.attention takes factors above 0
    q = g.cast(g.scale(g.widen(q), scale), q.element);
    scale = 1;
  }
  std::optional<llvm::StringRef> causal = alignment(in);
  Tensor bias, keep, offset;
  if (in.bias)
    bias = maskOfRank4(g, in, in.bias);
  if (in.keep)
    keep = captured(g, maskOfRank4(g, in, in.keep));
  if (!causal && in.offsets)
    offset = captured(g, in.offsets);
  else if (!causal && !in.offset.isConst())
    offset = captured(g, g.scalar(in.offset, g.i64()));
  Value lengths = in.lengths ? g.value(in.lengths) : Value();
  auto window = [&](const std::optional<int64_t> &w) { return w && causal ? b.getI64IntegerAttr(*w) : IntegerAttr(); };
  Value qv = g.value(q), kv = g.value(in.k), vv = g.value(in.v);
  auto types = seq::AttentionOp::inferAttentionTypes(cast<RankedTensorType>(qv.getType()), cast<RankedTensorType>(kv.getType()),
                                                     cast<RankedTensorType>(vv.getType()), /*lse=*/false);
  auto op = seq::AttentionOp::create(b, g.loc, types, qv, kv, vv, bias ? g.value(bias) : Value(), Value(), lengths, Value(), Value(),
                                     b.getF64FloatAttr(scale), in.softcap > 0 ? b.getF64FloatAttr(in.softcap) : FloatAttr(),
                                     b.getStringAttr(causal.value_or("none")), window(in.left), window(in.right));
  if (keep || !causal) {
    OpBuilder::InsertionGuard guard(b);
    Type index = b.getIndexType();
    Block *block = b.createBlock(&op.getMask(), {}, {index, index, index, index}, {g.loc, g.loc, g.loc, g.loc});
    MaskRegion region(g, *block);
    if (keep)
      region.add(region.at(keep));
    if (!causal)
      region.position(in, offset);
    region.finish();
  }
  return g.wrap(op.getO(), {in.q.shape[0], in.q.shape[1], in.q.shape[2], in.v.shape[3]});
}

//===-- Written out ---------------------------------------------------------------===//

Tensor scaledProduct(GraphBuilder &g, const Tensor &q, const Tensor &k, double scale) {
  Tensor keys = perQueryHead(g, k, groupsOf(q, k));
  return g.scale(g.matmul(q, g.transpose(keys, {0, 1, 3, 2})), scale);
}

Tensor weightedValues(GraphBuilder &g, const Tensor &p, const Tensor &v) { return g.matmul(p, perQueryHead(g, v, groupsOf(p, v))); }

/// Which keys are visible, [B, HQ, M, N] of bools; no tensor if all are.
static Tensor visible(GraphBuilder &g, const AttentionInputs &in, const Shape &shape) {
  Tensor all;
  auto add = [&](const Tensor &condition) { all = all ? g.binary<arith::AndIOp>(all, condition) : condition; };
  auto perBatch = [&](const Tensor &t) { return g.repeat(g.cast(t, g.i64()), shape, {1, 2, 3}); };
  Tensor n = g.iota(shape, 3, g.i64());
  if (in.keep)
    add(g.broadcastTo(maskOfRank4(g, in, in.keep), shape));
  if (in.lengths)
    add(g.compare(Compare::Lt, n, perBatch(in.lengths)));
  if (in.causal || in.left || in.right) {
    Tensor start = in.offsets ? perBatch(in.offsets) : g.broadcastTo(g.scalar(in.offset, g.i64()), shape);
    Tensor at = g.add(g.iota(shape, 2, g.i64()), start);
    if (in.causal)
      add(g.compare(Compare::Le, n, at));
    if (in.left)
      add(g.compare(Compare::Ge, n, g.addScalar(at, -static_cast<double>(*in.left))));
    if (in.right)
      add(g.compare(Compare::Le, n, g.addScalar(at, static_cast<double>(*in.right))));
  }
  return all;
}

Tensor attentionScores(GraphBuilder &g, const AttentionInputs &in, ScoreStage stage) {
  checkAttention(g, in);
  Tensor s = scaledProduct(g, in.q, in.k, scaleOf(in));
  auto done = [&] { return g.cast(s, in.q.element); };
  if (stage == ScoreStage::Raw)
    return done();
  if (in.softcap > 0)
    s = g.scale(g.unary<math::TanhOp>(g.scale(s, 1 / in.softcap)), in.softcap);
  if (stage == ScoreStage::Softcapped)
    return done();
  if (in.bias)
    s = g.add(s, g.broadcastTo(g.cast(maskOfRank4(g, in, in.bias), s.element), s.shape));
  if (Tensor see = visible(g, in, s.shape))
    s = g.select(see, s, g.constant(-kInf, s.shape, s.element));
  if (stage == ScoreStage::Biased)
    return done();
  // A row without a visible key is 0: its maximum is -inf, taken as 0, and its sum is 0, taken as 1.
  Tensor top = g.reduce(Reduce::Max, s, {3});
  top = g.select(g.compare(Compare::Eq, top, g.constant(-kInf, top.shape, top.element)), g.constant(0, top.shape, top.element), top);
  Tensor e = g.unary<math::ExpOp>(g.sub(s, g.spread(top, s, {3})));
  Tensor sum = g.reduce(Reduce::Add, e, {3});
  sum = g.select(g.compare(Compare::Eq, sum, g.constant(0, sum.shape, sum.element)), g.constant(1, sum.shape, sum.element), sum);
  s = g.div(e, g.spread(sum, s, {3}));
  return done();
}

//===-- Caches and rotations ------------------------------------------------------===//

Tensor writeAt(GraphBuilder &g, const Tensor &cache, const Tensor &update, const Tensor &starts, int64_t dim, bool circular) {
  if (cache.rank() != update.rank() || dim == 0 || cache.element != update.element)
    invalid("expects a cache and an update of one type and rank that is not written along the batch, but got " + describe(cache) + " and " +
            describe(update));
  for (int64_t d = 0; d < cache.rank(); ++d)
    if (d != dim)
      g.require(cache.shape[d], update.shape[d], "dims of a cache and its update");
  if (starts.rank() != 1 || starts.isFloat())
    invalid("expects one position per batch, but got " + describe(starts));
  g.require(cache.shape[0], starts.shape[0], "positions per batch");
  Size count = update.shape[dim], extent = cache.shape[dim], batch = cache.shape[0];
  if (count.isConst(0))
    return cache;
  // Which row of the update stands at position n: n - start.
  Shape table{batch, extent};
  Tensor start = g.repeat(g.cast(starts, g.i64()), table, {1});
  Tensor row = g.sub(g.iota(table, 1, g.i64()), start), zero = g.constant(0, table, g.i64());
  if (circular) {
    Tensor length = g.broadcastTo(g.scalar(extent, g.i64()), table);
    row = g.binary<arith::RemSIOp>(row, length);
    row = g.select(g.compare(Compare::Lt, row, zero), g.add(row, length), row);
  }
  Tensor rows = g.broadcastTo(g.scalar(count, g.i64()), table);
  Tensor isNew = g.binary<arith::AndIOp>(g.compare(Compare::Ge, row, zero), g.compare(Compare::Lt, row, rows));
  Tensor safe = g.minimum(g.maximum(row, zero), g.addScalar(rows, -1));
  // Rows of all batches one after the other: [B, S, rest..] -> [B S, rest..]
  llvm::SmallVector<int64_t> forward{0, dim}, back(cache.rank());
  for (int64_t d = 1; d < cache.rank(); ++d)
    if (d != dim)
      forward.push_back(d);
  for (auto [to, from] : llvm::enumerate(forward))
    back[from] = static_cast<int64_t>(to);
  Tensor flat = g.transpose(update, forward);
  Shape flatShape{batch * count};
  flatShape.append(flat.shape.begin() + 2, flat.shape.end());
  Tensor index = g.add(g.mul(g.iota(table, 0, g.i64()), rows), safe);
  Tensor taken = g.transpose(g.take(g.reshape(flat, flatShape), index, 0), back);
  llvm::SmallVector<int64_t> others;
  for (int64_t d = 1; d < cache.rank(); ++d)
    if (d != dim)
      others.push_back(d);
  return g.select(g.repeat(isNew, cache.shape, others), taken, cache);
}

Tensor rotate(GraphBuilder &g, const Tensor &x, const Tensor &cosines, const Tensor &sines, bool interleaved) {
  int64_t last = x.rank() - 1;
  Size half = cosines.shape[last], turned = half * Size(2), rest = x.shape[last] - turned;
  if (!rest.isNonNegative())
    invalid("expects at most " + x.shape[last].str() + " elements to turn, but got " + turned.str());
  Tensor wide = g.widen(x), c = g.cast(cosines, wide.element), s = g.cast(sines, wide.element);
  Tensor first = interleaved ? g.slice(wide, last, Size(0), half, 2) : g.slice(wide, last, Size(0), half);
  Tensor second = interleaved ? g.slice(wide, last, Size(1), half, 2) : g.slice(wide, last, half, half);
  Tensor real = g.sub(g.mul(c, first), g.mul(s, second)), imaginary = g.add(g.mul(s, first), g.mul(c, second));
  Shape shape = x.shape;
  shape[last] = turned;
  Tensor y = interleaved ? g.reshape(g.concat({g.unsqueeze(real, {last + 1}), g.unsqueeze(imaginary, {last + 1})}, last + 1), shape)
                         : g.concat({real, imaginary}, last);
  if (!rest.isConst(0))
    y = g.concat({y, g.slice(wide, last, turned, rest)}, last);
  return g.cast(y, x.element);
}

} // namespace seqc::onnx
