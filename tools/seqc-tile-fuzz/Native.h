// SPDX-License-Identifier: Apache-2.0
// Compiles a block kernel for this machine and runs it on a program's arguments by the kernel ABI of docs/spec/package.md.
#ifndef SEQC_TOOLS_SEQC_TILE_FUZZ_NATIVE_H
#define SEQC_TOOLS_SEQC_TILE_FUZZ_NATIVE_H

#include "Generator.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace seqc::fuzz {

using TaskFunction = void (*)(const void *const *args, int64_t begin, int64_t end, void *scratch);

/// Runs all tasks in two ranges, the later one first, each with its own scratch full of NaN. Gives the outputs. Fails if anything but the
/// outputs was written: an input, the bytes around a buffer, the bytes behind the scratch.
llvm::Expected<std::vector<interp::Tensor>> runTasks(TaskFunction function, size_t scratchBytes, const Program &program);

} // namespace seqc::fuzz

#endif // SEQC_TOOLS_SEQC_TILE_FUZZ_NATIVE_H
