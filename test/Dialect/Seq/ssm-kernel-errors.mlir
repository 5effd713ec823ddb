// One case per constraint of seq.ssm_kernel.
// RUN: seqc-opt %s --verify-diagnostics --split-input-file

func.func @c1_rank(%l: tensor<8xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects lambda to be [D, N] with static N above 0, but got 'tensor<8xcomplex<f32>>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c1_static(%l: tensor<8x?xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects lambda to be [D, N] with static N above 0, but got 'tensor<8x?xcomplex<f32>>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x?xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c1_empty(%l: tensor<8x0xf32>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects lambda to be [D, N] with static N above 0, but got 'tensor<8x0xf32>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x0xf32>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c1_shape(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x3xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects b to have the shape of lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<8x3xcomplex<f32>>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x3xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c1_channels(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<7x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects c to have the shape of lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<7x4xcomplex<f32>>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<7x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c1_low_rank(%l: tensor<8x5xcomplex<f32>>, %b: tensor<8x5xcomplex<f32>>, %c: tensor<8x5xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects low_rank to have the shape of lambda 'tensor<8x5xcomplex<f32>>', but got 'tensor<8x4xcomplex<f32>>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d low_rank(%p : tensor<8x4xcomplex<f32>>) : tensor<8x5xcomplex<f32>>, tensor<8x5xcomplex<f32>>, tensor<8x5xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c2_type(%l: tensor<8x4xf16>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects lambda to have element type complex<f32>, complex<f64>, f32 or f64, but got 'tensor<8x4xf16>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xf16>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c2_same(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xf32>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects c to have the element type of lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<8x4xf32>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xf32>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c3_size(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<7xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects dt to be [D] of 'f32' for lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<7xf32>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<7xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c3_type(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf64>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects dt to be [D] of 'f32' for lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<8xf64>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf64> -> tensor<8x16xf32>
  return
}

// -----

func.func @c4_type(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects k to be [D, L] of 'f32' for lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<8x16xcomplex<f32>>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xcomplex<f32>>
  return
}

// -----

func.func @c4_channels(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects k to be [D, L] of 'f32' for lambda 'tensor<8x4xcomplex<f32>>', but got 'tensor<9x16xf32>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<9x16xf32>
  return
}

// -----

func.func @c4_length(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects length exactly if L is dynamic, but got 'tensor<8x16xf32>' with length}}
  %0 = seq.ssm_kernel %l, %b, %c, %d length(%n) : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c4_no_length(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects length exactly if L is dynamic, but got 'tensor<8x?xf32>' without length}}
  %0 = seq.ssm_kernel %l, %b, %c, %d : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x?xf32>
  return
}

// -----

func.func @c5(%l: tensor<8x4xf32>, %b: tensor<8x4xf32>, %c: tensor<8x4xf32>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects complex parameters with conjugate, but got 'tensor<8x4xf32>'}}
  %0 = seq.ssm_kernel %l, %b, %c, %d {conjugate} : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c6_rule(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects conjugate and discretization "bilinear" with low_rank, but got "zoh"}}
  %0 = seq.ssm_kernel %l, %b, %c, %d low_rank(%p : tensor<8x4xcomplex<f32>>) {conjugate} : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}

// -----

func.func @c6_conjugate(%l: tensor<8x4xcomplex<f32>>, %b: tensor<8x4xcomplex<f32>>, %c: tensor<8x4xcomplex<f32>>, %d: tensor<8xf32>, %n: index, %p: tensor<8x4xcomplex<f32>>) {
  // expected-error@+1 {{'seq.ssm_kernel' op expects conjugate and discretization "bilinear" with low_rank, but got "bilinear" without conjugate}}
  %0 = seq.ssm_kernel %l, %b, %c, %d low_rank(%p : tensor<8x4xcomplex<f32>>) {discretization = "bilinear"} : tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8x4xcomplex<f32>>, tensor<8xf32> -> tensor<8x16xf32>
  return
}
