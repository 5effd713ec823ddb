// SPDX-License-Identifier: Apache-2.0
// Maps that the layout laws are checked on.
#ifndef SEQC_UNITTESTS_LAYOUT_LAYOUTTESTING_H
#define SEQC_UNITTESTS_LAYOUT_LAYOUTTESTING_H

#include "seqc/Layout/DigitMap.h"
#include <random>
#include <vector>

namespace seqc::layout::test {

DigitMap parsed(llvm::StringRef text, std::optional<llvm::ArrayRef<int64_t>> shape = std::nullopt);

/// Register maps: those of the documents, factories over many shapes and warp counts, random ones.
const std::vector<DigitMap> &distMaps();
/// Maps of shared memory, among them random ones.
const std::vector<DigitMap> &memMaps();

/// Random exact map of a shape: its prime factors dealt to registers, 32 lanes and `warps` warps, or to addr.
DigitMap randomDist(std::mt19937 &rng, llvm::ArrayRef<int64_t> shape, int warps);
DigitMap randomMem(std::mt19937 &rng, llvm::ArrayRef<int64_t> shape);
/// Random shape of rank 1 to 4, at most `most` elements, factors 2, 3, 5, 11.
Shape randomShape(std::mt19937 &rng, int64_t most);

/// All locations of a map, as fn(Loc).
template <class Fn> void forLocations(const DigitMap &m, Fn fn) {
  Loc l;
  for (l.addr = 0; l.addr < m.size(Axis::Addr); ++l.addr)
    for (l.warp = 0; l.warp < m.size(Axis::Warp); ++l.warp)
      for (l.lane = 0; l.lane < m.size(Axis::Lane); ++l.lane)
        for (l.reg = 0; l.reg < m.size(Axis::Reg); ++l.reg)
          fn(l);
}

/// All coordinates of a shape in row-major order, as fn(Coord).
template <class Fn> void forCoords(llvm::ArrayRef<int64_t> shape, Fn fn) {
  Coord c(shape.size(), 0);
  for (;;) {
    fn(c);
    int d = int(shape.size()) - 1;
    while (d >= 0 && ++c[d] == shape[d])
      c[d--] = 0;
    if (d < 0)
      return;
  }
}

int64_t linear(llvm::ArrayRef<int32_t> coord, llvm::ArrayRef<int64_t> shape);

} // namespace seqc::layout::test

#endif // SEQC_UNITTESTS_LAYOUT_LAYOUTTESTING_H
