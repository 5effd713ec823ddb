// Neighbouring maps, a constant and a sum are one kernel; movement keeps pairs together.
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -tile-canonicalize -canonicalize | FileCheck %s

// CHECK-LABEL: tile.kernel @seqc_pointwise_f32_
// CHECK: tile.split
// CHECK-NOT: tile.join
// CHECK: tile.reduce {{.*}} kind = add
// CHECK-LABEL: tile.kernel @seqc_pointwise_c64_
// CHECK-NOT: tile.split
// CHECK-NOT: tile.join
// CHECK: tile.store
func.func @fused(%x: tensor<5x8xcomplex<f32>>) -> (tensor<8x5xcomplex<f32>>, tensor<5xf32>) attributes {seq.export} {
  %te = tensor.empty() : tensor<8x5xcomplex<f32>>
  %t = linalg.transpose ins(%x : tensor<5x8xcomplex<f32>>) outs(%te : tensor<8x5xcomplex<f32>>) permutation = [1, 0]
  %k = arith.constant dense<(0.0, 2.0)> : tensor<5x8xcomplex<f32>>
  %e = tensor.empty() : tensor<5x8xcomplex<f32>>
  %p = linalg.map { complex.mul } ins(%x, %k : tensor<5x8xcomplex<f32>>, tensor<5x8xcomplex<f32>>) outs(%e : tensor<5x8xcomplex<f32>>)
  %r = tensor.empty() : tensor<5x8xf32>
  %m = linalg.map { complex.re } ins(%p : tensor<5x8xcomplex<f32>>) outs(%r : tensor<5x8xf32>)
  %zero = arith.constant dense<0.0> : tensor<5xf32>
  %s = linalg.reduce { arith.addf } ins(%m : tensor<5x8xf32>) outs(%zero : tensor<5xf32>) dimensions = [1]
  return %t, %s : tensor<8x5xcomplex<f32>>, tensor<5xf32>
}
