// SPDX-License-Identifier: Apache-2.0
// What the emitted pieces can do for attention (f32, D = 64): the loop of the block program written by hand around
// emitCpuDot, over tile sizes. The compiled kernel is held against these numbers. Single thread.
#include "lib/Conversion/TileToCpu/EmitCode.h"
#include "lib/Conversion/TileToCpu/EmitDot.h"
#include "lib/Conversion/TileToCpu/EmitPack.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "unittests/Conversion/CpuDot/CpuJit.h"
#include <benchmark/benchmark.h>
#include <cmath>
#include <random>

using namespace mlir;
using namespace seqc;

namespace {

constexpr int64_t kD = 64;

struct Attention {
  Code code;
  CpuTarget target;
  int64_t bm, bn, lanes;
  bool causal;
  Type f32;
  VectorType vec;
  Value q, k, v, o, scores, stats, packScratch;
  double scaleLog2 = 1.44269504088896340736 / 8; // log2(e) / sqrt(D)

  Value number(double value) { return arith::ConstantOp::create(code.b, code.loc, DenseElementsAttr::get(vec, float(value))); }
  Value at(Value base, Size offset) { return code.at(base, f32, offset); }
  Value horizontal(Value x, bool max) {
    for (int64_t half = lanes / 2; half; half /= 2) {
      SmallVector<int64_t> rotate;
      for (int64_t i = 0; i < lanes; ++i)
        rotate.push_back((i + half) % lanes);
      Value other = code.shuffle(x, x, rotate);
      x = max ? arith::MaxNumFOp::create(code.b, code.loc, x, other).getResult() : code.sum(x, other);
    }
    return x;
  }

  /// Rows of stats: running maximum (splat), running sum (one part in each lane).
  void softmaxRow(Size row, Size firstKey, Size query) {
    Value s = at(scores, code.mul(row, bn)), maximumAt = at(stats, code.mul(row, 2 * lanes)), sumAt = at(maximumAt, lanes),
          rowO = at(o, code.mul(row, kD));
    Value negative = number(-INFINITY);
    auto load = [&](Size c) {
      Value x = code.load(vec, at(s, c));
      if (!query.value)
        return x;
      Size limit = code.add(code.sub(code.sub(query, firstKey), c), 1);
      return arith::SelectOp::create(code.b, code.loc, code.mask(f32, lanes, limit), x, negative).getResult();
    };
    constexpr int64_t kChains = 4; // independent running values per trip
    SmallVector<Value> maxima(kChains, negative);
    maxima = code.loop(0, bn, kChains * lanes, maxima, [&](Size c, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t u = 0; u < kChains; ++u)
        next.push_back(arith::MaxNumFOp::create(code.b, code.loc, carried[u], load(code.add(c, u * lanes))));
      return next;
    });
    Value maximum = maxima[0];
    for (int64_t u = 1; u < kChains; ++u)
      maximum = arith::MaxNumFOp::create(code.b, code.loc, maximum, maxima[u]);
    Value old = code.load(vec, maximumAt), fresh = arith::MaxNumFOp::create(code.b, code.loc, horizontal(maximum, true), old);
    auto exp2 = [&](Value x) { return math::Exp2Op::create(code.b, code.loc, x, arith::FastMathFlags::afn).getResult(); };
    Value factor = number(scaleLog2), shift = arith::MulFOp::create(code.b, code.loc, fresh, number(-scaleLog2));
    Value alpha = exp2(code.multiplyAdd(old, factor, shift));
    SmallVector<Value> sums(kChains, code.zero(vec));
    sums = code.loop(0, bn, kChains * lanes, sums, [&](Size c, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t u = 0; u < kChains; ++u) {
        Size col = code.add(c, u * lanes);
        Value p = exp2(code.multiplyAdd(load(col), factor, shift));
        code.store(p, at(s, col));
        next.push_back(code.sum(carried[u], p));
      }
      return next;
    });
    Value sum = code.sum(code.sum(sums[0], sums[1]), code.sum(sums[2], sums[3]));
    code.store(fresh, maximumAt);
    code.store(code.multiplyAdd(code.load(vec, sumAt), alpha, sum), sumAt);
    for (int64_t c = 0; c < kD; c += lanes)
      code.store(arith::MulFOp::create(code.b, code.loc, code.load(vec, at(rowO, c)), alpha), at(rowO, c));
  }

  void block(Size firstKey, Size firstQuery, bool masked) {
    auto stride = [&](int64_t n) { return OpFoldResult(code.b.getIndexAttr(n)); };
    CpuDot qk;
    qk.a = q, qk.b = at(k, code.mul(firstKey, kD)), qk.c = scores, qk.scratch = packScratch;
    qk.m = bm, qk.n = bn, qk.k = kD;
    qk.aRow = stride(kD), qk.aCol = stride(1), qk.bRow = stride(1), qk.bCol = stride(kD), qk.cRow = stride(bn);
    qk.aType = qk.bType = qk.accType = f32, qk.zeroInit = true;
    emitCpuDot(code.b, code.loc, qk, target);
    code.loop(0, bm, 1, [&](Size row) { softmaxRow(row, firstKey, masked ? code.add(firstQuery, row) : Size(0)); });
    CpuDot pv = qk;
    pv.a = scores, pv.b = at(v, code.mul(firstKey, kD)), pv.c = o, pv.zeroInit = false;
    pv.m = bm, pv.n = kD, pv.k = bn;
    pv.aRow = stride(bn), pv.aCol = stride(1), pv.bRow = stride(kD), pv.bCol = stride(1), pv.cRow = stride(kD);
    emitCpuDot(code.b, code.loc, pv, target);
  }

  void run(Value allQ, Value allO, Size keys) {
    Value baseO = allO;
    code.loop(0, keys, bm, [&](Size m0) {
      q = at(allQ, code.mul(m0, kD)), o = at(baseO, code.mul(m0, kD));
      code.loop(0, bm, 1, [&](Size row) {
        code.store(number(-INFINITY), at(stats, code.mul(row, 2 * lanes)));
        code.store(number(0), at(stats, code.add(code.mul(row, 2 * lanes), lanes)));
        for (int64_t c = 0; c < kD; c += lanes)
          code.store(number(0), at(o, code.add(code.mul(row, kD), c)));
      });
      Size full = causal ? code.multipleBelow(m0, bn) : keys, end = causal ? code.add(m0, bm) : keys;
      code.loop(0, full, bn, [&](Size n0) { block(n0, m0, false); });
      if (causal)
        code.loop(full, end, bn, [&](Size n0) { block(n0, m0, true); });
      code.loop(0, bm, 1, [&](Size row) {
        Value sum = horizontal(code.load(vec, at(stats, code.add(code.mul(row, 2 * lanes), lanes))), false);
        for (int64_t c = 0; c < kD; c += lanes) {
          Value address = at(o, code.add(code.mul(row, kD), c));
          code.store(arith::DivFOp::create(code.b, code.loc, code.load(vec, address), sum), address);
        }
      });
    });
  }
};

using Kernel = void (*)(float *, float *, float *, float *, float *, int64_t);

double worstError(const std::vector<float> &q, const std::vector<float> &k, const std::vector<float> &v, const std::vector<float> &o, int64_t n,
                  bool causal) {
  double worst = 0;
  for (int64_t i = 0; i < n; i += 97) {
    std::vector<double> p(n), out(kD);
    double sum = 0;
    for (int64_t j = 0; j < (causal ? i + 1 : n); ++j) {
      double s = 0;
      for (int64_t d = 0; d < kD; ++d)
        s += double(q[i * kD + d]) * k[j * kD + d];
      sum += p[j] = std::exp(s / 8);
    }
    for (int64_t j = 0; j < n; ++j)
      for (int64_t d = 0; d < kD; ++d)
        out[d] += p[j] / sum * v[j * kD + d];
    for (int64_t d = 0; d < kD; ++d)
      worst = std::max(worst, std::abs(out[d] - o[i * kD + d]));
  }
  return worst;
}

void runAttention(benchmark::State &state, int64_t bm, int64_t bn, bool causal) {
  int64_t n = state.range(0);
  CpuTarget target = llvm::cantFail(CpuTarget::get("native"));
  CpuJit jit;
  jit.addFunction("attention", 5, 1, [&](OpBuilder &b, ValueRange args) {
    int64_t lanes = target.lanes(32);
    Attention a{Code(b, b.getUnknownLoc()),
                target,
                bm,
                bn,
                lanes,
                causal,
                b.getF32Type(),
                VectorType::get(lanes, b.getF32Type()),
                {},
                {},
                {},
                {},
                {},
                {},
                {}};
    a.k = args[1], a.v = args[2], a.scores = args[4];
    a.stats = a.at(args[4], bm * bn), a.packScratch = a.at(args[4], bm * bn + bm * 2 * lanes);
    a.run(args[0], args[3], Size(args[5]));
  });
  if (!jit.compile(target))
    return state.SkipWithError("does not compile");
  auto kernel = reinterpret_cast<Kernel>(jit.lookup("attention"));
  std::vector<float> q(n * kD), k(n * kD), v(n * kD), o(n * kD);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (auto *x : {&q, &k, &v})
    for (float &value : *x)
      value = normal(random);
  std::unique_ptr<float, decltype(&std::free)> scratch(static_cast<float *>(std::aligned_alloc(64, 1 << 22)), std::free);
  for (auto _ : state)
    kernel(q.data(), k.data(), v.data(), o.data(), scratch.get(), n);
  if (worstError(q, k, v, o, n, causal) > 1e-5)
    return state.SkipWithError("wrong result");
  state.counters["GFLOP/s"] = benchmark::Counter(4.0 * n * n * kD * (causal ? 0.5 : 1) * state.iterations() * 1e-9, benchmark::Counter::kIsRate);
  state.counters["compile_ms"] = (jit.lowerSeconds + jit.llvmSeconds) * 1e3;
}

} // namespace

int main(int argc, char **argv) {
  for (bool causal : {false, true})
    for (int64_t bm : {32, 48, 64, 128})
      for (int64_t bn : {64, 128, 256}) {
        if (causal && bm % bn && bn % bm)
          continue;
        std::string name = llvm::formatv("attention/{0}x{1}{2}", bm, bn, causal ? "/causal" : "");
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) { runAttention(state, bm, bn, causal); })
            ->Arg(bm == 48 ? 768 * 2 : 2048)
            ->MinTime(0.1);
      }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
