// SPDX-License-Identifier: Apache-2.0
// Random graphs: kernels compute what the graph says, buffer plans hold. SEQC_RANDOM_GRAPHS sets how many (default 60), SEQC_RANDOM_SEED
// the first.
#include "RandomGraph.h"
#include "SeqToTileTesting.h"
#include "seqc/Transforms/Passes.h"
#include <cstdlib>

using namespace seqc;

namespace {
unsigned fromEnvironment(const char *name, unsigned otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

TEST_F(SeqToTileTest, RandomGraphs) {
  unsigned first = fromEnvironment("SEQC_RANDOM_SEED", 1), count = fromEnvironment("SEQC_RANDOM_GRAPHS", 60);
  for (unsigned seed = first; seed < first + count && !HasFailure(); ++seed) {
    std::string text = RandomGraph(seed).make(4 + seed % 40);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    ASSERT_TRUE(convert(text));
    expectEqual({{"B", 2}, {"L", 3}, {"N", 5}}, 1e-3);
    expectEqual({{"B", 1}, {"L", 1 + seed % 70}, {"N", seed % 3}}, 1e-3);
    mlir::PassManager pm(&context);
    pm.addNestedPass<mlir::func::FuncOp>(createPlanBuffers());
    ASSERT_TRUE(succeeded(pm.run(*host)));
  }
}
} // namespace
