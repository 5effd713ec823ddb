// SPDX-License-Identifier: Apache-2.0
// RUN: seqc-tile-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-assign-layouts))' | seqc-opt --convert-tile-to-nvvm | FileCheck %s

// Two dots: operands staged in shared memory, fragments by ldmatrix, the first accumulator packed into the A fragments of the second. One barrier
// before the first read; the second operand waits for its own.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: seqc.shared_bytes = {{[0-9]+}} : i64, seqc.threads = 128 : i64
// CHECK: "llvm.nvvm.barrier.cta.sync.aligned.all"
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16"
// CHECK: "llvm.nvvm.mma.m16n8k16.row.col.bf16"
// CHECK: "llvm.nvvm.ff2bf16x2.rn"
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16"
// CHECK: "llvm.nvvm.mma.m16n8k16.row.col.bf16"
// CHECK-NOT: barrier
tile.kernel @chain(%q: !tile.ptr<bf16>, %k: !tile.ptr<bf16>, %v: !tile.ptr<bf16>, %o: !tile.ptr<f32>) level(block) config(#tile.config<{warps = 4}>) params(["q", "k", "v", "o"]) access(["read", "read", "read", "write"]) grid {
  %c1 = arith.constant 1 : index
  tile.grid_yield %c1
} {
  %vq = tile.view %q sizes [64, 64] strides [64, 1] : <bf16> -> <64x64xbf16, [64, 1]>
  %vk = tile.view %k sizes [64, 64] strides [64, 1] : <bf16> -> <64x64xbf16, [64, 1]>
  %vv = tile.view %v sizes [64, 64] strides [64, 1] : <bf16> -> <64x64xbf16, [64, 1]>
  %vo = tile.view %o sizes [64, 64] strides [64, 1] : <f32> -> <64x64xf32, [64, 1]>
  %tq = tile.load %vq[0, 0] : <64x64xbf16, [64, 1]> -> tensor<64x64xbf16>
  %tk = tile.load %vk[0, 0] : <64x64xbf16, [64, 1]> -> tensor<64x64xbf16>
  %tv = tile.load %vv[0, 0] : <64x64xbf16, [64, 1]> -> tensor<64x64xbf16>
  %kt = tile.transpose %tk [1, 0] : tensor<64x64xbf16>
  %s = tile.dot %tq, %kt : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
  %r = tile.dot %p, %tv : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  tile.store %r, %vo[0, 0] : tensor<64x64xf32>, <64x64xf32, [64, 1]>
}
