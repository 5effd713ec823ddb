// SPDX-License-Identifier: Apache-2.0
// Launches: each case is named after what is wrong (C42).
// RUN: seqc-opt --split-input-file --verify-diagnostics %s

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @no_kernel(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects a tile.kernel, but got @nothing}}
  %r = tile.launch @nothing ins(%t : tensor<4xf32>) outs(%t : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @not_a_kernel(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects a tile.kernel, but got @not_a_kernel}}
  %r = tile.launch @not_a_kernel ins(%t : tensor<4xf32>) outs(%t : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @ins(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects 1 ins for @k, but got 0}}
  %r = tile.launch @k ins() outs(%t : tensor<4xf32>) scalars(%n, %s : index, f32) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @outs(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects 1 outs for @k, but got 2}}
  %r:2 = tile.launch @k ins(%t : tensor<4xf32>) outs(%t, %t : tensor<4xf32>, tensor<4xf32>) scalars(%n, %s : index, f32) -> tensor<4xf32>, tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @scalars(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects 2 scalars for @k, but got 1}}
  %r = tile.launch @k ins(%t : tensor<4xf32>) outs(%t : tensor<4xf32>) scalars(%n : index) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @in_type(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects 'f32' for argument x, but got 'tensor<4xbf16>'}}
  %r = tile.launch @k ins(%b : tensor<4xbf16>) outs(%t : tensor<4xf32>) scalars(%n, %s : index, f32) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @out_type(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects 'f32' for argument y, but got 'tensor<4xbf16>'}}
  %r = tile.launch @k ins(%t : tensor<4xf32>) outs(%b : tensor<4xbf16>) scalars(%n, %s : index, f32) -> tensor<4xbf16>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @scalar_type(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects 'index' for argument n, but got 'f32'}}
  %r = tile.launch @k ins(%t : tensor<4xf32>) outs(%t : tensor<4xf32>) scalars(%s, %n : f32, index) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {}
func.func @result_type(%t: tensor<4xf32>, %b: tensor<4xbf16>, %n: index, %s: f32) {
  // expected-error @+1 {{expects the types of its outs as result types}}
  %r = tile.launch @k ins(%t : tensor<4xf32>) outs(%t : tensor<4xf32>) scalars(%n, %s : index, f32) -> tensor<?xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %n: index) level(block) grid { tile.grid_yield %n } {}
func.func @no_access(%t: tensor<4xf32>, %n: index) {
  // expected-error @+1 {{expects a kernel with access, but got @k}}
  %r = tile.launch @k ins() outs(%t : tensor<4xf32>) scalars(%n : index) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %n: index) level(block) params(["x", "n"]) access(["write", "value"]) grid { tile.grid_yield %n } {}
func.func @guards(%t: tensor<4xf32>, %n: index) {
  // expected-error @+1 {{expects one guard per alternative, but got 2 for 1}}
  %r = tile.launch @k ins() outs(%t : tensor<4xf32>) scalars(%n : index) when(%n, %n : [@k]) -> tensor<4xf32>
  return
}

// -----

tile.kernel @k(%x: !tile.ptr<f32>, %n: index) level(block) params(["x", "n"]) access(["write", "value"]) grid { tile.grid_yield %n } {}
tile.kernel @other(%x: !tile.ptr<f32>) level(block) params(["x"]) access(["write"]) grid { %c1 = arith.constant 1 : index tile.grid_yield %c1 } {}
func.func @alternative(%t: tensor<4xf32>, %n: index) {
  // expected-error @+1 {{expects 0 scalars for @other, but got 1}}
  %r = tile.launch @k ins() outs(%t : tensor<4xf32>) scalars(%n : index) when(%n : [@other]) -> tensor<4xf32>
  return
}
