func.func @main(%x: tensor<?xf32> {seq.dims = ["L"]}, %y: tensor<8xf32>) -> tensor<8xf32> attributes {seq.export} {
  %c10 = arith.constant 10 : index
  %0 = tensor.extract_slice %y[0] [%c10] [1] : tensor<8xf32> to tensor<?xf32>
  %1 = arith.negf %y : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}sizes.mlir:3:8: error: 'tensor.extract_slice' op expects a slice inside its tensor, but got 10 and 8
// CHECK: [seqc-E1002]
