// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-opt %s --split-input-file --verify-diagnostics --tile-gpu-expand-math | FileCheck %s

// CHECK-LABEL: func.func @instructions
// CHECK: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"
// CHECK: llvm.call_intrinsic "llvm.nvvm.rsqrt.approx.ftz.f"
func.func @instructions(%x: f32) -> (f32, f32) {
  %a = math.exp2 %x : f32
  %b = math.rsqrt %x : f32
  return %a, %b : f32, f32
}

// -----

// CHECK-LABEL: func.func @polynomial
// CHECK-NOT: math.tanh
func.func @polynomial(%x: f32) -> f32 {
  %a = math.tanh %x : f32
  return %a : f32
}

// -----

func.func @none(%x: f32, %y: f32) -> f32 {
  // expected-error @below {{expects an operation with a GPU form, but got math.atan2 on 'f32'}}
  %a = math.atan2 %x, %y : f32
  return %a : f32
}
