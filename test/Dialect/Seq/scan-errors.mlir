// One case per numbered constraint of seq.linear_scan and seq.selective_scan.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

// -----

func.func @c1_b_rank(%a: tensor<3x5xf32>, %b: tensor<3x5xf32>) {
  // expected-error@+1 {{expects b to have rank 3, but got 'tensor<3x5xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x5xf32>
  return
}

// -----

func.func @c1_a_rank(%a: tensor<3x5xf32>, %b: tensor<2x3x5xf32>) {
  // expected-error@+1 {{expects a to have rank 1 or 3, but got 'tensor<3x5xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<3x5xf32>, tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  return
}

// -----

func.func @c2_integer(%a: tensor<2x3x5xi32>, %b: tensor<2x3x5xi32>) {
  // expected-error@+1 {{expects b to have element type f32, f16, bf16, f64, complex<f32> or complex<f64>, but got 'tensor<2x3x5xi32>'}}
  %h = seq.linear_scan %a, %b : tensor<2x3x5xi32>, tensor<2x3x5xi32> -> tensor<2x3x5xi32>
  return
}

// -----

func.func @c2_a(%a: tensor<2x3x5xf16>, %b: tensor<2x3x5xbf16>) {
  // expected-error@+1 {{expects a to have element type 'bf16' or 'f32', but got 'tensor<2x3x5xf16>'}}
  %h = seq.linear_scan %a, %b : tensor<2x3x5xf16>, tensor<2x3x5xbf16> -> tensor<2x3x5xbf16>
  return
}

// -----

func.func @c2_complex(%a: tensor<3xf32>, %b: tensor<2x3x5xcomplex<f32>>) {
  // expected-error@+1 {{expects a to have element type 'complex<f32>', but got 'tensor<3xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<3xf32>, tensor<2x3x5xcomplex<f32>> -> tensor<2x3x5xcomplex<f32>>
  return
}

// -----

func.func @c2_initial(%a: tensor<2x3x5xf32>, %b: tensor<2x3x5xf32>, %i: tensor<2x3xf64>) {
  // expected-error@+1 {{expects initial to have element type 'f32', but got 'tensor<2x3xf64>'}}
  %h = seq.linear_scan %a, %b initial(%i : tensor<2x3xf64>) : tensor<2x3x5xf32>, tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  return
}

// -----

func.func @c3_sizes(%a: tensor<2x3x4xf32>, %b: tensor<2x3x5xf32>) {
  // expected-error@+1 {{expects a to be compatible with 'tensor<2x3x5xf32>', but got 'tensor<2x3x4xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<2x3x4xf32>, tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  return
}

// -----

func.func @c3_constant(%a: tensor<5xf32>, %b: tensor<2x3x5xf32>) {
  // expected-error@+1 {{expects a to be compatible with 'tensor<3xf32>', but got 'tensor<5xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<5xf32>, tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  return
}

// -----

func.func @c4_initial(%a: tensor<2x3x5xf32>, %b: tensor<2x3x5xf32>, %i: tensor<3x2xf32>) {
  // expected-error@+1 {{expects initial to be compatible with 'tensor<2x3xf32>', but got 'tensor<3x2xf32>'}}
  %h = seq.linear_scan %a, %b initial(%i : tensor<3x2xf32>) : tensor<2x3x5xf32>, tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  return
}

// -----

func.func @c5_h(%a: tensor<2x3x5xf32>, %b: tensor<2x3x5xf32>) {
  // expected-error@+1 {{expects h to be compatible with 'tensor<2x3x5xf32>', but got 'tensor<2x3x4xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<2x3x5xf32>, tensor<2x3x5xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @c5_h_type(%a: tensor<3xbf16>, %b: tensor<2x3x5xbf16>) {
  // expected-error@+1 {{expects h to be compatible with 'tensor<2x3x5xbf16>', but got 'tensor<2x3x5xf32>'}}
  %h = seq.linear_scan %a, %b : tensor<3xbf16>, tensor<2x3x5xbf16> -> tensor<2x3x5xf32>
  return
}

// -----

func.func @c5_final(%a: tensor<3xbf16>, %b: tensor<2x3x5xbf16>) {
  // expected-error@+1 {{expects final to be compatible with 'tensor<2x3xf32>', but got 'tensor<2x3xbf16>'}}
  %h, %f = seq.linear_scan %a, %b : tensor<3xbf16>, tensor<2x3x5xbf16> -> tensor<2x3x5xbf16>, tensor<2x3xbf16>
  return
}

// -----

func.func @c6_delta(%u: tensor<2x6x5xf32>, %delta: tensor<2x6xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects delta to have rank 3, but got 'tensor<2x6xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c6_a(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects A to have rank 2, but got 'tensor<6xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c6_b(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects B to have rank 4 or 2, but got 'tensor<2x4x5xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c6_z(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %z: tensor<6xf32>) {
  // expected-error@+1 {{expects z to have rank 3, but got 'tensor<6xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C z(%z : tensor<6xf32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c7_u(%u: tensor<2x6x5xi32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects u to have element type f32, f16, bf16 or f64, but got 'tensor<2x6x5xi32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xi32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xi32>
  return
}

// -----

func.func @c7_complex(%u: tensor<2x6x5xcomplex<f32>>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects u to have element type f32, f16, bf16 or f64, but got 'tensor<2x6x5xcomplex<f32>>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xcomplex<f32>>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xcomplex<f32>>
  return
}

// -----

func.func @c7_z(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %z: tensor<2x6x5xbf16>) {
  // expected-error@+1 {{expects z to have element type 'f32', but got 'tensor<2x6x5xbf16>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C z(%z : tensor<2x6x5xbf16>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c7_delta(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xbf16>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects delta to have element type 'f32', but got 'tensor<2x6x5xbf16>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xbf16>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c7_a(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf64>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects A to have element type 'f32', but got 'tensor<6x4xf64>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf64>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c7_skip(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %skip: tensor<6xi32>) {
  // expected-error@+1 {{expects D to have element type 'f32', but got 'tensor<6xi32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C D(%skip : tensor<6xi32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c8_delta(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x6xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects delta to be compatible with 'tensor<2x6x5xf32>', but got 'tensor<2x6x6xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x6xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c8_z(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %z: tensor<1x6x5xf32>) {
  // expected-error@+1 {{expects z to be compatible with 'tensor<2x6x5xf32>', but got 'tensor<1x6x5xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C z(%z : tensor<1x6x5xf32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c9_dynamic(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x?xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects the state size of A to be static and above 0, but got 'tensor<6x?xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x?xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c9_zero(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x0xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects the state size of A to be static and above 0, but got 'tensor<6x0xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x0xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c9_rows(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<5x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects A to be compatible with 'tensor<6x4xf32>', but got 'tensor<5x4xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<5x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c10_length(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x1xf32>) {
  // expected-error@+1 {{expects C to be compatible with 'tensor<2x3x4x5xf32>', but got 'tensor<2x3x4x1xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x1xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c10_divides(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x4x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects the groups of B to divide the channels of u, but got 4 and 6}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x4x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c10_zero(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x0x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects the groups of B to divide the channels of u, but got 0 and 6}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x0x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c10_agree(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x2x4x5xf32>) {
  // expected-error@+1 {{expects B and C to agree in groups, but got 3 and 2}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x2x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c10_constant(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<6x3xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects B to be compatible with 'tensor<6x4xf32>', but got 'tensor<6x3xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<6x3xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c11_skip(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %skip: tensor<4xf32>) {
  // expected-error@+1 {{expects D to be compatible with 'tensor<6xf32>', but got 'tensor<4xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C D(%skip : tensor<4xf32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c11_bias(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %delta_bias: tensor<6x1xf32>) {
  // expected-error@+1 {{expects delta_bias to be compatible with 'tensor<6xf32>', but got 'tensor<6x1xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C delta_bias(%delta_bias : tensor<6x1xf32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c12_list(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %cu_seqlens: tensor<3xf32>) {
  // expected-error@+1 {{expects cu_seqlens to be a non-empty list of i32 or i64, but got 'tensor<3xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C cu_seqlens(%cu_seqlens : tensor<3xf32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c12_empty(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %cu_seqlens: tensor<0xi32>) {
  // expected-error@+1 {{expects cu_seqlens to be a non-empty list of i32 or i64, but got 'tensor<0xi32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C cu_seqlens(%cu_seqlens : tensor<0xi32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c12_batch(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %cu_seqlens: tensor<3xi32>) {
  // expected-error@+1 {{expects batch size 1 in the packed form, but got 'tensor<2x6x5xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C cu_seqlens(%cu_seqlens : tensor<3xi32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c13_initial(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>, %initial: tensor<2x6xf32>) {
  // expected-error@+1 {{expects initial to be compatible with 'tensor<2x6x4xf32>', but got 'tensor<2x6xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C initial(%initial : tensor<2x6xf32>) : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>
  return
}

// -----

func.func @c13_packed(%u: tensor<1x6x5xf32>, %delta: tensor<1x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<1x3x4x5xf32>, %C: tensor<1x3x4x5xf32>, %initial: tensor<4x6x4xf32>, %cu_seqlens: tensor<4xi32>) {
  // expected-error@+1 {{expects initial to be compatible with 'tensor<3x6x4xf32>', but got 'tensor<4x6x4xf32>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C initial(%initial : tensor<4x6x4xf32>) cu_seqlens(%cu_seqlens : tensor<4xi32>) : tensor<1x6x5xf32>, tensor<1x6x5xf32>, tensor<6x4xf32>, tensor<1x3x4x5xf32>, tensor<1x3x4x5xf32> -> tensor<1x6x5xf32>
  return
}

// -----

func.func @c14_y(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<2x6x5xf32>', but got 'tensor<2x6x5xbf16>'}}
  %y = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xbf16>
  return
}

// -----

func.func @c14_final(%u: tensor<2x6x5xf32>, %delta: tensor<2x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<2x3x4x5xf32>, %C: tensor<2x3x4x5xf32>) {
  // expected-error@+1 {{expects final to be compatible with 'tensor<2x6x4xf32>', but got 'tensor<2x6x3xf32>'}}
  %y, %f = seq.selective_scan %u, %delta, %A, %B, %C : tensor<2x6x5xf32>, tensor<2x6x5xf32>, tensor<6x4xf32>, tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32> -> tensor<2x6x5xf32>, tensor<2x6x3xf32>
  return
}

// -----

func.func @c14_packed(%u: tensor<1x6x5xf32>, %delta: tensor<1x6x5xf32>, %A: tensor<6x4xf32>, %B: tensor<1x3x4x5xf32>, %C: tensor<1x3x4x5xf32>, %cu_seqlens: tensor<4xi32>) {
  // expected-error@+1 {{expects final to be compatible with 'tensor<3x6x4xf32>', but got 'tensor<1x6x4xf32>'}}
  %y, %f = seq.selective_scan %u, %delta, %A, %B, %C cu_seqlens(%cu_seqlens : tensor<4xi32>) : tensor<1x6x5xf32>, tensor<1x6x5xf32>, tensor<6x4xf32>, tensor<1x3x4x5xf32>, tensor<1x3x4x5xf32> -> tensor<1x6x5xf32>, tensor<1x6x4xf32>
  return
}
