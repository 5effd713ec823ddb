// SPDX-License-Identifier: Apache-2.0
// Attention operators of ONNX Runtime (domain com.microsoft).
#include "AttentionBuilder.h"
#include "Registry.h"

using namespace mlir;

namespace seqc::onnx {

namespace {
using Compare = GraphBuilder::Compare;

void refuse(NodeContext &c, std::initializer_list<std::pair<size_t, const char *>> inputs) {
  for (auto [i, name] : inputs)
    if (c.has(i))
      unsupported(llvm::Twine("input ") + name);
}

int64_t headsOf(NodeContext &c) {
  int64_t heads = c.attrInt("num_heads", 0);
  if (heads < 1)
    invalid("expects num_heads above 0, but got " + llvm::Twine(heads));
  return heads;
}

/// Columns [from, from + count) of x plus those of a bias.
Tensor withBias(GraphBuilder &g, const Tensor &x, const Tensor &bias, const Size &from) {
  if (!bias)
    return x;
  if (x.rank() != 3 || bias.rank() != 1)
    invalid("expects a tensor of rank 3 and a bias of rank 1, but got " + describe(x) + " and " + describe(bias));
  Size count = x.shape.back();
  return g.add(x, g.broadcastTo(g.slice(bias, 0, from, count), x.shape));
}

/// The padding mask of a key: [B] lengths, or [B, N] where 0 hides a key.
void paddingMask(NodeContext &c, const Tensor &mask, AttentionInputs &in) {
  GraphBuilder &g = c.g;
  if (mask.isFloat())
    invalid("expects integers as mask, but got " + describe(mask));
  if (mask.rank() == 1) {
    // Also [3 B + 2] and [2 B] exist: they hold starts as well.
    if (mask.shape[0] != in.q.shape[0])
      unsupported("a mask " + describe(mask) + " of other than one length per batch");
    in.lengths = mask;
    return;
  }
  if (mask.rank() != 2 && mask.rank() != 3)
    unsupported("a mask " + describe(mask));
  // Hidden keys get the score of mask_filter_value, as there.
  double filter = c.attrFloat("mask_filter_value", -10000);
  Type type = g.wide(in.q.element);
  Tensor isKept = g.compare(Compare::Ne, mask, g.constant(0, mask.shape, mask.element));
  Tensor bias = g.select(isKept, g.constant(0, mask.shape, type), g.constant(filter, mask.shape, type));
  bias = g.unsqueeze(bias, mask.rank() == 2 ? llvm::ArrayRef<int64_t>{1, 2} : llvm::ArrayRef<int64_t>{1});
  in.bias = bias;
}

/// Another bias on the scores.
void addBias(GraphBuilder &g, AttentionInputs &in, const Tensor &bias) {
  if (!in.bias) {
    in.bias = bias;
    return;
  }
  Tensor x = g.cast(in.bias, g.wide(in.q.element)), y = g.cast(bias, x.element);
  Shape shape = g.commonShape(x.shape, y.shape);
  in.bias = g.add(g.broadcastTo(x, shape), g.broadcastTo(y, shape));
}

void appendPast(GraphBuilder &g, AttentionInputs &in, const Tensor &key, const Tensor &value) {
  if (key.rank() != 4 || value.rank() != 4)
    invalid("expects a past of rank 4, but got " + describe(key) + " and " + describe(value));
  in.offset = key.shape[2];
  in.k = g.concat({key, in.k}, 2);
  in.v = g.concat({value, in.v}, 2);
}

/// query [B, M, H D], key, value [B, N, H D] or [B, H, N, D], or packed [B, N, H, 2 or 3, D]
void multiHeadAttention(NodeContext &c) {
  GraphBuilder &g = c.g;
  refuse(c, {{8, "past_sequence_length"}, {9, "cache_indirection"}});
  int64_t heads = headsOf(c);
  Tensor q = c.in(0), k, v, bias = c.has(3) ? c.in(3) : Tensor();
  AttentionInputs in;
  auto packed = [&](const Tensor &x, int64_t which) {
    Tensor part = g.slice(x, 3, Size(which), Size(1));
    return g.transpose(g.squeeze(part, {3}), {0, 2, 1, 3});
  };
  if (q.rank() == 5) {
    if (bias)
      unsupported("a bias of packed queries, keys and values");
    in.q = packed(q, 0);
    in.k = packed(q, 1);
    in.v = packed(q, 2);
  } else {
    Size depth = q.rank() == 3 ? q.shape[2] : Size(0);
    in.q = splitHeads(g, withBias(g, q, bias, Size(0)), heads);
    const Tensor &key = c.in(1);
    if (key.rank() == 5) {
      in.k = packed(key, 0);
      in.v = packed(key, 1);
    } else if (key.rank() == 4) { // of an encoder, heads split already
      in.k = key;
      in.v = c.in(2);
    } else {
      in.k = splitHeads(g, withBias(g, key, bias, depth), heads);
      in.v = splitHeads(g, withBias(g, c.in(2), bias, depth * Size(2)), heads);
    }
  }
  if (c.has(6))
    appendPast(g, in, c.in(6), c.in(7));
  if (c.has(4))
    paddingMask(c, c.in(4), in);
  if (c.has(5))
    addBias(g, in, c.in(5));
  in.causal = c.attrInt("unidirectional", 0) != 0;
  in.scale = c.attrFloat("scale", 0);
  c.out(0, joinHeads(g, attention(g, in)));
  c.out(1, in.k);
  c.out(2, in.v);
  if (c.wants(3))
    c.out(3, attentionScores(g, in, ScoreStage::Raw));
}

/// input [B, L, E], weights [E, 3 H D], bias [3 H D], mask, past [2, B, H, P, D]
void attentionContrib(NodeContext &c) {
  GraphBuilder &g = c.g;
  refuse(c, {{6, "past_sequence_length"}});
  c.onlyInt("do_rotary", 0);
  int64_t heads = headsOf(c);
  Tensor x = g.matmul(c.in(0), c.in(1));
  if (c.has(2))
    x = g.add(x, g.broadcastTo(g.cast(c.in(2), x.element), x.shape));
  x = g.cast(x, c.in(0).element);
  if (x.rank() != 3)
    invalid("expects an input of rank 3 and a matrix of weights, but got " + describe(c.in(0)) + " and " + describe(c.in(1)));
  Size width = x.shape.back();
  std::vector<int64_t> parts = c.attrInts("qkv_hidden_sizes").value_or(std::vector<int64_t>());
  if (parts.empty() && width.isConst() && width.value() % 3 == 0)
    parts.assign(3, width.value() / 3);
  if (parts.size() != 3 || x.rank() != 3 || !width.isConst() || parts[0] + parts[1] + parts[2] != width.value() ||
      *std::min_element(parts.begin(), parts.end()) < 1)
    invalid("expects weights of queries, keys and values together, but got " + describe(c.in(1)));
  AttentionInputs in;
  in.q = splitHeads(g, g.slice(x, 2, Size(0), Size(parts[0])), heads);
  in.k = splitHeads(g, g.slice(x, 2, Size(parts[0]), Size(parts[1])), heads);
  in.v = splitHeads(g, g.slice(x, 2, Size(parts[0] + parts[1]), Size(parts[2])), heads);
  if (c.has(4)) {
    const Tensor &past = c.in(4);
    if (past.rank() != 5)
      invalid("expects a past of rank 5, but got " + describe(past));
    appendPast(g, in, g.squeeze(g.slice(past, 0, Size(0), Size(1)), {0}), g.squeeze(g.slice(past, 0, Size(1), Size(1)), {0}));
  }
  if (c.has(3))
    paddingMask(c, c.in(3), in);
  if (c.has(5))
    addBias(g, in, c.in(5));
  in.causal = c.attrInt("unidirectional", 0) != 0;
  in.scale = c.attrFloat("scale", 0);
  c.out(0, joinHeads(g, attention(g, in)));
  if (c.wants(1))
    c.out(1, g.concat({g.unsqueeze(in.k, {0}), g.unsqueeze(in.v, {0})}, 0));
}

/// query [B, M, HQ D] (or packed with keys and values), key, value [B, M, HK D], past [B, HK, P, D], seqlens_k [B] (keys of a batch with the new
/// ones, less 1), total_sequence_length. New keys are written where those of the batch end.
void groupQueryAttention(NodeContext &c) {
  GraphBuilder &g = c.g;
  refuse(c, {{11, "head_sink"}, {12, "k_scale"}, {13, "v_scale"}});
  c.onlyInt("smooth_softmax", 0);
  c.onlyInt("qk_output", 0);
  int64_t heads = headsOf(c), keyHeads = c.attrInt("kv_num_heads", 0);
  if (keyHeads < 1)
    invalid("expects kv_num_heads above 0, but got " + llvm::Twine(keyHeads));
  AttentionInputs in;
  Tensor query = c.in(0), key, value;
  if (c.has(1)) {
    key = c.in(1);
    value = c.in(2);
  } else {
    std::optional<Size> depth = query.rank() == 3 ? exactQuotient(query.shape[2], Size(heads + 2 * keyHeads)) : std::nullopt;
    if (!depth)
      invalid("expects packed queries, keys and values of " + llvm::Twine(heads + 2 * keyHeads) + " heads, but got " + describe(query));
    Size q = *depth * Size(heads), kv = *depth * Size(keyHeads);
    key = g.slice(query, 2, q, kv);
    value = g.slice(query, 2, q + kv, kv);
    query = g.slice(query, 2, Size(0), q);
  }
  in.q = splitHeads(g, query, heads);
  in.k = splitHeads(g, key, keyHeads);
  in.v = splitHeads(g, value, keyHeads);
  Size batch = in.q.shape[0], length = in.q.shape[2];
  std::vector<Size> totals = c.contents(6, "total_sequence_length");
  if (totals.size() != 1)
    invalid("expects one total_sequence_length, but got " + llvm::Twine(totals.size()));
  Size total = totals[0];
  // Keys per batch and where the new ones begin: 0 in a prompt that is padded on the right.
  Tensor seqlens = g.reshape(c.in(5), {batch});
  in.lengths = g.addScalar(seqlens, 1);
  bool isPrompt = total == length;
  Tensor ends = g.sub(in.lengths, g.broadcastTo(g.scalar(length, in.lengths.element), in.lengths.shape));
  Tensor starts = g.maximum(ends, g.constant(0, ends.shape, ends.element));
  if (c.attrInt("do_rotary", 0)) {
    Shape table{batch, length};
    Tensor positions = c.has(9) ? c.in(9) : g.add(g.repeat(starts, table, {1}), g.iota(table, 1, starts.element));
    auto turned = [&](const Tensor &x) {
      auto angle = [&](size_t i) {
        Tensor rows = g.take(c.in(i), positions, 0);
        if (rows.rank() != 3)
          invalid("expects tables of rank 2 and positions of rank 2, but got " + describe(c.in(i)) + " and " + describe(positions));
        Shape shape = x.shape;
        shape[3] = rows.shape[2];
        return g.broadcastTo(g.unsqueeze(rows, {1}), shape);
      };
      return rotate(g, x, angle(7), angle(8), c.attrInt("rotary_interleaved", 0) != 0);
    };
    in.q = turned(in.q);
    in.k = turned(in.k);
  }
  if (c.has(3)) {
    const Tensor &pastKey = c.in(3), &pastValue = c.in(4);
    if (pastKey.rank() != 4 || pastValue.rank() != 4)
      invalid("expects a past of rank 4, but got " + describe(pastKey) + " and " + describe(pastValue));
    // The present is as long as the past's buffer, or as all keys.
    Size extent = max(pastKey.shape[2], total), more = extent - pastKey.shape[2];
    auto present = [&](const Tensor &past, const Tensor &now) {
      llvm::SmallVector<Size> none(4, Size(0)), high(4, Size(0));
      high[2] = more;
      return writeAt(g, g.pad(past, none, high, 0), now, starts, 2, /*circular=*/false);
    };
    in.k = present(pastKey, in.k);
    in.v = present(pastValue, in.v);
  }
  in.causal = true;
  if (!isPrompt)
    in.offsets = starts;
  if (int64_t window = c.attrInt("local_window_size", -1); window > 0)
    in.left = window - 1;
  if (c.has(10))
    in.bias = c.in(10);
  in.scale = c.attrFloat("scale", 0);
  in.softcap = c.attrFloat("softcap", 0);
  c.out(0, joinHeads(g, attention(g, in)));
  c.out(1, in.k);
  c.out(2, in.v);
}
} // namespace

llvm::ArrayRef<Operator> contribOperators() {
  static const Operator table[] = {
      {"com.microsoft", "MultiHeadAttention", 1, 1, multiHeadAttention},
      {"com.microsoft", "Attention", 1, 1, attentionContrib},
      {"com.microsoft", "GroupQueryAttention", 1, 1, groupQueryAttention},
  };
  return table;
}

} // namespace seqc::onnx
