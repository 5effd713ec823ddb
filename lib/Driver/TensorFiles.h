// SPDX-License-Identifier: Apache-2.0
// Host tensors in .npy files.
#ifndef SEQC_LIB_DRIVER_TENSORFILES_H
#define SEQC_LIB_DRIVER_TENSORFILES_H

#include "Session.h"

namespace seqc::driver {

/// Reads a .npy file; `dtype` says what the file must hold (bf16 is stored as uint16, i1 as bool).
llvm::Expected<HostTensor> readTensor(llvm::StringRef path, llvm::StringRef dtype);
llvm::Error writeTensor(llvm::StringRef path, const HostTensor &tensor);

} // namespace seqc::driver

#endif // SEQC_LIB_DRIVER_TENSORFILES_H
