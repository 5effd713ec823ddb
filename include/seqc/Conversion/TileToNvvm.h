// SPDX-License-Identifier: Apache-2.0
// Lowering of kernels at level layout to code of one GPU thread. ABI: docs/spec/package.md, "GPU kernels".
#ifndef SEQC_CONVERSION_TILETONVVM_H
#define SEQC_CONVERSION_TILETONVVM_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
}

namespace seqc {

/// Function attributes: bytes of dynamic shared memory, and threads of a block.
inline constexpr llvm::StringLiteral kSharedBytesAttr = "seqc.shared_bytes", kThreadsAttr = "seqc.threads";
/// Largest dynamic shared memory of a block on sm_90.
inline constexpr int64_t kMaxSharedBytes = 227 * 1024;

/// Loads the dialects that the emitted code uses; before the first convertTileToNvvm outside a pass.
void loadGpuDialects(mlir::MLIRContext &context);

/// Appends the function of `kernel` (level layout) to `into`: func, arith, math and scf on scalars, llvm for memory and intrinsics. Parameters are
/// those of the kernel: pointers, sizes as i64, scalars. Errors are diagnostics on the kernel. Reentrant.
llvm::FailureOr<mlir::func::FuncOp> convertTileToNvvm(tile::KernelOp kernel, mlir::ModuleOp into);

/// From block kernels to that code: layouts, emission (one pass each).
void buildTileLayoutPipeline(mlir::OpPassManager &pm);
/// From there to the LLVM dialect: expansion of math functions and the stock conversions.
void buildGpuToLlvmPipeline(mlir::OpPassManager &pm);

/// Pass `convert-tile-to-nvvm` on modules.
std::unique_ptr<mlir::Pass> createConvertTileToNvvmPass();
void registerTileToNvvmPasses();

} // namespace seqc

#endif // SEQC_CONVERSION_TILETONVVM_H
