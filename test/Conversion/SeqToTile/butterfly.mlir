// A product of factors is one kernel of its own; what stands around it are kernels too.
// RUN: seqc-opt %s --seqc-seq-opt --seqc-tile --split-input-file 2>/dev/null | FileCheck %s

// Monarch: a block of matrices per stage, the rows of the tile beside them; no element moves between the stages.
// CHECK: tile.kernel @seqc_butterfly_f32_{{.*}} config(#tile.config<{bm = 64}>)
// CHECK: %[[Y:.*]] = tile.view %{{.*}} sizes [3, %{{.*}}, 2] strides [1, 6, 3]
// CHECK: %[[X:.*]] = tile.load {{.*}} -> tensor<64x4xf32>
// CHECK: %[[W:.*]] = tile.load {{.*}} -> tensor<2x3x2xf32>
// CHECK: %[[B:.*]] = tile.reshape %[[X]] : tensor<64x4xf32> -> tensor<64x2x2xf32>
// CHECK: %[[T:.*]] = tile.transpose %[[B]] [1, 0, 2]
// CHECK: %[[WT:.*]] = tile.transpose %[[W]] [0, 2, 1]
// CHECK: %[[D:.*]] = tile.dot %[[T]], %[[WT]] : tensor<2x64x2xf32>, tensor<2x2x3xf32> -> tensor<2x64x3xf32>
// CHECK: tile.transpose %[[D]] [2, 1, 0]
// CHECK: %[[E:.*]] = tile.dot {{.*}} -> tensor<3x64x2xf32>
// CHECK: tile.store %[[E]], %[[Y]]
// CHECK: tile.kernel @seqc_pointwise_f32
func.func @monarch(%x: tensor<?x4xf32> {seq.dims = ["B", 4]}, %a: tensor<1x2x1x3x2xf32>, %b: tensor<1x1x3x2x2xf32>) -> tensor<?x6xf32> attributes {seq.export} {
  %0 = seq.butterfly %x factors(%a, %b : tensor<1x2x1x3x2xf32>, tensor<1x1x3x2x2xf32>) [#seq.stage<matrix [2, 2 -> 3, 1]>, #seq.stage<matrix [1, 2, 3]>]
       : tensor<?x4xf32> -> tensor<?x6xf32>
  %1 = math.absf %0 : tensor<?x6xf32>
  return %1 : tensor<?x6xf32>
}

// -----

// A DFT of 12 = 3 * 4, the real parts: two products with a real operand, twiddles in a table, two products for a real result, digits to their places.
// CHECK: tile.kernel @seqc_butterfly_f32_
// CHECK: %[[Y:.*]] = tile.view %{{.*}} sizes [%{{.*}}, 3, 4] strides [12, 1, 3]
// CHECK: %[[X:.*]] = tile.load {{.*}} -> tensor<64x12xf32>
// CHECK: %[[B:.*]] = tile.reshape %[[X]] : tensor<64x12xf32> -> tensor<64x3x4xf32>
// CHECK: %[[T:.*]] = tile.transpose %[[B]] [0, 2, 1]
// CHECK: %[[RE:.*]] = tile.dot %[[T]], %{{.*}} : tensor<64x4x3xf32>, tensor<3x3xf32> -> tensor<64x4x3xf32>
// CHECK: %[[IM:.*]] = tile.dot %[[T]], %{{.*}} : tensor<64x4x3xf32>, tensor<3x3xf32> -> tensor<64x4x3xf32>
// CHECK: tile.table {{.*}} : tensor<12xf32>
// CHECK-COUNT-2: math.fma
// CHECK: tile.dot {{.*}}, tensor<4x4xf32> -> tensor<64x3x4xf32>
// CHECK: %[[R:.*]] = tile.dot {{.*}}, tensor<4x4xf32>, tensor<64x3x4xf32> -> tensor<64x3x4xf32>
// CHECK-NOT: tile.dot
// CHECK: tile.store %[[R]], %[[Y]]
func.func @dft(%x: tensor<?x12xf32> {seq.dims = ["B", 12]}) -> tensor<?x12xf32> attributes {seq.export} {
  %0 = seq.butterfly %x [#seq.stage<dft [1, 3, 4]>, #seq.stage<dft [3, 4, 1]>]
       {output_digits = array<i64: 3, 4>, output_permutation = array<i64: 1, 0>} : tensor<?x12xf32> -> tensor<?x12xf32>
  return %0 : tensor<?x12xf32>
}
