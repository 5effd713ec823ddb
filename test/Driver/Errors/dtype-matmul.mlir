func.func @main(%a: tensor<4x4xf16>, %b: tensor<4x4xf16>) -> tensor<4x4xf16> attributes {seq.export} {
  %zero = arith.constant dense<0.0> : tensor<4x4xf16>
  %y = linalg.matmul ins(%a, %b : tensor<4x4xf16>, tensor<4x4xf16>) outs(%zero : tensor<4x4xf16>) -> tensor<4x4xf16>
  return %y : tensor<4x4xf16>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}dtype-matmul.mlir:3:8: error: 'linalg.matmul' op expects an init of type 'f32' for operands of type 'f16', but got 'f16'
// CHECK: [seqc-E1002]
