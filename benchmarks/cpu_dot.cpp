// SPDX-License-Identifier: Apache-2.0
// GFLOP/s of the emitted micro-kernel, and the share of the core's multiply-add peak, which is measured by the same means.
// Counter `peak` is that share. Run: cpu_dot [--benchmark_filter=...]; `cpu_dot --asm=M,N,K[,transposed][,bounded]` prints code.
#include "lib/Conversion/TileToCpu/EmitCode.h"
#include "lib/Conversion/TileToCpu/EmitDot.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "unittests/Conversion/CpuDot/CpuJit.h"
#include "llvm/Support/CommandLine.h"
#include <benchmark/benchmark.h>
#include <chrono>
#include <random>

using namespace mlir;
using namespace seqc;

namespace {

CpuTarget nativeTarget() { return llvm::cantFail(CpuTarget::get("native")); }

/// Flops per second of `chains` independent vector multiply-adds in registers.
double measurePeak() {
  static const double peak = [] {
    CpuTarget target = nativeTarget();
    int64_t lanes = target.lanes(32), chains = 12, trips = 20000000;
    CpuJit jit;
    jit.addFunction("peak", 1, 0, [&](OpBuilder &b, ValueRange args) {
      Code code(b, b.getUnknownLoc());
      auto vec = VectorType::get(lanes, b.getF32Type());
      SmallVector<Value> sums;
      for (int64_t i = 0; i < chains; ++i)
        sums.push_back(code.load(vec, code.at(args[0], b.getF32Type(), i * lanes)));
      Value x = code.load(vec, args[0]), y = code.load(vec, code.at(args[0], b.getF32Type(), lanes));
      sums = code.loop(0, trips, 1, sums, [&](Size, ValueRange carried) {
        SmallVector<Value> next;
        for (Value sum : carried)
          next.push_back(code.multiplyAdd(x, y, sum));
        return next;
      });
      for (auto [i, sum] : llvm::enumerate(sums))
        code.store(sum, code.at(args[0], b.getF32Type(), i * lanes));
    });
    if (!jit.compile(target))
      std::abort();
    auto run = reinterpret_cast<void (*)(float *)>(jit.lookup("peak"));
    std::vector<float> memory(chains * lanes);
    double best = 0;
    for (int repeat = 0; repeat < 5; ++repeat) {
      auto start = std::chrono::steady_clock::now();
      run(memory.data());
      double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      best = std::max(best, 2.0 * lanes * chains * trips / seconds);
    }
    return best;
  }();
  return peak;
}

enum class Elem { f32, f16, bf16 };

struct Case {
  int64_t m, n, k;
  Elem elem;
  bool transposedB; // B is [n, k] in memory
  bool bounded;     // m, n, k are also given at run time
};

void emit(OpBuilder &b, ValueRange args, const Case &c, const CpuTarget &target, int64_t *scratchBytes) {
  Type types[] = {b.getF32Type(), b.getF16Type(), b.getBF16Type()};
  auto number = [&](int64_t value) { return OpFoldResult(b.getIndexAttr(value)); };
  CpuDot dot;
  dot.a = args[0], dot.b = args[1], dot.c = args[2], dot.scratch = args[3];
  dot.m = c.m, dot.n = c.n, dot.k = c.k;
  dot.aRow = number(c.k), dot.aCol = number(1), dot.cRow = number(c.n);
  dot.bRow = number(c.transposedB ? 1 : c.n), dot.bCol = number(c.transposedB ? c.k : 1);
  dot.aType = dot.bType = types[int(c.elem)], dot.accType = b.getF32Type();
  if (c.bounded)
    dot.mValid = args[4], dot.nValid = args[5], dot.kValid = args[6];
  *scratchBytes = cpuDotScratchBytes(dot, target);
  emitCpuDot(b, b.getUnknownLoc(), dot, target);
}

void runDot(benchmark::State &state, Case c) {
  CpuTarget target = nativeTarget();
  CpuJit jit;
  int64_t scratchBytes = 0;
  jit.addFunction("dot", 4, 3, [&](OpBuilder &b, ValueRange args) { emit(b, args, c, target, &scratchBytes); });
  if (!jit.compile(target))
    return state.SkipWithError("does not compile");
  auto kernel = reinterpret_cast<void (*)(void *, void *, void *, void *, int64_t, int64_t, int64_t)>(jit.lookup("dot"));
  auto memory = [](int64_t bytes) {
    return std::unique_ptr<char, decltype(&std::free)>(static_cast<char *>(std::aligned_alloc(64, (bytes + 127) / 64 * 64)), std::free);
  };
  auto a = memory(c.m * c.k * 4), b = memory(c.n * c.k * 4), result = memory(c.m * c.n * 4), scratch = memory(scratchBytes);
  std::memset(a.get(), 0, c.m * c.k * 4), std::memset(b.get(), 0, c.n * c.k * 4), std::memset(result.get(), 0, c.m * c.n * 4);
  for (auto _ : state) {
    kernel(a.get(), b.get(), result.get(), scratch.get(), c.m, c.n, c.k);
    benchmark::ClobberMemory();
  }
  double flops = 2.0 * c.m * c.n * c.k * state.iterations();
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
  state.counters["peak"] = benchmark::Counter(flops / measurePeak(), benchmark::Counter::kIsRate);
  state.counters["compile_ms"] = (jit.lowerSeconds + jit.llvmSeconds) * 1e3;
}

int printAssembly(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  Case c{64, 64, 64, Elem::f32, llvm::is_contained(parts, "transposed"), llvm::is_contained(parts, "bounded")};
  if (parts.size() < 3 || parts[0].getAsInteger(10, c.m) || parts[1].getAsInteger(10, c.n) || parts[2].getAsInteger(10, c.k))
    return llvm::errs() << "expects --asm=M,N,K[,transposed][,bounded]\n", 2;
  CpuTarget target = nativeTarget();
  CpuJit jit;
  int64_t scratchBytes = 0;
  jit.addFunction("dot", 4, 3, [&](OpBuilder &b, ValueRange args) { emit(b, args, c, target, &scratchBytes); });
  llvm::outs() << jit.assembly(target);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (StringRef(argv[i]).starts_with("--asm="))
      return printAssembly(StringRef(argv[i]).drop_front(6));
  static const char *elems[] = {"f32", "f16", "bf16"};
  const int64_t shapes[][3] = {{64, 64, 64},  {64, 128, 64}, {128, 256, 256}, {128, 256, 512}, {32, 64, 64},
                               {48, 64, 128}, {64, 64, 128}, {1, 256, 256},   {4, 256, 256}};
  for (auto [m, n, k] : shapes)
    for (Elem elem : {Elem::f32, Elem::f16, Elem::bf16})
      for (int form = 0; form < 4; ++form) {
        bool transposed = form & 1, bounded = form & 2;
        std::string name =
            llvm::formatv("dot/{0}x{1}x{2}/{3}{4}{5}", m, n, k, elems[int(elem)], transposed ? "/transposed" : "", bounded ? "/bounded" : "");
        Case c{m, n, k, elem, transposed, bounded};
        benchmark::RegisterBenchmark(name.c_str(), [c](benchmark::State &state) { runDot(state, c); })->MinTime(0.1);
      }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  printf("peak %.1f GFLOP/s\n", measurePeak() * 1e-9);
  return 0;
}
