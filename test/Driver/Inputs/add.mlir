// The smallest model: y = x + x.
func.func @main(%x: tensor<?x4xf32> {seq.dims = ["B", 4], seq.name = "x"}) -> (tensor<?x4xf32> {seq.name = "y"}) attributes {seq.export} {
  %y = arith.addf %x, %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
