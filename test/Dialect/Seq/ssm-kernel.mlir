// RUN: seqc-opt %s | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --mlir-print-op-generic | seqc-opt | FileCheck %s

// CHECK-LABEL: func @forms
func.func @forms(%z: tensor<8x32xcomplex<f32>>, %dt: tensor<8xf32>, %x: tensor<?x4xf64>, %dx: tensor<?xf64>, %n: index) {
  // CHECK: seq.ssm_kernel %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {conjugate} : tensor<8x32xcomplex<f32>>, {{.*}} -> tensor<8x100xf32>
  %0 = seq.ssm_kernel %z, %z, %z, %dt {conjugate} : tensor<8x32xcomplex<f32>>, tensor<8x32xcomplex<f32>>, tensor<8x32xcomplex<f32>>, tensor<8xf32> -> tensor<8x100xf32>
  // CHECK: length(%{{.*}}) {discretization = "bilinear"} : tensor<?x4xf64>
  %1 = seq.ssm_kernel %x, %x, %x, %dx length(%n) {discretization = "bilinear"} : tensor<?x4xf64>, tensor<?x4xf64>, tensor<?x4xf64>, tensor<?xf64> -> tensor<?x?xf64>
  // CHECK: low_rank(%{{.*}} : tensor<8x32xcomplex<f32>>) length(%{{.*}}) {conjugate, discretization = "bilinear"}
  %2 = seq.ssm_kernel %z, %z, %z, %dt low_rank(%z : tensor<8x32xcomplex<f32>>) length(%n) {conjugate, discretization = "bilinear"}
      : tensor<8x32xcomplex<f32>>, tensor<8x32xcomplex<f32>>, tensor<8x32xcomplex<f32>>, tensor<8xf32> -> tensor<8x?xf32>
  // CHECK: {discretization = "softmax"}
  %3 = seq.ssm_kernel %z, %z, %z, %dt {discretization = "softmax"} : tensor<8x32xcomplex<f32>>, tensor<8x32xcomplex<f32>>, tensor<8x32xcomplex<f32>>, tensor<8xf32> -> tensor<8x0xf32>
  return
}
