// SPDX-License-Identifier: Apache-2.0
// The inline asm texts of GPU kernels. One table for the emitter and for the functional model: nothing else may write asm.
#ifndef SEQC_TARGET_ASMFORMS_H
#define SEQC_TARGET_ASMFORMS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace seqc::target {

enum class AsmId : uint8_t {
  Ex2,
  Ex2Ftz,
  Lg2,
  Lg2Ftz,
  Rcp,
  RcpFtz,
  Rsqrt,
  RsqrtFtz,
  Sqrt,
  SqrtFtz,
  Sin,
  Cos,
  Tanh,
  RedAddF32,
  RedAddV2F32,
  RedAddV4F32,
  RedAddF16x2,
  RedAddBF16x2,
  PrefetchL2,
};

struct AsmForm {
  AsmId id;
  llvm::StringLiteral name; ///< mnemonic with its qualifiers
  llvm::StringLiteral text;
  llvm::StringLiteral constraints; ///< without clobbers; an effect on memory adds `~{memory}`
  bool effects;                    ///< touches memory: emit as sideeffect
};

llvm::ArrayRef<AsmForm> asmForms();
const AsmForm &asmForm(AsmId id);

/// The form with this text (blanks do not matter) and these constraints (clobbers do not matter), or null.
const AsmForm *findAsmForm(llvm::StringRef text, llvm::StringRef constraints);

} // namespace seqc::target

#endif // SEQC_TARGET_ASMFORMS_H
