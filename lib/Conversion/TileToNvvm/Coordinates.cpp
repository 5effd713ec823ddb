// SPDX-License-Identifier: Apache-2.0
// Coordinates of a thread's registers.
#include "KernelEmitter.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::DigitMap;

namespace seqc::gpu {

/// lane / div % mod, or warp / div % mod; the modulo is left out at the top of the axis.
Value KernelEmitter::digitOf(Axis axis, int32_t div, int32_t mod) {
  Value &digit = digits[{axis, div, mod}];
  if (digit)
    return digit;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryEnd);
  digit = axis == Axis::Lane ? lane : warp;
  if (div > 1)
    digit = arith::DivUIOp::create(b, loc, digit, i32(div));
  if (div * mod != (axis == Axis::Lane ? layout::kWarpSize : numWarps))
    digit = arith::RemUIOp::create(b, loc, digit, i32(mod));
  return digit;
}

/// The sum of the terms without runtime strides, i32.
Value KernelEmitter::sumOf(ArrayRef<layout::Term> terms) {
  Value sum;
  for (const layout::Term &t : terms) {
    if (!t.mul)
      continue;
    Value part = digitOf(t.axis, t.div, t.mod);
    if (t.mul != 1)
      part = arith::MulIOp::create(b, loc, part, i32(t.mul));
    sum = sum ? arith::AddIOp::create(b, loc, sum, part).getResult() : part;
  }
  return sum ? sum : i32(0);
}

/// i1: the first along `axes` of the threads that hold the same elements; none if there are no others.
Value KernelEmitter::ownerOf(const DigitMap &map, ArrayRef<Axis> axes) {
  Value owner;
  for (const layout::Term &t : layout::replicaTerms(map))
    if (llvm::is_contained(axes, t.axis))
      owner = andOf(owner, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, digitOf(t.axis, t.div, t.mod), i32(0)));
  return owner;
}

const Dist &KernelEmitter::distOf(RankedTensorType type) {
  std::unique_ptr<Dist> &slot = dists[{type.getEncoding(), tile::withoutLayout(type)}];
  if (slot)
    return *slot;
  slot = std::make_unique<Dist>();
  Dist &dist = *slot;
  dist.map = std::move(*tile::layoutOf(type));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryEnd);
  for (int d = 0; d < dist.map.rank(); ++d) {
    dist.coords.push_back(dist.map.coordinates(Axis::Reg, d));
    dist.base.push_back(sumOf(layout::coordinateTerms(dist.map, d)));
  }
  dist.owner = ownerOf(dist.map);
  return dist;
}

} // namespace seqc::gpu
