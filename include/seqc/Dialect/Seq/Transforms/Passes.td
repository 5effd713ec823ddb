// SPDX-License-Identifier: Apache-2.0
// Passes on `seq` graphs.
#ifndef SEQC_SEQ_PASSES
#define SEQC_SEQ_PASSES
include "mlir/Pass/PassBase.td"

def VerifyGraphPass : Pass<"seq-verify-graph", "::mlir::ModuleOp"> {
  let summary = "check that a module is a seq graph: the closed list of forms, nothing else";
  let description = [{
    Walks all functions and reports every op that is not a form of `docs/spec/graph-forms.md`, or breaks a rule of its form (element types,
    accumulators, combiners, attributes), with one diagnostic each that says what is wrong and what to write instead. Also checks that
    an entry point exists, that dynamic dims of entry points are named, and that weights have a file.

    Precondition: none beyond valid IR; ops of unregistered dialects may be present. Postcondition: unchanged IR. Refuses: see the page.

    ```
    error: 'linalg.generic' op is not a form of a seq graph: its body is opaque; write it with arith and math on tensors, ..
    ```
  }];
  let dependentDialects = ["::seqc::seq::SeqDialect"];
}

def RaisePass : Pass<"seq-raise", "::mlir::ModuleOp"> {
  let summary = "replace softmax(scale Q K^T + mask) V and convolutions that were written out by seq.attention and seq.long_conv";
  let description = [{
    Anchor: a `linalg.batch_matmul` whose left operand is a softmax over the last dim (max, subtract, exp, sum, divide) of values that come
    from another `linalg.batch_matmul` through elementwise ops and reshapes. What lies between becomes attributes and regions of
    `seq.attention`: factors `scale`, c tanh(x / c) `softcap`, the first added tensor `bias`, a select with -inf `mask`, anything else
    `score_mod`. Coordinates computed with `seq.iota`, comparisons and arithmetic move into the regions; other tensors are read with `tensor.extract`.
    A K and V repeated over heads (broadcast and collapse) become grouped heads. Roundings of intermediate results to 16 bits disappear.

    Precondition: `seq-verify-graph`. Postcondition: the same function up to rounding. A remark says what was raised, or why a near match was
    not: probabilities used elsewhere, no row maximum, a sum over another dim, an operation that the regions cannot hold.

    ```
    %s = linalg.batch_matmul(%q, %kt)  ..  %p = softmax(%s)  %o = linalg.batch_matmul(%p, %v)
    -> %o = seq.attention %q4, %k4, %v4 {scale = 1.0}       // remark: raised softmax(QK^T)V to seq.attention
    ```

    Second anchor: a `seq.irfft` of the product of a `seq.rfft` of [B, D, n] and one of [D, n], n static. With zeros behind both sequences, so that no end wraps around,
    it is a causal `seq.long_conv`; without zeros behind the input a circular one; with a kernel of n taps and zeros behind the input, whose first outputs
    are kept, a two-sided one (`reverse_offset = 1`). A product that is its input becomes `pre_gate`, a factor per channel of the same input that is added `skip`, a factor of
    the sum `post_gate`. Rounding differs as that of transforms and sums do.
  }];
  let statistics = [Statistic<"numRaised", "num-attention-raised", "softmax(QK^T)V replaced by seq.attention">,
                    Statistic<"numConvolutions", "num-convolutions-raised", "irfft(rfft(u) rfft(k)) replaced by seq.long_conv">];
  let dependentDialects = ["::seqc::seq::SeqDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::linalg::LinalgDialect"];
}

def FftToButterflyPass : Pass<"seq-fft-to-butterfly", "::mlir::ModuleOp"> {
  let summary = "replace Fourier transforms by products of dense stages";
  let description = [{
    A `seq.fft`, `seq.rfft` or `seq.irfft` of static length N becomes, by the first of these that applies (docs/adr/0005):
    - N at most `max-length`, prime factors at most 251: one `seq.butterfly` of `dft` stages, radices chosen by cost. `rfft` keeps the first N/2 + 1
      results; `irfft` weights its operand 1, 2, .., 2, (1), fills it up with zeros and takes the real part.
    - N at most `max-length` / 2: Bluestein's algorithm as one `seq.butterfly`: chirp, stages, spectrum of the chirp, stages back, chirp.
    - N = n1 n2, both at most `max-length`: transposes, transforms of n1, twiddles (`linalg.map`), transforms of n2.

    Precondition: `seq-verify-graph`. Postcondition: no transforms; the same results up to rounding. Refuses: dynamic lengths, other lengths.

    ```mlir
    %y = seq.fft %x : tensor<?x1000xcomplex<f32>> -> tensor<?x1000xcomplex<f32>>
    // becomes
    %y = seq.butterfly %x [#seq.stage<dft [1, 10, 100]>, #seq.stage<dft [10, 10, 10]>, #seq.stage<dft [100, 10, 1]>]
         {output_digits = array<i64: 10, 10, 10>, output_permutation = array<i64: 2, 1, 0>} : ..
    ```
  }];
  let options = [Option<"maxLength", "max-length", "int64_t", "4096", "longest transform that is one seq.butterfly">];
  let dependentDialects = ["::seqc::seq::SeqDialect", "::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def CanonicalizePass : Pass<"seq-canonicalize", "::mlir::ModuleOp"> {
  let summary = "canonical form of a seq graph: reshapes sunk, merged and dropped";
  let description = [{
    - `tensor.expand_shape` sinks below elementwise ops, elementwise(expand(a), b) -> expand(elementwise(a, collapse(b))), where collapse(b) is
      free: b is a splat, an expand of the same form, a broadcast that can be written at the lower rank, or a value in memory. So the
      epilogue of a matmul has the shape of its accumulator.
    - `tensor.collapse_shape` rises above broadcasts and single-use elementwise ops on the same condition.
    - chains of reshapes are merged; identity transposes and broadcasts vanish; chains of transposes and broadcasts merge.
    - `tensor.dim` of a result becomes `tensor.dim` of an operand, down to arguments.

    Precondition: `seq-verify-graph`. Postcondition: a seq graph with the same results, bit for bit.
  }];
  let dependentDialects = ["::seqc::seq::SeqDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect", "::mlir::linalg::LinalgDialect"];
}
#endif
