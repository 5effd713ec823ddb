func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %y = math.frobnicate %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}unknown-math-op.mlir:2:8: error: custom op 'math.frobnicate' is unknown
// CHECK: [seqc-E1001]
