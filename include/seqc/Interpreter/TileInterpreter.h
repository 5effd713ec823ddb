// SPDX-License-Identifier: Apache-2.0
// Interpreter of `block` kernels (whole tiles) and of host functions made of `tile.launch`.
#ifndef SEQC_INTERPRETER_TILEINTERPRETER_H
#define SEQC_INTERPRETER_TILEINTERPRETER_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "seqc/Interpreter/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include <functional>
#include <variant>

namespace seqc::interp {

/// One kernel argument: memory for a pointer, a number for an index or a scalar.
using KernelArg = std::variant<Tensor *, double>;

struct TileOptions {
  Precision precision = Precision::Typed;
  llvm::StringMap<Tensor> weights;
  int64_t sms = 2; ///< value of tile.num_sms
  /// Runs the launches of host functions in place of runKernel: code of a target, for example.
  std::function<llvm::Error(tile::KernelOp, llvm::ArrayRef<KernelArg>)> launcher;
};

/// Extents of the grid, x first.
llvm::Expected<std::vector<int64_t>> gridOf(tile::KernelOp kernel, llvm::ArrayRef<KernelArg> args, const TileOptions &options);

/// Runs all programs of the grid in order. Accesses beyond the memory of a pointer are errors even where a view permits them.
llvm::Error runKernel(tile::KernelOp kernel, llvm::ArrayRef<KernelArg> args, const TileOptions &options);

/// Runs a host function: `tile.launch` on tensors, `tensor.empty` (filled with NaN), `tensor.dim`, shape reinterpretations, index arithmetic.
llvm::Expected<std::vector<Tensor>> evaluateHost(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> args, const TileOptions &options);

} // namespace seqc::interp

#endif // SEQC_INTERPRETER_TILEINTERPRETER_H
