// SPDX-License-Identifier: Apache-2.0
// The recurrence of a diagonal plus low-rank system, one channel, as loops of a block program.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_LOWRANK_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_LOWRANK_H

#include "Powers.h"

namespace seqc::convert {

/// Tiles [bn] with bn >= N; what lies beyond N is 0. dt is a scalar. All of the real type.
struct LowRankSystem {
  Parts lambda, b, c, p;
  mlir::Value dt;
};

class LowRank {
public:
  LowRank(const TileMath &t, const LowRankSystem &system);

  /// What the loops carry: v = (2/dt + A) x + 2 B u, before the first step 2 B.
  llvm::SmallVector<mlir::Value> initial() const { return {t.mul(system.b.re, 2.0), t.mul(system.b.im, 2.0)}; }
  /// The next `extent` values of k as a tile, and the carried values after them.
  mlir::Value block(llvm::SmallVectorImpl<mlir::Value> &carried, int64_t extent);

private:
  mlir::Value twiceReal(Parts a, Parts b) const;
  Parts withoutLowRank(Parts v, mlir::Value projected) const;
  mlir::Value overStates(mlir::Value sum) const { return t.broadcast(sum, 0, TileMath::typeOf(system.p.re).getDimSize(0)); }

  TileMath t;
  LowRankSystem system;
  Parts inverse;   ///< 1 / (2/dt - lambda)
  Parts forward;   ///< 2/dt + lambda
  Parts correction; ///< conj(p) inverse / (1 + 2 Re sum conj(p) inverse p)
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_LOWRANK_H
