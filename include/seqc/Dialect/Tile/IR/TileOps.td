// SPDX-License-Identifier: Apache-2.0
// All ops of the `tile` dialect.
#ifndef SEQC_TILE_OPS
#define SEQC_TILE_OPS
include "seqc/Dialect/Tile/IR/TileOpsStructure.td"
include "seqc/Dialect/Tile/IR/TileOpsShape.td"
include "seqc/Dialect/Tile/IR/TileOpsCompute.td"
#endif
