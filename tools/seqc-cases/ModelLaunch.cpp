// SPDX-License-Identifier: Apache-2.0
#include "ModelLaunch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace seqc::cases {

using interp::KernelArg;
using interp::Tensor;

namespace {
/// Memory of a pointer argument: 256-byte aligned, as the driver allocates it.
struct DeviceMemory {
  explicit DeviceMemory(const Tensor &t) : bytes(t.toBytes()), storage(bytes.size() + 256) {
    data = reinterpret_cast<char *>(alignTo(reinterpret_cast<uintptr_t>(storage.data()), 256));
    std::copy(bytes.begin(), bytes.end(), data);
  }
  std::vector<char> bytes, storage;
  char *data;
};
} // namespace

Error launchOnModel(const sim::Program &program, const GpuLaunch &info, tile::KernelOp kernel, ArrayRef<KernelArg> args, uint64_t seed) {
  interp::TileOptions options;
  Expected<std::vector<int64_t>> grid = interp::gridOf(kernel, args, options);
  if (!grid)
    return grid.takeError();
  sim::Launch l;
  for (auto [i, n] : enumerate(*grid)) {
    if (n <= 0)
      return Error::success();
    l.grid[i] = static_cast<uint32_t>(n);
  }
  l.block = {static_cast<uint32_t>(info.threads), 1, 1};
  l.sharedBytes = static_cast<uint32_t>(info.sharedBytes);
  l.seed = seed;
  std::vector<std::unique_ptr<DeviceMemory>> memories;
  for (auto [argument, value] : zip_equal(kernel.getBody().getArguments(), args)) {
    if (auto *tensor = std::get_if<Tensor *>(&value)) {
      memories.push_back(std::make_unique<DeviceMemory>(**tensor));
      l.params.push_back(sim::Param::pointer(memories.back()->data));
      sim::MemoryRegion region{memories.back()->data, memories.back()->bytes.size(), kernel.isWritten(argument.getArgNumber()), std::nullopt};
      if (region.bytes)
        l.memory.push_back(region);
      continue;
    }
    double number = std::get<double>(value);
    mlir::Type type = argument.getType();
    l.params.push_back(type.isIndex() || type.isInteger(64) ? sim::Param::i64(static_cast<int64_t>(number))
                       : type.isF32()                        ? sim::Param::f32(static_cast<float>(number))
                                                             : sim::Param::i32(static_cast<int32_t>(number)));
  }
  Expected<sim::Report> report = program.run(l);
  if (!report)
    return report.takeError();
  if (!report->hazards.empty()) {
    std::string text;
    raw_string_ostream os(text);
    os << kernel.getSymName() << ": " << report->hazards.front();
    return createStringError(text);
  }
  size_t next = 0;
  for (const KernelArg &value : args)
    if (auto *tensor = std::get_if<Tensor *>(&value)) {
      **tensor = Tensor::fromBytes((*tensor)->dtype, (*tensor)->shape, memories[next]->data);
      ++next;
    }
  return Error::success();
}

} // namespace seqc::cases
