// RUN: seqc-opt %s -split-input-file -verify-diagnostics -seq-form-kernels -convert-seq-to-tile 2>&1

func.func @unknown_op(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @+1 {{'linalg.exp' is not among the forms that kernels are made of}}
  %y = linalg.exp ins(%x : tensor<4x4xf32>) outs(%x : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// expected-error @+1 {{expects a function without control flow}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}

// -----

func.func @combination(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error @+1 {{cannot make a kernel of 'linalg.reduce': its reduction is none of add, mul, max, min, and, or}}
  %y = linalg.reduce { arith.subf } ins(%x : tensor<4x8xf32>) outs(%z : tensor<4xf32>) dimensions = [1]
  return %y : tensor<4xf32>
}

// -----

func.func @padding_value(%x: tensor<4xf32>) -> tensor<6xf32> {
  %c = arith.constant 1.0 : f32
  // expected-error @+1 {{expects a constant padding value}}
  %y = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    %p = arith.addf %c, %c : f32
    tensor.yield %p : f32
  } : tensor<4xf32> to tensor<6xf32>
  return %y : tensor<6xf32>
}

// -----

func.func @integers(%a: tensor<4x4xi32>) -> tensor<4x4xi32> {
  %z = arith.constant dense<0> : tensor<4x4xi32>
  // expected-error @+1 {{expects f32, f16, bf16, f64 or i8 (with i32 sums) matrices, but got 'tensor<4x4xi32>' and 'tensor<4x4xi32>'}}
  %y = linalg.matmul ins(%a, %a : tensor<4x4xi32>, tensor<4x4xi32>) outs(%z : tensor<4x4xi32>) -> tensor<4x4xi32>
  return %y : tensor<4x4xi32>
}

// -----

func.func @result_kind(%x: tensor<4xf32>) -> (tensor<4xf32>, index) {
  %c = arith.constant 4 : index
  %y = math.absf %x : tensor<4xf32>
  // expected-error @-3 {{expects tensors as results, but got 'index'}}
  return %y, %c : tensor<4xf32>, index
}

// -----

func.func @scheme(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{unknown scheme 'magic'}}
  %g = seq.group "magic" -> tensor<4xf32> {
    %y = math.absf %x : tensor<4xf32>
    seq.yield %y : tensor<4xf32>
  }
  return %g : tensor<4xf32>
}
