// RUN: seqc-opt %s -seq-form-kernels -convert-seq-to-tile -cse -plan-buffers -check-buffer-plan 2>/dev/null | FileCheck %s

// Two results of equal value, one of them reshaped: CSE makes one launch of the two copies, the plan two again.
// CHECK-LABEL: func.func @twice
// CHECK:         %[[A:.*]] = tile.launch {{.*}}{seqc.buffers = ["output 0"]}
// CHECK:         %[[B:.*]] = tile.launch {{.*}}{seqc.buffers = ["output 1"]}
// CHECK:         %[[C:.*]] = tensor.expand_shape %[[B]]
// CHECK:         return %[[A]], %[[C]]
func.func @twice(%x: tensor<?x6xf32> {seq.dims = ["B", 6]}) -> (tensor<?x6xf32>, tensor<?x2x3xf32>) {
  %c0 = arith.constant 0 : index
  %B = tensor.dim %x, %c0 : tensor<?x6xf32>
  %a = math.absf %x : tensor<?x6xf32>
  %b = tensor.expand_shape %a [[0], [1, 2]] output_shape [%B, 2, 3] : tensor<?x6xf32> into tensor<?x2x3xf32>
  %c = math.absf %x : tensor<?x6xf32>
  %d = tensor.expand_shape %c [[0], [1, 2]] output_shape [%B, 2, 3] : tensor<?x6xf32> into tensor<?x2x3xf32>
  return %a, %d : tensor<?x6xf32>, tensor<?x2x3xf32>
}
