func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}control-flow.mlir:1:1: error: 'func.func' op is not a form of a seq graph: it has several blocks; control flow is not part of a graph
// CHECK: [seqc-E3001]
