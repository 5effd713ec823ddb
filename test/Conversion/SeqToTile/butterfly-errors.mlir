// What is beyond one kernel.
// RUN: not seqc-opt %s --seqc-seq-opt --seqc-tile --split-input-file 2>&1 | FileCheck %s

// CHECK: error: 'seq.butterfly' op expects vectors of at most 65536 elements between the stages, but got 131072
func.func @long(%x: tensor<2x131072xf32>, %w: tensor<1x1x1x2x2xf32>) -> tensor<2x131072xf32> attributes {seq.export} {
  %0 = seq.butterfly %x factors(%w : tensor<1x1x1x2x2xf32>) [#seq.stage<matrix [65536, 2, 1]>] : tensor<2x131072xf32> -> tensor<2x131072xf32>
  return %0 : tensor<2x131072xf32>
}

// -----

// CHECK: error: 'seq.butterfly' op expects at most 65536 elements in the matrices of a stage, but got 262144 in #seq.stage<matrix [64, 64, 1]>
func.func @large(%x: tensor<2x4096xf32>, %w: tensor<1x64x1x64x64xf32>) -> tensor<2x4096xf32> attributes {seq.export} {
  %0 = seq.butterfly %x factors(%w : tensor<1x64x1x64x64xf32>) [#seq.stage<matrix [64, 64, 1]>] : tensor<2x4096xf32> -> tensor<2x4096xf32>
  return %0 : tensor<2x4096xf32>
}

// -----

// CHECK: error: 'seq.butterfly' op expects permutations of at most 5 digits, but got [2, 2, 2, 2, 2, 2]
func.func @digits(%x: tensor<2x64xf32>, %w: tensor<1x1x1x64x64xf32>) -> tensor<2x64xf32> attributes {seq.export} {
  %0 = seq.butterfly %x factors(%w : tensor<1x1x1x64x64xf32>) [#seq.stage<matrix [1, 64, 1]>]
       {input_digits = array<i64: 2, 2, 2, 2, 2, 2>, input_permutation = array<i64: 5, 4, 3, 2, 1, 0>} : tensor<2x64xf32> -> tensor<2x64xf32>
  return %0 : tensor<2x64xf32>
}
