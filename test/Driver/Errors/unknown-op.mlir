func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %y = "torch.aten.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %z = "mine.op"(%y) : (tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}unknown-op.mlir:2:8: error: 'torch.aten.relu' op is not a form of a seq graph: import the exported program with the importer of seqc
// CHECK: {{.*}}unknown-op.mlir:3:8: error: 'mine.op' op is not a form of a seq graph: rewrite it with the forms of docs/spec/graph-forms.md
// CHECK: seqc: error: the graph contains what seqc does not support; see the errors above [seqc-E3001]
