// SPDX-License-Identifier: Apache-2.0
// From the graph to block kernels: `seq-form-kernels` cuts a function into groups, `convert-seq-to-tile` builds a kernel for each.
#ifndef SEQC_CONVERSION_SEQTOTILE_H
#define SEQC_CONVERSION_SEQTOTILE_H

#include "mlir/Pass/Pass.h"

namespace seqc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "seqc/Conversion/SeqToTile/Passes.h.inc"
} // namespace seqc

#endif // SEQC_CONVERSION_SEQTOTILE_H
