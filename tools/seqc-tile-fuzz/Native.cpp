// SPDX-License-Identifier: Apache-2.0
#include "Native.h"
#include <cstring>
#include <deque>

namespace seqc::fuzz {

namespace {
constexpr size_t kGuard = 256; // bytes on each side

/// Bytes with a guard of a fixed pattern on both sides; the payload is aligned to 64 bytes.
class Guarded {
public:
  explicit Guarded(size_t bytes) : bytes(bytes), storage(bytes + 2 * kGuard + 64, char(0xA5)) {
    auto address = reinterpret_cast<uintptr_t>(storage.data() + kGuard);
    payload = storage.data() + kGuard + (64 - address % 64) % 64;
  }
  char *data() { return payload; }
  bool isIntact() const {
    auto isPattern = [](char c) { return c == char(0xA5); };
    return std::all_of(storage.data(), static_cast<const char *>(payload), isPattern) &&
           std::all_of(static_cast<const char *>(payload) + bytes, storage.data() + storage.size(), isPattern);
  }

private:
  size_t bytes;
  std::vector<char> storage;
  char *payload;
};

std::vector<char> bytesOf(const Argument &a) {
  if (a.isPointer)
    return a.memory.toBytes();
  std::vector<char> bytes(8);
  auto i = static_cast<int64_t>(a.value);
  auto f = static_cast<float>(a.value);
  if (a.type == "index")
    std::memcpy(bytes.data(), &i, sizeof i);
  else
    std::memcpy(bytes.data(), &f, sizeof f);
  return bytes;
}
} // namespace

llvm::Expected<std::vector<interp::Tensor>> runTasks(TaskFunction function, size_t scratchBytes, const Program &program) {
  std::deque<Guarded> buffers;
  std::vector<const void *> args;
  for (const Argument &a : program.args) {
    std::vector<char> bytes = bytesOf(a);
    buffers.emplace_back(bytes.size());
    std::memcpy(buffers.back().data(), bytes.data(), bytes.size());
    args.push_back(buffers.back().data());
  }
  int64_t middle = program.tasks / 3;
  for (auto [begin, end] : {std::pair(middle, program.tasks), std::pair(int64_t(0), middle)}) {
    Guarded scratch(scratchBytes);
    std::memset(scratch.data(), 0xFF, scratchBytes);
    function(args.data(), begin, end, scratch.data());
    if (!scratch.isIntact())
      return llvm::createStringError("native code writes beyond its scratch");
  }
  std::vector<interp::Tensor> outputs;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Argument &a = program.args[i];
    if (!buffers[i].isIntact())
      return llvm::createStringError("native code writes outside of " + a.name);
    if (a.isOutput) {
      outputs.push_back(interp::Tensor::fromBytes(a.memory.dtype, a.memory.shape, buffers[i].data()));
      continue;
    }
    std::vector<char> bytes = bytesOf(a);
    if (std::memcmp(bytes.data(), buffers[i].data(), bytes.size()) != 0)
      return llvm::createStringError("native code changes " + a.name);
  }
  return outputs;
}

} // namespace seqc::fuzz
