// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/AccessPlan.h"
#include "PlanBuilder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace seqc::layout;
using llvm::ArrayRef;

template <class Fn> static void forThreadDigits(const DigitMap &map, Fn fn) {
  for (Axis a : {Axis::Lane, Axis::Warp}) {
    int32_t weight = 1;
    for (const Digit &g : map.digits(a)) {
      fn(a, weight, g);
      weight *= g.size;
    }
  }
}

Terms seqc::layout::coordinateTerms(const DigitMap &map, int dim) {
  Terms terms;
  forThreadDigits(map, [&](Axis a, int32_t weight, const Digit &g) {
    if (g.dim == dim)
      terms.push_back({a, weight, g.size, g.stride});
  });
  return terms;
}

Terms seqc::layout::replicaTerms(const DigitMap &map) {
  Terms terms;
  forThreadDigits(map, [&](Axis a, int32_t weight, const Digit &g) {
    if (g.isReplica())
      terms.push_back({a, weight, g.size, 1});
  });
  return terms;
}

//===-- Vectors -------------------------------------------------------------------------------------------------------------------------------===//

static int64_t lowBit(int64_t v) { return v & -v; }

void PlanBuilder::chooseVector(AccessPlan &plan, int64_t maxVecBytes) {
  // Greedy along memory: a register part that starts where the vector ends continues it.
  int64_t reach = elemBytes;
  for (bool grown = true; grown && reach < maxVecBytes;) {
    grown = false;
    for (size_t i = 0; i < parts.size() && !grown; ++i) {
      RegPart &p = parts[i];
      if (p.inVector || p.bytes != reach)
        continue;
      int32_t n = std::min<int64_t>(lowBit(p.size), maxVecBytes / reach);
      if (n == 1)
        continue;
      RegPart rest = {p.size / n, p.weight * n, p.bytes * n};
      p.size = n;
      p.inVector = true;
      if (rest.size > 1)
        parts.push_back(rest);
      reach *= n;
      grown = true;
    }
  }
  for (const RegPart &p : parts)
    if (!p.inVector && p.bytes != kDynamic)
      alignment |= p.bytes;
  int64_t vec = alignment ? std::min(reach, std::max<int64_t>(lowBit(alignment), elemBytes)) : reach;
  plan.vecBytes = vec;
  plan.vecElems = vec / elemBytes;

  int64_t numRegs = 1;
  for (const RegPart &p : parts)
    numRegs *= p.size;
  // Position of a register in its vector, by the vector's own parts.
  llvm::SmallVector<int32_t, 16> inVector{0};
  llvm::SmallVector<RegPart, 8> vectorParts;
  llvm::copy_if(parts, std::back_inserter(vectorParts), [](const RegPart &p) { return p.inVector; });
  llvm::sort(vectorParts, [](const RegPart &x, const RegPart &y) { return x.bytes < y.bytes; });
  for (const RegPart &p : vectorParts) {
    size_t below = inVector.size();
    for (int32_t v = 1; v < p.size && int64_t(inVector.size()) < plan.vecElems; ++v)
      for (size_t i = 0; i < below; ++i)
        inVector.push_back(inVector[i] + v * p.weight);
  }
  inVector.resize(plan.vecElems);
  std::vector<bool> taken(numRegs, false);
  plan.regs.reserve(numRegs);
  for (int64_t r = 0; r < numRegs; ++r) {
    if (taken[r])
      continue;
    for (int32_t offset : inVector) {
      plan.regs.push_back(r + offset);
      taken[r + offset] = true;
    }
  }
}

void seqc::layout::fillCoords(AccessPlan &plan, const DigitMap &map) {
  int rank = map.rank(), count = plan.regs.size() / plan.vecElems;
  plan.accessCoords.assign(size_t(count) * rank, 0);
  for (int d = 0; d < rank; ++d) {
    std::vector<int32_t> coords = map.coordinates(Axis::Reg, d);
    for (int j = 0; j < count; ++j)
      plan.accessCoords[size_t(j) * rank + d] = coords[plan.regs[size_t(j) * plan.vecElems]];
  }
}

int64_t AccessPlan::baseBytes(int lane, int warp) const {
  int64_t sum = 0;
  for (const Term &t : base)
    sum += t.dynDim < 0 ? t.value({0, lane, warp, 0}) : 0;
  return baseTransform.apply(sum);
}

int64_t AccessPlan::address(int access, int lane, int warp) const {
  return (baseBytes(lane, warp) ^ (xorRegs ? xorBytes[access] : 0)) + accessBytes[access];
}

//===-- Global memory -------------------------------------------------------------------------------------------------------------------------===//

StridedMemory seqc::layout::contiguous(ArrayRef<int64_t> shape, int elemBits) {
  StridedMemory memory;
  for (int64_t s : rowMajorStrides(shape))
    memory.strideBytes.push_back(s * elemBits / 8);
  return memory;
}

/// Distinct 32-byte sectors of the worst access of warp 0; dims of dynamic stride count as far apart.
static int countSectors(const AccessPlan &plan, const DigitMap &map, const StridedMemory &memory) {
  Shape far(map.rank(), 0);
  for (int d = 0; d < map.rank(); ++d)
    far[d] = memory.strideBytes[d] == kDynamic ? int64_t(1) << 40 : memory.strideBytes[d];
  std::vector<int64_t> lanes = map.contributions(Axis::Lane, far);
  llvm::SmallVector<int64_t, 64> sectors;
  int worst = 0;
  // Offsets of accesses matter by their place in a sector only.
  llvm::SmallVector<bool, 32> seen(32, false);
  for (int64_t offset : plan.accessBytes) {
    int64_t phase = offset & 31;
    if (seen[phase])
      continue;
    seen[phase] = true;
    sectors.clear();
    for (int64_t lane : lanes)
      for (int64_t s = (lane + phase) >> 5; s <= (lane + phase + plan.vecBytes - 1) >> 5; ++s)
        sectors.push_back(s);
    llvm::sort(sectors);
    worst = std::max<int>(worst, std::unique(sectors.begin(), sectors.end()) - sectors.begin());
  }
  return worst;
}

AccessPlan seqc::layout::planGlobal(const DigitMap &map, const StridedMemory &memory, int elemBits) {
  assert(int(memory.strideBytes.size()) == map.rank() && elemBits >= 8 && "a stride per dim, elements of whole bytes");
  AccessPlan plan;
  PlanBuilder builder(elemBits);
  builder.keepAligned(memory.baseAlign);
  auto dynamic = [&](int d) { return memory.strideBytes[d] == kDynamic; };
  auto aligned = [&](int d) { return dynamic(d) ? (memory.strideAlign.empty() ? elemBits / 8 : memory.strideAlign[d]) : memory.strideBytes[d]; };
  forThreadDigits(map, [&](Axis a, int32_t weight, const Digit &g) {
    if (g.isReplica())
      return;
    bool dyn = dynamic(g.dim);
    plan.base.push_back({a, weight, g.size, dyn ? g.stride : g.stride * memory.strideBytes[g.dim], dyn ? g.dim : -1});
    builder.keepAligned(g.stride * aligned(g.dim));
  });
  int32_t weight = 1;
  for (const Digit &g : map.digits(Axis::Reg)) {
    bool dyn = dynamic(g.dim);
    builder.parts.push_back({g.size, weight, dyn ? kDynamic : g.stride * memory.strideBytes[g.dim]});
    if (dyn)
      builder.keepAligned(g.stride * aligned(g.dim));
    weight *= g.size;
  }
  builder.chooseVector(plan, memory.maxVecBytes);

  Shape fixed(map.rank(), 0);
  for (int d = 0; d < map.rank(); ++d)
    fixed[d] = dynamic(d) ? 0 : memory.strideBytes[d];
  std::vector<int64_t> regBytes = map.contributions(Axis::Reg, fixed);
  for (size_t i = 0; i < plan.regs.size(); i += plan.vecElems)
    plan.accessBytes.push_back(regBytes[plan.regs[i]]);
  fillCoords(plan, map);
  plan.sectorsPerRequest = countSectors(plan, map, memory);
  return plan;
}
