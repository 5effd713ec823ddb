// SPDX-License-Identifier: Apache-2.0
// tile-prove-bounds: `inbounds` of loads and stores.
#include "IndexBounds.h"
#include "seqc/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace seqc::tile {
#define GEN_PASS_DEF_TILEPROVEBOUNDSPASS
#include "seqc/Dialect/Tile/Transforms/Passes.h.inc"

/// Sizes of a view, static or values.
static SmallVector<OpFoldResult> sizesOf(Value view) {
  Builder b(view.getContext());
  if (auto subview = view.getDefiningOp<SubviewOp>()) {
    SmallVector<OpFoldResult> kept;
    SmallVector<bool> dropped = subview.droppedDims();
    for (auto [i, size] : llvm::enumerate(getMixedValues(subview.getStaticSizes(), subview.getSizes(), b)))
      if (!dropped[i])
        kept.push_back(size);
    return kept;
  }
  auto op = view.getDefiningOp<ViewOp>();
  return getMixedValues(op.getStaticSizes(), op.getSizes(), b);
}

namespace {
struct TileProveBoundsPass : impl::TileProveBoundsPassBase<TileProveBoundsPass> {
  void runOnOperation() override {
    IndexBounds bounds(getOperation());
    getOperation().getBody().walk([&](Operation *op) {
      if (auto load = dyn_cast<LoadOp>(op))
        prove(load, load.getType().getShape(), bounds);
      if (auto store = dyn_cast<StoreOp>(op))
        prove(store, store.getValue().getType().getShape(), bounds);
    });
  }

  template <typename Op>
  void prove(Op op, ArrayRef<int64_t> tile, IndexBounds &bounds) {
    SmallVector<OpFoldResult> sizes = sizesOf(op.getView());
    Builder b(op->getContext());
    SmallVector<OpFoldResult> coords = getMixedValues(op.getStaticCoords(), op.getCoords(), b);
    ArrayRef<int64_t> known = op.getInbounds().value_or(ArrayRef<int64_t>());
    SmallVector<int64_t> proved;
    for (size_t d = 0; d < sizes.size(); ++d) {
      size_t leading = sizes.size() - tile.size();
      bool isInside = llvm::is_contained(known, static_cast<int64_t>(d)) || bounds.isInside(coords[d], d < leading ? 1 : tile[d - leading], sizes[d]);
      if (isInside)
        proved.push_back(d);
    }
    numProved += proved.size();
    numUnproved += sizes.size() - proved.size();
    if (!proved.empty())
      op.setInbounds(proved);
  }
};
} // namespace
} // namespace seqc::tile
