// SPDX-License-Identifier: Apache-2.0
// Emission of one kernel as a function over a range of programs: scalars are copied, tiles live in scratch buffers or
// are evaluated inside the loop nests of Plan's groups.
#ifndef SEQC_LIB_CONVERSION_TILETOCPU_KERNELEMITTER_H
#define SEQC_LIB_CONVERSION_TILETOCPU_KERNELEMITTER_H

#include "Bounds.h"
#include "EmitCode.h"
#include "Plan.h"
#include "ScratchPlan.h"
#include "seqc/Conversion/CpuTarget.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include <map>
#include <memory>
#include <optional>

namespace seqc::cpu {

/// A tile in memory: element (i, j, ..) lies at ptr + sum of index * stride. `element` is the tile's element type; i1 is stored as i8.
struct Buffer {
  mlir::Value ptr;
  mlir::Type element;
  llvm::SmallVector<Size> strides;
};

/// A view of global memory, sizes and strides in elements.
struct View {
  mlir::Value ptr;
  mlir::Type element;
  llvm::SmallVector<Size> sizes, strides;
};

/// One element of a tile, or `width` neighbours along `vecDim`.
struct Point {
  llvm::SmallVector<Size> index;
  int64_t vecDim = -1, width = 1;
  bool isVector() const { return vecDim >= 0; }
};

/// Where a load, store or gather of a group goes: index i of covered dim d is inside the bounds for lower[d] <= i < upper[d].
struct Access {
  mlir::Value base;                        // address of tile element (0, .., 0)
  mlir::Type element;
  llvm::SmallVector<Size> strides;         // of the dims the tile covers
  llvm::SmallVector<std::optional<Size>> lower, upper; // no value: always inside
  mlir::Value leading;                     // i1: the dims that the tile does not cover are inside; null = always
  mlir::Value full;                        // i1: the whole tile is inside; null = always
};

class KernelEmitter {
public:
  KernelEmitter(tile::KernelOp kernel, mlir::OpBuilder &builder, const CpuTarget &target);

  /// Emits the function; failure has been reported as a diagnostic on the op.
  llvm::FailureOr<mlir::func::FuncOp> emit();
  int64_t scratchBytes() const { return scratchSize; }

  Code code;
  const CpuTarget &target;
  const Plan plan;
  const Bounds bounds;
  /// Loads of the program's own rows that one group has read; the next group prefetches those of the next program.
  llvm::SetVector<mlir::Operation *> rowsRead, rowsPrefetched;

  // Values of the kernel in the function.
  mlir::Value scalar(mlir::Value v) { return scalars.lookup(v); }
  const Buffer *findBuffer(mlir::Value v) const;
  View viewOf(mlir::Value v);
  Access accessOf(mlir::Operation *op);
  /// i1: what `op` stores is better written past the caches: it is contiguous, aligned and more than they hold. Null if that is never so.
  mlir::Value isStreamed(tile::StoreOp op, const Access &access);
  /// How many of the `full` indices along a dim are needed; all of them while the bound is not known at this place.
  Size neededExtent(int64_t full, const Need &need);

  // Memory of a buffer.
  mlir::Value loadBuffer(const Buffer &buffer, const Point &p);
  void storeBuffer(mlir::Value value, const Buffer &buffer, const Point &p);
  Buffer allocate(llvm::ArrayRef<int64_t> shape, mlir::Type element);

private:
  llvm::LogicalResult emitBlock(mlir::Block &block);
  llvm::LogicalResult emitSingle(mlir::Operation *op, mlir::Block &block, size_t step);
  void emitScalar(mlir::Operation *op);
  void emitGrid();
  // Groups (EmitGroup.cpp)
  void emitGroup(const Step &step);
  void emitCopy(mlir::Value v, const Buffer &into);
  friend class GroupEmitter;
  friend class RecurEmitter;
  // Steps of their own (EmitSteps.cpp)
  void emitDot(tile::DotOp op, mlir::Block &block, size_t step);
  void emitDirectLoad(tile::LoadOp op);
  void emitReshape(tile::ReshapeOp op);
  void emitJoin(tile::JoinOp op);
  llvm::LogicalResult emitScan(tile::ScanOp op);
  llvm::LogicalResult emitRecur(tile::RecurOp op); // EmitRecur.cpp
  llvm::LogicalResult emitTable(tile::TableOp op);
  llvm::LogicalResult emitFor(mlir::Operation *op);
  llvm::LogicalResult emitWhile(mlir::Operation *op);
  llvm::LogicalResult emitIf(mlir::Operation *op);
  void emitYields(mlir::Block &block, llvm::ArrayRef<std::pair<mlir::Value, Buffer>> targets);
  /// Where the loop-carried value `yielded` may be computed in place; fills `destinations`.
  void forwardYield(mlir::Block &body, mlir::Value yielded, mlir::Value carried, const Buffer &buffer);
  Buffer bufferFor(mlir::Value v);

  tile::KernelOp kernel;
  mlir::ModuleOp module; // that the function is in
  mlir::IRMapping scalars;
  llvm::DenseMap<mlir::Value, Buffer> buffers;
  llvm::DenseMap<mlir::Value, View> views;
  llvm::DenseMap<mlir::Value, Buffer> destinations; // buffers chosen ahead for values still to come
  mlir::Value scratch;
  llvm::SmallVector<mlir::Value> programIds;
  bool hasStreams = false;
  ScratchPlan scratchPlan;
  int64_t scratchSize = 0;
};

/// x and y combined by a kind of tile.reduce and tile.scan.
mlir::Value combineKind(Code &code, llvm::StringRef kind, mlir::Value x, mlir::Value y);
/// All elements of a vector combined, in a fixed tree.
mlir::Value horizontal(Code &code, llvm::StringRef kind, mlir::Value v);
/// Buffer without dim d, at index i of it.
Buffer sliceAt(Code &code, const Buffer &buffer, int64_t d, Size i);
/// Memory type of an element: i1 takes a byte.
mlir::Type memoryType(mlir::Type element);

/// Vectors and scalars of one loop body: evaluates tiles at points, each value once.
class Evaluator {
public:
  /// Values that `body` takes from outside are evaluated before `before`, for all evaluators that share it.
  struct Hoist {
    mlir::Block *body;
    mlir::Operation *before;
    std::shared_ptr<Evaluator> outside;
  };
  Evaluator(KernelEmitter &kernel, const llvm::MapVector<mlir::Operation *, Access> &accesses, bool masked, bool streaming = false, Hoist *hoist = nullptr)
      : kernel(kernel), code(kernel.code), accesses(accesses), masked(masked), streaming(streaming), hoist(hoist) {}

  /// The value of `v` at p is known.
  void seed(mlir::Value v, const Point &p, mlir::Value value) { memo[keyOf(v, p)] = value; }

  mlir::Value evaluate(mlir::Value v, const Point &p);
  /// Stores, or adds, the value of a tile.store or tile.accumulate at p.
  void store(mlir::Operation *op, const Point &p);
  /// Brings what `op` loads at p into the caches, `rows` indices of its first dim further on.
  void prefetch(mlir::Operation *op, const Point &p, int64_t rows);

private:
  using Key = std::pair<void *, std::vector<std::pair<void *, int64_t>>>;
  static Key keyOf(mlir::Value v, const Point &p);
  mlir::Value compute(mlir::Value v, const Point &p);
  mlir::Value load(tile::LoadOp op, const Point &p);
  mlir::Value gather(tile::GatherOp op, const Point &p);
  mlir::Value map(tile::MapOp op, unsigned result, const Point &p);
  mlir::Value elementwise(mlir::Operation *op, const Point &p);
  mlir::Value iota(tile::IotaOp op, const Point &p);
  mlir::Value maskAt(const Access &a, const Point &p, int64_t skipDim = -1);
  mlir::Value fetch(const Access &a, mlir::Value address, const Point &p, Size lane, mlir::Value mask, double pad);
  mlir::Value address(const Access &a, const Point &p, int64_t skipDim = -1);
  void atomicAdd(mlir::Type element, mlir::Value x, mlir::Value to);

  KernelEmitter &kernel;
  Code &code;
  const llvm::MapVector<mlir::Operation *, Access> &accesses;
  bool masked, streaming;
  Hoist *hoist;
  std::map<Key, mlir::Value> memo;
};

/// The type of a value of `element` at p.
mlir::Type typeAt(mlir::Type element, const Point &p);
/// Clones a scalar or elementwise op on operands that were lifted to scalars or vectors of `p`'s width; 16-bit floats compute in f32.
mlir::Value cloneLifted(Code &code, mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands, mlir::Type element, const Point &p);

} // namespace seqc::cpu

#endif // SEQC_LIB_CONVERSION_TILETOCPU_KERNELEMITTER_H
