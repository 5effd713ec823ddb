// y = layernorm(x + r) * gamma + beta over rows of 64, for any batch B and length L.
func.func @main(%x: tensor<?x?x64xf32> {seq.dims = ["B", "L", 64], seq.name = "x"}, %r: tensor<?x?x64xf32> {seq.dims = ["B", "L", 64], seq.name = "r"},
                %gamma: tensor<64xf32> {seq.name = "gamma"}, %beta: tensor<64xf32> {seq.name = "beta"})
    -> (tensor<?x?x64xf32> {seq.name = "y"}) attributes {seq.export} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x64xf32>
  %L = tensor.dim %x, %c1 : tensor<?x?x64xf32>
  %row = tensor.empty(%B, %L) : tensor<?x?xf32>
  %full = tensor.empty(%B, %L) : tensor<?x?x64xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %inverse = arith.constant dense<0.015625> : tensor<f32>
  %eps = arith.constant dense<1.0e-5> : tensor<f32>
  %zeros = linalg.broadcast ins(%zero : tensor<f32>) outs(%row : tensor<?x?xf32>) dimensions = [0, 1]
  %inverses = linalg.broadcast ins(%inverse : tensor<f32>) outs(%row : tensor<?x?xf32>) dimensions = [0, 1]
  %epsilons = linalg.broadcast ins(%eps : tensor<f32>) outs(%row : tensor<?x?xf32>) dimensions = [0, 1]

  %h = arith.addf %x, %r : tensor<?x?x64xf32>
  %sum = linalg.reduce { arith.addf } ins(%h : tensor<?x?x64xf32>) outs(%zeros : tensor<?x?xf32>) dimensions = [2]
  %mean = arith.mulf %sum, %inverses : tensor<?x?xf32>
  %means = linalg.broadcast ins(%mean : tensor<?x?xf32>) outs(%full : tensor<?x?x64xf32>) dimensions = [2]
  %c = arith.subf %h, %means : tensor<?x?x64xf32>
  %cc = arith.mulf %c, %c : tensor<?x?x64xf32>
  %sum2 = linalg.reduce { arith.addf } ins(%cc : tensor<?x?x64xf32>) outs(%zeros : tensor<?x?xf32>) dimensions = [2]
  %var = arith.mulf %sum2, %inverses : tensor<?x?xf32>
  %vare = arith.addf %var, %epsilons : tensor<?x?xf32>
  %rstd = math.rsqrt %vare : tensor<?x?xf32>
  %rstds = linalg.broadcast ins(%rstd : tensor<?x?xf32>) outs(%full : tensor<?x?x64xf32>) dimensions = [2]
  %n = arith.mulf %c, %rstds : tensor<?x?x64xf32>
  %gammas = linalg.broadcast ins(%gamma : tensor<64xf32>) outs(%full : tensor<?x?x64xf32>) dimensions = [0, 1]
  %betas = linalg.broadcast ins(%beta : tensor<64xf32>) outs(%full : tensor<?x?x64xf32>) dimensions = [0, 1]
  %scaled = arith.mulf %n, %gammas : tensor<?x?x64xf32>
  %y = arith.addf %scaled, %betas : tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
