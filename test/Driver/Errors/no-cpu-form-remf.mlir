func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %y = arith.remf %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}2:8: error: 'arith.remf' op expects an operation with a CPU expansion
// CHECK: [seqc-E3001]
