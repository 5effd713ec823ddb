// SPDX-License-Identifier: Apache-2.0
// Convolution kernels of state space models.
#ifndef SEQC_SEQ_SSM_OPS
#define SEQC_SEQ_SSM_OPS

def Seq_SsmKernelOp : Seq_Op<"ssm_kernel", [Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "the convolution kernel of a linear state space model, from its eigenvalues";
  let description = [{
    lambda, b, c `[D, N]`, dt `[D]`, k `[D, L]`: the answer of channel d to an impulse,
    ```
    k[d, l] = F Re sum_n c[d, n] bbar[d, n] abar[d, n]^l             F = 2 with `conjugate`, else 1
    zoh       abar = exp(z), bbar = b (exp(z) - 1) / lambda           z = dt lambda; bbar = dt b for lambda = 0
    bilinear  abar = (1 + z/2) / (1 - z/2), bbar = b dt / (1 - z/2)
    softmax   abar = exp(z), bbar = b / (lambda sum_{r < L} abar^r)   Re lambda <= 0, lambda not 0
    ```
    `conjugate`: the conjugates of all eigenvalues (with those of b and c) belong to the system too. With low_rank p `[D, N]` the continuous system is
    diag(lambda) - p p* over the whole spectrum (the conjugate halves of p, b, c included), discretised bilinearly: k[l] = C Abar^l Bbar with
    Abar = (I - dt/2 A)^-1 (I + dt/2 A), Bbar = (I - dt/2 A)^-1 dt B. c is that of the recurrence, not the truncated one that some checkpoints store.
    L is that of the result type, or the operand `length`. Angles are reduced before they are rounded: the error of a term does not grow with l.
    Sources: S4 (arXiv 2111.00396), DSS (2203.14343), S4D (2206.11893).

    Constraints (each has a case in `test/Dialect/Seq/ssm-kernel-errors.mlir`):
    - C1 lambda, b, c (and low_rank) are `[D, N]` of one shape; a dim D may be dynamic in some. N is static and above 0.
    - C2 they have one element type of `complex<f32>`, `complex<f64>`, f32, f64.
    - C3 dt is `[D]`, its element type that of the real parts.
    - C4 k is `[D, L]` of that type; L is dynamic exactly if `length` is given.
    - C5 `conjugate` needs complex parameters.
    - C6 low_rank needs `conjugate` and `discretization = "bilinear"`.
  }];
  let arguments = (ins AnyRankedTensor:$lambda, AnyRankedTensor:$b, AnyRankedTensor:$c, AnyRankedTensor:$dt, Optional<AnyRankedTensor>:$low_rank,
                       Optional<Index>:$length, DefaultValuedAttr<Seq_Word<["zoh", "bilinear", "softmax"]>, "\"zoh\"">:$discretization, UnitAttr:$conjugate);
  let results = (outs AnyRankedTensor:$k);
  let assemblyFormat = [{
    $lambda `,` $b `,` $c `,` $dt (`low_rank` `(` $low_rank^ `:` type($low_rank) `)`)? (`length` `(` $length^ `)`)? attr-dict
    `:` type($lambda) `,` type($b) `,` type($c) `,` type($dt) `->` type($k)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Number of eigenvalues N.
    int64_t getStates();
    /// Type of the real parts, of dt and of k.
    ::mlir::Type getRealType();
    bool isComplex();
  }];
}
#endif
