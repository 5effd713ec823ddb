// Constraints of seq.fft, seq.rfft, seq.irfft, one case or more each.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

func.func @fft_c1_element(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects x to have rank 1 or more and element type complex<f32> or complex<f64>, but got 'tensor<4xf32>'}}
  %0 = seq.fft %x : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @fft_c1_rank(%x: tensor<complex<f32>>) {
  // expected-error@+1 {{expects x to have rank 1 or more and element type complex<f32> or complex<f64>, but got 'tensor<complex<f32>>'}}
  %0 = seq.fft %x : tensor<complex<f32>> -> tensor<complex<f32>>
  return
}

// -----

func.func @fft_c2_shape(%x: tensor<2x4xcomplex<f32>>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<2x4xcomplex<f32>>', but got 'tensor<2x5xcomplex<f32>>'}}
  %0 = seq.fft %x : tensor<2x4xcomplex<f32>> -> tensor<2x5xcomplex<f32>>
  return
}

// -----

func.func @fft_c2_element(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<4xcomplex<f32>>', but got 'tensor<4xcomplex<f64>>'}}
  %0 = seq.fft %x : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f64>>
  return
}

// -----

func.func @fft_c3_length(%x: tensor<0xcomplex<f32>>) {
  // expected-error@+1 {{expects a length above 0, but got 0}}
  %0 = seq.fft %x : tensor<0xcomplex<f32>> -> tensor<0xcomplex<f32>>
  return
}

// -----

func.func @rfft_c1_element(%x: tensor<4xi32>) {
  // expected-error@+1 {{expects x to have rank 1 or more and element type f32, f16, bf16 or f64, but got 'tensor<4xi32>'}}
  %0 = seq.rfft %x : tensor<4xi32> -> tensor<3xcomplex<f32>>
  return
}

// -----

func.func @rfft_c2_length(%x: tensor<3x7xf32>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<3x4xcomplex<f32>>', but got 'tensor<3x5xcomplex<f32>>'}}
  %0 = seq.rfft %x : tensor<3x7xf32> -> tensor<3x5xcomplex<f32>>
  return
}

// -----

func.func @rfft_c2_element(%x: tensor<7xf64>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<4xcomplex<f64>>', but got 'tensor<4xcomplex<f32>>'}}
  %0 = seq.rfft %x : tensor<7xf64> -> tensor<4xcomplex<f32>>
  return
}

// -----

func.func @rfft_c3_length(%x: tensor<0xf32>) {
  // expected-error@+1 {{expects a length above 0, but got 0}}
  %0 = seq.rfft %x : tensor<0xf32> -> tensor<1xcomplex<f32>>
  return
}

// -----

func.func @irfft_c1_element(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects x to have rank 1 or more and element type complex<f32> or complex<f64>, but got 'tensor<4xf32>'}}
  %0 = seq.irfft %x {n = 6} : tensor<4xf32> -> tensor<6xf32>
  return
}

// -----

func.func @irfft_c2_none(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{expects exactly one of n and size, but got none}}
  %0 = seq.irfft %x : tensor<4xcomplex<f32>> -> tensor<6xf32>
  return
}

// -----

func.func @irfft_c2_both(%x: tensor<4xcomplex<f32>>, %n: index) {
  // expected-error@+1 {{expects exactly one of n and size, but got both}}
  %0 = seq.irfft %x size(%n) {n = 6} : tensor<4xcomplex<f32>> -> tensor<6xf32>
  return
}

// -----

func.func @irfft_c2_positive(%x: tensor<1xcomplex<f32>>) {
  // expected-error@+1 {{expects n above 0, but got 0}}
  %0 = seq.irfft %x {n = 0} : tensor<1xcomplex<f32>> -> tensor<0xf32>
  return
}

// -----

func.func @irfft_c3_length(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{expects the last dim of x to be 5 for n = 8, but got 'tensor<4xcomplex<f32>>'}}
  %0 = seq.irfft %x {n = 8} : tensor<4xcomplex<f32>> -> tensor<8xf32>
  return
}

// -----

func.func @irfft_c4_element(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{expects y to have element type f32, f16 or bf16 for 'complex<f32>', but got 'tensor<6xf64>'}}
  %0 = seq.irfft %x {n = 6} : tensor<4xcomplex<f32>> -> tensor<6xf64>
  return
}

// -----

func.func @irfft_c4_length(%x: tensor<4xcomplex<f64>>) {
  // expected-error@+1 {{expects y to be compatible with 'tensor<6xf64>', but got 'tensor<7xf64>'}}
  %0 = seq.irfft %x {n = 6} : tensor<4xcomplex<f64>> -> tensor<7xf64>
  return
}

// -----

func.func @irfft_c4_dynamic(%x: tensor<4xcomplex<f64>>, %n: index) {
  // expected-error@+1 {{expects y to have a dynamic last dim with size, but got 'tensor<7xf64>'}}
  %0 = seq.irfft %x size(%n) : tensor<4xcomplex<f64>> -> tensor<7xf64>
  return
}
