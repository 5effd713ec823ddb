// RUN: seqc-opt %s --seq-fft-to-butterfly=max-length=16 --split-input-file | FileCheck %s

// Longer than one kernel takes: transforms of columns, twiddles, transforms of rows.
// CHECK-LABEL: func @long
// CHECK-SAME: %[[X:.*]]: tensor<?x60xcomplex<f32>>
// CHECK: %[[E:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2]] output_shape [%{{.*}}, 10, 6]
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[E]] : tensor<?x10x6xcomplex<f32>>) {{.*}} permutation = [0, 2, 1]
// CHECK: %[[C:.*]] = seq.butterfly %[[T]] [#seq.stage<dft [1, 10, 1]>] : tensor<?x6x10xcomplex<f32>>
// CHECK: %[[B:.*]] = linalg.broadcast ins(%{{.*}} : tensor<6x10xcomplex<f32>>) {{.*}} dimensions = [0]
// CHECK: %[[M:.*]] = linalg.map { complex.mul } ins(%[[C]], %[[B]]
// CHECK: %[[U:.*]] = linalg.transpose ins(%[[M]]
// CHECK: %[[R:.*]] = seq.butterfly %[[U]] [#seq.stage<dft [1, 6, 1]>] : tensor<?x10x6xcomplex<f32>>
// CHECK: %[[V:.*]] = linalg.transpose ins(%[[R]]
// CHECK: tensor.collapse_shape %[[V]]
// CHECK-NOT: seq.fft
func.func @long(%x: tensor<?x60xcomplex<f32>>) -> tensor<?x60xcomplex<f32>> {
  %0 = seq.fft %x : tensor<?x60xcomplex<f32>> -> tensor<?x60xcomplex<f32>>
  return %0 : tensor<?x60xcomplex<f32>>
}

// -----

// CHECK-LABEL: func @long_real
// CHECK: complex.create
// CHECK: seq.butterfly
// CHECK: seq.butterfly
// CHECK: tensor.extract_slice {{.*}} : tensor<60xcomplex<f32>> to tensor<31xcomplex<f32>>
// CHECK: complex.mul
// CHECK: tensor.pad
// CHECK: seq.butterfly {{.*}} [#seq.stage<inverse_dft [1, 10, 1]>] {scale = 1.000000e-01 : f64}
// CHECK: seq.butterfly {{.*}} [#seq.stage<inverse_dft [1, 6, 1]>]
// CHECK: complex.re
func.func @long_real(%x: tensor<60xf16>) -> tensor<60xf16> {
  %0 = seq.rfft %x : tensor<60xf16> -> tensor<31xcomplex<f32>>
  %1 = seq.irfft %0 {n = 60} : tensor<31xcomplex<f32>> -> tensor<60xf16>
  return %1 : tensor<60xf16>
}
