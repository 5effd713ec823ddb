// SPDX-License-Identifier: Apache-2.0
// Comparison of a result with the unrounded truth.
#ifndef SEQC_CASES_COMPARE_H
#define SEQC_CASES_COMPARE_H

#include "seqc/Cases/Tolerance.h"
#include "seqc/Interpreter/Tensor.h"
#include <string>
#include <vector>

namespace seqc::cases {

struct Report {
  bool ok = true;
  std::string problem;            ///< why not, one line; empty if ok
  double maxAbs = 0, maxRel = 0;  ///< over finite elements; maxRel over max(|expected|, scale)
  double used = 0;                ///< largest error as a fraction of what is allowed; 0 for exact cases that pass
  int64_t failures = 0;           ///< elements, or parts of complex ones
  std::vector<int64_t> where;     ///< index of the worst element, or of the first whose NaN or infinity is wrong
};

/// `expected` holds unrounded values (interpreter in F64); its dtype is the declared one. Shape and dtype agree; NaN is where NaN is
/// expected and nowhere else; infinities are the same (a finite value that overflows the type counts as infinite); integers are equal.
/// Real and imaginary parts are judged each on its own, at the scale of all parts.
Report compare(const interp::Tensor &expected, const interp::Tensor &actual, const Tolerance &tolerance);

} // namespace seqc::cases

#endif // SEQC_CASES_COMPARE_H
