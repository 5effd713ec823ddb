// SPDX-License-Identifier: Apache-2.0
// Runs a graph and the host function and kernels made of it, and compares the results.
#ifndef SEQC_UNITTESTS_CONVERSION_SEQTOTILE_SEQTOTILETESTING_H
#define SEQC_UNITTESTS_CONVERSION_SEQTOTILE_SEQTOTILETESTING_H

#include "seqc/Analysis/ShapeExprs.h"
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

namespace seqc {

using Dims = std::vector<std::pair<std::string, int64_t>>;

class SeqToTileTest : public ::testing::Test {
protected:
  SeqToTileTest() {
    mlir::DialectRegistry registry;
    registry.insert<seq::SeqDialect, tile::TileDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::tensor::TensorDialect,
                    mlir::linalg::LinalgDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect, mlir::ml_program::MLProgramDialect>();
    context.appendDialectRegistry(registry);
  }

  /// Parses and converts; false with a test failure if that fails.
  bool convert(llvm::StringRef text, llvm::StringRef target = "cpu") {
    std::string messages;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      if (d.getSeverity() == mlir::DiagnosticSeverity::Error)
        messages += d.str() + "\n";
    });
    graph = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!graph)
      return ADD_FAILURE() << "does not parse: " << messages, false;
    host = graph->clone();
    mlir::PassManager pm(&context);
    pm.addNestedPass<mlir::func::FuncOp>(createFormKernels());
    pm.addPass(createConvertSeqToTile(ConvertSeqToTileOptions{target.str()}));
    if (failed(pm.run(*host)))
      return ADD_FAILURE() << messages, false;
    return true;
  }

  std::vector<interp::Tensor> randomArguments(const Dims &dims, int64_t intRange, unsigned seed) {
    llvm::StringMap<int64_t> values;
    for (const auto &[n, v] : dims)
      values[n] = v;
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    auto func = *graph->getOps<mlir::func::FuncOp>().begin();
    ShapeExprs shapes(func);
    std::vector<interp::Tensor> args;
    for (auto [i, type] : llvm::enumerate(func.getArgumentTypes())) {
      auto tensor = mlir::cast<mlir::RankedTensorType>(type);
      std::vector<int64_t> shape;
      for (int64_t d = 0; d < tensor.getRank(); ++d)
        shape.push_back(llvm::cantFail(shapes.argumentDim(i, d).evaluate(values)));
      std::string name;
      llvm::raw_string_ostream(name) << tensor.getElementType();
      interp::DType dtype = llvm::cantFail(interp::parseDType(name));
      interp::Tensor t(dtype, shape);
      for (double &x : t.data)
        x = interp::roundTo(dtype, interp::isFloat(dtype)         ? normal(random)
                                   : dtype == interp::DType::I1 ? random() % 2
                                                                : static_cast<double>(random() % intRange));
      args.push_back(std::move(t));
    }
    return args;
  }

  /// Results of the graph in f64 and of the kernels agree, in f64 tightly and in the declared types within `tolerance`.
  void expectEqual(const Dims &dims, double tolerance = 1e-5, int64_t intRange = 5) {
    std::string where = "at";
    for (const auto &[n, v] : dims)
      where += " " + n + "=" + std::to_string(v);
    SCOPED_TRACE(where);
    std::vector<interp::Tensor> args = randomArguments(dims, intRange, 7);
    auto f = *graph->getOps<mlir::func::FuncOp>().begin();
    auto g = *host->getOps<mlir::func::FuncOp>().begin();
    auto expected = interp::evaluate(f, args, interp::SeqOptions{interp::Precision::F64, weights});
    ASSERT_TRUE(bool(expected)) << toString(expected.takeError());
    for (interp::Precision p : {interp::Precision::F64, interp::Precision::Typed}) {
      auto actual = interp::evaluateHost(g, args, interp::TileOptions{p, weights, 2});
      ASSERT_TRUE(bool(actual)) << toString(actual.takeError());
      ASSERT_EQ(expected->size(), actual->size());
      for (auto [r, pair] : llvm::enumerate(llvm::zip_equal(*expected, *actual))) {
        auto &[e, a] = pair;
        ASSERT_EQ(e.shape, a.shape);
        ASSERT_EQ(e.dtype, a.dtype);
        double limit = p == interp::Precision::F64 ? 1e-6 : tolerance;
        for (size_t i = 0; i < e.data.size(); ++i) {
          bool same = e.data[i] == a.data[i] || (std::isnan(e.data[i]) && std::isnan(a.data[i])) ||
                      std::abs(e.data[i] - a.data[i]) <= limit * (1 + std::abs(e.data[i]));
          ASSERT_TRUE(same) << "result " << r << " element " << i << ": " << a.data[i] << " instead of " << e.data[i];
        }
      }
    }
  }

  std::vector<std::string> kernelNames() {
    std::vector<std::string> names;
    for (auto k : host->getOps<tile::KernelOp>())
      names.push_back(k.getSymName().str());
    return names;
  }
  unsigned launches() {
    unsigned n = 0;
    host->walk([&](tile::LaunchOp) { ++n; });
    return n;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> graph, host;
  llvm::StringMap<interp::Tensor> weights;
};

} // namespace seqc

#endif // SEQC_UNITTESTS_CONVERSION_SEQTOTILE_SEQTOTILETESTING_H
