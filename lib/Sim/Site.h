// SPDX-License-Identifier: Apache-2.0
// The instructions of a kernel that the model looks at, numbered; the compiled kernel passes the number.
#ifndef SEQC_LIB_SIM_SITE_H
#define SEQC_LIB_SIM_SITE_H

#include "Shadow.h"

namespace llvm {
class Instruction;
}

namespace seqc::sim {

struct OpForm;

enum class Mode : uint8_t { Read, Write, Atomic };

struct Site {
  const llvm::Instruction *instruction = nullptr; ///< in the module as it was given
  const OpForm *form = nullptr;                   ///< of operations
  uint32_t bytes = 0, align = 1;                  ///< of loads, stores and atomics
  Mode mode = Mode::Read;
};

/// One access of one thread to memory.
struct Touch {
  Actor actor;
  uint64_t address;
  uint32_t bytes, align;
  Mode mode;
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_SITE_H
