func.func @main(%q: tensor<1x8x?x64xf32> {seq.dims = [1, 8, "L", 64], seq.name = "q"},
                %k: tensor<1x8x?x64xf32> {seq.dims = [1, 8, "L", 64], seq.name = "k"},
                %v: tensor<1x8x?x64xf32> {seq.dims = [1, 8, "L", 64], seq.name = "v"}) -> tensor<1x8x?x64xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %v {causal = "none"} : tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32> -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}
