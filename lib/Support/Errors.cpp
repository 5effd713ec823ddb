// SPDX-License-Identifier: Apache-2.0
#include "seqc/Support/Errors.h"
#include "llvm/Support/raw_ostream.h"

namespace seqc {

char CodedError::ID = 0;

void CodedError::log(llvm::raw_ostream &os) const { os << message << " [seqc-" << id << "]"; }

llvm::Error fail(ExitCode code, llvm::StringRef id, std::string message) { return llvm::make_error<CodedError>(code, id, std::move(message)); }

} // namespace seqc
