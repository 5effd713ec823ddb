// SPDX-License-Identifier: Apache-2.0
// Native code of CPU kernels: LLVM IR, optimised, and one shared object.
#ifndef SEQC_EMIT_CPUOBJECT_H
#define SEQC_EMIT_CPUOBJECT_H

#include "seqc/Conversion/CpuTarget.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace seqc {

/// Registers the translations that the functions below use.
void registerCpuTranslations(mlir::DialectRegistry &registry);

/// Features that code for `target` may use, of those that the runtime checks with cpuid; by LLVM's names, sorted.
std::vector<std::string> enabledFeatures(const CpuTarget &target);

/// The code generator for `target`, as it is for every object.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(const CpuTarget &target);

/// Path of ld.lld, if there is one.
std::optional<std::string> findLinker();

/// LLVM IR of a module in the LLVM dialect, optimised for `target`.
llvm::Expected<std::unique_ptr<llvm::Module>> emitLlvm(mlir::ModuleOp module, const CpuTarget &target, llvm::LLVMContext &context);

/// Shared object with the functions of `module`. It needs no other library; equal input gives equal bytes. Error: ld.lld is not installed
/// (E3002), or an undefined symbol is left (a bug in the lowering).
llvm::Expected<std::vector<char>> emitSharedObject(llvm::Module &module, const CpuTarget &target);

} // namespace seqc

#endif // SEQC_EMIT_CPUOBJECT_H
