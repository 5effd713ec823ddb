// SPDX-License-Identifier: Apache-2.0
// One manifest for several targets.
#include "seqc/Emit/Manifest.h"
#include "gtest/gtest.h"

using namespace seqc;

namespace {

PointerArg weight(unsigned index) { return {PointerArg::Weight, index, Expr(0)}; }
PointerArg output() { return {PointerArg::Output, 0, Expr(0)}; }

/// A function that launches `kernels` in order, each on one weight of `weights` (names; "c:.." stands for a constant of those bytes).
Manifest manifest(llvm::StringRef target, std::vector<std::string> kernels, std::vector<std::string> weights) {
  Manifest m;
  FunctionRecord f;
  f.name = "main";
  for (auto [i, name] : llvm::enumerate(kernels)) {
    KernelRecord k;
    k.name = name;
    k.code[target.str()] = llvm::json::Object{{"symbol", name}};
    m.kernels.push_back(std::move(k));
    f.plan.launches.push_back({{Expr(1), static_cast<unsigned>(i), {weight(i), output()}}});
  }
  for (llvm::StringRef name : weights) {
    if (!name.consume_front("c:")) {
      m.weights.push_back({name.str(), "weights/model.safetensors", "i8", {1}});
      continue;
    }
    std::string constant = "constant" + std::to_string(m.constants.size());
    m.constants.push_back({constant, "i8", {static_cast<int64_t>(name.size())}, name.str()});
    m.weights.push_back({constant, kConstantsMember.str(), "i8", m.constants.back().shape});
  }
  f.plan.workspaceBytes = Expr::name("L") * Expr(64);
  m.functions.push_back(std::move(f));
  m.targets[target.str()] = llvm::json::Object{{"library", target}};
  return m;
}

TEST(ManifestMergeTest, EqualPlansStayOne) {
  Manifest m = manifest("cpu", {"a", "b"}, {"w", "c:x"});
  m.merge(manifest("gpu", {"a", "b"}, {"w", "c:x"}), "gpu");
  EXPECT_EQ(m.kernels.size(), 2u);
  EXPECT_EQ(m.kernels[0].code.size(), 2u);
  EXPECT_EQ(m.weights.size(), 2u);
  EXPECT_EQ(m.constants.size(), 1u);
  EXPECT_TRUE(m.functions[0].plans.empty());
  EXPECT_EQ(m.targets.size(), 2u);
  EXPECT_EQ(m.toJson().get("functions")->getAsArray()->front().getAsObject()->get("plans"), nullptr);
}

TEST(ManifestMergeTest, OtherOrderOfEqualThingsIsTheSamePlan) {
  Manifest m = manifest("cpu", {"a", "b"}, {"c:x", "c:y"});
  Manifest other = manifest("gpu", {"b", "a"}, {"c:y", "c:x"});
  std::swap(other.functions[0].plan.launches[0], other.functions[0].plan.launches[1]);
  m.merge(other, "gpu");
  EXPECT_EQ(m.constants.size(), 2u);
  EXPECT_TRUE(m.functions[0].plans.empty());
}

TEST(ManifestMergeTest, OtherKernelsMakeAPlanOfTheirOwn) {
  Manifest m = manifest("cpu", {"a", "b"}, {"w", "c:x"});
  Manifest other = manifest("gpu", {"b2", "a", "s"}, {"v", "w", "c:z"});
  m.merge(other, "gpu");
  ASSERT_EQ(m.kernels.size(), 4u); // a b b2 s
  EXPECT_EQ(m.kernels[2].name, "b2");
  EXPECT_EQ(m.kernels[2].code.count("cpu"), 0u);
  ASSERT_EQ(m.weights.size(), 4u); // w constant0 v constant1
  EXPECT_EQ(m.weights[3].name, "constant1");
  EXPECT_EQ(m.constants[1].bytes, "z");
  ASSERT_EQ(m.functions[0].plans.count("gpu"), 1u);
  const LaunchPlan &plan = m.functions[0].plans["gpu"];
  ASSERT_EQ(plan.launches.size(), 3u);
  EXPECT_EQ(plan.launches[0][0].kernel, 2u);
  EXPECT_EQ(plan.launches[1][0].kernel, 0u);
  EXPECT_EQ(plan.launches[2][0].kernel, 3u);
  EXPECT_EQ(std::get<PointerArg>(plan.launches[0][0].args[0]).index, 2u);
  EXPECT_EQ(std::get<PointerArg>(plan.launches[1][0].args[0]).index, 0u);
  EXPECT_EQ(std::get<PointerArg>(plan.launches[2][0].args[0]).index, 3u);
  EXPECT_EQ(m.functions[0].plan.launches.size(), 2u); // of the others
  llvm::json::Object json = m.toJson();
  const llvm::json::Object *f = json.getArray("functions")->front().getAsObject();
  ASSERT_NE(f->getObject("plans"), nullptr);
  EXPECT_EQ(f->getObject("plans")->getObject("gpu")->getArray("launches")->size(), 3u);
}

TEST(ManifestMergeTest, OtherWorkspaceIsAnotherPlan) {
  Manifest m = manifest("cpu", {"a"}, {"w"}), other = manifest("gpu", {"a"}, {"w"});
  other.functions[0].plan.workspaceBytes = Expr(128);
  m.merge(other, "gpu");
  ASSERT_EQ(m.functions[0].plans.count("gpu"), 1u);
  EXPECT_TRUE(m.functions[0].plans["gpu"].workspaceBytes.isConst(128));
}

} // namespace
