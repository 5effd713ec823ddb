// SPDX-License-Identifier: Apache-2.0
// The attention scheme against the reference interpreter: every option, degenerate shapes, small blocks so that all loops run.
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "seqc/Interpreter/TileInterpreter.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace seqc::interp;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Case {
  std::string type = "f32";
  int64_t b = 1, hq = 1, hk = 1, m = 5, n = 5, d = 8, dv = 8;
  int64_t bm = 16, bn = 16;
  std::string attrs;                  ///< inside braces
  std::vector<int64_t> bias;          ///< shape, empty: none
  bool sinks = false, lse = true, dynamic = true;
  std::vector<double> lengths, cuQ, cuK;
  std::string scoreMod, mask;         ///< bodies
  std::vector<std::pair<std::string, Tensor>> captured; ///< tensors %c0, %c1, ..: type and value
  std::string prologue;               ///< ops before the attention
  std::string operands = "%q, %k, %v";
  std::string epilogue;               ///< ops on %o that define %y of type `result`
  std::string result;
  std::string lengthType = "i32";
};

class AttentionTest : public ::testing::Test {
protected:
  AttentionTest() {
    DialectRegistry registry;
    registry.insert<seqc::seq::SeqDialect, seqc::tile::TileDialect, arith::ArithDialect, math::MathDialect, tensor::TensorDialect, linalg::LinalgDialect,
                    scf::SCFDialect, func::FuncDialect, ml_program::MLProgramDialect>();
    context.appendDialectRegistry(registry);
    context.getDiagEngine().registerHandler([&](Diagnostic &d) {
      if (d.getSeverity() == DiagnosticSeverity::Error)
        messages += d.str() + "\n";
    });
  }

  Tensor random(const std::string &type, std::vector<int64_t> shape, double scale = 1.0) {
    Tensor t(*parseDType(type), std::move(shape));
    std::normal_distribution<double> normal(0.0, scale);
    for (double &x : t.data)
      x = roundTo(t.dtype, normal(engine));
    return t;
  }

  static Tensor literal(const std::string &type, std::vector<int64_t> shape, std::vector<double> data) {
    Tensor t(*parseDType(type), std::move(shape));
    t.data = std::move(data);
    return t;
  }

  static std::string tensorType(std::vector<int64_t> shape, const std::string &element, std::vector<bool> dynamic = {}) {
    std::string s = "tensor<";
    for (size_t i = 0; i < shape.size(); ++i)
      s += (i < dynamic.size() && dynamic[i] ? "?" : std::to_string(shape[i])) + "x";
    return s + element + ">";
  }

  /// Text of the function and its arguments.
  std::string build(const Case &c, std::vector<Tensor> &args) {
    auto dims = [&](bool b, bool h, bool l) { return std::vector<bool>{c.dynamic && b, c.dynamic && h, c.dynamic && l, false}; };
    bool packed = !c.cuQ.empty();
    std::string q = tensorType({c.b, c.hq, c.m, c.d}, c.type, dims(!packed, true, true)), k = tensorType({c.b, c.hk, c.n, c.d}, c.type, dims(!packed, true, true)),
                v = tensorType({c.b, c.hk, c.n, c.dv}, c.type, dims(!packed, true, true)), o = tensorType({c.b, c.hq, c.m, c.dv}, c.type, dims(!packed, true, true));
    std::string score = c.type == "f64" ? "f64" : "f32";
    auto lseDims = dims(!packed, true, true);
    lseDims.pop_back();
    std::string lse = tensorType({c.b, c.hq, c.m}, score, lseDims);
    auto name = [&](const char *n, int64_t size) { return c.dynamic ? "\"" + std::string(n) + "\"" : std::to_string(size); };
    std::string b = packed ? "1" : name("B", c.b);
    std::string text = "func.func @main(%q: " + q + " {seq.dims = [" + b + ", " + name("HQ", c.hq) + ", " + name("M", c.m) + ", " + std::to_string(c.d) + "]}, %k: " + k +
                       " {seq.dims = [" + b + ", " + name("HK", c.hk) + ", " + name("N", c.n) + ", " + std::to_string(c.d) + "]}, %v: " + v + " {seq.dims = [" + b + ", " +
                       name("HK", c.hk) + ", " + name("N", c.n) + ", " + std::to_string(c.dv) + "]}";
    args = {random(c.type, {c.b, c.hq, c.m, c.d}, 1.5), random(c.type, {c.b, c.hk, c.n, c.d}), random(c.type, {c.b, c.hk, c.n, c.dv})};
    std::string clauses;
    auto argument = [&](const std::string &n, const std::string &type, Tensor t) {
      text += ", %" + n + ": " + type;
      args.push_back(std::move(t));
    };
    if (!c.bias.empty()) {
      argument("bias", tensorType(c.bias, "f32"), random("f32", c.bias));
      clauses += " bias(%bias : " + tensorType(c.bias, "f32") + ")";
    }
    if (c.sinks) {
      argument("sinks", tensorType({c.hq}, "f32"), random("f32", {c.hq}, 2.0));
      clauses += " sinks(%sinks : " + tensorType({c.hq}, "f32") + ")";
    }
    auto integers = [&](const std::string &n, std::vector<double> data) {
      int64_t size = data.size();
      argument(n, tensorType({size}, c.lengthType), literal(c.lengthType, {size}, data));
      return "%" + n + " : " + tensorType({size}, c.lengthType);
    };
    if (!c.lengths.empty())
      clauses += " kv_lengths(" + integers("lengths", c.lengths) + ")";
    if (packed) {
      std::string first = integers("cuq", c.cuQ);
      clauses += " cu_seqlens(" + first + ", " + integers("cuk", c.cuK) + ")";
    }
    for (size_t i = 0; i < c.captured.size(); ++i)
      argument("c" + std::to_string(i), c.captured[i].first, c.captured[i].second);
    if (!c.scoreMod.empty())
      clauses += " score_mod {\n^bb0(%s: " + score + ", %b: index, %h: index, %m: index, %n: index):\n" + c.scoreMod + "}";
    if (!c.mask.empty())
      clauses += " mask {\n^bb0(%b: index, %h: index, %m: index, %n: index):\n" + c.mask + "}";
    std::string result = c.result.empty() ? o : c.result, y = c.result.empty() ? "%o" : "%y";
    text += ") -> (" + result + (c.lse ? ", " + lse : "") + ") {\n" + c.prologue;
    text += std::string("%o") + (c.lse ? ", %lse" : "") + " = seq.attention " + c.operands + clauses + " {" + c.attrs + "} : " + q + ", " + k + ", " + v + " -> " + o +
            (c.lse ? ", " + lse : "") + "\n" + c.epilogue + "return " + y + (c.lse ? ", %lse" : "") + " : " + result + (c.lse ? ", " + lse : "") + "\n}\n";
    return text;
  }

  /// Runs both interpreters and compares; returns the results of the tile program.
  std::vector<Tensor> check(const Case &c, std::function<void(std::vector<Tensor> &)> prepare = {}) {
    std::vector<Tensor> args;
    std::string text = build(c, args);
    SCOPED_TRACE(text);
    if (prepare)
      prepare(args);
    messages.clear();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module) {
      ADD_FAILURE() << "does not parse: " << messages;
      return {};
    }
    SeqOptions seqOptions;
    llvm::Expected<std::vector<Tensor>> expected = evaluate(*module->getOps<func::FuncOp>().begin(), args, seqOptions);
    if (!expected) {
      ADD_FAILURE() << toString(expected.takeError());
      return {};
    }
    if (failed(lower(*module, c))) {
      ADD_FAILURE() << "does not lower: " << messages;
      return {};
    }
    TileOptions options;
    llvm::Expected<std::vector<Tensor>> got = evaluateHost(*module->getOps<func::FuncOp>().begin(), args, options);
    if (!got) {
      std::string ir;
      llvm::raw_string_ostream os(ir);
      module->print(os);
      ADD_FAILURE() << toString(got.takeError()) << "\n" << ir;
      return {};
    }
    for (size_t i = 0; i < expected->size(); ++i)
      expectNear((*got)[i], (*expected)[i], c.type);
    return *got;
  }

  LogicalResult lower(ModuleOp module, const Case &c) {
    PassManager form(&context);
    form.addNestedPass<func::FuncOp>(seqc::createFormKernels());
    if (failed(form.run(module)))
      return failure();
    Builder b(&context);
    module.walk([&](seqc::seq::GroupOp g) {
      if (g.getScheme() == "attention" && c.bm)
        g.setConfigAttr(b.getDictionaryAttr({b.getNamedAttr("bm", b.getI64IntegerAttr(c.bm)), b.getNamedAttr("bn", b.getI64IntegerAttr(c.bn))}));
    });
    PassManager convert(&context);
    convert.addPass(seqc::createConvertSeqToTile());
    return convert.run(module);
  }

  void expectNear(const Tensor &got, const Tensor &expected, const std::string &type) {
    ASSERT_EQ(got.shape, expected.shape);
    double tolerance = type == "f64" ? 1e-12 : type == "f32" ? 4e-6 : type == "f16" ? 3e-3 : 2e-2;
    for (size_t i = 0; i < got.data.size(); ++i) {
      double g = got.data[i], e = expected.data[i];
      if (std::isinf(e) || std::isnan(e)) {
        ASSERT_TRUE(std::isnan(e) ? std::isnan(g) : g == e) << "element " << i << ": " << g << ", expected " << e;
        continue;
      }
      ASSERT_LE(std::abs(g - e), tolerance * (1.0 + std::abs(e))) << "element " << i << ": " << g << ", expected " << e;
    }
  }

  MLIRContext context;
  std::string messages;
  std::mt19937 engine{7};
};

constexpr int64_t kLengths[] = {0, 1, 2, 3, 17, 63, 64, 65, 127, 128, 129};

//===-- Shapes --------------------------------------------------------------------------===//

TEST_F(AttentionTest, EveryPairOfLengths) {
  for (int64_t m : kLengths)
    for (int64_t n : kLengths)
      for (const char *causal : {"", "causal = \"top_left\"", "causal = \"bottom_right\""}) {
        if (m * n > 70 * 70 && (m + n) % 3)
          continue; // the larger third of the grid is enough
        Case c;
        c.m = m, c.n = n, c.d = 4, c.dv = 4, c.bm = 32, c.bn = 16;
        c.attrs = causal;
        check(c);
        if (HasFatalFailure() || HasNonfatalFailure())
          return;
      }
}

TEST_F(AttentionTest, StaticLengthsWithChosenConfig) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {1, 65}, {64, 64}, {65, 129}, {3, 128}, {130, 2}}) {
    Case c;
    c.b = 2, c.hq = 2, c.hk = 2, c.m = m, c.n = n, c.dynamic = false, c.bm = 0;
    check(c);
    c.attrs = "causal = \"bottom_right\"";
    check(c);
  }
}

TEST_F(AttentionTest, EmptyBatchAndHeads) {
  Case c;
  c.b = 0;
  check(c);
  c.b = 2, c.hq = 0;
  check(c);
}

TEST_F(AttentionTest, HeadDims) {
  for (auto [d, dv] : {std::pair<int64_t, int64_t>{1, 1}, {3, 1}, {1, 5}, {8, 16}, {20, 9}, {64, 65}, {7, 40}}) {
    Case c;
    c.b = 2, c.m = 19, c.n = 37, c.d = d, c.dv = dv;
    check(c);
    c.dynamic = false, c.m = 1;
    check(c);
  }
}

TEST_F(AttentionTest, GroupedHeads) {
  for (auto [hq, hk] : {std::pair<int64_t, int64_t>{6, 2}, {6, 1}, {4, 4}}) {
    Case c;
    c.b = 2, c.hq = hq, c.hk = hk, c.m = 18, c.n = 33;
    check(c);
    c.dynamic = false;
    check(c);
  }
}

TEST_F(AttentionTest, ElementTypes) {
  for (const char *type : {"f16", "bf16", "f64"}) {
    Case c;
    c.type = type;
    c.m = 33, c.n = 50, c.d = 16, c.attrs = "causal = \"bottom_right\", softcap = 5.0";
    c.bias = {1, 1, 33, 50};
    c.dynamic = false;
    check(c);
  }
}

//===-- Options -----------------------------------------------------------------------------===//

TEST_F(AttentionTest, Windows) {
  for (const char *attrs : {"window_left = 0", "window_right = 0", "window_left = 5", "window_right = 7", "window_left = 20, window_right = 3",
                            "window_left = 0, window_right = 0", "causal = \"top_left\", window_left = 9", "causal = \"bottom_right\", window_left = 40",
                            "causal = \"bottom_right\", window_left = 2, window_right = 100", "window_left = 4611686018427387904, window_right = 4611686018427387904"})
    for (auto [m, n] : {std::pair<int64_t, int64_t>{50, 50}, {17, 90}, {90, 17}, {1, 64}}) {
      Case c;
      c.m = m, c.n = n, c.attrs = attrs;
      check(c);
    }
}

TEST_F(AttentionTest, ScaleAndSoftcap) {
  for (const char *attrs : {"scale = 0.01", "scale = 3.0", "softcap = 0.5", "softcap = 30.0, scale = 2.0, causal = \"top_left\""}) {
    Case c;
    c.m = 20, c.n = 35, c.attrs = attrs;
    check(c);
  }
}

TEST_F(AttentionTest, BiasBroadcasts) {
  for (std::vector<int64_t> shape : std::vector<std::vector<int64_t>>{{2, 4, 20, 35}, {1, 1, 20, 35}, {2, 1, 1, 35}, {1, 4, 20, 1}, {1, 1, 1, 1}, {2, 4, 1, 1}})
    for (const char *attrs : {"", "softcap = 4.0", "causal = \"bottom_right\", scale = 0.3"}) {
      Case c;
      c.b = 2, c.hq = 4, c.hk = 2, c.m = 20, c.n = 35, c.bias = shape, c.dynamic = false, c.attrs = attrs;
      check(c);
    }
}

TEST_F(AttentionTest, BiasOfMinusInfinityHidesKeys) {
  Case c;
  c.m = 20, c.n = 35, c.dynamic = false, c.bias = {1, 1, 20, 35};
  std::vector<Tensor> r = check(c, [](std::vector<Tensor> &args) {
    for (int64_t m = 0; m < 20; ++m)
      for (int64_t n = 0; n < 35; ++n)
        if (m == 3 || n < 17 || (m + n) % 3 == 0)
          args[3].data[m * 35 + n] = -kInf;
  });
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].at({0, 0, 3, 0}), 0.0);
  EXPECT_EQ(r[1].at({0, 0, 3}), -kInf);
}

TEST_F(AttentionTest, BiasNearTheLeastFloatIsFinite) {
  Case c;
  c.m = 20, c.n = 35, c.dynamic = false, c.bias = {1, 1, 20, 35};
  std::vector<Tensor> r = check(c, [](std::vector<Tensor> &args) {
    for (int64_t n = 0; n < 35; ++n) {
      args[3].data[3 * 35 + n] = n == 7 ? roundTo(DType::F32, -3.4e38) : -kInf; // one key is left, and another row sees all keys so
      args[3].data[5 * 35 + n] = roundTo(DType::F32, -3.4e38);
    }
  });
  ASSERT_EQ(r.size(), 2u);
  EXPECT_LT(r[1].at({0, 0, 3}), -3.3e38);
  EXPECT_GT(r[1].at({0, 0, 3}), -kInf);
}

TEST_F(AttentionTest, Sinks) {
  for (const char *attrs : {"", "scale = 2.0", "softcap = 3.0", "causal = \"top_left\"", "causal = \"bottom_right\""})
    for (auto [m, n] : {std::pair<int64_t, int64_t>{20, 35}, {35, 20}, {4, 0}}) {
      Case c;
      c.b = 2, c.hq = 4, c.hk = 2, c.m = m, c.n = n, c.sinks = true, c.attrs = attrs, c.dynamic = false;
      check(c);
    }
}

TEST_F(AttentionTest, SinkOfMinusInfinityIsNone) {
  Case c;
  c.hq = c.hk = 2, c.m = 20, c.n = 35, c.sinks = true, c.dynamic = false, c.attrs = "causal = \"bottom_right\"";
  check(c, [](std::vector<Tensor> &args) { args[3].data = {-kInf, 0.5}; });
  c.m = 35, c.n = 20;
  check(c, [](std::vector<Tensor> &args) { args[3].data = {-kInf, 0.5}; });
}

TEST_F(AttentionTest, KeyLengths) {
  for (const char *type : {"i32", "i64"})
    for (const char *attrs : {"", "causal = \"top_left\"", "causal = \"bottom_right\"", "window_left = 3, window_right = 2"}) {
      Case c;
      c.b = 7, c.m = 20, c.n = 33, c.lengths = {0, 1, 16, 17, 33, 40, -2}, c.lengthType = type, c.attrs = attrs, c.dynamic = false;
      check(c);
    }
}

TEST_F(AttentionTest, WhatLiesBeyondTheLengthIsNotRead) {
  Case c;
  c.b = 2, c.m = 20, c.n = 40, c.lengths = {18, 5}, c.dynamic = false;
  std::vector<Tensor> r = check(c, [](std::vector<Tensor> &args) {
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t n = b ? 5 : 18; n < 40; ++n)
        for (int64_t d = 0; d < 8; ++d)
          args[1].at({b, 0, n, d}) = args[2].at({b, 0, n, d}) = std::nan("");
  });
  for (double x : r.at(0).data)
    EXPECT_FALSE(std::isnan(x));
}

TEST_F(AttentionTest, ExtremeLogitsStayFinite) {
  Case c;
  c.m = 20, c.n = 40, c.attrs = "scale = 1.0";
  check(c, [](std::vector<Tensor> &args) {
    for (double &x : args[0].data)
      x = roundTo(DType::F32, x * 1e4);
  });
}

//===-- Packed sequences --------------------------------------------------------------------------===//

TEST_F(AttentionTest, Packed) {
  struct Lists {
    std::vector<double> q, k;
  };
  for (const Lists &lists : {Lists{{0, 5, 5, 30, 61}, {0, 9, 12, 50, 70}}, Lists{{0, 61}, {0, 70}}, Lists{{0, 16, 32, 48}, {0, 16, 32, 48}},
                             Lists{{0, 1, 2, 3, 4}, {0, 0, 1, 30, 31}}, Lists{{0}, {0}}, Lists{{0, 0, 0}, {0, 4, 4}}})
    for (const char *attrs : {"", "causal = \"top_left\"", "causal = \"bottom_right\"", "causal = \"bottom_right\", window_left = 4", "window_right = 1"}) {
      Case c;
      c.hq = 4, c.hk = 2, c.m = 61, c.n = 70, c.cuQ = lists.q, c.cuK = lists.k, c.attrs = attrs;
      check(c);
      c.bm = 0, c.lse = false, c.dynamic = false, c.lengthType = "i64";
      check(c);
    }
}

TEST_F(AttentionTest, PackedSequencesDoNotReadEachOther) {
  Case c;
  c.m = 40, c.n = 40, c.cuQ = c.cuK = {0, 17, 40};
  std::vector<Tensor> r = check(c, [](std::vector<Tensor> &args) {
    for (int64_t n = 17; n < 40; ++n)
      for (int64_t d = 0; d < 8; ++d)
        args[1].at({0, 0, n, d}) = args[2].at({0, 0, n, d}) = std::nan("");
  });
  for (int64_t i = 0; i < 17 * 8; ++i)
    EXPECT_FALSE(std::isnan(r.at(0).data[i]));
}

//===-- Regions -------------------------------------------------------------------------------------===//

TEST_F(AttentionTest, ScoreModOfPositions) {
  Case c;
  c.b = 2, c.hq = 4, c.hk = 2, c.m = 20, c.n = 35;
  c.scoreMod = R"(
    %d = arith.subi %n, %m : index
    %di = arith.index_cast %d : index to i32
    %df = arith.sitofp %di : i32 to f32
    %a = math.absf %df : f32
    %slope = arith.constant -0.125 : f32
    %h1 = arith.index_cast %h : index to i32
    %hf = arith.sitofp %h1 : i32 to f32
    %hs = arith.mulf %hf, %slope : f32
    %y = math.fma %a, %hs, %s : f32
    %e = math.exp %hs : f32
    %z = arith.addf %y, %e : f32
    seq.yield %z : f32
)";
  check(c);
  c.attrs = "causal = \"bottom_right\", softcap = 2.0";
  check(c);
}

TEST_F(AttentionTest, ScoreModReadsTensors) {
  Case c;
  c.b = 2, c.hq = 4, c.hk = 2, c.m = 20, c.n = 35, c.dynamic = false, c.sinks = true;
  c.captured = {{"tensor<4xf32>", random("f32", {4})}, {"tensor<2x20xf16>", random("f16", {2, 20})}, {"tensor<35x20xf32>", random("f32", {35, 20})},
                {"tensor<4x1x40xf32>", random("f32", {4, 1, 40})}};
  c.scoreMod = R"(
    %slope = tensor.extract %c0[%h] : tensor<4xf32>
    %row16 = tensor.extract %c1[%b, %m] : tensor<2x20xf16>
    %row = arith.extf %row16 : f16 to f32
    %both = tensor.extract %c2[%n, %m] : tensor<35x20xf32>
    %zero = arith.constant 0 : index
    %three = arith.constant 3 : index
    %n3 = arith.addi %three, %n : index
    %key = tensor.extract %c3[%h, %zero, %n3] : tensor<4x1x40xf32>
    %x0 = arith.mulf %s, %slope : f32
    %x1 = arith.addf %x0, %row : f32
    %x2 = arith.mulf %both, %key : f32
    %x3 = arith.addf %x1, %x2 : f32
    seq.yield %x3 : f32
)";
  check(c);
}

TEST_F(AttentionTest, MaskOfPositionsAndTensors) {
  Case c;
  c.b = 2, c.m = 20, c.n = 35, c.dynamic = false;
  Tensor hidden(DType::I1, {2, 35});
  for (int64_t i = 0; i < 70; ++i)
    hidden.data[i] = i % 4 == 1 || i >= 35;
  c.captured = {{"tensor<2x35xi1>", hidden}};
  c.mask = R"(
    %two = arith.constant 2 : index
    %zero = arith.constant 0 : index
    %sum = arith.addi %m, %n : index
    %r = arith.remui %sum, %two : index
    %even = arith.cmpi eq, %r, %zero : index
    %hide = tensor.extract %c0[%b, %n] : tensor<2x35xi1>
    %true = arith.constant true
    %show = arith.xori %hide, %true : i1
    %vis = arith.andi %even, %show : i1
    seq.yield %vis : i1
)";
  std::vector<Tensor> r = check(c);
  EXPECT_EQ(r.at(1).at({1, 0, 0}), -kInf); // everything hidden in the second batch
  c.attrs = "causal = \"bottom_right\", window_left = 20";
  c.sinks = true;
  check(c);
}

TEST_F(AttentionTest, ScoreModOfManyOps) {
  Case c;
  c.m = 20, c.n = 35, c.dynamic = false;
  c.scoreMod = R"(
    %nan = math.isnan %s : f32
    %inf = math.isinf %s : f32
    %fin = math.isfinite %s : f32
    %a = math.exp %s : f32
    %p = math.log1p %a : f32
    %d = math.erf %p : f32
    %e = math.powf %d, %p : f32
    %f = math.sin %e : f32
    %g = math.rsqrt %a : f32
    %h1 = arith.addf %f, %g : f32
    %c2 = arith.constant 2 : index
    %r = arith.divsi %m, %c2 : index
    %l = arith.shli %r, %c2 : index
    %x = arith.maxsi %l, %n : index
    %i64 = arith.index_cast %x : index to i64
    %fl = arith.sitofp %i64 : i64 to f32
    %half = arith.truncf %fl : f32 to f16
    %half2 = arith.addf %half, %half : f16
    %back = arith.extf %half2 : f16 to f32
    %tenth = arith.constant 0.125 : f32
    %y = math.fma %back, %tenth, %h1 : f32
    %z = arith.select %nan, %s, %y : f32
    %z1 = arith.select %inf, %s, %z : f32
    %z2 = arith.select %fin, %z1, %s : f32
    seq.yield %z2 : f32
)";
  check(c);
}

TEST_F(AttentionTest, LargeHeadDimAndDynamicKeyHeads) {
  Case c;
  c.b = 2, c.hq = 6, c.hk = 3, c.m = 9, c.n = 70, c.d = 192, c.dv = 128, c.attrs = "causal = \"bottom_right\"", c.bm = 0;
  check(c);
}

TEST_F(AttentionTest, PackedRegionsCountFromTheSequence) {
  Case c;
  c.m = 40, c.n = 50, c.cuQ = {0, 7, 33}, c.cuK = {0, 20, 50};
  c.captured = {{"tensor<2xf32>", random("f32", {2})}, {"tensor<2x40xf32>", random("f32", {2, 40})}};
  c.scoreMod = R"(
    %a = tensor.extract %c0[%b] : tensor<2xf32>
    %r = tensor.extract %c1[%b, %m] : tensor<2x40xf32>
    %x = arith.mulf %s, %a : f32
    %y = arith.addf %x, %r : f32
    seq.yield %y : f32
)";
  c.mask = R"(
    %vis = arith.cmpi ule, %n, %m : index
    seq.yield %vis : i1
)";
  check(c);
}

TEST_F(AttentionTest, CapturedViewsAndComputedTensors) {
  Case c;
  c.b = 2, c.hq = 4, c.hk = 4, c.m = 20, c.n = 35, c.dynamic = false, c.lse = false;
  c.captured = {{"tensor<35x20xf32>", random("f32", {35, 20})}, {"tensor<35xf32>", random("f32", {35})}};
  c.prologue = R"(
  %pe = tensor.empty() : tensor<20x35xf32>
  %turned = linalg.transpose ins(%c0 : tensor<35x20xf32>) outs(%pe : tensor<20x35xf32>) permutation = [1, 0]
  %computed = math.tanh %c1 : tensor<35xf32>
)";
  c.scoreMod = R"(
    %x = tensor.extract %turned[%m, %n] : tensor<20x35xf32>
    %y = tensor.extract %computed[%n] : tensor<35xf32>
    %xy = arith.mulf %x, %y : f32
    %z = arith.addf %s, %xy : f32
    seq.yield %z : f32
)";
  c.epilogue = "%t2 = arith.addf %o, %o : tensor<2x4x20x8xf32>\n%y = math.tanh %t2 : tensor<2x4x20x8xf32>\n";
  c.result = "tensor<2x4x20x8xf32>";
  check(c);
}

TEST_F(AttentionTest, PackedWithArithmeticBehind) {
  Case c;
  c.hq = 2, c.hk = 2, c.m = 20, c.n = 35, c.dynamic = false, c.lse = false, c.cuQ = {0, 3, 20}, c.cuK = {0, 17, 35};
  c.epilogue = "%y = math.tanh %o : tensor<1x2x20x8xf32>\n";
  c.result = "tensor<1x2x20x8xf32>";
  check(c);
}

TEST_F(AttentionTest, OperandsAreStridedViews) {
  Case c;
  c.b = 2, c.hq = 3, c.hk = 3, c.m = 20, c.n = 20, c.dynamic = false, c.lse = false;
  c.captured = {{"tensor<2x20x9x8xf32>", random("f32", {2, 20, 9, 8})}};
  c.prologue = R"(
  %pe = tensor.empty() : tensor<2x9x20x8xf32>
  %qkv = linalg.transpose ins(%c0 : tensor<2x20x9x8xf32>) outs(%pe : tensor<2x9x20x8xf32>) permutation = [0, 2, 1, 3]
  %q1 = tensor.extract_slice %qkv[0, 0, 0, 0] [2, 3, 20, 8] [1, 1, 1, 1] : tensor<2x9x20x8xf32> to tensor<2x3x20x8xf32>
  %k1 = tensor.extract_slice %qkv[0, 3, 0, 0] [2, 3, 20, 8] [1, 1, 1, 1] : tensor<2x9x20x8xf32> to tensor<2x3x20x8xf32>
  %v1 = tensor.extract_slice %qkv[0, 6, 0, 0] [2, 3, 20, 8] [1, 1, 1, 1] : tensor<2x9x20x8xf32> to tensor<2x3x20x8xf32>
)";
  c.operands = "%q1, %k1, %v1";
  check(c);
}

//===-- Operands and results ---------------------------------------------------------------------------===//

TEST_F(AttentionTest, EpilogueOnTransposedOutput) {
  Case c;
  c.b = 2, c.hq = 4, c.hk = 4, c.m = 20, c.n = 35, c.dv = 16, c.lse = false, c.dynamic = false;
  c.epilogue = R"(
  %e = tensor.empty() : tensor<2x20x4x16xf32>
  %t = linalg.transpose ins(%o : tensor<2x4x20x16xf32>) outs(%e : tensor<2x20x4x16xf32>) permutation = [0, 2, 1, 3]
  %f = tensor.collapse_shape %t [[0], [1], [2, 3]] : tensor<2x20x4x16xf32> into tensor<2x20x64xf32>
  %y = math.tanh %f : tensor<2x20x64xf32>
)";
  c.result = "tensor<2x20x64xf32>";
  check(c);
}

TEST_F(AttentionTest, PackedTransposedOutput) {
  Case c;
  c.hq = 4, c.hk = 4, c.m = 20, c.n = 35, c.dv = 9, c.dynamic = false, c.cuQ = {0, 3, 20}, c.cuK = {0, 17, 35};
  c.epilogue = R"(
  %e = tensor.empty() : tensor<1x20x4x9xf32>
  %t = linalg.transpose ins(%o : tensor<1x4x20x9xf32>) outs(%e : tensor<1x20x4x9xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t [[0, 1], [2, 3]] : tensor<1x20x4x9xf32> into tensor<20x36xf32>
)";
  c.result = "tensor<20x36xf32>";
  check(c);
}

TEST_F(AttentionTest, ExtractWithOtherIndicesIsRefused) {
  Case c;
  c.m = 20, c.n = 35, c.dynamic = false;
  c.captured = {{"tensor<60xf32>", random("f32", {60})}};
  c.scoreMod = R"(
    %d = arith.addi %n, %m : index
    %a = tensor.extract %c0[%d] : tensor<60xf32>
    %y = arith.addf %s, %a : f32
    seq.yield %y : f32
)";
  std::vector<Tensor> args;
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(build(c, args), &context);
  ASSERT_TRUE(module);
  messages.clear();
  EXPECT_TRUE(failed(lower(*module, c)));
  EXPECT_NE(messages.find("expects indices that are uniform, m + c or n + c with uniform c"), std::string::npos) << messages;
}
} // namespace
