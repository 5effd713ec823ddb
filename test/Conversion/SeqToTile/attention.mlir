// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile --split-input-file 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile=target=gpu --split-input-file 2>&1 | FileCheck %s --check-prefix=GPU
// What is printed is legal at the tile level alone.
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile --split-input-file 2>/dev/null | FileCheck %s --check-prefix=LEVEL --implicit-check-not=seq.attention

// LEVEL-COUNT-7: tile.kernel @seqc_attention_

// Same lengths, a whole number of key blocks, no mask: one loop over full blocks, no select, no guard against -inf.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK-SAME: config(#tile.config<{bm = 64, bn = 64, d = 16, dv = 16, guard = 1}>) params(["in0", "in1", "in2", "out0", "B"])
// CHECK: %[[Q:.*]] = tile.load %{{.*}} : <64x16xf32, [16, 1]> -> tensor<64x16xf32>
// CHECK: scf.for
// CHECK: %[[K:.*]] = tile.load %{{.*}} -> tensor<64x16xf32>
// CHECK: %[[KT:.*]] = tile.transpose %[[K]] [1, 0]
// CHECK: %[[S:.*]] = tile.dot %[[Q]], %[[KT]]
// CHECK-NOT: arith.select
// CHECK: tile.reduce %[[S]] {dims = [1], kind = max}
// CHECK-NOT: arith.select
// CHECK: %[[P:.*]] = math.exp2 %{{.*}} fastmath<afn> : tensor<64x64xf32>
// CHECK: tile.dot %[[P]], %{{.*}}, %{{.*}} : tensor<64x64xf32>, tensor<64x16xf32>, tensor<64x16xf32> -> tensor<64x16xf32>
// CHECK: scf.yield
// CHECK-NOT: scf.for
// A row without weights is 0.
// CHECK: arith.cmpf oeq
// CHECK: tile.store
// GPU: remark: config-chosen: attention {bm = 64, bn = 64, d = 16, dv = 16, guard = 1, warps = 4}
func.func @full(%q: tensor<?x4x64x16xf32> {seq.dims = ["B", 4, 64, 16]}, %k: tensor<?x4x64x16xf32> {seq.dims = ["B", 4, 64, 16]},
                %v: tensor<?x4x64x16xf32> {seq.dims = ["B", 4, 64, 16]}) -> tensor<?x4x64x16xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %v : tensor<?x4x64x16xf32>, tensor<?x4x64x16xf32>, tensor<?x4x64x16xf32> -> tensor<?x4x64x16xf32>
  return %o : tensor<?x4x64x16xf32>
}

// -----

// Causal, dynamic lengths, 16-bit inputs, grouped heads: full blocks, then blocks that cross the diagonal; weights are rounded before the second product.
// CHECK-LABEL: tile.kernel @seqc_attention_bf16_
// CHECK-SAME: config(#tile.config<{bm = 64, bn = 128, d = 64, dv = 64, guard = 1}>) params(["in0", "in1", "in2", "out0", "out1", "B", "M", "N"])
// CHECK: arith.divui %{{.*}}, %c4
// CHECK: scf.for
// CHECK-NOT: arith.select
// CHECK: arith.truncf %{{.*}} : tensor<64x128xf32> to tensor<64x128xbf16>
// CHECK: tile.dot %{{.*}} : tensor<64x128xbf16>, tensor<128x64xbf16>, tensor<64x64xf32> -> tensor<64x64xf32>
// CHECK: scf.for
// CHECK: arith.cmpi slt, %{{.*}} : tensor<64x128xi32>
// CHECK: arith.select %{{.*}} : tensor<64x128xi1>, tensor<64x128xf32>
// CHECK: arith.select %{{.*}} : tensor<64xi1>, tensor<64xf32>
// CHECK: %[[TOTAL:.*]] = tile.scalar
// CHECK: %[[FINITE:.*]] = arith.cmpf oeq, %[[TOTAL]]
// CHECK: scf.if %[[FINITE]]
// CHECK-NOT: scf.for
// CHECK: tile.store %{{.*}} : tensor<64xf32>
// GPU: remark: config-chosen: attention {bm = 64, bn = 64, d = 64, dv = 64, guard = 1, warps = 4}
func.func @causal_grouped(%q: tensor<?x8x?x64xbf16> {seq.dims = ["B", 8, "M", 64]}, %k: tensor<?x2x?x64xbf16> {seq.dims = ["B", 2, "N", 64]},
                          %v: tensor<?x2x?x64xbf16> {seq.dims = ["B", 2, "N", 64]}) -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>) attributes {seq.export} {
  %o, %l = seq.attention %q, %k, %v {causal = "bottom_right"} : tensor<?x8x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x64xbf16> -> tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>
  return %o, %l : tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>
}

// -----

// A left window adds partial blocks at the start: three loops. Head dims that are no multiple of 8 are padded.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK-SAME: d = 24, dv = 5
// CHECK-COUNT-3: scf.for
// CHECK-NOT: scf.for
// CHECK: tile.launch
func.func @window(%q: tensor<1x1x100x20xf32>, %k: tensor<1x1x100x20xf32>, %v: tensor<1x1x100x5xf32>) -> tensor<1x1x100x5xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %v {causal = "top_left", window_left = 30} : tensor<1x1x100x20xf32>, tensor<1x1x100x20xf32>, tensor<1x1x100x5xf32> -> tensor<1x1x100x5xf32>
  return %o : tensor<1x1x100x5xf32>
}

// -----

// Regions: uniform ops run once, as scalars; a mask region makes every block partial: one loop with one map.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK: %[[SLOPE:.*]] = tile.load_scalar
// CHECK: %[[TWICE:.*]] = arith.addf %[[SLOPE]], %[[SLOPE]] : f32
// CHECK: scf.for
// CHECK: %[[HIDE:.*]] = tile.load %{{.*}} -> tensor<64xi1>
// CHECK: %[[HIDES:.*]] = tile.broadcast %[[HIDE]] {at = 0} : tensor<64xi1> -> tensor<64x64xi1>
// CHECK: tile.map %{{.*}}, %[[HIDES]] at [%{{.*}}, %{{.*}}] (%[[S:.*]]: f32, %[[H:.*]]: i1, %{{.*}}: index, %{{.*}}: index) {
// CHECK: %[[Y:.*]] = arith.mulf %[[S]], %[[TWICE]] : f32
// CHECK: arith.select %{{.*}}, %[[Y]], %{{.*}} : f32
// CHECK-NOT: scf.for
// CHECK: tile.launch
func.func @regions(%q: tensor<2x4x64x8xf32>, %k: tensor<2x4x64x8xf32>, %slopes: tensor<4xf32>, %hidden: tensor<2x64xi1>) -> tensor<2x4x64x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    %slope = tensor.extract %slopes[%h] : tensor<4xf32>
    %twice = arith.addf %slope, %slope : f32
    %y = arith.mulf %s, %twice : f32
    seq.yield %y : f32
  } mask {
  ^bb0(%b: index, %h: index, %m: index, %n: index):
    %hide = tensor.extract %hidden[%b, %n] : tensor<2x64xi1>
    %true = arith.constant true
    %show = arith.xori %hide, %true : i1
    seq.yield %show : i1
  } : tensor<2x4x64x8xf32>, tensor<2x4x64x8xf32>, tensor<2x4x64x8xf32> -> tensor<2x4x64x8xf32>
  return %o : tensor<2x4x64x8xf32>
}

// -----

// Packed: blocks of all sequences in one grid dim; a loop over the sequences finds the one of a program.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK: grid {
// CHECK: tile.grid_yield
// CHECK: scf.for %{{.*}} iter_args({{.*}}) -> (index, index, index)
// CHECK: tile.load_scalar
// CHECK: tile.subview
func.func @packed(%q: tensor<1x2x?x8xf32> {seq.dims = [1, 2, "T", 8]}, %k: tensor<1x2x?x8xf32> {seq.dims = [1, 2, "T", 8]}, %cu: tensor<?xi32> {seq.dims = ["S1"]})
    -> tensor<1x2x?x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k cu_seqlens(%cu : tensor<?xi32>, %cu : tensor<?xi32>) {causal = "bottom_right"}
    : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// -----

// Decode: one row a program. Sinks start maximum and sum.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK-SAME: bm = 1
// CHECK: %[[SINK:.*]] = tile.load %{{.*}} : <8xf32, [1]> -> tensor<1xf32>
// CHECK: tile.dot %{{.*}} : tensor<1x64xf32>, tensor<64x128xf32> -> tensor<1x128xf32>
func.func @decode(%q: tensor<?x8x1x64xf32> {seq.dims = ["B", 8, 1, 64]}, %k: tensor<?x8x?x64xf32> {seq.dims = ["B", 8, "N", 64]}, %sinks: tensor<8xf32>,
                  %n: tensor<?xi32> {seq.dims = ["B"]}) -> tensor<?x8x1x64xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k sinks(%sinks : tensor<8xf32>) kv_lengths(%n : tensor<?xi32>) {causal = "bottom_right"}
    : tensor<?x8x1x64xf32>, tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32> -> tensor<?x8x1x64xf32>
  return %o : tensor<?x8x1x64xf32>
}

// -----

// The epilogue is part of the kernel and sees the output tile.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK: math.tanh %{{.*}} : tensor<64x16xf32>
// CHECK: tile.store
// CHECK-NOT: tile.kernel
func.func @epilogue(%q: tensor<2x4x64x16xf32>) -> tensor<2x64x4x16xf32> attributes {seq.export} {
  %o = seq.attention %q, %q, %q : tensor<2x4x64x16xf32>, tensor<2x4x64x16xf32>, tensor<2x4x64x16xf32> -> tensor<2x4x64x16xf32>
  %e = tensor.empty() : tensor<2x64x4x16xf32>
  %t = linalg.transpose ins(%o : tensor<2x4x64x16xf32>) outs(%e : tensor<2x64x4x16xf32>) permutation = [0, 2, 1, 3]
  %y = math.tanh %t : tensor<2x64x4x16xf32>
  return %y : tensor<2x64x4x16xf32>
}

// -----

// Grouped heads: where there is one row, the rows of the four heads that read one K/V head are one tile.
// CHECK-LABEL: tile.kernel @seqc_attention_f32_
// CHECK-SAME: bm = 64
// CHECK: tile.kernel @[[SMALL:seqc_attention_f32_[0-9a-f]+]](
// CHECK-SAME: bm = 1
// CHECK-SAME: heads = 4
// CHECK: tile.load %{{.*}} -> tensor<4x1x64xf32>
// CHECK: tile.dot %{{.*}} : tensor<4x64xf32>, tensor<64x128xf32> -> tensor<4x128xf32>
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %{{.*}}, %{{.*}} : index
// CHECK: %[[GUARD:.*]] = arith.index_castui %[[ONE]] : i1 to index
// CHECK: tile.launch @{{.*}} when(%[[GUARD]] : [@[[SMALL]]])
func.func @grouped(%q: tensor<?x8x?x64xf32> {seq.dims = ["B", 8, "M", 64]}, %k: tensor<?x2x?x64xf32> {seq.dims = ["B", 2, "N", 64]}) -> tensor<?x8x?x64xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k {causal = "bottom_right"} : tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x8x?x64xf32>
  return %o : tensor<?x8x?x64xf32>
}
