// SPDX-License-Identifier: Apache-2.0
// Runs passes of LLVM on a module with the analyses that they need; what the targets share.
#ifndef SEQC_LIB_EMIT_LLVMPASSES_H
#define SEQC_LIB_EMIT_LLVMPASSES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace seqc {

/// `add` fills the list of passes.
llvm::Error runLlvmPasses(llvm::Module &module, llvm::TargetMachine &machine, const llvm::PipelineTuningOptions &tuning,
                          llvm::function_ref<llvm::Error(llvm::PassBuilder &, llvm::ModulePassManager &)> add);

} // namespace seqc

#endif // SEQC_LIB_EMIT_LLVMPASSES_H
