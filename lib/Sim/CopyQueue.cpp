// SPDX-License-Identifier: Apache-2.0
#include "CopyQueue.h"
#include "Machine.h"
#include <cstring>

namespace seqc::sim {

void CopyQueue::commit() {
  groups.push_back(std::move(open));
  open.clear();
}

static void land(Machine &machine, const Thread &thread, const Copy &copy) {
  Actor actor = machine.actor(thread, copy.site);
  char *to = machine.shared().land({actor, copy.destination, copy.bytes, copy.bytes, Mode::Write});
  memset(to, 0, copy.bytes);
  if (copy.sourceBytes)
    memcpy(to, machine.global().access({actor, copy.source, copy.sourceBytes, 1, Mode::Read}), copy.sourceBytes);
}

void CopyQueue::wait(Machine &machine, const Thread &thread, size_t pending) {
  for (; groups.size() > pending; groups.pop_front())
    for (const Copy &copy : groups.front())
      land(machine, thread, copy);
}

void CopyQueue::clear() {
  open.clear();
  groups.clear();
}

} // namespace seqc::sim
