// RUN: not seqc-opt %s -convert-seq-to-tile 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not seqc-opt %s -seq-form-kernels "-convert-seq-to-tile=target=tpu" 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not seqc-opt %s -plan-buffers 2>&1 | FileCheck %s --check-prefix=PLAN

// FORM: error: 'math.absf' is in no kernel; run seq-form-kernels before
// TARGET: error: expects target cpu or gpu, but got tpu
// PLAN: error: expects result 0 to be written by a launch
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = math.absf %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
