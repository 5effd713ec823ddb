// SPDX-License-Identifier: Apache-2.0
// Which rows of a kernel's tiles are needed, and that code that leaves the others out gives the same results.
#include "CpuJit.h"
#include "lib/Conversion/TileToCpu/Bounds.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Parser/Parser.h"
#include "seqc/Conversion/TileToCpu.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace seqc;

namespace {

// y[i, :] = exp2(s[i, :] - max s[i, :]), s = x w; x: [M, 8], w: [8, 16], a tile of 32 rows; $OPS come before the store.
const char *const kKernel = R"(
!f = !tile.ptr<f32>
!X = !tile.view<?x8xf32, [8, 1]>
!Y = !tile.view<?x16xf32, [16, 1]>
!T = tensor<32x16xf32>
tile.kernel @k(%x: !f, %w: !f, %y: !f, %m: index, %n: index) level(block)
    grid { %c32 = arith.constant 32 : index  %g = arith.ceildivsi %m, %c32 : index  tile.grid_yield %g } {
  %c32 = arith.constant 32 : index
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tile.program_id 0
  %m0 = arith.muli %p, %c32 : index
  %vx = tile.view %x sizes [%m, 8] strides [8, 1] : !f -> !X
  %vw = tile.view %w sizes [8, 16] strides [16, 1] : !f -> !tile.view<8x16xf32, [16, 1]>
  %vy = tile.view %y sizes [%m, 16] strides [16, 1] : !f -> !Y
  %vn = tile.view %y sizes [%n, 16] strides [16, 1] : !f -> !Y
  %tx = tile.load %vx[%m0, 0] {pad = 0.0} : !X -> tensor<32x8xf32>
  %tw = tile.load %vw[0, 0] : !tile.view<8x16xf32, [16, 1]> -> tensor<8x16xf32>
  %zero = arith.constant dense<0.0> : !T
  %s = scf.for %i = %c0 to %c1 step %c1 iter_args(%acc = %zero) -> (!T) {
    %d = tile.dot %tx, %tw, %acc : tensor<32x8xf32>, tensor<8x16xf32>, !T -> !T
    scf.yield %d : !T
  }
  %max = tile.reduce %s {dims = [1], kind = max} : !T -> tensor<32xf32>
  %b = tile.broadcast %max {at = 1} : tensor<32xf32> -> !T
  %t = arith.subf %s, %b : !T
  %e = math.exp2 %t : !T
  $OPS
  tile.store %e, %vy[%m0, 0] : !T, !Y
}
)";

struct Parsed {
  CpuJit jit;
  tile::KernelOp kernel;
  explicit Parsed(StringRef ops = "") {
    jit.context.loadDialect<tile::TileDialect, cf::ControlFlowDialect>();
    std::string text = kKernel;
    text.replace(text.find("$OPS"), 4, ops.str());
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &jit.context);
    EXPECT_TRUE(module);
    kernel = *module->getOps<tile::KernelOp>().begin();
    kernel->remove();
    jit.module().push_back(kernel);
  }
  template <typename OpTy>
  cpu::Needs needsOf(unsigned skip = 0) {
    cpu::Bounds bounds(kernel);
    cpu::Needs result;
    kernel.getBody().walk([&](OpTy op) {
      if (skip-- == 0)
        result = bounds.of(op->getResult(0));
    });
    return result;
  }
};

TEST(CpuBounds, AStoreBoundsAllThatLeadsToIt) {
  Parsed p;
  Value m = p.kernel.getBody().getArgument(3);
  for (const cpu::Needs &needs : {p.needsOf<math::Exp2Op>(), p.needsOf<tile::ReduceOp>(), p.needsOf<tile::DotOp>(), p.needsOf<tile::LoadOp>(0)}) {
    ASSERT_FALSE(needs.empty());
    EXPECT_EQ(needs[0].kind, cpu::Need::bounded);
    EXPECT_EQ(needs[0].size, m);
  }
  // Sums over k read every column; the weights have no rows of their own.
  EXPECT_EQ(p.needsOf<tile::LoadOp>(0)[1].kind, cpu::Need::all);
  EXPECT_EQ(p.needsOf<tile::LoadOp>(1)[0].kind, cpu::Need::all);
}

TEST(CpuBounds, OtherUsersNeedAllRows) {
  // Another bound; a sum over the rows; a user that could trap on what is left in memory; bounds that are promised.
  for (StringRef ops : {"tile.store %e, %vn[%m0, 0] : !T, !Y",
                        "%r = tile.reduce %e {dims = [0], kind = add} : !T -> tensor<16xf32>\n"
                        "%rb = tile.broadcast %r {at = 0} : tensor<16xf32> -> tensor<1x16xf32>\n tile.store %rb, %vn[%m0, 0] : tensor<1x16xf32>, !Y",
                        "%i = arith.fptosi %e : !T to tensor<32x16xi32>\n %j = arith.divsi %i, %i : tensor<32x16xi32>\n"
                        "%k = arith.sitofp %j : tensor<32x16xi32> to !T\n tile.store %k, %vy[%m0, 0] : !T, !Y",
                        "tile.store %e, %vy[%m0, 0] {inbounds = [0]} : !T, !Y"}) {
    Parsed p(ops);
    EXPECT_EQ(p.needsOf<math::Exp2Op>()[0].kind, cpu::Need::all) << ops.str();
    EXPECT_EQ(p.needsOf<tile::DotOp>()[0].kind, cpu::Need::all) << ops.str();
  }
}

TEST(CpuBounds, ABoundInsideALoopIsNotUsed) {
  Parsed p("scf.for %i = %c0 to %c1 step %c1 {\n %mi = arith.addi %m0, %i : index\n tile.store %e, %vy[%mi, 0] : !T, !Y\n }");
  EXPECT_EQ(p.needsOf<math::Exp2Op>()[0].kind, cpu::Need::all);
}

TEST(CpuBounds, ResultsAreTheSame) {
  Parsed p;
  CpuTarget target = llvm::cantFail(CpuTarget::get("x86-64-v3"));
  FailureOr<int64_t> scratchBytes = convertTileToCpu(p.kernel, p.jit.module(), target);
  ASSERT_TRUE(succeeded(scratchBytes));
  p.kernel.erase();
  ASSERT_TRUE(p.jit.compile(target));
  auto run = reinterpret_cast<void (*)(const void *const *, int64_t, int64_t, void *)>(p.jit.lookup("k"));
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (int64_t m : {1, 2, 5, 6, 7, 31, 32, 33, 61}) {
    std::vector<float> x(m * 8), w(8 * 16), y(m * 16 + 64, 7.0f);
    for (auto *v : {&x, &w})
      for (float &value : *v)
        value = normal(random);
    void *scratch = std::aligned_alloc(64, *scratchBytes + 64);
    std::memset(scratch, 0xFF, *scratchBytes); // NaN: nothing left in memory may reach a result
    int64_t n = m;
    const void *args[] = {x.data(), w.data(), y.data(), &m, &n};
    run(args, 0, (m + 31) / 32, scratch);
    std::free(scratch);
    for (int64_t i = 0; i < m; ++i) {
      double s[16], most = -INFINITY;
      for (int64_t j = 0; j < 16; ++j) {
        s[j] = 0;
        for (int64_t k = 0; k < 8; ++k)
          s[j] += double(x[i * 8 + k]) * w[k * 16 + j];
        most = std::max(most, s[j]);
      }
      for (int64_t j = 0; j < 16; ++j)
        ASSERT_NEAR(y[i * 16 + j], std::exp2(s[j] - most), 1e-5) << m << " rows, at " << i << ", " << j;
    }
    for (size_t i = m * 16; i < y.size(); ++i)
      ASSERT_EQ(y[i], 7.0f);
  }
}

} // namespace
