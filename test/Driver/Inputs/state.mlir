// A step of a running sum: the second result is the second argument of the next call.
func.func @step(%x: tensor<?x4xf32> {seq.dims = ["B", 4], seq.name = "x"}, %s: tensor<?x4xf32> {seq.dims = ["B", 4], seq.name = "sum"})
    -> (tensor<?x4xf32> {seq.name = "y"}, tensor<?x4xf32> {seq.name = "next", seq.state = "sum"}) attributes {seq.export} {
  %n = arith.addf %s, %x : tensor<?x4xf32>
  %y = arith.mulf %n, %n : tensor<?x4xf32>
  return %y, %n : tensor<?x4xf32>, tensor<?x4xf32>
}
