// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/SharedPlan.h"
#include "PlanBuilder.h"
#include "SharedParts.h"
#include "seqc/Layout/Refinement.h"
#include "llvm/ADT/STLExtras.h"

using namespace seqc::layout;
using llvm::ArrayRef;

//===-- Address parts -------------------------------------------------------------------------------------------------------------------------===//

/// Cuts a part where its memory reaches `boundary`. False when the boundary falls inside a value.
static bool splitAt(const AddressPart &p, int64_t boundary, SharedParts::List &out) {
  int64_t below = p.bytes ? boundary / p.bytes : p.size;
  if (p.bytes >= boundary || below >= p.size) {
    out.push_back(p);
    return p.bytes < boundary || p.bytes % boundary == 0;
  }
  if (boundary % p.bytes || p.size % below)
    return false;
  out.push_back({p.axis, p.div, int32_t(below), p.bytes});
  out.push_back({p.axis, int32_t(p.div * below), int32_t(p.size / below), boundary});
  return true;
}

std::optional<SharedParts> SharedParts::get(const DigitMap &map, const MemLayout &memory, int elemBits, int64_t offsetElems) {
  std::optional<Pieces> pieces = refine(map, memory.map);
  if (!pieces)
    return std::nullopt;
  SharedParts s;
  s.transform = memory.transform;
  s.offset = offsetElems * elemBits / 8;
  bool pad = s.transform.kind == Transform::Kind::Pad;
  s.boundary = pad ? s.transform.every : s.transform.period();
  for (const Piece &p : *pieces) {
    AddressPart part = {p.fromAxis, p.fromWeight, p.size, int64_t(p.toWeight) * elemBits / 8};
    if (s.boundary == 1)
      s.parts.push_back(part);
    else if (!splitAt(part, s.boundary, s.parts))
      return std::nullopt;
  }
  // Below the boundary, digits and offset must add without a carry across it; under an XOR, without any carry.
  int64_t low = 0, bits = 0, lowOffset = s.offset % s.boundary;
  for (const AddressPart &p : s.parts) {
    if (p.bytes >= s.boundary)
      continue;
    low += p.bytes * (p.size - 1);
    for (int64_t b = p.bytes; b < p.bytes * p.size; b *= 2)
      bits |= b;
  }
  if (low + lowOffset >= s.boundary || (s.transform.isXor() && (bits & lowOffset)))
    return std::nullopt;
  if (pad) {
    for (AddressPart &p : s.parts)
      p.bytes = s.transform.apply(p.bytes);
    s.offset = s.transform.apply(s.offset);
    s.transform = Transform::none();
    s.boundary = 1;
  }
  return s;
}

int64_t SharedParts::maxVector(int64_t wanted) const { return transform.isXor() ? std::min<int64_t>(wanted, int64_t(1) << transform.base) : wanted; }

/// Address bits that values of the parts of an axis can set below the boundary, after the XOR.
static int64_t imageBits(ArrayRef<AddressPart> parts, const Transform &t, int64_t boundary) {
  int64_t bits = 0;
  for (const AddressPart &p : parts)
    if (p.axis != Axis::Reg && p.bytes < boundary)
      for (int64_t b = p.bytes; b < p.bytes * p.size; b *= 2)
        bits |= t.apply(b);
  return bits;
}

void SharedParts::fillBase(AccessPlan &plan) const {
  llvm::SmallVector<AddressPart, 16> thread;
  llvm::copy_if(parts, std::back_inserter(thread), [](const AddressPart &p) { return p.axis != Axis::Reg; });
  llvm::sort(thread, [](const AddressPart &x, const AddressPart &y) { return std::make_pair(x.axis, x.div) < std::make_pair(y.axis, y.div); });
  for (const AddressPart &p : thread) {
    if (!plan.base.empty()) {
      Term &last = plan.base.back();
      if (last.axis == p.axis && last.div * last.mod == p.div && last.mul * last.mod == p.bytes) {
        last.mod *= p.size;
        continue;
      }
    }
    plan.base.push_back({p.axis, p.div, p.size, p.bytes});
  }
  plan.baseTransform = transform;
}

void SharedParts::fillAccesses(AccessPlan &plan) const {
  int64_t baseBits = transform.isXor() ? imageBits(parts, transform, boundary) : 0;
  for (size_t i = 0; i < plan.regs.size(); i += plan.vecElems) {
    int64_t bytes = offset;
    for (const AddressPart &p : parts)
      if (p.axis == Axis::Reg)
        bytes += int64_t(plan.regs[i] / p.div % p.size) * p.bytes;
    int64_t moved = transform.apply(bytes), low = transform.isXor() ? moved % boundary : 0;
    plan.xorBytes.push_back(low & baseBits);
    plan.accessBytes.push_back(moved - (low & baseBits));
    plan.xorRegs |= (low & baseBits) != 0;
  }
  if (!plan.xorRegs)
    plan.xorBytes.clear();
}

//===-- Conflicts -----------------------------------------------------------------------------------------------------------------------------===//

int seqc::layout::wavefronts(ArrayRef<int64_t> laneBytes, int vecBytes) {
  constexpr int kBanks = 32, kWordBytes = 4;
  int lanesPerPhase = kBanks * kWordBytes / std::max(vecBytes, kWordBytes), total = 0;
  for (size_t first = 0; first < laneBytes.size(); first += lanesPerPhase) {
    llvm::SmallVector<int64_t, 64> words;
    for (int64_t at : laneBytes.slice(first, std::min<size_t>(lanesPerPhase, laneBytes.size() - first)))
      for (int64_t w = at / kWordBytes; w <= (at + vecBytes - 1) / kWordBytes; ++w)
        words.push_back(w);
    llvm::sort(words);
    words.erase(std::unique(words.begin(), words.end()), words.end());
    std::array<int, kBanks> perBank{};
    for (int64_t w : words)
      ++perBank[w % kBanks];
    total += *std::max_element(perBank.begin(), perBank.end());
  }
  return total;
}

void seqc::layout::countConflicts(AccessPlan &plan, int numLanes) {
  std::array<int64_t, kWarpSize> base, lanes;
  for (int l = 0; l < numLanes; ++l)
    base[l] = plan.baseBytes(l, 0);
  int phases = std::max(1, numLanes * plan.vecBytes / 128);
  for (int j = 0; j < plan.numAccesses(); ++j) {
    for (int l = 0; l < numLanes; ++l)
      lanes[l] = (base[l] ^ (plan.xorRegs ? plan.xorBytes[j] : 0)) + plan.accessBytes[j];
    int n = wavefronts(ArrayRef<int64_t>(lanes).take_front(numLanes), plan.vecBytes);
    plan.wavefronts += n;
    plan.bankConflict = std::max(plan.bankConflict, n - phases);
  }
}

//===-- Vectors of a thread -------------------------------------------------------------------------------------------------------------------===//

std::optional<AccessPlan> seqc::layout::planShared(const DigitMap &map, const MemLayout &memory, int elemBits, int64_t offsetElems, int maxVecBytes) {
  std::optional<SharedParts> shared = SharedParts::get(map, memory, elemBits, offsetElems);
  if (!shared)
    return std::nullopt;
  AccessPlan plan;
  PlanBuilder builder(elemBits);
  builder.keepAligned(16 | shared->offset);
  for (const AddressPart &p : shared->parts)
    if (p.axis == Axis::Reg)
      builder.parts.push_back({p.size, p.div, p.bytes});
    else
      builder.keepAligned(p.bytes);
  builder.chooseVector(plan, shared->maxVector(maxVecBytes));
  shared->fillBase(plan);
  shared->fillAccesses(plan);
  fillCoords(plan, map);
  countConflicts(plan, kWarpSize);
  return plan;
}

int seqc::layout::bankConflict(const DigitMap &map, const MemLayout &memory, int elemBits) {
  std::optional<AccessPlan> plan = planShared(map, memory, elemBits);
  return plan ? plan->bankConflict : -1;
}
