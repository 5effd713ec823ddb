// SPDX-License-Identifier: Apache-2.0
// Passes on `tile` kernels.
#ifndef SEQC_DIALECT_TILE_TRANSFORMS_PASSES_H
#define SEQC_DIALECT_TILE_TRANSFORMS_PASSES_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/Pass/Pass.h"

namespace seqc::tile {
#define GEN_PASS_DECL
#include "seqc/Dialect/Tile/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "seqc/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace seqc::tile

#endif // SEQC_DIALECT_TILE_TRANSFORMS_PASSES_H
