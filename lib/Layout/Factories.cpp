// SPDX-License-Identifier: Apache-2.0
#include "seqc/Layout/Factories.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include <numeric>

using namespace seqc::layout;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::Twine;

static llvm::Error failure(const Twine &message) { return llvm::createStringError(llvm::inconvertibleErrorCode(), message); }

namespace {
/// A shape being dealt out to axes: every take uses up the fastest part of a dim that is left, takeSlow the slowest.
class Dealer {
public:
  explicit Dealer(ArrayRef<int64_t> shape) : builder(shape), left(shape.begin(), shape.end()), stride(shape.size(), 1) {}

  void take(Axis a, int d, int64_t n) {
    builder.add(a, n, stride[d], d);
    stride[d] *= n;
    left[d] /= n;
  }
  void takeSlow(Axis a, int d, int64_t n) {
    left[d] /= n;
    builder.add(a, n, stride[d] * left[d], d);
  }
  /// As much of dim `d` as divides `budget`, which shrinks.
  int64_t share(int d, int64_t budget) const { return std::gcd(left[d], budget); }
  int64_t remaining(int d) const { return left[d]; }

  MapBuilder builder;

private:
  Shape left, stride;
};
} // namespace

static int64_t vectorElements(int64_t extent, int elemBits, int maxVecBytes) {
  int64_t v = std::max<int64_t>(int64_t(maxVecBytes) * 8 / elemBits, 1);
  while (extent % v)
    v /= 2;
  return v;
}

static DigitMap coalesced(ArrayRef<int64_t> shape, int elemBits, int numWarps, int maxVecBytes, bool rowInWarp) {
  Dealer deal(shape);
  int rank = shape.size(), last = rank - 1;
  if (rank)
    deal.take(Axis::Reg, last, vectorElements(shape[last], elemBits, maxVecBytes));
  int64_t lanes = kWarpSize, warps = numWarps;
  for (int d = last; d >= (rowInWarp ? std::max(last, 0) : 0); --d) {
    int64_t n = deal.share(d, lanes);
    deal.take(Axis::Lane, d, n);
    lanes /= n;
  }
  deal.builder.addReplica(Axis::Lane, lanes);
  for (int d = 0; d < rank - (rowInWarp ? 1 : 0); ++d) {
    int64_t n = deal.share(d, warps);
    deal.takeSlow(Axis::Warp, d, n);
    warps /= n;
  }
  deal.builder.addReplica(Axis::Warp, warps);
  for (int d = last; d >= 0; --d)
    deal.take(Axis::Reg, d, deal.remaining(d));
  return deal.builder.buildExact();
}

DigitMap seqc::layout::blocked(ArrayRef<int64_t> shape, int elemBits, int numWarps, int maxVecBytes) {
  return coalesced(shape, elemBits, numWarps, maxVecBytes, /*rowInWarp=*/false);
}

DigitMap seqc::layout::rowPerWarp(ArrayRef<int64_t> shape, int elemBits, int numWarps, int maxVecBytes) {
  return coalesced(shape, elemBits, numWarps, maxVecBytes, /*rowInWarp=*/true);
}

Expected<DigitMap> seqc::layout::mmaAcc(ArrayRef<int64_t> shape, int numWarps) {
  if (shape.size() < 2)
    return failure("expects an accumulator of rank >= 2, but got rank " + Twine(shape.size()));
  int64_t left = numWarps;
  for (int64_t extent : shape.drop_back(2))
    left /= std::gcd(extent, left);
  WarpGrid grid;
  grid.m = std::gcd(shape[shape.size() - 2] / 16, left);
  grid.n = std::gcd(shape.back() / 8, left / grid.m);
  return mmaAcc(shape, numWarps, grid);
}

Expected<DigitMap> seqc::layout::mmaAcc(ArrayRef<int64_t> shape, int numWarps, WarpGrid grid) {
  int rank = shape.size(), m = rank - 2, n = rank - 1;
  if (rank < 2 || shape[m] % 16 || shape[n] % 8 || shape[m] < 1 || shape[n] < 1)
    return failure("expects an accumulator of 16 x 8 blocks, but got " +
                   (rank < 2 ? "rank " + Twine(rank) : Twine(shape[m]) + " x " + Twine(shape[n])));
  if (grid.m < 1 || grid.n < 1 || numWarps % (grid.m * grid.n) || shape[m] / 16 % grid.m || shape[n] / 8 % grid.n)
    return failure("expects a split that divides " + Twine(numWarps) + " warps and the blocks, but got " + Twine(grid.m) + " x " + Twine(grid.n));
  Dealer deal(shape);
  deal.take(Axis::Reg, n, 2);
  deal.take(Axis::Lane, n, 4);
  deal.take(Axis::Lane, m, 8);
  deal.take(Axis::Reg, m, 2);
  deal.take(Axis::Warp, m, grid.m);
  deal.takeSlow(Axis::Warp, n, grid.n);
  deal.take(Axis::Reg, n, deal.remaining(n));
  deal.take(Axis::Reg, m, deal.remaining(m));
  int64_t warps = numWarps / (grid.m * grid.n);
  for (int d = 0; d < m; ++d) {
    int64_t share = deal.share(d, warps);
    deal.takeSlow(Axis::Warp, d, share);
    warps /= share;
  }
  deal.builder.addReplica(Axis::Warp, warps);
  for (int d = m - 1; d >= 0; --d)
    deal.take(Axis::Reg, d, deal.remaining(d));
  return deal.builder.build();
}

DigitMap seqc::layout::wgmmaAcc(int64_t n, int warpsM) { return llvm::cantFail(mmaAcc({16 * int64_t(warpsM), n}, warpsM)); }

//===-- Fragments of A and B ------------------------------------------------------------------------------------------------------------------===//

namespace {
/// The parts of an m16n8 accumulator: lanes 4 along n and 8 along m, a register pair along n, the row halves along m.
struct AccParts {
  int m, n;
  Digits laneN, laneM; ///< 4 and 8 lanes
  Digit pairN, halfM;  ///< two registers each
  Digits regs;         ///< the other registers, fastest first
};
/// Contraction digits of an operand: 4 lanes, registers.
struct Contraction {
  int64_t extent;
  Digits lanes, regs;
};
} // namespace

/// Takes the first digit of dim `d`, 2 wide, out of `digits`.
static std::optional<Digit> takePair(Digits &digits, int d) {
  auto *it = llvm::find_if(digits, [&](const Digit &g) { return g.dim == d; });
  if (it == digits.end() || it->size % 2)
    return std::nullopt;
  Digit pair = {2, it->stride, it->dim};
  if (it->size == 2)
    digits.erase(it);
  else
    *it = {it->size / 2, it->stride * 2, it->dim};
  return pair;
}

static bool onlyDim(ArrayRef<Digit> digits, int d) {
  return llvm::all_of(digits, [&](const Digit &g) { return g.dim == d || g.isReplica(); });
}

static Expected<AccParts> accParts(const DigitMap &acc) {
  AccParts parts;
  parts.m = acc.rank() - 2;
  parts.n = acc.rank() - 1;
  parts.regs.assign(acc.digits(Axis::Reg).begin(), acc.digits(Axis::Reg).end());
  auto lanes = splitDigits(acc.digits(Axis::Lane), 4);
  auto pairN = takePair(parts.regs, parts.n), halfM = takePair(parts.regs, parts.m);
  if (acc.rank() < 2 || !lanes || !pairN || !halfM || !onlyDim(lanes->first, parts.n) || !onlyDim(lanes->second, parts.m))
    return failure("expects an accumulator of m16n8 form, but got " + acc.str());
  parts.laneN = lanes->first;
  parts.laneM = lanes->second;
  parts.pairN = *pairN;
  parts.halfM = *halfM;
  return parts;
}

static Expected<Contraction> naturalContraction(int64_t k, int elemBits) {
  if (elemBits != 8 && elemBits != 16 && elemBits != 32)
    return failure("expects operands of 8, 16 or 32 bits, but got " + Twine(elemBits));
  int32_t e = 32 / elemBits;
  if (k < 1 || k % (8 * e))
    return failure("expects a contraction of a multiple of " + Twine(8 * e) + ", but got " + Twine(k));
  // The dim is filled in by the user of the digits.
  return Contraction{k, {{4, e, 0}}, {{e, 1, 0}, {int32_t(k / (4 * e)), 4 * e, 0}}};
}

/// Lanes and registers of an operand along its contraction dim `d`.
static Expected<Contraction> contractionOf(const DigitMap &operand, int d) {
  Contraction k{operand.shape()[d], {}, {}};
  auto lanes = splitDigits(operand.digits(Axis::Lane), 4);
  if (!lanes || llvm::any_of(lanes->first, [&](const Digit &g) { return g.dim != d; }) ||
      llvm::any_of(lanes->second, [&](const Digit &g) { return g.dim == d; }))
    return failure("expects 4 lanes along the contraction, but got " + operand.str());
  k.lanes = lanes->first;
  for (const Digit &g : operand.digits(Axis::Reg))
    if (g.dim == d)
      k.regs.push_back(g);
  return k;
}

static void addWithDim(MapBuilder &b, Axis a, ArrayRef<Digit> digits, int d) {
  for (const Digit &g : digits)
    b.add(a, g.size, g.stride, g.isReplica() ? kReplica : d);
}

static Expected<DigitMap> operandA(const DigitMap &acc, const Contraction &k) {
  Expected<AccParts> parts = accParts(acc);
  if (!parts)
    return parts.takeError();
  Shape shape(acc.shape());
  shape[parts->n] = k.extent;
  MapBuilder b(shape);
  // The first pair of contraction registers comes before the row halves, as in an accumulator.
  Digits regs = k.regs;
  if (!regs.empty() && regs.front().stride != k.lanes.front().size * k.lanes.front().stride) {
    addWithDim(b, Axis::Reg, regs.front(), parts->n);
    regs.erase(regs.begin());
  }
  b.add(Axis::Reg, parts->halfM);
  addWithDim(b, Axis::Reg, regs, parts->n);
  for (const Digit &g : parts->regs)
    if (g.dim != parts->n)
      b.add(Axis::Reg, g);
  addWithDim(b, Axis::Lane, k.lanes, parts->n);
  for (const Digit &g : parts->laneM)
    b.add(Axis::Lane, g);
  for (const Digit &g : acc.digits(Axis::Warp))
    b.add(Axis::Warp, g.dim == parts->n ? replica(g.size) : g);
  return b.build();
}

static Expected<DigitMap> operandB(const DigitMap &acc, const Contraction &k, bool batched) {
  Expected<AccParts> parts = accParts(acc);
  if (!parts)
    return parts.takeError();
  int kDim = batched ? parts->m : 0, nDim = kDim + 1;
  Shape shape(acc.shape());
  shape[parts->m] = k.extent;
  if (!batched)
    shape.erase(shape.begin(), shape.begin() + parts->m);
  MapBuilder b(shape);
  addWithDim(b, Axis::Reg, k.regs, kDim);
  for (const Digit &g : parts->regs)
    if (g.dim == parts->n)
      b.add(Axis::Reg, g.size, g.stride, nDim);
    else if (g.dim < parts->m && batched)
      b.add(Axis::Reg, g);
  addWithDim(b, Axis::Lane, k.lanes, kDim);
  addWithDim(b, Axis::Lane, parts->pairN, nDim);
  addWithDim(b, Axis::Lane, parts->laneN, nDim);
  for (const Digit &g : acc.digits(Axis::Warp)) {
    if (g.dim == parts->n)
      b.add(Axis::Warp, g.size, g.stride, nDim);
    else
      b.add(Axis::Warp, g.dim == parts->m || !batched ? replica(g.size) : g);
  }
  return b.build();
}

Expected<DigitMap> seqc::layout::mmaA(const DigitMap &acc, int64_t k, int elemBits) {
  Expected<Contraction> c = naturalContraction(k, elemBits);
  return c ? operandA(acc, *c) : c.takeError();
}

Expected<DigitMap> seqc::layout::mmaB(const DigitMap &acc, int64_t k, int elemBits, bool batched) {
  Expected<Contraction> c = naturalContraction(k, elemBits);
  return c ? operandB(acc, *c, batched) : c.takeError();
}

Expected<DigitMap> seqc::layout::mmaBFor(const DigitMap &a, const DigitMap &acc, bool batched) {
  Expected<Contraction> c = contractionOf(a, a.rank() - 1);
  return c ? operandB(acc, *c, batched) : c.takeError();
}

Expected<DigitMap> seqc::layout::mmaAFor(const DigitMap &b, const DigitMap &acc) {
  Expected<Contraction> c = contractionOf(b, b.rank() - 2);
  return c ? operandA(acc, *c) : c.takeError();
}
