// SPDX-License-Identifier: Apache-2.0
// A whole kernel: C = A * B^T in bf16 with f32 accumulators, 64x64 tiles, four warps, slices of 32 through a ring of two slots filled by cp.async,
// fragments by ldmatrix, mma m16n8k16. Also the yardstick for the speed of the model.
#include "Numeric.h"
#include "SimTest.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include <chrono>
#include <random>

using namespace seqc::sim;
using namespace seqc::sim::test;

namespace {

constexpr unsigned tile = 64;

std::string n(unsigned i) { return std::to_string(i); }

/// Issues the copies of slice `step` into the slot of that step; names end in `tag`.
std::string fetch(const std::string &step, const std::string &tag) {
  std::string text = "  %slotbit" + tag + " = and i32 " + step + ", 1\n  %slot" + tag + " = mul i32 %slotbit" + tag + ", 8192\n  %k" + tag +
                     " = mul i32 " + step + ", 64\n";
  for (const char *m : {"a", "b"})
    for (unsigned j : {0, 1}) {
      std::string id = m + n(j) + tag;
      text += "  %to" + id + " = add i32 %" + m + "chunk" + n(j) + ", %slot" + tag + "\n  %tp" + id +
              " = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %to" + id + "\n";
      text += "  %fo" + id + " = add i32 %" + m + "from" + n(j) + ", %k" + tag + "\n  %fp" + id + " = getelementptr i8, ptr addrspace(1) %" + m +
              ", i32 %fo" + id + "\n";
      text += "  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %tp" + id + ", ptr addrspace(1) %fp" + id + ")\n";
    }
  return text;
}

std::string gemmKernel() {
  std::string four = "{ i32, i32, i32, i32 }", floats = "{ float, float, float, float }";
  std::string text = R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32)
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
declare { float, float, float, float } @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32, i32, i32, i32, i32, i32, float, float, float, float)
define ptx_kernel void @k(ptr addrspace(1) %a, ptr addrspace(1) %b, ptr addrspace(1) %c, i32 %N, i32 %K) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %bx = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %by = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
  %rowa = mul i32 %by, 64
  %rowb = mul i32 %bx, 64
  %K2 = mul i32 %K, 2
  %steps = lshr i32 %K, 5
  %lane = and i32 %t, 31
  %warp = lshr i32 %t, 5
  %wy = lshr i32 %warp, 1
  %wx = and i32 %warp, 1
  %l8 = and i32 %lane, 7
  %lh = lshr i32 %lane, 3
  %lh1 = and i32 %lh, 1
  %lh2 = lshr i32 %lh, 1
  %wyrows = mul i32 %wy, 2048
  %wxrows = mul i32 %wx, 2048
  %l8rows = mul i32 %l8, 64
  %lh1rows = mul i32 %lh1, 512
  %lh2cols = mul i32 %lh2, 16
  %lhcols = mul i32 %lh, 16
  %fa0 = add i32 %wyrows, %l8rows
  %fa1 = add i32 %fa0, %lh1rows
  %fraga = add i32 %fa1, %lh2cols
  %fb0 = add i32 %wxrows, %l8rows
  %fb1 = add i32 %fb0, %lhcols
  %fragb = add i32 %fb1, 4096
)";
  for (unsigned j : {0, 1}) {
    text += "  %c" + n(j) + " = add i32 %t, " + n(128 * j) + "\n  %crow" + n(j) + " = lshr i32 %c" + n(j) + ", 2\n  %ccol" + n(j) + " = and i32 %c" +
            n(j) + ", 3\n  %cbytes" + n(j) + " = mul i32 %ccol" + n(j) + ", 16\n";
    text += "  %achunk" + n(j) + " = mul i32 %c" + n(j) + ", 16\n  %bchunk" + n(j) + " = add i32 %achunk" + n(j) + ", 4096\n";
    for (std::string m : {"a", "b"})
      text += "  %" + m + "r" + n(j) + " = add i32 %row" + m + ", %crow" + n(j) + "\n  %" + m + "o" + n(j) + " = mul i32 %" + m + "r" + n(j) +
              ", %K2\n  %" + m + "from" + n(j) + " = add i32 %" + m + "o" + n(j) + ", %cbytes" + n(j) + "\n";
  }
  text += fetch("0", "first") +
          "  call void @llvm.nvvm.cp.async.commit.group()\n  br label %loop\nloop:\n  %i = phi i32 [ 0, %entry ], [ %next, %compute ]\n";
  for (unsigned r = 0; r < 32; ++r)
    text += "  %acc" + n(r) + " = phi float [ 0.0, %entry ], [ %new" + n(r) + ", %compute ]\n";
  text += "  %next = add i32 %i, 1\n  %more = icmp ult i32 %next, %steps\n  br i1 %more, label %fetch, label %compute\nfetch:\n" +
          fetch("%next", "next") +
          "  br label %compute\ncompute:\n  call void @llvm.nvvm.cp.async.commit.group()\n  call void @llvm.nvvm.cp.async.wait.group(i32 1)\n"
          "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n  %bit = and i32 %i, 1\n  %slot = mul i32 %bit, 8192\n  %sa = add i32 %fraga, "
          "%slot\n  %sb = add i32 %fragb, %slot\n";
  auto load = [&](const std::string &id, const std::string &base, unsigned offset) {
    text += "  %o" + id + " = add i32 " + base + ", " + n(offset) + "\n  %p" + id + " = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %o" +
            id + "\n  %" + id + " = call " + four + " @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) %p" + id + ")\n";
    for (unsigned r = 0; r < 4; ++r)
      text += "  %" + id + "r" + n(r) + " = extractvalue " + four + " %" + id + ", " + n(r) + "\n";
  };
  for (unsigned m = 0; m < 2; ++m)
    for (unsigned k = 0; k < 2; ++k)
      load("A" + n(m) + n(k), "%sa", m * 1024 + k * 32);
  for (unsigned x = 0; x < 4; ++x)
    load("B" + n(x), "%sb", x * 512);
  for (unsigned k = 0; k < 2; ++k)
    for (unsigned m = 0; m < 2; ++m)
      for (unsigned x = 0; x < 4; ++x) {
        std::string id = "%d" + n(k) + n(m) + n(x), args;
        for (unsigned r = 0; r < 4; ++r)
          args += "i32 %A" + n(m) + n(k) + "r" + n(r) + ", ";
        args += "i32 %B" + n(x) + "r" + n(2 * k) + ", i32 %B" + n(x) + "r" + n(2 * k + 1);
        for (unsigned r = 0; r < 4; ++r)
          args += ", float %" + (k ? "mid" : std::string("acc")) + n((m * 4 + x) * 4 + r);
        text += "  " + id + " = call " + floats + " @llvm.nvvm.mma.m16n8k16.row.col.bf16(" + args + ")\n";
        for (unsigned r = 0; r < 4; ++r)
          text += "  %" + std::string(k ? "new" : "mid") + n((m * 4 + x) * 4 + r) + " = extractvalue " + floats + " " + id + ", " + n(r) + "\n";
      }
  text += R"(
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br i1 %more, label %loop, label %end
end:
  %g = lshr i32 %lane, 2
  %q = and i32 %lane, 3
  %q2 = mul i32 %q, 2
  %wyr = mul i32 %wy, 32
  %wxc = mul i32 %wx, 32
  %er0 = add i32 %rowa, %wyr
  %er = add i32 %er0, %g
  %ec0 = add i32 %rowb, %wxc
  %ec = add i32 %ec0, %q2
)";
  for (unsigned m = 0; m < 2; ++m)
    for (unsigned x = 0; x < 4; ++x)
      for (unsigned h = 0; h < 2; ++h) {
        std::string id = n(m) + n(x) + n(h);
        unsigned r = (m * 4 + x) * 4 + 2 * h;
        text += "  %row" + id + " = add i32 %er, " + n(16 * m + 8 * h) + "\n  %at" + id + " = mul i32 %row" + id + ", %N\n  %col" + id +
                " = add i32 %ec, " + n(8 * x) + "\n  %w" + id + " = add i32 %at" + id + ", %col" + id + "\n  %v" + id +
                " = insertelement <2 x float> poison, float %new" + n(r) + ", i32 0\n  %u" + id + " = insertelement <2 x float> %v" + id +
                ", float %new" + n(r + 1) + ", i32 1\n  %s" + id + " = getelementptr float, ptr addrspace(1) %c, i32 %w" + id +
                "\n  store <2 x float> %u" + id + ", ptr addrspace(1) %s" + id + ", align 8\n";
      }
  return text + "  ret void\n}\n";
}

struct Gemm : testing::Test {
  static constexpr unsigned M = 128, N = 192, K = 512;
  std::vector<uint16_t> a = std::vector<uint16_t>(M * K), b = std::vector<uint16_t>(N * K);
  std::vector<float> c = std::vector<float>(M * N);
  Launch launch;
  void SetUp() override {
    std::mt19937 random(3);
    for (auto *v : {&a, &b})
      for (uint16_t &x : *v)
        x = floatToBfloat(static_cast<int>(random() % 15) - 7);
    launch = {{N / tile, M / tile, 1}, {128, 1, 1}, 16384, {}, {input(a), input(b), output(c)}, 0, {}};
    launch.params = {Param::pointer(a.data()), Param::pointer(b.data()), Param::pointer(c.data()), Param::i32(N), Param::i32(K)};
  }
  void check() {
    for (unsigned m = 0; m < M; ++m)
      for (unsigned x = 0; x < N; ++x) {
        float want = 0;
        for (unsigned k = 0; k < K; ++k)
          want += bfloatToFloat(a[m * K + k]) * bfloatToFloat(b[x * K + k]);
        ASSERT_EQ(c[m * N + x], want) << m << " " << x;
      }
  }
};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

TEST_F(Gemm, IsRightAndQuick) {
  double t0 = seconds();
  Program program = compiled(gemmKernel());
  double t1 = seconds();
  Report report = runOnce(program, launch);
  double t2 = seconds();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.written[2].count(), c.size() * 4);
  EXPECT_EQ(report.counts.operations.at("nvvm.mma.m16n8k16.row.col.bf16"), uint64_t(M * N) * K / (16 * 8 * 16));
  check();
  printf("gemm %ux%ux%u, %u blocks: compile %.1f ms, run %.1f ms\n", M, N, K, (M / tile) * (N / tile), (t1 - t0) * 1e3, (t2 - t1) * 1e3);
}

/// The module of a caller, optimised in process; the caller's module stays as it is.
TEST_F(Gemm, FromAnOptimisedModule) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(gpuModule(gemmKernel()), diagnostic, context);
  ASSERT_TRUE(module);
  llvm::PassBuilder builder;
  llvm::LoopAnalysisManager lam;
  llvm::FunctionAnalysisManager fam;
  llvm::CGSCCAnalysisManager cgam;
  llvm::ModuleAnalysisManager mam;
  builder.registerModuleAnalyses(mam);
  builder.registerCGSCCAnalyses(cgam);
  builder.registerFunctionAnalyses(fam);
  builder.registerLoopAnalyses(lam);
  builder.crossRegisterProxies(lam, fam, cgam, mam);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(*module, mam);
  std::string before, after;
  llvm::raw_string_ostream(before) << *module;
  llvm::Expected<Report> report = seqc::sim::run(*module, "k", launch);
  ASSERT_TRUE(!!report) << llvm::toString(report.takeError());
  EXPECT_TRUE(report->clean());
  check();
  llvm::raw_string_ostream(after) << *module;
  EXPECT_EQ(before, after);
}

TEST_F(Gemm, SlotOverwrittenTooEarly) {
  // Without the barrier at the end of a step a quick warp refills the slot that a slow one reads.
  std::string text = replaced(gemmKernel(), "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n  br i1 %more", "  br i1 %more");
  expectHazard(compiled(text), launch, HazardKind::SharedRace);
}

/// y = x + x by vectors of four, in a loop over a grid of eight blocks: the cost of global accesses.
TEST(Stream, IsQuick) {
  constexpr unsigned size = 1 << 19, blocks = 8, threads = 128;
  Program program = compiled(R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
define ptx_kernel void @k(ptr addrspace(1) %x, ptr addrspace(1) %y, i32 %n) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %b128 = mul i32 %b, 128
  %first = add i32 %b128, %t
  br label %loop
loop:
  %i = phi i32 [ %first, %entry ], [ %next, %loop ]
  %px = getelementptr <4 x float>, ptr addrspace(1) %x, i32 %i
  %py = getelementptr <4 x float>, ptr addrspace(1) %y, i32 %i
  %v = load <4 x float>, ptr addrspace(1) %px, align 16
  %w = fadd <4 x float> %v, %v
  store <4 x float> %w, ptr addrspace(1) %py, align 16
  %next = add i32 %i, 1024
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}
)");
  struct alignas(16) Vector {
    float x[4];
  };
  std::vector<Vector> x(size / 4), y(size / 4);
  for (unsigned i = 0; i < size; ++i)
    x[i / 4].x[i % 4] = i;
  Launch launch{{blocks, 1, 1}, {threads, 1, 1}, 0, {}, {input(x), output(y)}, 0, {}};
  launch.params = {Param::pointer(x.data()), Param::pointer(y.data()), Param::i32(size / 4)};
  double t0 = seconds();
  Report report = runOnce(program, launch);
  double t1 = seconds();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.written[1].count(), size * 4);
  for (unsigned i = 0; i < size; ++i)
    ASSERT_EQ(y[i / 4].x[i % 4], 2.0f * i);
  printf("stream of %u floats, %u blocks: run %.1f ms\n", size, blocks, (t1 - t0) * 1e3);
}

TEST(SourceLocations, AreInTheHazard) {
  std::string text = R"(
define ptx_kernel void @k(ptr addrspace(1) %p) !dbg !4 {
  store i32 1, ptr addrspace(1) %p, align 4, !dbg !7
  ret void, !dbg !7
}
!llvm.dbg.cu = !{!1}
!llvm.module.flags = !{!3}
!1 = distinct !DICompileUnit(language: DW_LANG_C, file: !2, emissionKind: LineTablesOnly)
!2 = !DIFile(filename: "model.mlir", directory: "/")
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "k", file: !2, line: 3, type: !5, unit: !1)
!5 = !DISubroutineType(types: !6)
!6 = !{}
!7 = !DILocation(line: 42, column: 9, scope: !4)
)";
  int word = 0;
  Launch launch{{1, 1, 1}, {1, 1, 1}, 0, {Param::pointer(&word)}, {}, 0, {}};
  Hazard h = expectHazard(compiled(text), launch, HazardKind::GlobalOutOfRange);
  EXPECT_NE(h.where.find("model.mlir:42:9"), std::string::npos) << h.where;
  EXPECT_EQ(h.where.find('!'), std::string::npos) << h.where;
}

} // namespace
