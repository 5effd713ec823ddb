// SPDX-License-Identifier: Apache-2.0
// Properties of seq.attention in the reference interpreter: every option against what it must mean, not against another implementation.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace seqc::interp;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int64_t kD = 4;

struct Result {
  Tensor o, lse;
};

class SeqAttentionTest : public ::testing::Test {
protected:
  SeqAttentionTest() {
    DialectRegistry registry;
    registry.insert<seqc::seq::SeqDialect, arith::ArithDialect, func::FuncDialect, tensor::TensorDialect>();
    context.appendDialectRegistry(registry);
  }

  static std::string type(const Tensor &t) {
    std::string text = "tensor<";
    for (int64_t d : t.shape)
      text += std::to_string(d) + "x";
    return text + name(t.dtype).str() + ">";
  }

  /// `clauses` name the tensors of `more` %a0, %a1, ...
  Result run(const Tensor &q, const Tensor &k, const Tensor &v, const std::string &attributes = "", const std::string &clauses = "", std::vector<Tensor> more = {}) {
    std::vector<Tensor> args{q, k, v};
    std::string text = "func.func @f(%q: " + type(q) + ", %k: " + type(k) + ", %v: " + type(v);
    for (size_t i = 0; i < more.size(); ++i)
      text += ", %a" + std::to_string(i) + ": " + type(more[i]);
    args.insert(args.end(), more.begin(), more.end());
    std::string o = type(Tensor(DType::F64, {q.shape[0], q.shape[1], q.shape[2], v.shape[3]})), lse = type(Tensor(DType::F64, {q.shape[0], q.shape[1], q.shape[2]}));
    text += ") -> (" + o + ", " + lse + ") {\n %o, %l = seq.attention %q, %k, %v " + clauses + " {" + attributes + "} : " + type(q) + ", " + type(k) + ", " + type(v) + " -> " + o +
            ", " + lse + "\n return %o, %l : " + o + ", " + lse + "\n}";
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    llvm::Expected<std::vector<Tensor>> r = evaluate(*module->getOps<func::FuncOp>().begin(), args, SeqOptions{});
    EXPECT_TRUE(bool(r)) << toString(r.takeError());
    return {(*r)[0], (*r)[1]};
  }

  MLIRContext context;
};

Tensor wave(int s, std::vector<int64_t> shape) {
  Tensor t(DType::F64, std::move(shape));
  for (size_t i = 0; i < t.data.size(); ++i)
    t.data[i] = std::sin(1.3 * s + 0.37 * i);
  return t;
}

Tensor integers(std::vector<double> values) {
  Tensor t(DType::I32, {static_cast<int64_t>(values.size())});
  t.data = std::move(values);
  return t;
}

/// Positions [from, to) of dim 2.
Tensor part(const Tensor &t, int64_t from, int64_t to) {
  Tensor out(t.dtype, {t.shape[0], t.shape[1], to - from, t.shape[3]});
  std::vector<int64_t> index(4, 0);
  if (out.size())
    do
      out.at(index) = t.at({index[0], index[1], index[2] + from, index[3]});
    while (next(index, out.shape));
  return out;
}

void expectNear(const Tensor &a, const Tensor &b, double tolerance = 1e-13) {
  ASSERT_EQ(a.shape, b.shape);
  for (size_t i = 0; i < a.data.size(); ++i)
    ASSERT_TRUE(a.data[i] == b.data[i] || std::abs(a.data[i] - b.data[i]) <= tolerance) << i << ": " << a.data[i] << " and " << b.data[i];
}

Tensor Q(int64_t m, int64_t h = 2) { return wave(1, {1, h, m, kD}); }
Tensor K(int64_t n, int64_t h = 2) { return wave(2, {1, h, n, kD}); }
Tensor V(int64_t n, int64_t h = 2) { return wave(3, {1, h, n, kD}); }
} // namespace

TEST_F(SeqAttentionTest, OneKeyGivesItsValueAndScore) {
  Result r = run(Q(3), K(1), V(1));
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t m = 0; m < 3; ++m) {
      double score = 0;
      for (int64_t d = 0; d < kD; ++d) {
        EXPECT_DOUBLE_EQ(r.o.at({0, h, m, d}), V(1).at({0, h, 0, d}));
        score += Q(3).at({0, h, m, d}) * K(1).at({0, h, 0, d}) / 2; // 1 / sqrt(4)
      }
      EXPECT_NEAR(r.lse.at({0, h, m}), score, 1e-14);
    }
}

TEST_F(SeqAttentionTest, KeysMayBePermuted) {
  Tensor k = K(7), v = V(7), kp = k, vp = v;
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t n = 0; n < 7; ++n)
      for (int64_t d = 0; d < kD; ++d) {
        kp.at({0, h, n * 3 % 7, d}) = k.at({0, h, n, d});
        vp.at({0, h, n * 3 % 7, d}) = v.at({0, h, n, d});
      }
  Result a = run(Q(5), k, v), b = run(Q(5), kp, vp);
  expectNear(a.o, b.o);
  expectNear(a.lse, b.lse);
}

TEST_F(SeqAttentionTest, PartsMergeByTheirLse) {
  Tensor q = Q(5), k = K(9), v = V(9);
  Result whole = run(q, k, v), a = run(q, part(k, 0, 4), part(v, 0, 4)), b = run(q, part(k, 4, 9), part(v, 4, 9));
  for (int64_t i = 0; i < whole.lse.size(); ++i) {
    double lse = std::log(std::exp(a.lse.data[i]) + std::exp(b.lse.data[i]));
    EXPECT_NEAR(whole.lse.data[i], lse, 1e-13);
    for (int64_t d = 0; d < kD; ++d)
      EXPECT_NEAR(whole.o.data[i * kD + d], std::exp(a.lse.data[i] - lse) * a.o.data[i * kD + d] + std::exp(b.lse.data[i] - lse) * b.o.data[i * kD + d], 1e-13);
  }
}

TEST_F(SeqAttentionTest, CausalAlignments) {
  Tensor q = Q(3), k = K(5), v = V(5);
  Result top = run(q, k, v, "causal = \"top_left\""), bottom = run(q, k, v, "causal = \"bottom_right\"");
  for (int64_t m = 0; m < 3; ++m) {
    expectNear(part(top.o, m, m + 1), run(part(q, m, m + 1), part(k, 0, m + 1), part(v, 0, m + 1)).o);
    expectNear(part(bottom.o, m, m + 1), run(part(q, m, m + 1), part(k, 0, m + 3), part(v, 0, m + 3)).o);
  }
}

TEST_F(SeqAttentionTest, WindowsCutKeys) {
  Tensor q = Q(6), k = K(6), v = V(6);
  Result r = run(q, k, v, "window_left = 1 : i64, window_right = 2 : i64");
  for (int64_t m = 0; m < 6; ++m) {
    int64_t from = std::max<int64_t>(0, m - 1), to = std::min<int64_t>(6, m + 3);
    expectNear(part(r.o, m, m + 1), run(part(q, m, m + 1), part(k, from, to), part(v, from, to)).o);
  }
  // Aligned to the end with bottom_right: query 0 of 2 stands at key 4 of 6.
  Result aligned = run(part(q, 0, 2), k, v, "causal = \"bottom_right\", window_left = 2 : i64");
  expectNear(part(aligned.o, 0, 1), run(part(q, 0, 1), part(k, 2, 5), part(v, 2, 5)).o);
}

TEST_F(SeqAttentionTest, LargeSoftcapChangesNothingAndSmallOneBoundsScores) {
  Tensor q = Q(4), k = K(5), v = V(5);
  expectNear(run(q, k, v, "softcap = 1.0e6 : f64").o, run(q, k, v).o, 1e-9);
  Result r = run(q, k, v, "softcap = 1.0e-3 : f64");
  for (double x : r.lse.data)
    EXPECT_NEAR(x, std::log(5.0), 1.1e-3);
}

TEST_F(SeqAttentionTest, SoftcapComesBeforeBias) {
  Tensor bias(DType::F64, {1, 1, 1, 1}, 40.0);
  Result r = run(Q(3), K(1), V(1), "softcap = 0.5 : f64", "bias(%a0 : " + type(bias) + ")", {bias});
  for (double x : r.lse.data)
    EXPECT_NEAR(x, 40, 0.5);
}

TEST_F(SeqAttentionTest, BiasOfMinusInfinityHidesKeys) {
  Tensor bias(DType::F64, {1, 1, 1, 6});
  bias.data[4] = bias.data[5] = -kInf;
  Result r = run(Q(3), K(6), V(6), "", "bias(%a0 : " + type(bias) + ")", {bias});
  expectNear(r.o, run(Q(3), part(K(6), 0, 4), part(V(6), 0, 4)).o);
}

TEST_F(SeqAttentionTest, BiasIsIndexedByItsDims) {
  Tensor bias = wave(4, {1, 2, 3, 1}); // constant along the keys: weights stay, lse moves
  Result r = run(Q(3), K(5), V(5), "", "bias(%a0 : " + type(bias) + ")", {bias}), plain = run(Q(3), K(5), V(5));
  expectNear(r.o, plain.o);
  for (int64_t i = 0; i < r.lse.size(); ++i)
    EXPECT_NEAR(r.lse.data[i], plain.lse.data[i] + bias.data[i], 1e-13);
}

TEST_F(SeqAttentionTest, SinksAreKeysWithoutValues) {
  Tensor sinks(DType::F64, {2});
  sinks.data = {0.3, -0.7};
  Result r = run(Q(3), K(5), V(5), "", "sinks(%a0 : " + type(sinks) + ")", {sinks}), plain = run(Q(3), K(5), V(5));
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t m = 0; m < 3; ++m) {
      double keep = 1 / (1 + std::exp(sinks.data[h] - plain.lse.at({0, h, m})));
      EXPECT_NEAR(r.lse.at({0, h, m}), plain.lse.at({0, h, m}) - std::log(keep), 1e-13);
      for (int64_t d = 0; d < kD; ++d)
        EXPECT_NEAR(r.o.at({0, h, m, d}), keep * plain.o.at({0, h, m, d}), 1e-13);
    }
}

TEST_F(SeqAttentionTest, KeyLengthsCutAndAreClamped) {
  Tensor q = wave(1, {4, 2, 3, kD}), k = wave(2, {4, 2, 5, kD}), v = wave(3, {4, 2, 5, kD}), lengths = integers({2, 0, 9, -1});
  Result r = run(q, k, v, "", "kv_lengths(%a0 : tensor<4xi32>)", {lengths});
  int64_t effective[] = {2, 0, 5, 0};
  for (int64_t b = 0; b < 4; ++b)
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t m = 0; m < 3; ++m)
        if (effective[b] == 0) {
          EXPECT_EQ(r.lse.at({b, h, m}), -kInf);
          for (int64_t d = 0; d < kD; ++d)
            EXPECT_EQ(r.o.at({b, h, m, d}), 0.0);
        }
  Result cut = run(q, part(k, 0, 2), part(v, 0, 2)), all = run(q, k, v);
  int64_t block = 2 * 3 * kD;
  for (int64_t i = 0; i < block; ++i) {
    EXPECT_NEAR(r.o.data[i], cut.o.data[i], 1e-14);
    EXPECT_NEAR(r.o.data[2 * block + i], all.o.data[2 * block + i], 1e-14);
  }
}

TEST_F(SeqAttentionTest, PackedEqualsSeparate) {
  Tensor q = Q(9), k = K(11), v = V(11);
  std::vector<int64_t> cq{0, 4, 4, 9}, ck{0, 3, 5, 11};
  for (const char *attributes : {"", "causal = \"top_left\"", "causal = \"bottom_right\"", "window_left = 1 : i64, window_right = 1 : i64"}) {
    Result r = run(q, k, v, attributes, "cu_seqlens(%a0 : tensor<4xi32>, %a1 : tensor<4xi32>)", {integers({0, 4, 4, 9}), integers({0, 3, 5, 11})});
    for (size_t s = 0; s + 1 < cq.size(); ++s)
      expectNear(part(r.o, cq[s], cq[s + 1]), run(part(q, cq[s], cq[s + 1]), part(k, ck[s], ck[s + 1]), part(v, ck[s], ck[s + 1]), attributes).o);
  }
}

TEST_F(SeqAttentionTest, GroupsShareKeys) {
  Tensor q = Q(3, 4), k = K(5, 2), v = V(5, 2), wideK(DType::F64, {1, 4, 5, kD}), wideV = wideK;
  for (int64_t h = 0; h < 4; ++h)
    for (int64_t n = 0; n < 5; ++n)
      for (int64_t d = 0; d < kD; ++d) {
        wideK.at({0, h, n, d}) = k.at({0, h / 2, n, d});
        wideV.at({0, h, n, d}) = v.at({0, h / 2, n, d});
      }
  expectNear(run(q, k, v).o, run(q, wideK, wideV).o, 0);
}

TEST_F(SeqAttentionTest, MaskRegionSeesPositionsAndHeads) {
  // Head 0 sees even keys, head 1 odd ones.
  std::string region = "mask { ^bb0(%b: index, %h: index, %m: index, %n: index): %two = arith.constant 2 : index %p = arith.remui %n, %two : index "
                       "%r = arith.cmpi eq, %p, %h : index seq.yield %r : i1 }";
  Tensor k = K(6), v = V(6);
  Result r = run(Q(2), k, v, "", region);
  for (int64_t h = 0; h < 2; ++h) {
    Tensor kept(DType::F64, {1, 2, 3, kD}), values = kept;
    for (int64_t any = 0; any < 2; ++any)
      for (int64_t n = 0; n < 3; ++n)
        for (int64_t d = 0; d < kD; ++d) {
          kept.at({0, any, n, d}) = k.at({0, any, 2 * n + h, d});
          values.at({0, any, n, d}) = v.at({0, any, 2 * n + h, d});
        }
    Result expected = run(Q(2), kept, values);
    for (int64_t m = 0; m < 2; ++m)
      for (int64_t d = 0; d < kD; ++d)
        EXPECT_NEAR(r.o.at({0, h, m, d}), expected.o.at({0, h, m, d}), 1e-14);
  }
}

TEST_F(SeqAttentionTest, HugeScoresDoNotOverflow) {
  Tensor q(DType::F64, {1, 1, 1, kD}, 1e8), k(DType::F64, {1, 1, 2, kD}, 1e8), v = wave(3, {1, 1, 2, kD});
  k.at({0, 0, 1, 0}) = -1e8;
  expectNear(run(q, k, v).o, part(v, 0, 1));
}

TEST_F(SeqAttentionTest, EmptyDims) {
  Result noKeys = run(Q(2), K(0), V(0)), noQueries = run(Q(0), K(3), V(3));
  EXPECT_EQ(noKeys.o.data, std::vector<double>(2 * 2 * kD, 0.0));
  EXPECT_EQ(noKeys.lse.data, std::vector<double>(2 * 2, -kInf));
  EXPECT_TRUE(noQueries.o.data.empty());
}
