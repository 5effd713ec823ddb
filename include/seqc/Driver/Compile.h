// SPDX-License-Identifier: Apache-2.0
// Compilation of a graph, phase by phase.
#ifndef SEQC_DRIVER_COMPILE_H
#define SEQC_DRIVER_COMPILE_H

#include "seqc/Driver/Driver.h"
#include "seqc/Emit/Manifest.h"
#include "seqc/Pipelines/Phases.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <vector>

namespace seqc::driver {

struct CompileOptions {
  Phase from = Phase::Seq, upTo = Phase::Package;
  std::string cpu = "x86-64-v3";
  std::string dumpDir;     ///< empty: no dumps
  std::string weightsPath; ///< empty: the file that `seq.weights` names, beside the model
  bool remarks = false, jsonDiagnostics = false, timing = false;
};

/// Result of the phases up to Object, in memory.
struct Compiled {
  mlir::OwningOpRef<mlir::ModuleOp> host; ///< Phase::Tile: kernels and planned host functions
  Manifest manifest;
  std::vector<char> library;              ///< shared object of all CPU kernels; empty if there are no kernels
};

/// Runs the passes from phase `from` to `to` (at most Tile) in place. Diagnostics go to the context's handlers; the error says which class of
/// problem it was.
llvm::Error lower(mlir::ModuleOp module, Phase from, Phase to);

/// Native code of the kernels of a module of phase Tile, and its manifest.
llvm::Expected<Compiled> compileKernels(mlir::OwningOpRef<mlir::ModuleOp> module, llvm::StringRef cpu);

/// Writes a package; weights are read from `weightsPath` (may be empty if the module has none).
llvm::Error writePackage(const Compiled &compiled, llvm::StringRef weightsPath, llvm::StringRef path);

/// seqc compile: file to file ("-" is standard output).
llvm::Error compileFile(llvm::StringRef input, llvm::StringRef output, const CompileOptions &options);

} // namespace seqc::driver

#endif // SEQC_DRIVER_COMPILE_H
