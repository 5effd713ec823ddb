// SPDX-License-Identifier: Apache-2.0
// seq.long_conv and seq.short_conv in the reference interpreter: hand-checked numbers, the golden vector of two-sided kernels, and what options
// must mean in terms of one another.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace seqc::interp;

namespace {
std::string typeOf(const Tensor &t) {
  std::string text = "tensor<";
  for (int64_t d : t.shape)
    text += std::to_string(d) + "x";
  return text + name(t.dtype).str() + ">";
}

Tensor literal(std::vector<int64_t> shape, std::vector<double> data) {
  Tensor t(DType::F64, std::move(shape));
  t.data = std::move(data);
  return t;
}

/// g(s)_i = sin(1.3 s + 0.37 i), the generator of the golden vectors.
Tensor golden(int s, std::vector<int64_t> shape) {
  Tensor t(DType::F64, std::move(shape));
  for (size_t i = 0; i < t.data.size(); ++i)
    t.data[i] = std::sin(1.3 * s + 0.37 * i);
  return t;
}

class SeqConvTest : public ::testing::Test {
protected:
  SeqConvTest() { context.loadDialect<seqc::seq::SeqDialect, func::FuncDialect>(); }

  struct Option {
    const char *clause; ///< empty: u or the kernel
    Tensor value;
  };

  /// Runs `op` with operands u, kernel and options; the results are of the given types.
  std::vector<Tensor> run(StringRef op, std::vector<Option> operands, StringRef attributes, std::vector<Tensor> results) {
    std::string arguments, clauses, types;
    std::vector<Tensor> values;
    for (auto [i, o] : llvm::enumerate(operands)) {
      std::string id = "%a" + std::to_string(i), type = typeOf(o.value);
      arguments += (i ? ", " : "") + id + ": " + type;
      clauses += *o.clause ? std::string(" ") + o.clause + "(" + id + " : " + type + ")" : (i ? ", " : " ") + id;
      values.push_back(o.value);
    }
    for (auto [i, r] : llvm::enumerate(results))
      types += (i ? ", " : "") + typeOf(r);
    std::string ids = results.size() == 2 ? "%y, %s" : "%y";
    std::string text = "func.func @f(" + arguments + ") -> (" + types + ") {\n  " + ids + " = " + op.str() + clauses + " {" + attributes.str() +
                       "} : " + typeOf(operands[0].value) + ", " + typeOf(operands[1].value) + " -> " + types + "\n  return " + ids + " : " + types +
                       "\n}";
    auto module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << "does not parse: " << text;
      return results;
    }
    SeqOptions options;
    options.precision = Precision::F64;
    auto r = evaluate(*module->getOps<func::FuncOp>().begin(), values, options);
    if (!r) {
      ADD_FAILURE() << toString(r.takeError());
      return results;
    }
    return *r;
  }

  Tensor y(StringRef op, std::vector<Option> operands, StringRef attributes = "") {
    Tensor like = operands[0].value;
    return run(op, std::move(operands), attributes, {like})[0];
  }

  MLIRContext context;
};

void expectNear(const Tensor &t, const std::vector<double> &expected, double tolerance = 1e-12) {
  ASSERT_EQ(t.data.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(t.data[i], expected[i], tolerance) << "element " << i;
}

TEST_F(SeqConvTest, LongByHand) {
  Tensor u = literal({1, 2, 3}, {1, 2, 3, 4, 5, 6}), k = literal({1, 2}, {10, 1}), full = literal({1, 4}, {1000, 100, 10, 1});
  expectNear(y("seq.long_conv", {{"", u}, {"", k}}), {10, 21, 32, 40, 54, 65});
  expectNear(y("seq.long_conv", {{"", u}, {"", k}}, "mode = \"circular\""), {13, 21, 32, 46, 54, 65});
  // The fourth tap is one period behind the first.
  expectNear(y("seq.long_conv", {{"", u}, {"", full}}, "mode = \"circular\""),
             {1000 + 300 + 20 + 1, 2000 + 100 + 30 + 2, 3000 + 200 + 10 + 3, 4000 + 600 + 50 + 4, 5000 + 400 + 60 + 5, 6000 + 500 + 40 + 6});
  Tensor gate = literal({1, 2, 3}, {2, 0, 1, 1, 1, 1}), skip = literal({2}, {0.5, 0});
  expectNear(y("seq.long_conv", {{"", u}, {"", k}, {"skip", skip}, {"pre_gate", gate}}), {21, 2, 31.5, 40, 54, 65});
  expectNear(y("seq.long_conv", {{"", u}, {"", k}, {"skip", skip}, {"post_gate", gate}}), {21, 0, 33.5, 40, 54, 65});
}

TEST_F(SeqConvTest, TwoSidedGolden) {
  Tensor u = golden(3, {1, 1, 6}), k = golden(1, {1, 6}), reverse = golden(2, {1, 6});
  EXPECT_NEAR(y("seq.long_conv", {{"", u}, {"", k}, {"k_rev", reverse}}, "mode = \"bidirectional\", reverse_offset = 1").data[2], -3.000507, 5e-7);
  EXPECT_NEAR(y("seq.long_conv", {{"", u}, {"", k}, {"k_rev", reverse}}, "mode = \"bidirectional\", reverse_offset = 0").data[2], -2.722767, 5e-7);
}

TEST_F(SeqConvTest, ChunksCompose) {
  for (int64_t taps : {1, 2, 5, 12}) {
    Tensor u = golden(1, {1, 1, 9}), k = golden(2, {1, taps}), whole = y("seq.long_conv", {{"", u}, {"", k}}), tail(DType::F64, {1, 1, taps - 1});
    int64_t at = 0;
    for (int64_t length : {3, 1, 5}) {
      Tensor part = literal({1, 1, length}, std::vector<double>(u.data.begin() + at, u.data.begin() + at + length));
      std::vector<Tensor> r = run("seq.long_conv", {{"", part}, {"", k}, {"tail", tail}}, "", {part, tail});
      expectNear(r[0], std::vector<double>(whole.data.begin() + at, whole.data.begin() + at + length));
      tail = r[1];
      at += length;
    }
  }
}

TEST_F(SeqConvTest, ShortByHand) {
  Tensor u = literal({1, 1, 3}, {1, 2, 3}), w = literal({1, 3}, {100, 10, 1}), state = literal({1, 1, 2}, {7, 8}), bias = literal({1}, {0.5});
  expectNear(y("seq.short_conv", {{"", u}, {"", w}}), {1, 12, 123});
  std::vector<Tensor> r = run("seq.short_conv", {{"", u}, {"", w}, {"bias", bias}, {"state", state}}, "", {u, state});
  expectNear(r[0], {781.5, 812.5, 123.5});
  expectNear(r[1], {2, 3});
  Tensor one = literal({1, 1, 1}, {1});
  r = run("seq.short_conv", {{"", one}, {"", w}, {"state", state}}, "activation = \"silu\"", {one, state});
  expectNear(r[0], {781 / (1 + std::exp(-781.0))});
  expectNear(r[1], {8, 1});
}
} // namespace
