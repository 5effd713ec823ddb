// SPDX-License-Identifier: Apache-2.0
// What the schemes need to know of the ops of one kernel: its domain, cut into axes along which all memory is strided alike.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_GROUPINFO_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_GROUPINFO_H

#include "Domain.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace seqc::convert {

/// Memory of one read or of one result: element strides of fine dims (absent: the dim is not in the value, or broadcast).
struct Access {
  OperandView view;                                          ///< of a result: base is null
  llvm::SmallVector<std::pair<unsigned, Expr>, 6> strides;
  std::optional<Expr> stride(unsigned fine) const;
};

/// Adjacent fine dims that every access strides through as one dim. Axis 0 is a unit axis (no fine dims, size 1) that gives a shape to
/// scalars.
struct Axis {
  llvm::SmallVector<unsigned, 4> fines;
  Expr size = Expr(1);
  bool reduced = false;
};

class GroupInfo {
public:
  /// `ops` in program order. Fails at `where`, with `reason`, if the ops cannot be one kernel.
  static llvm::FailureOr<GroupInfo> get(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<mlir::Value> outputs, ShapeExprs &shapes,
                                        mlir::Operation **where = nullptr, std::string *reason = nullptr);
  /// Of a formed group: body and yielded values.
  static llvm::FailureOr<GroupInfo> get(mlir::Operation *group, ShapeExprs &shapes, mlir::Operation **where = nullptr, std::string *reason = nullptr);

  llvm::ArrayRef<mlir::Operation *> ops() const { return operations; }
  llvm::ArrayRef<mlir::Value> outputs() const { return results; }
  mlir::Operation *anchor() const { return anchorOp; }
  llvm::ArrayRef<mlir::linalg::ReduceOp> reduces() const { return reduceOps; }
  const Domain &domain() const { return dom; }
  llvm::ArrayRef<Axis> axes() const { return axisList; }
  /// Axis of a fine dim.
  unsigned axisOf(unsigned fine) const { return fineToAxis.find(fine)->second; }
  /// Axes that a value spans, ascending.
  llvm::SmallVector<unsigned> axesOf(const DimLists &lists) const;
  /// True if the value has a reduced axis.
  bool hasReduced(const DimLists &lists) const;

  Access read(mlir::Value v, const DimLists &lists, ShapeExprs &shapes) const;
  /// The memory that `use` reads through views of the set.
  Access read(mlir::OpOperand &use, ShapeExprs &shapes) const;
  Access write(mlir::Value output) const;
  /// Dims of the value that `use` reads.
  const DimLists &dims(mlir::OpOperand &use) const { return dom.of(use); }

private:
  bool checkStructure(std::string &reason);
  bool collectAccesses(ShapeExprs &shapes, mlir::Operation *&where, std::string &reason);
  bool collectSource(mlir::Operation *op, ShapeExprs &shapes, mlir::Operation *&where, std::string &reason);
  bool addAccess(mlir::Value v, const DimLists &lists, ShapeExprs &shapes, mlir::Operation *&where, std::string &reason);
  bool computes(mlir::Value v) const;
  void orderFines();
  void makeAxes();

  llvm::SmallVector<mlir::Operation *> operations;
  llvm::SmallVector<mlir::Value> results;
  mlir::Operation *anchorOp = nullptr;
  llvm::SmallVector<mlir::linalg::ReduceOp> reduceOps;
  Domain dom;
  std::vector<Access> accesses;
  llvm::DenseSet<unsigned> solid; ///< fine dims whose coordinate is used on its own
  llvm::SmallVector<unsigned> fineOrder;
  llvm::SmallVector<Axis> axisList;
  llvm::DenseMap<unsigned, unsigned> fineToAxis;
};

/// Dims of the index and of the source operand of a gather, in terms of the dims of its result.
DimLists gatherIndexDims(mlir::Operation *gather, const DimLists &result);
DimLists gatherSourceDims(mlir::Operation *gather, const DimLists &result);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_GROUPINFO_H
