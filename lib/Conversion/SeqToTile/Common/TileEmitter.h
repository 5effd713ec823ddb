// SPDX-License-Identifier: Apache-2.0
// Emits the ops of a group on tiles. A tile spans some axes of the group's domain: those with an extent, in ascending order; along the
// other axes it stands at one coordinate. Values are emitted on demand and once; views and broadcasts emit nothing, a tile gets its
// missing dims where an op needs them.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_TILEEMITTER_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_TILEEMITTER_H

#include "GroupInfo.h"
#include "KernelBuilder.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

namespace seqc::convert {

/// `axes` are the tile dims of `value`; without axes `value` is a scalar (or a tensor of rank 0). Complex numbers have a last dim of 2 after
/// the axes, real and imaginary part; a complex constant has no value until its shape is known.
struct Tile {
  mlir::Value value;
  llvm::SmallVector<unsigned> axes;
  bool pairs = false;
  mlir::complex::NumberAttr number = {};
};

class TileEmitter {
public:
  struct AxisState {
    mlir::Value start;  ///< coordinate of the tile's first element; null for 0
    int64_t extent = 0; ///< 0: a single coordinate
  };

  TileEmitter(KernelBuilder &kernel, const GroupInfo &info) : kernel(kernel), info(info), axes(info.axes().size()) {}

  AxisState &axis(unsigned i) { return axes[i]; }
  KernelBuilder &builder() { return kernel; }

  /// Makes `v` known; later uses take the tile instead of emitting the op.
  void seed(mlir::Value v, Tile tile) { memo[v] = std::move(tile); }
  llvm::FailureOr<Tile> emit(mlir::Value v);
  llvm::FailureOr<Tile> emitUse(mlir::OpOperand &use);
  /// Memory of value `v` whose dims are `lists`, as a tile.
  llvm::FailureOr<Tile> load(mlir::Value v, const DimLists &lists);
  /// The same with the tile dims in the given order; axis 0 stands for a dim of extent 1, as do axes that the value does not have.
  mlir::Value loadOrdered(const Access &access, llvm::ArrayRef<unsigned> order);
  /// View of memory; of complex numbers a view of their parts, with a last dim of 2 and its coordinate 0.
  mlir::Value viewOf(mlir::Value pointer, const Expr &offset, llvm::SmallVectorImpl<OperandView::Dim> &dims, llvm::SmallVectorImpl<mlir::OpFoldResult> &coords, bool pairs);
  /// Stores a result of the group.
  mlir::LogicalResult store(mlir::Value output);

  /// The tile with exactly these axes (a superset of its own), broadcast.
  mlir::Value spread(const Tile &t, llvm::ArrayRef<unsigned> onAxes);
  /// i1 tile over one axis: true inside the bounds; null if every coordinate is.
  mlir::Value insideMask(unsigned axis);
  /// Shape of a tile over these axes.
  llvm::SmallVector<int64_t> shapeOf(llvm::ArrayRef<unsigned> onAxes, bool pairs = false) const;

  /// Loops over reduced axes: between begin and end, values that have reduced axes are emitted at the builder's position and forgotten at
  /// the end; others are emitted before `loop`.
  void beginLoop(mlir::Operation *loop);
  void endLoop();

  /// Tile axes of the result of a reduction: at least the unit axis.
  llvm::SmallVector<unsigned> keptAxes(mlir::linalg::ReduceOp op);
  /// Reduction of a tile over its reduced axes in the accumulation type, without the initial value.
  Tile reduceTile(mlir::linalg::ReduceOp op, Tile input);
  /// a combined with b (accumulation type), as the reduction does.
  mlir::Value combine(mlir::linalg::ReduceOp op, mlir::Value a, mlir::Value b);
  /// The final value from an accumulated tile: initial value and result type.
  llvm::FailureOr<Tile> finishReduce(mlir::linalg::ReduceOp op, Tile acc);
  /// What the reduction starts from, over these axes.
  mlir::Value identity(mlir::linalg::ReduceOp op, llvm::ArrayRef<unsigned> onAxes);
  /// Type in which a reduction over `element` (or its parts) accumulates.
  static mlir::Type accumulationType(mlir::Type element);
  /// A constant tile (or scalar, without axes).
  mlir::Value constant(mlir::TypedAttr value, llvm::ArrayRef<unsigned> onAxes, bool pairs = false);
  mlir::Value convert(mlir::Value v, mlir::Type element);

private:
  llvm::FailureOr<Tile> emitOp(mlir::Operation *op);
  llvm::FailureOr<Tile> emitElementwise(mlir::Operation *op);
  llvm::FailureOr<Tile> emitMap(mlir::linalg::MapOp op);
  Tile splatTile(mlir::Attribute value);
  /// Real and imaginary part over these axes (at least one).
  std::pair<mlir::Value, mlir::Value> parts(const Tile &t, llvm::ArrayRef<unsigned> onAxes);
  /// The axes, or the unit axis where there are none: parts of complex numbers are tiles.
  llvm::SmallVector<unsigned> atLeastUnit(llvm::ArrayRef<unsigned> onAxes);
  Tile joined(mlir::Value re, mlir::Value im, llvm::ArrayRef<unsigned> onAxes);
  /// The mask for every element (and part) of a tile over these axes.
  mlir::Value maskOver(const Tile &mask, llvm::ArrayRef<unsigned> onAxes, bool pairs);
  llvm::FailureOr<Tile> emitIota(mlir::Operation *op);
  llvm::FailureOr<Tile> emitGather(mlir::Operation *op);
  llvm::FailureOr<Tile> emitPad(mlir::Operation *op);
  llvm::FailureOr<Tile> emitConcat(mlir::Operation *op);
  Tile loadAccess(const Access &access, llvm::ArrayRef<std::pair<unsigned, Expr>> shifts, llvm::ArrayRef<std::pair<unsigned, Expr>> bounds, double pad);
  /// Coordinate along a fine dim as an integer tile or scalar of type `element`.
  Tile coordinate(unsigned fine, mlir::Type element);
  mlir::Value coordOf(unsigned axis);

  KernelBuilder &kernel;
  const GroupInfo &info;
  llvm::SmallVector<AxisState> axes;
  llvm::DenseMap<mlir::Value, Tile> memo, loopMemo;
  llvm::StringMap<Tile> loads, loopLoads;
  llvm::DenseMap<unsigned, mlir::Value> masks;
  mlir::Operation *loopOp = nullptr;
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_TILEEMITTER_H
