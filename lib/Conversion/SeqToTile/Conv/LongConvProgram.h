// SPDX-License-Identifier: Apache-2.0
// The block programs of long convolutions.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_CONV_LONGCONVPROGRAM_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_CONV_LONGCONVPROGRAM_H

#include "Frame.h"
#include "RightAngle.h"

namespace seqc::convert {

struct LongConvSizes {
  Expr b, d, l;    ///< of u
  Expr hk, lk, lr; ///< rows and taps of the kernels; lr is 0 without k_rev
  static llvm::FailureOr<LongConvSizes> get(seq::LongConvOp op, ShapeExprs &shapes);
};

/// What every form needs: the operands of one block, and what surrounds the sums.
class LongConvProgram {
public:
  LongConvProgram(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const ConvBlock &block);

protected:
  /// Views of the operands; kernels are read as [taps, rows] if `withKernels`.
  mlir::LogicalResult readOperands(bool withKernels);
  /// v at times from `at` on, [channels, times] in the type of sums; 0 outside 0..L.
  mlir::Value input(mlir::Value at);
  /// tail at times from the block's on; 0 beyond its end.
  mlir::Value tail() { return loadBlock(t, views.tail, block, block.time, sum); }
  /// y from the sums: skip, post gate.
  mlir::Value finish(mlir::Value sums);
  mlir::Value zeros() { return t.constant(TileMath::type({block.channels, block.times}, sum), 0.0); }
  /// Row of the kernels of the block's first channel.
  mlir::Value kernelRow();

  struct Views {
    mlir::Value u, k, kRev, skip, preGate, postGate, tail;
  };

  KernelBuilder &k;
  TileMath t;
  seq::LongConvOp op;
  const LongConvSizes &sizes;
  ConvBlock block;
  mlir::Type element, sum; ///< of u, of sums
  Views views;
};

/// y as a tile [channels, times] in the type of sums: a loop over the taps, multiply-adds of shifted inputs. Blocks of several channels need
/// HK = D.
llvm::FailureOr<mlir::Value> emitLongConvTaps(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const ConvBlock &block);
/// tail_out likewise; the times of the block are positions in the tail.
llvm::FailureOr<mlir::Value> emitLongConvTail(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const ConvBlock &block);

/// The kernel of a channel as one sequence over lags: lag x of row r at [r, x + lagZero], 0 where no tap is. Lags from
/// `-(before n + n - 1)` to `after n + n - 1` for blocks of n times.
struct LagTable {
  mlir::Value tensor; ///< [HK, width], a value of the host function
  Expr before, after; ///< blocks of lags below and above those around 0
  Expr width;
  int64_t block;

  Expr lagZero() const { return before * Expr(block) + Expr(block - 1); }
};
/// The kernel that writes the table, for any mode, at the builder in the host function. Lags that reach over the whole input are left out unless
/// `forTail`.
llvm::FailureOr<LagTable> emitLagTable(mlir::OpBuilder &host, seq::LongConvOp op, const LongConvSizes &sizes, int64_t block, mlir::Type element,
                                       SchemeContext &context, bool forTail = false);
/// y as a tile [1, times] of one channel: rows of `table.block` times, by products with Toeplitz blocks of the table.
llvm::FailureOr<mlir::Value> emitLongConvToeplitz(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const LagTable &table,
                                                  const ConvBlock &block);

/// tail_out likewise, of one channel.
llvm::FailureOr<mlir::Value> emitLongConvTailToeplitz(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const LagTable &table,
                                                      const ConvBlock &block);

/// Right-angle spectra of the kernel rows, [HK, N] each, times N. In a type narrower than that of sums they are divided by `scale` [HK].
struct Spectrum {
  mlir::Value re, im, scale; ///< values of the host function; no scale if the spectra are not scaled
  Radices radices;
  mlir::Type factor; ///< of spectra and of the factors of products
};
/// N >= L.
llvm::FailureOr<Spectrum> emitSpectrum(mlir::OpBuilder &host, seq::LongConvOp op, const LongConvSizes &sizes, Radices radices, mlir::Type factor,
                                       SchemeContext &context);
/// y as a tile [1, N] of one channel.
llvm::FailureOr<mlir::Value> emitLongConvMonarch(mlir::OpBuilder &host, KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes,
                                                 const Spectrum &spectrum, const ConvBlock &block);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_CONV_LONGCONVPROGRAM_H
