// SPDX-License-Identifier: Apache-2.0
// Runs the blocks of a launch: one fiber per thread, switching at synchronising operations only, in an order that the seed permutes.
#ifndef SEQC_LIB_SIM_MACHINE_H
#define SEQC_LIB_SIM_MACHINE_H

#include "CopyQueue.h"
#include "Fiber.h"
#include "Memory.h"

namespace seqc::sim {

inline constexpr unsigned warpSize = 32;
inline constexpr uint32_t wholeWarp = 0xFFFFFFFFu;

/// A compiled kernel. `entry` takes the parameters as 8-byte slots.
struct Image {
  void (*entry)(const uint64_t *params) = nullptr;
  std::vector<Site> sites;
  std::vector<MemoryRegion> tables; ///< global variables of the module
};

struct Thread {
  enum class State : uint8_t { Ready, AtWarpOp, AtBarrier, Exited };
  uint32_t index = 0; ///< linear in the block
  Extent position = {0, 0, 0};
  State state = State::Exited;
  uint32_t site = 0;            ///< where it waits
  uint32_t mask = 0;            ///< of its warp operation
  const uint32_t *in = nullptr; ///< operands of its warp operation
  uint32_t *out = nullptr;
  uint32_t barrier = 0;
  CopyQueue copies;
  Fiber fiber;

  unsigned lane() const { return index % warpSize; }
  unsigned warp() const { return index / warpSize; }
};

class Machine {
public:
  Machine(const Image &image, const Launch &launch);
  Report run();

  /// The machine that runs in this OS thread.
  static Machine &active();

  // What compiled code calls; the running fiber is the thread.
  char *sharedAccess(uint64_t address, uint32_t site);
  char *globalAccess(uint64_t address, uint32_t site);
  char *genericAccess(char *address, uint32_t site);
  void iteration(uint32_t site);
  void operation(uint32_t site, const uint32_t *in, uint32_t *out);

  // What operations use.
  SharedMemory &shared() { return sharedMemory; }
  GlobalMemory &global() { return globalMemory; }
  HazardLog &log() { return hazardLog; }
  const Launch &launchOf() const { return launch; }
  const Extent &blockPosition() const { return coordinates[block]; }
  Actor actor(const Thread &thread, uint32_t site) const { return {block, thread.index, site}; }
  void join(llvm::ArrayRef<uint32_t> threads) { clocks->join(threads); }
  /// The thread waits until `count` threads are at barrier `id`; count 0 is the whole block.
  void barrier(Thread &thread, uint32_t site, uint32_t id, uint32_t count, bool aligned);
  /// Ends the block: nothing more of it runs.
  void abandonBlock();

private:
  struct Barrier {
    uint32_t count = 0;
    std::vector<uint32_t> arrived;
  };
  void runBlock();
  static void threadMain(void *machine);
  void wait(Thread &thread, Thread::State state, uint32_t site);
  void wake(Thread &thread);
  void arriveAtWarpOp(Thread &thread);
  bool isPartner(const Thread &thread, const Thread &other) const;
  void reportStuck();
  void reportStuckWarpOp(const Thread &thread);
  void reportStuckBarrier(uint32_t id);
  uint64_t random(uint64_t below);
  Touch touch(uint64_t address, uint32_t site) const;
  void count(Mode mode, uint64_t &reads, uint64_t &writes);

  const Image &image;
  const Launch &launch;
  HazardLog hazardLog;
  SharedMemory sharedMemory;
  std::vector<MemoryRegion> regions;
  GlobalMemory globalMemory;
  StackPool stacks;
  std::vector<Thread> threads;
  std::vector<uint64_t> params;
  std::vector<Extent> coordinates; // of the blocks that run, in running order
  uint32_t block = 0;              // index into coordinates
  std::unique_ptr<Clocks> clocks;
  std::vector<uint32_t> ready;
  std::vector<Barrier> barriers;
  Thread *current = nullptr;
  bool abandoned = false, stopped = false;
  uint64_t iterations = 0;
  uint64_t randomState;
  Counts counts;
  std::vector<uint64_t> executed; // per site
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_MACHINE_H
