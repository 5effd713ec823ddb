func.func @main(%x: tensor<4xi16>) -> tensor<4xi16> attributes {seq.export} {
  return %x : tensor<4xi16>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}dtype.mlir:1:1: error: 'func.func' op expects element type f32, f16, bf16, f64, i1, i8, i32, i64, complex<f32> or complex<f64>, but got 'tensor<4xi16>'
// CHECK: seqc: error: the graph is not valid; see the errors above [seqc-E1002]
