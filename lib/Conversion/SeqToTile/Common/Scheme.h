// SPDX-License-Identifier: Apache-2.0
// A scheme builds the kernel of a group: from the group and a small config of integers to a block program and its launch. Schemes are
// data in one table; configs differ between targets, block programs do not know the target.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_SCHEME_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_SCHEME_H

#include "GroupInfo.h"
#include "KernelBuilder.h"
#include "TileEmitter.h"
#include "seqc/Dialect/Seq/IR/Seq.h"

namespace seqc::convert {

enum class Target { Cpu, Gpu };

/// Named integers: tile sizes and other choices.
struct Config {
  llvm::SmallVector<std::pair<std::string, int64_t>> values;
  int64_t get(llvm::StringRef name) const;
  void set(llvm::StringRef name, int64_t value);
  std::string text() const; ///< "bm = 64, bn = 128"
};

/// A config for the sizes for which `guard` is not 0.
struct Variant {
  Expr guard;
  Config config;
};

struct SchemeContext {
  KernelLibrary &library;
  ShapeExprs &shapes;
  Target target;
};

struct Scheme {
  llvm::StringLiteral name;
  /// Configs for the group, the preferred one first; empty, with a diagnostic on an op, if the scheme cannot build it.
  llvm::SmallVector<Config> (*candidates)(const GroupInfo &info, Target target);
  /// Builds kernel and launch at the builder (in the host function); returns the values of the group's results.
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> (*emitBlock)(mlir::OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config,
                                                               SchemeContext &context);
  /// Kernels for some of the sizes that `info` leaves open, in the order in which they are tried; null if the scheme has none. They take the
  /// operands of the preferred config's kernel.
  llvm::SmallVector<Variant> (*variants)(const GroupInfo &info, ShapeExprs &shapes, Target target) = nullptr;
};

/// All schemes.
llvm::ArrayRef<Scheme> schemes();
const Scheme *findScheme(llvm::StringRef name);

//===-- What the schemes share ----------------------------------------------===//

/// Programs of the grid over these axes, outermost first: one per block of the axis (extent > 0) or per coordinate. Sets the start of every
/// axis and the grid of the kernel; the last axis is x.
void assignGrid(TileEmitter &emitter, const GroupInfo &info, llvm::ArrayRef<unsigned> gridAxes);

/// Stores every result of the group.
mlir::LogicalResult storeResults(TileEmitter &emitter, const GroupInfo &info);

/// Extent of a tile along an axis of `size`: at most `limit`, equal blocks, multiples of `multiple` where it is not below that.
int64_t tileExtent(const Expr &size, int64_t limit, int64_t multiple = 8);

/// The same for the GPU, where extents spread over threads: multiples of `multiple`, and otherwise a power of two times at most 7.
int64_t gpuTileExtent(const Expr &size, int64_t limit, int64_t multiple = 1);
/// Warps for a tile of that many elements: 16 elements a thread, 4 to 16 warps.
int64_t gpuWarps(int64_t elements);

/// Types of the group's kernel name: the element type of the first result.
std::string groupDtype(const GroupInfo &info);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_SCHEME_H
