// SPDX-License-Identifier: Apache-2.0
// The node tests of a folder that utils/onnx/make_node_tests.py wrote, and how one of them is run.
#ifndef SEQC_TOOLS_SEQC_ONNX_TESTS_NODETESTS_H
#define SEQC_TOOLS_SEQC_ONNX_TESTS_NODETESTS_H

#include "seqc/Emit/Safetensors.h"
#include "seqc/Interpreter/Tensor.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace seqc::onnx_tests {

struct NodeTest {
  std::string name;
  llvm::StringRef model; ///< bytes of the .onnx file
  std::vector<interp::Tensor> inputs, outputs;
  double rtol = 1e-3, atol = 1e-7;
  bool conformance = false; ///< of the operators this compiler is about
};

/// Why tests do not pass: one reason for all tests whose name matches and whose error contains a text.
struct Reason {
  std::string tests, error, text;
};

struct Suite {
  SafetensorsFile models, tensors;
  std::vector<NodeTest> tests;
  std::vector<Reason> reasons;
};
llvm::Expected<Suite> readSuite(llvm::StringRef folder);

enum class Outcome { Passed, Unsupported, Failed };
struct Result {
  Outcome outcome = Outcome::Failed;
  std::string problem; ///< error or difference
};
/// Imports, evaluates by the reference interpreter, compiles and calls. What the importer or the compiler says they do not support is
/// Unsupported, everything else that goes wrong is Failed.
Result runTest(const NodeTest &test, llvm::StringRef cpu);

} // namespace seqc::onnx_tests

#endif // SEQC_TOOLS_SEQC_ONNX_TESTS_NODETESTS_H
