// SPDX-License-Identifier: Apache-2.0
// One package for two targets: a GPU that this test makes up beside the CPU.
#include "seqc/Driver/Compile.h"
#include "seqc/Pipelines/Pipelines.h"
#include "seqc/Support/Process.h"
#include "seqc_rt/seqc_rt.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace seqc;
using namespace seqc::driver;

namespace {

/// Writes records and a text; compiles nothing.
class MadeUpGpu : public TargetBackend {
public:
  llvm::StringRef name() const override { return "sm_90"; }
  llvm::StringRef configs() const override { return "gpu"; }
  llvm::Expected<TargetCode> compile(llvm::ArrayRef<tile::KernelOp> kernels, Phase, PhaseSink) override {
    TargetCode code;
    code.members.emplace_back("kernels/all.ptx", ".version 8.0\n");
    for (tile::KernelOp kernel : kernels) {
      llvm::json::Array params;
      for (mlir::BlockArgument a : kernel.getGrid().front().getArguments())
        params.push_back(mlir::isa<tile::PtrType>(a.getType()) ? "ptr" : "i64");
      code.kernels[kernel.getSymName().str()] = llvm::json::Object{{"entry", kernel.getSymName()},        {"ptx", "kernels/all.ptx"},
                                                                   {"ptx_version", "8.0"},               {"params", std::move(params)},
                                                                   {"block", llvm::json::Array{32, 1, 1}}, {"shared_bytes", 0}};
    }
    return code;
  }
};

constexpr const char *kGraph = R"mlir(
  func.func @main(%q: tensor<1x1x?x8xf32> {seq.dims = [1, 1, "L", 8], seq.name = "q"}) -> (tensor<1x1x?x8xf32> {seq.name = "o"}) attributes {seq.export} {
    %o = seq.attention %q, %q, %q : tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32>, tensor<1x1x?x8xf32> -> tensor<1x1x?x8xf32>
    %y = arith.addf %o, %q : tensor<1x1x?x8xf32>
    return %y : tensor<1x1x?x8xf32>
  })mlir";

class TargetsTest : public ::testing::Test {
protected:
  TargetsTest() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// Compiled for one target, from the common phase on.
  llvm::Expected<Compiled> compileFor(mlir::ModuleOp seqOpt, TargetBackend &target) {
    mlir::OwningOpRef<mlir::ModuleOp> own = seqOpt.clone();
    if (llvm::Error e = lower(*own, Phase::SeqOpt, Phase::Tile, target.configs()))
      return std::move(e);
    return compileKernels(*own, target);
  }

  /// The manifest of a package for both, which is also run on the CPU.
  llvm::json::Object packageFor(TargetBackend &first, TargetBackend &second) {
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(kGraph, &context);
    llvm::cantFail(lower(*module, Phase::Seq, Phase::SeqOpt));
    Compiled all = llvm::cantFail(compileFor(*module, first));
    merge(all, llvm::cantFail(compileFor(*module, second)), second.name());
    TemporaryFile file = llvm::cantFail(TemporaryFile::create("seqc-test", "seqc"));
    llvm::cantFail(writePackage(all, "", file.path()));
    seqc_rt_package_t *package = nullptr;
    EXPECT_EQ(seqc_rt_package_open(file.path().str().c_str(), nullptr, &package), SEQC_RT_OK) << seqc_rt_last_error();
    if (!package)
      return {};
    runOnCpu(package);
    const char *text;
    size_t size;
    seqc_rt_package_manifest(package, &text, &size);
    llvm::json::Value manifest = llvm::cantFail(llvm::json::parse(llvm::StringRef(text, size)));
    seqc_rt_package_close(package);
    return *manifest.getAsObject();
  }

  /// Equal rows attend to themselves: o = q, y = 2 q.
  void runOnCpu(seqc_rt_package_t *package) {
    const seqc_rt_function_t *function = nullptr;
    ASSERT_EQ(seqc_rt_package_find_function(package, "main", &function), SEQC_RT_OK);
    std::vector<float> q(5 * 8, 1.5f), y(5 * 8);
    int64_t shape[] = {1, 1, 5, 8};
    DLTensor in{q.data(), {kDLCPU, 0}, 4, {kDLFloat, 32, 1}, shape, nullptr, 0}, out = in;
    out.data = y.data();
    DLTensor *inputs[] = {&in}, *outputs[] = {&out};
    ASSERT_EQ(seqc_rt_function_call(function, inputs, 1, outputs, 1, nullptr, 0, nullptr), SEQC_RT_OK) << seqc_rt_last_error();
    for (float v : y)
      EXPECT_NEAR(v, 3.0f, 1e-5f);
  }

  void expectBothTargets(const llvm::json::Object &manifest) {
    const llvm::json::Object &function = *manifest.getArray("functions")->front().getAsObject();
    const llvm::json::Object *plans = function.getObject("plans");
    ASSERT_NE(plans, nullptr) << "GPUs have other tiles";
    EXPECT_EQ(plans->size(), 1u);
    // Every launch of a plan has code for its target, and the two plans launch other kernels.
    auto kernelsOf = [&](const llvm::json::Object &plan, llvm::StringRef target) {
      std::vector<int64_t> kernels;
      for (const llvm::json::Value &step : *plan.getArray("launches"))
        for (const llvm::json::Value &alternative : *step.getAsArray()) {
          kernels.push_back(*alternative.getAsObject()->getInteger("kernel"));
          EXPECT_NE((*manifest.getArray("kernels"))[kernels.back()].getAsObject()->getObject(target), nullptr);
        }
      return kernels;
    };
    bool isCpuFirst = plans->getObject("sm_90");
    auto common = kernelsOf(function, isCpuFirst ? "cpu" : "sm_90"), other = kernelsOf(*plans->begin()->second.getAsObject(), isCpuFirst ? "sm_90" : "cpu");
    EXPECT_FALSE(common.empty());
    EXPECT_NE(common, other);
    EXPECT_NE(manifest.getObject("cpu"), nullptr);
    EXPECT_NE(manifest.getObject("files")->getObject("kernels/all.ptx"), nullptr);
    EXPECT_NE(manifest.getObject("files")->getObject("cpu/kernels.so"), nullptr);
  }

  mlir::MLIRContext context;
};

TEST_F(TargetsTest, CpuAndGpu) {
  auto cpu = llvm::cantFail(createTarget("cpu", {}));
  MadeUpGpu gpu;
  expectBothTargets(packageFor(*cpu, gpu));
}

TEST_F(TargetsTest, GpuAndCpu) {
  auto cpu = llvm::cantFail(createTarget("cpu", {}));
  MadeUpGpu gpu;
  expectBothTargets(packageFor(gpu, *cpu));
}

TEST_F(TargetsTest, UnknownTarget) {
  auto target = createTarget("sm_20", {});
  ASSERT_FALSE(bool(target));
  llvm::handleAllErrors(target.takeError(), [](const CodedError &e) {
    EXPECT_EQ(e.exitCode(), ExitCode::Unsupported);
    EXPECT_EQ(e.identifier(), "E3002");
  });
}

} // namespace
