func.func @main(%x: tensor<4xf64>) -> tensor<4xf64> attributes {seq.export} {
  %y = math.powf %x, %x : tensor<4xf64>
  return %y : tensor<4xf64>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 3 seqc compile %s -o %t.seqc | FileCheck %s
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}no-cpu-form.mlir:2:8: error: 'math.powf' op expects an operation with a CPU expansion
// CHECK: [seqc-E3001]
