// SPDX-License-Identifier: Apache-2.0
// Reference interpreter of the graph level: the meaning of `seq` ops and of the closed list of upstream forms. Readable and slow;
// shares no code with any lowering.
#ifndef SEQC_INTERPRETER_SEQINTERPRETER_H
#define SEQC_INTERPRETER_SEQINTERPRETER_H

#include "seqc/Interpreter/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace seqc::interp {

struct SeqOptions {
  Precision precision = Precision::F64;
  llvm::StringMap<Tensor> weights; ///< values of `ml_program.global`s by symbol
};

/// Runs a function on tensors. Errors name the op and its location.
llvm::Expected<std::vector<Tensor>> evaluate(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> args, const SeqOptions &options);

} // namespace seqc::interp

#endif // SEQC_INTERPRETER_SEQINTERPRETER_H
