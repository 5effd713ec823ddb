// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-tile-opt %s --split-input-file --verify-diagnostics

tile.kernel @missing(%x: !tile.ptr<f32>) level(layout) config(#tile.config<{}>) params(["x"]) access(["read"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  // expected-error @below {{expects tiles with a layout at this level}}
  %t = tile.iota {dim = 0} : tensor<32xi32>
}

// -----

tile.kernel @inexact(%x: !tile.ptr<f32>) level(layout) config(#tile.config<{}>) params(["x"]) access(["read"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  // expected-error @below {{expects tiles with a layout at this level}}
  %t = tile.iota {dim = 0} : tensor<32xi32, #tile.dist<lane [16:1@d0, 2:_]>>
}

// -----

tile.kernel @early(%x: !tile.ptr<f32>) level(block) config(#tile.config<{}>) params(["x"]) access(["read"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  // expected-error @below {{expects tiles without encoding at this level}}
  %t = tile.iota {dim = 0} : tensor<32xi32, #tile.dist<lane [32:1@d0]>>
}

// -----

tile.kernel @shapes(%x: !tile.ptr<f32>) level(layout) config(#tile.config<{}>) params(["x"]) access(["read"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  %t = tile.iota {dim = 0} : tensor<32xi32, #tile.dist<lane [32:1@d0]>>
  // expected-error @below {{expects a result of the shape of}}
  %r = tile.relayout %t : tensor<32xi32, #tile.dist<lane [32:1@d0]>> -> tensor<64xi32, #tile.dist<reg [2:1@d0], lane [32:2@d0]>>
}

// -----

// expected-error @below {{expects reg, lane or warp, but got thread}}
#unknown = #tile.dist<thread [32:1@d0]>
