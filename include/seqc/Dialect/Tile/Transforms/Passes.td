// SPDX-License-Identifier: Apache-2.0
// Passes on `tile` kernels.
#ifndef SEQC_TILE_PASSES
#define SEQC_TILE_PASSES
include "mlir/Pass/PassBase.td"

def TileCanonicalizePass : Pass<"tile-canonicalize", "::seqc::tile::KernelOp"> {
  let summary = "canonical forms of shape ops and coordinates of a kernel";
  let description = [{
    Applies the canonical forms of all ops of a kernel, and rules between different shape ops: transposes and slices move below
    broadcasts (towards the smaller tile), a slice of one part of a `tile.join` reads that part. Knows nothing of layouts;
    legal at every level.

    Postcondition: no chain of two reshapes, transposes or slices; no transpose or slice of a broadcast; constants are static coordinates.

    ```
    %b = tile.broadcast %t {at = 0} : tensor<4xf32> -> tensor<8x4xf32>
    %p = tile.transpose %b [1, 0] : tensor<8x4xf32>
    -> %p = tile.broadcast %t {at = 1} : tensor<4xf32> -> tensor<4x8xf32>
    ```
  }];
}

def TileProveBoundsPass : Pass<"tile-prove-bounds", "::seqc::tile::KernelOp"> {
  let summary = "set `inbounds` of loads and stores where the accesses provably lie inside the view";
  let description = [{
    For every dim of a view that a load or store touches, proves `0 <= coordinate` and `coordinate + extent <= size` from: static
    sizes; program ids below the extents of the grid; loop counters between their bounds, a multiple of the step away from the
    first; `min`, `max`, division and remainder; facts of the form `L % 64 == 0` and `L == 64` in `tile.assume`. Index arguments are
    sizes and never negative. Where a proof fails the access keeps its masks: the pass only ever adds `inbounds` entries.

    Precondition: any level. Postcondition: accesses unchanged but for `inbounds`.

    ```
    tile.kernel .. tile.assume = ["L % 64 == 0"] grid { ceildiv(L, 64) }
      %i = arith.muli %program, %c64    tile.load %v[%i] : tensor<64xf32>
    -> tile.load %v[%i] {inbounds = [0]}
    ```
  }];
  let statistics = [Statistic<"numProved", "num-dims-proved", "dims of accesses proved in bounds">,
                    Statistic<"numUnproved", "num-dims-unproved", "dims of accesses that keep their masks">];
}

def TileAssignLayoutsPass : Pass<"tile-assign-layouts", "::seqc::tile::KernelOp"> {
  let summary = "spread every tile of a kernel without roles over the threads";
  let description = [{
    Gives every tile a `#tile.dist` encoding. Values that elementwise ops, maps, loops and branches tie together form a class with one layout.
    Dots and scans decide the layouts of their classes; shape ops and reductions carry them on by the layout algebra; classes that nothing
    decides take vectors along the dim that is contiguous in memory. Where two sides want different layouts a `tile.relayout` stands between
    them. Constants, splats and iotas are made again in every layout that is asked for.

    The number of warps is `warps` of the kernel's config, 4 without it. Precondition: level block. Postcondition: level layout.

    ```
    %s = tile.reduce %t {dims = [1], kind = add} : tensor<4x256xf32> -> tensor<4xf32>
    -> %s = tile.reduce %t {..} : tensor<4x256xf32, #tile.dist<reg [4:1@d1, 2:128@d1], lane [32:4@d1], warp [4:1@d0]>>
              -> tensor<4xf32, #tile.dist<lane [32:_], warp [4:1@d0]>>
    ```
  }];
  let statistics = [Statistic<"numRelayouts", "num-relayouts", "relayouts inserted">];
}
#endif
