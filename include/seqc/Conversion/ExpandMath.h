// SPDX-License-Identifier: Apache-2.0
// Expansion of transcendental math ops into arith (+ math.fma, math.absf, math.copysign, math.roundeven) polynomials.
// f32 and f64 scalars and vectors of any shape; f16 and bf16 are computed in f32 and rounded once. Special values
// (+-inf, NaN, +-0, denormals, overflow, underflow) follow C99 Annex F.
#ifndef SEQC_CONVERSION_EXPANDMATH_H
#define SEQC_CONVERSION_EXPANDMATH_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace seqc {

/// Patterns for math.exp2, exp, expm1, log2, log, log1p, tanh, erf, sin, cos, powf, and for arith.truncf to and
/// arith.extf from bf16. f64 forms exist of exp2, exp, log2, log. With fastmath<afn> results of exp2 and exp below the
/// normal numbers may be 0. sin and cos are good for |x| <= 2^40.
void populateExpandMathPatterns(mlir::RewritePatternSet &patterns);

/// Those of the functions alone, without what bf16 needs on the CPU.
void populateExpandFunctionPatterns(mlir::RewritePatternSet &patterns);

/// Pass `tile-cpu-expand-math`, on any op. Error: a transcendental math op that has no expansion for its type.
std::unique_ptr<mlir::Pass> createExpandMathPass();
void registerExpandMathPass();

} // namespace seqc

#endif // SEQC_CONVERSION_EXPANDMATH_H
