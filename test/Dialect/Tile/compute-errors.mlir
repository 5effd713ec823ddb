// SPDX-License-Identifier: Apache-2.0
// Group C: each case is named after the constraint it breaks.
// RUN: seqc-tile-opt --split-input-file --verify-diagnostics %s

tile.kernel @c1_k(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xf32>
  %b = arith.constant dense<1.0> : tensor<9x16xf32>
  // expected-error @+1 {{expects equal extents of b, m, n and k, but got}}
  %d = tile.dot %a, %b : tensor<4x8xf32>, tensor<9x16xf32> -> tensor<4x16xf32>
}

// -----

tile.kernel @c1_m(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xf32>
  %b = arith.constant dense<1.0> : tensor<8x16xf32>
  // expected-error @+1 {{expects equal extents of b, m, n and k, but got}}
  %d = tile.dot %a, %b : tensor<4x8xf32>, tensor<8x16xf32> -> tensor<5x16xf32>
}

// -----

tile.kernel @c1_n(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xf32>
  %b = arith.constant dense<1.0> : tensor<8x16xf32>
  // expected-error @+1 {{expects equal extents of b, m, n and k, but got}}
  %d = tile.dot %a, %b : tensor<4x8xf32>, tensor<8x16xf32> -> tensor<4x17xf32>
}

// -----

tile.kernel @c1_batch(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<2x4x8xf32>
  %b = arith.constant dense<1.0> : tensor<3x8x16xf32>
  // expected-error @+1 {{expects equal extents of b, m, n and k, but got}}
  %d = tile.dot %a, %b : tensor<2x4x8xf32>, tensor<3x8x16xf32> -> tensor<2x4x16xf32>
}

// -----

tile.kernel @c1_result_batch(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<2x4x8xf32>
  %b = arith.constant dense<1.0> : tensor<8x16xf32>
  // expected-error @+1 {{expects equal extents of b, m, n and k, but got}}
  %d = tile.dot %a, %b : tensor<2x4x8xf32>, tensor<8x16xf32> -> tensor<3x4x16xf32>
}

// -----

tile.kernel @c1_rank(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<8xf32>
  %b = arith.constant dense<1.0> : tensor<8x16xf32>
  // expected-error @+1 {{expects A [b.., m, k], B [b.., k, n] or [k, n], D [b.., m, n], but got}}
  %d = tile.dot %a, %b : tensor<8xf32>, tensor<8x16xf32> -> tensor<16xf32>
}

// -----

tile.kernel @c1_half_sum(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xbf16>
  %b = arith.constant dense<1.0> : tensor<8x16xbf16>
  // expected-error @+1 {{expects f16, bf16 or f32 operands with f32 sums}}
  %d = tile.dot %a, %b : tensor<4x8xbf16>, tensor<8x16xbf16> -> tensor<4x16xbf16>
}

// -----

tile.kernel @c1_mixed(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xbf16>
  %b = arith.constant dense<1.0> : tensor<8x16xf16>
  // expected-error @+1 {{expects f16, bf16 or f32 operands with f32 sums}}
  %d = tile.dot %a, %b : tensor<4x8xbf16>, tensor<8x16xf16> -> tensor<4x16xf32>
}

// -----

tile.kernel @c1_i8(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1> : tensor<4x8xi8>
  %b = arith.constant dense<1> : tensor<8x16xi8>
  // expected-error @+1 {{expects f16, bf16 or f32 operands with f32 sums}}
  %d = tile.dot %a, %b : tensor<4x8xi8>, tensor<8x16xi8> -> tensor<4x16xf32>
}

// -----

tile.kernel @c1_acc(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xf32>
  %b = arith.constant dense<1.0> : tensor<8x16xf32>
  %c = arith.constant dense<0.0> : tensor<4x16xbf16>
  // expected-error @+1 {{expects an accumulator of type}}
  %d = tile.dot %a, %b, %c : tensor<4x8xf32>, tensor<8x16xf32>, tensor<4x16xbf16> -> tensor<4x16xf32>
}

// -----

tile.kernel @c1_engine(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %a = arith.constant dense<1.0> : tensor<4x8xf32>
  %b = arith.constant dense<1.0> : tensor<8x16xf32>
  // expected-error @+1 {{one of auto, mma, wgmma}}
  %d = tile.dot %a, %b {engine = simd} : tensor<4x8xf32>, tensor<8x16xf32> -> tensor<4x16xf32>
}

// -----

tile.kernel @c39_dims(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{expects dims to be ascending dims below 2, but got [2]}}
  %r = tile.reduce %t {dims = [2], kind = add} : tensor<4x2xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c39_type(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{without dims [1], but got}}
  %r = tile.reduce %t {dims = [1], kind = add} : tensor<4x2xf32> -> tensor<2xf32>
}

// -----

tile.kernel @c39_or(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{expects integers for kind or, but got}}
  %r = tile.reduce %t {dims = [1], kind = or} : tensor<4x2xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c39_kind(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{one of add, max, min, mul, or, and}}
  %r = tile.reduce %t {dims = [1], kind = mean} : tensor<4x2xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c40_types(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects results of the types of its operands}}
  %r = tile.scan %t {dim = 0, kind = add} : tensor<4xf32> -> tensor<5xf32>
}

// -----

tile.kernel @c40_shapes(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %u = arith.constant dense<1.0> : tensor<5xf32>
  // expected-error @+1 {{expects operands of one shape, but got}}
  %r:2 = tile.scan %t, %u {dim = 0, kind = add} : tensor<4xf32>, tensor<5xf32> -> tensor<4xf32>, tensor<5xf32>
}

// -----

tile.kernel @c40_dim(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects dim to be ascending dims below 1, but got [1]}}
  %r = tile.scan %t {dim = 1, kind = add} : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c40_neither(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects either kind or a region}}
  %r = tile.scan %t {dim = 0} : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c40_both(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects either kind or a region}}
  %r = tile.scan %t {dim = 0, kind = add} : tensor<4xf32> -> tensor<4xf32> combine (%a: f32, %b: f32) {
    tile.yield %a : f32
  }
}

// -----

tile.kernel @c40_kind_operands(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects one operand for kind add, but got 2}}
  %r:2 = tile.scan %t, %t {dim = 0, kind = add} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>, tensor<4xf32>
}

// -----

tile.kernel @c40_arguments(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a region with arguments}}
  %r = tile.scan %t {dim = 0} : tensor<4xf32> -> tensor<4xf32> combine (%a: f32) {
    tile.yield %a : f32
  }
}

// -----

tile.kernel @c40_yield(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %r = tile.scan %t {dim = 0} : tensor<4xf32> -> tensor<4xf32> combine (%a: f32, %b: f32) {
  // expected-error @+1 {{expects ('f32'), but got ('f32', 'f32')}}
    tile.yield %a, %b : f32, f32
  }
}

// -----

tile.kernel @c13_scan_tile(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %r = tile.scan %t {dim = 0} : tensor<4xf32> -> tensor<4xf32> combine (%a: f32, %b: f32) {
  // expected-error @+1 {{is not allowed in the body of tile.scan, which expects arith and math on scalars}}
    %u = arith.addf %t, %t : tensor<4xf32>
    tile.yield %a : f32
  }
}

// -----

tile.kernel @c43_shape(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects inputs and results of shape [5], but got}}
  %r = tile.map %t at [0] (%a: f32, %i: index) {
    tile.yield %a : f32
  } : tensor<4xf32> -> tensor<5xf32>
}

// -----

tile.kernel @c43_offsets(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects one offset per dim of}}
  %r = tile.map %t at [0, 0] (%a: f32, %i: index) {
    tile.yield %a : f32
  } : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c43_arguments(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a region with arguments}}
  %r = tile.map %t at [0] (%a: f32) {
    tile.yield %a : f32
  } : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c43_yield(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %r = tile.map %t at [0] (%a: f32, %i: index) {
  // expected-error @+1 {{expects ('f32'), but got ('index')}}
    tile.yield %i : index
  } : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c13_map_load(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %r = tile.map %t at [0] (%a: f32, %i: index) {
  // expected-error @+1 {{is not allowed in the body of tile.map, which expects arith and math on scalars}}
    %b = tile.load_scalar %vx[%i] : !tile.view<?xf32, [1]>
    tile.yield %b : f32
  } : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c13_map_branch(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %r = tile.map %t at [0] (%a: f32, %i: index) {
    %c = arith.cmpi eq, %i, %n : index
  // expected-error @+1 {{is not allowed in the body of tile.map, which expects arith and math on scalars}}
    %b = scf.if %c -> (f32) {
      scf.yield %a : f32
    } else {
      scf.yield %s : f32
    }
    tile.yield %b : f32
  } : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c13_map_tile(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %r = tile.map %t at [0] (%a: f32, %i: index) {
  // expected-error @+1 {{is not allowed in the body of tile.map, which expects arith and math on scalars}}
    %u = arith.addf %t, %t : tensor<4xf32>
    tile.yield %a : f32
  } : tensor<4xf32> -> tensor<4xf32>
}

// -----

tile.kernel @c41_no_input(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects at least one input}}
  %r = "tile.recur"(%t) <{dim = 0 : i64, operandSegmentSizes = array<i32: 0, 1>}> ({
  ^bb0(%a: tensor<4xf32>):
    tile.yield %a : tensor<4xf32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
}

// -----

tile.kernel @c41_dim(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects dim to be ascending dims below 1, but got [1]}}
  %h, %r = tile.recur %t init(%t) (%a: tensor<4xf32>, %b: tensor<f32>) {
    tile.yield %a, %b : tensor<4xf32>, tensor<f32>
  } {dim = 1} : tensor<4xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
}

// -----

tile.kernel @c41_extent(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %u = arith.constant dense<1.0> : tensor<5xf32>
  // expected-error @+1 {{expects inputs of one extent along dim 0, but got}}
  %h, %r = tile.recur %t, %u init(%t) (%a: tensor<4xf32>, %b: tensor<f32>, %c: tensor<f32>) {
    tile.yield %a, %b : tensor<4xf32>, tensor<f32>
  } {dim = 0} : tensor<4xf32>, tensor<5xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
}

// -----

tile.kernel @c41_states(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{as first results, but got}}
  %r = tile.recur %t init(%t) (%a: tensor<4xf32>, %b: tensor<f32>) {
    tile.yield %a : tensor<4xf32>
  } {dim = 0} : tensor<4xf32> init(tensor<4xf32>) -> tensor<5xf32>
}

// -----

tile.kernel @c41_output_extent(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects outputs of extent 4 along dim 0, but got}}
  %h, %r = tile.recur %t init(%t) (%a: tensor<4xf32>, %b: tensor<f32>) {
    tile.yield %a, %b : tensor<4xf32>, tensor<f32>
  } {dim = 0} : tensor<4xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<5xf32>
}

// -----

tile.kernel @c41_arguments(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a region with arguments}}
  %h, %r = tile.recur %t init(%t) (%a: tensor<4xf32>) {
    tile.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  } {dim = 0} : tensor<4xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
}

// -----

tile.kernel @c41_yield(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %h, %r = tile.recur %t init(%t) (%a: tensor<4xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{but got ('tensor<4xf32>')}}
    tile.yield %a : tensor<4xf32>
  } {dim = 0} : tensor<4xf32> init(tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32>
}

// -----

tile.kernel @c13_recur_store(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vy = tile.view %y sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %h = tile.recur %t init(%t) (%a: tensor<4xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{is not allowed in the body of tile.recur, which expects ops without effects and branches}}
    tile.store %a, %vy[0] : tensor<4xf32>, !tile.view<?xf32, [1]>
    tile.yield %a : tensor<4xf32>
  } {dim = 0} : tensor<4xf32> init(tensor<4xf32>) -> tensor<4xf32>
}

// -----

tile.kernel @c13_recur_branch(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  %h = tile.recur %t init(%t) (%a: tensor<4xf32>, %b: tensor<f32>) {
    %c = arith.cmpi eq, %n, %n : index
  // expected-error @+1 {{is not allowed in the body of tile.recur, which expects ops without effects and branches}}
    %d = scf.if %c -> (tensor<4xf32>) {
      scf.yield %a : tensor<4xf32>
    } else {
      scf.yield %t : tensor<4xf32>
    }
    tile.yield %d : tensor<4xf32>
  } {dim = 0} : tensor<4xf32> init(tensor<4xf32>) -> tensor<4xf32>
}
