func.func private @f(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  %y = func.call @f(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}private-decl.mlir:1:1: error: 'func.func' op is not a form of a seq graph: it has no body; a graph calls nothing outside
// CHECK: {{.*}}private-decl.mlir:3:8: error: 'func.call' op is not a form of a seq graph: inline the callee (mlir-opt --inline)
// CHECK: [seqc-E3001]
