// SPDX-License-Identifier: Apache-2.0
// Shared memory of the running block and global memory of the launch. An access is checked and answered with the host address to use; one
// that must not happen is logged and answered with scratch bytes, so that the kernel goes on.
#ifndef SEQC_LIB_SIM_MEMORY_H
#define SEQC_LIB_SIM_MEMORY_H

#include "HazardLog.h"

namespace seqc::sim {

/// Value of shared and global bytes that hold none: NaN in every float format.
inline constexpr uint8_t poisonByte = 0xFF;
/// The widest single access that the model takes.
inline constexpr uint32_t maxAccessBytes = 256;

class SharedMemory {
public:
  /// Shared addresses of the kernel begin here (not at 0, which would hide null pointers).
  static constexpr uint64_t window = 1024;

  SharedMemory(uint32_t bytes, HazardLog &log);
  /// Forgets contents and history; `clocks` are those of the next block and outlive it.
  void beginBlock(const Clocks &clocks);

  char *access(const Touch &touch);
  /// Destination of an asynchronous copy; false (and logged) if it must not happen. The bytes are poison until land().
  bool beginCopy(const Touch &touch);
  char *land(const Touch &touch);

  char *hostAddress(uint64_t address) { return data.data() + (address - window); }
  uint64_t kernelAddress(const void *host) const { return static_cast<const char *>(host) - data.data() + window; }
  bool contains(const void *host) const { return host >= data.data() && host < data.data() + data.size(); }

private:
  bool inRange(const Touch &touch);
  void note(const Shadow::Result &result, const Touch &touch);
  std::vector<char> data;
  HazardLog &log;
  const Clocks *clocks = nullptr;
  std::unique_ptr<Shadow> shadow;
};

class GlobalMemory {
public:
  GlobalMemory(llvm::ArrayRef<MemoryRegion> regions, size_t sites, HazardLog &log);
  void beginBlock(const Clocks &clocks) { this->clocks = &clocks; }

  char *access(const Touch &touch);
  /// Only alignment and range (the source of a copy, whose data is read when it lands); false and logged if they do not hold.
  bool check(const Touch &touch) { return place(touch) != nullptr; }
  std::vector<llvm::BitVector> takeWritten(size_t regionsOfLaunch);

private:
  struct Region {
    char *base;
    size_t bytes;
    bool writable;
    const llvm::BitVector *initialised; // null: all
    std::unique_ptr<Shadow> shadow;     // of writable regions
    llvm::BitVector written;
    bool holds(uint64_t address, uint32_t n) const {
      uint64_t offset = address - reinterpret_cast<uint64_t>(base);
      return offset < bytes && n <= bytes - offset;
    }
  };
  Region *find(const Touch &touch);
  Region *place(const Touch &touch);
  void checkRead(Region &region, const Touch &touch, size_t offset);
  void note(Region &region, const Shadow::Result &result, const Touch &touch, size_t offset);
  std::vector<Region> regions;
  std::vector<uint16_t> regionOfSite; // the one a site touched last
  HazardLog &log;
  const Clocks *clocks = nullptr;
};

/// Bytes to use in place of an access that must not happen; poison again at every call.
char *scratch();

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_MEMORY_H
