// SPDX-License-Identifier: Apache-2.0
#include "Machine.h"
#include "Ops.h"
#include "llvm/Support/SaveAndRestore.h"

namespace seqc::sim {

static constexpr unsigned numBarriers = 16;

static thread_local Machine *activeMachine;
Machine &Machine::active() { return *activeMachine; }

static uint32_t threadsOf(const Launch &launch) { return launch.block[0] * launch.block[1] * launch.block[2]; }

static std::vector<MemoryRegion> allRegions(const Image &image, const Launch &launch) {
  std::vector<MemoryRegion> all = launch.memory;
  all.insert(all.end(), image.tables.begin(), image.tables.end());
  return all;
}

Machine::Machine(const Image &image, const Launch &launch)
    : image(image), launch(launch), sharedMemory(launch.sharedBytes, hazardLog), regions(allRegions(image, launch)),
      globalMemory(regions, image.sites.size(), hazardLog), stacks(threadsOf(launch)), threads(threadsOf(launch)), randomState(launch.seed),
      executed(image.sites.size(), 0) {
  coordinates = launch.blocks;
  if (coordinates.empty())
    for (uint32_t z = 0; z < launch.grid[2]; ++z)
      for (uint32_t y = 0; y < launch.grid[1]; ++y)
        for (uint32_t x = 0; x < launch.grid[0]; ++x)
          coordinates.push_back({x, y, z});
  for (size_t i = coordinates.size(); i > 1; --i)
    std::swap(coordinates[i - 1], coordinates[random(i)]);
  for (const Param &param : launch.params)
    params.push_back(param.bits);
  for (uint32_t i = 0; i < threads.size(); ++i) {
    threads[i].index = i;
    threads[i].position = {i % launch.block[0], i / launch.block[0] % launch.block[1], i / launch.block[0] / launch.block[1]};
  }
}

/// splitmix64
uint64_t Machine::random(uint64_t below) {
  uint64_t z = randomState += 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return (z ^ (z >> 31)) % below;
}

Report Machine::run() {
  llvm::SaveAndRestore guard(activeMachine, this);
  for (block = 0; block < coordinates.size() && !stopped; ++block)
    runBlock();
  Report report;
  report.hazards = hazardLog.hazards(image.sites, coordinates);
  for (size_t site = 0; site < image.sites.size(); ++site)
    if (executed[site])
      counts.operations[image.sites[site].form->name.str()] += executed[site];
  report.counts = std::move(counts);
  report.written = globalMemory.takeWritten(launch.memory.size());
  return report;
}

void Machine::threadMain(void *machine) {
  auto *self = static_cast<Machine *>(machine);
  self->image.entry(self->params.data());
}

void Machine::runBlock() {
  clocks = std::make_unique<Clocks>(threads.size());
  sharedMemory.beginBlock(*clocks);
  globalMemory.beginBlock(*clocks);
  barriers.assign(numBarriers, {});
  ready.clear();
  abandoned = false;
  for (Thread &thread : threads) {
    thread.copies.clear();
    thread.fiber.start(stacks.low(thread.index), &Machine::threadMain, this);
    wake(thread);
  }
  size_t exited = 0;
  while (!ready.empty() && !abandoned) {
    std::swap(ready[random(ready.size())], ready.back());
    current = &threads[ready.back()];
    ready.pop_back();
    current->fiber.resume();
    if (current->fiber.ended()) {
      current->state = Thread::State::Exited;
      ++exited;
    }
  }
  if (!abandoned && exited < threads.size())
    reportStuck();
}

void Machine::wake(Thread &thread) {
  thread.state = Thread::State::Ready;
  ready.push_back(thread.index);
}

void Machine::wait(Thread &thread, Thread::State state, uint32_t site) {
  thread.state = state;
  thread.site = site;
}

void Machine::abandonBlock() {
  abandoned = true;
  current->fiber.suspend();
}

//===- Accesses -----------------------------------------------------------------------------------------------------------------------===//

Touch Machine::touch(uint64_t address, uint32_t site) const {
  const Site &s = image.sites[site];
  return {actor(*current, site), address, s.bytes, s.align, s.mode};
}

void Machine::count(Mode mode, uint64_t &reads, uint64_t &writes) {
  reads += mode != Mode::Write;
  writes += mode != Mode::Read;
}

char *Machine::sharedAccess(uint64_t address, uint32_t site) {
  count(image.sites[site].mode, counts.sharedReads, counts.sharedWrites);
  return sharedMemory.access(touch(address, site));
}

char *Machine::globalAccess(uint64_t address, uint32_t site) {
  count(image.sites[site].mode, counts.globalReads, counts.globalWrites);
  return globalMemory.access(touch(address, site));
}

char *Machine::genericAccess(char *address, uint32_t site) {
  if (stacks.contains(address))
    return address;
  if (sharedMemory.contains(address))
    return sharedAccess(sharedMemory.kernelAddress(address), site);
  return globalAccess(reinterpret_cast<uint64_t>(address), site);
}

void Machine::iteration(uint32_t site) {
  if (++iterations <= launch.loopLimit)
    return;
  hazardLog.sync(HazardKind::EndlessLoop, actor(*current, site), {});
  stopped = true;
  abandonBlock();
}

//===- Operations ---------------------------------------------------------------------------------------------------------------------===//

void Machine::operation(uint32_t site, const uint32_t *in, uint32_t *out) {
  const OpForm &form = *image.sites[site].form;
  Thread &thread = *current;
  if (form.lane) {
    ++executed[site];
    LaneCall call{*this, thread, site, in, out};
    form.lane(call);
    return;
  }
  thread.mask = form.maskWord == OpForm::allLanes ? wholeWarp : in[form.maskWord];
  thread.in = in;
  thread.out = out;
  wait(thread, Thread::State::AtWarpOp, site);
  arriveAtWarpOp(thread);
  if (thread.state != Thread::State::Ready)
    thread.fiber.suspend();
}

/// `other` waits in the operation that `thread` waits for.
bool Machine::isPartner(const Thread &thread, const Thread &other) const {
  const OpForm *form = image.sites[thread.site].form;
  return other.state == Thread::State::AtWarpOp && other.mask == thread.mask && image.sites[other.site].form == form &&
         (!form->aligned || other.site == thread.site);
}

void Machine::arriveAtWarpOp(Thread &thread) {
  uint32_t mask = thread.mask, first = thread.warp() * warpSize;
  if (!(mask >> thread.lane() & 1)) {
    hazardLog.sync(HazardKind::WarpMismatch, actor(thread, thread.site), {});
    abandonBlock();
  }
  for (unsigned l = 0; l < warpSize; ++l)
    if (mask >> l & 1 && (first + l >= threads.size() || !isPartner(thread, threads[first + l])))
      return; // not now; never, if this stays so until no thread can run
  const OpForm &form = *image.sites[thread.site].form;
  ++executed[thread.site];
  WarpCall call{*this, thread.site, mask, {}};
  for (unsigned l = 0; l < warpSize; ++l)
    call.lanes[l] = mask >> l & 1 ? &threads[first + l] : nullptr;
  form.warp(call);
  call.forLanes([&](unsigned, Thread &t) {
    if (&t == &thread)
      t.state = Thread::State::Ready; // goes on at once
    else
      wake(t);
  });
}

void Machine::barrier(Thread &thread, uint32_t site, uint32_t id, uint32_t count, bool aligned) {
  uint32_t wanted = count ? count : threads.size();
  bool isValid = id < numBarriers && (!count || (count % warpSize == 0 && count <= threads.size()));
  if (!isValid || (barriers[id].count && barriers[id].count != wanted)) {
    std::optional<uint32_t> otherSite;
    if (isValid)
      otherSite = threads[barriers[id].arrived.front()].site;
    hazardLog.sync(HazardKind::BarrierMismatch, actor(thread, site), isValid ? barriers[id].arrived : std::vector<uint32_t>(), otherSite);
    abandonBlock();
  }
  Barrier &b = barriers[id];
  b.count = wanted;
  for (uint32_t t : b.arrived)
    if (aligned && threads[t].warp() == thread.warp() && threads[t].site != site) {
      hazardLog.sync(HazardKind::BarrierDivergence, actor(thread, site), t, threads[t].site);
      break;
    }
  b.arrived.push_back(thread.index);
  thread.barrier = id;
  wait(thread, Thread::State::AtBarrier, site);
  if (b.arrived.size() < wanted)
    return thread.fiber.suspend();
  ++counts.barriers;
  clocks->join(b.arrived);
  for (uint32_t t : b.arrived)
    if (t != thread.index)
      wake(threads[t]);
  thread.state = Thread::State::Ready;
  b = {};
}

//===- Threads that wait for ever ----------------------------------------------------------------------------------------------------===//

void Machine::reportStuck() {
  for (const Thread &thread : threads)
    if (thread.state == Thread::State::AtWarpOp)
      reportStuckWarpOp(thread);
  for (uint32_t id = 0; id < numBarriers; ++id)
    if (!barriers[id].arrived.empty())
      reportStuckBarrier(id);
}

/// Names the lanes that do not take part, and what the first of them that still runs does instead.
void Machine::reportStuckWarpOp(const Thread &thread) {
  std::vector<uint32_t> missing;
  std::optional<uint32_t> otherSite;
  for (unsigned l = 0; l < warpSize; ++l) {
    uint32_t other = thread.warp() * warpSize + l;
    if (!(thread.mask >> l & 1) || (other < threads.size() && isPartner(thread, threads[other])))
      continue;
    missing.push_back(other);
    if (!otherSite && other < threads.size() && threads[other].state != Thread::State::Exited)
      otherSite = threads[other].site;
  }
  hazardLog.sync(HazardKind::WarpMismatch, actor(thread, thread.site), missing, otherSite);
}

void Machine::reportStuckBarrier(uint32_t id) {
  llvm::ArrayRef<uint32_t> arrived = barriers[id].arrived;
  const Thread &first = threads[arrived.front()];
  std::optional<uint32_t> otherSite;
  for (const Thread &thread : threads) {
    bool elsewhere = thread.state == Thread::State::AtWarpOp || (thread.state == Thread::State::AtBarrier && thread.barrier != id);
    if (!otherSite && elsewhere)
      otherSite = thread.site;
  }
  hazardLog.sync(HazardKind::BarrierIncomplete, actor(first, first.site), arrived.drop_front(), otherSite);
}

} // namespace seqc::sim
