// SPDX-License-Identifier: Apache-2.0
// The iteration domain of a set of ops that become one kernel. Every tensor dim of every value is a product of *fine* dims; elementwise
// ops equate dims, reshapes split them, transposes permute them, broadcasts and reductions leave some out.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_DOMAIN_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_DOMAIN_H

#include "OperandView.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/DenseSet.h"

namespace seqc::convert {

/// Fine dims of one tensor dim, outermost first; empty for extent 1.
using FineList = llvm::SmallVector<unsigned, 2>;
using DimLists = llvm::SmallVector<FineList, 4>;

class Domain {
public:
  struct Fine {
    Expr size;
    bool reduced = false;
  };

  /// `ops` in program order. Fails at `where` if the dims do not fit together (a reshape that mixes dims, a value used with itself
  /// transposed).
  /// Only what `outputs` need counts. With `shareReads` all reads of one tensor go through the same dims (softmax reads its input for the maximum
  /// and for the exponentials); without, each has dims of its own (a matrix and its transpose).
  static llvm::FailureOr<Domain> infer(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<mlir::Value> outputs, ShapeExprs &shapes, bool shareReads,
                                       mlir::Operation **where = nullptr);

  /// Dims of a value computed in the set, or of the use of a value that is not.
  const DimLists &of(mlir::Value v) const { return values.find(v)->second; }
  const DimLists &of(mlir::OpOperand &use) const;
  bool contains(mlir::Value v) const { return values.count(v); }
  /// Ops that the outputs need, in program order; views below slices and sources are not among them.
  llvm::ArrayRef<mlir::Operation *> live() const { return liveOps; }
  /// True for the use, by a live op, of memory that the op reads through its dims.
  bool isLeafUse(mlir::OpOperand &use) const { return leaves.count(&use); }

  const Fine &fine(unsigned id) const { return fines.find(id)->second; }
  /// Fine dims that appear in some live value, keyed by id.
  const llvm::MapVector<unsigned, Fine> &all() const { return fines; }

private:
  friend class DomainBuilder;
  llvm::DenseMap<mlir::Value, DimLists> values;
  llvm::DenseMap<mlir::OpOperand *, DimLists> uses;
  llvm::MapVector<unsigned, Fine> fines;
  llvm::SmallVector<mlir::Operation *> liveOps;
  llvm::DenseSet<mlir::OpOperand *> leaves;
};

/// All fine dims of the lists, in order.
llvm::SmallVector<unsigned> flatten(const DimLists &lists);

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_DOMAIN_H
