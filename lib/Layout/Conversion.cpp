// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/Conversion.h"
#include "seqc/Layout/Refinement.h"
#include "seqc/Layout/SharedPlan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace seqc::layout;
using llvm::ArrayRef;

llvm::StringRef seqc::layout::convKindName(ConvKind k) {
  static constexpr llvm::StringRef kNames[] = {"none", "rename", "shuffle", "smem"};
  return kNames[int(k)];
}

static int32_t sum(ArrayRef<Term> terms, int lane) {
  int64_t total = 0;
  for (const Term &t : terms)
    total += t.value({0, lane, 0, 0});
  return total;
}

int32_t ShuffleStep::source(int lane) const { return srcBase + sum(srcLane, lane); }
bool ShuffleStep::active(int lane) const { return sum(when, lane) == whenValue; }

static std::vector<int32_t> registerPermutation(const DigitMap &from, const DigitMap &to) {
  std::vector<int32_t> perm(to.size(Axis::Reg));
  for (size_t r = 0; r < perm.size(); ++r)
    perm[r] = from.locate(to.apply({int32_t(r)})).reg;
  return perm;
}

//===-- Shuffles ------------------------------------------------------------------------------------------------------------------------------===//

namespace {
/// Which register of which lane holds what a result register needs, as far as all result registers share it.
struct ShufflePlan {
  Terms srcLane;         ///< lane digits of the result that are lane digits of the source, and replicas of the source
  Pieces regToLane;      ///< register digits of the result, lane digits of the source
  Pieces regToReg;       ///< register digits of both
  Pieces laneToReg;      ///< lane digits of the result, register digits of the source: the source register depends on the lane
  int32_t registers = 1; ///< source registers per result register
};
} // namespace

static ShufflePlan planShuffles(const Pieces &pieces, const DigitMap &from) {
  ShufflePlan plan;
  for (const Piece &p : pieces) {
    if (p.toAxis == Axis::Lane && p.fromAxis == Axis::Lane)
      plan.srcLane.push_back({Axis::Lane, p.toWeight, p.size, p.fromWeight});
    else if (p.toAxis == Axis::Reg && p.fromAxis == Axis::Lane)
      plan.regToLane.push_back(p);
    else if (p.toAxis == Axis::Reg && p.fromAxis == Axis::Reg)
      plan.regToReg.push_back(p);
    else if (p.toAxis == Axis::Lane && p.fromAxis == Axis::Reg) {
      plan.laneToReg.push_back(p);
      plan.registers *= p.size;
    }
  }
  // Copies in several lanes: every lane reads the nearest, its own.
  int32_t weight = 1;
  for (const Digit &g : from.digits(Axis::Lane)) {
    if (g.isReplica())
      plan.srcLane.push_back({Axis::Lane, weight, g.size, weight});
    weight *= g.size;
  }
  return plan;
}

static void addSteps(const ShufflePlan &plan, int32_t toReg, std::vector<ShuffleStep> &steps) {
  ShuffleStep step;
  step.toReg = toReg;
  step.srcLane = plan.srcLane;
  for (const Piece &p : plan.regToLane)
    step.srcBase += toReg / p.toWeight % p.size * p.fromWeight;
  for (const Piece &p : plan.regToReg)
    step.fromReg += toReg / p.toWeight % p.size * p.fromWeight;
  int32_t mul = 1;
  for (const Piece &p : plan.laneToReg) {
    step.when.push_back({Axis::Lane, p.toWeight, p.size, mul});
    mul *= p.size;
  }
  int32_t fixedReg = step.fromReg;
  for (step.whenValue = 0; step.whenValue < plan.registers; ++step.whenValue) {
    step.fromReg = fixedReg;
    int32_t rest = step.whenValue;
    for (const Piece &p : plan.laneToReg) {
      step.fromReg += rest % p.size * p.fromWeight;
      rest /= p.size;
    }
    step.local = true;
    for (int lane = 0; lane < kWarpSize && step.local; ++lane)
      step.local = !step.active(lane) || step.source(lane) == lane;
    steps.push_back(step);
  }
}

//===-- Shared memory -------------------------------------------------------------------------------------------------------------------------===//

/// Wavefronts of moving the tile between registers and memory, the cheaper of vectors and matrix instructions; none without a plan.
static std::optional<int64_t> accessCost(const DigitMap &map, const MemLayout &memory, int elemBits) {
  std::optional<AccessPlan> plan = planShared(map, memory, elemBits);
  if (!plan)
    return std::nullopt;
  std::optional<MatrixOpPlan> matrix = matchMatrixOp(map, memory, elemBits);
  return matrix ? std::min(plan->wavefronts, matrix->access.wavefronts) : plan->wavefronts;
}

/// Transforms worth trying for rows of that many bytes.
static llvm::SmallVector<Transform, 12> transformsOf(int64_t rowBytes) {
  llvm::SmallVector<Transform, 12> out = {Transform::none(), Transform::sw(32), Transform::sw(64), Transform::sw(128)};
  if (llvm::isPowerOf2_64(rowBytes) && rowBytes > 128)
    out.push_back(Transform::xorBits(3, 4, int(llvm::Log2_64(rowBytes)) - 4));
  for (int64_t pad : {4, 8, 16})
    out.push_back(Transform::pad(rowBytes, pad));
  return out;
}

MemLayout seqc::layout::exchangeBuffer(const DigitMap &from, const DigitMap &to, int elemBits, int64_t *cost) {
  int rank = from.rank();
  MemLayout best = MemLayout::dense(from.shape());
  std::optional<std::pair<int64_t, int64_t>> bestScore;
  for (int fastest = rank - 1; fastest >= 0; --fastest) {
    llvm::SmallVector<int, 6> order = {fastest};
    for (int d = rank - 1; d >= 0; --d)
      if (d != fastest)
        order.push_back(d);
    DigitMap map = MemLayout::dense(from.shape(), order).map;
    for (const Transform &t : transformsOf(from.shape()[fastest] * elemBits / 8)) {
      llvm::Expected<MemLayout> memory = MemLayout::get(map, t, elemBits);
      if (!memory) {
        llvm::consumeError(memory.takeError());
        continue;
      }
      std::optional<int64_t> write = accessCost(from, *memory, elemBits), read = accessCost(to, *memory, elemBits);
      if (!write || !read)
        continue;
      std::pair<int64_t, int64_t> score = {*write + *read, memory->bytes(elemBits)};
      if (bestScore && *bestScore <= score)
        continue;
      bestScore = score;
      best = *memory;
    }
  }
  if (cost)
    *cost = bestScore ? bestScore->first : 0;
  return best;
}

Conversion seqc::layout::classify(const DigitMap &from, const DigitMap &to, int elemBits) {
  assert(from.shape() == to.shape() && !from.isMemory() && !to.isMemory() && "register layouts of one tile");
  Conversion c;
  if (from == to)
    return c;
  bool warps = from.digits(Axis::Warp) == to.digits(Axis::Warp);
  if (warps && from.digits(Axis::Lane) == to.digits(Axis::Lane)) {
    c.kind = ConvKind::Rename;
    c.regPerm = registerPermutation(from, to);
    return c;
  }
  c.via = exchangeBuffer(from, to, elemBits, &c.smemCost);
  std::optional<Pieces> pieces = warps ? refine(from, to) : std::nullopt;
  if (!pieces) {
    c.kind = ConvKind::Smem;
    c.cost = c.smemCost;
    return c;
  }
  c.kind = ConvKind::Shuffle;
  ShufflePlan plan = planShuffles(*pieces, from);
  for (int32_t r = 0; r < to.size(Axis::Reg); ++r)
    addSteps(plan, r, c.steps);
  c.cost = llvm::count_if(c.steps, [](const ShuffleStep &s) { return !s.local; });
  return c;
}
