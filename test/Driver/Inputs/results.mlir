// Results that no kernel computes: an input, one value twice, a constant, a reshaped input.
func.func @identity(%x: tensor<2xf32>) -> tensor<2xf32> attributes {seq.export} {
  return %x : tensor<2xf32>
}
func.func @twice(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) attributes {seq.export} {
  %y = arith.addf %x, %x : tensor<2xf32>
  return %y, %y : tensor<2xf32>, tensor<2xf32>
}
func.func @constant(%x: tensor<2xf32>) -> tensor<2xf32> attributes {seq.export} {
  %y = arith.constant dense<[1.0, 7.0]> : tensor<2xf32>
  return %y : tensor<2xf32>
}
func.func @reshaped(%x: tensor<2x2xf32>) -> tensor<4xf32> attributes {seq.export} {
  %y = tensor.collapse_shape %x [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
  return %y : tensor<4xf32>
}
