// SPDX-License-Identifier: Apache-2.0
// Execution cases: one graph with its inputs, its tolerance and its cost. One list per op serves all levels and the benchmarks.
#ifndef SEQC_CASES_CASE_H
#define SEQC_CASES_CASE_H

#include "seqc/Cases/Tolerance.h"
#include "seqc/Interpreter/Tensor.h"
#include <string>
#include <vector>

namespace seqc::cases {

/// How the elements of an input are made; p is `Input::parameter`. All values are representable in the type of the input.
enum class Fill : uint8_t {
  Integers,  ///< whole numbers, uniform in [-p, p]
  Normal,    ///< p times standard normal
  Offset,    ///< p plus standard normal
  Positive,  ///< p times |standard normal|, at least p / 16
  Constant,  ///< p
  Indices,   ///< whole numbers, uniform in [0, p)
  Bits,      ///< 0 or 1
  Extremes,  ///< one element in four is p, one is -p, one is 1 / p, the others standard normal
  MinusInf,  ///< standard normal; one element in three is -inf
  Specials,  ///< normal values mixed with 0, -0, inf, -inf and NaN
  Poisoned,  ///< standard normal; one element in p is NaN, inf or -inf
  Literal    ///< `Input::values`
};

struct Input {
  std::string name;
  interp::DType dtype = interp::DType::F32;
  std::vector<int64_t> shape;
  Fill fill = Fill::Normal;
  double parameter = 1.0;
  std::vector<double> values; ///< Fill::Literal: all elements, row-major; real and imaginary parts of complex ones
};

struct Case {
  std::string op;                                    ///< name of the list: "attention"
  std::string name;                                  ///< unique: "softmax/bf16/normal/B=2,N=17"
  std::string module;                                ///< MLIR text; equal for cases that differ in sizes of named dims or in inputs only
  std::string function = "main";
  std::vector<std::pair<std::string, int64_t>> dims; ///< sizes of the named dims
  std::vector<Input> inputs;                         ///< one per argument
  uint64_t seed = 1;                                 ///< mixed with the name, so that no two cases share inputs
  interp::DType dtype = interp::DType::F32;          ///< of activations
  Steps steps;                                       ///< from inputs to results, for the tolerance
  bool onGpu = true;                                 ///< false: kernels of the GPU do not cover it (docs/status.md says why)
  bool exact = false;                                ///< results are the truth rounded to their types, bit for bit
  double flops = 0, bytes = 0;                       ///< operations on elements; bytes of inputs and outputs
};

/// Tolerance of a result of this type.
Tolerance toleranceOf(const Case &c, interp::DType result);

/// How many sizes the lists run through.
enum class Grid : uint8_t {
  Small, ///< for every build
  Full
};

/// Names of the lists, in the order of the documentation.
std::vector<std::string> allOps();
/// Cases of one list; empty for an unknown name. Names are unique over all lists.
std::vector<Case> casesOf(llvm::StringRef op, Grid grid);

/// Values of the inputs: a function of name, seed and `Case::inputs` alone, on every machine.
std::vector<interp::Tensor> makeInputs(const Case &c);

} // namespace seqc::cases

#endif // SEQC_CASES_CASE_H
