// Round trip of the scans: print; parse what was printed; generic form. Dims of results come from operands.
// RUN: seqc-opt %s | FileCheck %s
// RUN: seqc-opt %s | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --mlir-print-op-generic | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s --check-prefix=DIMS

// CHECK-LABEL: func @linear_plain
// CHECK: seq.linear_scan %{{.*}}, %{{.*}} : tensor<?x4x?xf32>, tensor<?x4x?xf32> -> tensor<?x4x?xf32>
func.func @linear_plain(%a: tensor<?x4x?xf32>, %b: tensor<?x4x?xf32>) -> tensor<?x4x?xf32> {
  %h = seq.linear_scan %a, %b : tensor<?x4x?xf32>, tensor<?x4x?xf32> -> tensor<?x4x?xf32>
  return %h : tensor<?x4x?xf32>
}

// CHECK-LABEL: func @linear_options
// CHECK: seq.linear_scan %{{.*}}, %{{.*}} initial(%{{.*}} : tensor<?x4xf32>) {reverse} : tensor<4xf32>, tensor<?x4x?xbf16> -> tensor<?x4x?xbf16>, tensor<?x4xf32>
// DIMS-LABEL: func @linear_options
// DIMS-SAME: %{{.*}}: tensor<4xf32>, %[[X:.*]]: tensor<?x4x?xbf16>
// DIMS-DAG: %[[C0:.*]] = arith.constant 0 : index
// DIMS-DAG: %[[C2:.*]] = arith.constant 2 : index
// DIMS-DAG: %[[L:.*]] = tensor.dim %[[X]], %[[C2]]
// DIMS-DAG: %[[B:.*]] = tensor.dim %[[X]], %[[C0]]
// DIMS: return %[[L]], %[[B]]
func.func @linear_options(%a: tensor<4xf32>, %b: tensor<?x4x?xbf16>, %i: tensor<?x4xf32>) -> (index, index) {
  %h, %f = seq.linear_scan %a, %b initial(%i : tensor<?x4xf32>) {reverse} : tensor<4xf32>, tensor<?x4x?xbf16> -> tensor<?x4x?xbf16>, tensor<?x4xf32>
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %l = tensor.dim %h, %c2 : tensor<?x4x?xbf16>
  %n = tensor.dim %f, %c0 : tensor<?x4xf32>
  return %l, %n : index, index
}

// CHECK-LABEL: func @linear_complex
// CHECK: -> tensor<2x4x5xcomplex<f64>>, tensor<2x4xcomplex<f64>>
func.func @linear_complex(%a: tensor<4xcomplex<f64>>, %b: tensor<2x4x5xcomplex<f64>>) -> tensor<2x4xcomplex<f64>> {
  %h, %f = seq.linear_scan %a, %b : tensor<4xcomplex<f64>>, tensor<2x4x5xcomplex<f64>> -> tensor<2x4x5xcomplex<f64>>, tensor<2x4xcomplex<f64>>
  return %f : tensor<2x4xcomplex<f64>>
}

// CHECK-LABEL: func @selective_plain
// CHECK: seq.selective_scan %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x6x5xf16>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<6x4xf16>, tensor<2x3x4x5xf16> -> tensor<2x6x5xf16>
func.func @selective_plain(%u: tensor<2x6x5xf16>, %dt: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<6x4xf16>, %C: tensor<2x3x4x5xf16>) -> tensor<2x6x5xf16> {
  %y = seq.selective_scan %u, %dt, %A, %B, %C : tensor<2x6x5xf16>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<6x4xf16>, tensor<2x3x4x5xf16> -> tensor<2x6x5xf16>
  return %y : tensor<2x6x5xf16>
}

// CHECK-LABEL: func @selective_options
// CHECK: D(%{{.*}} : tensor<6xf32>) z(%{{.*}} : tensor<?x6x?xbf16>) delta_bias(%{{.*}} : tensor<6xf32>) initial(%{{.*}} : tensor<?x6x4xf32>) {delta_softplus}
// CHECK-SAME: -> tensor<?x6x?xbf16>, tensor<?x6x4xf32>
func.func @selective_options(%u: tensor<?x6x?xbf16>, %A: tensor<6x4xf32>, %B: tensor<?x1x4x?xbf16>, %D: tensor<6xf32>, %i: tensor<?x6x4xf32>)
    -> (tensor<?x6x?xbf16>, tensor<?x6x4xf32>) {
  %y, %f = seq.selective_scan %u, %u, %A, %B, %B D(%D : tensor<6xf32>) z(%u : tensor<?x6x?xbf16>) delta_bias(%D : tensor<6xf32>) initial(%i : tensor<?x6x4xf32>)
    {delta_softplus} : tensor<?x6x?xbf16>, tensor<?x6x?xbf16>, tensor<6x4xf32>, tensor<?x1x4x?xbf16>, tensor<?x1x4x?xbf16> -> tensor<?x6x?xbf16>, tensor<?x6x4xf32>
  return %y, %f : tensor<?x6x?xbf16>, tensor<?x6x4xf32>
}

// CHECK-LABEL: func @selective_packed
// CHECK: cu_seqlens(%{{.*}} : tensor<?xi64>)
// DIMS-LABEL: func @selective_packed
// DIMS: %[[ENDS:.*]] = tensor.dim %{{.*}} : tensor<?xi64>
// DIMS: %[[S:.*]] = arith.subi %[[ENDS]], %c1
// DIMS: return %[[S]]
func.func @selective_packed(%u: tensor<1x6x?xf32>, %A: tensor<6x4xf32>, %B: tensor<1x1x4x?xf32>, %cu: tensor<?xi64>) -> index {
  %y, %f = seq.selective_scan %u, %u, %A, %B, %B cu_seqlens(%cu : tensor<?xi64>)
    : tensor<1x6x?xf32>, tensor<1x6x?xf32>, tensor<6x4xf32>, tensor<1x1x4x?xf32>, tensor<1x1x4x?xf32> -> tensor<1x6x?xf32>, tensor<?x6x4xf32>
  %c0 = arith.constant 0 : index
  %s = tensor.dim %f, %c0 : tensor<?x6x4xf32>
  return %s : index
}
