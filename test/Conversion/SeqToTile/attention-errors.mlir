// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile --verify-diagnostics --split-input-file

func.func @relative_index(%q: tensor<1x1x8x8xf32>, %t: tensor<15xf32>) -> tensor<1x1x8x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %q, %q score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    %d = arith.addi %m, %n : index
    // expected-error@+1 {{expects indices that are uniform, m + c or n + c with uniform c, each of m and n once, but index 0 is none}}
    %x = tensor.extract %t[%d] : tensor<15xf32>
    %y = arith.addf %s, %x : f32
    seq.yield %y : f32
  } : tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32> -> tensor<1x1x8x8xf32>
  return %o : tensor<1x1x8x8xf32>
}

// -----

func.func @diagonal(%q: tensor<1x1x8x8xf32>, %t: tensor<8x8xf32>) -> tensor<1x1x8x8xf32> attributes {seq.export} {
  %o = seq.attention %q, %q, %q score_mod {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index):
    // expected-error@+1 {{each of m and n once, but index 1 is none}}
    %x = tensor.extract %t[%m, %m] : tensor<8x8xf32>
    %y = arith.addf %s, %x : f32
    seq.yield %y : f32
  } : tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32> -> tensor<1x1x8x8xf32>
  return %o : tensor<1x1x8x8xf32>
}
