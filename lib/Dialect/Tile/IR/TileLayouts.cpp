// SPDX-License-Identifier: Apache-2.0
#include "seqc/Dialect/Tile/IR/TileLayouts.h"
#include "seqc/Layout/Factories.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::DigitMap;

namespace seqc::tile {

int kernelWarps(KernelOp kernel) {
  auto warps = kernel.getConfig().getValues().getAs<IntegerAttr>("warps");
  return warps ? static_cast<int>(warps.getInt()) : 4;
}

DistAttr distOf(MLIRContext *context, const DigitMap &map) {
  auto flat = [&](Axis axis) {
    SmallVector<int64_t> digits;
    for (const layout::Digit &d : map.digits(axis))
      digits.append({d.size, d.isReplica() ? 0 : d.stride, d.isReplica() ? -1 : d.dim});
    return digits;
  };
  return DistAttr::get(context, flat(Axis::Reg), flat(Axis::Lane), flat(Axis::Warp));
}

RankedTensorType withLayout(RankedTensorType type, const DigitMap &map) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), distOf(type.getContext(), map));
}

RankedTensorType withoutLayout(RankedTensorType type) { return RankedTensorType::get(type.getShape(), type.getElementType()); }

llvm::Expected<DigitMap> layoutOf(RankedTensorType type) {
  auto dist = dyn_cast_or_null<DistAttr>(type.getEncoding());
  if (!dist)
    return llvm::createStringError("a tile without layout");
  layout::MapBuilder builder(type.getShape());
  auto add = [&](Axis axis, ArrayRef<int64_t> digits) {
    for (size_t i = 0; i < digits.size(); i += 3)
      if (digits[i + 2] < 0)
        builder.addReplica(axis, digits[i]);
      else
        builder.add(axis, digits[i], digits[i + 1], static_cast<int>(digits[i + 2]));
  };
  add(Axis::Reg, dist.getReg());
  add(Axis::Lane, dist.getLane());
  add(Axis::Warp, dist.getWarp());
  return builder.build();
}

DigitMap knownLayoutOf(Value tile) {
  llvm::Expected<DigitMap> map = layoutOf(cast<RankedTensorType>(tile.getType()));
  assert(map && "the verifier accepts exact layouts only");
  return std::move(*map);
}

//===-- Dots --------------------------------------------------------------------===//

DigitMap accumulatorLayout(ArrayRef<int64_t> shape, int64_t elementBits, int numWarps) {
  int64_t m = shape[shape.size() - 2], n = shape.back();
  if (m % 16 == 0 && n % 8 == 0) {
    llvm::Expected<DigitMap> acc = layout::mmaAcc(shape, numWarps);
    if (acc)
      return std::move(*acc);
    llvm::consumeError(acc.takeError());
  }
  return layout::blocked(shape, static_cast<int>(elementBits), numWarps, static_cast<int>(elementBits / 8));
}

/// Lanes of an m16n8 accumulator: 4 along N in steps of 2, 8 along M.
static bool isMmaAccumulator(const DigitMap &acc) {
  int m = acc.rank() - 2, n = acc.rank() - 1;
  ArrayRef<layout::Digit> lane = acc.digits(Axis::Lane), reg = acc.digits(Axis::Reg);
  return lane.size() == 2 && lane[0] == layout::Digit{4, 2, static_cast<int8_t>(n)} && lane[1] == layout::Digit{8, 1, static_cast<int8_t>(m)} &&
         reg.size() >= 2 && reg[0] == layout::Digit{2, 1, static_cast<int8_t>(n)} && acc.shape()[m] % 16 == 0;
}

/// The rows of A: the accumulator without columns, every thread with all of k.
static DigitMap rowsOf(const DigitMap &acc, int64_t k) { return acc.dropDim(acc.rank() - 1).stack(acc.rank() - 1, k); }

static DigitMap columnsOf(const DigitMap &acc, int64_t k, bool isBatched) {
  DigitMap columns = acc.dropDim(acc.rank() - 2);
  for (int d = acc.rank() - 2; !isBatched && d-- > 0;)
    columns = columns.dropDim(d);
  return columns.stack(columns.rank() - 1, k);
}

DotLayouts dotLayouts(RankedTensorType a, RankedTensorType b, const DigitMap &acc) {
  Type element = a.getElementType();
  int64_t k = a.getShape().back();
  bool isBatched = b.getRank() == a.getRank();
  if ((element.isF16() || element.isBF16()) && isMmaAccumulator(acc) && k % 16 == 0) {
    llvm::Expected<DigitMap> fa = layout::mmaA(acc, k, 16), fb = layout::mmaB(acc, k, 16, isBatched);
    if (fa && fb)
      return {DotEngine::Mma, std::move(*fa), std::move(*fb)};
    llvm::consumeError(fa.takeError());
    llvm::consumeError(fb.takeError());
  }
  return {DotEngine::Fma, rowsOf(acc, k), columnsOf(acc, k, isBatched)};
}

bool holdsFragmentsOfA(const DigitMap &a, const DigitMap &acc) {
  if (!isMmaAccumulator(acc) || a.rank() != acc.rank() || a.shape().back() % 16 != 0)
    return false;
  int k = a.rank() - 1;
  ArrayRef<layout::Digit> lane = a.digits(Axis::Lane), reg = a.digits(Axis::Reg);
  bool isInstructionOrder = !lane.empty() && lane[0] == layout::Digit{4, 2, static_cast<int8_t>(k)} && !reg.empty() &&
                            reg[0] == layout::Digit{2, 1, static_cast<int8_t>(k)};
  bool staysInThread = llvm::none_of(a.digits(Axis::Warp), [&](const layout::Digit &d) { return d.dim == k; });
  return isInstructionOrder && staysInThread && a.dropDim(k) == acc.dropDim(k);
}

} // namespace seqc::tile
