// SPDX-License-Identifier: Apache-2.0
// Passes from the graph to block kernels.
#ifndef SEQC_CONVERSION_SEQTOTILE_PASSES
#define SEQC_CONVERSION_SEQTOTILE_PASSES
include "mlir/Pass/PassBase.td"

def FormKernels : Pass<"seq-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "cuts a graph into groups, one kernel each";
  let description = [{
    Every op that computes a tensor ends in exactly one `seq.group`. Matmuls and attention take the elementwise ops behind them as
    epilogue; the rest becomes fused DAGs of elementwise ops, broadcasts and reductions. Reshapes, transposes, slices and broadcasts of
    materialised values stay views inside their consumers; where strides cannot express one, a copy is made (remark `layout-copy`).

    ```mlir
    %m = linalg.matmul ins(%x, %w : ..) outs(%zero : ..) -> tensor<?x64xf32>
    %b = linalg.broadcast ins(%bias : ..) outs(%e : ..) dimensions = [0]
    %y = arith.addf %m, %b : tensor<?x64xf32>
    // becomes
    %y = seq.group "matmul" -> tensor<?x64xf32> {
      %m = linalg.matmul ..
      %b = linalg.broadcast ..
      %s = arith.addf %m, %b : tensor<?x64xf32>
      seq.yield %s : tensor<?x64xf32>
    }
    ```
  }];
  let dependentDialects = ["::seqc::seq::SeqDialect"];
}

def ConvertSeqToTile : Pass<"convert-seq-to-tile", "::mlir::ModuleOp"> {
  let summary = "builds a `tile.kernel` for every group and leaves `tile.launch` in the host function";
  let description = [{
    The scheme of the group (`pointwise`, `matmul`, ..) chooses a config and builds the block program; equal kernels are one symbol.
    Afterwards the function holds launches, `tensor.empty` destinations, reshapes of whole tensors, sizes, weights and constants.

    ```mlir
    %y = seq.group "pointwise" -> tensor<?x64xf32> { .. }
    // becomes
    %e = tensor.empty(%B) : tensor<?x64xf32>
    %y = tile.launch @seq_pointwise_f32_1a2b3c4d ins(%x : ..) outs(%e : ..) scalars(%B : index) -> tensor<?x64xf32>
    ```
  }];
  let options = [Option<"target", "target", "std::string", "\"cpu\"", "cpu or gpu: which configs the schemes choose">];
  let dependentDialects = ["::seqc::tile::TileDialect", "::mlir::scf::SCFDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}
#endif
