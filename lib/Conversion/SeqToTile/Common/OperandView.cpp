// SPDX-License-Identifier: Apache-2.0
#include "OperandView.h"
#include "seqc/Support/Diagnostics.h"
#include "OpKinds.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc::convert {

static void factors(const Expr &e, int64_t &constant, SmallVectorImpl<Expr> &others) {
  if (e.isConst())
    constant *= e.value();
  else if (e.op() == Expr::Op::Mul)
    factors(e.lhs(), constant, others), factors(e.rhs(), constant, others);
  else
    others.push_back(e);
}

std::optional<Expr> exactQuotient(const Expr &big, const Expr &small) {
  int64_t cb = 1, cs = 1;
  SmallVector<Expr> fb, fs;
  factors(big, cb, fb);
  factors(small, cs, fs);
  if (cs == 0 || cb % cs != 0)
    return std::nullopt;
  for (const Expr &f : fs) {
    auto it = llvm::find(fb, f);
    if (it == fb.end())
      return std::nullopt;
    fb.erase(it);
  }
  Expr q(cb / cs);
  for (const Expr &f : fb)
    q = q * f;
  return q;
}

namespace {
class Walker {
public:
  Walker(ShapeExprs &shapes, Operation **blocker) : shapes(shapes), blocker(blocker) {}

  FailureOr<OperandView> walk(Value v) {
    Operation *op = v.getDefiningOp();
    if (!op || classify(op) != OpKind::View)
      return contiguous(v);
    FailureOr<OperandView> source = walk(viewSource(op).get());
    if (failed(source))
      return failure();
    LogicalResult ok = TypeSwitch<Operation *, LogicalResult>(op)
                           .Case<linalg::TransposeOp, linalg::BroadcastOp, tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
                               [&](auto o) { return apply(o, *source); })
                           .Default([](Operation *) { return success(); }); // cast
    if (failed(ok))
      return failure();
    return source;
  }

private:
  FailureOr<OperandView> contiguous(Value v) {
    std::optional<SmallVector<Expr>> sizes = shapes.shape(v);
    if (!sizes)
      return failure();
    OperandView view{v, Expr(0), {}};
    view.dims.resize(sizes->size(), {Expr(1), Expr(1)});
    Expr stride(1);
    for (int64_t d = static_cast<int64_t>(sizes->size()) - 1; d >= 0; --d) {
      view.dims[d] = {(*sizes)[d], stride};
      stride = stride * (*sizes)[d];
    }
    return view;
  }

  LogicalResult apply(linalg::TransposeOp op, OperandView &v) {
    SmallVector<OperandView::Dim> dims;
    for (int64_t p : op.getPermutation())
      dims.push_back(v.dims[p]);
    v.dims = dims;
    return success();
  }

  LogicalResult apply(linalg::BroadcastOp op, OperandView &v) {
    SmallVector<OperandView::Dim> dims;
    int64_t next = 0;
    for (int64_t d = 0, rank = cast<RankedTensorType>(op.getResult()[0].getType()).getRank(); d < rank; ++d) {
      if (!llvm::is_contained(op.getDimensions(), d)) {
        dims.push_back(v.dims[next++]);
        continue;
      }
      std::optional<Expr> size = shapes.dim(op.getResult()[0], d);
      if (!size)
        return failure();
      dims.push_back({*size, Expr(0)});
    }
    v.dims = dims;
    return success();
  }

  LogicalResult apply(tensor::ExtractSliceOp op, OperandView &v) {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    SmallVector<OperandView::Dim> dims;
    SmallVector<OpFoldResult> offsets = op.getMixedOffsets(), sizes = op.getMixedSizes(), steps = op.getMixedStrides();
    for (auto [d, dim] : llvm::enumerate(v.dims)) {
      std::optional<Expr> offset = shapes.index(offsets[d]), size = shapes.index(sizes[d]), step = shapes.index(steps[d]);
      if (!offset || !size || !step)
        return failure();
      v.offset = v.offset + *offset * dim.stride;
      if (!dropped.test(d))
        dims.push_back({*size, dim.stride * *step});
    }
    v.dims = dims;
    return success();
  }

  LogicalResult apply(tensor::ExpandShapeOp op, OperandView &v) {
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OperandView::Dim> dims(sizes.size(), {Expr(1), Expr(1)});
    for (auto [d, group] : llvm::enumerate(op.getReassociationIndices())) {
      Expr stride = v.dims[d].stride;
      for (int64_t r : llvm::reverse(group)) {
        std::optional<Expr> size = shapes.index(sizes[r]);
        if (!size)
          return failure();
        dims[r] = {*size, stride};
        stride = stride * *size;
      }
    }
    v.dims = dims;
    return success();
  }

  LogicalResult apply(tensor::CollapseShapeOp op, OperandView &v) {
    SmallVector<OperandView::Dim> dims;
    for (const ReassociationIndices &group : op.getReassociationIndices()) {
      std::optional<OperandView::Dim> merged;
      for (int64_t s : llvm::reverse(group)) {
        const OperandView::Dim &dim = v.dims[s];
        if (dim.size.isConst(1))
          continue;
        if (!merged) {
          merged = dim;
        } else if (dim.stride == merged->size * merged->stride) {
          merged->size = merged->size * dim.size;
        } else {
          if (blocker)
            *blocker = op;
          return failure();
        }
      }
      dims.push_back(merged.value_or(OperandView::Dim{Expr(1), Expr(1)}));
    }
    v.dims = dims;
    return success();
  }

  ShapeExprs &shapes;
  Operation **blocker;
};
} // namespace

FailureOr<OperandView> viewOf(Value v, ShapeExprs &shapes, Operation **blocker) {
  if (blocker)
    *blocker = nullptr;
  return Walker(shapes, blocker).walk(v);
}

FailureOr<OperandView> viewForKernel(Operation *op, Value v, ShapeExprs &shapes) {
  FailureOr<OperandView> view = viewOf(v, shapes);
  if (failed(view))
    return unsupported(op->emitOpError()) << "expects operands that are strided memory with sizes over the named dims, but got one of type " << v.getType();
  return view;
}

} // namespace seqc::convert
