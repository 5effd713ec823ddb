// SPDX-License-Identifier: Apache-2.0
// Coordinates of a thread's registers.
#include "KernelEmitter.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::DigitMap;

namespace seqc::gpu {

/// One digit of `index`: (index / below) % size; the modulo is left out at the top.
static Value digitOf(OpBuilder &b, Location loc, Value index, int64_t below, int64_t size, bool isTop) {
  auto constant = [&](int64_t n) { return arith::ConstantIntOp::create(b, loc, n, 32).getResult(); };
  if (below > 1)
    index = arith::DivUIOp::create(b, loc, index, constant(below));
  return isTop ? index : arith::RemUIOp::create(b, loc, index, constant(size)).getResult();
}

/// What lane or warp `index` adds to the coordinate of `dim`.
Value KernelEmitter::axisPart(const DigitMap &map, Axis axis, int dim, Value index) {
  Value sum;
  int64_t below = 1, total = map.size(axis);
  for (const layout::Digit &d : map.digits(axis)) {
    if (d.dim == dim) {
      Value part = digitOf(b, loc, index, below, d.size, below * d.size == total);
      if (d.stride != 1)
        part = arith::MulIOp::create(b, loc, part, i32(d.stride));
      sum = sum ? arith::AddIOp::create(b, loc, sum, part).getResult() : part;
    }
    below *= d.size;
  }
  return sum ? sum : i32(0);
}

/// i1: the first along `axes` of the threads that hold the same elements; none if there are no others.
Value KernelEmitter::ownerOf(const DigitMap &map, ArrayRef<Axis> axes) {
  Value owner;
  for (Axis axis : axes) {
    Value index = axis == Axis::Lane ? lane : warp;
    int64_t below = 1, total = map.size(axis);
    for (const layout::Digit &d : map.digits(axis)) {
      if (d.isReplica()) {
        Value digit = digitOf(b, loc, index, below, d.size, below * d.size == total);
        owner = andOf(owner, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, digit, i32(0)));
      }
      below *= d.size;
    }
  }
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
    dist.warpBase.push_back(axisPart(dist.map, Axis::Warp, d, warp));
    dist.base.push_back(arith::AddIOp::create(b, loc, axisPart(dist.map, Axis::Lane, d, lane), dist.warpBase.back()));
  }
  dist.owner = ownerOf(dist.map);
  return dist;
}

} // namespace seqc::gpu
