// One case per numbered constraint of seq.attention.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

// -----

func.func @c1_q_rank(%q: tensor<8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects q to have rank 4, but got 'tensor<8x5x16xf32>'}}
  %o = seq.attention %q, %k, %v : tensor<8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c1_v_rank(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16x1xf32>) {
  // expected-error@+1 {{expects v to have rank 4, but got 'tensor<2x2x7x16x1xf32>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16x1xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c2_integer(%q: tensor<2x8x5x16xi32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects q to have element type f32, f16, bf16 or f64, but got 'tensor<2x8x5x16xi32>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xi32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c2_mixed(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xbf16>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects k to have the element type 'f32' of q, but got 'tensor<2x2x7x16xbf16>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xbf16>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c2_result(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects o to have the element type 'f32' of q, but got 'tensor<2x8x5x16xf16>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf16>
  return
}

// -----

func.func @c3_batch(%q: tensor<2x8x5x16xf32>, %k: tensor<3x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects q and k to agree in batch size, but got 2 and 3}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<3x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c3_batch_kv(%q: tensor<?x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<3x2x7x16xf32>) {
  // expected-error@+1 {{expects k and v to agree in batch size, but got 2 and 3}}
  %o = seq.attention %q, %k, %v : tensor<?x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<3x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c4_heads(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x4x7x16xf32>) {
  // expected-error@+1 {{expects k and v to agree in heads, but got 2 and 4}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x4x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c4_length(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x6x16xf32>) {
  // expected-error@+1 {{expects k and v to agree in length, but got 7 and 6}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x6x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c5_head_dim(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x8xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects q and k to agree in head dim, but got 16 and 8}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x8xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c5_dynamic(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x?xf32>) {
  // expected-error@+1 {{expects the head dim of v to be static and above 0, but got 'tensor<2x2x7x?xf32>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x?xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c5_zero(%q: tensor<2x8x5x0xf32>, %k: tensor<2x2x7x0xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects the head dim of q to be static and above 0, but got 'tensor<2x8x5x0xf32>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x0xf32>, tensor<2x2x7x0xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c6_multiple(%q: tensor<2x8x5x16xf32>, %k: tensor<2x3x7x16xf32>, %v: tensor<2x3x7x16xf32>) {
  // expected-error@+1 {{expects the heads of q to be a multiple of the heads of k, but got 8 and 3}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x3x7x16xf32>, tensor<2x3x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c6_none(%q: tensor<2x8x5x16xf32>, %k: tensor<2x0x7x16xf32>, %v: tensor<2x0x7x16xf32>) {
  // expected-error@+1 {{expects k to have at least one head, but got 'tensor<2x0x7x16xf32>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x0x7x16xf32>, tensor<2x0x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c7_o(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x24xf32>) {
  // expected-error@+1 {{expects o to be compatible with 'tensor<2x8x5x24xf32>', but got 'tensor<2x8x5x16xf32>'}}
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x24xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c7_lse_type(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects lse to be compatible with 'tensor<2x8x5xf32>', but got 'tensor<2x8x5xf64>'}}
  %o, %l = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>, tensor<2x8x5xf64>
  return
}

// -----

func.func @c7_lse_shape(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects lse to be compatible with 'tensor<2x8x5xf32>', but got 'tensor<2x8x5x1xf32>'}}
  %o, %l = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>, tensor<2x8x5x1xf32>
  return
}

// -----

func.func @c8_rank(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<5x7xf32>) {
  // expected-error@+1 {{expects bias to have rank 4 and a float element type, but got 'tensor<5x7xf32>'}}
  %o = seq.attention %q, %k, %v bias(%x : tensor<5x7xf32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c8_type(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<1x1x5x7xi1>) {
  // expected-error@+1 {{expects bias to have rank 4 and a float element type, but got 'tensor<1x1x5x7xi1>'}}
  %o = seq.attention %q, %k, %v bias(%x : tensor<1x1x5x7xi1>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c8_keys(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<1x1x5x5xf32>) {
  // expected-error@+1 {{expects dim 3 of bias to be 1 or 7, but got 5}}
  %o = seq.attention %q, %k, %v bias(%x : tensor<1x1x5x5xf32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c8_heads(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<1x2x5x7xf32>) {
  // expected-error@+1 {{expects dim 1 of bias to be 1 or 8, but got 2}}
  %o = seq.attention %q, %k, %v bias(%x : tensor<1x2x5x7xf32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c9_heads(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<2xf32>) {
  // expected-error@+1 {{expects sinks to be one float per head of q, but got 'tensor<2xf32>'}}
  %o = seq.attention %q, %k, %v sinks(%x : tensor<2xf32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c10_batch(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<3xi32>) {
  // expected-error@+1 {{expects kv_lengths to be one i32 or i64 per batch, but got 'tensor<3xi32>'}}
  %o = seq.attention %q, %k, %v kv_lengths(%x : tensor<3xi32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c10_type(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<2xf32>) {
  // expected-error@+1 {{expects kv_lengths to be one i32 or i64 per batch, but got 'tensor<2xf32>'}}
  %o = seq.attention %q, %k, %v kv_lengths(%x : tensor<2xf32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c10_packed(%q: tensor<1x8x5x16xf32>, %k: tensor<1x2x7x16xf32>, %v: tensor<1x2x7x16xf32>, %x: tensor<1xi32>, %c: tensor<3xi32>) {
  // expected-error@+1 {{expects kv_lengths or cu_seqlens, but got both}}
  %o = seq.attention %q, %k, %v kv_lengths(%x : tensor<1xi32>) cu_seqlens(%c : tensor<3xi32>, %c : tensor<3xi32>) : tensor<1x8x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x16xf32> -> tensor<1x8x5x16xf32>
  return
}

// -----

func.func @c11_one(%q: tensor<1x8x5x16xf32>, %k: tensor<1x2x7x16xf32>, %c: tensor<3xi32>) {
  // expected-error@+1 {{expects cu_seqlens of both q and k, but got one}}
  %o = "seq.attention"(%q, %k, %k, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0>}> ({}, {})
    : (tensor<1x8x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x16xf32>, tensor<3xi32>) -> tensor<1x8x5x16xf32>
  return
}

// -----

func.func @c11_empty(%q: tensor<1x8x5x16xf32>, %k: tensor<1x2x7x16xf32>, %v: tensor<1x2x7x16xf32>, %x: tensor<0xi32>, %y: tensor<0xi32>) {
  // expected-error@+1 {{expects cu_seqlens to be a non-empty list of i32 or i64, but got 'tensor<0xi32>'}}
  %o = seq.attention %q, %k, %v cu_seqlens(%x : tensor<0xi32>, %y : tensor<0xi32>) : tensor<1x8x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x16xf32> -> tensor<1x8x5x16xf32>
  return
}

// -----

func.func @c11_sizes(%q: tensor<1x8x5x16xf32>, %k: tensor<1x2x7x16xf32>, %v: tensor<1x2x7x16xf32>, %x: tensor<3xi32>, %y: tensor<4xi32>) {
  // expected-error@+1 {{expects cu_seqlens of q and k to have one type, but got 'tensor<3xi32>' and 'tensor<4xi32>'}}
  %o = seq.attention %q, %k, %v cu_seqlens(%x : tensor<3xi32>, %y : tensor<4xi32>) : tensor<1x8x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x16xf32> -> tensor<1x8x5x16xf32>
  return
}

// -----

func.func @c11_batch(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>, %x: tensor<3xi32>, %y: tensor<3xi32>) {
  // expected-error@+1 {{expects batch size 1 in the packed form, but got 'tensor<2x8x5x16xf32>'}}
  %o = seq.attention %q, %k, %v cu_seqlens(%x : tensor<3xi32>, %y : tensor<3xi32>) : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c11_bias(%q: tensor<1x8x5x16xf32>, %k: tensor<1x2x7x16xf32>, %v: tensor<1x2x7x16xf32>, %b: tensor<1x1x5x7xf32>, %x: tensor<3xi32>) {
  // expected-error@+1 {{expects no bias in the packed form (a score_mod can read one), but got 'tensor<1x1x5x7xf32>'}}
  %o = seq.attention %q, %k, %v bias(%b : tensor<1x1x5x7xf32>) cu_seqlens(%x : tensor<3xi32>, %x : tensor<3xi32>) : tensor<1x8x5x16xf32>, tensor<1x2x7x16xf32>, tensor<1x2x7x16xf32> -> tensor<1x8x5x16xf32>
  return
}

// -----

func.func @c12_scale_zero(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects scale to be finite and above 0, but got 0.000000e+00}}
  %o = seq.attention %q, %k, %v {scale = 0.0} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c12_scale_nan(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects scale to be finite and above 0, but got 0x7FF8000000000000}}
  %o = seq.attention %q, %k, %v {scale = 0x7FF8000000000000 : f64} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c12_softcap(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects softcap to be finite and above 0, but got 0x7FF0000000000000}}
  %o = seq.attention %q, %k, %v {softcap = 0x7FF0000000000000 : f64} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c13_left(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects window_left to be at least 0, but got -1}}
  %o = seq.attention %q, %k, %v {window_left = -1} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c13_right(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects window_right to be at least 0, but got -2}}
  %o = seq.attention %q, %k, %v {window_right = -2} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c14_args(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects score_mod to have arguments ('f32', 'index', 'index', 'index', 'index'), but got ('f64', 'index', 'index', 'index', 'index')}}
  %o = seq.attention %q, %k, %k score_mod {
  ^bb0(%s: f64, %b: index, %h: index, %m: index, %n: index):
    seq.yield %s : f64
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c14_result(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects score_mod to yield ('f32'), but got ('index')}}
  %o = seq.attention %q, %k, %k score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    seq.yield %b : index
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c14_blocks(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects score_mod to have one block, but got 2}}
  %o = seq.attention %q, %k, %k score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    seq.yield %s : f32
  ^bb1:
    seq.yield
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c15_args(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects mask to have arguments ('index', 'index', 'index', 'index'), but got ('index', 'index')}}
  %o = seq.attention %q, %k, %k mask {
  ^bb0(%m: index, %n: index):
    %v = arith.cmpi sle, %n, %m : index
    seq.yield %v : i1
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c15_result(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  // expected-error@+1 {{expects mask to yield ('i1'), but got ('i32')}}
  %o = seq.attention %q, %k, %k mask {
  ^bb0(%b: index, %h: index, %m: index, %n: index):
    %v = arith.index_cast %n : index to i32
    seq.yield %v : i32
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c16_tensor_op(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  %o = seq.attention %q, %k, %k score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    // expected-error@+1 {{expects only scalar arith and math ops and tensor.extract in the region 'score_mod' of 'seq.attention'}}
    %t = arith.addf %q, %q : tensor<2x8x5x16xf32>
    seq.yield %s : f32
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}

// -----

func.func @c16_branch(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) {
  %o = seq.attention %q, %k, %k mask {
  ^bb0(%b: index, %h: index, %m: index, %n: index):
    %t = arith.constant true
    // expected-error@+1 {{expects only scalar arith and math ops and tensor.extract in the region 'mask' of 'seq.attention'}}
    scf.if %t {
    }
    seq.yield %t : i1
  } : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return
}
