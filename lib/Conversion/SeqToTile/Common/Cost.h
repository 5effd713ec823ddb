// SPDX-License-Identifier: Apache-2.0
// What a kernel has to do, independent of how it is tiled: for rooflines and rates.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_COST_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_COST_H

#include "seqc/Analysis/ShapeExprs.h"
#include "seqc/Dialect/Seq/IR/Seq.h"

namespace seqc::convert {

/// Expressions over the named dims of the function.
struct Cost {
  /// Floating-point operations of the graph: each arith or math op on floats counts one per element (conversions and selections none), a reduction
  /// one per input element, complex ones as many as their formulas on parts have, a product 2 M N K, attention 2 (D + DV) per visible pair of query and key (causal rules count; windows, lengths and masks
  /// do not; softmax counts none), a linear scan 2 per element (8 if complex), a selective scan 7 N, a kernel of a state space model 4 N
  /// per length (2 N real, 36 N low rank), a convolution 2 per pair
  /// of times that a tap joins, however it is computed.
  Expr flops;
  /// Bytes of the memory that is read (what slices and gathers leave out is not) and written, each once.
  Expr bytes;
};

/// Of the ops of a group; no value if a size depends on data (packed sequences).
std::optional<Cost> costOf(seq::GroupOp group, ShapeExprs &shapes);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_COST_H
