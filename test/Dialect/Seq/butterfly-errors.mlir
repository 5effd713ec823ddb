// Constraints of seq.butterfly and of its stages, one case or more each.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

func.func @c1_rank(%x: tensor<f32>) {
  // expected-error@+1 {{expects x to have rank 1 or more, a static last dim above 0 and a float or complex element type, but got 'tensor<f32>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] : tensor<f32> -> tensor<f32>
  return
}

// -----

func.func @c1_dynamic(%x: tensor<?xf32>) {
  // expected-error@+1 {{expects x to have rank 1 or more, a static last dim above 0 and a float or complex element type, but got 'tensor<?xf32>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] : tensor<?xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c1_element(%x: tensor<4xi32>) {
  // expected-error@+1 {{expects x to have rank 1 or more, a static last dim above 0 and a float or complex element type, but got 'tensor<4xi32>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] : tensor<4xi32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c2_none(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects at least one stage, but got none}}
  %0 = seq.butterfly %x [] : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @c2_lengths(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects stage 1 to take the 4 elements of the stage before, but got #seq.stage<dft [3, 2, 1]>}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 2, 2]>, #seq.stage<dft [3, 2, 1]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c3_kind(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects a stage of kind matrix, twiddled, dft, dft_transposed or an inverse_ of the last three, but got fourier}}
  %0 = seq.butterfly %x [#seq.stage<fourier [1, 4, 1]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c3_inverse_matrix(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects a stage of kind matrix, twiddled, dft, dft_transposed or an inverse_ of the last three, but got inverse_matrix}}
  %0 = seq.butterfly %x [#seq.stage<inverse_matrix [1, 4, 1]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c3_extents(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects a stage of extents above 0, but got [1, 4 -> 4, 0]}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 0]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c3_large(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects a stage of at most 2^40 elements, but got [1048576, 1048576 -> 1048576, 2]}}
  %0 = seq.butterfly %x [#seq.stage<dft [1048576, 1048576, 2]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c3_twiddled(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects in = out of a stage of kind twiddled, but got 4 -> 3}}
  %0 = seq.butterfly %x [#seq.stage<twiddled [1, 4 -> 3, 1]>] : tensor<4xf32> -> tensor<3xcomplex<f32>>
  return
}

// -----

func.func @c3_dft(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects out <= in of a stage of kind dft, but got 4 -> 5}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4 -> 5, 1]>] : tensor<4xf32> -> tensor<5xcomplex<f32>>
  return
}

// -----

func.func @c3_dft_transposed(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects in <= out of a stage of kind dft_transposed, but got 4 -> 3}}
  %0 = seq.butterfly %x [#seq.stage<dft_transposed [1, 4 -> 3, 1]>] : tensor<4xf32> -> tensor<3xcomplex<f32>>
  return
}

// -----

func.func @c4_missing(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects one factor per stage of kind matrix or twiddled, 1 in all, but got 0}}
  %0 = seq.butterfly %x [#seq.stage<matrix [1, 4, 1]>] : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @c4_many(%x: tensor<4xf32>, %w: tensor<1x1x1x4x4xf32>) {
  // expected-error@+1 {{expects one factor per stage of kind matrix or twiddled, 0 in all, but got 1}}
  %0 = seq.butterfly %x factors(%w : tensor<1x1x1x4x4xf32>) [#seq.stage<dft [1, 4, 1]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c5_rank(%x: tensor<4xf32>, %w: tensor<4x4xf32>) {
  // expected-error@+1 {{expects the factor of stage 0 to be [1 or 1, 1 or 1, 1 or 1, 4, 4], but got 'tensor<4x4xf32>'}}
  %0 = seq.butterfly %x factors(%w : tensor<4x4xf32>) [#seq.stage<matrix [1, 4, 1]>] : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @c5_rows(%x: tensor<3x4xf32>, %w: tensor<2x1x1x4x4xf32>) {
  // expected-error@+1 {{expects the factor of stage 0 to be [3 or 1, 1 or 1, 1 or 1, 4, 4], but got 'tensor<2x1x1x4x4xf32>'}}
  %0 = seq.butterfly %x factors(%w : tensor<2x1x1x4x4xf32>) [#seq.stage<matrix [1, 4, 1]>] : tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @c5_right(%x: tensor<4xf32>, %w: tensor<1x1x3x2x2xf32>) {
  // expected-error@+1 {{expects the factor of stage 0 to be [1 or 1, 1 or 1, 2 or 1, 2, 2], but got 'tensor<1x1x3x2x2xf32>'}}
  %0 = seq.butterfly %x factors(%w : tensor<1x1x3x2x2xf32>) [#seq.stage<matrix [1, 2, 2]>] : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @c5_element(%x: tensor<4xf32>, %w: tensor<1x1x1x4x4xf64>) {
  // expected-error@+1 {{expects the factor of stage 0 to have elements of 'f32' or complex ones, but got 'tensor<1x1x1x4x4xf64>'}}
  %0 = seq.butterfly %x factors(%w : tensor<1x1x1x4x4xf64>) [#seq.stage<matrix [1, 4, 1]>] : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @c5_half(%x: tensor<4xf16>, %w: tensor<1x1x1x4x4xbf16>) {
  // expected-error@+1 {{expects the factor of stage 0 to have elements of 'f16' or f32 or complex ones, but got 'tensor<1x1x1x4x4xbf16>'}}
  %0 = seq.butterfly %x factors(%w : tensor<1x1x1x4x4xbf16>) [#seq.stage<matrix [1, 4, 1]>] : tensor<4xf16> -> tensor<4xf16>
  return
}

// -----

func.func @c6_input(%x: tensor<5xf32>) {
  // expected-error@+1 {{expects the last dim of x to be at most 4, but got 'tensor<5xf32>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] : tensor<5xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c6_output(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects y to have the dims of x but a static last one in 1..3, but got 'tensor<4xcomplex<f32>>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4 -> 3, 1]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c6_dims(%x: tensor<2x4xf32>) {
  // expected-error@+1 {{expects y to have the dims of x but a static last one in 1..4, but got 'tensor<3x4xcomplex<f32>>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] : tensor<2x4xf32> -> tensor<3x4xcomplex<f32>>
  return
}

// -----

func.func @c7_double(%x: tensor<4xf64>) {
  // expected-error@+1 {{expects y to have f64 elements, real or complex, but got 'tensor<4xcomplex<f32>>'}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] : tensor<4xf64> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c7_real(%x: tensor<4xf32>, %w: tensor<1x1x1x4x4xf32>) {
  // expected-error@+1 {{expects a real y where x and all factors are real, but got 'tensor<4xcomplex<f32>>'}}
  %0 = seq.butterfly %x factors(%w : tensor<1x1x1x4x4xf32>) [#seq.stage<matrix [1, 4, 1]>] : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c8_one(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects input_digits and input_permutation together, but got one}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] {input_digits = array<i64: 2, 2>} : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c8_product(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects input_digits to be above 0 with the product 4, but got [2, 3]}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] {input_digits = array<i64: 2, 3>, input_permutation = array<i64: 1, 0>} : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c8_permutation(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects output_permutation to permute 2 dims, but got [1, 1]}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] {output_digits = array<i64: 2, 2>, output_permutation = array<i64: 1, 1>} : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @c9_scale(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects scale to be finite, but got 0x7FF0000000000000 : f64}}
  %0 = seq.butterfly %x [#seq.stage<dft [1, 4, 1]>] {scale = 0x7FF0000000000000 : f64} : tensor<4xf32> -> tensor<4xcomplex<f32>>
  return
}
