// RUN: seqc-opt %s -seq-form-kernels | FileCheck %s --check-prefix=FORM
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile 2>/dev/null | FileCheck %s --check-prefix=TILE
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// One kernel for residual + layernorm; both results are written by it.
// FORM-LABEL: func.func @add_layernorm
// FORM:         %[[G:.*]]:2 = seq.group "pointwise"
// FORM-NOT:     seq.group
// FORM:         return %[[G]]#1, %[[G]]#0

// Whole rows of 100 elements in tiles of 104: the sum masks the tail, B and L are one axis.
// TILE:       tile.kernel @seqc_pointwise_f32_[[$HASH:[0-9a-f]+]]
// TILE-SAME:    config(#tile.config<{bm = 32, bn = 104, form = 1}>)
// TILE-SAME:    params(["in0", "in1", "in2", "in3", "out0", "out1", "B", "L"])
// TILE:         tile.load {{.*}} -> tensor<32x104xf32>
// TILE:         arith.cmpi slt
// TILE:         arith.select
// TILE:         tile.reduce {{.*}} {dims = [1], kind = add} : tensor<32x104xf32> -> tensor<32xf32>
// TILE-LABEL: func.func @add_layernorm
// TILE:         tile.launch @seqc_pointwise_f32_[[$HASH]]
// TILE-NOT:     tile.launch

// REMARK: remark: config-chosen: pointwise {form = 1, bm = 32, bn = 104}, next
func.func @add_layernorm(%x: tensor<?x?x100xf32> {seq.dims = ["B", "L", 100]}, %r: tensor<?x?x100xf32> {seq.dims = ["B", "L", 100]},
                         %g: tensor<100xf32>, %b: tensor<100xf32>) -> (tensor<?x?x100xf32>, tensor<?x?x100xf32>) attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x100xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x100xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %h = arith.addf %x, %r : tensor<?x?x100xf32>
  %e2 = tensor.empty(%B, %L) : tensor<?x?xf32>
  %e3 = tensor.empty(%B, %L) : tensor<?x?x100xf32>
  %z = linalg.broadcast ins(%zero : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %s = linalg.reduce { arith.addf } ins(%h : tensor<?x?x100xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %n = arith.constant dense<100.0> : tensor<f32>
  %nb = linalg.broadcast ins(%n : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %mu = arith.divf %s, %nb : tensor<?x?xf32>
  %mub = linalg.broadcast ins(%mu : tensor<?x?xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [2]
  %c = arith.subf %h, %mub : tensor<?x?x100xf32>
  %cc = arith.mulf %c, %c : tensor<?x?x100xf32>
  %v = linalg.reduce { arith.addf } ins(%cc : tensor<?x?x100xf32>) outs(%z : tensor<?x?xf32>) dimensions = [2]
  %var = arith.divf %v, %nb : tensor<?x?xf32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %epsb = linalg.broadcast ins(%eps : tensor<f32>) outs(%e2 : tensor<?x?xf32>) dimensions = [0, 1]
  %ve = arith.addf %var, %epsb : tensor<?x?xf32>
  %rs = math.rsqrt %ve : tensor<?x?xf32>
  %rsb = linalg.broadcast ins(%rs : tensor<?x?xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [2]
  %y0 = arith.mulf %c, %rsb : tensor<?x?x100xf32>
  %gb = linalg.broadcast ins(%g : tensor<100xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [0, 1]
  %bb = linalg.broadcast ins(%b : tensor<100xf32>) outs(%e3 : tensor<?x?x100xf32>) dimensions = [0, 1]
  %y1 = arith.mulf %y0, %gb : tensor<?x?x100xf32>
  %y = arith.addf %y1, %bb : tensor<?x?x100xf32>
  return %y, %h : tensor<?x?x100xf32>, tensor<?x?x100xf32>
}
