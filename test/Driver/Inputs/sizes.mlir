// Sizes that the types do not relate: L == M, and L <= 8 for the slice.
func.func @add(%x: tensor<?xf32> {seq.dims = ["L"]}, %y: tensor<?xf32> {seq.dims = ["M"]}) -> tensor<?xf32> attributes {seq.export} {
  %z = arith.addf %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}
func.func @slice(%x: tensor<?xf32> {seq.dims = ["L"]}, %y: tensor<8xf32>) -> tensor<?xf32> attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %L = tensor.dim %x, %c0 : tensor<?xf32>
  %s = tensor.extract_slice %y[0] [%L] [1] : tensor<8xf32> to tensor<?xf32>
  %z = arith.addf %x, %s : tensor<?xf32>
  return %z : tensor<?xf32>
}
