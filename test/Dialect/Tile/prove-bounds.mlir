// SPDX-License-Identifier: Apache-2.0
// tile-prove-bounds: what is proved and, for every rule, a near miss that must not be.
// RUN: seqc-tile-opt --tile-prove-bounds %s | FileCheck %s

!f = !tile.ptr<f32>
!V1 = !tile.view<?xf32, [1]>
!V2 = !tile.view<?x16xf32, [16, 1]>

// CHECK-LABEL: tile.kernel @static_sizes
// CHECK:         tile.load %{{.*}}[0, 8] {inbounds = [0, 1]} : <4x16xf32, [16, 1]> -> tensor<4x8xf32>
// CHECK-NEXT:    tile.load %{{.*}}[0, 9] {inbounds = [0]} : <4x16xf32, [16, 1]> -> tensor<4x8xf32>
// CHECK-NEXT:    tile.load %{{.*}}[-1, 0] {inbounds = [1]} : <4x16xf32, [16, 1]> -> tensor<4x8xf32>
// CHECK-NEXT:    tile.load %{{.*}}[3, 0] {inbounds = [0, 1]} : <4x16xf32, [16, 1]> -> tensor<16xf32>
// CHECK-NEXT:    tile.load %{{.*}}[4, 0] {inbounds = [1]} : <4x16xf32, [16, 1]> -> tensor<16xf32>
tile.kernel @static_sizes(%x: !f, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %x sizes [4, 16] strides [16, 1] : !f -> !tile.view<4x16xf32, [16, 1]>
  %a = tile.load %v[0, 8] : !tile.view<4x16xf32, [16, 1]> -> tensor<4x8xf32>
  %b = tile.load %v[0, 9] : !tile.view<4x16xf32, [16, 1]> -> tensor<4x8xf32>
  %c = tile.load %v[-1, 0] : !tile.view<4x16xf32, [16, 1]> -> tensor<4x8xf32>
  %d = tile.load %v[3, 0] : !tile.view<4x16xf32, [16, 1]> -> tensor<16xf32>
  %e = tile.load %v[4, 0] : !tile.view<4x16xf32, [16, 1]> -> tensor<16xf32>
}

// CHECK-LABEL: tile.kernel @program_tiles_divisible
// CHECK:         tile.load %{{.*}}[%{{.*}}, 0] {inbounds = [0, 1]}
// CHECK:         tile.store %{{.*}}, %{{.*}}[%{{.*}}, 0] {inbounds = [0, 1]}
tile.kernel @program_tiles_divisible(%x: !f, %L: index) level(block) params(["x", "L"]) attributes {tile.assume = ["L % 64 == 0"]} grid {
  %c32 = arith.constant 32 : index
  %g = arith.ceildivsi %L, %c32 : index
  tile.grid_yield %g
} {
  %c32 = arith.constant 32 : index
  %v = tile.view %x sizes [%L, 16] strides [16, 1] : !f -> !V2
  %p = tile.program_id 0
  %i = arith.muli %p, %c32 : index
  %t = tile.load %v[%i, 0] : !V2 -> tensor<32x16xf32>
  tile.store %t, %v[%i, 0] : tensor<32x16xf32>, !V2
}

// The fact is about 48, the tile has 32 rows.
// CHECK-LABEL: tile.kernel @program_tiles_ragged
// CHECK:         tile.load %{{.*}}[%{{.*}}, 0] {inbounds = [1]}
tile.kernel @program_tiles_ragged(%x: !f, %L: index) level(block) params(["x", "L"]) attributes {tile.assume = ["L % 48 == 0"]} grid {
  %c32 = arith.constant 32 : index
  %g = arith.ceildivsi %L, %c32 : index
  tile.grid_yield %g
} {
  %c32 = arith.constant 32 : index
  %v = tile.view %x sizes [%L, 16] strides [16, 1] : !f -> !V2
  %p = tile.program_id 0
  %i = arith.muli %p, %c32 : index
  %t = tile.load %v[%i, 0] : !V2 -> tensor<32x16xf32>
}

// A floor-divided grid never reaches the ragged tail, even without a fact; a tile taller than the step does.
// CHECK-LABEL: tile.kernel @static_fact
// CHECK:         tile.load %{{.*}}[%{{.*}}] {inbounds = [0]} : <?xf32, [1]> -> tensor<32xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] : <?xf32, [1]> -> tensor<33xf32>
tile.kernel @static_fact(%x: !f, %L: index) level(block) params(["x", "L"]) attributes {tile.assume = ["L == 96"]} grid {
  %c32 = arith.constant 32 : index
  %g = arith.divsi %L, %c32 : index
  tile.grid_yield %g
} {
  %c32 = arith.constant 32 : index
  %v = tile.view %x sizes [%L] strides [1] : !f -> !V1
  %p = tile.program_id 0
  %i = arith.muli %p, %c32 : index
  %t = tile.load %v[%i] : !V1 -> tensor<32xf32>
  %u = tile.load %v[%i] : !V1 -> tensor<33xf32>
}

// b = p / H and h = p % H of a grid of B * H programs.
// CHECK-LABEL: tile.kernel @linear_ids
// CHECK:         tile.load %{{.*}}[%{{.*}}, %{{.*}}, 0] {inbounds = [0, 1, 2]} : <?x?x16xf32, [?, 16, 1]> -> tensor<16xf32>
// CHECK-NEXT:    tile.load %{{.*}}[%{{.*}}, %{{.*}}, 0] {inbounds = [1, 2]} : <?x?x16xf32, [?, 16, 1]> -> tensor<16xf32>
// CHECK-NEXT:    tile.load %{{.*}}[%{{.*}}, %{{.*}}, 0] {inbounds = [2]} : <?x?x16xf32, [?, 16, 1]> -> tensor<16xf32>
tile.kernel @linear_ids(%x: !f, %B: index, %H: index) level(block) grid {
  %g = arith.muli %B, %H : index
  tile.grid_yield %g
} {
  %c16 = arith.constant 16 : index
  %s = arith.muli %H, %c16 : index
  %v = tile.view %x sizes [%B, %H, 16] strides [%s, 16, 1] : !f -> !tile.view<?x?x16xf32, [?, 16, 1]>
  %p = tile.program_id 0
  %b = arith.divsi %p, %H : index
  %h = arith.remsi %p, %H : index
  %t = tile.load %v[%b, %h, 0] : !tile.view<?x?x16xf32, [?, 16, 1]> -> tensor<16xf32>
  %u = tile.load %v[%p, %h, 0] : !tile.view<?x?x16xf32, [?, 16, 1]> -> tensor<16xf32>
  %w = tile.load %v[%h, %b, 0] : !tile.view<?x?x16xf32, [?, 16, 1]> -> tensor<16xf32>
}

// Loops by step, by block number, and clamped as in attention.
// CHECK-LABEL: tile.kernel @loops
// CHECK:         tile.load %{{.*}}[%{{.*}}] {inbounds = [0]} : <?xf32, [1]> -> tensor<8xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] {inbounds = [0]} : <?xf32, [1]> -> tensor<16xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] {inbounds = [0]} : <?xf32, [1]> -> tensor<32xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] : <?xf32, [1]> -> tensor<9xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] : <?xf32, [1]> -> tensor<8xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] : <?xf32, [1]> -> tensor<4xf32>
tile.kernel @loops(%x: !f, %N: index, %M: index) level(block) params(["x", "N", "M"]) attributes {tile.assume = ["N % 32 == 0"]} grid { tile.grid_yield %M } {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %v = tile.view %x sizes [%N] strides [1] : !f -> !V1
  scf.for %i = %c0 to %N step %c8 {
    %t = tile.load %v[%i] : !V1 -> tensor<8xf32>
  }
  %nb = arith.ceildivsi %N, %c16 : index
  scf.for %i = %c0 to %nb step %c1 {
    %j = arith.muli %i, %c16 : index
    %t = tile.load %v[%j] : !V1 -> tensor<16xf32>
  }
  %nc = arith.ceildivsi %N, %c32 : index
  %a = arith.subi %M, %N : index
  %b = arith.maxsi %a, %c0 : index
  %hi = arith.minsi %b, %nc : index
  scf.for %i = %hi to %nc step %c1 {
    %j = arith.muli %i, %c32 : index
    %t = tile.load %v[%j] : !V1 -> tensor<32xf32>
  }
  // One element more than the step.
  scf.for %i = %c0 to %N step %c8 {
    %t = tile.load %v[%i] : !V1 -> tensor<9xf32>
  }
  // Starts off the grid of steps.
  scf.for %i = %c4 to %N step %c8 {
    %t = tile.load %v[%i] : !V1 -> tensor<8xf32>
  }
  // May start below zero.
  scf.for %i = %a to %N step %c4 {
    %t = tile.load %v[%i] : !V1 -> tensor<4xf32>
  }
}

// Tile inside a tile: p * 64 + i with i in [0, 64) by 16.
// CHECK-LABEL: tile.kernel @nested
// CHECK:         tile.load %{{.*}}[%{{.*}}] {inbounds = [0]} : <?xf32, [1]> -> tensor<16xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] : <?xf32, [1]> -> tensor<16xf32>
tile.kernel @nested(%x: !f, %L: index) level(block) params(["x", "L"]) attributes {tile.assume = ["L % 64 == 0"]} grid {
  %c64 = arith.constant 64 : index
  %g = arith.divui %L, %c64 : index
  tile.grid_yield %g
} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %c65 = arith.constant 65 : index
  %v = tile.view %x sizes [%L] strides [1] : !f -> !V1
  %p = tile.program_id 0
  %b = arith.muli %p, %c64 : index
  scf.for %i = %c0 to %c64 step %c16 {
    %j = arith.addi %b, %i : index
    %t = tile.load %v[%j] : !V1 -> tensor<16xf32>
  }
  scf.for %i = %c0 to %c65 step %c16 {
    %j = arith.addi %b, %i : index
    %t = tile.load %v[%j] : !V1 -> tensor<16xf32>
  }
}

// The bounds of a subview are its sizes; values read from memory prove nothing.
// CHECK-LABEL: tile.kernel @subviews
// CHECK:         tile.load %{{.*}}[0] {inbounds = [0]} : <8xf32, [1]> -> tensor<8xf32>
// CHECK-NEXT:    tile.load %{{.*}}[1] : <8xf32, [1]> -> tensor<8xf32>
// CHECK:         tile.load %{{.*}}[%{{.*}}] : <?xf32, [1]> -> tensor<1xf32>
tile.kernel @subviews(%x: !f, %len: !tile.ptr<i32>, %L: index) level(block) grid { tile.grid_yield %L } {
  %c0 = arith.constant 0 : index
  %v = tile.view %x sizes [%L, 16] strides [16, 1] : !f -> !V2
  %p = tile.program_id 0
  %s = tile.subview %v[%p, 4] sizes [1, 8] {drop = [0]} : !V2 -> !tile.view<8xf32, [1]>
  %a = tile.load %s[0] : !tile.view<8xf32, [1]> -> tensor<8xf32>
  %b = tile.load %s[1] : !tile.view<8xf32, [1]> -> tensor<8xf32>
  %vl = tile.view %len sizes [%L] strides [1] : !tile.ptr<i32> -> !tile.view<?xi32, [1]>
  %n32 = tile.load_scalar %vl[%p] : !tile.view<?xi32, [1]>
  %n = arith.index_cast %n32 : i32 to index
  %w = tile.view %x sizes [%L] strides [1] : !f -> !V1
  %c = tile.load %w[%n] : !V1 -> tensor<1xf32>
}
