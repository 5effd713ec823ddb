func.func @main(%x: tensor<4xf32>, %h: tensor<4xf16>) -> tensor<4xf32> attributes {seq.export} {
  %y = arith.addf %x, %h : tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}dtype-mix.mlir:2:23: error: use of value '%h' expects different type than prior uses: 'tensor<4xf32>' vs 'tensor<4xf16>'
// CHECK: note: prior use here
// CHECK: [seqc-E1001]
