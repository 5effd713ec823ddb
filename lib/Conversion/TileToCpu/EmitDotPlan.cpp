// SPDX-License-Identifier: Apache-2.0
#include "EmitDotPlan.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace seqc {

namespace {
constexpr int64_t kLineBytes = 64, kL1Sets = 64; // x86-64: 32 KB L1 data cache, 8 ways
constexpr int64_t kL1WaysForB = 4;               // of the 8; the rest is for A and C
constexpr int64_t kPanelDepth = 256;             // kc: a panel of 16 f32 columns is 16 KB, half of L1
constexpr int64_t kRowsWithoutReuse = 12;        // below, packing B costs about what it saves
constexpr int64_t kRowsInner = 4;                // up to here a transposed B is not worth packing
} // namespace

static std::optional<int64_t> known(OpFoldResult size) { return getConstantIntValue(size); }

static bool isOne(OpFoldResult size) { return known(size) == 1; }

static int64_t bytesOf(Type type) { return type.getIntOrFloatBitWidth() / 8; }

// Registers: mr * nv accumulators, nv vectors of B, one broadcast of A, one spare.
static void chooseMicroTile(DotPlan &plan, const CpuDot &dot, const CpuTarget &target) {
  int64_t registers = target.vectorBits == 512 ? 32 : 16;
  int64_t mrMax = target.vectorBits == 512 ? 14 : 6;
  int64_t vectorsInN = std::max<int64_t>(1, llvm::divideCeil(dot.n, plan.lanes));
  plan.nv = 2;
  plan.mr = std::clamp<int64_t>(dot.m, 1, mrMax);
  if (dot.m <= mrMax) // one strip of rows: widen the tile until the multiply-adds in flight hide their latency
    plan.nv = std::clamp<int64_t>((registers - 4) / plan.mr, 2, 8);
  if (vectorsInN == 1) {
    plan.nv = 1;
    plan.mr = std::clamp<int64_t>(dot.m, 1, registers / 2);
  }
  plan.nv = std::min(plan.nv, vectorsInN);
}

// Lines of B that fall into one L1 set while a panel is walked in place.
static bool panelFitsL1InPlace(const CpuDot &dot, int64_t kc) {
  std::optional<int64_t> row = known(dot.bRow);
  if (!row)
    return false;
  int64_t stride = std::abs(*row) * bytesOf(dot.bType);
  if (stride % (kLineBytes / 2) != 0) // vectors that straddle lines
    return false;
  int64_t sets = kL1Sets / std::gcd(kL1Sets, std::max<int64_t>(1, stride / kLineBytes));
  return llvm::divideCeil(kc, sets) <= kL1WaysForB;
}

static bool wantsPackedB(const CpuDot &dot, const DotPlan &plan) {
  if (!isOne(dot.bCol))
    return true;
  // Narrow elements are widened once here, or on each load when one strip of rows reads them once anyway; there are no
  // masked loads of them.
  if (dot.bType != dot.accType)
    return dot.m > plan.mr || dot.nValid || dot.n % plan.lanes != 0;
  return dot.m > std::max(kRowsWithoutReuse, plan.mr) && !panelFitsL1InPlace(dot, plan.kc);
}

static bool wantsPackedA(const CpuDot &dot, const DotPlan &plan) {
  if (dot.aType != dot.accType)
    return true;
  bool reused = dot.n > plan.nr();
  if (!isOne(dot.aCol) && reused)
    return true;
  // More row pointers than integer registers.
  return plan.mr > 8 && !known(dot.aRow) && reused;
}

static bool isInner(const CpuDot &dot, const DotPlan &plan) {
  return dot.m <= kRowsInner && isOne(dot.aCol) && isOne(dot.bRow) && !isOne(dot.bCol) && dot.k >= plan.lanes && isa<FloatType>(dot.accType);
}

static int64_t alignTo64(int64_t bytes) { return llvm::alignTo(bytes, kLineBytes); }

DotPlan planCpuDot(const CpuDot &dot, const CpuTarget &target) {
  DotPlan plan;
  int64_t accBytes = bytesOf(dot.accType);
  plan.lanes = target.lanes(accBytes * 8);
  plan.transposedA = false;
  plan.packB = false;
  plan.bytesA = plan.bytesB = 0;
  if (isInner(dot, plan)) {
    plan.kind = DotPlan::Kind::inner;
    plan.mr = 1, plan.nv = 1, plan.kc = dot.k;
    plan.packA = dot.aType != dot.accType;
  } else {
    chooseMicroTile(plan, dot, target);
    int64_t depth = kPanelDepth * 4 / accBytes, blocks = std::max<int64_t>(1, llvm::divideCeil(dot.k, depth));
    plan.kc = llvm::alignTo(std::max<int64_t>(1, llvm::divideCeil(dot.k, blocks)), 8);
    plan.packB = wantsPackedB(dot, plan);
    plan.packA = wantsPackedA(dot, plan);
    plan.transposedA = !isOne(dot.aCol) && isOne(dot.aRow);
  }
  plan.aStride = llvm::alignTo(plan.transposedA ? dot.m : plan.kc, plan.lanes);
  if (plan.packA)
    plan.bytesA = alignTo64((plan.transposedA ? plan.kc : dot.m) * plan.aStride * accBytes);
  if (plan.packB)
    plan.bytesB = alignTo64(plan.kc * plan.nr() * accBytes);
  return plan;
}

int64_t cpuDotScratchBytes(const CpuDot &dot, const CpuTarget &target) {
  DotPlan plan = planCpuDot(dot, target);
  return plan.bytesA + plan.bytesB;
}

} // namespace seqc
