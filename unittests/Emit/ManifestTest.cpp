// SPDX-License-Identifier: Apache-2.0
// Buffer plans and the manifest of a planned module.
#include "../Conversion/SeqToTile/SeqToTileTesting.h"
#include "seqc/Analysis/BufferPlan.h"
#include "seqc/Emit/Manifest.h"
#include "seqc/Transforms/Passes.h"

using namespace mlir;
using namespace seqc;

namespace {
class ManifestTest : public SeqToTileTest {
protected:
  bool plan() {
    PassManager pm(&context);
    pm.addNestedPass<func::FuncOp>(createPlanBuffers());
    return succeeded(pm.run(*host));
  }
  func::FuncOp hostFunction() { return *host->getOps<func::FuncOp>().begin(); }
  SmallVector<tile::LaunchOp> hostLaunches() { return llvm::to_vector(hostFunction().getBody().front().getOps<tile::LaunchOp>()); }
  void setPlaces(tile::LaunchOp launch, ArrayRef<StringRef> places) {
    Builder b(&context);
    launch->setAttr(kBuffersAttr, b.getStrArrayAttr(places));
  }
  bool checks(int64_t n) {
    llvm::StringMap<int64_t> dims;
    dims["N"] = n;
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    return succeeded(checkBufferPlan(hostFunction(), dims));
  }
};

/// Three pooled values, used late and soon: four launches.
constexpr const char *kChain = R"mlir(
  ml_program.global private @w(dense<[1.0, 2.0, 3.0]> : tensor<3xf32>) : tensor<3xf32>
  func.func @main(%x: tensor<?x3xf32> {seq.dims = ["N", 3], seq.name = "x"}) -> (tensor<?x3xf32> {seq.name = "y"}) attributes {seq.export} {
    %z = arith.constant dense<0.0> : tensor<3x3xf32>
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %m = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]> : tensor<3x3xf32>
    %w = ml_program.global_load_const @w : tensor<3xf32>
    %e = tensor.empty(%n) : tensor<?x3xf32>
    %i = linalg.broadcast ins(%zero : tensor<f32>) outs(%e : tensor<?x3xf32>) dimensions = [0, 1]
    %wb = linalg.broadcast ins(%w : tensor<3xf32>) outs(%e : tensor<?x3xf32>) dimensions = [0]
    %a = linalg.matmul ins(%x, %m : tensor<?x3xf32>, tensor<3x3xf32>) outs(%i : tensor<?x3xf32>) -> tensor<?x3xf32>
    %b = linalg.matmul ins(%a, %m : tensor<?x3xf32>, tensor<3x3xf32>) outs(%i : tensor<?x3xf32>) -> tensor<?x3xf32>
    %c = linalg.matmul ins(%b, %m : tensor<?x3xf32>, tensor<3x3xf32>) outs(%i : tensor<?x3xf32>) -> tensor<?x3xf32>
    %d0 = linalg.matmul ins(%c, %m : tensor<?x3xf32>, tensor<3x3xf32>) outs(%i : tensor<?x3xf32>) -> tensor<?x3xf32>
    %d = arith.addf %d0, %wb : tensor<?x3xf32>
    return %d : tensor<?x3xf32>
  })mlir";

TEST_F(ManifestTest, SlotsAreUsedAgain) {
  ASSERT_TRUE(convert(kChain));
  ASSERT_TRUE(plan());
  ASSERT_EQ(hostLaunches().size(), 4u);
  EXPECT_EQ(hostFunction()->getAttrOfType<StringAttr>(kWorkspaceAttr).getValue(), "ceildiv(N * 12, 64) * 128");
  auto place = [&](unsigned i) { return cast<StringAttr>(cast<ArrayAttr>(hostLaunches()[i]->getAttr(kBuffersAttr))[0]).getValue().str(); };
  EXPECT_EQ(place(0), "workspace 0");
  EXPECT_EQ(place(1), "workspace ceildiv(N * 12, 64) * 64");
  EXPECT_EQ(place(2), "workspace 0");
  EXPECT_EQ(place(3), "output 0");
  expectEqual({{"N", 5}}, 1e-3);
}

TEST_F(ManifestTest, CheckerFindsBadPlans) {
  ASSERT_TRUE(convert(kChain));
  ASSERT_TRUE(plan());
  for (int64_t n : {0, 1, 5, 6, 100})
    EXPECT_TRUE(checks(n));
  setPlaces(hostLaunches()[1], {"workspace 0"}); // over its own input
  EXPECT_FALSE(checks(5));
  setPlaces(hostLaunches()[1], {"workspace 64"}); // enough for 5 rows of 12 bytes, not for 6
  EXPECT_TRUE(checks(5));
  EXPECT_FALSE(checks(6));
  setPlaces(hostLaunches()[1], {"workspace 32"}); // not aligned
  EXPECT_FALSE(checks(1));
  setPlaces(hostLaunches()[1], {"workspace ceildiv(N * 12, 64) * 128"}); // beyond the end
  EXPECT_FALSE(checks(1));
  setPlaces(hostLaunches()[1], {"output 0"}); // not the value that is returned, but overwritten later: the place of the result is right
  setPlaces(hostLaunches()[3], {"workspace 0"});
  EXPECT_FALSE(checks(1));
}

TEST_F(ManifestTest, ReadsTheModule) {
  ASSERT_TRUE(convert(kChain));
  ASSERT_TRUE(plan());
  FailureOr<Manifest> m = buildManifest(*host);
  ASSERT_TRUE(succeeded(m));
  ASSERT_EQ(m->kernels.size(), 2u);
  EXPECT_EQ(m->kernels[0].scheme, "matmul");
  EXPECT_EQ(m->kernels[0].grid[0].str(), "ceildiv(N, 64)");
  ASSERT_EQ(m->functions.size(), 1u);
  const FunctionRecord &f = m->functions[0];
  EXPECT_EQ(f.inputs[0].name, "x");
  EXPECT_EQ(f.outputs[0].name, "y");
  EXPECT_EQ(f.outputs[0].shape[0].str(), "N");
  ASSERT_EQ(f.plan.launches.size(), 4u);
  EXPECT_EQ(f.plan.launches[0][0].kernel, f.plan.launches[2][0].kernel);
  ASSERT_EQ(m->weights.size(), 2u);
  EXPECT_EQ(m->weights[0].file, "weights/constants.safetensors");
  EXPECT_EQ(m->weights[1].name, "w");
  ASSERT_EQ(m->constants.size(), 1u);
  EXPECT_EQ(m->constants[0].bytes.size(), 36u);
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(m->toJson());
  EXPECT_NE(text.find(R"({"workspace":["mul",["ceildiv",["mul","N",12],64],64]})"), std::string::npos) << text;
}

TEST_F(ManifestTest, NeedsAPlan) {
  ASSERT_TRUE(convert(kChain));
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
  EXPECT_TRUE(failed(buildManifest(*host)));
}
} // namespace
