// Complex numbers in kernels: memory of pairs, arithmetic on tiles of parts.
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -tile-canonicalize -canonicalize | FileCheck %s

// One kernel: two loads of pairs, the product of parts, one store.
// CHECK-LABEL: tile.kernel @seqc_pointwise_c64_
// CHECK-SAME: !tile.ptr<f32>
// CHECK: tile.view {{.*}} sizes [%{{.*}}, 2] strides [2, 1]
// CHECK-COUNT-2: tile.split
// CHECK-COUNT-4: arith.mulf
// CHECK: tile.join
// CHECK: tile.store
// CHECK-LABEL: func.func @product
// CHECK: tile.launch {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?xcomplex<f32>>, tensor<?xcomplex<f32>>) outs(%{{.*}} : tensor<?xcomplex<f32>>)
func.func @product(%x: tensor<?xcomplex<f32>> {seq.dims = ["N"]}, %y: tensor<?xcomplex<f32>> {seq.dims = ["N"]}) -> tensor<?xcomplex<f32>> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xcomplex<f32>>
  %e = tensor.empty(%n) : tensor<?xcomplex<f32>>
  %p = linalg.map { complex.mul } ins(%x, %y : tensor<?xcomplex<f32>>, tensor<?xcomplex<f32>>) outs(%e : tensor<?xcomplex<f32>>)
  return %p : tensor<?xcomplex<f32>>
}
