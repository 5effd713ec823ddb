// SPDX-License-Identifier: Apache-2.0
// Which ops become one kernel: greedy, in program order. An op joins the group of a producer if the result is one kernel with one
// iteration space and the groups stay free of cycles.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_FORMKERNELS_GROUPING_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_FORMKERNELS_GROUPING_H

#include "seqc/Analysis/ShapeExprs.h"
#include "llvm/ADT/SetVector.h"

namespace seqc::convert {

class Grouping {
public:
  explicit Grouping(mlir::func::FuncOp func);
  mlir::LogicalResult run();

private:
  struct Group {
    llvm::SetVector<mlir::Operation *> ops;
    llvm::SetVector<mlir::Value> copies; ///< of a copy: what is written
    llvm::DenseSet<unsigned> deps;       ///< groups it reads from, maybe merged since
    bool dead = false;
  };

  void makeSingleUse();
  bool isFree(mlir::Operation *op);
  bool isBroadcastOnly(mlir::Operation *op);
  bool isAttached(mlir::Operation *op);
  void collectClosure(mlir::Operation *op, llvm::SetVector<mlir::Operation *> &ops);
  llvm::SmallVector<mlir::Operation *> sorted(const llvm::SetVector<mlir::Operation *> &ops);
  llvm::SmallVector<mlir::Value> outputsOf(const llvm::SetVector<mlir::Operation *> &ops);
  bool isKernel(const llvm::SetVector<mlir::Operation *> &ops, mlir::Operation **where = nullptr, std::string *reason = nullptr);
  bool reaches(unsigned from, unsigned to, bool direct);
  unsigned find(unsigned g);

  mlir::LogicalResult place(mlir::Operation *op);
  void placeView(mlir::Operation *op);
  mlir::LogicalResult ensureViews(mlir::Operation *op);
  mlir::LogicalResult copySource(mlir::Operation *reshape);
  mlir::LogicalResult placeResults();
  llvm::FailureOr<mlir::Value> makeCopy(mlir::Value v, mlir::Operation *before, llvm::StringRef why);
  void build();
  void number();

  mlir::func::FuncOp func;
  std::unique_ptr<ShapeExprs> shapes;
  std::vector<Group> groups;
  std::vector<unsigned> mergedInto;
  llvm::DenseMap<mlir::Operation *, unsigned> groupOf, position;
  llvm::DenseMap<mlir::Operation *, bool> freeMemo;
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_FORMKERNELS_GROUPING_H
