// SPDX-License-Identifier: Apache-2.0
// Places of scratch buffers. While code is emitted every buffer is a pointer of its own; when the function is complete, buffers
// that are never live at the same time share memory.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_SCRATCHPLAN_H
#define SEQC_LIB_CONVERSION_TILETOCPU_SCRATCHPLAN_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace seqc::cpu {

class ScratchPlan {
public:
  /// A new buffer of `bytes` at the insertion point. Its content is undefined in every trip of the loops around this point.
  mlir::Value allocate(mlir::OpBuilder &b, mlir::Location loc, mlir::Value scratch, int64_t bytes);
  /// Sets the places of all buffers; call once, when everything that uses them is emitted. Returns the bytes of scratch.
  int64_t place();

private:
  struct Buffer {
    mlir::LLVM::GEPOp pointer;
    int64_t bytes, begin = 0, end = 0, offset = 0; ///< live in [begin, end], positions in the order of the text
  };
  llvm::SmallVector<Buffer> buffers;
};

} // namespace seqc::cpu

#endif // SEQC_LIB_CONVERSION_TILETOCPU_SCRATCHPLAN_H
