// SPDX-License-Identifier: Apache-2.0
// Compilation of a graph, phase by phase.
#ifndef SEQC_DRIVER_COMPILE_H
#define SEQC_DRIVER_COMPILE_H

#include "seqc/Driver/Driver.h"
#include "seqc/Emit/Manifest.h"
#include "seqc/Emit/Safetensors.h"
#include "seqc/Pipelines/TargetBackend.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace seqc::driver {

struct CompileOptions {
  Phase from = Phase::Seq, upTo = Phase::Package;
  std::vector<std::string> targets = {"cpu"};
  TargetOptions target;
  std::string dumpDir;     ///< empty: no dumps
  std::string weightsPath; ///< empty: the file that `seq.weights` names, beside the model
  std::string debugFail;   ///< name for failOnPurpose, after parsing
  bool remarks = false, jsonDiagnostics = false, timing = false;
};

/// What goes into a package, but the weights.
struct Compiled {
  Manifest manifest;
  std::vector<std::pair<std::string, std::string>> members; ///< code: path in the package, bytes
};

/// Runs the passes from phase `from` to `to` (at most Tile) in place; `configs` as TargetBackend::configs(). Diagnostics go to the context's
/// handlers; the error says which class of problem it was.
llvm::Error lower(mlir::ModuleOp module, Phase from, Phase to, llvm::StringRef configs = "cpu");

/// Code of the kernels of a module of phase Tile, and its manifest. The module is left as it is. Every phase of the target goes to `sink`; ends after
/// phase `last`.
llvm::Expected<Compiled> compileKernels(mlir::ModuleOp module, TargetBackend &target, Phase last, PhaseSink sink);
/// The same without watching.
llvm::Expected<Compiled> compileKernels(mlir::ModuleOp module, TargetBackend &target);

/// Adds what was compiled for another target from the same graph.
void merge(Compiled &into, Compiled other, llvm::StringRef target);

/// Writes a package; weights are read from `weightsPath` (may be empty if the module has none).
llvm::Error writePackage(const Compiled &compiled, llvm::StringRef weightsPath, llvm::StringRef path);

/// The same with weights in memory; `source` names where they are from in messages.
llvm::Error writePackage(const Compiled &compiled, llvm::ArrayRef<SafetensorsTensor> weights, llvm::StringRef source, llvm::StringRef path);

/// seqc compile: file to file ("-" is standard output).
llvm::Error compileFile(llvm::StringRef input, llvm::StringRef output, const CompileOptions &options);

} // namespace seqc::driver

#endif // SEQC_DRIVER_COMPILE_H
