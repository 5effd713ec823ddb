// SPDX-License-Identifier: Apache-2.0
// The address of a register tile in shared memory as a sum of parts, one per digit that both maps know.
#ifndef SEQC_LIB_LAYOUT_SHAREDPARTS_H
#define SEQC_LIB_LAYOUT_SHAREDPARTS_H

#include "seqc/Layout/AccessPlan.h"

namespace seqc::layout {

/// Adds (axis / div % size) * bytes.
struct AddressPart {
  Axis axis;
  int32_t div, size;
  int64_t bytes;
};

/// Pads are worked into the parts; an XOR stays, and no part crosses `boundary`, its period.
struct SharedParts {
  using List = llvm::SmallVector<AddressPart, 16>;
  List parts;
  Transform transform; ///< none or an XOR
  int64_t boundary = 1, offset = 0;

  static std::optional<SharedParts> get(const DigitMap &map, const MemLayout &memory, int elemBits, int64_t offsetElems);
  int64_t maxVector(int64_t wanted) const;
  void fillBase(AccessPlan &plan) const;     ///< base terms of the lane and warp parts
  void fillAccesses(AccessPlan &plan) const; ///< offsets of every access, from plan.regs
};

/// Fills wavefronts and bankConflict for requests of that many lanes of warp 0.
void countConflicts(AccessPlan &plan, int numLanes);

} // namespace seqc::layout

#endif // SEQC_LIB_LAYOUT_SHAREDPARTS_H
