// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-tile-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(tile.kernel(tile-assign-layouts))' | FileCheck %s

// Rows that a warp reads in vectors; the statistics drop the columns; the constant takes the layout of its user.
// CHECK-LABEL: tile.kernel @rows
// CHECK-SAME: level(layout)
// CHECK: tile.load {{.*}} -> tensor<4x256xf32, #tile.dist<reg [4:1@d1, 2:128@d1], lane [32:4@d1], warp [4:1@d0]>>
// CHECK: tile.reduce {{.*}} -> tensor<4xf32, #tile.dist<lane [32:_], warp [4:1@d0]>>
// CHECK: arith.constant dense<2.000000e+00> : tensor<4xf32, #tile.dist<lane [32:_], warp [4:1@d0]>>
// CHECK-NOT: tile.relayout
tile.kernel @rows(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index) level(block) config(#tile.config<{warps = 4}>) params(["x", "y", "n"]) access(["read", "write", "value"]) grid {
  tile.grid_yield %n
} {
  %cst = arith.constant dense<2.0> : tensor<4xf32>
  %vx = tile.view %x sizes [%n, 256] strides [256, 1] : <f32> -> <?x256xf32, [256, 1]>
  %vy = tile.view %y sizes [%n, 256] strides [256, 1] : <f32> -> <?x256xf32, [256, 1]>
  %i = tile.program_id 0
  %t = tile.load %vx[%i, 0] : <?x256xf32, [256, 1]> -> tensor<4x256xf32>
  %s = tile.reduce %t {dims = [1], kind = add} : tensor<4x256xf32> -> tensor<4xf32>
  %m = arith.mulf %s, %cst : tensor<4xf32>
  %b = tile.broadcast %m {at = 1} : tensor<4xf32> -> tensor<4x256xf32>
  %r = arith.subf %t, %b : tensor<4x256xf32>
  tile.store %r, %vy[%i, 0] : tensor<4x256xf32>, <?x256xf32, [256, 1]>
}

// -----

// An accumulator that becomes the next A operand needs no relayout; the loaded operands do.
// CHECK-LABEL: tile.kernel @chain
// CHECK-COUNT-3: tile.relayout
// CHECK: arith.truncf
// CHECK-NOT: tile.relayout
tile.kernel @chain(%q: !tile.ptr<bf16>, %k: !tile.ptr<bf16>, %v: !tile.ptr<bf16>, %o: !tile.ptr<f32>) level(block) config(#tile.config<{warps = 4}>) params(["q", "k", "v", "o"]) access(["read", "read", "read", "write"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  %vq = tile.view %q sizes [64, 64] strides [64, 1] : <bf16> -> <64x64xbf16, [64, 1]>
  %vk = tile.view %k sizes [64, 64] strides [64, 1] : <bf16> -> <64x64xbf16, [64, 1]>
  %vv = tile.view %v sizes [64, 64] strides [64, 1] : <bf16> -> <64x64xbf16, [64, 1]>
  %vo = tile.view %o sizes [64, 64] strides [64, 1] : <f32> -> <64x64xf32, [64, 1]>
  %tq = tile.load %vq[0, 0] : <64x64xbf16, [64, 1]> -> tensor<64x64xbf16>
  %tk = tile.load %vk[0, 0] : <64x64xbf16, [64, 1]> -> tensor<64x64xbf16>
  %tv = tile.load %vv[0, 0] : <64x64xbf16, [64, 1]> -> tensor<64x64xbf16>
  %kt = tile.transpose %tk [1, 0] : tensor<64x64xbf16>
  %s = tile.dot %tq, %kt : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
  %r = tile.dot %p, %tv : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  tile.store %r, %vo[0, 0] : tensor<64x64xf32>, <64x64xf32, [64, 1]>
}

// -----

// expected-error @below {{expects a kernel at level block, but got level sched}}
tile.kernel @level(%x: !tile.ptr<f32>) level(sched) config(#tile.config<{}>) params(["x"]) access(["read"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
}
