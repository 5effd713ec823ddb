// SPDX-License-Identifier: Apache-2.0
#include "Grouping.h"
#include "seqc/Conversion/SeqToTile.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Diagnostics.h"

namespace seqc {
#define GEN_PASS_DEF_FORMKERNELS
#include "seqc/Conversion/SeqToTile/Passes.h.inc"

namespace {
struct FormKernels : impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    mlir::func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    if (!func.getBody().hasOneBlock()) {
      unsupported(func.emitError("expects a function without control flow"));
      return signalPassFailure();
    }
    if (failed(convert::Grouping(func).run()))
      signalPassFailure();
  }
};
} // namespace
} // namespace seqc
