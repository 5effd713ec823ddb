// Round trip of the Fourier transforms and of seq.butterfly; dims of results.
// RUN: seqc-opt %s | FileCheck %s
// RUN: seqc-opt %s | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --mlir-print-op-generic | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s --check-prefix=DIMS

// CHECK-LABEL: func @transforms
// CHECK: seq.fft %{{.*}} : tensor<2x?xcomplex<f32>> -> tensor<2x?xcomplex<f32>>
// CHECK: seq.fft %{{.*}} {inverse} : tensor<2x?xcomplex<f32>> -> tensor<2x?xcomplex<f32>>
func.func @transforms(%x: tensor<2x?xcomplex<f32>>) -> tensor<2x?xcomplex<f32>> {
  %0 = seq.fft %x : tensor<2x?xcomplex<f32>> -> tensor<2x?xcomplex<f32>>
  %1 = seq.fft %0 {inverse} : tensor<2x?xcomplex<f32>> -> tensor<2x?xcomplex<f32>>
  return %1 : tensor<2x?xcomplex<f32>>
}

// CHECK-LABEL: func @real_transforms
// CHECK: seq.rfft %{{.*}} : tensor<4x15xbf16> -> tensor<4x8xcomplex<f32>>
// CHECK: seq.irfft %{{.*}} {n = 15 : i64} : tensor<4x8xcomplex<f32>> -> tensor<4x15xbf16>
// CHECK: seq.rfft %{{.*}} : tensor<?xf64> -> tensor<?xcomplex<f64>>
// CHECK: seq.irfft %{{.*}} size(%{{.*}}) : tensor<?xcomplex<f64>> -> tensor<?xf64>
func.func @real_transforms(%x: tensor<4x15xbf16>, %d: tensor<?xf64>, %n: index) -> (tensor<4x15xbf16>, tensor<?xf64>) {
  %0 = seq.rfft %x : tensor<4x15xbf16> -> tensor<4x8xcomplex<f32>>
  %1 = seq.irfft %0 {n = 15} : tensor<4x8xcomplex<f32>> -> tensor<4x15xbf16>
  %2 = seq.rfft %d : tensor<?xf64> -> tensor<?xcomplex<f64>>
  %3 = seq.irfft %2 size(%n) : tensor<?xcomplex<f64>> -> tensor<?xf64>
  return %1, %3 : tensor<4x15xbf16>, tensor<?xf64>
}

// DIMS-LABEL: func @dims
// DIMS-SAME: %[[X:.*]]: tensor<?x?xf32>, %[[N:.*]]: index
// DIMS-DAG: %[[C0:.*]] = arith.constant 0 : index
// DIMS-DAG: %[[C1:.*]] = arith.constant 1 : index
// DIMS-DAG: %[[C2:.*]] = arith.constant 2 : index
// DIMS-DAG: %[[C9:.*]] = arith.constant 9 : index
// DIMS-DAG: %[[B:.*]] = tensor.dim %[[X]], %[[C0]]
// DIMS-DAG: %[[L:.*]] = tensor.dim %[[X]], %[[C1]]
// DIMS-DAG: %[[H:.*]] = arith.divui %[[L]], %[[C2]]
// DIMS-DAG: %[[M:.*]] = arith.addi %[[H]], %[[C1]]
// DIMS: return %[[B]], %[[M]], %[[N]], %[[C9]]
func.func @dims(%x: tensor<?x?xf32>, %n: index) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = seq.rfft %x : tensor<?x?xf32> -> tensor<?x?xcomplex<f32>>
  %1 = seq.fft %0 : tensor<?x?xcomplex<f32>> -> tensor<?x?xcomplex<f32>>
  %2 = seq.irfft %1 size(%n) : tensor<?x?xcomplex<f32>> -> tensor<?x?xf32>
  %3 = seq.irfft %1 {n = 9} : tensor<?x?xcomplex<f32>> -> tensor<?x?xf32>
  %b = tensor.dim %3, %c0 : tensor<?x?xf32>
  %m = tensor.dim %1, %c1 : tensor<?x?xcomplex<f32>>
  %l = tensor.dim %2, %c1 : tensor<?x?xf32>
  %k = tensor.dim %3, %c1 : tensor<?x?xf32>
  return %b, %m, %l, %k : index, index, index, index
}

// A DFT of 12 = 3 * 4 of real values, the first 7 results kept, as three factors would be.
// CHECK-LABEL: func @dft
// CHECK: seq.butterfly %{{.*}} [#seq.stage<dft [1, 3, 4]>, #seq.stage<dft [3, 4, 1]>] {output_digits = array<i64: 3, 4>, output_permutation = array<i64: 1, 0>}
// CHECK-SAME: : tensor<?x12xf32> -> tensor<?x7xcomplex<f32>>
func.func @dft(%x: tensor<?x12xf32>) -> tensor<?x7xcomplex<f32>> {
  %0 = seq.butterfly %x [#seq.stage<dft [1, 3, 4]>, #seq.stage<dft [3, 4, 1]>]
       {output_digits = array<i64: 3, 4>, output_permutation = array<i64: 1, 0>} : tensor<?x12xf32> -> tensor<?x7xcomplex<f32>>
  return %0 : tensor<?x7xcomplex<f32>>
}

// CHECK-LABEL: func @monarch
// CHECK: seq.butterfly %{{.*}} factors(%{{.*}}, %{{.*}} : tensor<1x2x1x3x2xbf16>, tensor<1x1x3x2x2xbf16>)
// CHECK-SAME: [#seq.stage<matrix [2, 2 -> 3, 1]>, #seq.stage<matrix [1, 2, 3]>] : tensor<8x4xbf16> -> tensor<8x6xbf16>
func.func @monarch(%x: tensor<8x4xbf16>, %a: tensor<1x2x1x3x2xbf16>, %b: tensor<1x1x3x2x2xbf16>) -> tensor<8x6xbf16> {
  %0 = seq.butterfly %x factors(%a, %b : tensor<1x2x1x3x2xbf16>, tensor<1x1x3x2x2xbf16>) [#seq.stage<matrix [2, 2 -> 3, 1]>, #seq.stage<matrix [1, 2, 3]>]
       : tensor<8x4xbf16> -> tensor<8x6xbf16>
  return %0 : tensor<8x6xbf16>
}

// Learned matrices per channel with fixed twiddles, and back to real values by a fixed inverse.
// CHECK-LABEL: func @block_fft
// CHECK: seq.butterfly %{{.*}} factors(%{{.*}} : tensor<5x1x1x4x4xcomplex<f32>>) [#seq.stage<twiddled [1, 4, 4]>, #seq.stage<dft [4, 4, 1]>]
// CHECK: seq.butterfly %{{.*}} [#seq.stage<inverse_dft_transposed [4, 4, 1]>, #seq.stage<inverse_dft_transposed [1, 4, 4]>] {scale = 6.250000e-02 : f64}
func.func @block_fft(%x: tensor<2x5x16xf32>, %w: tensor<5x1x1x4x4xcomplex<f32>>) -> tensor<2x5x16xf32> {
  %0 = seq.butterfly %x factors(%w : tensor<5x1x1x4x4xcomplex<f32>>) [#seq.stage<twiddled [1, 4, 4]>, #seq.stage<dft [4, 4, 1]>]
       : tensor<2x5x16xf32> -> tensor<2x5x16xcomplex<f32>>
  %1 = seq.butterfly %0 [#seq.stage<inverse_dft_transposed [4, 4, 1]>, #seq.stage<inverse_dft_transposed [1, 4, 4]>] {scale = 0.0625 : f64}
       : tensor<2x5x16xcomplex<f32>> -> tensor<2x5x16xf32>
  return %1 : tensor<2x5x16xf32>
}
