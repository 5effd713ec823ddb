func.func @integers(%x: tensor<8xi32>, %y: tensor<8xi32>) -> (tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>)
    attributes {seq.export} {
  %0 = arith.divsi %x, %y : tensor<8xi32>
  %1 = arith.remsi %x, %y : tensor<8xi32>
  %2 = arith.floordivsi %x, %y : tensor<8xi32>
  %3 = arith.ceildivsi %x, %y : tensor<8xi32>
  %4 = arith.divui %x, %y : tensor<8xi32>
  %5 = arith.remui %x, %y : tensor<8xi32>
  %6 = arith.ceildivui %x, %y : tensor<8xi32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>, tensor<8xi32>
}
func.func @power(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> attributes {seq.export} {
  %0 = math.powf %x, %y : tensor<8xf32>
  return %0 : tensor<8xf32>
}
func.func @near_one(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {seq.export} {
  %0 = math.expm1 %x : tensor<4xf32>
  %1 = math.log1p %x : tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
func.func @waves(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) attributes {seq.export} {
  %one = arith.constant dense<1.0> : tensor<8xf32>
  %0 = math.sin %x : tensor<8xf32>
  %1 = math.cos %x : tensor<8xf32>
  %2 = math.absf %0 : tensor<8xf32>
  %3 = math.absf %1 : tensor<8xf32>
  %4 = arith.cmpf ole, %2, %one : tensor<8xf32>
  %5 = arith.cmpf ole, %3, %one : tensor<8xf32>
  %6 = arith.uitofp %4 : tensor<8xi1> to tensor<8xf32>
  %7 = arith.uitofp %5 : tensor<8xi1> to tensor<8xf32>
  return %6, %7 : tensor<8xf32>, tensor<8xf32>
}
func.func @numbers(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {seq.export} {
  %0 = arith.truncf %x : tensor<4xf32> to tensor<4xf16>
  %1 = arith.truncf %y : tensor<4xf32> to tensor<4xf16>
  %2 = arith.maxnumf %0, %1 : tensor<4xf16>
  %3 = arith.minnumf %0, %1 : tensor<4xf16>
  %4 = arith.extf %2 : tensor<4xf16> to tensor<4xf32>
  %5 = arith.extf %3 : tensor<4xf16> to tensor<4xf32>
  return %4, %5 : tensor<4xf32>, tensor<4xf32>
}
