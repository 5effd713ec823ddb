// SPDX-License-Identifier: Apache-2.0
// Generic passes keep every effect in its order and loop; loads merge only where nothing was written between them.
// RUN: seqc-tile-opt --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize %s | FileCheck %s

!f = !tile.ptr<f32>
!V1 = !tile.view<?xf32, [1]>
!t = tensor<4xf32>

// CHECK-LABEL: tile.kernel @reads_and_writes
// CHECK:         %[[A:.*]] = tile.load %[[V:.*]][0]
// CHECK-NOT:     tile.load
// CHECK:         tile.store %[[A]], %[[V]][4]
// CHECK:         %[[B:.*]] = tile.load %[[V]][0]
// CHECK:         tile.accumulate %[[A]], %[[V]][0]
// CHECK:         %[[C:.*]] = tile.load %[[V]][0]
// CHECK:         %[[S:.*]] = arith.addf %[[B]], %[[C]]
// CHECK:         tile.store %[[S]], %[[V]][8]
// CHECK-NOT:     tile.load
tile.kernel @reads_and_writes(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [%n] strides [1] : !f -> !V1
  %a0 = tile.load %v[0] : !V1 -> !t
  %a1 = tile.load %v[0] : !V1 -> !t
  %s0 = arith.maximumf %a0, %a1 : !t
  tile.store %a1, %v[4] : !t, !V1
  %b = tile.load %v[0] : !V1 -> !t
  tile.accumulate %a0, %v[0] : !t, !V1
  %c = tile.load %v[0] : !V1 -> !t
  %s = arith.addf %b, %c : !t
  tile.store %s, %v[8] : !t, !V1
  %unused = tile.load %v[12] : !V1 -> !t
}

// A load in a loop that stores stays there; equal work outside regions merges; an unused map and recur go away.
// CHECK-LABEL: tile.kernel @loops
// CHECK:         scf.for
// CHECK-NEXT:      %[[L:.*]] = tile.load
// CHECK-NEXT:      %[[S:.*]] = arith.addf %[[L]], %[[L]]
// CHECK-NEXT:      tile.store %[[S]]
// CHECK-NOT:     tile.{{map|recur|scan}}
// CHECK:       }
tile.kernel @loops(%y: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = tile.view %y sizes [%n] strides [1] : !f -> !V1
  %z = arith.constant dense<0.0> : !t
  scf.for %i = %c0 to %n step %c1 {
    %l = tile.load %v[0] : !V1 -> !t
    %s = arith.addf %l, %l : !t
    tile.store %s, %v[0] : !t, !V1
    %m = tile.map %l at [%i] (%x: f32, %j: index) {
      %k = arith.addf %x, %x : f32
      tile.yield %k : f32
    } : !t -> !t
    %h = tile.recur %m init(%z) (%st: !t, %x: tensor<f32>) {
      %b = tile.broadcast %x {at = 0} : tensor<f32> -> !t
      %w = arith.addf %st, %b : !t
      tile.yield %w : !t
    } {dim = 0} : !t init(!t) -> !t
  }
}
