// SPDX-License-Identifier: Apache-2.0
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/IR/DialectImplementation.h"
#include <cmath>

using namespace mlir;
using namespace seqc::seq;

#include "seqc/Dialect/Seq/IR/SeqDialect.cpp.inc"
#define GET_OP_CLASSES
#include "seqc/Dialect/Seq/IR/SeqOps.cpp.inc"

void SeqDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "seqc/Dialect/Seq/IR/SeqOps.cpp.inc"
      >();
}

LogicalResult SeqDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) { return success(); }
LogicalResult SeqDialect::verifyRegionArgAttribute(Operation *op, unsigned region, unsigned arg, NamedAttribute attr) { return success(); }

double AttentionOp::getScaleValue() {
  if (std::optional<APFloat> scale = getScale())
    return scale->convertToDouble();
  return 1.0 / std::sqrt(static_cast<double>(cast<RankedTensorType>(getQ().getType()).getShape().back()));
}
LogicalResult AttentionOp::verify() { return success(); }
LogicalResult AttentionOp::verifyRegions() { return success(); }
LogicalResult IotaOp::verify() { return success(); }
LogicalResult GroupOp::verifyRegions() { return success(); }
