// SPDX-License-Identifier: Apache-2.0
// The only place that orders passes.
#ifndef SEQC_PIPELINES_PIPELINES_H
#define SEQC_PIPELINES_PIPELINES_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace seqc {

/// All dialects that the phases use, with their interfaces.
void registerAllDialects(mlir::DialectRegistry &registry);
/// All passes of seqc and the pipelines `seqc-seq-opt` and `seqc-tile` (with the configs of the CPU).
void registerAllPasses();

/// seq -> seq-opt: check, raise, clean, cut into kernels.
void buildSeqOptPipeline(mlir::OpPassManager &pm);
/// seq-opt -> tile: block kernels, host functions with buffer places. `configs`: cpu or gpu, whose configs the schemes choose.
void buildTilePipeline(mlir::OpPassManager &pm, llvm::StringRef configs);

} // namespace seqc

#endif // SEQC_PIPELINES_PIPELINES_H
