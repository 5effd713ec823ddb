// SPDX-License-Identifier: Apache-2.0
// Random well-typed block kernels. The text of a seed is fixed; a smaller number of steps gives a prefix of the same kernel, which is how a
// failing kernel is made small.
//
// Every float tile carries a bound of its values and the power of two that they are multiples of. As long as only exact ops were used and
// bound / step stays below 2^22, every order of summation gives the same f32 value, so results can be compared bit for bit. A tile computed by
// exp2, division, .. is no longer exact; then no comparison or rounding to an integer looks at it, and results are compared with a tolerance.
#ifndef SEQC_TOOLS_SEQC_TILE_FUZZ_GENERATOR_H
#define SEQC_TOOLS_SEQC_TILE_FUZZ_GENERATOR_H

#include "seqc/Interpreter/Tensor.h"
#include <random>
#include <string>
#include <vector>

namespace seqc::fuzz {

struct Options {
  uint64_t seed = 0;
  int steps = 12;
  bool exactOnly = false; ///< no approximated functions
  bool allTypes = false;  ///< also f64, i8 and i64 tiles
};

/// A kernel argument with its value; outputs are pointers that the kernel writes.
struct Argument {
  std::string name, type; // element type for pointers
  bool isPointer = false, isOutput = false, isExact = true;
  interp::Tensor memory; // pointers
  double value = 0;      // indices and scalars
};

struct Program {
  std::string text;
  std::vector<Argument> args;
  int64_t tasks = 0; ///< programs of the grid
};

Program generate(const Options &options);

} // namespace seqc::fuzz

#endif // SEQC_TOOLS_SEQC_TILE_FUZZ_GENERATOR_H
