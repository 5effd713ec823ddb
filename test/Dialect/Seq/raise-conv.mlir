// Convolutions written with Fourier transforms.
// RUN: seqc-opt %s --seq-raise --split-input-file 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s --seq-raise --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// REMARK: remark: raised irfft(rfft(u) rfft(k)) to seq.long_conv, mode causal
// CHECK-LABEL: func @causal
// CHECK-SAME: %[[U:.*]]: tensor<?x6x9xf32>, %[[K:.*]]: tensor<6x9xf32>
// CHECK-NEXT: %[[Y:.*]] = seq.long_conv %[[U]], %[[K]] : tensor<?x6x9xf32>, tensor<6x9xf32> -> tensor<?x6x9xf32>
// CHECK-NEXT: return %[[Y]]
func.func @causal(%u: tensor<?x6x9xf32>, %k: tensor<6x9xf32>) -> tensor<?x6x9xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %u, %c0 : tensor<?x6x9xf32>
  %up = tensor.pad %u low[0, 0, 0] high[0, 0, 9] { ^bb0(%i: index, %j: index, %l: index): tensor.yield %zero : f32 } : tensor<?x6x9xf32> to tensor<?x6x18xf32>
  %kp = tensor.pad %k low[0, 0] high[0, 9] { ^bb0(%i: index, %j: index): tensor.yield %zero : f32 } : tensor<6x9xf32> to tensor<6x18xf32>
  %uf = seq.rfft %up : tensor<?x6x18xf32> -> tensor<?x6x10xcomplex<f32>>
  %kf = seq.rfft %kp : tensor<6x18xf32> -> tensor<6x10xcomplex<f32>>
  %e = tensor.empty(%b) : tensor<?x6x10xcomplex<f32>>
  %kb = linalg.broadcast ins(%kf : tensor<6x10xcomplex<f32>>) outs(%e : tensor<?x6x10xcomplex<f32>>) dimensions = [0]
  %p = linalg.map { complex.mul } ins(%uf, %kb : tensor<?x6x10xcomplex<f32>>, tensor<?x6x10xcomplex<f32>>) outs(%e : tensor<?x6x10xcomplex<f32>>)
  %y = seq.irfft %p {n = 18 : i64} : tensor<?x6x10xcomplex<f32>> -> tensor<?x6x18xf32>
  %s = tensor.extract_slice %y[0, 0, 0] [%b, 6, 9] [1, 1, 1] : tensor<?x6x18xf32> to tensor<?x6x9xf32>
  return %s : tensor<?x6x9xf32>
}

// -----

// Gates and the skip connection; the kernel is the left factor.
// REMARK: mode causal
// CHECK-LABEL: func @gated
// CHECK-SAME: %[[U:.*]]: tensor<2x6x9xf32>, %[[K:.*]]: tensor<6x4xf32>, %[[G:.*]]: tensor<2x6x9xf32>, %[[H:.*]]: tensor<2x6x9xf32>, %[[D:.*]]: tensor<6xf32>
// CHECK: %[[Y:.*]] = seq.long_conv %[[U]], %[[K]] skip(%[[D]] : tensor<6xf32>) pre_gate(%[[G]] : tensor<2x6x9xf32>) post_gate(%[[H]] : tensor<2x6x9xf32>) :
// CHECK-NEXT: return %[[Y]]
func.func @gated(%u: tensor<2x6x9xf32>, %k: tensor<6x4xf32>, %g: tensor<2x6x9xf32>, %h: tensor<2x6x9xf32>, %d: tensor<6xf32>) -> tensor<2x6x9xf32> {
  %zero = arith.constant 0.0 : f32
  %v = arith.mulf %u, %g : tensor<2x6x9xf32>
  %up = tensor.pad %v low[0, 0, 0] high[0, 0, 3] { ^bb0(%i: index, %j: index, %l: index): tensor.yield %zero : f32 } : tensor<2x6x9xf32> to tensor<2x6x12xf32>
  %kp = tensor.pad %k low[0, 0] high[0, 8] { ^bb0(%i: index, %j: index): tensor.yield %zero : f32 } : tensor<6x4xf32> to tensor<6x12xf32>
  %uf = seq.rfft %up : tensor<2x6x12xf32> -> tensor<2x6x7xcomplex<f32>>
  %kf = seq.rfft %kp : tensor<6x12xf32> -> tensor<6x7xcomplex<f32>>
  %e = tensor.empty() : tensor<2x6x7xcomplex<f32>>
  %kb = linalg.broadcast ins(%kf : tensor<6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>) dimensions = [0]
  %p = linalg.map { complex.mul } ins(%kb, %uf : tensor<2x6x7xcomplex<f32>>, tensor<2x6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>)
  %y = seq.irfft %p {n = 12 : i64} : tensor<2x6x7xcomplex<f32>> -> tensor<2x6x12xf32>
  %s = tensor.extract_slice %y[0, 0, 0] [2, 6, 9] [1, 1, 1] : tensor<2x6x12xf32> to tensor<2x6x9xf32>
  %f = tensor.empty() : tensor<2x6x9xf32>
  %db = linalg.broadcast ins(%d : tensor<6xf32>) outs(%f : tensor<2x6x9xf32>) dimensions = [0, 2]
  %vd = arith.mulf %v, %db : tensor<2x6x9xf32>
  %sum = arith.addf %s, %vd : tensor<2x6x9xf32>
  %r = arith.mulf %h, %sum : tensor<2x6x9xf32>
  return %r : tensor<2x6x9xf32>
}

// -----

// REMARK: mode circular
// CHECK-LABEL: func @circular
// CHECK: seq.long_conv %{{.*}}, %{{.*}} {mode = "circular"} : tensor<2x6x12xf32>, tensor<6x5xf32> -> tensor<2x6x12xf32>
func.func @circular(%u: tensor<2x6x12xf32>, %k: tensor<6x5xf32>) -> tensor<2x6x12xf32> {
  %zero = arith.constant 0.0 : f32
  %kp = tensor.pad %k low[0, 0] high[0, 7] { ^bb0(%i: index, %j: index): tensor.yield %zero : f32 } : tensor<6x5xf32> to tensor<6x12xf32>
  %uf = seq.rfft %u : tensor<2x6x12xf32> -> tensor<2x6x7xcomplex<f32>>
  %kf = seq.rfft %kp : tensor<6x12xf32> -> tensor<6x7xcomplex<f32>>
  %e = tensor.empty() : tensor<2x6x7xcomplex<f32>>
  %kb = linalg.broadcast ins(%kf : tensor<6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>) dimensions = [0]
  %p = linalg.map { complex.mul } ins(%uf, %kb : tensor<2x6x7xcomplex<f32>>, tensor<2x6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>)
  %y = seq.irfft %p {n = 12 : i64} : tensor<2x6x7xcomplex<f32>> -> tensor<2x6x12xf32>
  return %y : tensor<2x6x12xf32>
}

// -----

// The two-sided kernel of S4: lags 0, 1, .. from the front, -1, -2, .. from the back.
// REMARK: mode bidirectional
// CHECK-LABEL: func @two_sided
// CHECK-SAME: %[[U:.*]]: tensor<2x6x6xf32>, %[[K:.*]]: tensor<6x12xf32>
// CHECK-DAG: arith.constant dense<{{\[\[}}11], [10], [9], [8], [7]]> : tensor<5x1xi64>
// CHECK: %[[BACK:.*]] = linalg.transpose {{.*}} outs(%{{.*}} : tensor<6x5xf32>) permutation = [1, 0]
// CHECK: %[[FRONT:.*]] = tensor.extract_slice %[[K]][0, 0] [6, 6] [1, 1]
// CHECK: seq.long_conv %[[U]], %[[FRONT]] k_rev(%{{.*}} : tensor<6x5xf32>) {mode = "bidirectional", reverse_offset = 1 : i64}
func.func @two_sided(%u: tensor<2x6x6xf32>, %k: tensor<6x12xf32>) -> tensor<2x6x6xf32> {
  %zero = arith.constant 0.0 : f32
  %up = tensor.pad %u low[0, 0, 0] high[0, 0, 6] { ^bb0(%i: index, %j: index, %l: index): tensor.yield %zero : f32 } : tensor<2x6x6xf32> to tensor<2x6x12xf32>
  %uf = seq.rfft %up : tensor<2x6x12xf32> -> tensor<2x6x7xcomplex<f32>>
  %kf = seq.rfft %k : tensor<6x12xf32> -> tensor<6x7xcomplex<f32>>
  %e = tensor.empty() : tensor<2x6x7xcomplex<f32>>
  %kb = linalg.broadcast ins(%kf : tensor<6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>) dimensions = [0]
  %p = linalg.map { complex.mul } ins(%uf, %kb : tensor<2x6x7xcomplex<f32>>, tensor<2x6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>)
  %y = seq.irfft %p {n = 12 : i64} : tensor<2x6x7xcomplex<f32>> -> tensor<2x6x12xf32>
  %s = tensor.extract_slice %y[0, 0, 0] [2, 6, 6] [1, 1, 1] : tensor<2x6x12xf32> to tensor<2x6x6xf32>
  return %s : tensor<2x6x6xf32>
}

// -----

// Twelve points are too few for 9 inputs and 6 taps.
// REMARK: remark: did not raise irfft(rfft(u) rfft(k)): the end of the convolution wraps around: 9 inputs and 6 taps in 12 points
// CHECK-LABEL: func @wraps
// CHECK-NOT: seq.long_conv
func.func @wraps(%u: tensor<2x6x9xf32>, %k: tensor<6x6xf32>) -> tensor<2x6x9xf32> {
  %zero = arith.constant 0.0 : f32
  %up = tensor.pad %u low[0, 0, 0] high[0, 0, 3] { ^bb0(%i: index, %j: index, %l: index): tensor.yield %zero : f32 } : tensor<2x6x9xf32> to tensor<2x6x12xf32>
  %kp = tensor.pad %k low[0, 0] high[0, 6] { ^bb0(%i: index, %j: index): tensor.yield %zero : f32 } : tensor<6x6xf32> to tensor<6x12xf32>
  %uf = seq.rfft %up : tensor<2x6x12xf32> -> tensor<2x6x7xcomplex<f32>>
  %kf = seq.rfft %kp : tensor<6x12xf32> -> tensor<6x7xcomplex<f32>>
  %e = tensor.empty() : tensor<2x6x7xcomplex<f32>>
  %kb = linalg.broadcast ins(%kf : tensor<6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>) dimensions = [0]
  %p = linalg.map { complex.mul } ins(%uf, %kb : tensor<2x6x7xcomplex<f32>>, tensor<2x6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>)
  %y = seq.irfft %p {n = 12 : i64} : tensor<2x6x7xcomplex<f32>> -> tensor<2x6x12xf32>
  %s = tensor.extract_slice %y[0, 0, 0] [2, 6, 9] [1, 1, 1] : tensor<2x6x12xf32> to tensor<2x6x9xf32>
  return %s : tensor<2x6x9xf32>
}

// -----

// All outputs of the full convolution are kept.
// REMARK: remark: did not raise irfft(rfft(u) rfft(k)): more outputs are kept than there are inputs
// CHECK-NOT: seq.long_conv
func.func @full(%u: tensor<2x6x9xf32>, %k: tensor<6x4xf32>) -> tensor<2x6x12xf32> {
  %zero = arith.constant 0.0 : f32
  %up = tensor.pad %u low[0, 0, 0] high[0, 0, 3] { ^bb0(%i: index, %j: index, %l: index): tensor.yield %zero : f32 } : tensor<2x6x9xf32> to tensor<2x6x12xf32>
  %kp = tensor.pad %k low[0, 0] high[0, 8] { ^bb0(%i: index, %j: index): tensor.yield %zero : f32 } : tensor<6x4xf32> to tensor<6x12xf32>
  %uf = seq.rfft %up : tensor<2x6x12xf32> -> tensor<2x6x7xcomplex<f32>>
  %kf = seq.rfft %kp : tensor<6x12xf32> -> tensor<6x7xcomplex<f32>>
  %e = tensor.empty() : tensor<2x6x7xcomplex<f32>>
  %kb = linalg.broadcast ins(%kf : tensor<6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>) dimensions = [0]
  %p = linalg.map { complex.mul } ins(%uf, %kb : tensor<2x6x7xcomplex<f32>>, tensor<2x6x7xcomplex<f32>>) outs(%e : tensor<2x6x7xcomplex<f32>>)
  %y = seq.irfft %p {n = 12 : i64} : tensor<2x6x7xcomplex<f32>> -> tensor<2x6x12xf32>
  return %y : tensor<2x6x12xf32>
}
