// SPDX-License-Identifier: Apache-2.0
#include "Lists.h"
#include "llvm/ADT/STLExtras.h"
#include <functional>

namespace seqc::cases {

std::vector<int64_t> lengths(Grid grid) {
  if (grid == Grid::Small)
    return {0, 1, 2, 3, 17, 65};
  return {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 251};
}

std::vector<BatchLength> batchLengths(Grid grid) {
  if (grid == Grid::Small)
    return {{0, 3}, {2, 0}, {1, 1}, {2, 3}, {3, 17}, {1, 65}};
  return {{0, 3}, {2, 0}, {0, 0}, {1, 1}, {1, 2}, {2, 3}, {3, 17}, {1, 31}, {1, 32}, {5, 33}, {1, 63}, {1, 65}, {2, 127}, {2, 129}, {1, 251}};
}

namespace {
struct List {
  const char *op;
  std::function<Cases(Grid)> make;
};

template <Cases (*make)(llvm::StringRef, Grid)>
List named(const char *op) {
  return {op, [op](Grid g) { return make(op, g); }};
}

const std::vector<List> &lists() {
  static const std::vector<List> all = {{"attention", attentionCases},
                                        {"attention_packed", attentionPackedCases},
                                        {"linear_scan", linearScanCases},
                                        {"selective_scan", selectiveScanCases},
                                        {"selective_scan_packed", selectiveScanPackedCases},
                                        {"long_conv", longConvCases},
                                        {"short_conv", shortConvCases},
                                        {"layernorm", layernormCases},
                                        {"softmax", softmaxCases},
                                        named<activationCases>("gelu"),
                                        named<activationCases>("gelu_tanh"),
                                        named<activationCases>("silu"),
                                        named<activationCases>("relu"),
                                        {"glu", gluCases},
                                        {"matmul", matmulCases},
                                        {"linear", linearCases},
                                        {"batch_matmul", batchMatmulCases},
                                        {"embedding", embeddingCases},
                                        {"mean_pool", meanPoolCases},
                                        {"reduce", reduceCases},
                                        named<shapeCases>("reshape"),
                                        named<shapeCases>("slice"),
                                        named<shapeCases>("concat"),
                                        named<shapeCases>("pad"),
                                        named<shapeCases>("transpose"),
                                        {"elementwise", elementwiseCases},
                                        {"fft", fftCases},
                                        {"butterfly", butterflyCases},
                                        {"complex", complexCases},
                                        {"ssm_kernel", ssmKernelCases},
                                        {"cast", castCases},
                                        {"compare_select", compareSelectCases},
                                        {"block", blockCases}};
  return all;
}
} // namespace

Tolerance toleranceOf(const Case &c, interp::DType result) { return c.exact ? Tolerance() : toleranceOf(result, c.steps); }

std::vector<std::string> allOps() {
  std::vector<std::string> names;
  for (const List &l : lists())
    names.push_back(l.op);
  return names;
}

std::vector<Case> casesOf(llvm::StringRef op, Grid grid) {
  for (const List &l : lists())
    if (op == l.op)
      return l.make(grid);
  return {};
}

} // namespace seqc::cases
