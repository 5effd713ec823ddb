// SPDX-License-Identifier: Apache-2.0
// Single operations on chosen operands: mathematics, conversions, votes, reductions, atomics; and what the model refuses.
#include "Numeric.h"
#include "SimTest.h"

using namespace seqc::sim;
using namespace seqc::sim::test;

namespace {

constexpr float inf = INFINITY;
const float tiny = std::numeric_limits<float>::denorm_min() * 1000;

/// out[t] = body's %y of in[t] = %x, for one warp; `type` is that of both.
std::string mapKernel(const std::string &declarations, const std::string &body, const std::string &type = "float") {
  return declarations + R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %pi = getelementptr i32, ptr addrspace(1) %in, i32 %t
  %x = load )" +
         type + R"(, ptr addrspace(1) %pi, align 4
)" + body +
         R"(
  %po = getelementptr i32, ptr addrspace(1) %out, i32 %t
  store )" +
         type + R"( %y, ptr addrspace(1) %po, align 4
  ret void
}
)";
}

template <typename T> std::vector<T> mapped(const std::string &text, std::vector<T> in) {
  static_assert(sizeof(T) == 4);
  std::vector<T> out(in.size());
  Launch launch{
      {1, 1, 1}, {static_cast<uint32_t>(in.size()), 1, 1}, 0, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0,
      {}};
  expectClean(compiled(text), launch);
  return out;
}

std::vector<float> call(const std::string &intrinsic, std::vector<float> in) {
  return mapped(mapKernel("declare float @llvm." + intrinsic + "(float)", "  %y = call float @llvm." + intrinsic + "(float %x)"), in);
}
std::vector<float> assembly(const std::string &mnemonic, std::vector<float> in) {
  return mapped(mapKernel("", "  %y = call float asm \"" + mnemonic + " $0, $1;\", \"=f,f\"(float %x)"), in);
}

TEST(Operations, ApproximateFunctions) {
  using V = std::vector<float>;
  EXPECT_EQ(call("nvvm.ex2.approx.f32", {0, 1, -3, inf, -inf}), (V{1, 2, 0.125f, inf, 0}));
  EXPECT_EQ(call("nvvm.ex2.approx.ftz.f32", {tiny, -130}), (V{1, 0}));
  EXPECT_EQ(call("nvvm.ex2.approx.f32", {-130}), V{std::exp2(-130.0f)});
  EXPECT_EQ(assembly("ex2.approx.ftz.f32", {5, -127}), (V{32, 0}));
  EXPECT_EQ(assembly("tanh.approx.f32", {0, inf, -inf}), (V{0, 1, -1}));
  EXPECT_EQ(call("nvvm.lg2.approx.f", {8, 0}), (V{3, -inf}));
  EXPECT_EQ(call("nvvm.lg2.approx.ftz.f", {tiny}), V{-inf});
  EXPECT_EQ(call("nvvm.rcp.approx.ftz.f", {4, 0, -inf, tiny}), (V{0.25f, inf, -0.0f, inf}));
  EXPECT_EQ(call("nvvm.rsqrt.approx.ftz.f", {16, 0, inf}), (V{0.25f, inf, 0}));
  EXPECT_EQ(call("nvvm.sqrt.approx.f", {9}), V{3});
  EXPECT_EQ(call("nvvm.sin.approx.f", {0, 0.5f}), (V{0, std::sin(0.5f)}));
  EXPECT_EQ(call("nvvm.cos.approx.f", {0}), V{1});
}

TEST(Operations, FullRangeDivision) {
  auto divided = [](const std::string &op, float a, float b) {
    std::string name = "@llvm.nvvm." + op;
    std::string body = "  %b = bitcast i32 " + std::to_string(toBits(b)) + " to float\n  %y = call float " + name + "(float %x, float %b)";
    return mapped(mapKernel("declare float " + name + "(float, float)", body), std::vector<float>{a})[0];
  };
  EXPECT_EQ(divided("div.full", 6, 3), 2);
  EXPECT_EQ(divided("div.full", -1, 0), -inf);
  EXPECT_EQ(divided("div.full", 1, -inf), -0.0f);
  EXPECT_TRUE(std::isnan(divided("div.full", inf, inf)));
  EXPECT_EQ(divided("div.full", tiny, 0.5f), 2 * tiny);
  EXPECT_EQ(divided("div.full", 1, 0x1p127f), 0x1p-127f);
  EXPECT_EQ(divided("div.full.ftz", tiny, 0.5f), 0);
}

TEST(Operations, GenericIntrinsicsOfTheHost) {
  EXPECT_EQ(call("exp2.f32", {3, -1}), (std::vector<float>{8, 0.5f}));
  EXPECT_EQ(call("fabs.f32", {-2}), std::vector<float>{2});
  EXPECT_EQ(call("sqrt.f32", {2}), std::vector<float>{std::sqrt(2.0f)});
}

TEST(Operations, MinimumAndMaximum) {
  auto apply = [](const std::string &op, float a, float b) {
    std::string name = "@llvm.nvvm." + op, bits = std::to_string(toBits(b));
    std::string body = "  %b = bitcast i32 " + bits + " to float\n  %y = call float " + name + "(float %x, float %b)";
    return mapped(mapKernel("declare float " + name + "(float, float)", body), std::vector<float>{a})[0];
  };
  EXPECT_EQ(apply("fmax.f", 1, 2), 2);
  EXPECT_EQ(apply("fmax.f", NAN, 2), 2);
  EXPECT_TRUE(std::isnan(apply("fmax.nan.f", NAN, 2)));
  EXPECT_FALSE(std::signbit(apply("fmax.f", -0.0f, 0.0f)));
  EXPECT_TRUE(std::signbit(apply("fmin.f", 0.0f, -0.0f)));
  EXPECT_EQ(apply("fmin.ftz.f", tiny, 1), 0);
  EXPECT_EQ(apply("fmin.f", tiny, 1), tiny);
}

TEST(Operations, Conversions) {
  auto pair = [](const std::string &op, const std::string &type, float a) {
    std::string name = "@llvm.nvvm." + op;
    std::string body = "  %r = call " + type + " " + name + "(float %x, float 1.0)\n  %y = bitcast " + type + " %r to float";
    return toBits(mapped(mapKernel("declare " + type + " " + name + "(float, float)", body), std::vector<float>{a})[0]);
  };
  EXPECT_EQ(pair("ff2bf16x2.rn", "<2 x bfloat>", -2), 0xC0003F80u); // the first operand is the high half
  EXPECT_EQ(pair("ff2f16x2.rn", "<2 x half>", -2), 0xC0003C00u);
  EXPECT_EQ(pair("ff2bf16x2.rn", "<2 x bfloat>", NAN), 0x7FFF3F80u);
  EXPECT_EQ(pair("ff2bf16x2.rn", "<2 x bfloat>", 1.00390625f), 0x3F803F80u); // a tie, to even
  EXPECT_EQ(pair("ff2f16x2.rn", "<2 x half>", 65520), 0x7C003C00u);
  EXPECT_EQ(pair("ff2f16x2.rn", "<2 x half>", 0x1p-24f * 1.5f), 0x00023C00u);
  // Conversions of the language, through the host backend.
  std::string there = "  %h = fptrunc float %x to bfloat\n  %y = fpext bfloat %h to float";
  EXPECT_EQ(mapped(mapKernel("", there), std::vector<float>{1.00390625f, 3.0f, inf}), (std::vector<float>{1, 3, inf}));
  there = "  %h = fptrunc float %x to half\n  %y = fpext half %h to float";
  EXPECT_EQ(mapped(mapKernel("", there), std::vector<float>{2049, 3.0f, 65520}), (std::vector<float>{2048, 3, inf}));
}

TEST(Operations, HalfFormatsRoundTrip) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    if ((h & 0x7C00) != 0x7C00 || !(h & 0x3FF))
      ASSERT_EQ(floatToHalf(halfToFloat(h)), h);
    if ((h & 0x7F80) != 0x7F80 || !(h & 0x7F))
      ASSERT_EQ(floatToBfloat(bfloatToFloat(h)), h);
  }
}

TEST(Operations, Tf32AndBytes) {
  auto apply = [](const std::string &declaration, const std::string &call, uint32_t x) {
    return mapped(mapKernel("declare i32 @llvm.nvvm." + declaration, "  %f = bitcast i32 %x to float\n  %y = call i32 @llvm.nvvm." + call, "i32"),
                  std::vector<uint32_t>{x})[0];
  };
  EXPECT_EQ(apply("f2tf32.rna(float)", "f2tf32.rna(float %f)", 0x3F801000u), 0x3F802000u); // ties away
  EXPECT_EQ(apply("f2tf32.rn(float)", "f2tf32.rn(float %f)", 0x3F801000u), 0x3F800000u);   // ties to even
  EXPECT_EQ(apply("prmt(i32, i32, i32)", "prmt(i32 %x, i32 287454020, i32 29952)", 0x8090A0B0u), 0x1133B0B0u);
}

TEST(Operations, Votes) {
  std::vector<uint32_t> in(32);
  for (unsigned i = 0; i < 32; ++i)
    in[i] = i % 3 == 0;
  auto apply = [&](const std::string &op, const std::string &type) {
    std::string body = "  %p = trunc i32 %x to i1\n  %r = call " + type + " @llvm.nvvm." + op + "(i32 -1, i1 %p)\n  %y = zext i32 %w to i32";
    body = replaced(body, "  %y", type == "i1" ? "  %w = zext i1 %r to i32\n  %y" : "  %w = add i32 %r, 0\n  %y");
    body = replaced(body, "zext i32 %w to i32", "add i32 %w, 0");
    return mapped(mapKernel("declare " + type + " @llvm.nvvm." + op + "(i32, i1)", body, "i32"), in);
  };
  EXPECT_EQ(apply("vote.any.sync", "i1")[5], 1u);
  EXPECT_EQ(apply("vote.all.sync", "i1")[5], 0u);
  EXPECT_EQ(apply("vote.ballot.sync", "i32")[7], 0x49249249u);
}

TEST(Operations, Shuffles) {
  std::vector<uint32_t> in(32);
  for (unsigned i = 0; i < 32; ++i)
    in[i] = 100 + i;
  auto apply = [&](const std::string &kind, unsigned b, unsigned c) {
    std::string name = "@llvm.nvvm.shfl.sync." + kind + ".i32";
    return mapped(mapKernel("declare i32 " + name + "(i32, i32, i32, i32)",
                            "  %y = call i32 " + name + "(i32 -1, i32 %x, i32 " + std::to_string(b) + ", i32 " + std::to_string(c) + ")", "i32"),
                  in);
  };
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(apply("up", 3, 0)[lane], 100 + (lane >= 3 ? lane - 3 : lane));
    EXPECT_EQ(apply("down", 3, 31)[lane], 100 + (lane + 3 < 32 ? lane + 3 : lane));
    EXPECT_EQ(apply("bfly", 5, 31)[lane], 100 + (lane ^ 5));
    EXPECT_EQ(apply("idx", 9, 31)[lane], 109u);
    EXPECT_EQ(apply("idx", 1, 0x181F)[lane], 100 + (lane & 24) + 1); // segments of 8 lanes
    EXPECT_EQ(apply("down", 1, 0x181F)[lane], 100 + (lane % 8 < 7 ? lane + 1 : lane));
    if (lane > 8)
      break;
  }
}

TEST(Operations, WarpReduction) {
  std::vector<uint32_t> in(32);
  for (unsigned i = 0; i < 32; ++i)
    in[i] = i - 7;
  auto apply = [&](const std::string &op) {
    return mapped(mapKernel("declare i32 @llvm.nvvm.redux.sync." + op + "(i32, i32)",
                            "  %y = call i32 @llvm.nvvm.redux.sync." + op + "(i32 %x, i32 -1)", "i32"),
                  in)[3];
  };
  EXPECT_EQ(apply("add"), 272u);
  EXPECT_EQ(apply("max"), 24u);
  EXPECT_EQ(apply("min"), static_cast<uint32_t>(-7));
  EXPECT_EQ(apply("umin"), 0u);
}

//===- Atomics ------------------------------------------------------------------------------------------------------------------------===//

std::string addKernel(const std::string &operation) {
  return "define ptx_kernel void @k(ptr addrspace(1) %out, float %x) {\n" + operation + "\n  ret void\n}\n";
}

TEST(Atomics, BlocksMayAdd) {
  for (const char *operation : {"  call void asm sideeffect \"red.global.add.f32 [$0], $1;\", \"l,f,~{memory}\"(ptr addrspace(1) %out, float %x)",
                                "  %o = atomicrmw fadd ptr addrspace(1) %out, float %x syncscope(\"device\") monotonic, align 4"}) {
    std::vector<float> out(1);
    Launch launch{{3, 1, 1}, {32, 1, 1}, 0, {Param::pointer(out.data()), Param::f32(0.5f)}, {}, 0, {}};
    launch.memory = {{out.data(), 4, true, std::nullopt}};
    expectClean(compiled(addKernel(operation)), launch, [&] { out[0] = 1; }, [&] { EXPECT_EQ(out[0], 49.0f); });
    launch.memory = {output(out)};
    expectHazard(compiled(addKernel(operation)), launch, HazardKind::GlobalUninitialised);
  }
}

TEST(Atomics, PlainAccessBesideThem) {
  std::vector<float> out(1);
  Launch launch{{1, 1, 1}, {32, 1, 1}, 0, {Param::pointer(out.data()), Param::f32(0.5f)}, {{out.data(), 4, true, std::nullopt}}, 0, {}};
  std::string text =
      addKernel("  %o = atomicrmw fadd ptr addrspace(1) %out, float %x monotonic, align 4\n  store float %x, ptr addrspace(1) %out, align 4");
  expectHazard(compiled(text), launch, HazardKind::GlobalRace);
}

//===- Address spaces and tables ------------------------------------------------------------------------------------------------------===//

TEST(Memory, TableIsReadOnlyAndBounded) {
  std::string text = "@table = internal addrspace(1) constant [3 x i32] [i32 5, i32 6, i32 7]\n" +
                     mapKernel("", "  %p = getelementptr i32, ptr addrspace(1) @table, i32 %x\n  %y = load i32, ptr addrspace(1) %p, align 4", "i32");
  EXPECT_EQ(mapped(text, std::vector<uint32_t>{2, 0, 1}), (std::vector<uint32_t>{7, 5, 6}));
  std::vector<uint32_t> in = {3}, out(1);
  Launch launch{{1, 1, 1}, {1, 1, 1}, 0, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
  expectHazard(compiled(text), launch, HazardKind::GlobalOutOfRange);
}

TEST(Memory, GenericPointersAndLocals) {
  std::string text = mapKernel("", R"(
  %local = alloca [4 x i32], align 4
  %i = and i32 %t, 3
  %pl = getelementptr i32, ptr %local, i32 %i
  store i32 %x, ptr %pl, align 4
  %at = mul i32 %t, 4
  %s = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %at
  %g = addrspacecast ptr addrspace(3) %s to ptr
  %big = icmp ugt i32 %t, 2
  %either = select i1 %big, ptr %pl, ptr %g
  store i32 9, ptr %either, align 4
  %y = load i32, ptr %either, align 4)",
                               "i32");
  std::vector<uint32_t> in(8), out(8);
  Launch launch{{1, 1, 1}, {8, 1, 1}, 12, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
  expectClean(compiled(text), launch, nullptr, [&] { EXPECT_EQ(out, std::vector<uint32_t>(8, 9)); });
  launch.sharedBytes = 8;
  expectHazard(compiled(text), launch, HazardKind::GlobalOutOfRange); // past the shared window a generic address is none of it
}

TEST(Memory, ShortSharedPointers) {
  // Address arithmetic in 32 bits, as the layout with short pointers makes it; also backwards.
  std::string text = mapKernel("", R"(
  %at = mul i32 %t, 4
  %base = ptrtoint ptr addrspace(3) @seqc_shared to i32
  %sum = add i32 %base, %at
  %p = inttoptr i32 %sum to ptr addrspace(3)
  store i32 %x, ptr addrspace(3) %p, align 4
  %beyond = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 4096
  %back = sub i32 %at, 4096
  %q = getelementptr i8, ptr addrspace(3) %beyond, i32 %back
  %y = load i32, ptr addrspace(3) %q, align 4)",
                               "i32");
  std::string module = replaced(gpuModule(text), "e-p6:32:32", "e-p3:32:32-p4:32:32-p5:32:32-p6:32:32-p7:32:32");
  llvm::Expected<Program> program = Program::compileText(module, "k");
  ASSERT_TRUE(!!program) << llvm::toString(program.takeError());
  std::vector<uint32_t> in = {4, 5, 6}, out(3);
  Launch launch{{1, 1, 1}, {3, 1, 1}, 12, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
  expectClean(*program, launch, nullptr, [&] { EXPECT_EQ(out, in); });
}

//===- What is refused ----------------------------------------------------------------------------------------------------------------===//

TEST(Refused, NamesWhatItDoesNotKnow) {
  auto has = [](const std::string &text, const char *part) { return testing::AssertionResult(text.find(part) != std::string::npos) << text; };
  EXPECT_TRUE(has(compileError(mapKernel("", "  %y = call float asm \"frob.f32 $0, $1;\", \"=f,f\"(float %x)")), "frob.f32"));
  EXPECT_TRUE(has(
      compileError(mapKernel("declare void @llvm.nvvm.fence.proxy.async()", "  call void @llvm.nvvm.fence.proxy.async()\n  %y = fadd float %x, 0.0")),
      "@llvm.nvvm.fence.proxy.async"));
  EXPECT_TRUE(has(compileError(mapKernel("declare float @other(float)", "  %y = call float @other(float %x)")), "@other"));
  EXPECT_TRUE(has(compileError("define void @k() {\n  ret void\n}\n"), "ptx_kernel"));
  EXPECT_TRUE(has(compileError("define ptx_kernel void @j() {\n  ret void\n}\n"), "@k"));
  EXPECT_TRUE(has(compileError("define ptx_kernel void @k(i8 %x) {\n  ret void\n}\n"), "i8"));
  EXPECT_TRUE(has(compileError("define ptx_kernel void @k() {\n  oops\n}\n"), "line "));
  EXPECT_TRUE(has(
      compileError(
          "@x = internal addrspace(3) global [4 x i8] undef\ndefine ptx_kernel void @k(i32 %i) {\n  %p = getelementptr i8, ptr addrspace(3) @x, i32 "
          "%i\n  store i8 0, ptr addrspace(3) %p\n  ret void\n}\n"),
      "@x"));
  llvm::Expected<Program> host = Program::compileText("target triple = \"x86_64-linux-gnu\"\ndefine ptx_kernel void @k() {\n  ret void\n}\n", "k");
  EXPECT_TRUE(has(llvm::toString(host.takeError()), "x86_64"));
}

TEST(Refused, LaunchesThatDoNotFit) {
  Program program = compiled("define ptx_kernel void @k(ptr addrspace(1) %p, i32 %n) \"nvvm.maxntid\"=\"64,1,1\" {\n  ret void\n}\n");
  std::vector<char> bytes(16);
  Launch good{{1, 1, 1}, {32, 1, 1}, 0, {Param::pointer(bytes.data()), Param::i32(1)}, {input(bytes)}, 0, {}};
  auto error = [&](std::function<void(Launch &)> change) {
    Launch launch = good;
    change(launch);
    llvm::Expected<Report> report = program.run(launch);
    return report ? "ran" : llvm::toString(report.takeError());
  };
  EXPECT_EQ(error([](Launch &) {}), "ran");
  EXPECT_EQ(error([](Launch &l) { l.params.pop_back(); }), "expects 2 parameters, but got 1");
  EXPECT_EQ(error([](Launch &l) { l.params[1] = Param::i64(1); }), "expects parameter 1 to be of kind i32, but got i64");
  EXPECT_EQ(error([](Launch &l) { l.block = {1025, 1, 1}; }), "expects 1 to 1024 threads in a block, but got 1025");
  EXPECT_EQ(error([](Launch &l) { l.block = {32, 2, 2}; }), "expects at most 64 threads in a block (nvvm.maxntid), but got 128");
  EXPECT_EQ(error([](Launch &l) { l.block = {32, 2, 1}; }), "ran");
  EXPECT_EQ(error([](Launch &l) { l.grid[2] = 0; }), "expects at least one block, but got none");
  EXPECT_EQ(error([](Launch &l) { l.blocks = {{1, 0, 0}}; }), "expects blocks to run inside the grid, but got 1 of 1");
  EXPECT_EQ(error([](Launch &l) { l.sharedBytes = 232449; }), "expects at most 232448 bytes of shared memory, but got 232449");
  EXPECT_EQ(error([](Launch &l) { l.memory.push_back(l.memory[0]); }), "expects memory regions that do not overlap, but got two that do");
  EXPECT_EQ(error([](Launch &l) { l.memory[0].initialised.emplace(3); }),
            "expects one bit of `initialised` for each of the 16 bytes of a region, but got 3");
}

} // namespace
