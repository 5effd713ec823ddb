// SPDX-License-Identifier: Apache-2.0
// Whole imported models with random weights: the graph in the reference interpreter against all passes up to block kernels in the tile
// interpreter.
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace seqc::interp;

namespace {
struct Model {
  const char *name;
  std::vector<std::vector<int64_t>> inputs; ///< shapes to run
  int64_t vocabulary;                       ///< of integer inputs
};

Tensor randomTensor(std::mt19937 &engine, DType type, std::vector<int64_t> shape, double scale, int64_t vocabulary) {
  Tensor t(type, std::move(shape));
  std::normal_distribution<double> normal(0.0, scale);
  std::uniform_int_distribution<int64_t> token(0, vocabulary - 1);
  for (double &x : t.data)
    x = isFloat(type) ? roundTo(type, normal(engine)) : static_cast<double>(token(engine));
  return t;
}

class ModelsTest : public ::testing::TestWithParam<Model> {};

TEST_P(ModelsTest, TileProgramsAgreeWithTheGraph) {
  DialectRegistry registry;
  registry.insert<seqc::seq::SeqDialect, seqc::tile::TileDialect, arith::ArithDialect, math::MathDialect, tensor::TensorDialect, linalg::LinalgDialect,
                  scf::SCFDialect, func::FuncDialect, ml_program::MLProgramDialect>();
  MLIRContext context(registry);
  std::string messages;
  context.getDiagEngine().registerHandler([&](Diagnostic &d) {
    if (d.getSeverity() == DiagnosticSeverity::Error)
      messages += d.str() + "\n";
  });
  std::string path = std::string(SEQC_MODELS) + "/" + GetParam().name + "/model.mlir";
  OwningOpRef<ModuleOp> graph = parseSourceFile<ModuleOp>(path, &context);
  ASSERT_TRUE(graph) << messages;
  OwningOpRef<ModuleOp> tiles = graph->clone();
  PassManager passes(&context);
  passes.addPass(seqc::seq::createVerifyGraphPass());
  passes.addPass(seqc::seq::createRaisePass());
  passes.addPass(seqc::seq::createCanonicalizePass());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(seqc::createFormKernels());
  passes.addPass(seqc::createConvertSeqToTile());
  ASSERT_TRUE(succeeded(passes.run(*tiles))) << messages;

  std::mt19937 engine(11);
  SeqOptions seqOptions;
  TileOptions tileOptions;
  for (auto global : graph->getOps<ml_program::GlobalOp>()) {
    auto type = cast<RankedTensorType>(global.getType());
    double fanIn = type.getRank() > 1 ? type.getDimSize(1) : 1.0;
    Tensor t = randomTensor(engine, DType::F32, std::vector<int64_t>(type.getShape()), type.getRank() > 1 ? 1.5 / std::sqrt(fanIn) : 0.3, 2);
    if (StringRef(global.getSymName()).contains("norm") && StringRef(global.getSymName()).ends_with("weight"))
      for (double &x : t.data)
        x = roundTo(DType::F32, 1.0 + x);
    seqOptions.weights[global.getSymName()] = tileOptions.weights[global.getSymName()] = t;
  }
  auto entry = [](ModuleOp m) { return *m.getOps<func::FuncOp>().begin(); };
  auto inputType = cast<RankedTensorType>(entry(*graph).getArgumentTypes()[0]).getElementType();
  for (const std::vector<int64_t> &shape : GetParam().inputs) {
    Tensor input = randomTensor(engine, inputType.isF32() ? DType::F32 : DType::I64, shape, 1.0, GetParam().vocabulary);
    llvm::Expected<std::vector<Tensor>> expected = evaluate(entry(*graph), input, seqOptions);
    ASSERT_TRUE(bool(expected)) << toString(expected.takeError());
    llvm::Expected<std::vector<Tensor>> got = evaluateHost(entry(*tiles), input, tileOptions);
    ASSERT_TRUE(bool(got)) << toString(got.takeError());
    ASSERT_EQ((*got)[0].shape, (*expected)[0].shape);
    for (size_t i = 0; i < (*got)[0].data.size(); ++i)
      ASSERT_NEAR((*got)[0].data[i], (*expected)[0].data[i], 1e-4) << "element " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ModelsTest,
                         ::testing::Values(Model{"digits", {{3, 64}, {1, 64}, {0, 64}}, 0}, Model{"handwritten_attention", {{2, 17, 64}, {1, 1, 64}, {3, 33, 64}}, 0},
                                           Model{"gpt", {{2, 17}, {1, 1}, {1, 65}}, 64}),
                         [](const auto &info) { return std::string(info.param.name); });
} // namespace
