func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  return %x : tensor<4xf32>
}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
  return %x : tensor<4xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}duplicate-function.mlir:4:1: error: redefinition of symbol named 'main'
// CHECK: {{.*}}duplicate-function.mlir:1:1: note: see existing symbol definition here
// CHECK: [seqc-E1001]
