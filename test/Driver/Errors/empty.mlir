// No function at all.

// RUN: rm -f %t.seqc
// RUN: %python %S/../Inputs/expect_exit.py 1 seqc compile %s -o %t.seqc | FileCheck %s --implicit-check-not="current operation"
// RUN: test ! -e %t.seqc
// CHECK: error: 'builtin.module' op expects a function with 'seq.export' (an entry point), but got none
// CHECK: [seqc-E1003]
