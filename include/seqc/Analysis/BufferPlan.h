// SPDX-License-Identifier: Apache-2.0
// Where the results of launches live: attributes of a planned host function, and a checker of plans.
//   tile.launch: seqc.buffers = ["output 0", "workspace B * L * 256"], one per result
//   func.func:   seqc.workspace_bytes = "B * L * 512"
// and what a kernel does, over its index arguments:
//   tile.kernel: seqc.flops = "B * L * 1024", seqc.bytes = "B * L * 8"
#ifndef SEQC_ANALYSIS_BUFFERPLAN_H
#define SEQC_ANALYSIS_BUFFERPLAN_H

#include "seqc/Analysis/ShapeExprs.h"
#include "seqc/Dialect/Tile/IR/Tile.h"

namespace seqc {

inline constexpr llvm::StringLiteral kBuffersAttr = "seqc.buffers";
inline constexpr llvm::StringLiteral kWorkspaceAttr = "seqc.workspace_bytes";

inline constexpr llvm::StringLiteral kFlopsAttr = "seqc.flops";
inline constexpr llvm::StringLiteral kBytesAttr = "seqc.bytes";

struct BufferPlace {
  enum Kind { Output, Workspace } kind = Workspace;
  unsigned output = 0; ///< result of the function
  Expr offset;         ///< bytes, a multiple of 64
  std::string str() const;
  static llvm::Expected<BufferPlace> parse(llvm::StringRef text);
};

/// Places of the results of a launch; fails with a diagnostic where they are missing or do not parse.
llvm::FailureOr<llvm::SmallVector<BufferPlace>> bufferPlaces(tile::LaunchOp launch);
/// `seqc.workspace_bytes`; fails with a diagnostic.
llvm::FailureOr<Expr> workspaceBytes(mlir::func::FuncOp func);

/// The tensor whose memory `v` is: seen through reshapes of whole tensors.
mlir::Value memoryRoot(mlir::Value v);
/// Bytes of an element in memory (i1: 1).
int64_t elementBytes(mlir::Type element);

/// Runs the launches of a planned function on byte ranges, with these dim values: every read must find what was written, every range must
/// lie in the workspace on a multiple of 64, results of the function must be in their outputs. Diagnostics name the launch.
mlir::LogicalResult checkBufferPlan(mlir::func::FuncOp func, const llvm::StringMap<int64_t> &dims);

} // namespace seqc

#endif // SEQC_ANALYSIS_BUFFERPLAN_H
