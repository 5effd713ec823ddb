// The plugin works in a stock mlir-opt.
// RUN: mlir-opt --load-dialect-plugin=%mlir_plugin --load-pass-plugin=%mlir_plugin --pass-pipeline='builtin.module(seq-verify-graph,seq-raise,seq-canonicalize)' %s | FileCheck %s

// CHECK-LABEL: func @main
// CHECK: seq.attention
func.func @main(%q: tensor<2x8x5x16xf32>, %k: tensor<2x2x7x16xf32>) -> tensor<2x8x5x16xf32> attributes {seq.export} {
  %o = seq.attention %q, %k, %k {causal = "top_left"} : tensor<2x8x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32> -> tensor<2x8x5x16xf32>
  return %o : tensor<2x8x5x16xf32>
}
