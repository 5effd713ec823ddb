// SPDX-License-Identifier: Apache-2.0
#include "Clocks.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <algorithm>

namespace seqc::sim {

Clocks::Clocks(unsigned threads) : own(threads, 1), seen(threads, std::make_shared<const Times>(threads, 0)) {}

void Clocks::join(llvm::ArrayRef<uint32_t> threads) {
  auto joined = std::make_shared<Times>(*seen[threads.front()]);
  llvm::SmallPtrSet<const Times *, 8> done;
  done.insert(seen[threads.front()].get());
  for (uint32_t t : threads) {
    const Times *theirs = seen[t].get();
    if (done.insert(theirs).second)
      std::transform(joined->begin(), joined->end(), theirs->begin(), joined->begin(), [](uint32_t a, uint32_t b) { return std::max(a, b); });
  }
  for (uint32_t t : threads)
    (*joined)[t] = own[t]++;
  for (uint32_t t : threads)
    seen[t] = joined;
}

} // namespace seqc::sim
