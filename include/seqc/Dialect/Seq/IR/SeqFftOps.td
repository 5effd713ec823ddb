// SPDX-License-Identifier: Apache-2.0
// Fourier transforms and products of block-diagonal factors.
#ifndef SEQC_SEQ_FFT_OPS
#define SEQC_SEQ_FFT_OPS
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

defvar Seq_ReifyShapes = DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>;

def Seq_FftOp : Seq_Op<"fft", [Pure, Seq_ReifyShapes]> {
  let summary = "discrete Fourier transform along the last dim";
  let description = [{
    x, y `[.., N]` complex: y[k] = sum_n x[n] exp(-2 pi i n k / N); with `inverse` y[n] = 1/N sum_k x[k] exp(2 pi i n k / N). Any N, static or dynamic.

    Constraints (cases in `test/Dialect/Seq/fft-errors.mlir`):
    - C1 x has rank 1 or more and element type `complex<f32>` or `complex<f64>`.
    - C2 y has the element type of x and a compatible shape.
    - C3 N is above 0.
  }];
  let arguments = (ins AnyRankedTensor:$x, UnitAttr:$inverse);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
}

def Seq_RfftOp : Seq_Op<"rfft", [Pure, Seq_ReifyShapes]> {
  let summary = "discrete Fourier transform of real values along the last dim, the half that determines the rest";
  let description = [{
    x `[.., N]` real, y `[.., N/2 + 1]` (rounded down) complex: y[k] = sum_n x[n] exp(-2 pi i n k / N). The spectrum is of f64 for f64, else of f32.

    Constraints (cases in `test/Dialect/Seq/fft-errors.mlir`):
    - C1 x has rank 1 or more and element type f32, f16, bf16 or f64.
    - C2 y is `[.., N/2 + 1]` with element type `complex<f64>` for f64, else `complex<f32>`; a dim may be dynamic on one side.
    - C3 N is above 0.
  }];
  let arguments = (ins AnyRankedTensor:$x);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// `[.., N/2 + 1]` of complex f64 for f64, else of complex f32. x satisfies C1.
    static ::mlir::RankedTensorType inferRfftType(::mlir::RankedTensorType x);
  }];
}

def Seq_IrfftOp : Seq_Op<"irfft", [Pure, Seq_ReifyShapes]> {
  let summary = "real values from the half of their spectrum, the inverse of rfft";
  let description = [{
    x `[.., N/2 + 1]` complex, y `[.., N]` real: y[n] = 1/N sum_k X[k] exp(2 pi i n k / N), where X[k] = x[k] for k <= N/2, X[k] = conj(x[N - k]) for larger k, and the
    imaginary parts of x[0] and, for even N, of x[N/2] are taken as 0. N is the attribute `n` or, for a dynamic length, the operand `size`.

    Constraints (cases in `test/Dialect/Seq/fft-errors.mlir`):
    - C1 x has rank 1 or more and element type `complex<f32>` or `complex<f64>`.
    - C2 exactly one of `n` and `size`; `n` is above 0.
    - C3 the last dim of x is N/2 + 1 or dynamic.
    - C4 y is `[.., N]`, its last dim dynamic if `size` is given; elements are f32, f16 or bf16 for `complex<f32>`, f64 for `complex<f64>`.
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<Index>:$size, OptionalAttr<I64Attr>:$n);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x (`size` `(` $size^ `)`)? attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// `[.., N]`, dynamic without `n`, of `element`.
    static ::mlir::RankedTensorType inferIrfftType(::mlir::RankedTensorType x, std::optional<int64_t> n, ::mlir::Type element);
  }];
}

def Seq_StageAttr : AttrDef<Seq_Dialect, "Stage"> {
  let mnemonic = "stage";
  let summary = "one block-diagonal factor: `#seq.stage<dft [1, 32, 32]>`, `#seq.stage<matrix [2, 3 -> 4, 5]>`";
  let description = [{
    The text is `kind [left, in -> out, right]`, short `[left, in, right]` if in = out. The vector is seen as `[left, in, right]` and becomes
    `[left, out, right]`: y[a, q, c] = sum_p W[a, c, q, p] x[a, p, c]. The kind gives W:
    `matrix`: an operand; `twiddled`: an operand times exp(-2 pi i q c / (out right)); `dft`: exp(-2 pi i q (p right + c) / (in right)), a DFT matrix and
    its twiddles behind it; `dft_transposed`: exp(-2 pi i p (q right + c) / (out right)), twiddles and the DFT matrix behind them.
    `inverse_twiddled`, `inverse_dft`, `inverse_dft_transposed`: the same with exp(2 pi i ..), without a factor 1/N.
  }];
  let parameters = (ins StringRefParameter<"matrix, twiddled, dft, dft_transposed or one of these inverse">:$kind, "int64_t":$left, "int64_t":$in, "int64_t":$out, "int64_t":$right);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// W is an operand.
    bool hasMatrix() const { return getBaseKind() == "matrix" || getBaseKind() == "twiddled"; }
    /// The kind without `inverse_`.
    ::llvm::StringRef getBaseKind() const { return isInverse() ? getKind().drop_front(::llvm::StringRef("inverse_").size()) : getKind(); }
    /// Exponents are positive.
    bool isInverse() const { return getKind().starts_with("inverse_"); }
    /// W has complex values whatever its operand is.
    bool isComplex() const { return getKind() != "matrix"; }
    int64_t inLength() const { return getLeft() * getIn() * getRight(); }
    int64_t outLength() const { return getLeft() * getOut() * getRight(); }
  }];
}
def Seq_StagesAttr : TypedArrayAttrBase<Seq_StageAttr, "array of stages">;

def Seq_ButterflyOp : Seq_Op<"butterfly", [Pure, Seq_ReifyShapes]> {
  let summary = "product of block-diagonal factors and permutations along the last dim";
  let description = [{
    x `[.., N]` becomes y `[.., M]`, each vector of the last dim by itself:
    ```
    v = x, filled up with zeros to the length left in right of the first stage
    v = permuted(v, input_digits, input_permutation)        if given
    v = W v                                                 for each stage, in order (`#seq.stage`)
    v = permuted(v, output_digits, output_permutation)      if given
    y = scale v, the first M elements; the real part if y is real
    ```
    permuted(v, digits, p): v seen as `[digits..]` row-major, its dims in the order p (result dim d is dim p[d]), seen as a vector again.
    Factor of a stage with an operand: `[H or 1, left or 1, right or 1, out, in]`, where H is the last but one dim of x (1 for rank 1): row h of x has its own factor.
    A dim of 1 holds for all. Sums are in f64 for f64, else in f32.

    A DFT of N = n1 n2 .. np is p stages `dft` with left 1, n1, n1 n2, .., right N/n1, N/(n1 n2), .., 1, and all digits reversed at the end. A Monarch matrix is `matrix` [k, p -> q, 1],
    then `matrix` [1, r -> s, l]. A butterfly of increasing strides is the stages [n/2, 2, 1], [n/4, 2, 2], .. [1, 2, n/2].

    Constraints (cases in `test/Dialect/Seq/butterfly-errors.mlir`):
    - C1 x has rank 1 or more, a static last dim above 0, and element type f32, f16, bf16, f64, `complex<f32>` or `complex<f64>`.
    - C2 at least one stage; the length after a stage is the length before the next.
    - C3 of a stage: extents above 0, lengths at most 2^40; `twiddled`: in = out; `dft`: out <= in; `dft_transposed`: in <= out.
    - C4 one factor per stage of kind `matrix` or `twiddled`.
    - C5 a factor is `[H or 1, left or 1, right or 1, out, in]`, its elements those of x (as floats) or f32, or complex of these; f64 exactly where x has it.
    - C6 N is at most the length before the first stage; M is static, above 0 and at most the length after the last; the other dims of y are those of x.
    - C7 y is complex<f32> or, without f64, f32, f16, bf16; complex<f64> or f64 with f64; complex only if x, a factor or a stage is.
    - C8 digits and permutation come together; digits are above 0 and their product is the length there; the permutation permutes them.
    - C9 scale is finite.
  }];
  let arguments = (ins AnyRankedTensor:$x, Variadic<AnyRankedTensor>:$factors, Seq_StagesAttr:$stages, OptionalAttr<F64Attr>:$scale,
                       OptionalAttr<DenseI64ArrayAttr>:$input_digits, OptionalAttr<DenseI64ArrayAttr>:$input_permutation,
                       OptionalAttr<DenseI64ArrayAttr>:$output_digits, OptionalAttr<DenseI64ArrayAttr>:$output_permutation);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x (`factors` `(` $factors^ `:` type($factors) `)`)? $stages attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::seqc::seq::StageAttr stage(unsigned i) { return ::llvm::cast<::seqc::seq::StageAttr>(getStages()[i]); }
    unsigned numStages() { return getStages().size(); }
    /// The factor of stage i, or null for kinds without operand.
    ::mlir::Value factorOf(unsigned i);
    double getScaleValue() { return getScale() ? getScale()->convertToDouble() : 1.0; }
  }];
}
#endif
