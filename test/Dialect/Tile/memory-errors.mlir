// SPDX-License-Identifier: Apache-2.0
// Views and accesses: each case is named after the constraint it breaks.
// RUN: seqc-tile-opt --split-input-file --verify-diagnostics %s

tile.kernel @c15_rank(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  // expected-error @+1 {{expects a tile of at most the view's rank 1, but got}}
  %t = tile.load %vx[0] : !tile.view<?xf32, [1]> -> tensor<4x4xf32>
}

// -----

tile.kernel @c15_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  // expected-error @+1 {{expects the element type of}}
  %t = tile.load %vx[0] : !tile.view<?xf32, [1]> -> tensor<4xbf16>
}

// -----

tile.kernel @c15_store_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vy = tile.view %y sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xbf16>
  // expected-error @+1 {{expects the element type of}}
  tile.store %t, %vy[0] : tensor<4xbf16>, !tile.view<?xf32, [1]>
}

// -----

tile.kernel @c30_static_size(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects the sizes and strides of its type, but got sizes [4] and strides [1]}}
  %v = tile.view %x sizes [4] strides [1] : !tile.ptr<f32> -> !tile.view<5xf32, [1]>
}

// -----

tile.kernel @c30_dynamic_stride(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects the sizes and strides of its type, but got sizes [4] and strides [?]}}
  %v = tile.view %x sizes [4] strides [%n] : !tile.ptr<f32> -> !tile.view<4xf32, [1]>
}

// -----

tile.kernel @c30_rank(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects the sizes and strides of its type}}
  %v = tile.view %x sizes [4, 4] strides [4, 1] : !tile.ptr<f32> -> !tile.view<4xf32, [1]>
}

// -----

tile.kernel @c30_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects the element type of its pointer, but got 'bf16'}}
  %v = tile.view %x sizes [4] strides [1] : !tile.ptr<f32> -> !tile.view<4xbf16, [1]>
}

// -----

// expected-error @+1 {{view expects one stride per dim, but got 1 dims and 0 strides}}
tile.kernel @c30_strides(%v: !tile.view<4xf32, []>) level(block) grid {
} {}

// -----

tile.kernel @c31_count(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  // expected-error @+1 {{expects one offset and one size per dim}}
  %v = tile.subview %v2[0] sizes [4, 16] : !tile.view<?x16xf32, [16, 1]> -> !tile.view<4x16xf32, [16, 1]>
}

// -----

tile.kernel @c31_drop_dim(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  // expected-error @+1 {{expects drop to be ascending dims below 2, but got [2]}}
  %v = tile.subview %v2[0, 0] sizes [1, 16] {drop = [2]} : !tile.view<?x16xf32, [16, 1]> -> !tile.view<16xf32, [1]>
}

// -----

tile.kernel @c31_drop_size(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  // expected-error @+1 {{expects dropped dims of size 1, but got [?] for dim 0}}
  %v = tile.subview %v2[0, 0] sizes [%n, 16] {drop = [0]} : !tile.view<?x16xf32, [16, 1]> -> !tile.view<16xf32, [1]>
}

// -----

tile.kernel @c31_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  // expected-error @+1 {{expects the result type}}
  %v = tile.subview %v2[0, 0] sizes [4, 8] : !tile.view<?x16xf32, [16, 1]> -> !tile.view<4x8xf32, [8, 1]>
}

// -----

tile.kernel @c32_load(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  // expected-error @+1 {{expects one coordinate per dim of}}
  %t = tile.load %v2[0] : !tile.view<?x16xf32, [16, 1]> -> tensor<4xf32>
}

// -----

tile.kernel @c32_load_scalar(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  // expected-error @+1 {{expects one coordinate per dim of}}
  %t = tile.load_scalar %v2[0] : !tile.view<?x16xf32, [16, 1]>
}

// -----

tile.kernel @c32_store(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vy = tile.view %y sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects one coordinate per dim of}}
  tile.store %t, %vy[0, 0] : tensor<4xf32>, !tile.view<?xf32, [1]>
}

// -----

tile.kernel @c32_accumulate(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vy = tile.view %y sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects one coordinate per dim of}}
  tile.accumulate %t, %vy[] : tensor<4xf32>, !tile.view<?xf32, [1]>
}

// -----

tile.kernel @c33_load(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  // expected-error @+1 {{expects inbounds to be ascending dims below 1, but got [1]}}
  %t = tile.load %vx[0] {inbounds = [1]} : !tile.view<?xf32, [1]> -> tensor<4xf32>
}

// -----

tile.kernel @c33_store(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vy = tile.view %y sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects inbounds to be ascending dims below 1, but got [0, 0]}}
  tile.store %t, %vy[0] {inbounds = [0, 0]} : tensor<4xf32>, !tile.view<?xf32, [1]>
}

// -----

tile.kernel @c34_index_rank(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  %i = arith.constant dense<1> : tensor<2x2xi32>
  // expected-error @+1 {{expects a tile of i32 or i64 of rank 1 as indices}}
  %t = tile.gather %v2[0, 0] by %i {dim = 0} : !tile.view<?x16xf32, [16, 1]>, tensor<2x2xi32> -> tensor<4x16xf32>
}

// -----

tile.kernel @c34_index_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  %i = arith.constant dense<1> : tensor<4xi8>
  // expected-error @+1 {{expects a tile of i32 or i64 of rank 1 as indices}}
  %t = tile.gather %v2[0, 0] by %i {dim = 0} : !tile.view<?x16xf32, [16, 1]>, tensor<4xi8> -> tensor<4x16xf32>
}

// -----

tile.kernel @c34_dim(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  %i = arith.constant dense<1> : tensor<4xi32>
  // expected-error @+1 {{expects a dim among 1 to 1, which the tile covers, but got 0}}
  %t = tile.gather %v2[0, 0] by %i {dim = 0} : !tile.view<?x16xf32, [16, 1]>, tensor<4xi32> -> tensor<4xf32>
}

// -----

tile.kernel @c34_rows(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %v2 = tile.view %x sizes [%n, 16] strides [16, 1] : !tile.ptr<f32> -> !tile.view<?x16xf32, [16, 1]>
  %i = arith.constant dense<1> : tensor<4xi32>
  // expected-error @+1 {{expects 4 rows, one per index, but got 8}}
  %t = tile.gather %v2[0, 0] by %i {dim = 0} : !tile.view<?x16xf32, [16, 1]>, tensor<4xi32> -> tensor<8x16xf32>
}

// -----

tile.kernel @c44_element(%y: !tile.ptr<i8>, %n: index) level(block) grid { tile.grid_yield %n } {
  %v = tile.view %y sizes [4] strides [1] : !tile.ptr<i8> -> !tile.view<4xi8, [1]>
  %t = arith.constant dense<1> : tensor<4xi8>
  // expected-error @+1 {{expects elements of f64, f32, f16, bf16 or i32, but got 'i8'}}
  tile.accumulate %t, %v[0] : tensor<4xi8>, !tile.view<4xi8, [1]>
}

// -----

// The least integer marks a value among the coordinates.
tile.kernel @least_coordinate(%x: !tile.ptr<f32>, %n: index) level(block) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  // expected-error @+1 {{expects constants above the least 64-bit integer, but got -9223372036854775808}}
  %t = tile.load %vx[-9223372036854775808] : !tile.view<?xf32, [1]> -> tensor<4xf32>
}
