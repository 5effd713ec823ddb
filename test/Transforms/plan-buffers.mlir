// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -plan-buffers -check-buffer-plan 2>/dev/null | FileCheck %s
// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -plan-buffers 2>/dev/null | sed 's/"workspace ceildiv(B \* 4, 64) \* 64"/"workspace 0"/' \
// RUN:   | not seqc-opt -check-buffer-plan 2>&1 | FileCheck %s --check-prefix=BAD

// Three values of B floats in two slots; the returned one in its output.
// CHECK-LABEL: func.func @chain
// CHECK-SAME:    seqc.workspace_bytes = "ceildiv(B * 4, 64) * 128"
// CHECK:         tile.launch {{.*}}{seqc.buffers = ["workspace 0"]
// CHECK:         tile.launch {{.*}}{seqc.buffers = ["workspace ceildiv(B * 4, 64) * 64"]
// CHECK:         tile.launch {{.*}}{seqc.buffers = ["workspace 0"]
// CHECK:         tile.launch {{.*}}{seqc.buffers = ["output 0"]

// BAD: error: buffer plan: reads a value whose memory was overwritten
func.func @chain(%x: tensor<?x7xf32> {seq.dims = ["B", 7]}, %y: tensor<?x?xf32> {seq.dims = ["B", "L"]}) -> tensor<?xf32> {
  %z = arith.constant dense<0.0> : tensor<f32>
  %c0 = arith.constant 0 : index
  %B = tensor.dim %x, %c0 : tensor<?x7xf32>
  %e = tensor.empty(%B) : tensor<?xf32>
  %i = linalg.broadcast ins(%z : tensor<f32>) outs(%e : tensor<?xf32>) dimensions = [0]
  %a = linalg.reduce { arith.addf } ins(%x : tensor<?x7xf32>) outs(%i : tensor<?xf32>) dimensions = [1]
  %c1 = arith.constant 1 : index
  %L = tensor.dim %y, %c1 : tensor<?x?xf32>
  %e2 = tensor.empty(%B, %L) : tensor<?x?xf32>
  %ab = linalg.broadcast ins(%a : tensor<?xf32>) outs(%e2 : tensor<?x?xf32>) dimensions = [1]
  %s = arith.addf %ab, %y : tensor<?x?xf32>
  %b = linalg.reduce { arith.addf } ins(%s : tensor<?x?xf32>) outs(%i : tensor<?xf32>) dimensions = [1]
  %e3 = tensor.empty(%B) : tensor<?x7xf32>
  %bb = linalg.broadcast ins(%b : tensor<?xf32>) outs(%e3 : tensor<?x7xf32>) dimensions = [1]
  %t = arith.mulf %bb, %x : tensor<?x7xf32>
  %c = linalg.reduce { arith.addf } ins(%t : tensor<?x7xf32>) outs(%i : tensor<?xf32>) dimensions = [1]
  %cb = linalg.broadcast ins(%c : tensor<?xf32>) outs(%e2 : tensor<?x?xf32>) dimensions = [1]
  %u = arith.mulf %cb, %y : tensor<?x?xf32>
  %d = linalg.reduce { arith.addf } ins(%u : tensor<?x?xf32>) outs(%i : tensor<?xf32>) dimensions = [1]
  return %d : tensor<?xf32>
}
