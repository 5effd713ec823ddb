// SPDX-License-Identifier: Apache-2.0
// Environment of one function run at the graph level, and the handlers of its ops.
#ifndef SEQC_LIB_INTERPRETER_SEQEVALUATOR_H
#define SEQC_LIB_INTERPRETER_SEQEVALUATOR_H

#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Interpreter/SeqInterpreter.h"
#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"

namespace seqc::interp {

/// Values are tensors; a scalar or index is a tensor of rank 0.
class SeqEvaluator {
public:
  explicit SeqEvaluator(const SeqOptions &options) : options(options) {}

  void bind(mlir::Value v, Tensor t) { values[v] = std::move(t); }
  const Tensor &get(mlir::Value v) const { return values.find(v)->second; }
  int64_t integer(mlir::Value v) const { return static_cast<int64_t>(get(v).data[0]); }
  double round(DType t, double x) const;

  /// Runs all ops of a block but its terminator.
  llvm::Error run(mlir::Block &block);
  /// Runs a block of scalars on arguments; returns the terminator's operands.
  llvm::Expected<std::vector<double>> scalars(mlir::Block &block, llvm::ArrayRef<double> args);
  /// Runs a block on arguments of any type and rank; returns the terminator's one operand.
  llvm::Expected<Tensor> yielded(mlir::Block &block, llvm::ArrayRef<Tensor> args);
  llvm::Error evaluate(mlir::Operation *op);

  const SeqOptions &options;

private:
  llvm::DenseMap<mlir::Value, Tensor> values;
};

/// The result type's dtype and shape filled with NaN; dynamic dims come from `sizes` in order.
llvm::Expected<Tensor> emptyTensor(mlir::Type type, llvm::ArrayRef<int64_t> sizes);

using SeqHandler = llvm::Error (*)(SeqEvaluator &, mlir::Operation *);
/// Handler of a `linalg`, `tensor`, `ml_program` or `seq.iota` op, or null.
SeqHandler findForm(llvm::StringRef opName);
llvm::Error evaluateFft(SeqEvaluator &e, mlir::Operation *op);  ///< seq.fft, seq.rfft, seq.irfft
llvm::Error evaluateButterfly(SeqEvaluator &e, mlir::Operation *op);
llvm::Error evaluateAttention(SeqEvaluator &e, seq::AttentionOp op);
llvm::Error evaluateLinearScan(SeqEvaluator &e, seq::LinearScanOp op);
llvm::Error evaluateSelectiveScan(SeqEvaluator &e, seq::SelectiveScanOp op);
llvm::Error evaluateSsmKernel(SeqEvaluator &e, seq::SsmKernelOp op);
llvm::Error evaluateLongConv(SeqEvaluator &e, seq::LongConvOp op);
llvm::Error evaluateShortConv(SeqEvaluator &e, seq::ShortConvOp op);

} // namespace seqc::interp

#endif // SEQC_LIB_INTERPRETER_SEQEVALUATOR_H
