// SPDX-License-Identifier: Apache-2.0
// How far a result may be from the unrounded truth, computed from what was done to get it.
//
// Unit roundoffs: f64 2^-53, f32 2^-24, f16 2^-11, bf16 2^-8. Work is done in w = f32 (f64 for f64), results are stored in t.
//
//   relative = roundings * u(t) + amplification * (operations + 4 transcendental + sum(K)) * u(w)
//   sum(K)   = min(K, 6 sqrt(K)) + 1         rounding errors of a sum of K terms are independent: six standard deviations of the
//                                            random walk (Higham and Mary, 2019), never more than the worst case K
//   4        ulp that an expansion of exp2, tanh, erf.. may be off, with its argument reduction
//
// An element passes if |actual - expected| <= relative * max(|expected|, scale) + tiny(t), where scale is the root mean square of the
// expected tensor: sums that cancel are judged by the size of what was added. tiny(t) is the smallest subnormal of t.
#ifndef SEQC_CASES_TOLERANCE_H
#define SEQC_CASES_TOLERANCE_H

#include "seqc/Interpreter/Tensor.h"

namespace seqc::cases {

/// What happens between inputs and result.
struct Steps {
  int64_t accumulation = 1; ///< K: length of the longest sum on the way
  int transcendental = 0;   ///< exp, tanh, erf, log, rsqrt.. one after the other
  int operations = 4;       ///< other operations in w one after the other
  int roundings = 1;        ///< values stored in t one after the other, the result included
  double amplification = 1; ///< condition number: how much a relative error of an intermediate value in w grows
  bool equalTerms = false;  ///< sums of equal terms: their rounding errors are not independent, so sum(K) = K + 1
};

struct Tolerance {
  double relative = 0; ///< 0: the result is the truth rounded to its type, bit for bit
  bool isExact() const { return relative == 0; }
};

/// Unit roundoff; 0 for integers.
double unitRoundoff(interp::DType t);
/// Smallest positive value; 0 for integers.
double tiniest(interp::DType t);
Tolerance toleranceOf(interp::DType stored, const Steps &steps);

} // namespace seqc::cases

#endif // SEQC_CASES_TOLERANCE_H
