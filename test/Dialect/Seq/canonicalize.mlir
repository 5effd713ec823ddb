// RUN: seqc-opt %s --seq-canonicalize --cse --split-input-file | FileCheck %s

// The epilogue of a matmul sees the accumulator's shape: bias, gelu-like chain, residual, next matmul.
// CHECK-LABEL: func @epilogue_at_accumulator_shape
// CHECK-SAME: %[[X:.*]]: tensor<?x?x8xf32> {{.*}}, %[[BIAS:.*]]: tensor<16xf32>, %[[RES:.*]]: tensor<?x?x16xf32>
// CHECK: %[[Y:.*]] = linalg.matmul
// CHECK: %[[B:.*]] = linalg.broadcast ins(%[[BIAS]] : tensor<16xf32>) outs(%{{.*}} : tensor<?x16xf32>) dimensions = [0]
// CHECK: %[[Z:.*]] = arith.addf %[[Y]], %[[B]] : tensor<?x16xf32>
// CHECK: %[[T:.*]] = math.tanh %[[Z]] : tensor<?x16xf32>
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[RES]]
// CHECK: %[[S:.*]] = arith.addf %[[T]], %[[R]] : tensor<?x16xf32>
// CHECK: %[[E:.*]] = tensor.expand_shape %[[S]]
// CHECK: return %[[E]]
func.func @epilogue_at_accumulator_shape(%x: tensor<?x?x8xf32> {seq.dims = ["B", "L", 8]}, %w: tensor<8x16xf32>, %bias: tensor<16xf32>,
                                         %res: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %l = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %n = arith.muli %b, %l : index
  %zero = arith.constant dense<0.0> : tensor<f32>
  %e = tensor.empty(%n) : tensor<?x16xf32>
  %acc = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x16xf32>) dimensions = [0, 1]
  %x2 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  %y = linalg.matmul ins(%x2, %w : tensor<?x8xf32>, tensor<8x16xf32>) outs(%acc : tensor<?x16xf32>) -> tensor<?x16xf32>
  %y3 = tensor.expand_shape %y [[0, 1], [2]] output_shape [%b, %l, 16] : tensor<?x16xf32> into tensor<?x?x16xf32>
  %e3 = tensor.empty(%b, %l) : tensor<?x?x16xf32>
  %bb = linalg.broadcast ins(%bias : tensor<16xf32>) outs(%e3 : tensor<?x?x16xf32>) dimensions = [0, 1]
  %z = arith.addf %y3, %bb : tensor<?x?x16xf32>
  %t = math.tanh %z : tensor<?x?x16xf32>
  %s = arith.addf %t, %res : tensor<?x?x16xf32>
  return %s : tensor<?x?x16xf32>
}

// -----

// A broadcast over one of the joined dims only cannot be written at the lower rank: left alone.
// CHECK-LABEL: func @negative_mixed_broadcast
// CHECK: %[[E:.*]] = tensor.expand_shape
// CHECK: arith.addf %[[E]], %{{.*}} : tensor<2x4x5x7xf32>
func.func @negative_mixed_broadcast(%s: tensor<8x5x7xf32>, %bias: tensor<2x5x7xf32>) -> tensor<2x4x5x7xf32> {
  %s4 = tensor.expand_shape %s [[0, 1], [2], [3]] output_shape [2, 4, 5, 7] : tensor<8x5x7xf32> into tensor<2x4x5x7xf32>
  %e = tensor.empty() : tensor<2x4x5x7xf32>
  %bb = linalg.broadcast ins(%bias : tensor<2x5x7xf32>) outs(%e : tensor<2x4x5x7xf32>) dimensions = [1]
  %r = arith.addf %s4, %bb : tensor<2x4x5x7xf32>
  return %r : tensor<2x4x5x7xf32>
}

// -----

// Two expands of one form, a splat, a select with a condition of another type.
// CHECK-LABEL: func @operands_of_several_kinds
// CHECK-SAME: %[[A:.*]]: tensor<6xf32>, %[[B:.*]]: tensor<6xf32>
// CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : tensor<6xf32>
// CHECK: %[[C:.*]] = arith.cmpf olt, %[[A]], %[[ONE]] : tensor<6xf32>
// CHECK: %[[S:.*]] = arith.select %[[C]], %[[A]], %[[B]] : tensor<6xi1>, tensor<6xf32>
// CHECK: tensor.expand_shape %[[S]]
func.func @operands_of_several_kinds(%a: tensor<6xf32>, %b: tensor<6xf32>) -> tensor<2x3xf32> {
  %a2 = tensor.expand_shape %a [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
  %b2 = tensor.expand_shape %b [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
  %one = arith.constant dense<1.0> : tensor<2x3xf32>
  %c = arith.cmpf olt, %a2, %one : tensor<2x3xf32>
  %s = arith.select %c, %a2, %b2 : tensor<2x3xi1>, tensor<2x3xf32>
  return %s : tensor<2x3xf32>
}

// -----

// Chains of reshapes and transposes; an identity transpose and an empty broadcast.
// CHECK-LABEL: func @chains
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: return %[[X]]
func.func @chains(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
  %1 = tensor.collapse_shape %0 [[0, 1]] : tensor<6x4xf32> into tensor<24xf32>
  %2 = tensor.expand_shape %1 [[0, 1, 2]] output_shape [2, 3, 4] : tensor<24xf32> into tensor<2x3x4xf32>
  %e = tensor.empty() : tensor<2x4x3xf32>
  %3 = linalg.transpose ins(%2 : tensor<2x3x4xf32>) outs(%e : tensor<2x4x3xf32>) permutation = [0, 2, 1]
  %e1 = tensor.empty() : tensor<2x3x4xf32>
  %4 = linalg.transpose ins(%3 : tensor<2x4x3xf32>) outs(%e1 : tensor<2x3x4xf32>) permutation = [0, 2, 1]
  %5 = linalg.broadcast ins(%4 : tensor<2x3x4xf32>) outs(%e1 : tensor<2x3x4xf32>) dimensions = []
  return %5 : tensor<2x3x4xf32>
}

// -----

// Sizes of results come from arguments.
// CHECK-LABEL: func @dims
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK-DAG: %[[L:.*]] = tensor.dim %[[X]], %[[C1]]
// CHECK: %[[N:.*]] = arith.muli %[[B]], %[[L]]
// CHECK: return %[[N]], %[[L]]
func.func @dims(%x: tensor<?x?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = math.tanh %x : tensor<?x?xf32>
  %z = tensor.collapse_shape %y [[0, 1]] : tensor<?x?xf32> into tensor<?xf32>
  %n = tensor.dim %z, %c0 : tensor<?xf32>
  %l = tensor.dim %y, %c1 : tensor<?x?xf32>
  return %n, %l : index, index
}

// -----

// The size of a dim that is collapsed out of three.
// CHECK-LABEL: func @size_of_three
// CHECK-SAME: %[[X:.*]]: tensor<?x?x?xf32>
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[C:.*]] = tensor.dim %[[X]], %c2
// CHECK-DAG: %[[AB:.*]] = arith.muli %[[A]], %[[B]]
// CHECK-DAG: %[[N:.*]] = arith.muli %[[AB]], %[[C]]
// CHECK: return %[[N]]
func.func @size_of_three(%x: tensor<?x?x?xf32>) -> index {
  %c0 = arith.constant 0 : index
  %y = tensor.collapse_shape %x [[0, 1, 2]] : tensor<?x?x?xf32> into tensor<?xf32>
  %n = tensor.dim %y, %c0 : tensor<?xf32>
  return %n : index
}

// -----

// A broadcast under a collapse to static sizes: the new one has the collapsed sizes.
// CHECK-LABEL: func @static_collapse_of_broadcast
// CHECK-SAME: %[[X:.*]]: tensor<4xi1>, %[[Y:.*]]: tensor<1x4xi1>
// CHECK: %[[C:.*]] = tensor.collapse_shape %[[Y]] {{.*}} into tensor<4xi1>
// CHECK: arith.ori %[[X]], %[[C]] : tensor<4xi1>
func.func @static_collapse_of_broadcast(%x: tensor<4xi1>, %y: tensor<1x4xi1>) -> tensor<4xi1> {
  %e = tensor.empty() : tensor<1x4xi1>
  %b = linalg.broadcast ins(%x : tensor<4xi1>) outs(%e : tensor<1x4xi1>) dimensions = [0]
  %o = arith.ori %b, %y : tensor<1x4xi1>
  %r = tensor.collapse_shape %o [[0, 1]] : tensor<1x4xi1> into tensor<4xi1>
  return %r : tensor<4xi1>
}
