// SPDX-License-Identifier: Apache-2.0
// Every op prints, parses back to the same text, and survives the generic form and bytecode.
// RUN: seqc-tile-opt %s | FileCheck %s
// RUN: seqc-tile-opt %s -o %t.mlir
// RUN: seqc-tile-opt %t.mlir | diff %t.mlir -
// RUN: seqc-tile-opt --mlir-print-op-generic %s | seqc-tile-opt | diff %t.mlir -
// RUN: seqc-tile-opt --emit-bytecode %s | seqc-tile-opt | diff %t.mlir -

!f = !tile.ptr<f32>
!V2 = !tile.view<?x16xf32, [16, 1]>

// CHECK: tile.constant @table : tensor<2x2xf32> = dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
tile.constant @table : tensor<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>

// CHECK-LABEL: tile.kernel @memory(%{{.*}}: !tile.ptr<f32>, %{{.*}}: !tile.ptr<i64>, %{{.*}}: !tile.ptr<f32>, %{{.*}}: index, %{{.*}}: f32)
// CHECK-SAME:  target("cpu") level(block) config(#tile.config<{bm = 4, bn = 16}>)
// CHECK-SAME:  params(["x", "i", "y", "N", "s"]) access(["read", "read", "write", "value", "value"])
// CHECK-SAME:  attributes {tile.assume = ["N % 4 == 0"]}
// CHECK-SAME:  grid {
// CHECK:         %[[SMS:.*]] = tile.num_sms
// CHECK:         tile.grid_yield %[[SMS]], %{{.*}}
tile.kernel @memory(%x: !f, %i: !tile.ptr<i64>, %y: !f, %N: index, %s: f32) target("cpu") level(block) config(#tile.config<{bm = 4, bn = 16}>)
    params(["x", "i", "y", "N", "s"]) access(["read", "read", "write", "value", "value"]) attributes {tile.assume = ["N % 4 == 0"]} grid {
  %n = tile.num_sms
  tile.grid_yield %n, %N
} {
  // CHECK: %[[ID:.*]] = tile.program_id 1
  %id = tile.program_id 1
  // CHECK: %[[X:.*]] = tile.view %{{.*}} sizes [%{{.*}}, 16] strides [16, 1] : <f32> -> <?x16xf32, [16, 1]>
  %vx = tile.view %x sizes [%N, 16] strides [16, 1] : !f -> !V2
  %vy = tile.view %y sizes [%N, 16] strides [16, 1] : !f -> !V2
  %vi = tile.view %i sizes [%N] strides [1] : !tile.ptr<i64> -> !tile.view<?xi64, [1]>
  // CHECK: tile.view %{{.*}} sizes [] strides [] : <f32> -> <f32, []>
  %v0 = tile.view %x sizes [] strides [] : !f -> !tile.view<f32, []>
  // CHECK: %[[SUB:.*]] = tile.subview %[[X]][%[[ID]], 4] sizes [1, 8] {drop = [0]} : <?x16xf32, [16, 1]> -> <8xf32, [1]>
  %sub = tile.subview %vx[%id, 4] sizes [1, 8] {drop = [0]} : !V2 -> !tile.view<8xf32, [1]>
  // CHECK: tile.subview %[[X]][0, 0] sizes [%{{.*}}, 16] : <?x16xf32, [16, 1]> -> <?x16xf32, [16, 1]>
  %sub2 = tile.subview %vx[0, 0] sizes [%id, 16] : !V2 -> !V2
  // CHECK: tile.load %[[SUB]][-1] {pad = -inf} : <8xf32, [1]> -> tensor<4xf32>
  %a = tile.load %sub[-1] {pad = -inf} : !tile.view<8xf32, [1]> -> tensor<4xf32>
  // CHECK: tile.load %[[X]][%[[ID]], 0] {inbounds = [0, 1], pad = 1.5{{0*}}e+00} : <?x16xf32, [16, 1]> -> tensor<4x16xf32>
  %b = tile.load %vx[%id, 0] {pad = 1.5, inbounds = [0, 1]} : !V2 -> tensor<4x16xf32>
  // CHECK: tile.load %{{.*}}[] : <f32, []> -> tensor<f32>
  %c = tile.load %v0[] : !tile.view<f32, []> -> tensor<f32>
  // CHECK: tile.load_scalar %[[X]][%[[ID]], 3] : <?x16xf32, [16, 1]>
  %d = tile.load_scalar %vx[%id, 3] : !V2
  %rows = tile.load %vi[0] : !tile.view<?xi64, [1]> -> tensor<4xi64>
  // CHECK: tile.gather %[[X]][0, 0] by %{{.*}} {dim = 0} : <?x16xf32, [16, 1]>, tensor<4xi64> -> tensor<4x16xf32>
  %g = tile.gather %vx[0, 0] by %rows {dim = 0} : !V2, tensor<4xi64> -> tensor<4x16xf32>
  // CHECK: tile.store %{{.*}}, %{{.*}}[%[[ID]], 0] {inbounds = [1]} : tensor<4x16xf32>, <?x16xf32, [16, 1]>
  tile.store %g, %vy[%id, 0] {inbounds = [1]} : tensor<4x16xf32>, !V2
  // CHECK: tile.accumulate %{{.*}}, %{{.*}}[0, %[[ID]]] : tensor<4x16xf32>, <?x16xf32, [16, 1]>
  tile.accumulate %b, %vy[0, %id] : tensor<4x16xf32>, !V2
}

// CHECK-LABEL: tile.kernel @shapes
// CHECK-SAME:  level(block) config(#tile.config<{}>)
tile.kernel @shapes(%N: index, %s: f32) level(block) grid { tile.grid_yield %N } {
  // CHECK: %[[I:.*]] = tile.iota {dim = 1} : tensor<2x3xi32>
  %i = tile.iota {dim = 1} : tensor<2x3xi32>
  // CHECK: tile.splat %{{.*}} : f32 -> tensor<f32>
  %s0 = tile.splat %s : f32 -> tensor<f32>
  // CHECK: %[[B:.*]] = tile.broadcast %[[I]] {at = 2} : tensor<2x3xi32> -> tensor<2x3x4xi32>
  %b = tile.broadcast %i {at = 2} : tensor<2x3xi32> -> tensor<2x3x4xi32>
  // CHECK: tile.reshape %[[B]] : tensor<2x3x4xi32> -> tensor<6x4xi32>
  %r = tile.reshape %b : tensor<2x3x4xi32> -> tensor<6x4xi32>
  // CHECK: tile.transpose %[[B]] [2, 0, 1] : tensor<2x3x4xi32>
  %t = tile.transpose %b [2, 0, 1] : tensor<2x3x4xi32>
  // CHECK: tile.slice %{{.*}} [1, 0, 2] [2, 1, 1] : tensor<4x2x3xi32> -> tensor<2x1x1xi32>
  %sl = tile.slice %t [1, 0, 2] [2, 1, 1] : tensor<4x2x3xi32> -> tensor<2x1x1xi32>
  // CHECK: %[[P:.*]]:2 = tile.split %[[B]] {dims = [0]} : tensor<2x3x4xi32> -> tensor<3x4xi32>, tensor<3x4xi32>
  %p:2 = tile.split %b {dims = [0]} : tensor<2x3x4xi32> -> tensor<3x4xi32>, tensor<3x4xi32>
  // CHECK: tile.join %[[P]]#0, %[[P]]#1 {dims = [1]} : tensor<3x4xi32>, tensor<3x4xi32> -> tensor<3x2x4xi32>
  %j = tile.join %p#0, %p#1 {dims = [1]} : tensor<3x4xi32>, tensor<3x4xi32> -> tensor<3x2x4xi32>
  // CHECK: tile.table @table : tensor<2x2xf32>
  %k = tile.table @table : tensor<2x2xf32>
}

// CHECK-LABEL: tile.kernel @compute
tile.kernel @compute(%N: index, %s: f32) level(block) grid { tile.grid_yield %N } {
  %a = arith.constant dense<1.0> : tensor<2x4x8xbf16>
  %b = arith.constant dense<1.0> : tensor<8x16xbf16>
  %c = arith.constant dense<0.0> : tensor<2x4x16xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}} : tensor<2x4x8xbf16>, tensor<8x16xbf16> -> tensor<2x4x16xf32>
  %d = tile.dot %a, %b : tensor<2x4x8xbf16>, tensor<8x16xbf16> -> tensor<2x4x16xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} {engine = mma} : tensor<2x4x8xbf16>, tensor<8x16xbf16>, tensor<2x4x16xf32> -> tensor<2x4x16xf32>
  %e = tile.dot %a, %b, %c {engine = mma} : tensor<2x4x8xbf16>, tensor<8x16xbf16>, tensor<2x4x16xf32> -> tensor<2x4x16xf32>
  // CHECK: tile.reduce %{{.*}} {dims = [0, 2], kind = max} : tensor<2x4x16xf32> -> tensor<4xf32>
  %r = tile.reduce %e {dims = [0, 2], kind = max} : tensor<2x4x16xf32> -> tensor<4xf32>
  // CHECK: tile.scan %{{.*}} {dim = 2, kind = add, reverse} : tensor<2x4x16xf32> -> tensor<2x4x16xf32>
  %sc = tile.scan %e {dim = 2, kind = add, reverse} : tensor<2x4x16xf32> -> tensor<2x4x16xf32>
  // CHECK: tile.scan %{{.*}}, %{{.*}} {dim = 0} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>, tensor<4xf32> combine (%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32) {
  %s2:2 = tile.scan %r, %r {dim = 0} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>, tensor<4xf32> combine (%p: f32, %q: f32, %u: f32, %v: f32) {
    %pu = arith.mulf %p, %u : f32
    %quv = math.fma %q, %u, %v : f32
    // CHECK: tile.yield %{{.*}}, %{{.*}} : f32, f32
    tile.yield %pu, %quv : f32, f32
  }
  // CHECK: %{{.*}}:2 = tile.recur %{{.*}} init(%{{.*}}) (%{{.*}}: tensor<4xf32>, %{{.*}}: tensor<4xf32>) {
  // CHECK: } {dim = 0, reverse} : tensor<2x4xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<2x4xf32>
  %x = arith.constant dense<1.0> : tensor<2x4xf32>
  %h, %y = tile.recur %x init(%r) (%st: tensor<4xf32>, %xt: tensor<4xf32>) {
    %n = arith.addf %st, %xt : tensor<4xf32>
    tile.yield %n, %n : tensor<4xf32>, tensor<4xf32>
  } {dim = 0, reverse} : tensor<2x4xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<2x4xf32>
  // CHECK: tile.map %{{.*}} at [%{{.*}}, 4] (%{{.*}}: f32, %{{.*}}: index, %{{.*}}: index) {
  // CHECK: } : tensor<2x4xf32> -> tensor<2x4xf32>, tensor<2x4xi1>
  %m:2 = tile.map %y at [%N, 4] (%z: f32, %i: index, %j: index) {
    %lt = arith.cmpi slt, %i, %j : index
    %w = arith.select %lt, %z, %s : f32
    tile.yield %w, %lt : f32, i1
  } : tensor<2x4xf32> -> tensor<2x4xf32>, tensor<2x4xi1>
  // CHECK: tile.scalar %{{.*}} : tensor<f32> -> f32
  %total = tile.reduce %y {dims = [0, 1], kind = add} : tensor<2x4xf32> -> tensor<f32>
  %number = tile.scalar %total : tensor<f32> -> f32
  // Without inputs.
  // CHECK: tile.map at [0] (%{{.*}}: index) {
  // CHECK: } -> tensor<8xi32>
  %o = tile.map at [0] (%i: index) {
    %pos = arith.index_cast %i : index to i32
    tile.yield %pos : i32
  } -> tensor<8xi32>
}

// CHECK-LABEL: tile.kernel @empty() level(block) config(#tile.config<{}>) grid
tile.kernel @empty() level(block) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {}
