// One case per rule of complex numbers in a graph.
// RUN: seqc-opt %s --seq-verify-graph --verify-diagnostics --split-input-file --allow-unregistered-dialect

// expected-error@+1 {{'func.func' op expects element type f32, f16, bf16, f64, i1, i8, i32, i64, complex<f32> or complex<f64>, but got 'tensor<4xcomplex<f16>>'}}
func.func @half(%x: tensor<4xcomplex<f16>>) attributes {seq.export} {
  return
}

// -----

func.func @real_map(%x: tensor<4xf32>) attributes {seq.export} {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error@+1 {{'linalg.map' op is not a form of a seq graph: it has no complex numbers; write its body with arith and math on tensors}}
  %0 = linalg.map { arith.negf } ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>)
  return
}

// -----

func.func @other_function(%x: tensor<4xcomplex<f32>>) attributes {seq.export} {
  %e = tensor.empty() : tensor<4xcomplex<f32>>
  // expected-error@+1 {{'linalg.map' op is not a form of a seq graph: its body holds 'complex.tanh'; a body is of scalar ops of the complex dialect (add,}}
  %0 = linalg.map { complex.tanh } ins(%x : tensor<4xcomplex<f32>>) outs(%e : tensor<4xcomplex<f32>>)
  return
}

// -----

func.func @body_type(%x: tensor<4xcomplex<f32>>, %c: tensor<4xf32>) attributes {seq.export} {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error@+1 {{'linalg.map' op is not a form of a seq graph: its body holds 'arith.fptosi';}}
  %0 = linalg.map ins(%x, %c : tensor<4xcomplex<f32>>, tensor<4xf32>) outs(%e : tensor<4xf32>) (%a: complex<f32>, %b: f32, %init: f32) {
    %i = arith.fptosi %b : f32 to i16
    %f = complex.abs %a : complex<f32>
    linalg.yield %f : f32
  }
  return
}

// -----

func.func @reads_init(%x: tensor<4xcomplex<f32>>) attributes {seq.export} {
  // expected-error@+1 {{'linalg.map' op is not a form of a seq graph: its body reads the init; give the tensor as an input}}
  %0 = linalg.map ins(%x : tensor<4xcomplex<f32>>) outs(%x : tensor<4xcomplex<f32>>) (%a: complex<f32>, %init: complex<f32>) {
    %f = complex.add %a, %init : complex<f32>
    linalg.yield %f : complex<f32>
  }
  return
}

// -----

func.func @select(%c: tensor<4xi1>, %x: tensor<4xcomplex<f32>>) attributes {seq.export} {
  // expected-error@+1 {{'arith.select' op is not a form of a seq graph: complex numbers are computed by linalg.map with a body of scalar ops of the complex dialect}}
  %0 = arith.select %c, %x, %x : tensor<4xi1>, tensor<4xcomplex<f32>>
  return
}

// -----

func.func @product(%x: tensor<4x3xcomplex<f32>>) -> tensor<4xcomplex<f32>> attributes {seq.export} {
  %one = arith.constant dense<(1.0, 0.0)> : tensor<4xcomplex<f32>>
  // expected-error@+1 {{'linalg.reduce' op is not a form of a seq graph: its combiner is not a single add}}
  %0 = linalg.reduce { complex.mul } ins(%x : tensor<4x3xcomplex<f32>>) outs(%one : tensor<4xcomplex<f32>>) dimensions = [1]
  return %0 : tensor<4xcomplex<f32>>
}

// -----

func.func @scalar() attributes {seq.export} {
  // expected-error@+1 {{'complex.constant' op is not a form of a seq graph: scalars are for sizes and padding values}}
  %c = complex.constant [1.0 : f32, 2.0 : f32] : complex<f32>
  // expected-error@+1 {{'complex.abs' op is not a form of a seq graph: complex numbers are computed by linalg.map with a body of scalar ops}}
  %a = complex.abs %c : complex<f32>
  return
}
