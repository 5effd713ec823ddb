// SPDX-License-Identifier: Apache-2.0
// tile-canonicalize: rules between different shape ops.
// RUN: seqc-tile-opt --pass-pipeline='builtin.module(tile.kernel(tile-canonicalize))' %s | FileCheck %s

!f = !tile.ptr<f32>
!V = !tile.view<?x16xf32, [16, 1]>

// CHECK-LABEL: tile.kernel @transpose_of_broadcast
// CHECK:         %[[T:.*]] = tile.load
// CHECK-NEXT:    %[[P:.*]] = tile.transpose %[[T]] [1, 0] : tensor<4x3xf32>
// CHECK-NEXT:    %[[B:.*]] = tile.broadcast %[[P]] {at = 1} : tensor<3x4xf32> -> tensor<3x2x4xf32>
// CHECK-NEXT:    %[[R:.*]] = tile.reshape %[[B]] : tensor<3x2x4xf32> -> tensor<6x4xf32>
// CHECK-NEXT:    tile.store %[[R]]
tile.kernel @transpose_of_broadcast(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V
  %t = tile.load %v[0, 0] : !V -> tensor<4x3xf32>
  %b = tile.broadcast %t {at = 1} : tensor<4x3xf32> -> tensor<4x2x3xf32>
  %p = tile.transpose %b [2, 1, 0] : tensor<4x2x3xf32>
  %r = tile.reshape %p : tensor<3x2x4xf32> -> tensor<6x4xf32>
  tile.store %r, %v[0, 0] : tensor<6x4xf32>, !V
}

// CHECK-LABEL: tile.kernel @slice_of_broadcast
// CHECK:         %[[T:.*]] = tile.load
// CHECK-NEXT:    %[[S:.*]] = tile.slice %[[T]] [1] [2] : tensor<4xf32> -> tensor<2xf32>
// CHECK-NEXT:    %[[B:.*]] = tile.broadcast %[[S]] {at = 0} : tensor<2xf32> -> tensor<3x2xf32>
// CHECK-NEXT:    tile.store %[[B]]
tile.kernel @slice_of_broadcast(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V
  %t = tile.load %v[0, 0] : !V -> tensor<4xf32>
  %b = tile.broadcast %t {at = 0} : tensor<4xf32> -> tensor<8x4xf32>
  %s = tile.slice %b [5, 1] [3, 2] : tensor<8x4xf32> -> tensor<3x2xf32>
  tile.store %s, %v[0, 0] : tensor<3x2xf32>, !V
}

// The slice that lies in one part reads it; the slice over two parts stays.
// CHECK-LABEL: tile.kernel @slice_of_join
// CHECK:         %[[A:.*]] = tile.load %{{.*}}[0, 0]
// CHECK-NEXT:    %[[B:.*]] = tile.load %{{.*}}[1, 0]
// CHECK-NEXT:    %[[J:.*]] = tile.join %[[A]], %[[B]]
// CHECK-NEXT:    %[[S:.*]] = tile.slice %[[B]] [2] [2] : tensor<4xf32> -> tensor<2xf32>
// CHECK-NEXT:    %[[R:.*]] = tile.reshape %[[S]] : tensor<2xf32> -> tensor<2x1xf32>
// CHECK-NEXT:    tile.store %[[R]]
// CHECK-NEXT:    %[[K:.*]] = tile.slice %[[J]] [2, 0] [2, 2] : tensor<4x2xf32> -> tensor<2x2xf32>
// CHECK-NEXT:    tile.store %[[K]]
tile.kernel @slice_of_join(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !V
  %a = tile.load %v[0, 0] : !V -> tensor<4xf32>
  %b = tile.load %v[1, 0] : !V -> tensor<4xf32>
  %j = tile.join %a, %b {dims = [1]} : tensor<4xf32>, tensor<4xf32> -> tensor<4x2xf32>
  %s = tile.slice %j [2, 1] [2, 1] : tensor<4x2xf32> -> tensor<2x1xf32>
  tile.store %s, %v[0, 0] : tensor<2x1xf32>, !V
  %k = tile.slice %j [2, 0] [2, 2] : tensor<4x2xf32> -> tensor<2x2xf32>
  tile.store %k, %v[0, 0] : tensor<2x2xf32>, !V
}
