// Dims of results come from operands; folded constants stay inside regions.
// RUN: seqc-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s

// CHECK-LABEL: func @attention_dims
// CHECK-SAME: %[[Q:.*]]: tensor<?x?x?x8xf32>, %{{.*}}: tensor<?x?x?x8xf32>, %{{.*}}: tensor<?x?x?x4xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Q]], %[[C0]]
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK: return %[[B]], %[[M]], %[[C4]]
func.func @attention_dims(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>, %v: tensor<?x?x?x4xf32>) -> (index, index, index) {
  %o, %lse = seq.attention %q, %k, %v : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x4xf32> -> tensor<?x?x?x?xf32>, tensor<?x?x?xf32>
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %b = tensor.dim %lse, %c0 : tensor<?x?x?xf32>
  %m = tensor.dim %o, %c2 : tensor<?x?x?x?xf32>
  %dv = tensor.dim %o, %c3 : tensor<?x?x?x?xf32>
  return %b, %m, %dv : index, index, index
}

// CHECK-LABEL: func @iota_dims
// CHECK-SAME: %[[N:.*]]: index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: return %[[C3]], %[[N]]
func.func @iota_dims(%n: index) -> (index, index) {
  %0 = seq.iota(%n) {dim = 1} : tensor<3x?xi64>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.dim %0, %c0 : tensor<3x?xi64>
  %b = tensor.dim %0, %c1 : tensor<3x?xi64>
  return %a, %b : index, index
}

// CHECK-LABEL: func @constants_stay_in_regions
// CHECK: score_mod {
// CHECK: arith.constant 2.000000e+00 : f32
// CHECK: seq.yield
func.func @constants_stay_in_regions(%q: tensor<1x1x2x8xf32>) -> tensor<1x1x2x8xf32> {
  %o = seq.attention %q, %q, %q score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    %one = arith.constant 1.0 : f32
    %two = arith.addf %one, %one : f32
    %y = arith.mulf %s, %two : f32
    seq.yield %y : f32
  } : tensor<1x1x2x8xf32>, tensor<1x1x2x8xf32>, tensor<1x1x2x8xf32> -> tensor<1x1x2x8xf32>
  return %o : tensor<1x1x2x8xf32>
}
