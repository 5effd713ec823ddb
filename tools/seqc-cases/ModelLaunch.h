// SPDX-License-Identifier: Apache-2.0
#ifndef SEQC_TOOLS_SEQC_CASES_MODELLAUNCH_H
#define SEQC_TOOLS_SEQC_CASES_MODELLAUNCH_H

#include "seqc/Interpreter/TileInterpreter.h"
#include "seqc/Pipelines/GpuKernels.h"
#include "seqc/Sim/Program.h"

namespace seqc::cases {

/// Runs one launch of `kernel` (level block, for its grid and arguments) on the functional model; tensors are read and written back. An empty grid
/// does nothing. Error: the model cannot run it, or reports a hazard.
llvm::Error launchOnModel(const sim::Program &program, const GpuLaunch &info, tile::KernelOp kernel, llvm::ArrayRef<interp::KernelArg> args, uint64_t seed);

} // namespace seqc::cases

#endif // SEQC_TOOLS_SEQC_CASES_MODELLAUNCH_H
