// SPDX-License-Identifier: Apache-2.0
// The sub-commands of `seqc`. Each file registers its own options with its llvm::cl::SubCommand.
#ifndef SEQC_LIB_DRIVER_COMMANDS_H
#define SEQC_LIB_DRIVER_COMMANDS_H

#include "seqc/Driver/Driver.h"
#include "llvm/Support/CommandLine.h"

namespace seqc::driver {

llvm::cl::SubCommand &compileCommand();
llvm::Error runCompile();
/// --diagnostics=json was given to the command.
bool wantsJsonDiagnostics();
llvm::cl::SubCommand &runCommand();
llvm::Error runRun();
llvm::cl::SubCommand &inspectCommand();
llvm::Error runInspect();
llvm::cl::SubCommand &verifyCommand();
llvm::Error runVerify();
llvm::cl::SubCommand &benchCommand();
llvm::Error runBench();
llvm::cl::SubCommand &doctorCommand();
llvm::Error runDoctor();
llvm::cl::SubCommand &importCommand();
llvm::Error runImport();
llvm::cl::SubCommand &explainCommand();
llvm::Error runExplain();

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_COMMANDS_H
