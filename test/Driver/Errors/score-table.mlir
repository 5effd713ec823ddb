// A table over m - n: a graph in the listed forms, with a region that has no lowering yet.
func.func @main(%q: tensor<1x1x8x8xf32>, %t: tensor<15xf32>) -> tensor<1x1x8x8xf32> attributes {seq.export} {
  %c7 = arith.constant 7 : index
  %o = seq.attention %q, %q, %q score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    %d = arith.subi %m, %n : index
    %i = arith.addi %d, %c7 : index
    %x = tensor.extract %t[%i] : tensor<15xf32>
    %y = arith.addf %s, %x : f32
    seq.yield %y : f32
  } : tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32> -> tensor<1x1x8x8xf32>
  return %o : tensor<1x1x8x8xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}score-table.mlir:8:10: error: 'tensor.extract' op expects indices that are uniform, m + c or n + c
// CHECK: seqc: error: the graph contains what seqc does not support; see the errors above [seqc-E3001]
