// SPDX-License-Identifier: Apache-2.0
// Folders and canonical forms.
// RUN: seqc-tile-opt --canonicalize %s | FileCheck %s

!f = !tile.ptr<f32>
!V1 = !tile.view<?xf32, [1]>
!V2 = !tile.view<?x16xf32, [16, 1]>

// A constant scalar stays one splat constant through every shape op.
// CHECK-LABEL: tile.kernel @constant_splats
// CHECK:         %[[C:.*]] = arith.constant dense<2.000000e+00> : tensor<8x2xf32>
// CHECK-NOT:     tile.{{splat|broadcast|reshape|transpose|slice}}
// CHECK:         tile.store %[[C]]
tile.kernel @constant_splats(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V2
  %s = arith.constant 2.0 : f32
  %t = tile.splat %s : f32 -> tensor<4xf32>
  %b = tile.broadcast %t {at = 0} : tensor<4xf32> -> tensor<8x4xf32>
  %tr = tile.transpose %b [1, 0] : tensor<8x4xf32>
  %sl = tile.slice %tr [0, 0] [2, 8] : tensor<4x8xf32> -> tensor<2x8xf32>
  %r = tile.reshape %sl : tensor<2x8xf32> -> tensor<8x2xf32>
  tile.store %r, %v[0, 0] : tensor<8x2xf32>, !V2
}

// CHECK-LABEL: tile.kernel @value_splats
// CHECK:         %[[S:.*]] = tile.splat %{{.*}} : f32 -> tensor<8x2xf32>
// CHECK-NOT:     tile.{{broadcast|reshape|transpose|slice}}
// CHECK:         tile.store %[[S]]
tile.kernel @value_splats(%y: !f, %n: index, %s: f32) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V2
  %t = tile.splat %s : f32 -> tensor<4xf32>
  %b = tile.broadcast %t {at = 0} : tensor<4xf32> -> tensor<8x4xf32>
  %tr = tile.transpose %b [1, 0] : tensor<8x4xf32>
  %sl = tile.slice %tr [0, 0] [2, 8] : tensor<4x8xf32> -> tensor<2x8xf32>
  %r = tile.reshape %sl : tensor<2x8xf32> -> tensor<8x2xf32>
  tile.store %r, %v[0, 0] : tensor<8x2xf32>, !V2
}

// CHECK-LABEL: tile.kernel @transpose_chain
// CHECK:         %[[T:.*]] = tile.load
// CHECK-NEXT:    %[[P:.*]] = tile.transpose %[[T]] [1, 2, 0] : tensor<2x3x4xf32>
// CHECK-NEXT:    tile.store %[[P]]
// CHECK-NEXT:    tile.store %[[T]]
tile.kernel @transpose_chain(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 3, 4] strides [12, 4, 1] : !f -> !tile.view<?x3x4xf32, [12, 4, 1]>
  %t = tile.load %v[0, 0, 0] : !tile.view<?x3x4xf32, [12, 4, 1]> -> tensor<2x3x4xf32>
  %a = tile.transpose %t [2, 0, 1] : tensor<2x3x4xf32>
  %b = tile.transpose %a [2, 0, 1] : tensor<4x2x3xf32>
  tile.store %b, %v[0, 0, 0] : tensor<3x4x2xf32>, !tile.view<?x3x4xf32, [12, 4, 1]>
  %c = tile.transpose %b [2, 0, 1] : tensor<3x4x2xf32>
  tile.store %c, %v[0, 0, 0] : tensor<2x3x4xf32>, !tile.view<?x3x4xf32, [12, 4, 1]>
}

// CHECK-LABEL: tile.kernel @reshape_and_slice_chains
// CHECK:         %[[T:.*]] = tile.load
// CHECK-NEXT:    %[[R:.*]] = tile.reshape %[[T]] : tensor<4x6xf32> -> tensor<2x12xf32>
// CHECK-NEXT:    tile.store %[[R]]
// CHECK-NEXT:    %[[S:.*]] = tile.slice %[[T]] [2, 3] [2, 1] : tensor<4x6xf32> -> tensor<2x1xf32>
// CHECK-NEXT:    tile.store %[[S]]
// CHECK-NEXT:    tile.store %[[T]]
// CHECK-NEXT:    tile.store %[[T]]
tile.kernel @reshape_and_slice_chains(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V2
  %t = tile.load %v[0, 0] : !V2 -> tensor<4x6xf32>
  %a = tile.reshape %t : tensor<4x6xf32> -> tensor<24xf32>
  %b = tile.reshape %a : tensor<24xf32> -> tensor<2x12xf32>
  tile.store %b, %v[0, 0] : tensor<2x12xf32>, !V2
  %c = tile.slice %t [1, 2] [3, 4] : tensor<4x6xf32> -> tensor<3x4xf32>
  %d = tile.slice %c [1, 1] [2, 1] : tensor<3x4xf32> -> tensor<2x1xf32>
  tile.store %d, %v[0, 0] : tensor<2x1xf32>, !V2
  %e = tile.slice %t [0, 0] [4, 6] : tensor<4x6xf32> -> tensor<4x6xf32>
  tile.store %e, %v[0, 0] : tensor<4x6xf32>, !V2
  %f = tile.reshape %a : tensor<24xf32> -> tensor<4x6xf32>
  tile.store %f, %v[0, 0] : tensor<4x6xf32>, !V2
}

// CHECK-LABEL: tile.kernel @split_and_join
// CHECK:         %[[T:.*]] = tile.load
// CHECK-NEXT:    %[[P:.*]]:2 = tile.split %[[T]] {dims = [0]}
// CHECK-NEXT:    tile.store %[[T]]
// CHECK-NEXT:    %[[J:.*]] = tile.join %[[P]]#1, %[[P]]#0 {dims = [0]}
// CHECK-NEXT:    tile.store %[[J]]
// CHECK-NEXT:    tile.store %[[P]]#1
tile.kernel @split_and_join(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V2
  %t = tile.load %v[0, 0] : !V2 -> tensor<2x6xf32>
  %p:2 = tile.split %t {dims = [0]} : tensor<2x6xf32> -> tensor<6xf32>, tensor<6xf32>
  %j = tile.join %p#0, %p#1 {dims = [0]} : tensor<6xf32>, tensor<6xf32> -> tensor<2x6xf32>
  tile.store %j, %v[0, 0] : tensor<2x6xf32>, !V2
  %k = tile.join %p#1, %p#0 {dims = [0]} : tensor<6xf32>, tensor<6xf32> -> tensor<2x6xf32>
  tile.store %k, %v[0, 0] : tensor<2x6xf32>, !V2
  %q:2 = tile.split %k {dims = [0]} : tensor<2x6xf32> -> tensor<6xf32>, tensor<6xf32>
  tile.store %q#0, %v[0, 0] : tensor<6xf32>, !V2
}

// CHECK-LABEL: tile.kernel @constant_coordinates
// CHECK:         tile.subview %{{.*}}[3, 0] sizes [4, 16]
// CHECK:         tile.load %{{.*}}[%{{.*}}, 3] :
// CHECK:         tile.load_scalar %{{.*}}[3, 3]
// CHECK:         tile.gather %{{.*}}[3, 3] by
// CHECK:         tile.map %{{.*}} at [3, %{{.*}}]
// CHECK:         tile.store %{{.*}}, %{{.*}}[0, 3]
// CHECK:         tile.accumulate %{{.*}}, %{{.*}}[3, %{{.*}}]
tile.kernel @constant_coordinates(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %c3 = arith.constant 3 : index
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V2
  %w = tile.subview %v[%c3, 0] sizes [4, 16] : !V2 -> !tile.view<4x16xf32, [16, 1]>
  %t = tile.load %v[%n, %c3] : !V2 -> tensor<4x6xf32>
  tile.store %t, %w[0, 0] : tensor<4x6xf32>, !tile.view<4x16xf32, [16, 1]>
  %s = tile.load_scalar %v[%c3, %c3] : !V2
  %i = tile.iota {dim = 0} : tensor<4xi32>
  %g = tile.gather %v[%c3, %c3] by %i {dim = 0} : !V2, tensor<4xi32> -> tensor<4x6xf32>
  %m = tile.map %g at [%c3, %n] (%x: f32, %a: index, %b: index) {
    %z = arith.addf %x, %s : f32
    tile.yield %z : f32
  } : tensor<4x6xf32> -> tensor<4x6xf32>
  tile.store %m, %v[0, %c3] : tensor<4x6xf32>, !V2
  tile.accumulate %m, %v[%c3, %n] : tensor<4x6xf32>, !V2
}
