// SPDX-License-Identifier: Apache-2.0
// What a call of a function does, summed over its launches from the manifest's expressions.
#ifndef SEQC_LIB_DRIVER_FUNCTIONCOST_H
#define SEQC_LIB_DRIVER_FUNCTIONCOST_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace seqc::driver {

/// Sum of `key` ("flops" or "bytes") of the kernels that function `name` launches with these dims; no value if a kernel does not say it. `gpu`: the
/// launches of GPUs. Alternatives whose guards need the number of multiprocessors have no value.
std::optional<int64_t> functionCost(const llvm::json::Object &manifest, llvm::StringRef name, const llvm::StringMap<int64_t> &dims,
                                    llvm::StringRef key, bool gpu);

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_FUNCTIONCOST_H
