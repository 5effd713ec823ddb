// SPDX-License-Identifier: Apache-2.0
// Choices of EmitDot that depend only on sizes, strides and types: blocking, packing, scratch layout.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITDOTPLAN_H
#define SEQC_LIB_CONVERSION_TILETOCPU_EMITDOTPLAN_H

#include "EmitDot.h"

namespace seqc {

struct DotPlan {
  /// outer: C tiles of `mr` rows x `nv` vectors in registers, one rank-1 update per k.
  /// inner: for few rows and k-contiguous A and B: `lanes` columns at a time, vectors along k, summed at the end.
  enum class Kind { outer, inner } kind = Kind::outer;
  int64_t lanes;          // accumulator elements per vector register
  int64_t mr, nv;         // micro-tile
  int64_t kc;             // depth of a block of k; a panel of B, kc x (nv * lanes), stays in L1
  bool packA, packB;      // into accType
  bool transposedA;       // packed A is [kc][mStride] instead of [m][kStride]
  int64_t aStride;        // of packed A, in elements
  int64_t bytesA, bytesB; // scratch: packed A, then one panel of B

  int64_t nr() const { return nv * lanes; }
};

DotPlan planCpuDot(const CpuDot &dot, const CpuTarget &target);

} // namespace seqc

#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITDOTPLAN_H
