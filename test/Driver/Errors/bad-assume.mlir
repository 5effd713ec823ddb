func.func @main(%x: tensor<?xf32> {seq.dims = ["L"]}) -> tensor<?xf32> attributes {seq.export, seq.assume = ["L % 64 =="]} {
  %z = arith.addf %x, %x : tensor<?xf32>
  return %z : tensor<?xf32>
}

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: {{.*}}bad-assume.mlir:1:1: error: 'func.func' op expects fact "L % 64 ==" to be an expression over dims: expected a name, a number or '('
// CHECK: [seqc-E1001]
