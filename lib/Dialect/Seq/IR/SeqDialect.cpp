// SPDX-License-Identifier: Apache-2.0
// Registration. Verifiers: AttentionOp.cpp, FftOps.cpp, ButterflyOp.cpp, ScanOps.cpp, SeqOps.cpp, SeqAttributes.cpp.
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace seqc::seq;

#include "seqc/Dialect/Seq/IR/SeqDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "seqc/Dialect/Seq/IR/SeqAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "seqc/Dialect/Seq/IR/SeqOps.cpp.inc"

namespace {
/// Folded constants stay inside the regions of seq ops: a region is later cloned into a kernel.
struct SeqFoldInterface : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *region) const final { return isa<AttentionOp, GroupOp>(region->getParentOp()); }
};
} // namespace

void SeqDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "seqc/Dialect/Seq/IR/SeqOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "seqc/Dialect/Seq/IR/SeqAttributes.cpp.inc"
      >();
  addInterfaces<SeqFoldInterface>();
}
