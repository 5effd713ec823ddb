// SPDX-License-Identifier: Apache-2.0
// Helpers of the tile interpreter tests: parse kernels, random memory, comparisons.
#ifndef SEQC_UNITTESTS_INTERPRETER_TILETESTING_H
#define SEQC_UNITTESTS_INTERPRETER_TILETESTING_H

#include "seqc/Interpreter/TileInterpreter.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

namespace seqc::interp {

class TileTest : public ::testing::Test {
protected:
  TileTest() {
    context.loadDialect<tile::TileDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::func::FuncDialect,
                        mlir::tensor::TensorDialect, mlir::ml_program::MLProgramDialect>();
  }

  mlir::ModuleOp parse(llvm::StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module)) << text.str();
    return *module;
  }
  mlir::ModuleOp parseInput(llvm::StringRef file) {
    module = mlir::parseSourceFile<mlir::ModuleOp>((llvm::Twine(SEQC_TILE_INPUTS "/") + file).str(), &context);
    EXPECT_TRUE(bool(module)) << file.str();
    return *module;
  }
  tile::KernelOp kernel(llvm::StringRef name) { return module->lookupSymbol<tile::KernelOp>(name); }

  /// A kernel @k with one program; `body` may use pointers %x (f32, read), %y (f32, written) and the index %n.
  tile::KernelOp unary(llvm::StringRef body, llvm::StringRef x = "f32", llvm::StringRef y = "f32") {
    parse(("tile.kernel @k(%x: !tile.ptr<" + x + ">, %y: !tile.ptr<" + y + ">, %n: index) level(block) params([\"x\", \"y\", \"n\"]) " +
           "access([\"read\", \"write\", \"value\"]) grid { %c1 = arith.constant 1 : index tile.grid_yield %c1 } {\n" + body + "\n}")
              .str());
    return kernel("k");
  }

  Tensor random(DType t, std::vector<int64_t> shape, double low = -1.0, double high = 1.0) {
    Tensor r(t, std::move(shape));
    std::uniform_real_distribution<double> u(low, high);
    for (double &x : r.data)
      x = roundTo(t, isFloat(t) ? u(generator) : std::floor(u(generator)));
    return r;
  }
  static Tensor nans(DType t, std::vector<int64_t> shape) { return Tensor(t, std::move(shape), std::nan("")); }

  /// Runs and reports an error as a test failure.
  void run(tile::KernelOp k, std::vector<KernelArg> args, Precision precision = Precision::Typed) {
    TileOptions options;
    options.precision = precision;
    if (llvm::Error e = runKernel(k, args, options))
      ADD_FAILURE() << toString(std::move(e));
  }
  /// The error text of a run, empty if it succeeds.
  std::string failureOf(tile::KernelOp k, std::vector<KernelArg> args) {
    llvm::Error e = runKernel(k, args, TileOptions());
    return e ? toString(std::move(e)) : std::string();
  }

  static void expectNear(const Tensor &got, const Tensor &want, double tolerance) {
    ASSERT_EQ(got.shape, want.shape);
    for (size_t i = 0; i < got.data.size(); ++i) {
      if (got.data[i] == want.data[i])
        continue;
      ASSERT_NEAR(got.data[i], want.data[i], tolerance * std::max(1.0, std::fabs(want.data[i]))) << "element " << i;
    }
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::mt19937_64 generator{7};
};

} // namespace seqc::interp

#endif // SEQC_UNITTESTS_INTERPRETER_TILETESTING_H
