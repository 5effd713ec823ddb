// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-opt --convert-tile-to-cpu %s | FileCheck %s

// The pass that computes prefetches the rows of the next program; results go past the caches where they are aligned and many, and a fence ends
// the range.
// CHECK-LABEL: func.func @rows
// CHECK-NOT: llvm.intr.prefetch
// CHECK: arith.maximumf
// CHECK: llvm.ptrtoint
// CHECK: scf.if
// CHECK: llvm.intr.prefetch
// CHECK: llvm.store {{.*}} {alignment = 32 : i64, nontemporal}
// CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"()
// CHECK-NEXT: return
tile.kernel @rows(%X: !tile.ptr<f32>, %Y: !tile.ptr<f32>, %L: index) level(block) config(#tile.config<{}>) params(["X", "Y", "L"]) access(["read", "write", "value"]) grid {
  %c4 = arith.constant 4 : index
  %n = arith.ceildivsi %L, %c4 : index
  tile.grid_yield %n
} {
  %c4 = arith.constant 4 : index
  %p = tile.program_id 0
  %i = arith.muli %p, %c4 : index
  %vx = tile.view %X sizes [%L, 64] strides [64, 1] : <f32> -> <?x64xf32, [64, 1]>
  %vy = tile.view %Y sizes [%L, 64] strides [64, 1] : <f32> -> <?x64xf32, [64, 1]>
  %x = tile.load %vx[%i, 0] {inbounds = [1]} : <?x64xf32, [64, 1]> -> tensor<4x64xf32>
  %m = tile.reduce %x {dims = [1], kind = max} : tensor<4x64xf32> -> tensor<4xf32>
  %mb = tile.broadcast %m {at = 1} : tensor<4xf32> -> tensor<4x64xf32>
  %y = arith.subf %x, %mb : tensor<4x64xf32>
  tile.store %y, %vy[%i, 0] {inbounds = [1]} : tensor<4x64xf32>, <?x64xf32, [64, 1]>
}

// What is known to be small stays in the caches.
// CHECK-LABEL: func.func @small
// CHECK-NOT: nontemporal
// CHECK-NOT: sfence
tile.kernel @small(%X: !tile.ptr<f32>, %Y: !tile.ptr<f32>) level(block) config(#tile.config<{}>) params(["X", "Y"]) access(["read", "write"]) grid {
  %c16 = arith.constant 16 : index
  tile.grid_yield %c16
} {
  %c64 = arith.constant 64 : index
  %p = tile.program_id 0
  %i = arith.muli %p, %c64 : index
  %vx = tile.view %X sizes [1024] strides [1] : <f32> -> <1024xf32, [1]>
  %vy = tile.view %Y sizes [1024] strides [1] : <f32> -> <1024xf32, [1]>
  %x = tile.load %vx[%i] {inbounds = [0]} : <1024xf32, [1]> -> tensor<64xf32>
  %y = arith.negf %x : tensor<64xf32>
  tile.store %y, %vy[%i] {inbounds = [0]} : tensor<64xf32>, <1024xf32, [1]>
}

// An edge costs the vectors that it has: the masked loop ends with the last element.
// CHECK-LABEL: func.func @edge
// CHECK: arith.minsi
// CHECK: } else {
// CHECK: %[[END:.*]] = arith.minsi
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]]
tile.kernel @edge(%X: !tile.ptr<f32>, %Y: !tile.ptr<f32>, %N: index) level(block) config(#tile.config<{}>) params(["X", "Y", "N"]) access(["read", "write", "value"]) grid {
  %c4096 = arith.constant 4096 : index
  %n = arith.ceildivsi %N, %c4096 : index
  tile.grid_yield %n
} {
  %c4096 = arith.constant 4096 : index
  %p = tile.program_id 0
  %i = arith.muli %p, %c4096 : index
  %vx = tile.view %X sizes [%N] strides [1] : <f32> -> <?xf32, [1]>
  %vy = tile.view %Y sizes [%N] strides [1] : <f32> -> <?xf32, [1]>
  %x = tile.load %vx[%i] : <?xf32, [1]> -> tensor<4096xf32>
  %y = arith.negf %x : tensor<4096xf32>
  tile.store %y, %vy[%i] : tensor<4096xf32>, <?xf32, [1]>
}
