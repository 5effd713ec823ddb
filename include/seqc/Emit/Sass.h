// SPDX-License-Identifier: Apache-2.0
// Machine code of GPU kernels as nvdisasm prints it, and rules that it keeps.
#ifndef SEQC_EMIT_SASS_H
#define SEQC_EMIT_SASS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace seqc {

struct SassInstruction {
  std::string opcode;   ///< with its modifiers, without a predicate: "LDG.E.128.CONSTANT"
  std::string operands; ///< "R4, desc[UR4][R2.64]"
};
struct SassFunction {
  std::string name;
  std::vector<SassInstruction> code;
};

/// Functions in the text of `nvdisasm -c`, in its order.
std::vector<SassFunction> parseSass(llvm::StringRef text);

/// The file that the environment variable SEQC_NVDISASM names, else `nvdisasm` on PATH, else of /usr/local/cuda/bin; none: there is none.
std::optional<std::string> findDisassembler();
/// Error: the program cannot be run or refuses the cubin.
llvm::Expected<std::vector<SassFunction>> disassemble(llvm::ArrayRef<char> cubin, llvm::StringRef nvdisasm);

/// What the PTX text of a kernel says about its machine code.
struct SassExpectations {
  bool usesTensorCores = false;                      ///< there is an mma.sync
  bool hasWideDivision = false;                      ///< division or root of f64, root of f32, division of 64-bit integers: ptxas calls routines for them
  int64_t widestGlobalLoad = 0, widestGlobalStore = 0; ///< bytes; 0: none
};
/// Of the kernel of that name; nothing is expected of a kernel that the text does not have.
SassExpectations expectationsOf(llvm::StringRef ptx, llvm::StringRef kernel);

/// Broken rules, one sentence each: no local memory; no calls but those of wide divisions; tensor instructions where the PTX has them; where the
/// PTX has global accesses of 16 bytes there still are some. Rules of kernels with roles (waits, bulk copies) are not known here.
std::vector<std::string> checkSass(const SassFunction &function, const SassExpectations &expected);

} // namespace seqc

#endif // SEQC_EMIT_SASS_H
