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

// -----

// Two lanes share the 16 states of a row. What goes along the rows is read and computed once per row, four steps a lane, and exchanged; what goes along
// the states is read in vectors of time by every thread.
// CHECK-LABEL: tile.kernel @states
// CHECK: %[[X:.*]] = tile.load {{.*}} -> tensor<64x8xbf16, #tile.dist<reg [4:1@d1], lane [2:4@d1, 16:1@d0], warp [4:16@d0]>>
// CHECK: tile.load {{.*}} -> tensor<16x8xbf16, #tile.dist<reg [8:1@d1, 8:1@d0], lane [2:8@d0, 16:_], warp [4:_]>>
// CHECK: tile.relayout {{.*}} -> tensor<64x8xf32, #tile.dist<reg [8:1@d1], lane [2:_, 16:1@d0], warp [4:16@d0]>>
// CHECK: tile.recur
// CHECK: tensor<64x16xf32, #tile.dist<reg [8:1@d1], lane [2:8@d1, 16:1@d0], warp [4:16@d0]>>
// CHECK: tile.relayout {{.*}} -> tensor<64x8xf32, #tile.dist<reg [4:1@d1], lane [2:4@d1, 16:1@d0], warp [4:16@d0]>>
tile.kernel @states(%x: !tile.ptr<bf16>, %c: !tile.ptr<bf16>, %y: !tile.ptr<bf16>, %n: index) level(block) config(#tile.config<{warps = 4}>)
    params(["x", "c", "y", "n"]) access(["read", "read", "write", "value"]) grid { tile.grid_yield %n } {
  %zero = arith.constant dense<0.0> : tensor<64x16xf32>
  %half = arith.constant dense<0.5> : tensor<64x16xf32>
  %vx = tile.view %x sizes [%n, 64, 8] strides [512, 8, 1] : <bf16> -> <?x64x8xbf16, [512, 8, 1]>
  %vc = tile.view %c sizes [16, 8] strides [8, 1] : <bf16> -> <16x8xbf16, [8, 1]>
  %vy = tile.view %y sizes [%n, 64, 8] strides [512, 8, 1] : <bf16> -> <?x64x8xbf16, [512, 8, 1]>
  %i = tile.program_id 0
  %xb = tile.load %vx[%i, 0, 0] : <?x64x8xbf16, [512, 8, 1]> -> tensor<64x8xbf16>
  %cb = tile.load %vc[0, 0] : <16x8xbf16, [8, 1]> -> tensor<16x8xbf16>
  %xt = arith.extf %xb : tensor<64x8xbf16> to tensor<64x8xf32>
  %ct = arith.extf %cb : tensor<16x8xbf16> to tensor<16x8xf32>
  %last, %sums = tile.recur %xt, %ct init(%zero) (%s: tensor<64x16xf32>, %xs: tensor<64xf32>, %cs: tensor<16xf32>) {
    %xw = tile.broadcast %xs {at = 1} : tensor<64xf32> -> tensor<64x16xf32>
    %cw = tile.broadcast %cs {at = 0} : tensor<16xf32> -> tensor<64x16xf32>
    %p = arith.mulf %xw, %cw : tensor<64x16xf32>
    %next = math.fma %s, %half, %p : tensor<64x16xf32>
    %sum = tile.reduce %next {dims = [1], kind = add} : tensor<64x16xf32> -> tensor<64xf32>
    tile.yield %next, %sum : tensor<64x16xf32>, tensor<64xf32>
  } {dim = 1} : tensor<64x8xf32>, tensor<16x8xf32> init(tensor<64x16xf32>) -> tensor<64x16xf32>, tensor<64x8xf32>
  %out = arith.mulf %sums, %xt : tensor<64x8xf32>
  %ob = arith.truncf %out : tensor<64x8xf32> to tensor<64x8xbf16>
  tile.store %ob, %vy[%i, 0, 0] : tensor<64x8xbf16>, <?x64x8xbf16, [512, 8, 1]>
}
