// SPDX-License-Identifier: Apache-2.0
// The backends behind the table of TargetBackend.cpp.
#ifndef SEQC_LIB_PIPELINES_TARGETS_H
#define SEQC_LIB_PIPELINES_TARGETS_H

#include "seqc/Pipelines/TargetBackend.h"

namespace seqc {

llvm::Expected<std::unique_ptr<TargetBackend>> createCpuTarget(const TargetOptions &options);
llvm::Expected<std::unique_ptr<TargetBackend>> createGpuTarget(const TargetOptions &options);

} // namespace seqc

#endif // SEQC_LIB_PIPELINES_TARGETS_H
