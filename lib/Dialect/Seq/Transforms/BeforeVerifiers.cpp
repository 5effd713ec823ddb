// SPDX-License-Identifier: Apache-2.0
// Mistakes in the text of upstream ops that their own verifiers take for granted.
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc::seq {

static LogicalResult check(tensor::ConcatOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  auto dim = static_cast<int64_t>(op.getDim());
  if (!type || (dim >= 0 && dim < type.getRank()))
    return success();
  return op.emitOpError() << "expects a dim among 0 to " << type.getRank() - 1 << ", but got " << dim;
}

static LogicalResult check(linalg::BroadcastOp op) {
  llvm::SmallSet<int64_t, 8> seen;
  for (int64_t d : op.getDimensions())
    if (!seen.insert(d).second)
      return op.emitOpError() << "expects every added dim once, but got " << d << " twice";
  return success();
}

/// The least integer is the mark of a value among constants.
static LogicalResult checkMarks(Operation *op, ArrayRef<int64_t> constants, size_t values) {
  if (llvm::count(constants, ShapedType::kDynamic) == static_cast<int64_t>(values))
    return success();
  return op->emitOpError() << "expects constants above the least 64-bit integer, but got " << ShapedType::kDynamic;
}

static LogicalResult checkAll(Operation *op, std::initializer_list<std::pair<ArrayRef<int64_t>, size_t>> lists) {
  for (auto [constants, values] : lists)
    if (failed(checkMarks(op, constants, values)))
      return failure();
  return success();
}

static LogicalResult check(tensor::PadOp op) { return checkAll(op, {{op.getStaticLow(), op.getLow().size()}, {op.getStaticHigh(), op.getHigh().size()}}); }
static LogicalResult check(tensor::ExtractSliceOp op) {
  return checkAll(op, {{op.getStaticOffsets(), op.getOffsets().size()}, {op.getStaticSizes(), op.getSizes().size()}, {op.getStaticStrides(), op.getStrides().size()}});
}
static LogicalResult check(tensor::ExpandShapeOp op) { return checkAll(op, {{op.getStaticOutputShape(), op.getOutputShape().size()}}); }

LogicalResult checkBeforeVerifiers(Operation *root) {
  bool ok = true;
  root->walk([&](Operation *op) {
    llvm::TypeSwitch<Operation *>(op).Case<tensor::ConcatOp, linalg::BroadcastOp, tensor::PadOp, tensor::ExtractSliceOp, tensor::ExpandShapeOp>(
        [&](auto known) { ok &= succeeded(check(known)); });
  });
  return success(ok);
}

} // namespace seqc::seq
