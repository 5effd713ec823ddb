// SPDX-License-Identifier: Apache-2.0
// Convolutions along the sequence. Included from SeqOps.td.
#ifndef SEQC_SEQ_CONV_OPS
#define SEQC_SEQ_CONV_OPS

def Seq_LongConvOp : Seq_Op<"long_conv", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "y = post_gate * (k * (pre_gate u) + skip (pre_gate u)), a convolution along L with one kernel per channel";
  let description = [{
    u, gates, y `[B, D, L]`; k `[HK, LK]`, k_rev `[HK, LR]`; skip `[D]`; channel d uses row d / (D / HK) of the kernels. For one batch and channel,
    with v = pre_gate * u, in at least f32:
    ```
    causal:        c[t] = sum_{j < LK, j <= t} k[j] v[t - j] + tail[t]                 tail: only for t < LK - 1
    circular:      c[t] = sum_{j < LK} k[j] v[(t - j) mod L]
    bidirectional: c[t] = sum_{j < LK, j <= t} k[j] v[t - j] + sum_{j < LR, t + j + off < L} k_rev[j] v[t + j + off]    off = reverse_offset
    y[t] = post_gate[t] * (c[t] + skip v[t])
    tail_out[j] = sum_{j < i < LK, i <= L + j} k[i] v[L + j - i] + tail[L + j]            0 <= j < LK - 1; tail is 0 beyond its end
    ```
    LK may be below, equal to or above L. With `tail` = `tail_out` of the chunk before, chunks of a sequence give what the whole sequence gives.
    `reverse_offset = 0` counts lag 0 in both kernels, 1 only in k. S, the type of tails, is f64 for f64 inputs, else f32. Where an element of u or of
    a kernel is not finite, any y of that batch and channel may be NaN.

    Constraints (each has a case in `test/Dialect/Seq/conv-errors.mlir`):
    - C1 u has rank 3, k and k_rev have rank 2.
    - C2 u has element type f32, f16, bf16 or f64.
    - C3 k, k_rev and skip have the element type of u, or f32 beside 16-bit u.
    - C4 k and k_rev agree in HK; HK is above 0 and D is a multiple of HK.
    - C5 LK and LR are above 0.
    - C6 k_rev is given in mode `bidirectional`, and only there.
    - C7 skip is `[D]`.
    - C8 gates have the element type of u and a shape compatible with it.
    - C9 tail and tail_out are of mode `causal`.
    - C10 tail is `[B, D, LK - 1]` of type S.
    - C11 reverse_offset is 0 or 1, and 1 only in mode `bidirectional`.
    - C12 y is `[B, D, L]` of the type of u, tail_out `[B, D, LK - 1]` of type S.
  }];
  let arguments = (ins AnyRankedTensor:$u, AnyRankedTensor:$k, Optional<AnyRankedTensor>:$k_rev, Optional<AnyRankedTensor>:$skip,
                       Optional<AnyRankedTensor>:$pre_gate, Optional<AnyRankedTensor>:$post_gate, Optional<AnyRankedTensor>:$tail,
                       DefaultValuedAttr<Seq_Word<["causal", "circular", "bidirectional"]>, "\"causal\"">:$mode,
                       DefaultValuedAttr<I64Attr, "0">:$reverse_offset);
  let results = (outs AnyRankedTensor:$y, Optional<AnyRankedTensor>:$tail_out);
  let assemblyFormat = [{
    $u `,` $k (`k_rev` `(` $k_rev^ `:` type($k_rev) `)`)? (`skip` `(` $skip^ `:` type($skip) `)`)?
    (`pre_gate` `(` $pre_gate^ `:` type($pre_gate) `)`)? (`post_gate` `(` $post_gate^ `:` type($post_gate) `)`)?
    (`tail` `(` $tail^ `:` type($tail) `)`)? attr-dict `:` type($u) `,` type($k) `->` type(results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Types of y and, if `tail`, of tail_out.
    static ::llvm::SmallVector<::mlir::Type, 2> inferLongConvTypes(::mlir::RankedTensorType u, ::mlir::RankedTensorType k, bool tail);
    bool hasTailOut() { return getNumResults() == 2; }
  }];
}

def Seq_ShortConvOp : Seq_Op<"short_conv", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "y = activation(bias + w * x), a causal convolution along L with K taps per channel and the last inputs as state";
  let description = [{
    u, y `[B, D, L]`; w `[D, K]` with static K; bias `[D]`; state `[B, D, K - 1]`: the inputs before the first one, oldest first. For one batch and
    channel, in at least f32, with x[t] = u[t] for t >= 0, state[t + K - 1] (0 without state) for t < 0:
    ```
    y[t] = activation(bias + sum_j w[j] x[t - (K - 1) + j])         silu: z / (1 + exp(-z))
    state_out[j] = x[L - (K - 1) + j]                               0 <= j < K - 1
    ```
    As in `causal_conv1d` and ONNX CausalConvWithState: the last tap is that of the present.

    Constraints (each has a case in `test/Dialect/Seq/conv-errors.mlir`):
    - C1 u has rank 3, w has rank 2.
    - C2 u has element type f32, f16, bf16 or f64.
    - C3 w and bias have the element type of u, or f32 beside 16-bit u.
    - C4 w has D rows.
    - C5 K is static and above 0.
    - C6 bias is `[D]`.
    - C7 state is `[B, D, K - 1]` of the element type of u.
    - C8 y is `[B, D, L]`, state_out `[B, D, K - 1]`, of the element type of u.
  }];
  let arguments = (ins AnyRankedTensor:$u, AnyRankedTensor:$w, Optional<AnyRankedTensor>:$bias, Optional<AnyRankedTensor>:$state,
                       DefaultValuedAttr<Seq_Word<["none", "silu"]>, "\"none\"">:$activation);
  let results = (outs AnyRankedTensor:$y, Optional<AnyRankedTensor>:$state_out);
  let assemblyFormat = [{
    $u `,` $w (`bias` `(` $bias^ `:` type($bias) `)`)? (`state` `(` $state^ `:` type($state) `)`)? attr-dict
    `:` type($u) `,` type($w) `->` type(results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Types of y and, if `state`, of state_out.
    static ::llvm::SmallVector<::mlir::Type, 2> inferShortConvTypes(::mlir::RankedTensorType u, ::mlir::RankedTensorType w, bool state);
    bool hasStateOut() { return getNumResults() == 2; }
  }];
}
#endif
