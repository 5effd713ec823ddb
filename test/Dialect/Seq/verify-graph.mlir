// A module that uses every form passes unchanged.
// RUN: seqc-opt %s --seq-verify-graph | FileCheck %s

// CHECK: module attributes {seq.weights = "model.safetensors"}
module attributes {seq.weights = "model.safetensors"} {
  ml_program.global private @w(#ml_program.extern<tensor<8x16xf32>>) : tensor<8x16xf32>
  ml_program.global private @table(dense<1.0> : tensor<32x8xf32>) : tensor<32x8xf32>

  // CHECK-LABEL: func @every_form
  func.func @every_form(%ids: tensor<?x?xi64> {seq.dims = ["B", "L"]}, %q: tensor<1x1x4x8xf16>) -> (tensor<?x16xf32> {seq.name = "y"}, tensor<4x8xf32>)
      attributes {seq.export} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
    %l = tensor.dim %ids, %c1 : tensor<?x?xi64>
    %n = arith.muli %b, %l : index
    %zero = arith.constant dense<0.0> : tensor<f32>
    %table = ml_program.global_load_const @table : tensor<32x8xf32>
    %w = ml_program.global_load_const @w : tensor<8x16xf32>
    %i = tensor.expand_shape %ids [[0], [1, 2]] output_shape [%b, %l, 1] : tensor<?x?xi64> into tensor<?x?x1xi64>
    %x = tensor.gather %table[%i] gather_dims([0]) : (tensor<32x8xf32>, tensor<?x?x1xi64>) -> tensor<?x?x8xf32>
    %x2 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<?x16xf32>
    %acc = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x16xf32>) dimensions = [0, 1]
    %y = linalg.matmul ins(%x2, %w : tensor<?x8xf32>, tensor<8x16xf32>) outs(%acc : tensor<?x16xf32>) -> tensor<?x16xf32>
    %t = math.tanh %y : tensor<?x16xf32>
    %e1 = tensor.empty(%n) : tensor<?xf32>
    %m0 = arith.constant dense<0xFF800000> : tensor<f32>
    %init = linalg.broadcast ins(%m0 : tensor<f32>) outs(%e1 : tensor<?xf32>) dimensions = [0]
    %max = linalg.reduce ins(%t : tensor<?x16xf32>) outs(%init : tensor<?xf32>) dimensions = [1] (%in: f32, %a: f32) {
      %r = arith.maximumf %a, %in : f32
      linalg.yield %r : f32
    }
    %mb = linalg.broadcast ins(%max : tensor<?xf32>) outs(%e : tensor<?x16xf32>) dimensions = [1]
    %d = arith.subf %t, %mb : tensor<?x16xf32>
    %p = seq.iota(%n) {dim = 0} : tensor<?x16xi32>
    %pf = arith.sitofp %p : tensor<?x16xi32> to tensor<?x16xf32>
    %c = arith.cmpf olt, %d, %pf : tensor<?x16xf32>
    %s = arith.select %c, %d, %pf : tensor<?x16xi1>, tensor<?x16xf32>
    %o = seq.attention %q, %q, %q : tensor<1x1x4x8xf16>, tensor<1x1x4x8xf16>, tensor<1x1x4x8xf16> -> tensor<1x1x4x8xf16>
    %o2 = tensor.collapse_shape %o [[0, 1, 2], [3]] : tensor<1x1x4x8xf16> into tensor<4x8xf16>
    %o3 = tensor.extract_slice %o2[0, 0] [2, 8] [2, 1] : tensor<4x8xf16> to tensor<2x8xf16>
    %o4 = tensor.concat dim(0) %o3, %o3 : (tensor<2x8xf16>, tensor<2x8xf16>) -> tensor<4x8xf16>
    %te = tensor.empty() : tensor<8x4xf16>
    %o5 = linalg.transpose ins(%o4 : tensor<4x8xf16>) outs(%te : tensor<8x4xf16>) permutation = [1, 0]
    %acc16 = arith.constant dense<0.0> : tensor<4x4xf32>
    %g = linalg.matmul ins(%o4, %o5 : tensor<4x8xf16>, tensor<8x4xf16>) outs(%acc16 : tensor<4x4xf32>) -> tensor<4x4xf32>
    %z = arith.constant 0.0 : f32
    %g2 = tensor.pad %g low[0, 2] high[0, 2] {
    ^bb0(%i0: index, %i1: index):
      tensor.yield %z : f32
    } : tensor<4x4xf32> to tensor<4x8xf32>
    return %s, %g2 : tensor<?x16xf32>, tensor<4x8xf32>
  }
}
