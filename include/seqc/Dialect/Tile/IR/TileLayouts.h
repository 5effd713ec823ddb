// SPDX-License-Identifier: Apache-2.0
// Tile types with layouts: the encoding `#tile.dist` and its digit map.
#ifndef SEQC_DIALECT_TILE_IR_TILELAYOUTS_H
#define SEQC_DIALECT_TILE_IR_TILELAYOUTS_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Layout/DigitMap.h"

namespace seqc::tile {

/// Warps of a kernel without roles: `warps` of its config, 4 without it.
int kernelWarps(KernelOp kernel);
/// Encoding of a register layout.
DistAttr distOf(mlir::MLIRContext *context, const layout::DigitMap &map);
/// The type with that layout.
mlir::RankedTensorType withLayout(mlir::RankedTensorType type, const layout::DigitMap &map);
/// The type without encoding.
mlir::RankedTensorType withoutLayout(mlir::RankedTensorType type);
/// Layout of a tile type; error: no `#tile.dist` encoding, or digits that are not exact for the shape.
llvm::Expected<layout::DigitMap> layoutOf(mlir::RankedTensorType type);
/// The same for types that a verifier has accepted.
layout::DigitMap knownLayoutOf(mlir::Value tile);


//===-- Dots --------------------------------------------------------------------===//

/// How a dot of a single-role kernel is computed: `mma` = mma.sync m16n8k16 on 16-bit operands, `fma` = multiply-adds of every thread on its
/// own elements (all other types and extents).
enum class DotEngine { Mma, Fma };

/// Accumulator layout of a [b.., m, n] tile.
layout::DigitMap accumulatorLayout(llvm::ArrayRef<int64_t> shape, int64_t elementBits, int numWarps);
/// What the engine reads: fragments of A [b.., m, k] and B [(b..,) k, n] beside the accumulator.
struct DotLayouts {
  DotEngine engine;
  layout::DigitMap a, b;
};
DotLayouts dotLayouts(mlir::RankedTensorType a, mlir::RankedTensorType b, const layout::DigitMap &acc);
/// True if registers in layout `a` are A fragments for `acc`, in any order of registers: an accumulator that becomes the next dot's operand.
bool holdsFragmentsOfA(const layout::DigitMap &a, const layout::DigitMap &acc);

} // namespace seqc::tile

#endif // SEQC_DIALECT_TILE_IR_TILELAYOUTS_H
