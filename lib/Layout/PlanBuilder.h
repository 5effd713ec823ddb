// SPDX-License-Identifier: Apache-2.0
// Shared by the access plans: register parts, the vector among them, enumeration of accesses.
#ifndef SEQC_LIB_LAYOUT_PLANBUILDER_H
#define SEQC_LIB_LAYOUT_PLANBUILDER_H

#include "seqc/Layout/AccessPlan.h"

namespace seqc::layout {

/// `size` register values: digit (reg / weight % size), `bytes` apart in memory (kDynamic: not known).
struct RegPart {
  int32_t size, weight;
  int64_t bytes;
  bool inVector = false;
};

class PlanBuilder {
public:
  explicit PlanBuilder(int elemBits) : elemBytes(elemBits / 8) {}

  llvm::SmallVector<RegPart, 8> parts;
  /// Byte distances that no vector may straddle: of everything but the vector's own elements.
  void keepAligned(int64_t bytes) { alignment |= bytes; }
  /// Picks the registers that are contiguous in memory, up to maxVecBytes, and fills vecBytes, vecElems and regs.
  void chooseVector(AccessPlan &plan, int64_t maxVecBytes);

private:
  int64_t alignment = 0;
  int elemBytes;
};

/// Coordinates of the first register of every access.
void fillCoords(AccessPlan &plan, const DigitMap &map);

} // namespace seqc::layout

#endif // SEQC_LIB_LAYOUT_PLANBUILDER_H
