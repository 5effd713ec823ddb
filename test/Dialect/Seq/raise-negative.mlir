// Near matches are left alone, with a remark that says why.
// RUN: seqc-opt %s --seq-raise --split-input-file 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s --seq-raise --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// CHECK-NOT: seq.attention

// REMARK: remark: did not raise softmax(QK^T)V: 'arith.divf' between the two products is used elsewhere, by 'func.return'
func.func @negative_weights_returned(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x5x7xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s1 : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s1, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %w : tensor<2x5x7xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: the row maximum is not subtracted before the exponential
func.func @negative_no_maximum(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s1 : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s1, %maxb : tensor<2x5x7xf32>
  %p = math.exp %s1 : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: the divisor is not the sum of the exponentials over the keys
func.func @negative_divisor(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s1 : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s1, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %s0 : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: what is subtracted before the exponential is not the row maximum
func.func @negative_subtrahend(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s1 : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s1, %s0 : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: 'arith.mulf' combines two values that come from matrix products
func.func @negative_two_products(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %s = arith.mulf %s1, %s1 : tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: 'arith.mulf' is applied to scores that are already masked
func.func @negative_after_mask(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %c: tensor<2x5x7xi1>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<2x5x7xf32>
  %sm = arith.select %c, %s1, %ninf : tensor<2x5x7xi1>, tensor<2x5x7xf32>
  %half = arith.constant dense<0.5> : tensor<2x5x7xf32>
  %s = arith.mulf %sm, %half : tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// Not near: the weights do not come from a product. No remark.
// REMARK-NOT: remark
func.func @negative_no_product(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %x: tensor<2x5x7xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %x, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: all probabilities that are not numbers become 0, also those of scores that are not numbers
func.func @negative_isnan(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %bias: tensor<2x5x7xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %s = arith.addf %s1, %bias : tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %none = arith.cmpf uno, %w, %w : tensor<2x5x7xf32>
  %safe = arith.select %none, %s0, %w : tensor<2x5x7xi1>, tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%safe, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}

// -----

// REMARK: remark: did not raise softmax(QK^T)V: probabilities become 0 by a condition that is not that all scores of the row are minus infinity
func.func @negative_other_rows(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %bias: tensor<2x5x7xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %s = arith.addf %s1, %bias : tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %ninf2 = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s : tensor<2x5x7xf32>) outs(%ninf2 : tensor<2x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %none = arith.cmpf oeq, %maxb, %s0 : tensor<2x5x7xf32>
  %safe = arith.select %none, %s0, %w : tensor<2x5x7xi1>, tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%safe, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}
