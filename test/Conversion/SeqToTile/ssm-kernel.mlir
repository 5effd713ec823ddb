// Kernels of state space models.
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -canonicalize | FileCheck %s

// Two products of tables per block of eigenvalues, the window in the same kernel.
// CHECK-LABEL: tile.kernel @seqc_ssm_kernel_f32_
// CHECK: scf.for
// CHECK: arith.fptosi {{.*}}xf64> to {{.*}}xi32>
// CHECK-COUNT-2: tile.dot
// CHECK: tile.reshape
// CHECK: arith.mulf
// CHECK: tile.store
// CHECK-LABEL: func.func @windowed
// CHECK-COUNT-1: tile.launch
func.func @windowed(%l: tensor<?x40xcomplex<f32>> {seq.dims = ["D", 40]}, %d: tensor<?xf32> {seq.dims = ["D"]}, %w: tensor<?x?xf32> {seq.dims = ["D", "L"]}) -> tensor<?x?xf32>
    attributes {seq.export} {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %w, %c1 : tensor<?x?xf32>
  %k = seq.ssm_kernel %l, %l, %l, %d length(%n) {conjugate} : tensor<?x40xcomplex<f32>>, tensor<?x40xcomplex<f32>>, tensor<?x40xcomplex<f32>>, tensor<?xf32> -> tensor<?x?xf32>
  %y = arith.mulf %k, %w : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
