// SPDX-License-Identifier: Apache-2.0
// Passes over host functions.
#ifndef SEQC_TRANSFORMS_PASSES
#define SEQC_TRANSFORMS_PASSES
include "mlir/Pass/PassBase.td"

def PlanBuffers : Pass<"plan-buffers", "::mlir::func::FuncOp"> {
  let summary = "places the results of launches in the function's outputs and in one workspace";
  let description = [{
    A result that the function returns is written to its output directly. The others get a slot of the workspace for the time from their launch to
    their last use; a free slot is used again if the sizes are equal or differ by a constant factor. Offsets and the size of the workspace are
    expressions over the named dims, in attributes; slots are multiples of 64 bytes. The plan is checked by running it on byte ranges.

    ```mlir
    func.func @f(..) attributes {seqc.workspace_bytes = "B * 256"} {
      %h = tile.launch @k1 ins(%x : ..) outs(%e : ..) {seqc.buffers = ["workspace 0"]} -> tensor<?x64xf32>
      %y = tile.launch @k2 ins(%h : ..) outs(%e2 : ..) {seqc.buffers = ["output 0"]} -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    ```
  }];
}

def CheckBufferPlan : Pass<"check-buffer-plan", "::mlir::func::FuncOp"> {
  let summary = "runs a buffer plan on byte ranges for random values of the named dims";
  let description = [{ Fails if a launch reads memory that was overwritten, or a range leaves the workspace. Changes nothing. }];
  let options = [Option<"samples", "samples", "unsigned", "8", "random choices of the dims">];
}

def ShapeFacts : Pass<"seq-shape-facts", "::mlir::func::FuncOp"> {
  let summary = "adds what ops require of dynamic sizes to seq.assume";
  let description = [{
    Types say nothing about two dims `?`. Operands of an elementwise op, dims that one loop of a product runs over, parts of `tensor.concat`, the two
    sides of `tensor.expand_shape` and the operands of `seq.attention` must agree, and a slice must lie inside its tensor. Where that does not follow
    from equal names, it becomes a fact of an exported function, which the runtime checks at launch. Sizes that can never agree are an error.

    ```mlir
    func.func @f(%x: tensor<?xf32> {seq.dims = ["L"]}, %y: tensor<?xf32> {seq.dims = ["M"]}) -> tensor<?xf32> attributes {seq.export} {
      %z = arith.addf %x, %y : tensor<?xf32>      // seq.assume = ["L == M"]
      return %z : tensor<?xf32>
    }
    ```
  }];
}
#endif
