// One case per numbered constraint of seq.long_conv and seq.short_conv.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

// -----

func.func @c1_u_rank(%u: tensor<6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects u to have rank 3, but got 'tensor<6x9xf32>'}}
  %y = seq.long_conv %u, %k : tensor<6x9xf32>, tensor<3x4xf32> -> tensor<6x9xf32>
  return
}

// -----

func.func @c1_k_rank(%u: tensor<2x6x9xf32>, %k: tensor<4xf32>) {
  // expected-error@+1 {{expects k to have rank 2, but got 'tensor<4xf32>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c1_k_rev_rank(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %r: tensor<4xf32>) {
  // expected-error@+1 {{expects k_rev to have rank 2, but got 'tensor<4xf32>'}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<4xf32>) {mode = "bidirectional"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c2_integer(%u: tensor<2x6x9xi32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects u to have element type f32, f16, bf16 or f64, but got 'tensor<2x6x9xi32>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xi32>, tensor<3x4xf32> -> tensor<2x6x9xi32>
  return
}

// -----

func.func @c3_k_narrow(%u: tensor<2x6x9xf32>, %k: tensor<3x4xbf16>) {
  // expected-error@+1 {{expects k to have the element type 'f32' of u, but got 'tensor<3x4xbf16>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<3x4xbf16> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c3_k_other(%u: tensor<2x6x9xbf16>, %k: tensor<3x4xf16>) {
  // expected-error@+1 {{expects k to have the element type 'bf16' of u, or f32, but got 'tensor<3x4xf16>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xbf16>, tensor<3x4xf16> -> tensor<2x6x9xbf16>
  return
}

// -----

func.func @c3_k_rev(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %r: tensor<3x4xf64>) {
  // expected-error@+1 {{expects k_rev to have the element type 'f32' of u, but got 'tensor<3x4xf64>'}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<3x4xf64>) {mode = "bidirectional"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c3_skip(%u: tensor<2x6x9xf64>, %k: tensor<3x4xf64>, %s: tensor<6xf32>) {
  // expected-error@+1 {{expects skip to have the element type 'f64' of u, but got 'tensor<6xf32>'}}
  %y = seq.long_conv %u, %k skip(%s : tensor<6xf32>) : tensor<2x6x9xf64>, tensor<3x4xf64> -> tensor<2x6x9xf64>
  return
}

// -----

func.func @c4_rows_differ(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %r: tensor<2x4xf32>) {
  // expected-error@+1 {{expects k and k_rev to agree in rows, but got 3 and 2}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<2x4xf32>) {mode = "bidirectional"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c4_no_rows(%u: tensor<2x6x9xf32>, %k: tensor<0x4xf32>) {
  // expected-error@+1 {{expects k to have at least one row, but got 'tensor<0x4xf32>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<0x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c4_not_a_multiple(%u: tensor<2x6x9xf32>, %k: tensor<4x4xf32>) {
  // expected-error@+1 {{expects the channels of u to be a multiple of the rows of k, but got 6 and 4}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<4x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c4_k_rev_not_a_multiple(%u: tensor<2x6x9xf32>, %k: tensor<?x4xf32>, %r: tensor<4x4xf32>) {
  // expected-error@+1 {{expects the channels of u to be a multiple of the rows of k_rev, but got 6 and 4}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<4x4xf32>) {mode = "bidirectional"} : tensor<2x6x9xf32>, tensor<?x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c5_no_taps(%u: tensor<2x6x9xf32>, %k: tensor<3x0xf32>) {
  // expected-error@+1 {{expects k to have at least one tap, but got 'tensor<3x0xf32>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<3x0xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c5_no_reverse_taps(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %r: tensor<3x0xf32>) {
  // expected-error@+1 {{expects k_rev to have at least one tap, but got 'tensor<3x0xf32>'}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<3x0xf32>) {mode = "bidirectional"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c6_without(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects k_rev in mode bidirectional and only there, but got mode bidirectional without k_rev}}
  %y = seq.long_conv %u, %k {mode = "bidirectional"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c6_with(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %r: tensor<3x4xf32>) {
  // expected-error@+1 {{expects k_rev in mode bidirectional and only there, but got mode circular with k_rev}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<3x4xf32>) {mode = "circular"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c7_skip_size(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %s: tensor<5xf32>) {
  // expected-error@+1 {{expects skip to have one element per channel of u, but got 'tensor<5xf32>'}}
  %y = seq.long_conv %u, %k skip(%s : tensor<5xf32>) : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c7_skip_rank(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %s: tensor<6x1xf32>) {
  // expected-error@+1 {{expects skip to have one element per channel of u, but got 'tensor<6x1xf32>'}}
  %y = seq.long_conv %u, %k skip(%s : tensor<6x1xf32>) : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c8_pre_gate_shape(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %g: tensor<2x6x8xf32>) {
  // expected-error@+1 {{expects pre_gate to be compatible with 'tensor<2x6x9xf32>', but got 'tensor<2x6x8xf32>'}}
  %y = seq.long_conv %u, %k pre_gate(%g : tensor<2x6x8xf32>) : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c8_post_gate_type(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %g: tensor<2x6x9xf16>) {
  // expected-error@+1 {{expects post_gate to be compatible with 'tensor<2x6x9xf32>', but got 'tensor<2x6x9xf16>'}}
  %y = seq.long_conv %u, %k post_gate(%g : tensor<2x6x9xf16>) : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c9_tail(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %s: tensor<2x6x3xf32>) {
  // expected-error@+1 {{expects tails in mode causal only, but got mode circular}}
  %y = seq.long_conv %u, %k tail(%s : tensor<2x6x3xf32>) {mode = "circular"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c9_tail_out(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects tails in mode causal only, but got mode circular}}
  %y, %t = seq.long_conv %u, %k {mode = "circular"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>, tensor<2x6x3xf32>
  return
}

// -----

func.func @c10_size(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %s: tensor<2x6x4xf32>) {
  // expected-error@+1 {{expects tail to be compatible with 'tensor<2x6x3xf32>', but got 'tensor<2x6x4xf32>'}}
  %y = seq.long_conv %u, %k tail(%s : tensor<2x6x4xf32>) : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c10_type(%u: tensor<2x6x9xbf16>, %k: tensor<3x4xf32>, %s: tensor<2x6x3xbf16>) {
  // expected-error@+1 {{expects tail to be compatible with 'tensor<2x6x3xf32>', but got 'tensor<2x6x3xbf16>'}}
  %y = seq.long_conv %u, %k tail(%s : tensor<2x6x3xbf16>) : tensor<2x6x9xbf16>, tensor<3x4xf32> -> tensor<2x6x9xbf16>
  return
}

// -----

func.func @c11_offset(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>, %r: tensor<3x4xf32>) {
  // expected-error@+1 {{expects reverse_offset to be 0 or 1, but got 2}}
  %y = seq.long_conv %u, %k k_rev(%r : tensor<3x4xf32>) {mode = "bidirectional", reverse_offset = 2} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c11_mode(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects reverse_offset 1 in mode bidirectional only, but got mode causal}}
  %y = seq.long_conv %u, %k {reverse_offset = 1} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @c12_y(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<2x6x9xf32>', but got 'tensor<2x6x10xf32>'}}
  %y = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x10xf32>
  return
}

// -----

func.func @c12_tail_out(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{expects tail_out to be compatible with 'tensor<2x6x3xf32>', but got 'tensor<2x6x4xf32>'}}
  %y, %t = seq.long_conv %u, %k : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>, tensor<2x6x4xf32>
  return
}

// -----

func.func @mode(%u: tensor<2x6x9xf32>, %k: tensor<3x4xf32>) {
  // expected-error@+1 {{'seq.long_conv' op attribute 'mode' failed to satisfy constraint: one of causal, circular, bidirectional}}
  %y = seq.long_conv %u, %k {mode = "valid"} : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c1_u_rank(%u: tensor<6x9xf32>, %w: tensor<6x4xf32>) {
  // expected-error@+1 {{expects u to have rank 3, but got 'tensor<6x9xf32>'}}
  %y = seq.short_conv %u, %w : tensor<6x9xf32>, tensor<6x4xf32> -> tensor<6x9xf32>
  return
}

// -----

func.func @short_c1_w_rank(%u: tensor<2x6x9xf32>, %w: tensor<6x1x4xf32>) {
  // expected-error@+1 {{expects w to have rank 2, but got 'tensor<6x1x4xf32>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<6x1x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c2_integer(%u: tensor<2x6x9xi8>, %w: tensor<6x4xf32>) {
  // expected-error@+1 {{expects u to have element type f32, f16, bf16 or f64, but got 'tensor<2x6x9xi8>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xi8>, tensor<6x4xf32> -> tensor<2x6x9xi8>
  return
}

// -----

func.func @short_c3_w(%u: tensor<2x6x9xf32>, %w: tensor<6x4xf16>) {
  // expected-error@+1 {{expects w to have the element type 'f32' of u, but got 'tensor<6x4xf16>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<6x4xf16> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c3_bias(%u: tensor<2x6x9xf16>, %w: tensor<6x4xf32>, %b: tensor<6xf64>) {
  // expected-error@+1 {{expects bias to have the element type 'f16' of u, or f32, but got 'tensor<6xf64>'}}
  %y = seq.short_conv %u, %w bias(%b : tensor<6xf64>) : tensor<2x6x9xf16>, tensor<6x4xf32> -> tensor<2x6x9xf16>
  return
}

// -----

func.func @short_c4_rows(%u: tensor<2x6x9xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+1 {{expects w to have one row per channel of u, but got 'tensor<3x4xf32>' and 'tensor<2x6x9xf32>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<3x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c5_dynamic(%u: tensor<2x6x9xf32>, %w: tensor<6x?xf32>) {
  // expected-error@+1 {{expects the taps of w to be static and above 0, but got 'tensor<6x?xf32>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<6x?xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c5_none(%u: tensor<2x6x9xf32>, %w: tensor<6x0xf32>) {
  // expected-error@+1 {{expects the taps of w to be static and above 0, but got 'tensor<6x0xf32>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<6x0xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c6_bias(%u: tensor<2x6x9xf32>, %w: tensor<6x4xf32>, %b: tensor<1xf32>) {
  // expected-error@+1 {{expects bias to have one element per channel of u, but got 'tensor<1xf32>'}}
  %y = seq.short_conv %u, %w bias(%b : tensor<1xf32>) : tensor<2x6x9xf32>, tensor<6x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c7_state(%u: tensor<2x6x9xf32>, %w: tensor<6x4xf32>, %s: tensor<2x6x4xf32>) {
  // expected-error@+1 {{expects state to be compatible with 'tensor<2x6x3xf32>', but got 'tensor<2x6x4xf32>'}}
  %y = seq.short_conv %u, %w state(%s : tensor<2x6x4xf32>) : tensor<2x6x9xf32>, tensor<6x4xf32> -> tensor<2x6x9xf32>
  return
}

// -----

func.func @short_c8_y(%u: tensor<2x6x9xf32>, %w: tensor<6x4xf32>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<2x6x9xf32>', but got 'tensor<2x6x9xf64>'}}
  %y = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<6x4xf32> -> tensor<2x6x9xf64>
  return
}

// -----

func.func @short_c8_state_out(%u: tensor<2x6x9xf32>, %w: tensor<6x4xf32>) {
  // expected-error@+1 {{expects state_out to be compatible with 'tensor<2x6x3xf32>', but got 'tensor<2x6x2xf32>'}}
  %y, %s2 = seq.short_conv %u, %w : tensor<2x6x9xf32>, tensor<6x4xf32> -> tensor<2x6x9xf32>, tensor<2x6x2xf32>
  return
}

// -----

func.func @short_activation(%u: tensor<2x6x9xf32>, %w: tensor<6x4xf32>) {
  // expected-error@+1 {{'seq.short_conv' op attribute 'activation' failed to satisfy constraint: one of none, silu}}
  %y = seq.short_conv %u, %w {activation = "gelu"} : tensor<2x6x9xf32>, tensor<6x4xf32> -> tensor<2x6x9xf32>
  return
}
