// Lengths that no factors are made of.
// RUN: seqc-opt %s --seq-fft-to-butterfly=max-length=256 --verify-diagnostics --split-input-file

func.func @dynamic(%x: tensor<?x?xcomplex<f32>>) -> tensor<?x?xcomplex<f32>> {
  // expected-error@+1 {{expects a static length, but got 'tensor<?x?xcomplex<f32>>'; the lengths of a kernel's factors are part of its code}}
  %0 = seq.fft %x : tensor<?x?xcomplex<f32>> -> tensor<?x?xcomplex<f32>>
  return %0 : tensor<?x?xcomplex<f32>>
}

// -----

func.func @dynamic_size(%x: tensor<4xcomplex<f32>>, %n: index) -> tensor<?xf32> {
  // expected-error@+1 {{expects a static length, but got 'tensor<4xcomplex<f32>>'}}
  %0 = seq.irfft %x size(%n) : tensor<4xcomplex<f32>> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @prime(%x: tensor<514xcomplex<f32>>) -> tensor<514xcomplex<f32>> {
  // expected-error@+1 {{expects a length with prime factors up to 251 or one up to 128, but got 514}}
  %0 = seq.fft %x : tensor<514xcomplex<f32>> -> tensor<514xcomplex<f32>>
  return %0 : tensor<514xcomplex<f32>>
}

// -----

func.func @half_known(%x: tensor<2x600xcomplex<f32>>) -> tensor<?x600xcomplex<f32>> {
  // expected-error@+1 {{expects the dims of x and y to be known alike, but got 'tensor<2x600xcomplex<f32>>' and 'tensor<?x600xcomplex<f32>>'}}
  %0 = seq.fft %x : tensor<2x600xcomplex<f32>> -> tensor<?x600xcomplex<f32>>
  return %0 : tensor<?x600xcomplex<f32>>
}
