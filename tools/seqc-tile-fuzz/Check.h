// SPDX-License-Identifier: Apache-2.0
// What must hold for every program: it verifies, round-trips, means the same after passes, and its native code computes what the
// interpreter computes.
#ifndef SEQC_TOOLS_SEQC_TILE_FUZZ_CHECK_H
#define SEQC_TOOLS_SEQC_TILE_FUZZ_CHECK_H

#include "Generator.h"
#include "mlir/IR/MLIRContext.h"

namespace seqc::fuzz {

struct Outcome {
  std::string failure;     ///< empty: all checks hold
  std::string unsupported; ///< diagnostic of a lowering that refused the program
};

/// Dialects that programs and passes need.
void loadDialects(mlir::MLIRContext &context);

Outcome check(const Program &program, mlir::MLIRContext &context, bool native);

/// The same in a child process, so that a crash or an endless loop of compiler or code is a failure of the program.
Outcome checkIsolated(const Program &program, mlir::MLIRContext &context, bool native);

} // namespace seqc::fuzz

#endif // SEQC_TOOLS_SEQC_TILE_FUZZ_CHECK_H
