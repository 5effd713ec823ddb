// SPDX-License-Identifier: Apache-2.0
// mma, ldmatrix and stmatrix against the fragment layouts of the PTX ISA, written out here element by element as the ISA does.
#include "Numeric.h"
#include "SimTest.h"
#include <random>

using namespace seqc::sim;
using namespace seqc::sim::test;

namespace {

constexpr unsigned lanes = 32;
struct Place {
  unsigned row, col;
};

// Element i of a lane with group g and thread-in-group t, as in the sections "Matrix fragments for mma".
Place aF16k16(unsigned g, unsigned t, unsigned i) { return {i == 0 || i == 1 || i == 4 || i == 5 ? g : g + 8, t * 2 + (i & 1) + (i >= 4 ? 8 : 0)}; }
Place bF16k16(unsigned g, unsigned t, unsigned i) { return {t * 2 + (i & 1) + (i >= 2 ? 8 : 0), g}; }
Place aF16k8(unsigned g, unsigned t, unsigned i) { return {i < 2 ? g : g + 8, t * 2 + (i & 1)}; }
Place bF16k8(unsigned g, unsigned t, unsigned i) { return {t * 2 + i, g}; }
Place aTf32k8(unsigned g, unsigned t, unsigned i) { return {i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4}; }
Place bTf32k8(unsigned g, unsigned t, unsigned i) { return {i == 0 ? t : t + 4, g}; }
Place aTf32k4(unsigned g, unsigned t, unsigned i) { return {i == 0 ? g : g + 8, t}; }
Place bTf32k4(unsigned g, unsigned t, unsigned) { return {t, g}; }
Place aS8k32(unsigned g, unsigned t, unsigned i) { return {i < 4 || (i >= 8 && i < 12) ? g : g + 8, t * 4 + (i & 3) + (i >= 8 ? 16 : 0)}; }
Place bS8k32(unsigned g, unsigned t, unsigned i) { return {t * 4 + (i & 3) + (i >= 4 ? 16 : 0), g}; }
Place aS8k16(unsigned g, unsigned t, unsigned i) { return {i < 4 ? g : g + 8, t * 4 + (i & 3)}; }
Place bS8k16(unsigned g, unsigned t, unsigned i) { return {t * 4 + i, g}; }
Place cAll(unsigned g, unsigned t, unsigned i) { return {i < 2 ? g : g + 8, t * 2 + (i & 1)}; }

enum class Element { F16, BF16, TF32, S8, U8, F32, S32 };
unsigned bitsOf(Element e) {
  return e == Element::F32 || e == Element::S32 || e == Element::TF32 ? 32 : e == Element::F16 || e == Element::BF16 ? 16 : 8;
}
uint32_t encode(Element e, double x) {
  switch (e) {
  case Element::F16:
    return floatToHalf(x);
  case Element::BF16:
    return floatToBfloat(x);
  case Element::TF32:
    return toBits(x) | 0x1ABC; // the low bits do not count
  case Element::F32:
    return toBits(x);
  case Element::S8:
  case Element::U8:
    return static_cast<uint32_t>(static_cast<int>(x)) & 0xFF;
  case Element::S32:
    return static_cast<uint32_t>(static_cast<int64_t>(x));
  }
  return 0;
}
double decode(Element e, uint32_t x) {
  return e == Element::F16 ? halfToFloat(x) : e == Element::F32 ? toFloat(x) : static_cast<double>(static_cast<int32_t>(x));
}

struct Shape {
  const char *intrinsic, *wordA, *wordC; // LLVM types of the registers
  unsigned k;
  Element a, b, c;
  Place (*placeA)(unsigned, unsigned, unsigned);
  Place (*placeB)(unsigned, unsigned, unsigned);
  double low, high; // of the values
};

std::string join(unsigned n, std::function<std::string(unsigned)> item) {
  std::string out;
  for (unsigned i = 0; i < n; ++i)
    out += (i ? ", " : "") + item(i);
  return out;
}

/// out registers = op(in registers), both stored as [lane][register].
std::string registerKernel(llvm::StringRef intrinsic, const std::vector<std::string> &in, const std::string &outType, unsigned outs) {
  std::string result = outs == 1 ? outType : "{ " + join(outs, [&](unsigned) { return outType; }) + " }";
  auto type = [&](unsigned i) { return in[i]; };
  std::string text =
      "declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()\ndeclare " + result + " @llvm." + intrinsic.str() + "(" + join(in.size(), type) + ")\n";
  text += "define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) {\n  %tid = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n";
  text += "  %lane = and i32 %tid, 31\n";
  text += "  %ib = mul i32 %lane, " + std::to_string(in.size()) + "\n  %ob = mul i32 %lane, " + std::to_string(outs) + "\n";
  for (unsigned i = 0; i < in.size(); ++i) {
    std::string n = std::to_string(i);
    text += "  %ii" + n + " = add i32 %ib, " + n + "\n  %ip" + n + " = getelementptr i32, ptr addrspace(1) %in, i32 %ii" + n + "\n  %i" + n +
            " = load " + in[i] + ", ptr addrspace(1) %ip" + n + ", align 4\n";
  }
  text += "  %r = call " + result + " @llvm." + intrinsic.str() + "(" +
          join(in.size(), [&](unsigned i) { return in[i] + " %i" + std::to_string(i); }) + ")\n";
  for (unsigned i = 0; i < outs; ++i) {
    std::string n = std::to_string(i);
    text += outs == 1 ? "  %r0 = bitcast " + outType + " %r to " + outType + "\n" : "  %r" + n + " = extractvalue " + result + " %r, " + n + "\n";
    text += "  %oi" + n + " = add i32 %ob, " + n + "\n  %op" + n + " = getelementptr i32, ptr addrspace(1) %out, i32 %oi" + n + "\n  store " +
            outType + " %r" + n + ", ptr addrspace(1) %op" + n + ", align 4\n";
  }
  return text + "  ret void\n}\n";
}

/// Puts the elements of a fragment into registers at words[lane * stride + offset ..].
void pack(std::vector<uint32_t> &words, unsigned stride, unsigned offset, unsigned registers, Element e, Place (*place)(unsigned, unsigned, unsigned),
          std::function<double(Place)> value) {
  unsigned per = 32 / bitsOf(e);
  for (unsigned lane = 0; lane < lanes; ++lane)
    for (unsigned i = 0; i < registers * per; ++i)
      words[lane * stride + offset + i / per] |= encode(e, value(place(lane / 4, lane % 4, i))) << i % per * bitsOf(e);
}

struct Mma : testing::TestWithParam<Shape> {};

TEST_P(Mma, IsAMatrixProduct) {
  const Shape &s = GetParam();
  unsigned registersA = 16 * s.k * bitsOf(s.a) / 32 / lanes, registersB = registersA / 2, registersC = 4 * bitsOf(s.c) / 32;
  unsigned stride = registersA + registersB + registersC;
  std::mt19937 random(s.k);
  std::uniform_int_distribution<int> values(s.low, s.high);
  std::vector<std::vector<double>> A(16, std::vector<double>(s.k)), B(s.k, std::vector<double>(8)), C(16, std::vector<double>(8));
  for (auto *m : {&A, &B, &C})
    for (auto &row : *m)
      for (double &x : row)
        x = values(random);
  std::vector<uint32_t> in(lanes * stride), out(lanes * registersC);
  pack(in, stride, 0, registersA, s.a, s.placeA, [&](Place p) { return A[p.row][p.col]; });
  pack(in, stride, registersA, registersB, s.b, s.placeB, [&](Place p) { return B[p.row][p.col]; });
  pack(in, stride, registersA + registersB, registersC, s.c, cAll, [&](Place p) { return C[p.row][p.col]; });
  std::vector<std::string> types(registersA + registersB, s.wordA);
  types.insert(types.end(), registersC, s.wordC);
  Launch launch{{1, 1, 1}, {lanes, 1, 1}, 0, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
  expectClean(
      compiled(registerKernel(s.intrinsic, types, s.wordC, registersC)), launch, [&] { std::fill(out.begin(), out.end(), 0); },
      [&] {
        for (unsigned lane = 0; lane < lanes; ++lane)
          for (unsigned i = 0; i < 4; ++i) {
            Place p = cAll(lane / 4, lane % 4, i);
            double want = C[p.row][p.col];
            for (unsigned k = 0; k < s.k; ++k)
              want += A[p.row][k] * B[k][p.col];
            unsigned per = 32 / bitsOf(s.c);
            uint32_t word = out[lane * registersC + i / per] >> i % per * bitsOf(s.c);
            ASSERT_EQ(decode(s.c, per == 2 ? word & 0xFFFF : word), want) << "row " << p.row << " column " << p.col;
          }
      });
}

constexpr const char *h2 = "<2 x half>";
INSTANTIATE_TEST_SUITE_P(
    Shapes, Mma,
    testing::Values(
        Shape{"nvvm.mma.m16n8k16.row.col.bf16", "i32", "float", 16, Element::BF16, Element::BF16, Element::F32, aF16k16, bF16k16, -100, 100},
        Shape{"nvvm.mma.m16n8k8.row.col.bf16", "i32", "float", 8, Element::BF16, Element::BF16, Element::F32, aF16k8, bF16k8, -100, 100},
        Shape{"nvvm.mma.m16n8k16.row.col.f32.f32", h2, "float", 16, Element::F16, Element::F16, Element::F32, aF16k16, bF16k16, -100, 100},
        Shape{"nvvm.mma.m16n8k8.row.col.f32.f32", h2, "float", 8, Element::F16, Element::F16, Element::F32, aF16k8, bF16k8, -100, 100},
        Shape{"nvvm.mma.m16n8k16.row.col.f16.f16", h2, h2, 16, Element::F16, Element::F16, Element::F16, aF16k16, bF16k16, -10, 10},
        Shape{"nvvm.mma.m16n8k8.row.col.f16.f16", h2, h2, 8, Element::F16, Element::F16, Element::F16, aF16k8, bF16k8, -10, 10},
        Shape{"nvvm.mma.m16n8k8.row.col.tf32", "i32", "float", 8, Element::TF32, Element::TF32, Element::F32, aTf32k8, bTf32k8, -500, 500},
        Shape{"nvvm.mma.m16n8k4.row.col.tf32", "i32", "float", 4, Element::TF32, Element::TF32, Element::F32, aTf32k4, bTf32k4, -500, 500},
        Shape{"nvvm.mma.m16n8k32.row.col.s8", "i32", "i32", 32, Element::S8, Element::S8, Element::S32, aS8k32, bS8k32, -128, 127},
        Shape{"nvvm.mma.m16n8k32.row.col.u8", "i32", "i32", 32, Element::U8, Element::U8, Element::S32, aS8k32, bS8k32, 0, 255},
        Shape{"nvvm.mma.m16n8k32.row.col.s8.u8", "i32", "i32", 32, Element::S8, Element::U8, Element::S32, aS8k32, bS8k32, 0, 127},
        Shape{"nvvm.mma.m16n8k16.row.col.s8", "i32", "i32", 16, Element::S8, Element::S8, Element::S32, aS8k16, bS8k16, -128, 127},
        Shape{"nvvm.mma.m16n8k16.row.col.u8", "i32", "i32", 16, Element::U8, Element::U8, Element::S32, aS8k16, bS8k16, 0, 255}),
    [](const testing::TestParamInfo<Shape> &info) {
      std::string name = info.param.intrinsic + 9;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(Mma, SignsDiffer) {
  // a = -1 as s8, 255 as u8
  std::vector<uint32_t> in(lanes * 10), out(lanes * 4);
  for (unsigned lane = 0; lane < lanes; ++lane)
    std::fill_n(in.begin() + lane * 10, 6, 0xFFFFFFFF);
  Launch launch{{1, 1, 1}, {lanes, 1, 1}, 0, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
  std::vector<std::string> types(10, "i32");
  for (auto [name, want] : {std::pair("s8", 32), std::pair("u8", 32 * 255 * 255), std::pair("s8.u8", -32 * 255), std::pair("u8.s8", -32 * 255)})
    expectClean(compiled(registerKernel(std::string("nvvm.mma.m16n8k32.row.col.") + name, types, "i32", 4)), launch, nullptr,
                [&, want = want] { EXPECT_EQ(static_cast<int32_t>(out[77]), want); });
}

TEST(Mma, ALaneIsMissing) {
  std::vector<uint32_t> in(lanes * 10), out(lanes * 4);
  Launch launch{{1, 1, 1}, {lanes - 1, 1, 1}, 0, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
  std::vector<std::string> types(6, "i32");
  types.insert(types.end(), 4, "float");
  expectHazard(compiled(registerKernel("nvvm.mma.m16n8k16.row.col.bf16", types, "float", 4)), launch, HazardKind::WarpMismatch);
}

//===- ldmatrix, stmatrix -------------------------------------------------------------------------------------------------------------===//

/// Every lane writes 16 bytes (its row) of shared memory, all take part in one ldmatrix of `count` matrices, registers go out.
std::string loadKernel(unsigned count, bool transpose) {
  std::string n = std::to_string(count), name = "@llvm.nvvm.ldmatrix.sync.aligned.m8n8.x" + n + (transpose ? ".trans" : "") + ".b16.p3";
  std::string type = count == 1 ? "i32" : "{ " + join(count, [](unsigned) { return "i32"; }) + " }";
  std::string text = "declare " + type + " " + name + R"((ptr addrspace(3))
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare void @llvm.nvvm.bar.warp.sync(i32)
define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) {
  %tid = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %at = mul i32 %tid, 16
  %from = getelementptr i8, ptr addrspace(1) %in, i32 %at
  %row = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %at
  %v = load <8 x half>, ptr addrspace(1) %from, align 16
  store <8 x half> %v, ptr addrspace(3) %row, align 16
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %r = call )" + type +
                     " " + name + R"((ptr addrspace(3) %row)
  %ob = mul i32 %tid, )" +
                     n + "\n";
  for (unsigned i = 0; i < count; ++i) {
    std::string k = std::to_string(i);
    text += count == 1 ? "  %r0 = add i32 %r, 0\n" : "  %r" + k + " = extractvalue " + type + " %r, " + k + "\n";
    text += "  %o" + k + " = add i32 %ob, " + k + "\n  %p" + k + " = getelementptr i32, ptr addrspace(1) %out, i32 %o" + k + "\n  store i32 %r" + k +
            ", ptr addrspace(1) %p" + k + ", align 4\n";
  }
  return text + "  ret void\n}\n";
}

TEST(LoadMatrix, PlainAndTransposed) {
  std::vector<uint16_t> in(lanes * 8);
  for (unsigned i = 0; i < in.size(); ++i)
    in[i] = 1000 + i;
  for (unsigned count : {1u, 2u, 4u})
    for (bool transpose : {false, true}) {
      std::vector<uint16_t> out(lanes * count * 2);
      Launch launch{{1, 1, 1}, {lanes, 1, 1}, 512, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
      expectClean(compiled(loadKernel(count, transpose)), launch, nullptr, [&] {
        for (unsigned lane = 0; lane < lanes; ++lane)
          for (unsigned m = 0; m < count; ++m)
            for (unsigned e = 0; e < 2; ++e) {
              unsigned row = lane / 4, col = lane % 4 * 2 + e;
              EXPECT_EQ(out[(lane * count + m) * 2 + e], in[(m * 8 + (transpose ? col : row)) * 8 + (transpose ? row : col)]);
            }
      });
    }
}

struct LoadMatrixHazard : testing::Test {
  std::vector<uint16_t> in = std::vector<uint16_t>(lanes * 8), out = std::vector<uint16_t>(lanes * 8);
  Launch launch{{1, 1, 1}, {lanes, 1, 1}, 512, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
};

TEST_F(LoadMatrixHazard, WithoutWarpBarrier) {
  // Lane l reads only the row that it wrote itself, so let it pass the address of the next one.
  std::string text = replaced(loadKernel(4, false), "call void @llvm.nvvm.bar.warp.sync(i32 -1)", R"(
  %next = xor i32 %at, 16
  %other = getelementptr i8, ptr addrspace(3) @seqc_shared, i32 %next)");
  expectHazard(compiled(replaced(text, "(ptr addrspace(3) %row)", "(ptr addrspace(3) %other)")), launch, HazardKind::SharedRace);
}

TEST_F(LoadMatrixHazard, MisalignedRow) {
  std::string text = replaced(loadKernel(1, false), "call void @llvm.nvvm.bar.warp.sync(i32 -1)", R"(
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %other = getelementptr i8, ptr addrspace(3) %row, i32 8)");
  expectHazard(compiled(replaced(text, "(ptr addrspace(3) %row)", "(ptr addrspace(3) %other)")), launch, HazardKind::Misaligned);
}

TEST_F(LoadMatrixHazard, RowOutOfRange) {
  launch.sharedBytes = 496;
  expectHazard(compiled(loadKernel(4, false)), launch, HazardKind::SharedOutOfRange);
}

TEST(StoreMatrix, GoesBackWhereLoadMatrixReads) {
  // Store what a load of the same kind delivered, to a second buffer; then every lane reads its row there.
  for (bool transpose : {false, true}) {
    std::string name = std::string("@llvm.nvvm.stmatrix.sync.aligned.m8n8.x4") + (transpose ? ".trans" : "") + ".b16.p3";
    std::string text = "declare void " + name + "(ptr addrspace(3), i32, i32, i32, i32)\n" + loadKernel(4, transpose);
    text = text.substr(0, text.find("  %ob = mul"));
    for (unsigned i = 0; i < 4; ++i)
      text += "  %r" + std::to_string(i) + " = extractvalue { i32, i32, i32, i32 } %r, " + std::to_string(i) + "\n";
    text += "  %to = getelementptr i8, ptr addrspace(3) %row, i32 512\n  call void " + name +
            R"((ptr addrspace(3) %to, i32 %r0, i32 %r1, i32 %r2, i32 %r3)
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %w = load <8 x half>, ptr addrspace(3) %to, align 16
  %p = getelementptr i8, ptr addrspace(1) %out, i32 %at
  store <8 x half> %w, ptr addrspace(1) %p, align 16
  ret void
}
)";
    std::vector<uint16_t> in(lanes * 8), out(lanes * 8);
    for (unsigned i = 0; i < in.size(); ++i)
      in[i] = 77 * i;
    Launch launch{{1, 1, 1}, {lanes, 1, 1}, 1024, {Param::pointer(in.data()), Param::pointer(out.data())}, {input(in), output(out)}, 0, {}};
    expectClean(compiled(text), launch, nullptr, [&] { EXPECT_EQ(in, out); });
  }
}

} // namespace
