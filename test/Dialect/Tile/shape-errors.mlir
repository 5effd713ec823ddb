// SPDX-License-Identifier: Apache-2.0
// Group B: each case is named after the constraint it breaks.
// RUN: seqc-tile-opt --split-input-file --verify-diagnostics %s

tile.kernel @c14_reshape(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects 4 elements, but got}}
  %r = tile.reshape %t : tensor<4xf32> -> tensor<5xf32>
}

// -----

tile.kernel @c47_rank(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<1xf32>
  // expected-error @+1 {{expects a tile of rank 0, but got}}
  %r = tile.scalar %t : tensor<1xf32> -> f32
}

// -----

tile.kernel @c47_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<f32>
  // expected-error @+1 {{expects the element type 'f64', but got}}
  %r = tile.scalar %t : tensor<f32> -> f64
}

// -----

tile.kernel @c14_reshape_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects the element type 'f32', but got}}
  %r = tile.reshape %t : tensor<4xf32> -> tensor<4xbf16>
}

// -----

tile.kernel @c14_broadcast(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{with a dim at 1, but got}}
  %r = tile.broadcast %t {at = 1} : tensor<4xf32> -> tensor<2x4xf32>
}

// -----

tile.kernel @c14_broadcast_at(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{with a dim at 2, but got}}
  %r = tile.broadcast %t {at = 2} : tensor<4xf32> -> tensor<4x2xf32>
}

// -----

tile.kernel @c14_broadcast_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects the element type 'f32', but got}}
  %r = tile.broadcast %t {at = 1} : tensor<4xf32> -> tensor<4x2xf64>
}

// -----

tile.kernel @c14_transpose_twice(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{expects a permutation of the dims of}}
  %r = tile.transpose %t [0, 0] : tensor<4x2xf32>
}

// -----

tile.kernel @c14_transpose_short(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{expects a permutation of the dims of}}
  %r = tile.transpose %t [0] : tensor<4x2xf32>
}

// -----

tile.kernel @c14_transpose_range(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{perm entry 2 is not a dim of}}
  %r = tile.transpose %t [0, 2] : tensor<4x2xf32>
}

// -----

tile.kernel @c14_slice_range(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a slice inside}}
  %r = tile.slice %t [1] [4] : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c14_slice_count(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x4xf32>
  // expected-error @+1 {{expects one offset and one size per dim}}
  %r = tile.slice %t [1] [2] : tensor<4x4xf32> -> tensor<2xf32>
}

// -----

tile.kernel @c14_slice_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a result of the sizes [2], but got}}
  %r = tile.slice %t [1] [2] : tensor<4xf32> -> tensor<3xf32>
}

// -----

tile.kernel @c35_iota(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects dim to be ascending dims below 1, but got [1]}}
  %r = tile.iota {dim = 1} : tensor<4xi32>
}

// -----

tile.kernel @c36_splat(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects the element type 'f32', but got}}
  %r = tile.splat %s : f32 -> tensor<4xbf16>
}

// -----

tile.kernel @c37_split_count(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @+1 {{expects 2 parts along dims [0] of}}
  %r = tile.split %t {dims = [0]} : tensor<2x4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c37_split_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @+1 {{expects parts of type}}
  %r:2 = tile.split %t {dims = [0]} : tensor<2x4xf32> -> tensor<4xf32>, tensor<2xf32>
}

// -----

tile.kernel @c37_split_dims(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @+1 {{expects dims to be ascending dims below 2, but got [1, 0]}}
  %r:8 = tile.split %t {dims = [1, 0]} : tensor<2x4xf32> -> tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}

// -----

tile.kernel @c37_join_count(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects 2 parts along dims [0] of}}
  %r = tile.join %t, %t, %t {dims = [0]} : tensor<4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x4xf32>
}

// -----

tile.kernel @c37_join_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects 4 parts along dims [1] of}}
  %r = tile.join %t, %t {dims = [1]} : tensor<4xf32>, tensor<4xf32> -> tensor<2x4xf32>
}

// -----

// expected-error @+1 {{expects a value of type}}
tile.constant @c38_type : tensor<2xf32> = dense<1.0> : tensor<3xf32>

// -----

// expected-error @+1 {{expects tiles of at most 65536 elements}}
tile.constant @c38_size : tensor<65537xf32> = dense<1.0> : tensor<65537xf32>

// -----

tile.kernel @c38_no_constant(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects a tile.constant, but got @nothing}}
  %r = tile.table @nothing : tensor<2xf32>
}

// -----

tile.constant @c : tensor<2xf32> = dense<1.0> : tensor<2xf32>
tile.kernel @c38_table_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{of its constant, but got}}
  %r = tile.table @c : tensor<3xf32>
}
