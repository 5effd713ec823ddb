// Round trip of seq.long_conv and seq.short_conv, and their dims.
// RUN: seqc-opt %s | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s --check-prefix=DIMS

// CHECK-LABEL: func @long
func.func @long(%u: tensor<?x6x?xbf16>, %k: tensor<3x?xf32>, %d: tensor<6xf32>, %g: tensor<?x6x?xbf16>, %s: tensor<?x6x?xf32>) {
  // CHECK: %{{.*}} = seq.long_conv %{{.*}}, %{{.*}} : tensor<?x6x?xbf16>, tensor<3x?xf32> -> tensor<?x6x?xbf16>
  %0 = seq.long_conv %u, %k {mode = "causal", reverse_offset = 0} : tensor<?x6x?xbf16>, tensor<3x?xf32> -> tensor<?x6x?xbf16>
  // CHECK: seq.long_conv %{{.*}}, %{{.*}} k_rev(%{{.*}} : tensor<3x?xf32>) skip(%{{.*}} : tensor<6xf32>) {mode = "bidirectional", reverse_offset = 1 : i64}
  %1 = seq.long_conv %u, %k k_rev(%k : tensor<3x?xf32>) skip(%d : tensor<6xf32>) {mode = "bidirectional", reverse_offset = 1} : tensor<?x6x?xbf16>, tensor<3x?xf32> -> tensor<?x6x?xbf16>
  // CHECK: %{{.*}}, %{{.*}} = seq.long_conv {{.*}} pre_gate(%{{.*}} : tensor<?x6x?xbf16>) post_gate(%{{.*}} : tensor<?x6x?xbf16>) tail(%{{.*}} : tensor<?x6x?xf32>) : {{.*}} -> tensor<?x6x?xbf16>, tensor<?x6x?xf32>
  %2, %t = seq.long_conv %u, %k pre_gate(%g : tensor<?x6x?xbf16>) post_gate(%g : tensor<?x6x?xbf16>) tail(%s : tensor<?x6x?xf32>)
      : tensor<?x6x?xbf16>, tensor<3x?xf32> -> tensor<?x6x?xbf16>, tensor<?x6x?xf32>
  return
}

// CHECK-LABEL: func @short
func.func @short(%u: tensor<?x6x?xf16>, %w: tensor<6x4xf16>, %b: tensor<6xf32>, %s: tensor<?x6x3xf16>) {
  // CHECK: seq.short_conv %{{.*}}, %{{.*}} : tensor<?x6x?xf16>, tensor<6x4xf16> -> tensor<?x6x?xf16>
  %0 = seq.short_conv %u, %w : tensor<?x6x?xf16>, tensor<6x4xf16> -> tensor<?x6x?xf16>
  // CHECK: seq.short_conv %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<6xf32>) state(%{{.*}} : tensor<?x6x3xf16>) {activation = "silu"}
  %1, %t = seq.short_conv %u, %w bias(%b : tensor<6xf32>) state(%s : tensor<?x6x3xf16>) {activation = "silu"} : tensor<?x6x?xf16>, tensor<6x4xf16> -> tensor<?x6x?xf16>, tensor<?x6x3xf16>
  return
}

// DIMS-LABEL: func @dims
// DIMS-SAME: %[[U:.*]]: tensor<?x?x?xf32>, %[[K:.*]]: tensor<?x?xf32>
// DIMS-DAG: %[[C1:.*]] = arith.constant 1 : index
// DIMS-DAG: %[[C2:.*]] = arith.constant 2 : index
// DIMS-DAG: %[[L:.*]] = tensor.dim %[[U]], %[[C2]]
// DIMS-DAG: %[[D:.*]] = tensor.dim %[[U]], %[[C1]]
// DIMS-DAG: %[[LK:.*]] = tensor.dim %[[K]], %[[C1]]
// DIMS-DAG: %[[LT:.*]] = arith.subi %[[LK]], %[[C1]]
// DIMS: return %[[L]], %[[D]], %[[LT]]
func.func @dims(%u: tensor<?x?x?xf32>, %k: tensor<?x?xf32>) -> (index, index, index) {
  %y, %t = seq.long_conv %u, %k : tensor<?x?x?xf32>, tensor<?x?xf32> -> tensor<?x?x?xf32>, tensor<?x?x?xf32>
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %l = tensor.dim %y, %c2 : tensor<?x?x?xf32>
  %d = tensor.dim %t, %c1 : tensor<?x?x?xf32>
  %lt = tensor.dim %t, %c2 : tensor<?x?x?xf32>
  return %l, %d, %lt : index, index, index
}
