// Scans: a program per block of channels walks along time; the last chunk, which may reach beyond the end, leaves the state alone there.
// RUN: seqc-opt %s -seqc-seq-opt -seqc-tile --split-input-file | FileCheck %s

// CHECK-LABEL: tile.kernel @seqc_scan_rows_f32
// CHECK-SAME: seqc.bytes = "B * L * 108", seqc.flops = "B * L * 18"
// CHECK: %[[WHOLE:.*]] = arith.muli
// CHECK: scf.for %{{.*}} iter_args(%[[S:.*]] = %{{.*}}) -> (tensor<16xf32>)
// CHECK: tile.recur %{{.*}}, %{{.*}} init(%[[S]])
// CHECK-NOT: arith.select
// CHECK: {dim = 1} : tensor<16x128xf32>, tensor<16x128xf32>
// CHECK: tile.store
// CHECK: scf.for
// CHECK: tile.recur
// CHECK: arith.select
// CHECK: tile.store
func.func @linear(%a: tensor<?x9x?xf32> {seq.dims = ["B", 9, "L"]}, %b: tensor<?x9x?xf32> {seq.dims = ["B", 9, "L"]}) -> tensor<?x9x?xf32> attributes {seq.export} {
  %h = seq.linear_scan %a, %b : tensor<?x9x?xf32>, tensor<?x9x?xf32> -> tensor<?x9x?xf32>
  return %h : tensor<?x9x?xf32>
}

// -----

// A length of whole chunks has no tail. The sum of the elementwise kernel is outside.
// CHECK-LABEL: tile.kernel @seqc_scan_rows_bf16
// CHECK: tile.recur
// CHECK-NOT: tile.recur
// CHECK-LABEL: tile.kernel @seqc_pointwise_bf16
// CHECK-LABEL: func.func @whole_chunks
func.func @whole_chunks(%a: tensor<2x9x256xbf16>, %b: tensor<2x9x256xbf16>) -> tensor<2x9x256xbf16> attributes {seq.export} {
  %h = seq.linear_scan %a, %b {reverse} : tensor<2x9x256xbf16>, tensor<2x9x256xbf16> -> tensor<2x9x256xbf16>
  %y = arith.addf %h, %b : tensor<2x9x256xbf16>
  return %y : tensor<2x9x256xbf16>
}

// -----

// States are [rows, N]; B and C of a group are read once for all rows; a block of channels lies in one group.
// CHECK-LABEL: tile.kernel @seqc_scan_rows_f32
// CHECK-SAME: seqc.flops = "B * L * 672"
// CHECK: tile.recur
// CHECK: math.exp2 {{.*}} : tensor<3x16xf32>
// CHECK: tile.reduce {{.*}} {dims = [1], kind = add} : tensor<3x16xf32> -> tensor<3xf32>
func.func @groups(%u: tensor<?x6x?xf32> {seq.dims = ["B", 6, "L"]}, %A: tensor<6x16xf32>, %B: tensor<?x2x16x?xf32> {seq.dims = ["B", 2, 16, "L"]}) -> tensor<?x6x?xf32> attributes {seq.export} {
  %y = seq.selective_scan %u, %u, %A, %B, %B : tensor<?x6x?xf32>, tensor<?x6x?xf32>, tensor<6x16xf32>, tensor<?x2x16x?xf32>, tensor<?x2x16x?xf32> -> tensor<?x6x?xf32>
  return %y : tensor<?x6x?xf32>
}
