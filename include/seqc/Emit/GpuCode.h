// SPDX-License-Identifier: Apache-2.0
// Code of GPU kernels: LLVM IR for NVPTX, PTX text (in this process), cubin (by ptxas, the only other program).
#ifndef SEQC_EMIT_GPUCODE_H
#define SEQC_EMIT_GPUCODE_H

#include "seqc/Emit/PtxasTool.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <memory>
#include <string>
#include <vector>

namespace seqc {

/// A GPU that code is generated for.
struct GpuTarget {
  std::string arch = "sm_90a";
  std::string ptxVersion = "8.0"; ///< the lowest that carries the kernels
};

/// Registers the translations that the functions below use.
void registerGpuTranslations(mlir::DialectRegistry &registry);

/// LLVM IR of a module in the LLVM and NVVM dialects, optimised.
llvm::Expected<std::unique_ptr<llvm::Module>> emitGpuLlvm(mlir::ModuleOp module, const GpuTarget &target, llvm::LLVMContext &context);

/// PTX text. Equal input gives equal text.
llvm::Expected<std::string> emitPtx(llvm::Module &module, const GpuTarget &target);

/// What ptxas says about one kernel.
struct KernelResources {
  std::string kernel;
  unsigned registers = 0, stackBytes = 0, spillBytes = 0, staticSharedBytes = 0;
};
struct Cubin {
  std::vector<char> bytes;
  std::vector<KernelResources> kernels;
  std::vector<std::string> advisories; ///< messages C75xx: what ptxas serialised or patched
};

/// Assembles PTX. Error: ptxas cannot be run, or refuses the text (its words are in the message).
llvm::Expected<Cubin> assemble(llvm::StringRef ptx, const GpuTarget &target, const PtxasTool &ptxas);

} // namespace seqc

#endif // SEQC_EMIT_GPUCODE_H
