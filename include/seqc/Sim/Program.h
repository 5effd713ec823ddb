// SPDX-License-Identifier: Apache-2.0
// Functional model of an NVIDIA GPU: runs the optimised LLVM module of a kernel on the host, thread by thread, and reports hazards
// that a lucky order would hide. docs/spec/functional-model.md says what it sees and what it does not.
#ifndef SEQC_SIM_PROGRAM_H
#define SEQC_SIM_PROGRAM_H

#include "seqc/Sim/Launch.h"
#include "seqc/Sim/Report.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm {
class Module;
}

namespace seqc::sim {

/// A kernel compiled for the model; runs any number of launches.
class Program {
public:
  /// `module` has triple nvptx64-nvidia-cuda and defines the ptx_kernel function `entry`; it is not changed. Errors name intrinsics,
  /// asm texts, globals and calls that the model does not know.
  static llvm::Expected<Program> compile(const llvm::Module &module, llvm::StringRef entry);
  /// The same from LLVM assembly or bitcode.
  static llvm::Expected<Program> compileText(llvm::StringRef text, llvm::StringRef entry);

  /// Runs the launch in this thread. Hazards are in the report; errors are launches that do not fit the kernel.
  llvm::Expected<Report> run(const Launch &launch) const;

  Program(Program &&);
  Program &operator=(Program &&);
  ~Program();

private:
  struct Impl;
  explicit Program(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

/// Compiles and runs once.
llvm::Expected<Report> run(const llvm::Module &module, llvm::StringRef entry, const Launch &launch);

} // namespace seqc::sim

#endif // SEQC_SIM_PROGRAM_H
