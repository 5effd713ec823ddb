// Round trip: print; parse what was printed; generic form.
// RUN: seqc-opt %s | FileCheck %s
// RUN: seqc-opt %s | seqc-opt | FileCheck %s
// RUN: seqc-opt %s --mlir-print-op-generic | seqc-opt | FileCheck %s

// CHECK-LABEL: func @attention_plain
// CHECK: seq.attention %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x24xf32> -> tensor<2x8x5x24xf32>
func.func @attention_plain(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>, %v: tensor<2x2x7x24xf32>) -> tensor<2x8x5x24xf32> {
  %o = seq.attention %q, %k, %v : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x24xf32> -> tensor<2x8x5x24xf32>
  return %o : tensor<2x8x5x24xf32>
}

// CHECK-LABEL: func @attention_options
// CHECK: seq.attention %{{.*}}, %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<1x8x?x?xf32>) sinks(%{{.*}} : tensor<8xf32>) kv_lengths(%{{.*}} : tensor<?xi32>)
// CHECK-SAME: {causal = "bottom_right", scale = 1.250000e-01 : f64, softcap = 3.000000e+01 : f64, window_left = 128 : i64, window_right = 0 : i64}
// CHECK-SAME: -> tensor<?x8x?x16xbf16>, tensor<?x8x?xf32>
func.func @attention_options(%q: tensor<?x8x?x16xbf16>, %k: tensor<?x8x?x16xbf16>, %v: tensor<?x8x?x16xbf16>, %bias: tensor<1x8x?x?xf32>,
                             %sinks: tensor<8xf32>, %lengths: tensor<?xi32>) -> (tensor<?x8x?x16xbf16>, tensor<?x8x?xf32>) {
  %o, %lse = seq.attention %q, %k, %v bias(%bias : tensor<1x8x?x?xf32>) sinks(%sinks : tensor<8xf32>) kv_lengths(%lengths : tensor<?xi32>)
    {causal = "bottom_right", scale = 0.125, softcap = 30.0, window_left = 128, window_right = 0}
    : tensor<?x8x?x16xbf16>, tensor<?x8x?x16xbf16>, tensor<?x8x?x16xbf16> -> tensor<?x8x?x16xbf16>, tensor<?x8x?xf32>
  return %o, %lse : tensor<?x8x?x16xbf16>, tensor<?x8x?xf32>
}

// CHECK-LABEL: func @attention_packed_regions
// CHECK: cu_seqlens(%{{.*}} : tensor<?xi64>, %{{.*}} : tensor<?xi64>) score_mod {
// CHECK: tensor.extract
// CHECK: seq.yield %{{.*}} : f64
// CHECK: } mask {
// CHECK: seq.yield %{{.*}} : i1
func.func @attention_packed_regions(%q: tensor<1x4x?x8xf64>, %k: tensor<1x4x?x8xf64>, %v: tensor<1x4x?x8xf64>, %cq: tensor<?xi64>, %ck: tensor<?xi64>,
                                    %slopes: tensor<4xf64>) -> tensor<1x4x?x8xf64> {
  %o = seq.attention %q, %k, %v cu_seqlens(%cq : tensor<?xi64>, %ck : tensor<?xi64>) score_mod {
  ^bb0(%s: f64, %b: index, %h: index, %m: index, %n: index):
    %slope = tensor.extract %slopes[%h] : tensor<4xf64>
    %d = arith.subi %n, %m : index
    %di = arith.index_cast %d : index to i32
    %df = arith.sitofp %di : i32 to f64
    %y = math.fma %df, %slope, %s : f64
    seq.yield %y : f64
  } mask {
  ^bb0(%b: index, %h: index, %m: index, %n: index):
    %c2 = arith.constant 2 : index
    %r = arith.remui %n, %c2 : index
    %c0 = arith.constant 0 : index
    %even = arith.cmpi eq, %r, %c0 : index
    seq.yield %even : i1
  } : tensor<1x4x?x8xf64>, tensor<1x4x?x8xf64>, tensor<1x4x?x8xf64> -> tensor<1x4x?x8xf64>
  return %o : tensor<1x4x?x8xf64>
}

// CHECK-LABEL: func @iota
// CHECK: seq.iota(%{{.*}}) {dim = 1 : i64} : tensor<3x?xi64>
// CHECK: seq.iota() {dim = 0 : i64} : tensor<5xi32>
func.func @iota(%n: index) -> (tensor<3x?xi64>, tensor<5xi32>) {
  %0 = seq.iota(%n) {dim = 1} : tensor<3x?xi64>
  %1 = seq.iota() {dim = 0} : tensor<5xi32>
  return %0, %1 : tensor<3x?xi64>, tensor<5xi32>
}

// CHECK-LABEL: func @group
// CHECK: seq.group "pointwise" config {width = 8 : i64} -> tensor<4xf32> {
// CHECK: seq.yield %{{.*}} : tensor<4xf32>
func.func @group(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = seq.group "pointwise" config {width = 8} -> tensor<4xf32> {
    %1 = math.absf %x : tensor<4xf32>
    seq.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @attributes
// CHECK-SAME: seq.dims = ["B", "L", 8], seq.name = "x"
// CHECK-SAME: seq.name = "y"
// CHECK-SAME: seq.assume = ["L % 64 == 0", "B <= 8"], seq.export
func.func @attributes(%x: tensor<?x?x8xf32> {seq.dims = ["B", "L", 8], seq.name = "x"}, %w: tensor<?x8xf32> {seq.dims = ["L", "D"]})
    -> (tensor<?x?x8xf32> {seq.name = "y"}) attributes {seq.assume = ["L % 64 == 0", "B <= 8"], seq.export} {
  return %x : tensor<?x?x8xf32>
}
