// SPDX-License-Identifier: Apache-2.0
// Copies of strided, possibly 16-bit or 8-bit blocks into dense blocks of the accumulator type, for EmitDot.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_EMITPACK_H
#define SEQC_LIB_CONVERSION_TILETOCPU_EMITPACK_H

#include "EmitCode.h"

namespace seqc {

/// source[r, c] at source + (r * row + c * col) elements of `type`, 0 <= r < rows, 0 <= c < cols.
struct PackSource {
  mlir::Value pointer;
  mlir::Type type;
  Size rows, cols, row, col;
};

/// destination[r, c] = source[r, c] at destination + r * stride + c elements of `element`. Columns [cols, width) are
/// written too, with finite values that mean nothing; `width` >= cols is a multiple of `lanes`, the vector length, or 0:
/// then nothing beyond the columns is written. Nothing outside source[0..rows, 0..cols) is read; cols > 0 if width > 0.
void emitPack(Code &code, const PackSource &source, mlir::Value destination, mlir::Type element, Size stride, int64_t width, int64_t lanes);

/// Transposes a square of vectors in registers: result[i][j] = rows[j][i]. rows.size() = lanes of each vector, a power
/// of two with 128-bit groups of `group` lanes (4 for 32-bit, 2 for 64-bit elements).
llvm::SmallVector<mlir::Value> transposeSquare(Code &code, llvm::SmallVector<mlir::Value> rows, int64_t group);

/// Lane i of the result is the sum of all lanes of rows[i]; rows.size() = lanes, a power of two.
mlir::Value sumOfEach(Code &code, llvm::SmallVector<mlir::Value> rows);

} // namespace seqc

#endif // SEQC_LIB_CONVERSION_TILETOCPU_EMITPACK_H
