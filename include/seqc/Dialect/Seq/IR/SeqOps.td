// SPDX-License-Identifier: Apache-2.0
// The `seq` dialect: graph-level ops on ranked tensors.
#ifndef SEQC_SEQ_OPS
#define SEQC_SEQ_OPS
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Seq_Dialect : Dialect {
  let name = "seq";
  let cppNamespace = "::seqc::seq";
  let summary = "Sequence-model operators on ranked tensors";
  let description = [{
    Value semantics; batch, heads and sequence length may be dynamic, head dim and state size are static. Attributes:
    - argument attribute `seq.dims = ["B", "L", 768]` names dynamic dims (equal names are equal sizes, checked at launch). One entry per dim:
      a name (of a dynamic or static dim) or the static size. Names are identifiers; equal names never have different static sizes.
    - argument and result attribute `seq.name = "x"`: the name in the package; an identifier, unique among arguments and among results.
    - result attribute `seq.state = "x"`: the result is the argument of that `seq.name` at the next call; one dtype and rank, each argument once.
    - function attribute `seq.assume = ["L % 64 == 0"]`: facts over the names of `seq.dims`, in the infix syntax of `Expr::parse`.
    - function attribute `seq.export` (unit): a public function with a body; an entry point of the package.
    - module attribute `seq.weights = "file.safetensors"`: the file that holds the `ml_program.global`s with `#ml_program.extern` values.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

class Seq_Op<string m, list<Trait> t = []> : Op<Seq_Dialect, m, t>;

// A closed set of words, kept as a StringAttr.
class Seq_Word<list<string> cases> : Attr<
    CPred<"::mlir::isa<::mlir::StringAttr>($_self) && ::llvm::is_contained({\"" # !interleave(cases, "\",\"") #
          "\"}, ::llvm::cast<::mlir::StringAttr>($_self).getValue())">,
    "one of " # !interleave(cases, ", ")> {
  let storageType = "::mlir::StringAttr";
  let returnType = "::llvm::StringRef";
  let convertFromStorage = "$_self.getValue()";
  let constBuilderCall = "$_builder.getStringAttr($0)";
}

def Seq_AttentionOp : Seq_Op<"attention", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "softmax(scale Q K^T, modified and masked) V";
  let description = [{
    q `[B, HQ, M, D]`, k `[B, HK, N, D]`, v `[B, HK, N, DV]`; HQ a multiple of HK (head h reads K/V head h / (HQ / HK)).
    For one batch b, head h, query m, key n, in this order, in at least f32:
    ```
    s = scale * dot(q[m], k[n])                      scale: default 1 / sqrt(D)
    s = softcap * tanh(s / softcap)                  if softcap
    s = s + bias[b|0, h|0, m|0, n|0]                 if bias
    s = score_mod(s, b, h, m, n)                     if the region is present
    s = -inf unless visible(b, h, m, n)              causal, windows, lengths, mask region
    p = exp(s - max) ; l = sum p (+ exp(sinks[h] - max))
    o = (sum p v[n]) / l ; lse = max + ln l          o = 0 and lse = -inf for a row without visible key (and no sink)
    ```
    With `causal = "top_left"` key n is visible to query m if n <= m, with `"bottom_right"` if n <= m + (Nb - Mb). `window_left = w`: visible if
    n >= m + off - w, `window_right = w`: n <= m + off + w, with off = Nb - Mb for `bottom_right`, else 0.
    `kv_lengths[b]` = Nb bounds the visible keys of batch b. Packed form: B = 1, and `cu_seqlens_q`, `cu_seqlens_k` `[S + 1]` cut M and N into S sequences;
    a query sees keys of its own sequence only, positions m, n in masks and regions count from the start of the sequence, and b is the sequence.
    Values of `kv_lengths` are taken as if clamped to 0..N; `cu_seqlens` are non-decreasing, from 0 to at most M (N).
    Regions: score_mod (s: S, b, h, m, n: index) -> S; mask (b, h, m, n: index) -> i1; scalar arith and math, plus `tensor.extract`
    from captured tensors. S, the type of scores and lse, is f64 for f64 inputs, else f32.

    Constraints (each has a case in `test/Dialect/Seq/attention-errors.mlir`):
    - C1 q, k, v have rank 4.
    - C2 one element type of f32, f16, bf16, f64 for q, k, v, o.
    - C3 q, k, v agree in the batch size.
    - C4 k and v agree in heads and length.
    - C5 q and k agree in D; D and DV are static and above 0.
    - C6 HK is above 0 and HQ is a multiple of HK.
    - C7 o is `[B, HQ, M, DV]`, lse `[B, HQ, M]` of type S; a dim may be dynamic where the operands' is known, or the reverse.
    - C8 bias has rank 4, a float element type and dims of 1 or those of `[B, HQ, M, N]`.
    - C9 sinks is `[HQ]` of a float type.
    - C10 kv_lengths is `[B]` of i32 or i64, and not given in the packed form.
    - C11 packed form: both cu_seqlens, rank 1, one type of i32 or i64, one size above 0; batch size 1; no bias (a `score_mod` that reads a
      captured tensor says by which positions).
    - C12 scale and softcap are finite and above 0.
    - C13 window_left and window_right are at least 0.
    - C14 score_mod has one block with arguments (S, index, index, index, index) and yields S.
    - C15 mask has one block with arguments (index, index, index, index) and yields i1.
    - C16 regions hold scalar `arith` and `math` ops and `tensor.extract` of tensors defined outside only.
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, Optional<AnyRankedTensor>:$bias,
                       Optional<AnyRankedTensor>:$sinks, Optional<AnyRankedTensor>:$kv_lengths,
                       Optional<AnyRankedTensor>:$cu_seqlens_q, Optional<AnyRankedTensor>:$cu_seqlens_k,
                       OptionalAttr<F64Attr>:$scale, OptionalAttr<F64Attr>:$softcap,
                       DefaultValuedAttr<Seq_Word<["none", "top_left", "bottom_right"]>, "\"none\"">:$causal,
                       OptionalAttr<I64Attr>:$window_left, OptionalAttr<I64Attr>:$window_right);
  let results = (outs AnyRankedTensor:$o, Optional<AnyRankedTensor>:$lse);
  let regions = (region AnyRegion:$score_mod, AnyRegion:$mask);
  let assemblyFormat = [{
    $q `,` $k `,` $v
    (`bias` `(` $bias^ `:` type($bias) `)`)? (`sinks` `(` $sinks^ `:` type($sinks) `)`)?
    (`kv_lengths` `(` $kv_lengths^ `:` type($kv_lengths) `)`)?
    (`cu_seqlens` `(` $cu_seqlens_q^ `:` type($cu_seqlens_q) `,` $cu_seqlens_k `:` type($cu_seqlens_k) `)`)?
    (`score_mod` $score_mod^)? (`mask` $mask^)? attr-dict
    `:` type($q) `,` type($k) `,` type($v) `->` type(results)
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Types of o and, if `lse`, of lse. The types satisfy C1, C2.
    static ::llvm::SmallVector<::mlir::Type, 2> inferAttentionTypes(::mlir::RankedTensorType q, ::mlir::RankedTensorType k,
                                                                    ::mlir::RankedTensorType v, bool lse);
    /// Type of scores and lse for inputs of type `element`.
    static ::mlir::Type scoreType(::mlir::Type element);
    bool isPacked() { return getCuSeqlensQ() != nullptr; }
    /// scale, or 1 / sqrt(D).
    double getScaleValue();
    bool hasLse() { return getNumResults() == 2; }
  }];
}

include "seqc/Dialect/Seq/IR/SeqFftOps.td"
include "seqc/Dialect/Seq/IR/SeqSsmOps.td"

def Seq_IotaOp : Seq_Op<"iota", [Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "positions along `dim`: result[..] = coordinate of dim";
  let description = [{
    One `index` operand per dynamic dim of the result, in order.

    Constraints: C1 `dim` is a dim of the result. C2 one size per dynamic dim. (The element type is i32 or i64.)
  }];
  let arguments = (ins Variadic<Index>:$sizes, I64Attr:$dim);
  let results = (outs RankedTensorOf<[I32, I64]>:$result);
  let builders = [OpBuilder<(ins "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes, "int64_t":$dim, "::mlir::Type":$element)>];
  let assemblyFormat = "`(` $sizes `)` attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Result type for these sizes: constants give static dims.
    static ::mlir::RankedTensorType inferIotaType(::llvm::ArrayRef<::mlir::OpFoldResult> sizes, ::mlir::Type element);
  }];
}

def Seq_GroupOp : Seq_Op<"group", [SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects, RecursivelySpeculatable]> {
  let summary = "the region of one kernel: an anchor op with its prologue and epilogue";
  let description = [{
    Made by `seq-form-kernels`. Values are captured from above; `scheme` and `config` say how the region is built.

    Constraints: C1 `scheme` is an identifier. C2 the body has no arguments. C3 the body yields values of the result types.
    C4 `config` holds integers. C5 groups are not nested.
  }];
  let arguments = (ins StrAttr:$scheme, OptionalAttr<DictionaryAttr>:$config);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$scheme (`config` $config^)? attr-dict `->` type($results) $body";
  let hasRegionVerifier = 1;
}

def Seq_YieldOp : Seq_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["GroupOp", "AttentionOp"]>]> {
  let summary = "results of a region";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ }]>];
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

include "seqc/Dialect/Seq/IR/SeqScanOps.td"
include "seqc/Dialect/Seq/IR/SeqConvOps.td"
#endif
