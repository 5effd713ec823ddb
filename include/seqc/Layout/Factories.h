// SPDX-License-Identifier: Apache-2.0
// Layouts that loads, stores and matrix instructions want. Matrices are the two last dims of a shape, batch dims lead.
#ifndef SEQC_LAYOUT_FACTORIES_H
#define SEQC_LAYOUT_FACTORIES_H

#include "seqc/Layout/DigitMap.h"

namespace seqc::layout {

/// Coalesced accesses of a row-major tile: the widest vector (a power of two of elements, at most maxVecBytes) along the last dim, lanes along
/// the last dim, then along the rows before it; warps take the slowest part of the outermost dims that still divide. What is left of every
/// dim are registers; surplus lanes and warps are replicas.
DigitMap blocked(llvm::ArrayRef<int64_t> shape, int elemBits, int numWarps, int maxVecBytes = 16);
/// As `blocked`, but every row (last dim) stays inside one warp and no two rows share it at a time: reductions along the last dim cross lanes
/// only. Lanes that the row cannot use are replicas.
DigitMap rowPerWarp(llvm::ArrayRef<int64_t> shape, int elemBits, int numWarps, int maxVecBytes = 16);

/// Warps along M and N of an accumulator; the warps not named take batch dims, the rest are replicas.
struct WarpGrid {
  int m = 1, n = 1;
};
/// Accumulator of m16n8 instructions for a [batch.., M, N] tile: M a multiple of 16, N of 8. Warps spread over batch dims first, then M, then N.
llvm::Expected<DigitMap> mmaAcc(llvm::ArrayRef<int64_t> shape, int numWarps);
/// The same with a chosen split; fails unless it divides the blocks.
llvm::Expected<DigitMap> mmaAcc(llvm::ArrayRef<int64_t> shape, int numWarps, WarpGrid grid);
/// Fragments of A [batch.., M, k] and B [batch.., k, N] (or [k, N] when batched is false) for an accumulator of m16n8 form, in the natural order
/// of instructions with operands of elemBits (8, 16, or 32 for tf32): m16n8k32, k16, k8. Warps that share an operand hold replicas.
llvm::Expected<DigitMap> mmaA(const DigitMap &acc, int64_t k, int elemBits);
llvm::Expected<DigitMap> mmaB(const DigitMap &acc, int64_t k, int elemBits, bool batched = true);
/// The B that fits a given A (its contraction index may be permuted, as in an accumulator used as A), and the A that fits a given B.
llvm::Expected<DigitMap> mmaBFor(const DigitMap &a, const DigitMap &acc, bool batched = true);
llvm::Expected<DigitMap> mmaAFor(const DigitMap &b, const DigitMap &acc);

/// Accumulator of wgmma m64nNk* for [16 * warpsM, n], n a multiple of 8.
DigitMap wgmmaAcc(int64_t n, int warpsM = 4);

} // namespace seqc::layout

#endif // SEQC_LAYOUT_FACTORIES_H
