// SPDX-License-Identifier: Apache-2.0
// What the kernels of convolutions share: the grid over batch, blocks of channels and blocks of times, operands, and the epilogue.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_CONV_FRAME_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_CONV_FRAME_H

#include "../Common/TileMath.h"
#include "../Common/Scheme.h"

namespace seqc::convert {

/// Where a program stands in [B, D, L].
struct ConvBlock {
  mlir::Value batch, channel, time; ///< the batch, the first channel, the first time
  int64_t channels, times;          ///< extents of the tiles
};

/// Axes of the domain along the dims of y.
class ConvAxes {
public:
  explicit ConvAxes(const GroupInfo &info);
  /// Innermost axis of dim d of y; 0 if the dim has extent 1.
  unsigned inner(unsigned d) const { return axes[d].empty() ? 0 : axes[d].back(); }
  /// Size of that axis.
  const Expr &size(unsigned d) const;
  llvm::ArrayRef<unsigned> of(unsigned d) const { return axes[d]; }

private:
  const GroupInfo &info;
  llvm::SmallVector<unsigned> axes[3]; ///< outermost first
};

/// The kernel that computes y.
class ConvFrame {
public:
  ConvFrame(KernelBuilder &kernel, const GroupInfo &info) : kernel(kernel), info(info), emitter(kernel, info), axes(info) {}

  /// Sets the grid: blocks of channels and times, one batch a program.
  ConvBlock start(int64_t channels, int64_t times);
  /// Makes y known, [channels, times] in any float type, and stores the results that have its dims.
  mlir::LogicalResult finish(mlir::Value y);

private:
  mlir::Value coordinate(unsigned d);

  KernelBuilder &kernel;
  const GroupInfo &info;
  TileEmitter emitter;
  ConvAxes axes;
};

/// A kernel that stores side result `v` [B, D, N]: `program` gets the block, whose times are positions along N, and gives the tile.
llvm::FailureOr<mlir::Value> emitSideResult(mlir::OpBuilder &host, KernelBuilder &kernel, mlir::Value v, llvm::StringRef dtype, int64_t channels,
                                            int64_t positions, llvm::function_ref<llvm::FailureOr<mlir::Value>(const ConvBlock &)> program);

/// View of an operand with its dims in the order `order` (as they are if empty). Fails with a diagnostic on the op.
llvm::FailureOr<mlir::Value> operandView(KernelBuilder &kernel, mlir::Operation *op, mlir::Value v, llvm::ArrayRef<unsigned> order = {});

/// Loads a tile of the block from a view [B, D, N] at time `at`, converted to `type`; 0 outside the view.
mlir::Value loadBlock(TileMath t, mlir::Value view, const ConvBlock &block, mlir::Value at, mlir::Type type);
/// Element of every channel at position `at` of a view [N, D], as a tile [channels, times].
mlir::Value loadTap(TileMath t, mlir::Value view, const ConvBlock &block, mlir::Value at, mlir::Value firstRow, mlir::Type type);
/// Element of every channel of a view [D], as a tile [channels, times].
mlir::Value loadPerChannel(TileMath t, mlir::Value view, const ConvBlock &block, mlir::Type type);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_CONV_FRAME_H
