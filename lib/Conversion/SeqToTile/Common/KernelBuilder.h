// SPDX-License-Identifier: Apache-2.0
// Builds one `tile.kernel` at level block and its launch in the host function.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_KERNELBUILDER_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_KERNELBUILDER_H

#include "OperandView.h"
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/IR/Builders.h"

namespace seqc::convert {

/// Kernels of a module by content: equal kernels are one symbol.
class KernelLibrary {
public:
  explicit KernelLibrary(mlir::ModuleOp module);
  /// Names the kernel `seqc_<scheme>_<dtype>_<8 hex digits>`, puts it into the module or drops it for an equal one; returns the name.
  std::string add(mlir::OwningOpRef<tile::KernelOp> kernel, llvm::StringRef scheme, llvm::StringRef dtype);
  mlir::ModuleOp module() const { return moduleOp; }

private:
  mlir::ModuleOp moduleOp;
  mlir::Operation *last = nullptr; ///< kernels stand together at the start of the module
  llvm::StringMap<std::string> texts;
};

class KernelBuilder {
public:
  KernelBuilder(KernelLibrary &library, mlir::Location loc, llvm::StringRef scheme, ShapeExprs &shapes);

  /// Builder of the body; new code goes where it stands.
  mlir::OpBuilder &b() { return builder; }
  mlir::Location loc() const { return location; }
  ShapeExprs &shapes() { return shapeExprs; }

  /// Pointer parameters; memory of complex numbers is memory of their parts. `host` is a contiguous tensor of the host function; `key` stands for a result until the launch exists.
  mlir::Value readPointer(mlir::Value host);
  mlir::Value writePointer(mlir::Value key, mlir::RankedTensorType type, llvm::ArrayRef<Expr> shape);

  /// Index values, computed at the start of the body, each once.
  mlir::Value expr(const Expr &e);
  mlir::Value index(int64_t v) { return expr(Expr(v)); }
  mlir::OpFoldResult size(const Expr &e);
  mlir::Value programId(int64_t dim);

  /// A view of `sizes` and `strides` that starts `offset` elements after the pointer; equal views are one.
  mlir::Value view(mlir::Value pointer, const Expr &offset, llvm::ArrayRef<OperandView::Dim> dims);

  /// Grid extents, x first (1 to 3).
  void setGrid(llvm::ArrayRef<Expr> extents) { grid.assign(extents.begin(), extents.end()); }
  /// Recorded choices of the scheme.
  void setConfig(llvm::StringRef name, int64_t value) { config.push_back({name.str(), value}); }
  std::string configText() const;

  /// Ends the kernel and launches it at `host`'s insertion point. Gives the values of `keys`, each the key of a written pointer.
  llvm::SmallVector<mlir::Value> launch(mlir::OpBuilder &host, llvm::StringRef dtype, llvm::ArrayRef<mlir::Value> keys);

private:
  mlir::Value insertArgument(unsigned position, mlir::Type type);
  struct Written {
    mlir::Value key;
    mlir::RankedTensorType type;
    llvm::SmallVector<Expr> shape;
    mlir::Value pointer;
  };

  KernelLibrary &library;
  mlir::Location location;
  std::string scheme;
  ShapeExprs &shapeExprs;
  mlir::OwningOpRef<tile::KernelOp> kernel;
  mlir::OpBuilder builder;
  mlir::Operation *lastEntry = nullptr;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> reads; ///< host tensor, pointer
  llvm::SmallVector<Written> writes;
  llvm::SmallVector<std::string> names; ///< index params, in the order of the function's dims
  llvm::StringMap<mlir::Value> exprs;
  llvm::StringMap<mlir::Value> views;
  llvm::SmallVector<Expr, 3> grid;
  llvm::SmallVector<std::pair<std::string, int64_t>> config;
};

/// Manifest spelling of an element type: "f32", "i1", "c64", ...
std::string dtypeName(mlir::Type element);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_KERNELBUILDER_H
