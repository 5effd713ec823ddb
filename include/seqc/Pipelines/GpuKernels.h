// SPDX-License-Identifier: Apache-2.0
// Kernels of level block to LLVM IR for a GPU, step by step: what the backend, the execution cases and tools share.
#ifndef SEQC_PIPELINES_GPUKERNELS_H
#define SEQC_PIPELINES_GPUKERNELS_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Emit/GpuCode.h"
#include "mlir/IR/OwningOpRef.h"

namespace seqc {

/// What a launch of a kernel needs besides its arguments and grid.
struct GpuLaunch {
  int64_t threads = 0, sharedBytes = 0;
};

struct GpuModule {
  mlir::OwningOpRef<mlir::ModuleOp> layouts, code; ///< kernels at level layout; in the LLVM and NVVM dialects
  std::map<std::string, GpuLaunch> launches;       ///< by name of the kernel
};

/// Copies of the kernels, of level block or all of level layout, lowered to the LLVM dialect. Failure has been reported as a diagnostic.
llvm::FailureOr<GpuModule> lowerGpuKernels(llvm::ArrayRef<tile::KernelOp> kernels, bool onlyLayouts = false);

} // namespace seqc

#endif // SEQC_PIPELINES_GPUKERNELS_H
