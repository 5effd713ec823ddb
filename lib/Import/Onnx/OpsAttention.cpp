// SPDX-License-Identifier: Apache-2.0
// Attention of ai.onnx (opsets 23 to 25) and what models put around it: rotary embeddings, caches, FlexAttention of ai.onnx.preview.
#include "AttentionBuilder.h"
#include "Registry.h"
#include <limits>

using namespace mlir;

namespace seqc::onnx {

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();

/// attn_mask may end before the keys: what is missing is hidden.
Tensor extendedMask(GraphBuilder &g, const Tensor &mask, const Size &keys) {
  if (mask.rank() == 0 || mask.shape.back().isConst(1))
    return mask;
  Size missing = keys - mask.shape.back();
  if (missing.isConst(0) || !(missing.isConst() || missing.isNonNegative()))
    return mask; // equal, or taken to be equal
  if (missing.isConst() && missing.value() < 0)
    invalid("expects a mask of at most " + keys.str() + " keys, but got " + describe(mask));
  llvm::SmallVector<Size> low(mask.rank(), Size(0)), high(mask.rank(), Size(0));
  high.back() = missing;
  return g.pad(mask, low, high, mask.isBool() ? 0 : -kInf);
}

std::optional<int64_t> window(NodeContext &c, llvm::StringRef name) {
  int64_t w = c.attrInt(name, -1);
  if (w < -1)
    invalid("expects " + name + " of -1 or more, but got " + llvm::Twine(w));
  return w < 0 ? std::nullopt : std::optional(w);
}

void attentionOp(NodeContext &c) {
  GraphBuilder &g = c.g;
  AttentionInputs in;
  in.q = c.in(0);
  in.k = c.in(1);
  in.v = c.in(2);
  bool isFlat = in.q.rank() == 3;
  if (isFlat) {
    int64_t heads = c.attrInt("q_num_heads", 0), keyHeads = c.attrInt("kv_num_heads", 0);
    in.q = splitHeads(g, in.q, heads);
    in.k = splitHeads(g, in.k, keyHeads);
    in.v = splitHeads(g, in.v, keyHeads);
  }
  if (c.has(4) != c.has(5))
    invalid("expects past_key and past_value together, but got one of them");
  if (c.has(4)) {
    if (c.has(6))
      invalid("expects nonpad_kv_seqlen or a past, but got both");
    for (const Tensor &t : {in.k, in.v, c.in(4), c.in(5)})
      if (t.rank() != 4)
        invalid("expects keys, values and past of rank 4, but got " + describe(t));
    in.offset = c.in(4).shape[2];
    in.k = g.concat({c.in(4), in.k}, 2);
    in.v = g.concat({c.in(5), in.v}, 2);
  }
  checkAttention(g, in);
  if (c.has(3)) {
    if (!c.in(3).isBool() && !c.in(3).isFloat())
      invalid("expects a mask of bools or floats, but got " + describe(c.in(3)));
    Tensor mask = extendedMask(g, c.in(3), in.k.shape[2]);
    (mask.isBool() ? in.keep : in.bias) = mask;
  }
  in.causal = c.attrInt("is_causal", 0) != 0;
  in.left = window(c, "left_window_size");
  in.right = window(c, "right_window_size");
  if (c.has(6)) {
    in.lengths = c.in(6);
    if (in.lengths.rank() != 1 || !(in.lengths.element.isInteger(32) || in.lengths.element.isInteger(64)))
      invalid("expects one length per batch, but got " + describe(in.lengths));
    g.require(in.q.shape[0], in.lengths.shape[0], "lengths per batch");
    Tensor queries = g.broadcastTo(g.scalar(in.q.shape[2], in.lengths.element), in.lengths.shape);
    if (in.causal || in.left || in.right)
      in.offsets = g.sub(in.lengths, queries);
    in.offsetsEndAtLengths = true;
  }
  in.scale = c.attrFloat("scale", 0);
  in.softcap = c.attrFloat("softcap", 0);
  Tensor y = attention(g, in);
  c.out(0, isFlat ? joinHeads(g, y) : y);
  c.out(1, in.k);
  c.out(2, in.v);
  if (c.wants(3)) {
    int64_t mode = c.attrInt("qk_matmul_output_mode", 0);
    if (mode < 0 || mode > 3)
      invalid("expects qk_matmul_output_mode from 0 to 3, but got " + llvm::Twine(mode));
    c.out(3, attentionScores(g, in, static_cast<ScoreStage>(mode)));
  }
}

/// Cosines or sines [B, L, R / 2] in the leading dims of x, with the heads at `headDim`.
Tensor angles(GraphBuilder &g, const Tensor &cache, const Tensor &positions, const Tensor &x, int64_t headDim) {
  Tensor rows = positions ? g.take(cache, positions, 0) : cache;
  if (rows.rank() != 3)
    invalid("expects cosines and sines for batch and length, but got " + describe(rows));
  int64_t lengthDim = headDim == 1 ? 2 : 1;
  if (!rows.shape[0].isConst(1))
    g.require(x.shape[0], rows.shape[0], "batches of rotary embeddings");
  g.require(x.shape[lengthDim], rows.shape[1], "lengths of rotary embeddings");
  Shape shape = x.shape;
  shape[3] = rows.shape[2];
  return g.broadcastTo(g.unsqueeze(rows, {headDim}), shape);
}

/// x [B, H, L, D] or [B, L, H D], `positions` [B, L] or none.
Tensor rotaryEmbedding(NodeContext &c, const Tensor &x, const Tensor &cosines, const Tensor &sines, const Tensor &positions, int64_t heads) {
  GraphBuilder &g = c.g;
  Tensor view = x;
  int64_t headDim = 1;
  if (x.rank() == 3) {
    std::optional<Size> depth = heads > 0 ? exactQuotient(x.shape[2], Size(heads)) : std::nullopt;
    if (!depth)
      invalid("expects num_heads that divide the last dim of " + describe(x) + ", but got " + llvm::Twine(heads));
    view = g.reshape(x, {x.shape[0], x.shape[1], Size(heads), *depth});
    headDim = 2;
  } else if (x.rank() != 4) {
    invalid("expects a tensor of rank 3 or 4, but got " + describe(x));
  }
  Tensor cosine = angles(g, cosines, positions, view, headDim), sine = angles(g, sines, positions, view, headDim);
  int64_t turned = c.attrInt("rotary_embedding_dim", 0);
  g.require(cosine.shape[3] * Size(2), turned ? Size(turned) : view.shape[3], "elements to turn");
  return g.reshape(rotate(g, view, cosine, sine, c.attrInt("interleaved", 0) != 0), x.shape);
}

void rotary(NodeContext &c) { c.out(rotaryEmbedding(c, c.in(0), c.in(1), c.in(2), c.has(3) ? c.in(3) : Tensor(), c.attrInt("num_heads", 0))); }

/// ONNX Runtime's: positions come second and may be one offset for all.
void rotaryContrib(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  c.onlyInt("is_packed_batching", 0);
  if (x.rank() < 3 || c.in(2).rank() != 2 || c.in(3).rank() != 2)
    invalid("expects a tensor of rank 3 or 4 and tables of rank 2, but got " + describe(x) + ", " + describe(c.in(2)) + ", " + describe(c.in(3)));
  Tensor positions = c.in(1);
  const Size &length = x.rank() == 4 ? x.shape[2] : x.shape[1];
  if (positions.rank() == 1) {
    Shape table{x.shape[0], length};
    positions = g.add(g.broadcastTo(g.reshape(positions, {}), table), g.iota(table, 1, positions.element));
  }
  int64_t heads = c.attrInt("num_heads", 0);
  if (heads == 0 && x.rank() == 3) { // the whole head dim is turned
    std::optional<Size> count = exactQuotient(x.shape[2], c.in(2).shape.back() * Size(2));
    heads = count && count->isConst() ? count->value() : 0;
  }
  Tensor y = rotaryEmbedding(c, x, c.in(2), c.in(3), positions, heads);
  double scale = c.attrFloat("scale", 1);
  c.out(scale == 1 ? y : g.cast(g.scale(g.widen(y), scale), y.element));
}

void tensorScatter(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &cache = c.in(0);
  std::string mode = c.attrString("mode", "linear");
  if (mode != "linear" && mode != "circular")
    invalid("expects linear or circular as mode, but got '" + mode + "'");
  int64_t dim = c.axis(c.attrInt("axis", -2), cache.rank());
  Tensor starts = c.has(2) ? c.in(2) : g.constant(0, {cache.shape[0]}, g.i64());
  c.out(writeAt(g, cache, c.in(1), starts, dim, mode == "circular"));
}

/// FlexAttention: the functions on scores and probabilities are graphs on whole tensors. It is written out; the compiler raises it to
/// seq.attention where the functions allow.
void flexAttention(NodeContext &c) {
  GraphBuilder &g = c.g;
  AttentionInputs in;
  in.q = c.in(0);
  in.k = c.in(1);
  in.v = c.in(2);
  checkAttention(g, in);
  double scale = c.attrFloat("scale", 0);
  Tensor s = scaledProduct(g, in.q, in.k, scale != 0 ? scale : 1 / std::sqrt(static_cast<double>(in.q.shape[3].value())));
  Type precision = c.hasAttr("softmax_precision") ? c.elementType(c.attrInt("softmax_precision", 0)) : s.element;
  auto modified = [&](const char *name, const Tensor &x) {
    const Attribute *a = c.node.find(name);
    if (!a)
      return x;
    if (a->kind != Attribute::Kind::Graph)
      invalid(llvm::Twine("expects attribute '") + name + "' to be a graph, but got another kind");
    llvm::SmallVector<Tensor> results = c.inlineGraph(*a->graph, {x});
    if (results.size() != 1 || results[0].shape != x.shape || results[0].element != x.element)
      invalid(llvm::Twine("expects ") + name + " to give one tensor " + describe(x) + ", but got another");
    return results[0];
  };
  s = modified("score_mod", g.cast(s, precision));
  Tensor p = modified("prob_mod", g.cast(g.softmax(g.widen(s), 3), precision));
  c.out(g.cast(weightedValues(g, g.cast(p, in.v.element), in.v), in.q.element));
}
} // namespace

llvm::ArrayRef<Operator> attentionOperators() {
  static const Operator table[] = {
      {"", "Attention", 23, kMaxOpset, attentionOp},
      {"", "RotaryEmbedding", 23, kMaxOpset, rotary},
      {"com.microsoft", "RotaryEmbedding", 1, 1, rotaryContrib},
      {"", "TensorScatter", 24, kMaxOpset, tensorScatter},
      {"ai.onnx.preview", "FlexAttention", 1, 1, flexAttention},
  };
  return table;
}

} // namespace seqc::onnx
