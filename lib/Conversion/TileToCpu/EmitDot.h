// SPDX-License-Identifier: Apache-2.0
// Emitter of one block product C (+)= A B as IR: rank-1 vectors, scf loops, llvm.ptr addresses. No library call.
// B (and A where needed) is packed into panels, a register-blocked micro-kernel runs over them. Each element of C is
// a chain of fused multiply-adds over ascending k, whatever m and n are (exception: m <= 4 with k-contiguous A and B
// sums lanes first), so results repeat bit for bit.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITDOT_H
#define SEQC_LIB_CONVERSION_TILETOCPU_EMITDOT_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "seqc/Conversion/CpuTarget.h"

namespace seqc {

/// C[i, j] = (zeroInit ? 0 : C[i, j]) + sum over kk of A[i, kk] * B[kk, j], 0 <= i < m, 0 <= j < n, 0 <= kk < k.
/// A[i, kk] lies at a + (i * aRow + kk * aCol) elements of aType; likewise B and C (cCol = 1).
struct CpuDot {
  mlir::Value a, b, c;                             // !llvm.ptr, aligned to the element; C overlaps neither A nor B
  int64_t m = 0, n = 0, k = 0;                     // >= 0
  mlir::OpFoldResult aRow, aCol, bRow, bCol, cRow; // in elements: integer attribute, or index / i64 value; static ones give better code
  mlir::Type aType, bType, accType;                // see isCpuDotSupported; C has accType
  bool zeroInit = false;                           // do not read C
  mlir::Value scratch;                             // !llvm.ptr, 64-byte aligned, cpuDotScratchBytes bytes; may be null when that is 0
  /// Optional bounds (index / i64 values, 0 <= valid <= m, n, k; null = all). Rows of C from mValid and columns from
  /// nValid on are neither read nor written; A and B are never read outside [mValid, kValid] and [kValid, nValid].
  mlir::Value mValid, nValid, kValid;
};

/// (f32 | f16 | bf16) x (f32 | f16 | bf16) -> f32, i8 x i8 -> i32, f64 x f64 -> f64.
bool isCpuDotSupported(mlir::Type aType, mlir::Type bType, mlir::Type accType);

/// Bytes of `scratch`. Reads sizes, strides, types and which bounds are set; operand values may be null.
int64_t cpuDotScratchBytes(const CpuDot &dot, const CpuTarget &target);

/// Emits the product at the insertion point, which ends up behind it. Dialects used: arith, math, scf, vector, LLVM.
void emitCpuDot(mlir::OpBuilder &builder, mlir::Location loc, const CpuDot &dot, const CpuTarget &target);

} // namespace seqc

#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITDOT_H
