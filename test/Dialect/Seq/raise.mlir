// Hand-written softmax(QK^T)V becomes seq.attention.
// RUN: seqc-opt %s --seq-raise --split-input-file 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s --seq-raise --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// REMARK-COUNT-8: remark: raised softmax(QK^T)V to seq.attention

// q k^T scaled after, causal select, heads collapsed into the batch, dynamic sizes.
// CHECK-LABEL: func @causal_collapsed_heads
// CHECK-SAME: %[[Q:.*]]: tensor<?x4x?x16xf32> {{.*}}, %[[K:.*]]: tensor<?x4x?x16xf32> {{.*}}, %[[V:.*]]: tensor<?x4x?x16xf32>
// CHECK-NOT: linalg
// CHECK: %[[O:.*]] = seq.attention %[[Q]], %[[K]], %[[V]] {causal = "top_left", scale = 2.500000e-01 : f64} :
// CHECK: tensor.collapse_shape %[[O]]
func.func @causal_collapsed_heads(%q: tensor<?x4x?x16xf32> {seq.dims = ["B", 4, "L", 16]}, %k: tensor<?x4x?x16xf32> {seq.dims = ["B", 4, "L", 16]},
                                  %v: tensor<?x4x?x16xf32> {seq.dims = ["B", 4, "L", 16]}) -> tensor<?x4x?x16xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %b = tensor.dim %q, %c0 : tensor<?x4x?x16xf32>
  %l = tensor.dim %q, %c2 : tensor<?x4x?x16xf32>
  %g = arith.muli %b, %c4 : index
  %zero = arith.constant dense<0.0> : tensor<f32>
  %ninf = arith.constant dense<0xFF800000> : tensor<f32>
  %scale = arith.constant dense<0.25> : tensor<f32>
  %kte = tensor.empty(%b, %l) : tensor<?x4x16x?xf32>
  %kt = linalg.transpose ins(%k : tensor<?x4x?x16xf32>) outs(%kte : tensor<?x4x16x?xf32>) permutation = [0, 1, 3, 2]
  %q3 = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x4x?x16xf32> into tensor<?x?x16xf32>
  %k3 = tensor.collapse_shape %kt [[0, 1], [2], [3]] : tensor<?x4x16x?xf32> into tensor<?x16x?xf32>
  %v3 = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x4x?x16xf32> into tensor<?x?x16xf32>
  %se = tensor.empty(%g, %l, %l) : tensor<?x?x?xf32>
  %s0 = linalg.broadcast ins(%zero : tensor<f32>) outs(%se : tensor<?x?x?xf32>) dimensions = [0, 1, 2]
  %s3 = linalg.batch_matmul ins(%q3, %k3 : tensor<?x?x16xf32>, tensor<?x16x?xf32>) outs(%s0 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s4 = tensor.expand_shape %s3 [[0, 1], [2], [3]] output_shape [%b, 4, %l, %l] : tensor<?x?x?xf32> into tensor<?x4x?x?xf32>
  %e4 = tensor.empty(%b, %l, %l) : tensor<?x4x?x?xf32>
  %sc4 = linalg.broadcast ins(%scale : tensor<f32>) outs(%e4 : tensor<?x4x?x?xf32>) dimensions = [0, 1, 2, 3]
  %s = arith.mulf %s4, %sc4 : tensor<?x4x?x?xf32>
  %im = seq.iota(%l, %l) {dim = 0} : tensor<?x?xi64>
  %in = seq.iota(%l, %l) {dim = 1} : tensor<?x?xi64>
  %visible = arith.cmpi sge, %im, %in : tensor<?x?xi64>
  %e4b = tensor.empty(%b, %l, %l) : tensor<?x4x?x?xi1>
  %vis4 = linalg.broadcast ins(%visible : tensor<?x?xi1>) outs(%e4b : tensor<?x4x?x?xi1>) dimensions = [0, 1]
  %ninf4 = linalg.broadcast ins(%ninf : tensor<f32>) outs(%e4 : tensor<?x4x?x?xf32>) dimensions = [0, 1, 2, 3]
  %masked = arith.select %vis4, %s, %ninf4 : tensor<?x4x?x?xi1>, tensor<?x4x?x?xf32>
  %re = tensor.empty(%b, %l) : tensor<?x4x?xf32>
  %ninf3 = linalg.broadcast ins(%ninf : tensor<f32>) outs(%re : tensor<?x4x?xf32>) dimensions = [0, 1, 2]
  %max = linalg.reduce { arith.maximumf } ins(%masked : tensor<?x4x?x?xf32>) outs(%ninf3 : tensor<?x4x?xf32>) dimensions = [3]
  %maxb = linalg.broadcast ins(%max : tensor<?x4x?xf32>) outs(%e4 : tensor<?x4x?x?xf32>) dimensions = [3]
  %d = arith.subf %masked, %maxb : tensor<?x4x?x?xf32>
  %p = math.exp %d : tensor<?x4x?x?xf32>
  %zero3 = linalg.broadcast ins(%zero : tensor<f32>) outs(%re : tensor<?x4x?xf32>) dimensions = [0, 1, 2]
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<?x4x?x?xf32>) outs(%zero3 : tensor<?x4x?xf32>) dimensions = [3]
  %sumb = linalg.broadcast ins(%sum : tensor<?x4x?xf32>) outs(%e4 : tensor<?x4x?x?xf32>) dimensions = [3]
  %w = arith.divf %p, %sumb : tensor<?x4x?x?xf32>
  %w3 = tensor.collapse_shape %w [[0, 1], [2], [3]] : tensor<?x4x?x?xf32> into tensor<?x?x?xf32>
  %oe = tensor.empty(%g, %l) : tensor<?x?x16xf32>
  %o0 = linalg.broadcast ins(%zero : tensor<f32>) outs(%oe : tensor<?x?x16xf32>) dimensions = [0, 1, 2]
  %o3 = linalg.batch_matmul ins(%w3, %v3 : tensor<?x?x?xf32>, tensor<?x?x16xf32>) outs(%o0 : tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  %o = tensor.expand_shape %o3 [[0, 1], [2], [3]] output_shape [%b, 4, %l, 16] : tensor<?x?x16xf32> into tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// -----

// No heads; the query is scaled before the product; an added mask; 16-bit inputs with softmax in f32.
// CHECK-LABEL: func @bias_half_scaled_query
// CHECK-SAME: %[[Q:.*]]: tensor<2x5x8xf16>, %[[K:.*]]: tensor<2x7x8xf16>, %[[V:.*]]: tensor<2x7x8xf16>, %[[BIAS:.*]]: tensor<5x7xf32>
// CHECK-DAG: %[[Q4:.*]] = tensor.expand_shape %[[Q]] {{\[\[}}0, 1], [2], [3]]
// CHECK-DAG: %[[K4:.*]] = tensor.expand_shape %[[K]] {{\[\[}}0, 1], [2], [3]]
// CHECK-DAG: %[[V4:.*]] = tensor.expand_shape %[[V]] {{\[\[}}0, 1], [2], [3]]
// CHECK-DAG: %[[B4:.*]] = tensor.expand_shape %[[BIAS]] {{.*}} : tensor<5x7xf32> into tensor<1x1x5x7xf32>
// CHECK: %[[O:.*]] = seq.attention %[[Q4]], %[[K4]], %[[V4]] bias(%[[B4]] : tensor<1x1x5x7xf32>) {scale = 5.000000e-01 : f64}
// CHECK-NOT: linalg.batch_matmul
// CHECK: arith.extf
func.func @bias_half_scaled_query(%q: tensor<2x5x8xf16>, %k: tensor<2x7x8xf16>, %v: tensor<2x7x8xf16>, %bias: tensor<5x7xf32>) -> tensor<2x5x8xf16> {
  %half = arith.constant dense<0.5> : tensor<2x5x8xf16>
  %qs = arith.mulf %q, %half : tensor<2x5x8xf16>
  %kte = tensor.empty() : tensor<2x8x7xf16>
  %kt = linalg.transpose ins(%k : tensor<2x7x8xf16>) outs(%kte : tensor<2x8x7xf16>) permutation = [0, 2, 1]
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %sf = linalg.batch_matmul ins(%qs, %kt : tensor<2x5x8xf16>, tensor<2x8x7xf16>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %sh = arith.truncf %sf : tensor<2x5x7xf32> to tensor<2x5x7xf16>
  %s1 = arith.extf %sh : tensor<2x5x7xf16> to tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %bb = linalg.broadcast ins(%bias : tensor<5x7xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [0]
  %s = arith.addf %s1, %bb : tensor<2x5x7xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<2x5xf32>
  %zero = arith.constant dense<0.0> : tensor<2x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s : tensor<2x5x7xf32>) outs(%ninf : tensor<2x5xf32>) dimensions = [2]
  %max1 = tensor.expand_shape %max [[0], [1, 2]] output_shape [2, 5, 1] : tensor<2x5xf32> into tensor<2x5x1xf32>
  %max2 = tensor.collapse_shape %max1 [[0], [1, 2]] : tensor<2x5x1xf32> into tensor<2x5xf32>
  %maxb = linalg.broadcast ins(%max2 : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %d = arith.subf %s, %maxb : tensor<2x5x7xf32>
  %p = math.exp %d : tensor<2x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<2x5x7xf32>) outs(%zero : tensor<2x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<2x5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [2]
  %wf = arith.divf %p, %sumb : tensor<2x5x7xf32>
  %w = arith.truncf %wf : tensor<2x5x7xf32> to tensor<2x5x7xf16>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %of = linalg.batch_matmul ins(%w, %v : tensor<2x5x7xf16>, tensor<2x7x8xf16>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %o = arith.truncf %of : tensor<2x5x8xf32> to tensor<2x5x8xf16>
  return %o : tensor<2x5x8xf16>
}

// -----

// softcap, a window, a mask in memory, a score modification; static sizes without heads.
// CHECK-LABEL: func @softcap_window_masks_mod
// CHECK: seq.attention %{{.*}}, %{{.*}}, %{{.*}} score_mod {
// CHECK: ^bb0(%[[S:.*]]: f32, %[[B:.*]]: index, %{{.*}}: index, %[[M:.*]]: index, %[[N:.*]]: index):
// CHECK: %[[X:.*]] = tensor.extract %{{.*}}[%[[M]]] : tensor<5xf32>
// CHECK: %[[Y:.*]] = arith.mulf %[[S]], %[[X]] : f32
// CHECK: seq.yield %[[Y]]
// CHECK: } mask {
// CHECK: ^bb0(%[[B:.*]]: index, %{{.*}}: index, %{{.*}}: index, %[[N:.*]]: index):
// CHECK-NEXT: %[[C:.*]] = tensor.extract %{{.*}}[%[[B]], %[[N]]] : tensor<2x7xi1>
// CHECK: arith.xori %[[C]]
// CHECK: } {scale = 2.000000e+00 : f64, softcap = 8.000000e+00 : f64, window_left = 2 : i64, window_right = 1 : i64}
func.func @softcap_window_masks_mod(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %rows: tensor<5xf32>, %hidden: tensor<2x7xi1>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %quarter = arith.constant dense<0.25> : tensor<2x5x7xf32>
  %eight = arith.constant dense<8.0> : tensor<2x5x7xf32>
  %s2 = arith.mulf %s1, %quarter : tensor<2x5x7xf32>
  %s3 = math.tanh %s2 : tensor<2x5x7xf32>
  %s4 = arith.mulf %s3, %eight : tensor<2x5x7xf32>
  %e = tensor.empty() : tensor<2x5x7xf32>
  %rb = linalg.broadcast ins(%rows : tensor<5xf32>) outs(%e : tensor<2x5x7xf32>) dimensions = [0, 2]
  %s5 = arith.mulf %s4, %rb : tensor<2x5x7xf32>
  %im = seq.iota() {dim = 0} : tensor<5x7xi32>
  %in = seq.iota() {dim = 1} : tensor<5x7xi32>
  %diff = arith.subi %im, %in : tensor<5x7xi32>
  %two = arith.constant dense<2> : tensor<5x7xi32>
  %minus = arith.constant dense<-1> : tensor<5x7xi32>
  %a = arith.cmpi sle, %diff, %two : tensor<5x7xi32>
  %b = arith.cmpi sge, %diff, %minus : tensor<5x7xi32>
  %ab = arith.andi %a, %b : tensor<5x7xi1>
  %eb = tensor.empty() : tensor<2x5x7xi1>
  %abb = linalg.broadcast ins(%ab : tensor<5x7xi1>) outs(%eb : tensor<2x5x7xi1>) dimensions = [0]
  %hb = linalg.broadcast ins(%hidden : tensor<2x7xi1>) outs(%eb : tensor<2x5x7xi1>) dimensions = [1]
  %ninf = arith.constant dense<0xFF800000> : tensor<2x5x7xf32>
  %s6 = arith.select %abb, %s5, %ninf : tensor<2x5x7xi1>, tensor<2x5x7xf32>
  %s = arith.select %hb, %ninf, %s6 : tensor<2x5x7xi1>, tensor<2x5x7xf32>
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

// A finite mask value keeps its meaning: it stays in score_mod.
// CHECK-LABEL: func @finite_mask_value
// CHECK: seq.attention %{{.*}} score_mod {
// CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
// CHECK-NOT: mask
// CHECK: {scale = 1.000000e+00 : f64}
func.func @finite_mask_value(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %c: tensor<2x5x7xi1>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %big = arith.constant dense<-1.0e9> : tensor<2x5x7xf32>
  %s = arith.select %c, %s1, %big : tensor<2x5x7xi1>, tensor<2x5x7xf32>
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

// tril of ones compared with 0 is the causal mask.
// CHECK-LABEL: func @tril_of_ones
// CHECK: seq.attention %{{.*}}, %{{.*}}, %{{.*}} {causal = "top_left", scale = 1.000000e+00 : f64}
func.func @tril_of_ones(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x5x8xf32> {
  %s0 = arith.constant dense<0.0> : tensor<2x5x7xf32>
  %s1 = linalg.batch_matmul ins(%q, %kt : tensor<2x5x8xf32>, tensor<2x8x7xf32>) outs(%s0 : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %im = seq.iota() {dim = 1} : tensor<2x5x7xi64>
  %in = seq.iota() {dim = 2} : tensor<2x5x7xi64>
  %tri = arith.cmpi sle, %in, %im : tensor<2x5x7xi64>
  %ones = arith.constant dense<1.0> : tensor<2x5x7xf32>
  %tril = arith.select %tri, %ones, %s0 : tensor<2x5x7xi1>, tensor<2x5x7xf32>
  %hide = arith.cmpf oeq, %tril, %s0 : tensor<2x5x7xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<2x5x7xf32>
  %s = arith.select %hide, %ninf, %s1 : tensor<2x5x7xi1>, tensor<2x5x7xf32>
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

// Keys and values repeated over heads become grouped heads.
// CHECK-LABEL: func @grouped_heads
// CHECK-SAME: %[[Q:.*]]: tensor<1x4x5x8xf32>, %[[K:.*]]: tensor<1x2x7x8xf32>, %[[V:.*]]: tensor<1x2x7x8xf32>
// CHECK: seq.attention %[[Q]], %[[K]], %[[V]] {scale = 1.000000e+00 : f64} : tensor<1x4x5x8xf32>, tensor<1x2x7x8xf32>
func.func @grouped_heads(%q: tensor<1x4x5x8xf32>, %k: tensor<1x2x7x8xf32>, %v: tensor<1x2x7x8xf32>) -> tensor<1x4x5x8xf32> {
  %re = tensor.empty() : tensor<1x2x2x7x8xf32>
  %kr = linalg.broadcast ins(%k : tensor<1x2x7x8xf32>) outs(%re : tensor<1x2x2x7x8xf32>) dimensions = [2]
  %vr = linalg.broadcast ins(%v : tensor<1x2x7x8xf32>) outs(%re : tensor<1x2x2x7x8xf32>) dimensions = [2]
  %k4 = tensor.collapse_shape %kr [[0], [1, 2], [3], [4]] : tensor<1x2x2x7x8xf32> into tensor<1x4x7x8xf32>
  %v4 = tensor.collapse_shape %vr [[0], [1, 2], [3], [4]] : tensor<1x2x2x7x8xf32> into tensor<1x4x7x8xf32>
  %te = tensor.empty() : tensor<1x4x8x7xf32>
  %kt4 = linalg.transpose ins(%k4 : tensor<1x4x7x8xf32>) outs(%te : tensor<1x4x8x7xf32>) permutation = [0, 1, 3, 2]
  %q3 = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<1x4x5x8xf32> into tensor<4x5x8xf32>
  %kt = tensor.collapse_shape %kt4 [[0, 1], [2], [3]] : tensor<1x4x8x7xf32> into tensor<4x8x7xf32>
  %v3 = tensor.collapse_shape %v4 [[0, 1], [2], [3]] : tensor<1x4x7x8xf32> into tensor<4x7x8xf32>
  %s0 = arith.constant dense<0.0> : tensor<4x5x7xf32>
  %s = linalg.batch_matmul ins(%q3, %kt : tensor<4x5x8xf32>, tensor<4x8x7xf32>) outs(%s0 : tensor<4x5x7xf32>) -> tensor<4x5x7xf32>
  %e = tensor.empty() : tensor<4x5x7xf32>
  %ninf = arith.constant dense<0xFF800000> : tensor<4x5xf32>
  %zero = arith.constant dense<0.0> : tensor<4x5xf32>
  %max = linalg.reduce { arith.maximumf } ins(%s : tensor<4x5x7xf32>) outs(%ninf : tensor<4x5xf32>) dimensions = [2]
  %maxb = linalg.broadcast ins(%max : tensor<4x5xf32>) outs(%e : tensor<4x5x7xf32>) dimensions = [2]
  %d = arith.subf %s, %maxb : tensor<4x5x7xf32>
  %p = math.exp %d : tensor<4x5x7xf32>
  %sum = linalg.reduce { arith.addf } ins(%p : tensor<4x5x7xf32>) outs(%zero : tensor<4x5xf32>) dimensions = [2]
  %sumb = linalg.broadcast ins(%sum : tensor<4x5xf32>) outs(%e : tensor<4x5x7xf32>) dimensions = [2]
  %w = arith.divf %p, %sumb : tensor<4x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<4x5x8xf32>
  %o3 = linalg.batch_matmul ins(%w, %v3 : tensor<4x5x7xf32>, tensor<4x7x8xf32>) outs(%o0 : tensor<4x5x8xf32>) -> tensor<4x5x8xf32>
  %o = tensor.expand_shape %o3 [[0, 1], [2], [3]] output_shape [1, 4, 5, 8] : tensor<4x5x8xf32> into tensor<1x4x5x8xf32>
  return %o : tensor<1x4x5x8xf32>
}

// -----

// PyTorch's decomposition of scaled_dot_product_attention: rows whose scores are all minus infinity give 0, as attention does without keys.
// CHECK-LABEL: func @safe_softmax_of_a_masked_row
// CHECK-NOT: linalg.batch_matmul
// CHECK: seq.attention {{.*}} bias(
// CHECK-NOT: linalg.batch_matmul
func.func @safe_softmax_of_a_masked_row(%arg0: tensor<1x2x16x8xf32> {seq.dims = [1, 2, 16, 8]}, %arg1: tensor<1x2x16x8xf32> {seq.dims = [1, 2, 16, 8]}, %arg2: tensor<1x2x16x8xf32> {seq.dims = [1, 2, 16, 8]}, %arg3: tensor<16x16xi1> {seq.dims = [16, 16]}) -> (tensor<1x2x16x8xf32>) {
  %0 = arith.constant dense<0xFF800000> : tensor<f32>
  %1 = arith.constant dense<0.0> : tensor<f32>
  %2 = tensor.empty() : tensor<16x16xf32>
  %3 = linalg.broadcast ins(%1 : tensor<f32>) outs(%2 : tensor<16x16xf32>) dimensions = [0, 1]
  %4 = tensor.empty() : tensor<16x16xf32>
  %5 = linalg.broadcast ins(%0 : tensor<f32>) outs(%4 : tensor<16x16xf32>) dimensions = [0, 1]
  %6 = arith.select %arg3, %3, %5 : tensor<16x16xi1>, tensor<16x16xf32>
  %7 = arith.constant dense<5.94603539e-01> : tensor<1x2x16x8xf32>
  %8 = arith.mulf %arg0, %7 : tensor<1x2x16x8xf32>
  %9 = tensor.empty() : tensor<1x2x8x16xf32>
  %10 = linalg.transpose ins(%arg1 : tensor<1x2x16x8xf32>) outs(%9 : tensor<1x2x8x16xf32>) permutation = [0, 1, 3, 2]
  %11 = arith.constant dense<5.94603539e-01> : tensor<1x2x8x16xf32>
  %12 = arith.mulf %10, %11 : tensor<1x2x8x16xf32>
  %13 = tensor.collapse_shape %8 [[0, 1], [2], [3]] : tensor<1x2x16x8xf32> into tensor<2x16x8xf32>
  %14 = tensor.collapse_shape %12 [[0, 1], [2], [3]] : tensor<1x2x8x16xf32> into tensor<2x8x16xf32>
  %15 = arith.constant dense<0.0> : tensor<2x16x16xf32>
  %16 = linalg.batch_matmul ins(%13, %14 : tensor<2x16x8xf32>, tensor<2x8x16xf32>) outs(%15 : tensor<2x16x16xf32>) -> tensor<2x16x16xf32>
  %17 = tensor.expand_shape %16 [[0, 1], [2], [3]] output_shape [1, 2, 16, 16] : tensor<2x16x16xf32> into tensor<1x2x16x16xf32>
  %18 = tensor.empty() : tensor<1x2x16x16xf32>
  %19 = linalg.broadcast ins(%6 : tensor<16x16xf32>) outs(%18 : tensor<1x2x16x16xf32>) dimensions = [0, 1]
  %20 = arith.addf %17, %19 : tensor<1x2x16x16xf32>
  %21 = arith.constant dense<0xFF800000> : tensor<1x2x16xf32>
  %22 = linalg.reduce { arith.maximumf } ins(%20 : tensor<1x2x16x16xf32>) outs(%21 : tensor<1x2x16xf32>) dimensions = [3]
  %23 = tensor.empty() : tensor<1x2x16x16xf32>
  %24 = linalg.broadcast ins(%22 : tensor<1x2x16xf32>) outs(%23 : tensor<1x2x16x16xf32>) dimensions = [3]
  %25 = arith.subf %20, %24 : tensor<1x2x16x16xf32>
  %26 = math.exp %25 : tensor<1x2x16x16xf32>
  %27 = arith.constant dense<0.0> : tensor<1x2x16xf32>
  %28 = linalg.reduce { arith.addf } ins(%26 : tensor<1x2x16x16xf32>) outs(%27 : tensor<1x2x16xf32>) dimensions = [3]
  %29 = tensor.empty() : tensor<1x2x16x16xf32>
  %30 = linalg.broadcast ins(%28 : tensor<1x2x16xf32>) outs(%29 : tensor<1x2x16x16xf32>) dimensions = [3]
  %31 = arith.divf %26, %30 : tensor<1x2x16x16xf32>
  %32 = arith.constant dense<0xFF800000> : tensor<1x2x16x16xf32>
  %33 = arith.cmpf oeq, %20, %32 : tensor<1x2x16x16xf32>
  %34 = arith.constant dense<true> : tensor<1x2x16x16xi1>
  %35 = arith.xori %33, %34 : tensor<1x2x16x16xi1>
  %36 = arith.constant dense<false> : tensor<1x2x16xi1>
  %37 = linalg.reduce { arith.ori } ins(%35 : tensor<1x2x16x16xi1>) outs(%36 : tensor<1x2x16xi1>) dimensions = [3]
  %38 = tensor.expand_shape %37 [[0], [1], [2, 3]] output_shape [1, 2, 16, 1] : tensor<1x2x16xi1> into tensor<1x2x16x1xi1>
  %39 = arith.constant dense<true> : tensor<1x2x16x1xi1>
  %40 = arith.xori %38, %39 : tensor<1x2x16x1xi1>
  %41 = arith.constant dense<0.0> : tensor<1x2x16x16xf32>
  %42 = tensor.collapse_shape %40 [[0], [1], [2, 3]] : tensor<1x2x16x1xi1> into tensor<1x2x16xi1>
  %43 = tensor.empty() : tensor<1x2x16x16xi1>
  %44 = linalg.broadcast ins(%42 : tensor<1x2x16xi1>) outs(%43 : tensor<1x2x16x16xi1>) dimensions = [3]
  %45 = arith.select %44, %41, %31 : tensor<1x2x16x16xi1>, tensor<1x2x16x16xf32>
  %46 = tensor.collapse_shape %45 [[0, 1], [2], [3]] : tensor<1x2x16x16xf32> into tensor<2x16x16xf32>
  %47 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x16x8xf32> into tensor<2x16x8xf32>
  %48 = arith.constant dense<0.0> : tensor<2x16x8xf32>
  %49 = linalg.batch_matmul ins(%46, %47 : tensor<2x16x16xf32>, tensor<2x16x8xf32>) outs(%48 : tensor<2x16x8xf32>) -> tensor<2x16x8xf32>
  %50 = tensor.expand_shape %49 [[0, 1], [2], [3]] output_shape [1, 2, 16, 8] : tensor<2x16x8xf32> into tensor<1x2x16x8xf32>
  return %50 : tensor<1x2x16x8xf32>
}

// -----

// The same by the row maximum.
// CHECK-LABEL: func @safe_softmax_by_maximum
// CHECK-NOT: linalg.reduce
// CHECK: seq.attention
func.func @safe_softmax_by_maximum(%q: tensor<2x5x8xf32>, %kt: tensor<2x8x7xf32>, %v: tensor<2x7x8xf32>, %bias: tensor<2x5x7xf32>) -> tensor<2x5x8xf32> {
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
  %ninf = arith.constant dense<0xFF800000> : tensor<2x5x7xf32>
  %none = arith.cmpf oeq, %maxb, %ninf : tensor<2x5x7xf32>
  %safe = arith.select %none, %s0, %w : tensor<2x5x7xi1>, tensor<2x5x7xf32>
  %o0 = arith.constant dense<0.0> : tensor<2x5x8xf32>
  %o = linalg.batch_matmul ins(%safe, %v : tensor<2x5x7xf32>, tensor<2x7x8xf32>) outs(%o0 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  return %o : tensor<2x5x8xf32>
}
