// SPDX-License-Identifier: Apache-2.0
// Sizes of the tensors of a function as expressions over its named dims (`seq.dims`), and back to index arithmetic.
// Works on graph functions (before and after groups are formed) and on host functions of `tile.launch`.
#ifndef SEQC_ANALYSIS_SHAPEEXPRS_H
#define SEQC_ANALYSIS_SHAPEEXPRS_H

#include "seqc/Support/Expr.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace seqc {

class ShapeExprs {
public:
  /// A dynamic argument dim without a name in `seq.dims` is called `arg<i>_d<j>`.
  explicit ShapeExprs(mlir::func::FuncOp function);

  /// Size of dim `d`; no value where it depends on data or on an op that is not in the closed list of forms.
  std::optional<Expr> dim(mlir::Value tensor, int64_t d);
  /// All sizes.
  std::optional<llvm::SmallVector<Expr>> shape(mlir::Value tensor);
  /// An index (or integer) SSA value.
  std::optional<Expr> index(mlir::Value v);
  std::optional<Expr> index(mlir::OpFoldResult v);

  /// Names in order of first appearance in the arguments.
  llvm::ArrayRef<std::string> names() const { return order; }
  /// The size Expr of an argument dim as declared.
  Expr argumentDim(unsigned arg, int64_t d) const;

  /// The expression as index arithmetic at the builder, on `tensor.dim` of arguments at the start of the function (made once).
  mlir::Value materialize(mlir::OpBuilder &b, mlir::Location loc, const Expr &e) const;

  mlir::func::FuncOp function() const { return func; }

  /// To be called when ops were erased: their values may come back under the same address.
  void forget() { memo.clear(), indexMemo.clear(); }

private:
  std::optional<Expr> compute(mlir::OpResult result, int64_t d);

  mutable mlir::func::FuncOp func;
  std::vector<std::string> order;
  llvm::StringMap<std::pair<unsigned, int64_t>> origin; ///< name -> argument, dim
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, std::optional<Expr>> memo;
  llvm::DenseMap<mlir::Value, std::optional<Expr>> indexMemo;
  mutable llvm::StringMap<mlir::Value> hostDims;
};

/// Index arithmetic for `e`; `leaf` gives the value of a name.
mlir::Value materializeExpr(mlir::OpBuilder &b, mlir::Location loc, const Expr &e, llvm::function_ref<mlir::Value(llvm::StringRef)> leaf);

/// The expression of an arith op on indices or integers over its operands; no value for other ops.
std::optional<Expr> arithExpr(mlir::Operation *op, llvm::function_ref<std::optional<Expr>(mlir::Value)> operand);

} // namespace seqc

#endif // SEQC_ANALYSIS_SHAPEEXPRS_H
