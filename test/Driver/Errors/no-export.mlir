func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = arith.negf %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: error: 'builtin.module' op expects a function with 'seq.export' (an entry point), but got none
// CHECK: seqc: error: the module has no entry point; mark a function with the attribute seq.export [seqc-E1003]
