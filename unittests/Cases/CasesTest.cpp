// SPDX-License-Identifier: Apache-2.0
// The lists: names, modules, inputs, costs, and the reference interpreter on small cases against plain loops.
#include "seqc/Cases/Case.h"
#include "seqc/Cases/Compare.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "llvm/ADT/StringSet.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace seqc::cases;
using namespace seqc::interp;

namespace {
const Case *find(const std::vector<Case> &cases, llvm::StringRef name) {
  for (const Case &c : cases)
    if (c.name == name)
      return &c;
  ADD_FAILURE() << "no case " << name.str();
  return nullptr;
}

class CasesTest : public ::testing::Test {
protected:
  CasesTest() {
    mlir::DialectRegistry registry;
    registry.insert<seqc::seq::SeqDialect, mlir::arith::ArithDialect, mlir::complex::ComplexDialect, mlir::math::MathDialect, mlir::tensor::TensorDialect, mlir::linalg::LinalgDialect, mlir::func::FuncDialect>();
    context.appendDialectRegistry(registry);
  }
  std::vector<Tensor> truth(const Case &c) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(c.module, &context);
    if (!module)
      return {};
    return llvm::cantFail(evaluate(module->lookupSymbol<mlir::func::FuncOp>(c.function), makeInputs(c), SeqOptions{}));
  }
  mlir::MLIRContext context;
};
} // namespace

TEST_F(CasesTest, NamesAreUniqueAndModulesParse) {
  llvm::StringSet<> names, modules;
  for (const std::string &op : allOps())
    for (const Case &c : casesOf(op, Grid::Small)) {
      EXPECT_TRUE(names.insert(c.name).second) << c.name;
      EXPECT_EQ(c.op, op);
      if (modules.insert(c.module).second)
        EXPECT_TRUE(mlir::parseSourceString<mlir::ModuleOp>(c.module, &context)) << c.name << "\n" << c.module;
    }
}

TEST_F(CasesTest, EveryListCoversThreeTypesAndADegenerateSize) {
  for (const std::string &op : allOps()) {
    bool types[3] = {}, hasEmpty = false, hasOne = false;
    for (const Case &c : casesOf(op, Grid::Small)) {
      for (int i = 0; i < 3; ++i)
        types[i] |= c.dtype == (DType[]){DType::F32, DType::F16, DType::BF16}[i];
      for (const auto &[name, size] : c.dims) {
        hasEmpty |= size == 0;
        hasOne |= size == 1;
      }
      for (const Input &in : c.inputs)
        for (double x : in.values)
          hasEmpty |= x == 0;
    }
    bool hasHalves = op != "complex" && op != "ssm_kernel"; // parts of complex numbers and parameters of recurrences are at least f32
    EXPECT_TRUE(types[0] && (!hasHalves || (types[1] && types[2]))) << op;
    EXPECT_TRUE(hasEmpty) << op;
    if (op != "attention_packed")
      EXPECT_TRUE(hasOne) << op;
  }
}

TEST_F(CasesTest, InputsDependOnNameAndSeedAlone) {
  std::vector<Case> cases = casesOf("matmul", Grid::Small);
  Case c = *find(cases, "matmul/f32/normal/M=7,K=33,N=9"), other = c;
  EXPECT_EQ(makeInputs(c)[0].data, makeInputs(c)[0].data);
  other.seed = 2;
  EXPECT_NE(makeInputs(c)[0].data, makeInputs(other)[0].data);
  other = c;
  other.name += "x";
  EXPECT_NE(makeInputs(c)[0].data, makeInputs(other)[0].data);
}

TEST_F(CasesTest, InputsAreRepresentable) {
  for (const std::string &op : {"softmax", "compare_select", "gelu", "embedding"})
    for (const Case &c : casesOf(op, Grid::Small))
      for (const Tensor &t : makeInputs(c))
        for (double x : t.data)
          ASSERT_TRUE(std::isnan(x) || roundTo(t.dtype, x) == x) << c.name;
}

TEST_F(CasesTest, MatmulIsTheProduct) {
  std::vector<Case> cases = casesOf("matmul", Grid::Small);
  const Case *c = find(cases, "matmul/f32/integers/M=7,K=33,N=9");
  ASSERT_TRUE(c);
  EXPECT_TRUE(c->exact);
  EXPECT_EQ(c->flops, 2.0 * 7 * 33 * 9);
  EXPECT_EQ(c->bytes, 4.0 * (7 * 33 + 33 * 9 + 7 * 9));
  std::vector<Tensor> in = makeInputs(*c);
  Tensor expected(DType::F32, {7, 9});
  for (int64_t m = 0; m < 7; ++m)
    for (int64_t n = 0; n < 9; ++n)
      for (int64_t k = 0; k < 33; ++k)
        expected.at({m, n}) += in[0].at({m, k}) * in[1].at({k, n});
  Report r = compare(expected, truth(*c).at(0), {});
  EXPECT_TRUE(r.ok) << r.problem;
}

TEST_F(CasesTest, LayernormHasMeanBetaAndDeviationGamma) {
  std::vector<Case> cases = casesOf("layernorm", Grid::Small);
  const Case *c = find(cases, "layernorm/bf16/normal,D=100/B=3,L=17");
  ASSERT_TRUE(c);
  std::vector<Tensor> in = makeInputs(*c);
  Tensor y = truth(*c).at(0), x = in[0];
  for (int64_t row = 0; row < 3 * 17; ++row) {
    double mean = 0, square = 0;
    for (int64_t d = 0; d < 100; ++d) {
      mean += x.data[row * 100 + d] / 100;
      square += x.data[row * 100 + d] * x.data[row * 100 + d] / 100;
    }
    for (int64_t d = 0; d < 100; ++d)
      ASSERT_NEAR(y.data[row * 100 + d], (x.data[row * 100 + d] - mean) / std::sqrt(square - mean * mean + 1e-5f) * in[1].data[d] + in[2].data[d], 1e-9);
  }
}

TEST_F(CasesTest, SoftmaxRowsSumToOneAndFullyMaskedRowsAreNaN) {
  for (const Case &c : casesOf("softmax", Grid::Small)) {
    Tensor y = truth(c).at(0);
    if (y.size() == 0 || c.name.find("/masked/") != std::string::npos)
      continue;
    double sum = 0;
    for (int64_t n = 0; n < y.shape[1]; ++n)
      sum += y.data[n];
    if (c.name.find("all_masked") != std::string::npos)
      EXPECT_TRUE(std::isnan(sum)) << c.name;
    else
      EXPECT_NEAR(sum, 1, 1e-12) << c.name;
  }
}
