// SPDX-License-Identifier: Apache-2.0
// Kernels through the assembler and, where there is one, the disassembler. No GPU is needed.
#ifndef SEQC_TOOLS_SEQC_CASES_GPUASSEMBLY_H
#define SEQC_TOOLS_SEQC_CASES_GPUASSEMBLY_H

#include "mlir/IR/BuiltinOps.h"
#include "seqc/Emit/GpuCode.h"
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace seqc::cases {

struct AssemblyStatistics {
  size_t kernels = 0, disassembled = 0;
  unsigned mostRegisters = 0;
  double slowestSeconds = 0; ///< ptxas on one kernel
  std::string slowest;
};

/// Assembles kernels one by one; several threads may call it. A kernel that two graphs have is assembled once.
class Assembler {
public:
  /// Error: there is no ptxas. Without a disassembler machine code is not looked at.
  static llvm::Expected<std::unique_ptr<Assembler>> create();
  /// Kernels of a tile module. Error: code that cannot be made or assembled, spills, stack, advisories C75xx, broken rules of machine code.
  llvm::Error check(mlir::ModuleOp tileModule);
  AssemblyStatistics statistics();

private:
  Assembler(PtxasTool ptxas, std::optional<std::string> nvdisasm) : ptxas(std::move(ptxas)), nvdisasm(std::move(nvdisasm)) {}
  llvm::Expected<std::string> assembleOne(mlir::ModuleOp code, const std::string &name);

  PtxasTool ptxas;
  std::optional<std::string> nvdisasm;
  std::mutex mutex;
  std::map<std::string, std::string> problems; ///< by kernel; empty: none, or it is being assembled
  AssemblyStatistics stats;
};

} // namespace seqc::cases

#endif // SEQC_TOOLS_SEQC_CASES_GPUASSEMBLY_H
