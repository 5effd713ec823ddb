// SPDX-License-Identifier: Apache-2.0
// One launch of a kernel on the functional model: grid, block, values of the parameters, memory the kernel may touch.
#ifndef SEQC_SIM_LAUNCH_H
#define SEQC_SIM_LAUNCH_H

#include "llvm/ADT/BitVector.h"
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace seqc::sim {

using Extent = std::array<uint32_t, 3>; ///< x, y, z

/// Value of one kernel parameter; the kind must be the one of the kernel's signature.
struct Param {
  enum class Kind : uint8_t { Pointer, I32, I64, F32 };
  Kind kind;
  uint64_t bits;

  static Param pointer(const void *p);
  static Param i32(int32_t x);
  static Param i64(int64_t x);
  static Param f32(float x);
};

/// Bytes of global memory the kernel may touch; everything else is out of range. Regions of a launch do not overlap.
struct MemoryRegion {
  void *base = nullptr;
  size_t bytes = 0;
  bool writable = false;
  /// Per byte: holds a value before the launch. Absent: all do.
  std::optional<llvm::BitVector> initialised;
};

struct Launch {
  Extent grid = {1, 1, 1};
  Extent block = {1, 1, 1};  ///< at most 1024 threads
  uint32_t sharedBytes = 0;  ///< size of the external shared array, at most 227 KiB
  std::vector<Param> params; ///< in the order of the kernel's parameters
  std::vector<MemoryRegion> memory;
  uint64_t seed = 0;               ///< permutes the order of blocks and of threads between synchronising operations
  std::vector<Extent> blocks;      ///< the blocks to run; empty: all of the grid
  uint64_t loopLimit = 1ull << 28; ///< iterations of all loops and threads after which the launch is stopped
};

} // namespace seqc::sim

#endif // SEQC_SIM_LAUNCH_H
