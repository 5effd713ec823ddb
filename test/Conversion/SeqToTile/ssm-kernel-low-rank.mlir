// Low rank: a loop over blocks of lengths around a loop over steps; real eigenvalues: one product and no angles.
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -canonicalize | FileCheck %s

// CHECK-LABEL: tile.kernel @seqc_ssm_kernel_f32_
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-3: tile.reduce
// CHECK: tile.store
// CHECK-LABEL: tile.kernel @seqc_ssm_kernel_f32_
// CHECK-NOT: math.sin
// CHECK-NOT: math.cos
// CHECK: tile.dot
// CHECK-NOT: tile.dot
// CHECK-LABEL: func.func @both
func.func @both(%l: tensor<3x4xcomplex<f32>>, %x: tensor<3x4xf32>, %d: tensor<3xf32>) -> (tensor<3x100xf32>, tensor<3x100xf32>) attributes {seq.export} {
  %k = seq.ssm_kernel %l, %l, %l, %d low_rank(%l : tensor<3x4xcomplex<f32>>) {conjugate, discretization = "bilinear"}
      : tensor<3x4xcomplex<f32>>, tensor<3x4xcomplex<f32>>, tensor<3x4xcomplex<f32>>, tensor<3xf32> -> tensor<3x100xf32>
  %r = seq.ssm_kernel %x, %x, %x, %d : tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3xf32> -> tensor<3x100xf32>
  return %k, %r : tensor<3x100xf32>, tensor<3x100xf32>
}
