// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-opt --convert-tile-to-cpu %s | FileCheck %s

// Products of one form are one internal function, across paths and kernels; another stride is another form.
// CHECK-COUNT-2: func.func private @dot_{{.*}} attributes {llvm.linkage = #llvm.linkage<internal>}
// CHECK-NOT: func.func private
// CHECK-LABEL: func.func @first
// CHECK: call @[[$DOT:dot_16x16x16_[a-z0-9_]+]](
// CHECK: call @[[$DOT]](
// CHECK-LABEL: func.func @second
// CHECK: call @[[$DOT]](
// CHECK-NOT: call @[[$DOT]](
// CHECK: call @dot_16x16x16_
tile.kernel @first(%a: !tile.ptr<f32>, %o: !tile.ptr<f32>, %p: !tile.ptr<f32>) level(block) config(#tile.config<{}>) params(["a", "o", "p"]) access(["read", "write", "write"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  %va = tile.view %a sizes [16, 16] strides [16, 1] : <f32> -> <16x16xf32, [16, 1]>
  %vo = tile.view %o sizes [16, 16] strides [16, 1] : <f32> -> <16x16xf32, [16, 1]>
  %vp = tile.view %p sizes [16, 16] strides [16, 1] : <f32> -> <16x16xf32, [16, 1]>
  %x = tile.load %va[0, 0] : <16x16xf32, [16, 1]> -> tensor<16x16xf32>
  %y = tile.dot %x, %x : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  %z = tile.dot %y, %x : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  tile.store %y, %vo[0, 0] : tensor<16x16xf32>, <16x16xf32, [16, 1]>
  tile.store %z, %vp[0, 0] : tensor<16x16xf32>, <16x16xf32, [16, 1]>
}
tile.kernel @second(%a: !tile.ptr<f32>, %o: !tile.ptr<f32>) level(block) config(#tile.config<{}>) params(["a", "o"]) access(["read", "write"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  %va = tile.view %a sizes [16, 16] strides [16, 1] : <f32> -> <16x16xf32, [16, 1]>
  %vo = tile.view %o sizes [16, 16] strides [16, 1] : <f32> -> <16x16xf32, [16, 1]>
  %x = tile.load %va[0, 0] : <16x16xf32, [16, 1]> -> tensor<16x16xf32>
  %xt = tile.transpose %x [1, 0] : tensor<16x16xf32>
  %y = tile.dot %x, %x : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  %z = tile.dot %y, %xt : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  tile.store %z, %vo[0, 0] : tensor<16x16xf32>, <16x16xf32, [16, 1]>
}
