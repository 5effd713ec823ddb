// SPDX-License-Identifier: Apache-2.0
// The functions that compiled code calls, by name.
#ifndef SEQC_LIB_SIM_RUNTIME_H
#define SEQC_LIB_SIM_RUNTIME_H

#include "llvm/ADT/StringRef.h"
#include <utility>
#include <vector>

namespace seqc::sim {

std::vector<std::pair<llvm::StringRef, void *>> runtimeFunctions();

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_RUNTIME_H
