// SPDX-License-Identifier: Apache-2.0
// Vector clocks of the threads of a block: which past action of one thread is ordered before the present of another.
#ifndef SEQC_LIB_SIM_CLOCKS_H
#define SEQC_LIB_SIM_CLOCKS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <memory>
#include <vector>

namespace seqc::sim {

class Clocks {
public:
  explicit Clocks(unsigned threads);

  /// Time of thread t; an action carries the time at which it happened.
  uint32_t now(unsigned t) const { return own[t]; }
  /// The action of thread w at `time` is ordered before what thread t does now.
  bool ordered(unsigned w, uint32_t time, unsigned t) const { return w == t || (*seen[t])[w] >= time; }
  /// A barrier among `threads`: everything they did is ordered before everything they will do.
  void join(llvm::ArrayRef<uint32_t> threads);

private:
  using Times = std::vector<uint32_t>;
  std::vector<uint32_t> own;                      // starts at 1
  std::vector<std::shared_ptr<const Times>> seen; // per thread: the last times of the others it is ordered after; shared after a barrier
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_CLOCKS_H
