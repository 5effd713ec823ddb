// SPDX-License-Identifier: Apache-2.0
// Common refinement of two maps of one shape: digits split so that each lies in one digit of either map.
#ifndef SEQC_LAYOUT_REFINEMENT_H
#define SEQC_LAYOUT_REFINEMENT_H

#include "seqc/Layout/DigitMap.h"

namespace seqc::layout {

/// `size` values of dim `dim` (coordinate stride `stride`): digit (fromAxis / fromWeight % size) of one map, (toAxis / toWeight % size) of the other.
struct Piece {
  int32_t size, stride;
  int dim;
  Axis fromAxis, toAxis;
  int32_t fromWeight, toWeight;
};
using Pieces = llvm::SmallVector<Piece, 16>;

/// None where two digits overlap without one dividing the other.
std::optional<Pieces> refine(const DigitMap &from, const DigitMap &to);

} // namespace seqc::layout

#endif // SEQC_LAYOUT_REFINEMENT_H
