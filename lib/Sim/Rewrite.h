// SPDX-License-Identifier: Apache-2.0
// Turns the module of a GPU kernel into one for the host whose memory accesses and GPU operations are calls into the model.
// Pointers keep their address spaces: shared addresses stay small numbers, global ones are host addresses.
#ifndef SEQC_LIB_SIM_REWRITE_H
#define SEQC_LIB_SIM_REWRITE_H

#include "Site.h"
#include "seqc/Sim/Launch.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class DataLayout;
class Module;
class Triple;
} // namespace llvm

namespace seqc::sim {

// Functions of the model that compiled code calls; Runtime.cpp defines them.
inline constexpr llvm::StringLiteral sharedAccessName = "seqc_sim_shared_access";   ///< ptr (i64 address, i32 site)
inline constexpr llvm::StringLiteral globalAccessName = "seqc_sim_global_access";   ///< ptr (i64 address, i32 site)
inline constexpr llvm::StringLiteral genericAccessName = "seqc_sim_generic_access"; ///< ptr (ptr, i32 site)
inline constexpr llvm::StringLiteral iterationName = "seqc_sim_iteration";          ///< void (i32 site), at the end of every iteration of a loop
inline constexpr llvm::StringLiteral operationName = "seqc_sim_operation";          ///< void (i32 site, ptr in, ptr out)
inline constexpr llvm::StringLiteral toGenericName = "seqc_sim_to_generic";         ///< ptr (i64 shared address)
inline constexpr llvm::StringLiteral toSharedName = "seqc_sim_to_shared";           ///< i64 (ptr)
// What the rewritten module defines.
inline constexpr llvm::StringLiteral entryName = "seqc_sim_entry"; ///< void (ptr to 8-byte slots of the parameters)

struct Table { // global variable with a value
  std::string symbol;
  uint64_t bytes;
  bool writable;
};

struct Rewritten {
  std::vector<Site> sites; ///< their instructions belong to `original`
  std::vector<Param::Kind> params;
  std::vector<Table> tables;
};

/// `module` is a clone of `original`, in the same context. Errors name what the model does not know.
llvm::Expected<Rewritten> rewriteForHost(llvm::Module &module, const llvm::Module &original, llvm::StringRef entry, const llvm::DataLayout &layout,
                                         const llvm::Triple &triple);

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_REWRITE_H
