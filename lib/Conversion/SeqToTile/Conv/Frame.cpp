// SPDX-License-Identifier: Apache-2.0
#include "Frame.h"
#include "../Common/OpKinds.h"
#include "seqc/Support/Diagnostics.h"

using namespace mlir;

namespace seqc::convert {

ConvAxes::ConvAxes(const GroupInfo &info) : info(info) {
  for (auto [d, list] : llvm::enumerate(info.domain().of(info.anchor()->getResult(0))))
    for (unsigned f : list)
      if (!llvm::is_contained(axes[d], info.axisOf(f)))
        axes[d].push_back(info.axisOf(f));
}

const Expr &ConvAxes::size(unsigned d) const { return info.axes()[inner(d)].size; }

/// Coordinate along a dim of y from the starts of its axes.
Value ConvFrame::coordinate(unsigned d) {
  TileMath t{kernel.b(), kernel.loc()};
  Value c;
  for (unsigned a : axes.of(d)) {
    Value start = emitter.axis(a).start ? emitter.axis(a).start : kernel.index(0);
    c = c ? t.addi(t.muli(c, kernel.expr(info.axes()[a].size)), start) : start;
  }
  return c ? c : kernel.index(0);
}

ConvBlock ConvFrame::start(int64_t channels, int64_t times) {
  SmallVector<unsigned> grid;
  for (unsigned a = 1; a < info.axes().size(); ++a)
    grid.push_back(a);
  emitter.axis(0).extent = 1;
  if (axes.inner(1))
    emitter.axis(axes.inner(1)).extent = channels;
  if (axes.inner(2))
    emitter.axis(axes.inner(2)).extent = times;
  assignGrid(emitter, info, grid);
  return {coordinate(0), coordinate(1), coordinate(2), channels, times};
}

LogicalResult ConvFrame::finish(Value y) {
  TileMath t{kernel.b(), kernel.loc()};
  Value result = info.anchor()->getResult(0);
  y = t.convert(y, cast<RankedTensorType>(result.getType()).getElementType());
  SmallVector<unsigned> on;
  for (unsigned d : {1, 2})
    if (axes.inner(d))
      on.push_back(axes.inner(d));
  if (on.empty())
    on.push_back(0);
  auto type = TileMath::type(emitter.shapeOf(on), TileMath::elementOf(y));
  if (type != y.getType())
    y = tile::ReshapeOp::create(kernel.b(), kernel.loc(), type, y);
  emitter.seed(result, Tile{y, on});
  for (Value v : info.outputs())
    if (!isSideResult(v) && failed(emitter.store(v)))
      return failure();
  return success();
}

FailureOr<Value> emitSideResult(OpBuilder &host, KernelBuilder &kernel, Value v, StringRef dtype, int64_t channels, int64_t positions,
                                function_ref<FailureOr<Value>(const ConvBlock &)> program) {
  std::optional<SmallVector<Expr>> shape = kernel.shapes().shape(v);
  if (!shape)
    return unsupported(v.getDefiningOp()->emitOpError("expects results whose sizes are expressions over the named dims"));
  TileMath t{kernel.b(), kernel.loc()};
  kernel.setGrid({ceilDiv((*shape)[2], Expr(positions)), ceilDiv((*shape)[1], Expr(channels)), (*shape)[0]});
  ConvBlock block{kernel.programId(2), t.muli(kernel.programId(1), channels), t.muli(kernel.programId(0), positions), channels, positions};
  FailureOr<Value> tile = program(block);
  if (failed(tile))
    return failure();
  auto type = cast<RankedTensorType>(v.getType());
  SmallVector<OperandView::Dim> dims{{(*shape)[0], (*shape)[1] * (*shape)[2]}, {(*shape)[1], (*shape)[2]}, {(*shape)[2], Expr(1)}};
  Value view = kernel.view(kernel.writePointer(v, type, *shape), Expr(0), dims);
  tile::StoreOp::create(kernel.b(), kernel.loc(), t.convert(*tile, type.getElementType()), view,
                        ArrayRef<OpFoldResult>{block.batch, block.channel, block.time});
  return kernel.launch(host, dtype, {v})[0];
}

FailureOr<Value> operandView(KernelBuilder &kernel, Operation *op, Value v, ArrayRef<unsigned> order) {
  FailureOr<OperandView> view = viewForKernel(op, v, kernel.shapes());
  if (failed(view))
    return failure();
  SmallVector<OperandView::Dim> dims;
  for (unsigned d : order)
    dims.push_back(view->dims[d]);
  return kernel.view(kernel.readPointer(view->base), view->offset, order.empty() ? ArrayRef(view->dims) : ArrayRef(dims));
}

static Type elementOfView(Value view) { return cast<tile::ViewType>(view.getType()).getElementType(); }

Value loadBlock(TileMath t, Value view, const ConvBlock &block, Value at, Type type) {
  auto tile = TileMath::type({block.channels, block.times}, elementOfView(view));
  return t.convert(tile::LoadOp::create(t.b, t.loc, tile, view, ArrayRef<OpFoldResult>{block.batch, block.channel, at}), type);
}

Value loadTap(TileMath t, Value view, const ConvBlock &block, Value at, Value firstRow, Type type) {
  auto tile = TileMath::type({block.channels}, elementOfView(view));
  return t.broadcast(t.convert(tile::LoadOp::create(t.b, t.loc, tile, view, ArrayRef<OpFoldResult>{at, firstRow}), type), 1, block.times);
}

Value loadPerChannel(TileMath t, Value view, const ConvBlock &block, Type type) {
  auto tile = TileMath::type({block.channels}, elementOfView(view));
  return t.broadcast(t.convert(tile::LoadOp::create(t.b, t.loc, tile, view, ArrayRef<OpFoldResult>{block.channel}), type), 1, block.times);
}

} // namespace seqc::convert
