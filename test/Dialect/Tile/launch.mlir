// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-opt %s | FileCheck %s
// RUN: seqc-opt --mlir-print-op-generic %s | seqc-opt | FileCheck %s

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
tile.kernel @fill(%y: !tile.ptr<f32>) level(block) params(["y"]) access(["write"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {}

tile.kernel @small(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}

// CHECK-LABEL: func.func @alternatives
func.func @alternatives(%x: tensor<?x4xf32>, %n: index, %s: f32, %g: index, %h: index) -> tensor<?x4xf32> {
  %e = tensor.empty(%n) : tensor<?x4xf32>
  // CHECK: tile.launch @k ins({{.*}}) outs({{.*}}) scalars({{.*}}) when(%{{.*}}, %{{.*}} : [@small, @k]) -> tensor<?x4xf32>
  %y = tile.launch @k ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) scalars(%n, %s : index, f32) when(%g, %h : [@small, @k]) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x4xf32>, %n: index, %s: f32) -> (tensor<?x4xf32>, tensor<2xf32>) {
  %e = tensor.empty(%n) : tensor<?x4xf32>
  // CHECK: tile.launch @k ins(%{{.*}} : tensor<?x4xf32>) outs(%{{.*}} : tensor<?x4xf32>) scalars(%{{.*}}, %{{.*}} : index, f32) -> tensor<?x4xf32>
  %y = tile.launch @k ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) scalars(%n, %s : index, f32) -> tensor<?x4xf32>
  %e2 = tensor.empty() : tensor<2xf32>
  // CHECK: tile.launch @fill ins() outs(%{{.*}} : tensor<2xf32>) -> tensor<2xf32>
  %z = tile.launch @fill ins() outs(%e2 : tensor<2xf32>) -> tensor<2xf32>
  return %y, %z : tensor<?x4xf32>, tensor<2xf32>
}
