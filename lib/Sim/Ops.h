// SPDX-License-Identifier: Apache-2.0
// The operations of the model: NVVM intrinsics and asm forms by name. Operands and results travel as 32-bit words: i1..i32, f32, half and
// 2-element half vectors take one, i64, f64 and pointers two; small integers and halves are zero-extended.
#ifndef SEQC_LIB_SIM_OPS_H
#define SEQC_LIB_SIM_OPS_H

#include "Machine.h"
#include "llvm/ADT/StringRef.h"

namespace seqc::sim {

/// One thread executes an operation.
struct LaneCall {
  Machine &machine;
  Thread &thread;
  uint32_t site;
  const uint32_t *in;
  uint32_t *out;
};

/// The lanes of `mask` execute an operation together. lanes[l] is null outside the mask.
struct WarpCall {
  Machine &machine;
  uint32_t site;
  uint32_t mask;
  std::array<Thread *, warpSize> lanes;
  template <typename Body> void forLanes(Body body) {
    for (unsigned l = 0; l < warpSize; ++l)
      if (lanes[l])
        body(l, *lanes[l]);
  }
};

struct OpForm {
  static constexpr int allLanes = -1;
  llvm::StringLiteral name;           ///< intrinsic without `llvm.`, or `asm ` and the name of an asm form
  void (*lane)(LaneCall &) = nullptr; ///< either this
  void (*warp)(WarpCall &) = nullptr; ///< or this
  int maskWord = allLanes;            ///< of warp operations: which operand word is the mask
  bool aligned = false;               ///< the lanes must be at the same instruction
};

constexpr OpForm laneOp(llvm::StringLiteral name, void (*f)(LaneCall &)) { return {name, f, nullptr, OpForm::allLanes, false}; }
constexpr OpForm maskedOp(llvm::StringLiteral name, void (*f)(WarpCall &), int maskWord = 0) { return {name, nullptr, f, maskWord, false}; }
constexpr OpForm alignedOp(llvm::StringLiteral name, void (*f)(WarpCall &)) { return {name, nullptr, f, OpForm::allLanes, true}; }

/// The form of a name, or null.
const OpForm *findOp(llvm::StringRef name);

// The parts of the table.
llvm::ArrayRef<OpForm> specialRegisterOps();
llvm::ArrayRef<OpForm> synchronisationOps();
llvm::ArrayRef<OpForm> exchangeOps();
llvm::ArrayRef<OpForm> matrixOps();
llvm::ArrayRef<OpForm> asyncCopyOps();
llvm::ArrayRef<OpForm> mathOps();
llvm::ArrayRef<OpForm> conversionOps();
llvm::ArrayRef<OpForm> minMaxOps();
llvm::ArrayRef<OpForm> globalOps();

inline uint64_t wide(const uint32_t *words) { return words[0] | static_cast<uint64_t>(words[1]) << 32; }

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_OPS_H
