// RUN: seqc-opt %s --seq-fft-to-butterfly --split-input-file | FileCheck %s

// Up to 32 one dense stage; then stages whose digits come out in the opposite order.
// CHECK-LABEL: func @lengths
// CHECK: seq.butterfly %{{.*}} [#seq.stage<dft [1, 1, 1]>] : tensor<2x1xcomplex<f32>>
// CHECK: seq.butterfly %{{.*}} [#seq.stage<dft [1, 30, 1]>] : tensor<2x30xcomplex<f32>>
// CHECK: seq.butterfly %{{.*}} [#seq.stage<dft [1, 127, 1]>] : tensor<2x127xcomplex<f32>>
// CHECK: seq.butterfly %{{.*}} [#seq.stage<inverse_dft [1, 16, 8]>, #seq.stage<inverse_dft [16, 8, 1]>]
// CHECK-SAME: {output_digits = array<i64: 16, 8>, output_permutation = array<i64: 1, 0>, scale = 7.812500e-03 : f64} : tensor<2x128xcomplex<f32>>
// CHECK: seq.butterfly %{{.*}} [#seq.stage<dft [1, 10, 100]>, #seq.stage<dft [10, 10, 10]>, #seq.stage<dft [100, 10, 1]>]
// CHECK-SAME: {output_digits = array<i64: 10, 10, 10>, output_permutation = array<i64: 2, 1, 0>}
func.func @lengths(%a: tensor<2x1xcomplex<f32>>, %b: tensor<2x30xcomplex<f32>>, %c: tensor<2x127xcomplex<f32>>, %d: tensor<2x128xcomplex<f32>>, %e: tensor<?x1000xcomplex<f64>>)
    -> (tensor<2x1xcomplex<f32>>, tensor<2x30xcomplex<f32>>, tensor<2x127xcomplex<f32>>, tensor<2x128xcomplex<f32>>, tensor<?x1000xcomplex<f64>>) {
  %0 = seq.fft %a : tensor<2x1xcomplex<f32>> -> tensor<2x1xcomplex<f32>>
  %1 = seq.fft %b : tensor<2x30xcomplex<f32>> -> tensor<2x30xcomplex<f32>>
  %2 = seq.fft %c : tensor<2x127xcomplex<f32>> -> tensor<2x127xcomplex<f32>>
  %3 = seq.fft %d {inverse} : tensor<2x128xcomplex<f32>> -> tensor<2x128xcomplex<f32>>
  %4 = seq.fft %e : tensor<?x1000xcomplex<f64>> -> tensor<?x1000xcomplex<f64>>
  return %0, %1, %2, %3, %4 : tensor<2x1xcomplex<f32>>, tensor<2x30xcomplex<f32>>, tensor<2x127xcomplex<f32>>, tensor<2x128xcomplex<f32>>, tensor<?x1000xcomplex<f64>>
}

// -----

// Real transforms: the first results only; weights, zeros and the real part.
// CHECK-LABEL: func @real
// CHECK: seq.butterfly %{{.*}} [#seq.stage<dft [1, 6, 1]>] : tensor<?x6xbf16> -> tensor<?x4xcomplex<f32>>
// CHECK: %[[W:.*]] = arith.constant dense<{{.*}}1.000000e+00{{.*}}2.000000e+00{{.*}}2.000000e+00{{.*}}1.000000e+00{{.*}}0.000000e+00{{.*}}0.000000e+00{{.*}}> : tensor<1x1x6x1x1xf32>
// CHECK: seq.butterfly %{{.*}} factors(%[[W]] : tensor<1x1x6x1x1xf32>) [#seq.stage<matrix [1, 1, 6]>, #seq.stage<inverse_dft [1, 6, 1]>]
// CHECK-SAME: {scale = 0.16666666666666666 : f64} : tensor<?x4xcomplex<f32>> -> tensor<?x6xbf16>
func.func @real(%x: tensor<?x6xbf16>) -> tensor<?x6xbf16> {
  %0 = seq.rfft %x : tensor<?x6xbf16> -> tensor<?x4xcomplex<f32>>
  %1 = seq.irfft %0 {n = 6} : tensor<?x4xcomplex<f32>> -> tensor<?x6xbf16>
  return %1 : tensor<?x6xbf16>
}

// -----

// A large prime: a convolution with a chirp, in a circle of 1024.
// CHECK-LABEL: func @prime
// CHECK: seq.butterfly %{{.*}} factors(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x1x1024x1x1xcomplex<f32>>, tensor<1x1x1024x1x1xcomplex<f32>>, tensor<1x1x1024x1x1xcomplex<f32>>)
// CHECK-SAME: [#seq.stage<matrix [1, 1, 1024]>, #seq.stage<dft [1, 16, 64]>, #seq.stage<dft [16, 8, 8]>, #seq.stage<dft [128, 8, 1]>, #seq.stage<matrix [1, 1, 1024]>,
// CHECK-SAME: #seq.stage<inverse_dft_transposed [128, 8, 1]>, #seq.stage<inverse_dft_transposed [16, 8, 8]>, #seq.stage<inverse_dft_transposed [1, 16, 64]>, #seq.stage<matrix [1, 1, 1024]>]
// CHECK-SAME: {scale = 9.765625E-4 : f64} : tensor<257xf32> -> tensor<129xcomplex<f32>>
func.func @prime(%x: tensor<257xf32>) -> tensor<129xcomplex<f32>> {
  %0 = seq.rfft %x : tensor<257xf32> -> tensor<129xcomplex<f32>>
  return %0 : tensor<129xcomplex<f32>>
}
