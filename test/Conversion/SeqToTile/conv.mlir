// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile --split-input-file 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile --split-input-file 2>&1 | FileCheck %s --check-prefix=CHOICE
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile=target=gpu --split-input-file 2>&1 | FileCheck %s --check-prefix=GPU

// Four taps, unrolled; only the first programs look at the state; the state after is a kernel of its own.
// CHECK-LABEL: tile.kernel @seqc_short_conv_f32_
// CHECK: %[[FIRST:.*]] = arith.cmpi slt, %[[TIME:.*]], %c3
// CHECK: scf.if %[[FIRST]]
// CHECK-COUNT-4: tile.load {{.*}} : <?x6x3xf32, [18, 3, 1]> -> tensor<3x1024xf32>
// CHECK: } else {
// CHECK-COUNT-4: math.fma
// CHECK: math.exp2 {{.*}} fastmath<afn>
// CHECK: tile.store
// CHECK-LABEL: tile.kernel @seqc_short_conv_state_f32_
// CHECK: arith.select
// CHECK-LABEL: func @short
// CHECK: tile.launch @seqc_short_conv_f32_
// CHECK: tile.launch @seqc_short_conv_state_f32_
// CHOICE: remark: config-chosen: short_conv {bd = 3, bl = 1024}
// GPU: remark: config-chosen: short_conv {bd = 4, bl = 512, warps = 4}
func.func @short(%u: tensor<?x6x?xf32> {seq.dims = ["B", 6, "L"]}, %w: tensor<6x4xf32>, %s: tensor<?x6x3xf32> {seq.dims = ["B", 6, 3]})
    -> (tensor<?x6x?xf32>, tensor<?x6x3xf32>) attributes {seq.export} {
  %y, %t = seq.short_conv %u, %w state(%s : tensor<?x6x3xf32>) {activation = "silu"} : tensor<?x6x?xf32>, tensor<6x4xf32> -> tensor<?x6x?xf32>, tensor<?x6x3xf32>
  return %y, %t : tensor<?x6x?xf32>, tensor<?x6x3xf32>
}

// -----

// Few taps: a loop over them. What follows is in the same kernel, in the layout that it asks for.
// CHECK-LABEL: tile.kernel @seqc_long_conv_f32_
// CHECK: scf.for
// CHECK-COUNT-8: math.fma
// CHECK: arith.addf
// CHECK: tile.store
// CHECK-NOT: tile.kernel
// CHOICE: remark: config-chosen: long_conv {form = 0,
func.func @taps(%u: tensor<?x6x?xf32> {seq.dims = ["B", 6, "L"]}, %k: tensor<6x7xf32>, %r: tensor<?x6x?xf32> {seq.dims = ["B", 6, "L"]}) -> tensor<?x6x?xf32> attributes {seq.export} {
  %y = seq.long_conv %u, %k : tensor<?x6x?xf32>, tensor<6x7xf32> -> tensor<?x6x?xf32>
  %s = arith.addf %y, %r : tensor<?x6x?xf32>
  return %s : tensor<?x6x?xf32>
}

// -----

// Unknown length: a table of lags, and products with blocks of it that exist in the strides only.
// CHECK-LABEL: tile.kernel @seqc_long_conv_lags_bf16_
// CHECK: arith.truncf %{{.*}} : tensor<8x256xf32> to tensor<8x256xbf16>
// CHECK-LABEL: tile.kernel @seqc_long_conv_bf16_
// CHECK: tile.subview {{.*}} -> <3x?x32x32xbf16, [?, 1, -1, 1]>
// CHECK: %[[ROW:.*]] = arith.divui %{{.*}}, %c2
// CHECK: scf.for
// CHECK: %[[V:.*]] = tile.reshape %{{.*}} : tensor<1x1024xbf16> -> tensor<32x32xbf16>
// CHECK: %[[T:.*]] = tile.load %{{.*}}[%[[ROW]], %{{.*}}, %{{.*}}, %{{.*}}] : <3x?x32x32xbf16, [?, 1, -1, 1]> -> tensor<32x32xbf16>
// CHECK: tile.dot %[[V]], %[[T]], %{{.*}} : tensor<32x32xbf16>, tensor<32x32xbf16>, tensor<32x32xf32> -> tensor<32x32xf32>
// CHOICE: remark: config-chosen: long_conv {form = 1, bd = 1, bl = 1024, n = 32}
// GPU: remark: config-chosen: long_conv {form = 1, bd = 1, bl = 1024, n = 32, warps = 4}
func.func @toeplitz(%u: tensor<?x6x?xbf16> {seq.dims = ["B", 6, "L"]}, %k: tensor<3x?xf32> {seq.dims = [3, "LK"]}) -> tensor<?x6x?xbf16> attributes {seq.export} {
  %y = seq.long_conv %u, %k : tensor<?x6x?xbf16>, tensor<3x?xf32> -> tensor<?x6x?xbf16>
  return %y : tensor<?x6x?xbf16>
}

// -----

// Long and known: the spectra of the kernels, then one program per sequence. On the GPU the factors of products are f16, scaled.
// CHECK-LABEL: tile.kernel @seqc_long_conv_lags_f32_
// CHECK-LABEL: tile.kernel @seqc_long_conv_spectrum_f32_
// CHECK-COUNT-10: tile.dot
// CHECK-NOT: tile.dot
// CHECK-LABEL: tile.kernel @seqc_long_conv_bf16_
// CHECK-COUNT-20: tile.dot {{.*}} : tensor<{{.*}}xf32>, tensor<{{.*}}xf32>
// CHECK-NOT: tile.dot
// CHECK-LABEL: func @transforms
// CHECK-COUNT-3: tile.launch
// CHOICE: remark: config-chosen: long_conv {form = 2, bd = 1, bl = 1024, n1 = 8, n2 = 8, n3 = 1, n4 = 16}
// GPU: remark: config-chosen: long_conv {form = 2, bd = 1, bl = 1024, n1 = 32, n2 = 1, n3 = 1, n4 = 32, warps = 4}
// GPU: tile.kernel @seqc_long_conv_bf16_
// GPU: math.absf
// GPU-COUNT-12: tile.dot {{.*}} : tensor<32x32xf16>, tensor<32x32xf16>
func.func @transforms(%u: tensor<?x6x1024xbf16> {seq.dims = ["B", 6, 1024]}, %k: tensor<6x1024xf32>) -> tensor<?x6x1024xbf16> attributes {seq.export} {
  %y = seq.long_conv %u, %k : tensor<?x6x1024xbf16>, tensor<6x1024xf32> -> tensor<?x6x1024xbf16>
  return %y : tensor<?x6x1024xbf16>
}
