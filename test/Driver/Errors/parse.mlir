func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %y = arith.addf %x %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}parse.mlir:2:21: error: expected ','
// CHECK: the text does not parse or verify; see the errors above [seqc-E1001]
