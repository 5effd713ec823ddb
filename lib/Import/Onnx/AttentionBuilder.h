// SPDX-License-Identifier: Apache-2.0
// Attention in the terms of ONNX and ONNX Runtime, as one seq.attention or written out.
#ifndef SEQC_LIB_IMPORT_ONNX_ATTENTIONBUILDER_H
#define SEQC_LIB_IMPORT_ONNX_ATTENTIONBUILDER_H

#include "GraphBuilder.h"

namespace seqc::onnx {

/// Queries [B, HQ, M, D], keys [B, HK, N, D], values [B, HK, N, DV]. Query m of batch b stands at position m + offset among the keys.
struct AttentionInputs {
  Tensor q, k, v;
  Tensor bias;    ///< float, broadcasts to [B, HQ, M, N]; may be missing
  Tensor keep;    ///< bool, broadcasts to [B, HQ, M, N]: false hides a key; may be missing
  Tensor lengths; ///< [B], keys that exist; may be missing
  Size offset;
  Tensor offsets;                     ///< [B], instead of `offset`; may be missing
  bool offsetsEndAtLengths = false;   ///< offsets are lengths - M
  bool causal = false;                ///< n <= position
  std::optional<int64_t> left, right; ///< position - left <= n <= position + right
  double scale = 0;                   ///< 0: 1 / sqrt(D)
  double softcap = 0;                 ///< 0: none
};

/// Checks ranks, element types and sizes that have to agree, throws Rejected.
void checkAttention(GraphBuilder &g, const AttentionInputs &in);
/// o [B, HQ, M, DV]; a query that sees no key has o = 0.
Tensor attention(GraphBuilder &g, AttentionInputs in);

/// What `qk_matmul_output` of Attention may ask for.
enum class ScoreStage { Raw, Softcapped, Biased, Probabilities };
/// [B, HQ, M, N] in the type of q, written out.
Tensor attentionScores(GraphBuilder &g, const AttentionInputs &in, ScoreStage stage);
/// scale Q K^T [B, HQ, M, N] in the type that sums are formed in.
Tensor scaledProduct(GraphBuilder &g, const Tensor &q, const Tensor &k, double scale);
/// P [B, HQ, M, N] times V with grouped heads, in the type that sums are formed in.
Tensor weightedValues(GraphBuilder &g, const Tensor &p, const Tensor &v);

/// [B, L, H D] -> [B, H, L, D] and back.
Tensor splitHeads(GraphBuilder &g, const Tensor &x, int64_t heads);
Tensor joinHeads(GraphBuilder &g, const Tensor &x);

/// `cache` [B, .., N, ..] with `update` [B, .., S, ..] written along `dim` from position starts[b] on; circular: positions modulo N.
Tensor writeAt(GraphBuilder &g, const Tensor &cache, const Tensor &update, const Tensor &starts, int64_t dim, bool circular);

/// x with pairs of elements of the last dim turned by angles: x [.., D], cosines and sines [.., R / 2] of equal leading dims, R <= D.
Tensor rotate(GraphBuilder &g, const Tensor &x, const Tensor &cosines, const Tensor &sines, bool interleaved);

} // namespace seqc::onnx

#endif // SEQC_LIB_IMPORT_ONNX_ATTENTIONBUILDER_H
