// SPDX-License-Identifier: Apache-2.0
// The levels that a case runs at, for the cases that share one graph.
#ifndef SEQC_TOOLS_SEQC_CASES_LEVELS_H
#define SEQC_TOOLS_SEQC_CASES_LEVELS_H

#include "GpuAssembly.h"
#include "seqc/Cases/Case.h"
#include "seqc/Interpreter/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace seqc::cases {

using Tensors = std::vector<interp::Tensor>;

/// A package compiled from a tile module and opened, in a temporary file that goes with it.
class CpuPackage {
public:
  static llvm::Expected<std::unique_ptr<CpuPackage>> build(mlir::ModuleOp tileModule, llvm::StringRef cpu, int threads);
  ~CpuPackage();
  /// Outputs, workspace and what lies around all buffers are filled with NaN before the call. Errors: a call that fails, writes outside of
  /// its outputs and workspace, changes an input, or gives other bits the second time.
  llvm::Expected<Tensors> call(const std::string &function, const Tensors &inputs) const;

private:
  CpuPackage() = default;
  struct State;
  std::unique_ptr<State> state;
};

/// Kernels of target sm_90a on the functional model of the GPU.
class GpuModel {
public:
  static llvm::Expected<std::unique_ptr<GpuModel>> build(mlir::ModuleOp tileModule);
  ~GpuModel();
  /// `seed` orders blocks and threads. Errors: hazards that the model sees.
  llvm::Expected<Tensors> call(const std::string &function, const Tensors &inputs, uint64_t seed) const;

private:
  GpuModel() = default;
  struct State;
  mlir::ModuleOp module;
  std::unique_ptr<State> state;
};

/// One graph at all levels; each level is made at its first use.
class GraphUnderTest {
public:
  GraphUnderTest(const Case &c, std::string cpu, int threads);

  /// Reference interpreter, nothing rounded.
  llvm::Expected<Tensors> truth(const Tensors &inputs);
  /// Kernels and host function in the tile interpreter.
  llvm::Expected<Tensors> tile(const Tensors &inputs, interp::Precision precision);
  /// Native code through the runtime.
  llvm::Expected<Tensors> native(const Tensors &inputs);
  /// GPU code on the functional model.
  llvm::Expected<Tensors> gpu(const Tensors &inputs, uint64_t seed);
  /// GPU code through the assembler.
  llvm::Error assemble(Assembler &assembler);

private:
  llvm::Error parse();
  llvm::Error lowerToTile(llvm::StringRef configs = "cpu");
  llvm::Error withMessages(llvm::Error error);

  std::string text, function, cpu, messages;
  int threads;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> graph, tileModule, gpuTileModule;
  std::unique_ptr<CpuPackage> package;
  std::unique_ptr<GpuModel> gpuModel;
  std::string tileFailure, gpuTileFailure, packageFailure, gpuFailure; ///< reported for every case, tried once
};

} // namespace seqc::cases

#endif // SEQC_TOOLS_SEQC_CASES_LEVELS_H
