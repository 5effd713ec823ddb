// SPDX-License-Identifier: Apache-2.0
// The kernel's constraints: each case is named after the constraint it breaks.
// RUN: seqc-tile-opt --split-input-file --verify-diagnostics %s

tile.kernel @c18_non_splat(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects a splat as tile constant}}
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
}

// -----

tile.kernel @c20_rank(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles of rank 0 to 6, but got}}
  %c = arith.constant dense<1.0> : tensor<1x1x1x1x1x1x2xf32>
}

// -----

tile.kernel @c20_size(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles of at most 65536 elements, but got}}
  %c = tile.splat %s : f32 -> tensor<65537xf32>
}

// -----

tile.kernel @c20_zero_extent(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles with static extents of at least 1, but got}}
  %c = tile.splat %s : f32 -> tensor<0x4xf32>
}

// -----

tile.kernel @c20_element(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles of f64, f32, f16, bf16, i1, i8, i32 or i64, but got}}
  %c = arith.constant dense<1> : tensor<4xi16>
}

// -----

tile.kernel @c20_index_tile(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles of f64, f32, f16, bf16, i1, i8, i32 or i64, but got}}
  %c = arith.constant dense<1> : tensor<4xindex>
}

// -----

tile.kernel @c20_vector(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles and scalars, but got}}
  %c = arith.constant dense<1.0> : vector<4xf32>
}

// -----

tile.kernel @c21_encoding(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects tiles without encoding at this level, but got}}
  %c = arith.constant dense<1.0> : tensor<4xf32, "row">
}

// -----

tile.kernel @c22_foreign(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{is not allowed in a tile.kernel}}
  builtin.module {}
}

// -----

tile.kernel @c22_no_level(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{is not allowed in a tile.kernel}}
  %r = tile.launch @k ins() outs(%t : tensor<4xf32>) -> tensor<4xf32>
}

// -----

tile.kernel @c22_forall(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{is not allowed in a tile.kernel}}
  scf.forall (%i) in (4) {
  }
}

// -----

tile.kernel @c22_unsigned_loop(%n: index) level(block) grid { tile.grid_yield %n } {
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{expects a signed loop in a kernel, but got unsigned}}
  scf.for unsigned %i = %c1 to %n step %c1 {
  }
}

// -----

tile.kernel @c23_exp(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{is not legal in a kernel: multiply by log2(e) and use math.exp2}}
  %e = math.exp %s : f32
}

// -----

tile.kernel @c23_log(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{is not legal in a kernel: use math.log2 and multiply}}
  %e = math.log %s : f32
}

// -----

tile.kernel @c23_atan(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{is not legal in a kernel}}
  %e = math.atan %s : f32
}

// -----

tile.kernel @c23_extended(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %i = arith.index_cast %n : index to i32
  // expected-error @+1 {{is not legal in a kernel}}
  %a, %b = arith.mulsi_extended %i, %i : i32
}

// -----

tile.kernel @c24_reassoc(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects fast-math flags among contract, but got reassoc}}
  %e = arith.addf %s, %s fastmath<reassoc> : f32
}

// -----

tile.kernel @c24_afn_on_sqrt(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects fast-math flags among contract, but got afn}}
  %e = math.sqrt %s fastmath<afn> : f32
}

// -----

tile.kernel @c24_fast(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects fast-math flags among contract,afn, but got fast}}
  %e = math.exp2 %s fastmath<fast> : f32
}

// -----

// expected-error @+1 {{expects read pointers, written pointers, indices and scalars in this order, but got argument 1 of type 'index' too late}}
tile.kernel @c25_scalar_first(%s: f32, %n: index) level(block) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{in this order, but got argument 1}}
tile.kernel @c25_written_first(%y: !tile.ptr<f32>, %x: !tile.ptr<f32>, %n: index) level(block) params(["y", "x", "n"]) access(["write", "read", "value"]) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects arguments that are pointers, index or scalars of a legal element type, but got}}
tile.kernel @c25_argument_type(%x: tensor<4xf32>, %n: index) level(block) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects arguments that are pointers, index or scalars of a legal element type, but got}}
tile.kernel @c25_pointer_element(%x: !tile.ptr<i16>, %n: index) level(block) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects one name in params per argument, but got 2 for 1}}
tile.kernel @c25_params_count(%n: index) level(block) params(["n", "m"]) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects params that differ and are not empty, but got "n"}}
tile.kernel @c25_params_twice(%m: index, %n: index) level(block) params(["n", "n"]) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects one entry in access per argument, but got 0 for 1}}
tile.kernel @c25_access_count(%n: index) level(block) access([]) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects access value for argument arg0, but got "read"}}
tile.kernel @c25_access_word(%n: index) level(block) access(["read"]) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects access read or write for argument arg0, but got "value"}}
tile.kernel @c25_pointer_access(%x: !tile.ptr<f32>, %n: index) level(block) access(["value", "value"]) grid { tile.grid_yield %n } {}

// -----

tile.kernel @c26_store(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a written pointer, but got x with access read}}
  tile.store %t, %vx[0] : tensor<4xf32>, !tile.view<?xf32, [1]>
}

// -----

tile.kernel @c26_accumulate_subview(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %sv = tile.subview %vx[0] sizes [4] : !tile.view<?xf32, [1]> -> !tile.view<4xf32, [1]>
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{expects a written pointer, but got x with access read}}
  tile.accumulate %t, %sv[0] : tensor<4xf32>, !tile.view<4xf32, [1]>
}

// -----

tile.kernel @c27_select(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %vy = tile.view %y sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %c = arith.cmpi eq, %n, %n : index
  // expected-error @+1 {{must not pass on views and pointers, but got}}
  %v = arith.select %c, %vx, %vy : !tile.view<?xf32, [1]>
}

// -----

tile.kernel @c27_loop(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  %vx = tile.view %x sizes [%n] strides [1] : !tile.ptr<f32> -> !tile.view<?xf32, [1]>
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{must not pass on views and pointers, but got}}
  %v = scf.for %i = %c1 to %n step %c1 iter_args(%w = %vx) -> (!tile.view<?xf32, [1]>) {
    scf.yield %w : !tile.view<?xf32, [1]>
  }
}

// -----

tile.kernel @c28_grid_op(%n: index) level(block) grid {
  // expected-error @+1 {{is not allowed in a grid region, which expects arithmetic on index arguments}}
  %t = arith.constant dense<1.0> : tensor<4xf32>
  tile.grid_yield %n
} {}

// -----

tile.kernel @c28_grid_type(%n: index, %i: i32) level(block) grid {
  // expected-error @+1 {{is not allowed in a grid region, which expects arithmetic on index arguments}}
  %t = arith.addi %i, %i : i32
  tile.grid_yield %n
} {}

// -----

tile.kernel @c28_program_id_in_grid(%n: index) level(block) grid {
  // expected-error @+1 {{is not allowed in a grid region}}
  %t = tile.program_id 0
  tile.grid_yield %t
} {}

// -----

tile.kernel @c28_no_extents(%n: index) level(block) grid {
  // expected-error @+1 {{expects 1 to 3 extents, but got 0}}
  tile.grid_yield
} {}

// -----

tile.kernel @c28_four_extents(%n: index) level(block) grid {
  // expected-error @+1 {{expects 1 to 3 extents, but got 4}}
  tile.grid_yield %n, %n, %n, %n
} {}

// -----

// expected-error @+1 {{expects the grid region to end with tile.grid_yield}}
tile.kernel @c28_no_yield(%n: index) level(block) grid {
  %c = arith.constant 1 : index
} {}

// -----

tile.kernel @c28_num_sms_in_body(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{stands in grid regions only}}
  %m = tile.num_sms
}

// -----

tile.kernel @c28_program_id_dim(%x: !tile.ptr<f32>, %y: !tile.ptr<f32>, %n: index, %s: f32) level(block)
  params(["x", "y", "n", "s"]) access(["read", "write", "value", "value"]) grid { tile.grid_yield %n } {
  // expected-error @+1 {{expects a dim of the grid, which has 1, but got 1}}
  %m = tile.program_id 1
}

// -----

// expected-error @+1 {{expected integer value}}
tile.kernel @c45_config(%n: index) level(block) config(#tile.config<{a = "x"}>) grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects strings in tile.assume, but got 1}}
tile.kernel @c46_not_a_string(%n: index) level(block) params(["n"]) attributes {tile.assume = [1]} grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects a predicate in tile.assume, but got "n %"}}
tile.kernel @c46_syntax(%n: index) level(block) params(["n"]) attributes {tile.assume = ["n %"]} grid { tile.grid_yield %n } {}

// -----

// expected-error @+1 {{expects names of index arguments in tile.assume, but got m}}
tile.kernel @c46_name(%n: index) level(block) params(["n"]) attributes {tile.assume = ["m == 1"]} grid { tile.grid_yield %n } {}
