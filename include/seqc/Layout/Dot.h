// SPDX-License-Identifier: Apache-2.0
// Dots whose operands are register tiles, by the matrix instructions of one warp (mma.sync m16n8kK).
#ifndef SEQC_LAYOUT_DOT_H
#define SEQC_LAYOUT_DOT_H

#include "seqc/Layout/DigitMap.h"

namespace seqc::layout {

/// m16n8k32 for 8-bit operands, m16n8k16 for 16 bits, m16n8k8 for 32 (tf32).
struct MmaShape {
  int elemBits = 16;
  int perWord() const { return 32 / elemBits; }
  int k() const { return 8 * perWord(); }
};

/// One instruction: registers of the three tiles in operand order. With E = perWord(): A has 4 words, a[E * w + e] is element e of word w, word
/// w = rowHalf + 2 * kHalf; B has 2 words, b[E * w + e], w = kHalf; D has 4 words, d[col + 2 * rowHalf].
struct MmaStep {
  llvm::SmallVector<int32_t, 8> a;
  llvm::SmallVector<int32_t, 4> b;
  std::array<int32_t, 4> d{};
};

/// Instructions that compute D += A B, contraction outermost; every D register is in one instruction per contraction step.
struct DotPlan {
  MmaShape shape;
  int kSteps = 0;
  std::vector<MmaStep> steps; ///< kSteps groups of equal length
};

/// A [b.., m, k], B [b.., k, n] or [k, n], D [b.., m, n]. The contraction index may be permuted, alike in A and B; rows and columns freely, D
/// inherits them; warps may hold replicas. None where the tiles are no fragments of these instructions.
std::optional<DotPlan> matchDot(const DigitMap &a, const DigitMap &b, const DigitMap &d, MmaShape shape);

} // namespace seqc::layout

#endif // SEQC_LAYOUT_DOT_H
