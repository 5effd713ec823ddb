func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %w = arith.constant dense_resource<blob> : tensor<4xf32>
  %y = arith.addf %x, %w : tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}resource.mlir:2:8: error: 'arith.constant' op is not a form of a seq graph: resource blobs are not read; write weights as ml_program.global
// CHECK: [seqc-E3001]
