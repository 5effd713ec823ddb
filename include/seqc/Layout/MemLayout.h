// SPDX-License-Identifier: Apache-2.0
// Tiles in shared memory: a digit map from element addresses to coordinates, and at most one byte-address transform on top.
#ifndef SEQC_LAYOUT_MEMLAYOUT_H
#define SEQC_LAYOUT_MEMLAYOUT_H

#include "seqc/Layout/DigitMap.h"

namespace seqc::layout {

/// Byte address -> byte address, relative to the start of the allocation (aligned to `period()`).
///   sw:  a ^ ((a >> 3) & m), m = 0x10, 0x30, 0x70 for sw32, sw64, sw128 (the forms that TMA and wgmma know)
///   xor: a ^ ((a >> shift) & (((1 << bits) - 1) << base))
///   pad: a + a / every * bytes
struct Transform {
  enum class Kind : uint8_t { None, Sw, Xor, Pad };
  Kind kind = Kind::None;
  int bits = 0, base = 0, shift = 0; ///< Sw and Xor
  int64_t every = 0, bytes = 0;      ///< Pad

  static Transform none() { return {}; }
  static Transform sw(int width); ///< 32, 64 or 128
  static Transform xorBits(int bits, int base, int shift) { return {Kind::Xor, bits, base, shift, 0, 0}; }
  static Transform pad(int64_t every, int64_t bytes) { return {Kind::Pad, 0, 0, 0, every, bytes}; }

  bool isXor() const { return kind == Kind::Sw || kind == Kind::Xor; }
  int64_t mask() const { return ((int64_t(1) << bits) - 1) << base; }
  int64_t period() const { return isXor() ? int64_t(1) << (base + shift + bits) : 1; } ///< an XOR maps every aligned block of that size to itself
  int64_t apply(int64_t byte) const;

  std::string str() const; ///< `sw128`, `xor<3, 4, 3>`, `pad<256, 16>`, or "" for none
  static llvm::Expected<Transform> parse(llvm::StringRef text);
  bool operator==(const Transform &o) const {
    return kind == o.kind && bits == o.bits && base == o.base && shift == o.shift && every == o.every && bytes == o.bytes;
  }
  bool operator!=(const Transform &o) const { return !(*this == o); }
};

struct MemLayout {
  DigitMap map; ///< addr digits count elements
  Transform transform;

  /// Fails where the transform is illegal for elements of that width: the address bits that an XOR reads, writes or passes over must belong to
  /// power-of-two digits, and a pad must start at a digit boundary.
  static llvm::Expected<MemLayout> get(DigitMap map, Transform transform, int elemBits);
  /// Row-major over `shape`, with dim order[0] fastest when an order is given.
  static MemLayout dense(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int> order = {});

  int64_t bytes(int elemBits) const; ///< size of the allocation
  /// Byte address of the element at address `elem` of the map. A slice adds its offset (in elements) to `elem` first.
  int64_t physical(int64_t elem, int elemBits) const { return transform.apply(elem * elemBits / 8); }
  int64_t physical(llvm::ArrayRef<int32_t> coord, int elemBits) const { return physical(map.locate(coord).addr, elemBits); }

  std::string str() const; ///< `addr [64:1@d1, 176:1@d0], sw128`
  bool operator==(const MemLayout &o) const { return map == o.map && transform == o.transform; }
  bool operator!=(const MemLayout &o) const { return !(*this == o); }
};

} // namespace seqc::layout

#endif // SEQC_LAYOUT_MEMLAYOUT_H
