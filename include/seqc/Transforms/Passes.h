// SPDX-License-Identifier: Apache-2.0
// Passes over host functions.
#ifndef SEQC_TRANSFORMS_PASSES_H
#define SEQC_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace seqc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "seqc/Transforms/Passes.h.inc"
} // namespace seqc

#endif // SEQC_TRANSFORMS_PASSES_H
