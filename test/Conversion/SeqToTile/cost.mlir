// What a kernel does, independent of tiles: operations and bytes.
// RUN: seqc-opt %s -seqc-seq-opt -seqc-tile --split-input-file | FileCheck %s

// CHECK-LABEL: tile.kernel @seqc_matmul
// CHECK-SAME: seqc.bytes = "M * 1536 + 131072", seqc.flops = "M * 65536"
func.func @product(%x: tensor<?x256xf32> {seq.dims = ["M", 256]}, %w: tensor<256x128xf32>) -> tensor<?x128xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x256xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e = tensor.empty(%m) : tensor<?x128xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x128xf32>) dimensions = [0, 1]
  %y = linalg.matmul ins(%x, %w : tensor<?x256xf32>, tensor<256x128xf32>) outs(%z : tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// One operation per element (the conversion and the selection are none), one per input of the sum.
// CHECK-LABEL: tile.kernel @seqc_pointwise
// CHECK-SAME: seqc.bytes = "N * 20", seqc.flops = "N * 16"
func.func @pointwise(%x: tensor<?x8xf16> {seq.dims = ["N", 8]}) -> tensor<?xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf16>
  %f = arith.extf %x : tensor<?x8xf16> to tensor<?x8xf32>
  %s = arith.mulf %f, %f : tensor<?x8xf32>
  %p = arith.cmpf ogt, %f, %s : tensor<?x8xf32>
  %m = arith.select %p, %f, %s : tensor<?x8xi1>, tensor<?x8xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?xf32>) dimensions = [0]
  %r = linalg.reduce { arith.addf } ins(%m : tensor<?x8xf32>) outs(%z : tensor<?xf32>) dimensions = [1]
  return %r : tensor<?xf32>
}

// -----

// Of a gathered table the rows that are read, each time they are.
// CHECK-LABEL: tile.kernel @seqc_pointwise
// CHECK-SAME: seqc.bytes = "N * 520", seqc.flops = "0"
func.func @rows(%t: tensor<1000x64xf32>, %i: tensor<?x1xi64> {seq.dims = ["N", 1]}) -> tensor<?x64xf32> attributes {seq.export} {
  %y = tensor.gather %t[%i] gather_dims([0]) : (tensor<1000x64xf32>, tensor<?x1xi64>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// 2 heads, 2 x (8 + 8) operations a pair.
// CHECK-LABEL: tile.kernel @seqc_attention
// CHECK-SAME: seqc.flops = "M * N * 64"
func.func @full(%q: tensor<1x2x?x8xf32> {seq.dims = [1, 2, "M", 8]}, %k: tensor<1x2x?x8xf32> {seq.dims = [1, 2, "N", 8]},
                %v: tensor<1x2x?x8xf32> {seq.dims = [1, 2, "N", 8]}) -> tensor<1x2x?x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %v : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32> -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// -----

// 5 queries and 3 keys, the first query sees one key: 1 + 2 + 3 + 3 + 3 = 12 pairs, x 32.
// CHECK-LABEL: tile.kernel @seqc_attention
// CHECK-SAME: seqc.flops = "384"
func.func @top_left(%q: tensor<1x1x5x8xf32>, %k: tensor<1x1x3x8xf32>) -> tensor<1x1x5x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k {causal = "top_left"} : tensor<1x1x5x8xf32>, tensor<1x1x3x8xf32>, tensor<1x1x3x8xf32> -> tensor<1x1x5x8xf32>
  return %o : tensor<1x1x5x8xf32>
}

// -----

// 3 queries and 5 keys, the last query sees all: 3 + 4 + 5 = 12 pairs.
// CHECK-LABEL: tile.kernel @seqc_attention
// CHECK-SAME: seqc.flops = "384"
func.func @bottom_right(%q: tensor<1x1x3x8xf32>, %k: tensor<1x1x5x8xf32>) -> tensor<1x1x3x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k {causal = "bottom_right"} : tensor<1x1x3x8xf32>, tensor<1x1x5x8xf32>, tensor<1x1x5x8xf32> -> tensor<1x1x3x8xf32>
  return %o : tensor<1x1x3x8xf32>
}

// -----

// More queries than keys: 0 + 0 + 1 + 2 + 3 = 6 pairs.
// CHECK-LABEL: tile.kernel @seqc_attention
// CHECK-SAME: seqc.flops = "192"
func.func @bottom_right_more_queries(%q: tensor<1x1x5x8xf32>, %k: tensor<1x1x3x8xf32>) -> tensor<1x1x5x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k {causal = "bottom_right"} : tensor<1x1x5x8xf32>, tensor<1x1x3x8xf32>, tensor<1x1x3x8xf32> -> tensor<1x1x5x8xf32>
  return %o : tensor<1x1x5x8xf32>
}
