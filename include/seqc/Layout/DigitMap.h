// SPDX-License-Identifier: Apache-2.0
// Digit maps: one representation of where the elements of a tile live, in registers (axes reg, lane, warp) or in a buffer (axis addr).
//
// A location axis is a mixed-radix number, digits fastest first. A digit `size:stride@dK` adds value * stride to coordinate K; a digit
// `size:_` is a replica: it adds nothing (on addr: a hole). A map is exact when for every dim the digits that feed it, sorted by stride,
// have strides 1, s1, s1*s2, .. and sizes that multiply to the extent; exact maps are bijections up to replicas. All maps are exact.
#ifndef SEQC_LAYOUT_DIGITMAP_H
#define SEQC_LAYOUT_DIGITMAP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace seqc::layout {

enum class Axis : uint8_t { Reg, Lane, Warp, Addr };
inline constexpr int kNumAxes = 4;
inline constexpr int kReplica = -1;
inline constexpr int kWarpSize = 32;

struct Digit {
  int32_t size = 1, stride = 0; ///< stride in coordinates of `dim`; 0 for a replica
  int8_t dim = kReplica;
  bool isReplica() const { return dim == kReplica; }
  bool operator==(const Digit &o) const { return size == o.size && stride == o.stride && dim == o.dim; }
  bool operator!=(const Digit &o) const { return !(*this == o); }
};
inline Digit replica(int32_t size) { return {size, 0, kReplica}; }

struct Loc {
  int32_t reg = 0, lane = 0, warp = 0, addr = 0;
  int32_t get(Axis a) const { return a == Axis::Reg ? reg : a == Axis::Lane ? lane : a == Axis::Warp ? warp : addr; }
  bool operator==(const Loc &o) const { return reg == o.reg && lane == o.lane && warp == o.warp && addr == o.addr; }
};
using Coord = llvm::SmallVector<int32_t, 6>;
using Shape = llvm::SmallVector<int64_t, 6>;
using Digits = llvm::SmallVector<Digit, 6>;
using AxisDigits = std::pair<Axis, Digits>;

/// Immutable value in canonical form: adjacent digits that continue each other are merged, digits of size 1 dropped. Equal layouts are
/// equal values. A map has either addr digits or reg, lane (32 in all) and warp digits; register digits are never replicas.
class DigitMap {
public:
  DigitMap() = default; ///< rank 0, one location

  /// Fails unless the digits are exact for `shape`.
  static llvm::Expected<DigitMap> get(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<AxisDigits> axes);
  /// Text form `reg [2:1@d1, 22:8@d1], lane [4:2@d1, 8:1@d0], warp [4:_]`; axes without digits are left out.
  /// Without a shape the extents follow from the digits (rank: highest dim named + 1).
  static llvm::Expected<DigitMap> parse(llvm::StringRef text, std::optional<llvm::ArrayRef<int64_t>> shape = std::nullopt);
  /// The smallest shape of rank >= minRank that the digits can be exact for.
  static Shape impliedShape(llvm::ArrayRef<AxisDigits> axes, int minRank = 0);

  llvm::ArrayRef<int64_t> shape() const { return extents; }
  int rank() const { return extents.size(); }
  int64_t numElements() const;
  int32_t size(Axis a) const;
  llvm::ArrayRef<Digit> digits(Axis a) const { return axes[int(a)]; }
  int64_t replicas() const;       ///< locations per coordinate
  int32_t replicas(Axis a) const; ///< product of the replica digits of one axis
  bool isMemory() const { return !axes[int(Axis::Addr)].empty(); }

  Coord apply(Loc l) const;                        ///< location -> coordinate
  Loc locate(llvm::ArrayRef<int32_t> coord) const; ///< coordinate -> location, replica digits 0

  /// Row-major reshape. Splits digits where needed; fails where a digit would straddle two dims unevenly.
  llvm::Expected<DigitMap> reshape(llvm::ArrayRef<int64_t> newShape) const;
  DigitMap transpose(llvm::ArrayRef<int> perm) const; ///< dim i of the result is dim perm[i] of this
  /// Layout of a result reduced over `d` and known to all who took part: digits of `d` become replicas, register digits vanish.
  DigitMap dropDim(int d) const;
  /// New dim `d` of extent n as the slowest digit of axis `a` (Reg or Addr). stack(d, n, Reg).dropDim(d) is this again.
  DigitMap stack(int d, int64_t n, Axis a = Axis::Reg) const;
  /// New dim `d` of extent n that uses up replicas first (lanes, then warps), registers for the rest. spread(d, n).dropDim(d) is this again.
  DigitMap spread(int d, int64_t n) const;
  /// Elements [off, off + n) of dim `d`. Only register or addr digits may be cut; cut addr digits leave holes. The location of element 0 of
  /// the slice in this map is locate of the coordinate (0.., off, ..0); see sliceRegisters.
  llvm::Expected<DigitMap> slice(int d, int64_t off, int64_t n) const;

  /// Sum over dims of coordinate * dimStrides[dim], of every value of one axis. Maps are sums over axes, so the element at (reg, lane, warp)
  /// has the sum of three table entries.
  std::vector<int64_t> contributions(Axis a, llvm::ArrayRef<int64_t> dimStrides) const;
  std::vector<int32_t> coordinates(Axis a, int dim) const; ///< what every value of axis `a` adds to coordinate `dim`

  std::string str() const;
  void print(llvm::raw_ostream &os) const;
  bool operator==(const DigitMap &o) const;
  bool operator!=(const DigitMap &o) const { return !(*this == o); }
  friend llvm::hash_code hash_value(const DigitMap &m);

private:
  friend class MapBuilder;
  /// Canonicalises and checks; an empty message means exact.
  std::string finish();

  Shape extents;
  std::array<Digits, kNumAxes> axes;
};

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const DigitMap &m);
llvm::StringRef axisName(Axis a);

/// Collects digits, fastest first on each axis, and makes a map of them.
class MapBuilder {
public:
  explicit MapBuilder(llvm::ArrayRef<int64_t> shape) { map.extents.assign(shape.begin(), shape.end()); }
  MapBuilder &add(Axis a, int64_t size, int64_t stride, int dim);
  MapBuilder &add(Axis a, Digit d) { return add(a, d.size, d.stride, d.dim); }
  MapBuilder &addReplica(Axis a, int64_t size) { return add(a, size, 0, kReplica); }
  llvm::Expected<DigitMap> build() const;
  DigitMap buildExact() const; ///< asserts that the digits are exact

private:
  DigitMap map;
};

/// Element strides of a row-major buffer of that shape.
Shape rowMajorStrides(llvm::ArrayRef<int64_t> shape);
/// Digits whose sizes multiply to n, and the rest; splits the digit at the boundary. None when n does not fall on a possible split.
std::optional<std::pair<Digits, Digits>> splitDigits(llvm::ArrayRef<Digit> digits, int64_t n);
/// Register of `source` that holds register r of `part`, where part = source.slice(d, off, ..): one entry per register of `part`.
std::vector<int32_t> sliceRegisters(const DigitMap &source, const DigitMap &part, int d, int64_t off);

/// Calls fn(reg, lane, warp, offset) for every location, offset = sum of coordinate * dimStrides.
template <class Fn> void forEachElement(const DigitMap &m, llvm::ArrayRef<int64_t> dimStrides, Fn fn) {
  std::vector<int64_t> regs = m.contributions(Axis::Reg, dimStrides), lanes = m.contributions(Axis::Lane, dimStrides),
                       warps = m.contributions(Axis::Warp, dimStrides);
  for (size_t w = 0; w < warps.size(); ++w)
    for (size_t l = 0; l < lanes.size(); ++l)
      for (size_t r = 0; r < regs.size(); ++r)
        fn(int(r), int(l), int(w), regs[r] + lanes[l] + warps[w]);
}

} // namespace seqc::layout

#endif // SEQC_LAYOUT_DIGITMAP_H
