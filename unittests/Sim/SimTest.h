// SPDX-License-Identifier: Apache-2.0
// Kernels as LLVM IR text, and runs of them under several seeds.
#ifndef SEQC_UNITTESTS_SIM_SIMTEST_H
#define SEQC_UNITTESTS_SIM_SIMTEST_H

#include "seqc/Sim/Program.h"
#include "gtest/gtest.h"
#include <functional>

namespace seqc::sim::test {

/// A module of the target with the shared array and the given text.
std::string gpuModule(llvm::StringRef text);

/// `text` with `from`, which must occur, replaced by `to`.
std::string replaced(std::string text, llvm::StringRef from, llvm::StringRef to);

/// Compiles gpuModule(text); the kernel is @k. Fails the test on an error.
Program compiled(llvm::StringRef text);

/// The message of the error that compiling gives, or "compiled".
std::string compileError(llvm::StringRef text);

Report runOnce(const Program &program, const Launch &launch);

/// Runs `launch` with seeds 0 to 4, calling `prepare` before and `check` after each; expects no hazard.
void expectClean(const Program &program, Launch launch, std::function<void()> prepare = nullptr, std::function<void()> check = nullptr);

/// Runs with seeds 0 to 4; each must report `kind`. Returns the hazard of the last.
Hazard expectHazard(const Program &program, Launch launch, HazardKind kind);

template <typename T> MemoryRegion input(const std::vector<T> &v) { return {const_cast<T *>(v.data()), v.size() * sizeof(T), false, std::nullopt}; }
/// Writable; holds no values before the launch.
template <typename T> MemoryRegion output(std::vector<T> &v) {
  size_t bytes = v.size() * sizeof(T);
  return {v.data(), bytes, true, llvm::BitVector(bytes, false)};
}

} // namespace seqc::sim::test

#endif // SEQC_UNITTESTS_SIM_SIMTEST_H
