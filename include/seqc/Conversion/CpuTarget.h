// SPDX-License-Identifier: Apache-2.0
// The CPU that code is generated for: LLVM triple, processor and feature string, and the vector length that the
// emitters of the CPU lowering plan for. x86-64 with AVX2, FMA and F16C is the least that is accepted.
#ifndef SEQC_CONVERSION_CPUTARGET_H
#define SEQC_CONVERSION_CPUTARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace seqc {

struct CpuTarget {
  std::string triple;   // e.g. "x86_64-unknown-linux-gnu"
  std::string cpu;      // LLVM processor name, e.g. "x86-64-v3", "znver3"
  std::string features; // LLVM feature string "+a,-b"; empty when `cpu` alone says all
  unsigned vectorBits = 256;

  /// `name`: an LLVM processor name ("x86-64-v3", "skylake-avx512") or "native" for the machine this runs on.
  /// Errors (a message for the user): unknown processor; a processor without AVX2, FMA or F16C; host is not x86-64.
  static llvm::Expected<CpuTarget> get(llvm::StringRef name);

  /// Elements of a `bits`-wide type in one vector register.
  int64_t lanes(unsigned bits) const { return vectorBits / bits; }
};

} // namespace seqc

#endif // SEQC_CONVERSION_CPUTARGET_H
