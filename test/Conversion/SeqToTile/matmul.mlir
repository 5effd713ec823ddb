// RUN: seqc-opt %s -seq-form-kernels | FileCheck %s --check-prefix=FORM
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile 2>/dev/null | FileCheck %s --check-prefix=TILE

// Two kernels: matmul + bias + gelu, matmul + residual; reshapes and the transposed weights are views.
// FORM-LABEL: func.func @mlp
// FORM:         seq.group "matmul" -> tensor<?x?x256xf32>
// FORM:           math.erf
// FORM:         seq.group "matmul" -> tensor<?x?x64xf32>
// FORM-NOT:     seq.group

// TILE:       tile.kernel @seqc_matmul_f32_{{.*}} config(#tile.config<{bk = 64, bm = 64, bn = 128}>)
// TILE:         %[[W:.*]] = tile.load {{.*}} -> tensor<128x64xf32>
// TILE:         %[[T:.*]] = tile.transpose %[[W]] [1, 0]
// TILE:         %[[D:.*]] = tile.dot %{{.*}}, %[[T]], %{{.*}} -> tensor<64x128xf32>
// TILE:         %[[S:.*]] = arith.addf %[[D]]
// TILE:         math.erf %[[S]]
// TILE-LABEL: func.func @mlp
// TILE-COUNT-2: tile.launch
func.func @mlp(%x: tensor<?x?x64xf32> {seq.dims = ["B", "L", 64]}, %w: tensor<256x64xf32>, %b: tensor<256xf32>, %w2: tensor<64x256xf32>) -> tensor<?x?x64xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x64xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x64xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %M = arith.muli %B, %L : index
  %xf = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x64xf32> into tensor<?x64xf32>
  %et = tensor.empty() : tensor<64x256xf32>
  %wt = linalg.transpose ins(%w : tensor<256x64xf32>) outs(%et : tensor<64x256xf32>) permutation = [1, 0]
  %e1 = tensor.empty(%M) : tensor<?x256xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e1 : tensor<?x256xf32>) dimensions = [0, 1]
  %m = linalg.matmul ins(%xf, %wt : tensor<?x64xf32>, tensor<64x256xf32>) outs(%z : tensor<?x256xf32>) -> tensor<?x256xf32>
  %m3 = tensor.expand_shape %m [[0, 1], [2]] output_shape [%B, %L, 256] : tensor<?x256xf32> into tensor<?x?x256xf32>
  %e3 = tensor.empty(%B, %L) : tensor<?x?x256xf32>
  %bb = linalg.broadcast ins(%b : tensor<256xf32>) outs(%e3 : tensor<?x?x256xf32>) dimensions = [0, 1]
  %s = arith.addf %m3, %bb : tensor<?x?x256xf32>
  %er = math.erf %s : tensor<?x?x256xf32>
  %hb = linalg.broadcast ins(%half : tensor<f32>) outs(%e3 : tensor<?x?x256xf32>) dimensions = [0, 1, 2]
  %sh = arith.mulf %s, %hb : tensor<?x?x256xf32>
  %g0 = arith.mulf %er, %sh : tensor<?x?x256xf32>
  %g = arith.addf %g0, %sh : tensor<?x?x256xf32>
  %gf = tensor.collapse_shape %g [[0, 1], [2]] : tensor<?x?x256xf32> into tensor<?x256xf32>
  %et2 = tensor.empty() : tensor<256x64xf32>
  %wt2 = linalg.transpose ins(%w2 : tensor<64x256xf32>) outs(%et2 : tensor<256x64xf32>) permutation = [1, 0]
  %e4 = tensor.empty(%M) : tensor<?x64xf32>
  %z4 = linalg.broadcast ins(%zero : tensor<f32>) outs(%e4 : tensor<?x64xf32>) dimensions = [0, 1]
  %m2 = linalg.matmul ins(%gf, %wt2 : tensor<?x256xf32>, tensor<256x64xf32>) outs(%z4 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %o = tensor.expand_shape %m2 [[0, 1], [2]] output_shape [%B, %L, 64] : tensor<?x64xf32> into tensor<?x?x64xf32>
  %y = arith.addf %o, %x : tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
