// Every form that complex numbers may take passes unchanged.
// RUN: seqc-opt %s --seq-verify-graph | FileCheck %s

// CHECK-LABEL: func @every_form
// CHECK: linalg.map { complex.mul }
// CHECK: complex.create
module attributes {seq.weights = "model.safetensors"} {
  ml_program.global private @w(#ml_program.extern<tensor<4xcomplex<f64>>>) : tensor<4xcomplex<f64>>
  func.func @every_form(%x: tensor<?x4xcomplex<f32>> {seq.dims = ["B", 4]}, %i: tensor<?x1xi64> {seq.dims = ["M", 1]})
      -> (tensor<?xcomplex<f32>> {seq.name = "y"}, tensor<?x6xcomplex<f32>>, tensor<?x4xf32>, tensor<?x4xcomplex<f32>>, tensor<4xcomplex<f64>>) attributes {seq.export} {
    %c0 = arith.constant 0 : index
    %b = tensor.dim %x, %c0 : tensor<?x4xcomplex<f32>>
    %w = ml_program.global_load_const @w : tensor<4xcomplex<f64>>
    %one = arith.constant dense<(1.0, -0.5)> : tensor<complex<f32>>
    %e = tensor.empty(%b) : tensor<?x4xcomplex<f32>>
    %ones = linalg.broadcast ins(%one : tensor<complex<f32>>) outs(%e : tensor<?x4xcomplex<f32>>) dimensions = [0, 1]
    %p = linalg.map { complex.mul } ins(%x, %ones : tensor<?x4xcomplex<f32>>, tensor<?x4xcomplex<f32>>) outs(%e : tensor<?x4xcomplex<f32>>)
    %ef = tensor.empty(%b) : tensor<?x4xf32>
    %a = linalg.map ins(%p : tensor<?x4xcomplex<f32>>) outs(%ef : tensor<?x4xf32>) (%z: complex<f32>, %init: f32) {
      %k = complex.constant [2.0 : f32, 0.0 : f32] : complex<f32>
      %two = arith.constant 2.0 : f32
      %re = complex.re %z : complex<f32>
      %im = complex.im %z : complex<f32>
      %t = arith.mulf %re, %two : f32
      %n = complex.create %t, %im : complex<f32>
      %q = complex.div %n, %k : complex<f32>
      %s = complex.exp %q : complex<f32>
      %c = complex.conj %s : complex<f32>
      %d = complex.sub %c, %q : complex<f32>
      %m = complex.neg %d : complex<f32>
      %r = complex.abs %m : complex<f32>
      linalg.yield %r : f32
    }
    %zero = arith.constant dense<(0.0, 0.0)> : tensor<complex<f32>>
    %e1 = tensor.empty(%b) : tensor<?xcomplex<f32>>
    %acc = linalg.broadcast ins(%zero : tensor<complex<f32>>) outs(%e1 : tensor<?xcomplex<f32>>) dimensions = [0]
    %sum = linalg.reduce { complex.add } ins(%p : tensor<?x4xcomplex<f32>>) outs(%acc : tensor<?xcomplex<f32>>) dimensions = [1]
    %pad = complex.constant [0.0 : f32, 1.0 : f32] : complex<f32>
    %wide = tensor.pad %p low[0, 1] high[0, 1] {
    ^bb0(%i0: index, %i1: index):
      tensor.yield %pad : complex<f32>
    } : tensor<?x4xcomplex<f32>> to tensor<?x6xcomplex<f32>>
    %g = tensor.gather %x[%i] gather_dims([0]) : (tensor<?x4xcomplex<f32>>, tensor<?x1xi64>) -> tensor<?x4xcomplex<f32>>
    return %sum, %wide, %a, %g, %w : tensor<?xcomplex<f32>>, tensor<?x6xcomplex<f32>>, tensor<?x4xf32>, tensor<?x4xcomplex<f32>>, tensor<4xcomplex<f64>>
  }
}
