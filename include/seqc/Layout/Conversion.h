// SPDX-License-Identifier: Apache-2.0
// Conversions between register layouts of one tile.
#ifndef SEQC_LAYOUT_CONVERSION_H
#define SEQC_LAYOUT_CONVERSION_H

#include "seqc/Layout/AccessPlan.h"

namespace seqc::layout {

/// None: equal maps. Rename: lane and warp digits are equal, registers are permuted. Shuffle: warp digits are equal and the maps have a common
/// refinement. Smem: anything else.
enum class ConvKind : uint8_t { None, Rename, Shuffle, Smem };
llvm::StringRef convKindName(ConvKind k);

/// In every lane where the sum of the `when` terms is `whenValue` (no terms: in all), register `toReg` becomes register `fromReg` of lane
/// srcBase + sum of srcLane. Terms count in the own lane.
struct ShuffleStep {
  int32_t toReg = 0, fromReg = 0;
  int32_t srcBase = 0;
  Terms srcLane;
  Terms when;
  int32_t whenValue = 0;
  bool local = false; ///< every lane reads itself: a move, no shuffle

  int32_t source(int lane) const;
  bool active(int lane) const;
};

struct Conversion {
  ConvKind kind = ConvKind::None;
  std::vector<int32_t> regPerm;   ///< Rename: register r of the result is register regPerm[r] of the source
  std::vector<ShuffleStep> steps; ///< Shuffle: by result register
  MemLayout via;                  ///< Shuffle and Smem: buffer of an exchange through shared memory
  int64_t cost = 0;               ///< shuffles, or wavefronts of writing and reading `via`, of one warp
  int64_t smemCost = 0;           ///< the latter for Shuffle too, so that the cheaper way can be chosen
};
/// elemBits: width in memory, whole bytes (predicates travel as bytes).
Conversion classify(const DigitMap &from, const DigitMap &to, int elemBits);

/// The buffer through which two layouts exchange a tile with the fewest wavefronts (ldmatrix and stmatrix counted where they match): dense with
/// one of the dims fastest, plain, padded or XORed. Ties go to the smaller buffer.
MemLayout exchangeBuffer(const DigitMap &from, const DigitMap &to, int elemBits, int64_t *cost = nullptr);

} // namespace seqc::layout

#endif // SEQC_LAYOUT_CONVERSION_H
