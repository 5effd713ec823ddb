// SPDX-License-Identifier: Apache-2.0
// Remainders of all float types, and functions of f64, have code for both targets.
// RUN: rm -rf %t && mkdir %t && seqc compile %s -o %t/f.seqc
// RUN: %python %S/Inputs/make_files.py npy %t/x.npy f8 5
// RUN: seqc run %t/f.seqc --input=x=@%t/x.npy --output=@%t/y.npy
// RUN: seqc compile %s --emit=ptx --target=sm_90a -o %t/f.ptx && FileCheck %s < %t/f.ptx
// CHECK: .entry
func.func @main(%x: tensor<5xf64> {seq.name = "x"}) -> (tensor<5xf64> {seq.name = "y"}) attributes {seq.export} {
  %c = arith.constant dense<0.3> : tensor<5xf64>
  %h = arith.constant dense<0.3> : tensor<5xf16>
  %s = math.sin %x : tensor<5xf64>
  %o = math.cos %s : tensor<5xf64>
  %t = math.tanh %o : tensor<5xf64>
  %e = math.erf %t : tensor<5xf64>
  %r = arith.remf %e, %c : tensor<5xf64>
  %n = arith.truncf %r : tensor<5xf64> to tensor<5xf16>
  %m = arith.remf %n, %h : tensor<5xf16>
  %w = arith.extf %m : tensor<5xf16> to tensor<5xf64>
  %y = arith.addf %r, %w : tensor<5xf64>
  return %y : tensor<5xf64>
}
