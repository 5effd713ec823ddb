module {
  ml_program.global private @w(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {seq.export} {
    %w = ml_program.global_load_const @w : tensor<4xf32>
    %y = arith.addf %x, %w : tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}no-weights-name.mlir:2:3: error: 'ml_program.global' op expects the module attribute 'seq.weights', which names the file of this weight, but got none
// CHECK: [seqc-E1002]
