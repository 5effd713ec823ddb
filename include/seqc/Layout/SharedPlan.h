// SPDX-License-Identifier: Apache-2.0
// Plans of register tiles <-> shared memory: per-thread vectors, ldmatrix / stmatrix, bank conflicts.
#ifndef SEQC_LAYOUT_SHAREDPLAN_H
#define SEQC_LAYOUT_SHAREDPLAN_H

#include "seqc/Layout/AccessPlan.h"

namespace seqc::layout {

/// Per-thread loads or stores; `offsetElems` is added to all addresses of the map (a slice). None where digits of the two maps or of the
/// transform do not align, so that the address is no sum (XOR) of terms. Allocations are aligned to max(16, transform.period()) bytes.
std::optional<AccessPlan> planShared(const DigitMap &map, const MemLayout &memory, int elemBits, int64_t offsetElems = 0, int maxVecBytes = 16);

/// ldmatrix / stmatrix. Lane l names the row l % 8 of matrix l / 8 % count by its address in `access` (16 bytes a row), where access.base counts
/// in lanes of that role. Access j moves count * (32 / elemBits) registers: access.regs[(j * count + q) * perMatrix + e] is element e of the
/// 32-bit register of matrix q.
struct MatrixOpPlan {
  int count = 1;      ///< matrices per instruction: 1, 2, 4
  bool trans = false; ///< .trans, 16-bit elements only
  AccessPlan access;
};
std::optional<MatrixOpPlan> matchMatrixOp(const DigitMap &map, const MemLayout &memory, int elemBits, int64_t offsetElems = 0);

/// Wavefronts of one request: every lane moves vecBytes at its byte address. 8-byte accesses run by half warps, 16-byte ones by quarters; a
/// wavefront serves one 4-byte word of each of the 32 banks, equal words once.
int wavefronts(llvm::ArrayRef<int64_t> laneBytes, int vecBytes);
/// Wavefronts of the worst access of warp 0 beyond the least possible; -1 where planShared has no plan.
int bankConflict(const DigitMap &map, const MemLayout &memory, int elemBits);

} // namespace seqc::layout

#endif // SEQC_LAYOUT_SHAREDPLAN_H
