// SPDX-License-Identifier: Apache-2.0
// The asynchronous copies (cp.async) of one thread. They land as late as the rules allow: at the wait that asks for them.
#ifndef SEQC_LIB_SIM_COPYQUEUE_H
#define SEQC_LIB_SIM_COPYQUEUE_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace seqc::sim {

class Machine;
struct Thread;

struct Copy {
  uint64_t destination, source; ///< shared and global address
  uint32_t bytes, sourceBytes;  ///< the rest is filled with zeros
  uint32_t site;
};

class CopyQueue {
public:
  void issue(Copy copy) { open.push_back(copy); }
  void commit();
  /// Lands committed groups, oldest first, until at most `pending` are left.
  void wait(Machine &machine, const Thread &thread, size_t pending);
  void clear();

private:
  std::vector<Copy> open;
  std::deque<std::vector<Copy>> groups;
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_COPYQUEUE_H
