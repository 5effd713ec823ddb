// SPDX-License-Identifier: Apache-2.0
// What code generation needs to move one tile between registers and memory: address terms of the thread, constant offsets of the registers,
// vector width. The address of access j of a thread is
//   start + sum of base terms (by lane and warp), then baseTransform on it, ^ xorBytes[j] where xorRegs, + accessBytes[j]
// (+ the terms and coordinates of dims with dynamic strides), and it moves registers regs[j * vecElems .. + vecElems).
#ifndef SEQC_LAYOUT_ACCESSPLAN_H
#define SEQC_LAYOUT_ACCESSPLAN_H

#include "seqc/Layout/MemLayout.h"

namespace seqc::layout {

/// (axis / div % mod) * mul, times the runtime stride (bytes) of dim `dynDim` where that is >= 0. The modulus may be left out where
/// div * mod is the size of the axis.
struct Term {
  Axis axis = Axis::Lane;
  int32_t div = 1, mod = 1;
  int64_t mul = 0;
  int dynDim = -1;
  int64_t value(const Loc &l) const { return int64_t(l.get(axis) / div % mod) * mul; } ///< without the runtime stride
};
using Terms = llvm::SmallVector<Term, 6>;

/// Coordinate `dim` of the thread (lane and warp part); the register part is coordinates(Axis::Reg, dim).
Terms coordinateTerms(const DigitMap &map, int dim);
/// One term per replica digit of lanes and warps: a thread owns its copy iff all of them are 0. Empty when every thread owns its elements.
Terms replicaTerms(const DigitMap &map);

inline constexpr int64_t kDynamic = INT64_MIN;

/// Memory of a tile in a strided view. Strides in bytes, kDynamic where known at run time only.
struct StridedMemory {
  Shape strideBytes;
  Shape strideAlign;      ///< a divisor (bytes) of every dynamic stride; empty: elements
  int64_t baseAlign = 16; ///< alignment (bytes) of the element at coordinate 0
  int maxVecBytes = 16;
};

struct AccessPlan {
  Terms base;
  Transform baseTransform; ///< shared memory: applies to the sum of the base terms
  int vecBytes = 0, vecElems = 1;
  std::vector<int32_t> regs;         ///< register of element i of access j: regs[j * vecElems + i]
  std::vector<int64_t> accessBytes;  ///< constant offset of every access (dims of static stride)
  std::vector<int32_t> accessCoords; ///< coordinate (register part) of the first element of access j: accessCoords[j * rank + dim]
  bool xorRegs = false;
  std::vector<int64_t> xorBytes; ///< per access, where xorRegs
  int sectorsPerRequest = 0;     ///< global: 32-byte sectors that the worst access of a warp touches
  int bankConflict = 0;          ///< shared: wavefronts of the worst access of a warp beyond the least possible
  int64_t wavefronts = 0;        ///< shared: wavefronts of all accesses of one warp

  int numAccesses() const { return accessBytes.size(); }
  int64_t baseBytes(int lane, int warp) const;           ///< transformed sum of the terms of static stride
  int64_t address(int access, int lane, int warp) const; ///< static strides only
};

AccessPlan planGlobal(const DigitMap &map, const StridedMemory &memory, int elemBits);

/// Row-major byte strides of a contiguous buffer.
StridedMemory contiguous(llvm::ArrayRef<int64_t> shape, int elemBits);

} // namespace seqc::layout

#endif // SEQC_LAYOUT_ACCESSPLAN_H
