// SPDX-License-Identifier: Apache-2.0
// What the block programs of the scans share: the block of channels, its memory, and the walk along time.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_SCAN_SCANPROGRAM_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_SCAN_SCANPROGRAM_H

#include "../Common/TileMath.h"
#include "../Common/KernelBuilder.h"
#include "seqc/Dialect/Seq/IR/Seq.h"

namespace seqc::convert {

struct ScanConfig {
  int64_t rows, chunk;
  bool ahead; ///< what a chunk reads of its rows is loaded one chunk before it is used
};

class ScanProgram {
public:
  /// `values` is an operand or result [B, D, L] of `op`.
  ScanProgram(KernelBuilder &kernel, mlir::Operation *op, ScanConfig config, mlir::Value values);

protected:
  using Value = mlir::Value;

  /// Grid: blocks of channels, then `others`. Channels are split into `groups`; no block is in two of them.
  void setGrid(const Expr &groups, const Expr &others);
  Value groupIndex() { return group ? group : k.index(0); }
  /// Memory of an operand whose dim `channelDim` (none if negative) is D, split into groups.
  llvm::FailureOr<Value> operandView(Value operand, int64_t channelDim);
  Value resultView(Value result, int64_t channelDim);
  /// Coordinates in such a view; the channel of a block stands for dim `channelDim`.
  llvm::SmallVector<mlir::OpFoldResult> at(llvm::ArrayRef<Value> others, int64_t channelDim);
  /// The tile of the block: `shape` are its trailing extents.
  /// Complex memory is memory of parts, with a last dim of 2.
  llvm::FailureOr<Value> load(Value operand, int64_t channelDim, llvm::ArrayRef<Value> others, llvm::ArrayRef<int64_t> shape, mlir::Type element);
  void store(Value tile, Value view, int64_t channelDim, llvm::ArrayRef<Value> others);

  /// A step of the walk: from `states` and the chunk that starts at `first` to the next states. `isTail` if the chunk may reach beyond `end`.
  using Step = llvm::function_ref<llvm::FailureOr<llvm::SmallVector<Value>>(Value first, bool isTail, mlir::ValueRange states)>;
  /// Walks over [begin, end) of the sequence; chunks start at begin + multiples of the chunk.
  llvm::FailureOr<llvm::SmallVector<Value>> walk(const Expr &length, Value begin, Value end, bool reverse, llvm::SmallVector<Value> states, Step step);
  /// [rows, chunk] of i1: the time step of a column lies before `end`.
  Value validSteps(Value first, Value end);
  /// tile.recur along the last dim of the inputs; `body` gets states and slices of the inputs, returns states and outputs.
  using Body = llvm::function_ref<llvm::SmallVector<Value>(mlir::ValueRange states, mlir::ValueRange inputs)>;
  llvm::SmallVector<Value> recur(mlir::ValueRange inputs, mlir::ValueRange states, unsigned outputs, bool reverse, Body body);

  mlir::RankedTensorType type(llvm::ArrayRef<int64_t> shape) const { return TileMath::type(shape, state); }
  mlir::InFlightDiagnostic error() { return op->emitOpError(); }

  KernelBuilder &k;
  TileMath t;
  mlir::Operation *op;
  ScanConfig config;
  mlir::Type input, state; ///< T, and S or its parts
  Expr batch, channels, length;
  Value other;             ///< second coordinate of the grid

private:
  llvm::SmallVector<OperandView::Dim> split(llvm::ArrayRef<OperandView::Dim> dims, int64_t channelDim) const;

  Expr groups = Expr(1), perGroup;
  Value group, first; ///< of the block: its group, and the first channel in that
};

/// Builds the body and sets the grid. Results of the op are keys of written pointers.
llvm::LogicalResult emitLinearScan(KernelBuilder &kernel, seq::LinearScanOp op, ScanConfig config);
llvm::LogicalResult emitSelectiveScan(KernelBuilder &kernel, seq::SelectiveScanOp op, ScanConfig config);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_SCAN_SCANPROGRAM_H
