// RUN: seqc-opt %s -split-input-file -seq-form-kernels 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s -split-input-file -seq-form-kernels 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// A transpose right behind its source is the layout that the kernel writes: no kernel of its own, the reshape stays a view.
// CHECK-LABEL: func.func @merge_heads
// CHECK:         seq.group "pointwise" -> tensor<?x8x2x4xf32>
// CHECK:           linalg.transpose
// CHECK-NOT:     seq.group "pointwise"
// CHECK:         seq.group "matmul"
func.func @merge_heads(%x: tensor<?x2x8x4xf32> {seq.dims = ["B", 2, 8, 4]}, %w: tensor<8x5xf32>) -> tensor<?x8x5xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %B = tensor.dim %x, %c0 : tensor<?x2x8x4xf32>
  %M = arith.muli %B, %c8 : index
  %zero = arith.constant dense<0.0> : tensor<f32>
  %a = math.absf %x : tensor<?x2x8x4xf32>
  %e = tensor.empty(%B) : tensor<?x8x2x4xf32>
  %t = linalg.transpose ins(%a : tensor<?x2x8x4xf32>) outs(%e : tensor<?x8x2x4xf32>) permutation = [0, 2, 1, 3]
  %f = tensor.collapse_shape %t [[0, 1], [2, 3]] : tensor<?x8x2x4xf32> into tensor<?x8xf32>
  %e2 = tensor.empty(%M) : tensor<?x5xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x5xf32>) dimensions = [0, 1]
  %m = linalg.matmul ins(%f, %w : tensor<?x8xf32>, tensor<8x5xf32>) outs(%z : tensor<?x5xf32>) -> tensor<?x5xf32>
  %y = tensor.expand_shape %m [[0, 1], [2]] output_shape [%B, 8, 5] : tensor<?x5xf32> into tensor<?x8x5xf32>
  return %y : tensor<?x8x5xf32>
}

// -----

// A slice of a reshape that strides cannot express: a copy, with a remark.
// CHECK-LABEL: func.func @copy
// CHECK:         seq.group "pointwise" -> tensor<6x4xf32>
// CHECK:         seq.group "pointwise" -> tensor<5xf32>
// REMARK: remark: layout-copy: a reshape of strided memory needs a copy of 'tensor<6x4xf32>'
func.func @copy(%x: tensor<4x6xf32>) -> tensor<5xf32> {
  %e = tensor.empty() : tensor<6x4xf32>
  %t = linalg.transpose ins(%x : tensor<4x6xf32>) outs(%e : tensor<6x4xf32>) permutation = [1, 0]
  %f = tensor.collapse_shape %t [[0, 1]] : tensor<6x4xf32> into tensor<24xf32>
  %s = tensor.extract_slice %f[7] [5] [1] : tensor<24xf32> to tensor<5xf32>
  %y = math.absf %s : tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// Positions and masks made of them are computed in every kernel that needs them.
// CHECK-LABEL: func.func @mask
// CHECK:         seq.group "pointwise" -> tensor<?x?xf32>
// CHECK:           seq.iota
// CHECK:           arith.select
// CHECK-NOT:     seq.group
func.func @mask(%x: tensor<?x?xf32> {seq.dims = ["L", "L"]}) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %L = tensor.dim %x, %c0 : tensor<?x?xf32>
  %i = seq.iota(%L, %L) {dim = 0 : i64} : tensor<?x?xi32>
  %j = seq.iota(%L, %L) {dim = 1 : i64} : tensor<?x?xi32>
  %m = arith.cmpi sge, %i, %j : tensor<?x?xi32>
  %a = math.absf %x : tensor<?x?xf32>
  %y = arith.select %m, %a, %x : tensor<?x?xi1>, tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// A reduction that needs another iteration space starts a kernel; a cycle is never made: %d needs %p, which needs %m.
// CHECK-LABEL: func.func @cycle
// CHECK:         seq.group "matmul" -> tensor<4x4xf32> {
// CHECK-NEXT:      linalg.matmul
// CHECK-NEXT:      seq.yield
// CHECK:         seq.group "pointwise"
// CHECK:           linalg.reduce
// CHECK:           arith.subf
// CHECK-NOT:     seq.group
func.func @cycle(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x4xf32>
  %z1 = arith.constant dense<0.0> : tensor<4xf32>
  %m = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  %p = linalg.reduce { arith.addf } ins(%m : tensor<4x4xf32>) outs(%z1 : tensor<4xf32>) dimensions = [1]
  %e = tensor.empty() : tensor<4x4xf32>
  %b = linalg.broadcast ins(%p : tensor<4xf32>) outs(%e : tensor<4x4xf32>) dimensions = [1]
  %d = arith.subf %m, %b : tensor<4x4xf32>
  return %d : tensor<4x4xf32>
}
