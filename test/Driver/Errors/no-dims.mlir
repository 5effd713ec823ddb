func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {seq.export} {
  %y = arith.negf %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}no-dims.mlir:1:1: error: 'func.func' op expects 'seq.dims' on argument 0, which has dynamic dims, but got none
// CHECK: [seqc-E1002]
