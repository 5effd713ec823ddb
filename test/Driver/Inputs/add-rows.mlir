// x + y over rows of 1024 elements, any number of rows.
func.func @main(%x: tensor<?x1024xbf16> {seq.dims = ["R", 1024], seq.name = "x"}, %y: tensor<?x1024xbf16> {seq.dims = ["R", 1024], seq.name = "y"}) -> tensor<?x1024xbf16> attributes {seq.export} {
  %s = arith.addf %x, %y : tensor<?x1024xbf16>
  return %s : tensor<?x1024xbf16>
}
