// SPDX-License-Identifier: Apache-2.0
// The functions of the lit tests of seq-raise and seq-canonicalize keep their results, and types are inferred.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace seqc::interp;

namespace {
class SeqTransformsTest : public ::testing::Test {
protected:
  SeqTransformsTest() {
    DialectRegistry registry;
    registry.insert<seqc::seq::SeqDialect, arith::ArithDialect, math::MathDialect, tensor::TensorDialect, linalg::LinalgDialect, func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.getDiagEngine().registerHandler([&](Diagnostic &d) {
      if (d.getSeverity() == DiagnosticSeverity::Error)
        ADD_FAILURE() << d.str();
    });
  }

  /// Random inputs: dims by name (equal names, equal sizes), else by position.
  std::vector<Tensor> inputs(func::FuncOp fn) {
    std::vector<Tensor> args;
    for (unsigned i = 0; i < fn.getNumArguments(); ++i) {
      auto type = cast<RankedTensorType>(fn.getArgument(i).getType());
      std::vector<int64_t> shape(type.getShape());
      for (size_t d = 0; d < shape.size(); ++d)
        if (ShapedType::isDynamic(shape[d]))
          shape[d] = 2 + d % 4; // B = 2, L = 4 in these files
      std::string name;
      llvm::raw_string_ostream(name) << type.getElementType();
      Tensor t(*parseDType(name), shape);
      std::normal_distribution<double> normal;
      for (double &x : t.data)
        x = t.dtype == DType::I1 ? double(engine() % 3 == 0) : roundTo(t.dtype, normal(engine));
      args.push_back(t);
    }
    return args;
  }

  /// Runs `pass` on every part of a lit file; counts functions whose results were compared.
  int compare(const std::string &file, std::function<std::unique_ptr<Pass>()> pass, double tolerance) {
    auto buffer = llvm::MemoryBuffer::getFile(std::string(SEQC_TESTS) + "/Dialect/Seq/" + file);
    EXPECT_TRUE(bool(buffer));
    SmallVector<StringRef> parts;
    (*buffer)->getBuffer().split(parts, "// -----");
    int compared = 0;
    for (StringRef part : parts) {
      OwningOpRef<ModuleOp> before = parseSourceString<ModuleOp>(part, &context);
      if (!before)
        return -1;
      OwningOpRef<ModuleOp> after = before->clone();
      PassManager passes(&context);
      passes.addPass(pass());
      EXPECT_TRUE(succeeded(passes.run(*after)));
      for (auto fn : before->getOps<func::FuncOp>()) {
        if (!llvm::all_of(fn.getResultTypes(), llvm::IsaPred<RankedTensorType>))
          continue;
        SCOPED_TRACE(fn.getName().str());
        std::vector<Tensor> args = inputs(fn);
        llvm::Expected<std::vector<Tensor>> expected = evaluate(fn, args, SeqOptions());
        llvm::Expected<std::vector<Tensor>> got = evaluate(after->lookupSymbol<func::FuncOp>(fn.getName()), args, SeqOptions());
        EXPECT_TRUE(bool(expected) && bool(got));
        if (!expected || !got) {
          ADD_FAILURE() << (expected ? "" : toString(expected.takeError())) << (got ? "" : toString(got.takeError()));
          continue;
        }
        ++compared;
        for (size_t r = 0; r < expected->size(); ++r) {
          EXPECT_EQ((*got)[r].shape, (*expected)[r].shape);
          for (size_t i = 0; i < (*expected)[r].data.size(); ++i) {
            double x = (*expected)[r].data[i];
            if (std::isnan(x) && std::isnan((*got)[r].data[i]))
              continue;
            if (std::isnan(x)) // a fully masked row: NaN when written out, 0 in seq.attention
              x = 0.0;
            EXPECT_NEAR((*got)[r].data[i], x, tolerance) << "element " << i;
          }
        }
      }
    }
    return compared;
  }

  MLIRContext context;
  std::mt19937 engine{3};
};

TEST_F(SeqTransformsTest, RaisedAttentionKeepsResults) {
  EXPECT_EQ(compare("raise.mlir", seqc::seq::createRaisePass, 1e-10), 8);
}

TEST_F(SeqTransformsTest, NearMatchesKeepResults) {
  EXPECT_EQ(compare("raise-negative.mlir", seqc::seq::createRaisePass, 0.0), 9);
}

TEST_F(SeqTransformsTest, CanonicalFormsKeepResults) {
  EXPECT_EQ(compare("canonicalize.mlir", seqc::seq::createCanonicalizePass, 0.0), 5);
}

TEST_F(SeqTransformsTest, InferredTypesTakeKnownSizes) {
  Type f16 = Float16Type::get(&context), f32 = Float32Type::get(&context), f64 = Float64Type::get(&context);
  int64_t any = ShapedType::kDynamic;
  auto type = [](std::initializer_list<int64_t> shape, Type element) { return RankedTensorType::get(shape, element); };
  using seqc::seq::AttentionOp;
  SmallVector<Type, 2> types = AttentionOp::inferAttentionTypes(type({any, 8, any, 16}, f16), type({3, 2, 7, 16}, f16), type({any, 2, any, 24}, f16), true);
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[0], type({3, 8, any, 24}, f16));
  EXPECT_EQ(types[1], type({3, 8, any}, f32));
  types = AttentionOp::inferAttentionTypes(type({1, 1, 1, 1}, f64), type({1, 1, 1, 1}, f64), type({1, 1, 1, 1}, f64), false);
  ASSERT_EQ(types.size(), 1u);
  EXPECT_EQ(AttentionOp::scoreType(f64), f64);
  Builder b(&context);
  EXPECT_EQ(seqc::seq::IotaOp::inferIotaType({b.getIndexAttr(3), b.getIndexAttr(4)}, b.getI32Type()), type({3, 4}, b.getI32Type()));
}
} // namespace
