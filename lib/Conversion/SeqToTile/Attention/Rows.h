// SPDX-License-Identifier: Apache-2.0
// Which rows a program computes, and which keys they can see: closed forms for blocks of keys.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ROWS_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ROWS_H

#include "../Common/KernelBuilder.h"
#include "../Common/TileMath.h"
#include "seqc/Dialect/Seq/IR/Seq.h"

namespace seqc::convert {

/// The block of rows of one program. All are index values of the kernel.
struct Rows {
  mlir::Value sequence; ///< b of the op: the batch, or the sequence of the packed form
  mlir::Value batch;    ///< coordinate in memory: 0 in the packed form
  mlir::Value head, kvHead;         ///< the first head of the block
  mlir::Value queryStart, keyStart; ///< where the sequence starts in M and N: 0 except in the packed form
  mlir::Value first;                ///< position of the first row in the sequence
  mlir::Value rows, keys;           ///< Mb, Nb: lengths of the sequence
  mlir::Value found;                ///< packed form: false for rows that belong to no sequence; else null
};

/// Finds the block of program `id` among the sequences of the packed form: sequence after sequence in blocks of `bm` rows, then the rows
/// that belong to none (with no keys). `head`, `kvHead` are set by the caller.
Rows packedRows(KernelBuilder &k, seq::AttentionOp op, mlir::Value id, int64_t bm, const Expr &m, const Expr &n, mlir::Value cuQ, mlir::Value cuK, const Expr &s);
/// Number of blocks that always suffices.
Expr packedBlocks(int64_t bm, const Expr &m, const Expr &s);

/// Nb from kv_lengths.
mlir::Value keysOfBatch(KernelBuilder &k, mlir::Value lengths, mlir::Value batch, mlir::Value n);

/// Relative limits: row m sees keys m + low <= n <= m + high (null: no limit), 0 <= n < Nb.
struct Limits {
  mlir::Value low, high;
};
Limits limitsOf(TileMath t, seq::AttentionOp op, const Rows &rows);

/// Blocks of `bn` keys [begin, fullBegin) partial, [fullBegin, fullEnd) seen by every row of the block, [fullEnd, end) partial.
struct KeyBlocks {
  mlir::Value begin, fullBegin, fullEnd, end;
};
KeyBlocks keyBlocks(TileMath t, const Rows &rows, const Limits &limits, int64_t bm, int64_t bn);

/// Visible range per row as i32 tiles [heads * bm]: low <= n < high; `low` is null without a left limit.
struct RowRanges {
  mlir::Value low, high;
};
RowRanges rowRanges(TileMath t, const Rows &rows, const Limits &limits, int64_t bm, int64_t heads);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_ATTENTION_ROWS_H
