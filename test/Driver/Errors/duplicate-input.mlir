func.func @main(%x: tensor<4xf32> {seq.name = "x"}, %y: tensor<4xf32> {seq.name = "x"}) -> tensor<4xf32> attributes {seq.export} {
  %z = arith.addf %x, %y : tensor<4xf32>
  return %z : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}duplicate-input.mlir:1:1: error: 'func.func' op expects 'seq.name' of argument 1 to be unique, but got "x" as of argument 0
// CHECK: [seqc-E1001]
