// SPDX-License-Identifier: Apache-2.0
// Compiles a block kernel for this machine and runs it on a program's arguments by the kernel ABI of docs/spec/package.md.
#ifndef SEQC_TOOLS_SEQC_TILE_FUZZ_NATIVE_H
#define SEQC_TOOLS_SEQC_TILE_FUZZ_NATIVE_H

#include "Generator.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace seqc::fuzz {

using TaskFunction = void (*)(const void *const *args, int64_t begin, int64_t end, void *scratch);

/// A kernel compiled for this machine, as long as it lives.
class NativeKernel {
public:
  NativeKernel();
  ~NativeKernel();
  /// Error: the lowering refuses the kernel (the text is its diagnostic), or code generation fails.
  llvm::Error compile(mlir::ModuleOp module, llvm::StringRef name);
  TaskFunction function = nullptr;
  size_t scratchBytes = 0;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

/// Runs all tasks in two ranges, the later one first, each with its own scratch full of NaN. Gives the outputs. Fails if anything but the
/// outputs was written: an input, the bytes around a buffer, the bytes behind the scratch.
llvm::Expected<std::vector<interp::Tensor>> runTasks(TaskFunction function, size_t scratchBytes, const Program &program);

} // namespace seqc::fuzz

#endif // SEQC_TOOLS_SEQC_TILE_FUZZ_NATIVE_H
