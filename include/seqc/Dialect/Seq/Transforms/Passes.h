// SPDX-License-Identifier: Apache-2.0
// Passes on `seq` graphs.
#ifndef SEQC_DIALECT_SEQ_TRANSFORMS_PASSES_H
#define SEQC_DIALECT_SEQ_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace seqc::seq {
#define GEN_PASS_DECL
#include "seqc/Dialect/Seq/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "seqc/Dialect/Seq/Transforms/Passes.h.inc"
} // namespace seqc::seq

#endif // SEQC_DIALECT_SEQ_TRANSFORMS_PASSES_H
