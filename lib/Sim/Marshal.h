// SPDX-License-Identifier: Apache-2.0
// Passes the operands of a GPU operation to the model as words and takes its results back (the format of Ops.h).
#ifndef SEQC_LIB_SIM_MARSHAL_H
#define SEQC_LIB_SIM_MARSHAL_H

#include "llvm/IR/IRBuilder.h"

namespace seqc::sim {

/// Word buffers of one function, on its stack.
class Marshal {
public:
  explicit Marshal(llvm::Function &function);
  /// Replaces `call` by a call of the model with this site number.
  void replace(llvm::CallBase &call, uint32_t site);

private:
  llvm::Value *slot(llvm::IRBuilder<> &b, llvm::Value *buffer, unsigned word);
  unsigned store(llvm::IRBuilder<> &b, llvm::Value *value, unsigned word);
  llvm::Value *load(llvm::IRBuilder<> &b, llvm::Type *type, unsigned &word);
  llvm::Function &function;
  llvm::AllocaInst *in = nullptr, *out = nullptr;
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_MARSHAL_H
