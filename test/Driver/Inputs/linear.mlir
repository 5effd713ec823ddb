// A model with weights: y = x W, two entry points.
module attributes {seq.weights = "linear.safetensors"} {
  ml_program.global private @w(#ml_program.extern<tensor<4x3xf32>>) : tensor<4x3xf32>
  func.func @main(%x: tensor<?x4xf32> {seq.dims = ["B", 4], seq.name = "x"}) -> (tensor<?x3xf32> {seq.name = "y"}) attributes {seq.export} {
    %c0 = arith.constant 0 : index
    %B = tensor.dim %x, %c0 : tensor<?x4xf32>
    %w = ml_program.global_load_const @w : tensor<4x3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %e = tensor.empty(%B) : tensor<?x3xf32>
    %init = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x3xf32>) dimensions = [0, 1]
    %y = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x3xf32>) outs(%init : tensor<?x3xf32>) -> tensor<?x3xf32>
    return %y : tensor<?x3xf32>
  }
  func.func @negate(%x: tensor<4xf32> {seq.name = "x"}) -> (tensor<4xf32> {seq.name = "y"}) attributes {seq.export} {
    %y = arith.negf %x : tensor<4xf32>
    return %y : tensor<4xf32>
  }
}
