// SPDX-License-Identifier: Apache-2.0
// Cooperative threads of control on one OS thread: one per GPU thread.
#ifndef SEQC_LIB_SIM_FIBER_H
#define SEQC_LIB_SIM_FIBER_H

#include <cstddef>
#include <memory>

namespace seqc::sim {

/// Memory for the stacks of `count` fibers, each with an inaccessible page below it.
class StackPool {
public:
  explicit StackPool(unsigned count);
  ~StackPool();
  StackPool(const StackPool &) = delete;
  StackPool &operator=(const StackPool &) = delete;

  static constexpr size_t stackBytes = 128 * 1024;
  char *low(unsigned i) const { return memory + i * (stackBytes + guardBytes) + guardBytes; }
  bool contains(const void *p) const { return p >= memory && p < memory + total; }

private:
  char *memory;
  size_t total, guardBytes;
};

class Fiber {
public:
  using Main = void (*)(void *);
  Fiber();
  ~Fiber();

  /// The next resume() calls main(argument) on the stack that begins at `low`. A fiber that has not ended may be started anew: what it
  /// ran is forgotten.
  void start(char *low, Main main, void *argument);
  /// Runs the fiber until it suspends or its main returns. Called by the owner.
  void resume();
  /// Back to the owner. Called on the fiber.
  void suspend();
  bool ended() const { return isEnded; }

private:
  static void enter();
  struct Context;
  std::unique_ptr<Context> context;
  Main main = nullptr;
  void *argument = nullptr;
  bool isEnded = true;
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_FIBER_H
