// SPDX-License-Identifier: Apache-2.0
#include "LlvmPasses.h"

using namespace llvm;

namespace seqc {

Error runLlvmPasses(Module &module, TargetMachine &machine, const PipelineTuningOptions &tuning,
                    function_ref<Error(PassBuilder &, ModulePassManager &)> add) {
  LoopAnalysisManager lam;
  FunctionAnalysisManager fam;
  CGSCCAnalysisManager cgam;
  ModuleAnalysisManager mam;
  PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(mam);
  builder.registerCGSCCAnalyses(cgam);
  builder.registerFunctionAnalyses(fam);
  builder.registerLoopAnalyses(lam);
  builder.crossRegisterProxies(lam, fam, cgam, mam);
  ModulePassManager passes;
  if (Error e = add(builder, passes))
    return e;
  passes.run(module, mam);
  return Error::success();
}

} // namespace seqc
