// SPDX-License-Identifier: Apache-2.0
// Linear recurrences along the sequence: seq.linear_scan and seq.selective_scan. Included by SeqOps.td.
#ifndef SEQC_SEQ_SCAN_OPS
#define SEQC_SEQ_SCAN_OPS

def Seq_LinearScanOp : Seq_Op<"linear_scan", [Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "h[t] = a[t] h[t-1] + b[t], one recurrence per channel";
  let description = [{
    b, h `[B, D, L]`; a `[B, D, L]`, or `[D]` for coefficients that are constant in time. For every batch and channel, in type S:
    ```
    h[-1] = initial or 0 ; h[t] = a[t] h[t-1] + b[t] for t = 0 .. L-1 ; final = h[L-1]
    ```
    With `reverse` t runs from L-1 down to 0, `initial` is h[L] and `final` is h[0]. With L = 0 `final` is `initial`, or 0.
    T is the element type of b and h: f32, f16, bf16, f64, complex<f32> or complex<f64>. S, the type of the state, is f32 for f16 and bf16, else T.
    The first-order recurrence of S4D and S5 (Smith et al., 2022, 2.2), LRU, RG-LRU (De et al., 2024, eq. 4).

    Constraints (each has a case in `test/Dialect/Seq/scan-errors.mlir`):
    - C1 b has rank 3; a has rank 1 or 3.
    - C2 b has element type T; a and initial have T or S.
    - C3 a has the sizes of b, or one element per channel of b.
    - C4 initial is `[B, D]`.
    - C5 h is `[B, D, L]` of type T, final `[B, D]` of type S; a dim may be dynamic where the operands' is known, or the reverse.
  }];
  let arguments = (ins AnyRankedTensor:$a, AnyRankedTensor:$b, Optional<AnyRankedTensor>:$initial, UnitAttr:$reverse);
  let results = (outs AnyRankedTensor:$h, Optional<AnyRankedTensor>:$final_state);
  let assemblyFormat = [{
    $a `,` $b (`initial` `(` $initial^ `:` type($initial) `)`)? attr-dict `:` type($a) `,` type($b) `->` type(results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Types of h and, if `state`, of final. The types satisfy C1, C2.
    static ::llvm::SmallVector<::mlir::Type, 2> inferScanTypes(::mlir::RankedTensorType b, bool state);
    /// Type of the state for values of type `element`.
    static ::mlir::Type stateType(::mlir::Type element);
    bool hasFinal() { return getNumResults() == 2; }
    /// True if a is constant in time.
    bool isConstant() { return ::llvm::cast<::mlir::RankedTensorType>(getA().getType()).getRank() == 1; }
  }];
}

def Seq_SelectiveScanOp : Seq_Op<"selective_scan", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "state-space recurrence whose step size and projections depend on the input";
  let description = [{
    u, delta, z, y `[B, D, L]`; A `[D, N]`; B, C `[B, G, N, L]` with G a divisor of D (channel d reads group d / (D / G)), or `[D, N]` where they
    are constant in time; D, delta_bias `[D]`; initial, final `[B, D, N]`. For every batch b and channel d, in type S:
    ```
    h[n] = initial[b, d, n] or 0
    for t = 0 .. L-1:
      dt = delta[b, d, t] (+ delta_bias[d]) ; dt = softplus(dt) with `delta_softplus`
      h[n] = exp(dt A[d, n]) h[n] + dt u[b, d, t] B[b, g, n, t]
      y = sum_n C[b, g, n, t] h[n] (+ D[d] u[b, d, t]) ; y = y z / (1 + exp(-z)) if z is given (z of [b, d, t])
    final = h
    ```
    softplus(x) is x above 20, else log(1 + exp(x)). T, the type of u, z and y, is f32, f16, bf16 or f64; S is f64 for f64, else f32.
    Packed form: B = 1 and `cu_seqlens` `[S + 1]` cuts L into S sequences; every sequence starts from its own state, and initial and final are
    `[S, D, N]`. Values of `cu_seqlens` are non-decreasing, from 0 to at most L; y is 0 where no sequence is.
    Gu and Dao, 2023 (arXiv 2312.00752), algorithm 2 with the options of the authors' kernel.

    Constraints (each has a case in `test/Dialect/Seq/scan-errors.mlir`):
    - C6 u, delta, z have rank 3; A has rank 2; B and C have rank 4 or 2.
    - C7 u and z have element type T; delta, A, B, C, D, delta_bias and initial have T or S.
    - C8 delta and z have the sizes of u.
    - C9 A has one row per channel; N is static and above 0.
    - C10 B and C are `[B, G, N, L]` with one G above 0 that divides D, or `[D, N]`.
    - C11 D and delta_bias have one element per channel.
    - C12 cu_seqlens is a non-empty list of i32 or i64; the batch size is then 1.
    - C13 initial is `[B, D, N]`, packed `[S, D, N]`.
    - C14 y is `[B, D, L]` of type T, final `[B, D, N]` or `[S, D, N]` of type S; a dim may be dynamic where the operands' is known, or the reverse.
  }];
  let arguments = (ins AnyRankedTensor:$u, AnyRankedTensor:$delta, AnyRankedTensor:$a, AnyRankedTensor:$b, AnyRankedTensor:$c,
                       Optional<AnyRankedTensor>:$skip, Optional<AnyRankedTensor>:$z, Optional<AnyRankedTensor>:$delta_bias,
                       Optional<AnyRankedTensor>:$initial, Optional<AnyRankedTensor>:$cu_seqlens, UnitAttr:$delta_softplus);
  let results = (outs AnyRankedTensor:$y, Optional<AnyRankedTensor>:$final_state);
  let assemblyFormat = [{
    $u `,` $delta `,` $a `,` $b `,` $c (`D` `(` $skip^ `:` type($skip) `)`)? (`z` `(` $z^ `:` type($z) `)`)?
    (`delta_bias` `(` $delta_bias^ `:` type($delta_bias) `)`)? (`initial` `(` $initial^ `:` type($initial) `)`)?
    (`cu_seqlens` `(` $cu_seqlens^ `:` type($cu_seqlens) `)`)? attr-dict
    `:` type($u) `,` type($delta) `,` type($a) `,` type($b) `,` type($c) `->` type(results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Types of y and, if `state`, of final, which has `sequences` states in the packed form (else the batch size of u). C6, C7 hold.
    static ::llvm::SmallVector<::mlir::Type, 2> inferScanTypes(::mlir::RankedTensorType u, ::mlir::RankedTensorType a, bool state,
                                                               std::optional<int64_t> sequences = std::nullopt);
    bool isPacked() { return getCuSeqlens() != nullptr; }
    bool hasFinal() { return getNumResults() == 2; }
    /// True if B or C, one of the operands, changes with time.
    static bool isInTime(::mlir::Value operand) { return ::llvm::cast<::mlir::RankedTensorType>(operand.getType()).getRank() == 4; }
  }];
}
#endif
