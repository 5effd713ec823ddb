// SPDX-License-Identifier: Apache-2.0
// Lowering of `block` kernels to CPU functions. ABI of the functions: docs/spec/package.md, "CPU kernels".
#ifndef SEQC_CONVERSION_TILETOCPU_H
#define SEQC_CONVERSION_TILETOCPU_H

#include "seqc/Conversion/CpuTarget.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
}

namespace seqc {

/// Function attribute: bytes of scratch that one worker needs.
inline constexpr llvm::StringLiteral kScratchBytesAttr = "seqc.scratch_bytes";

/// Loads the dialects that the emitted code uses; before the first convertTileToCpu outside a pass.
void loadCpuDialects(mlir::MLIRContext &context);

/// Appends the function of `kernel` (level block) to `into`, in arith, math, scf, vector and LLVM-dialect pointers. Failure has
/// been reported as a diagnostic on the op that has no CPU form. Result: bytes of scratch. Reentrant.
llvm::FailureOr<int64_t> convertTileToCpu(tile::KernelOp kernel, mlir::ModuleOp into, const CpuTarget &target);

/// From there to the LLVM dialect: expansion of math functions and the stock conversions.
void buildCpuToLlvmPipeline(mlir::OpPassManager &pm);

/// Pass `convert-tile-to-cpu` on modules, option `cpu`.
std::unique_ptr<mlir::Pass> createConvertTileToCpuPass();
void registerTileToCpuPasses();

} // namespace seqc

#endif // SEQC_CONVERSION_TILETOCPU_H
