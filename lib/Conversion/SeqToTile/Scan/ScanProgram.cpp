// SPDX-License-Identifier: Apache-2.0
#include "ScanProgram.h"
#include "../Common/OpKinds.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

/// Element type of the memory of a tensor.
static Type inMemory(Value tensor) { return partOf(getElementTypeOrSelf(tensor.getType())); }

/// Complex numbers as pairs of their parts.
static void addParts(Value tensor, Expr &offset, SmallVectorImpl<OperandView::Dim> &dims) {
  if (!isa<ComplexType>(getElementTypeOrSelf(tensor.getType())))
    return;
  offset = offset * Expr(2);
  for (OperandView::Dim &d : dims)
    d.stride = d.stride * Expr(2);
  dims.push_back({Expr(2), Expr(1)});
}

ScanProgram::ScanProgram(KernelBuilder &kernel, Operation *op, ScanConfig config, Value values)
    : k(kernel), t{kernel.b(), kernel.loc()}, op(op), config(config), input(getElementTypeOrSelf(values.getType())), state(partOf(seq::LinearScanOp::stateType(input))) {
  auto size = [&](int64_t d) { return kernel.shapes().dim(values, d).value_or(Expr(0)); };
  batch = size(0);
  channels = perGroup = size(1);
  length = size(2);
}

//===-- Memory of a block of channels ---------------------------------------------===//

void ScanProgram::setGrid(const Expr &count, const Expr &others) {
  groups = count;
  perGroup = floorDiv(channels, groups);
  Expr blocks = ceilDiv(perGroup, Expr(config.rows));
  k.setGrid({groups * blocks, others});
  Value id = k.programId(0);
  group = groups.isConst(1) ? Value() : t.divi(id, k.expr(blocks));
  first = t.muli(group ? t.remi(id, k.expr(blocks)) : id, config.rows);
  other = k.programId(1);
}

SmallVector<OperandView::Dim> ScanProgram::split(ArrayRef<OperandView::Dim> dims, int64_t channelDim) const {
  SmallVector<OperandView::Dim> result;
  for (auto [d, dim] : llvm::enumerate(dims)) {
    if (static_cast<int64_t>(d) != channelDim || groups.isConst(1)) {
      result.push_back(dim);
      continue;
    }
    result.push_back({groups, perGroup * dim.stride});
    result.push_back({perGroup, dim.stride});
  }
  return result;
}

FailureOr<Value> ScanProgram::operandView(Value operand, int64_t channelDim) {
  FailureOr<OperandView> view = viewForKernel(op, operand, k.shapes());
  if (failed(view))
    return failure();
  SmallVector<OperandView::Dim> dims = split(view->dims, channelDim);
  addParts(operand, view->offset, dims);
  return k.view(k.readPointer(view->base), view->offset, dims);
}

Value ScanProgram::resultView(Value result, int64_t channelDim) {
  SmallVector<Expr> shape = k.shapes().shape(result).value();
  SmallVector<OperandView::Dim> dims(shape.size());
  Expr stride(1);
  for (size_t d = shape.size(); d-- > 0;) {
    dims[d] = {shape[d], stride};
    stride = stride * shape[d];
  }
  Value pointer = k.writePointer(result, cast<RankedTensorType>(result.getType()), shape);
  dims = split(dims, channelDim);
  Expr offset(0);
  addParts(result, offset, dims);
  return k.view(pointer, offset, dims);
}

SmallVector<OpFoldResult> ScanProgram::at(ArrayRef<Value> others, int64_t channelDim) {
  SmallVector<OpFoldResult> coords(others.begin(), others.end());
  if (channelDim < 0)
    return coords;
  coords.insert(coords.begin() + channelDim, first);
  if (group)
    coords.insert(coords.begin() + channelDim, group);
  return coords;
}

FailureOr<Value> ScanProgram::load(Value operand, int64_t channelDim, ArrayRef<Value> others, ArrayRef<int64_t> shape, Type element) {
  FailureOr<Value> view = operandView(operand, channelDim);
  if (failed(view))
    return failure();
  SmallVector<int64_t> extents(shape);
  SmallVector<OpFoldResult> coords = at(others, channelDim);
  if (isa<ComplexType>(getElementTypeOrSelf(operand.getType()))) {
    extents.push_back(2);
    coords.push_back(k.b().getIndexAttr(0));
  }
  return t.convert(tile::LoadOp::create(k.b(), k.loc(), TileMath::type(extents, inMemory(operand)), *view, coords), element);
}

void ScanProgram::store(Value tile, Value view, int64_t channelDim, ArrayRef<Value> others) {
  tile = t.convert(tile, cast<tile::ViewType>(view.getType()).getElementType());
  SmallVector<OpFoldResult> coords = at(others, channelDim);
  if (static_cast<int64_t>(coords.size()) < cast<tile::ViewType>(view.getType()).getRank()) // parts
    coords.push_back(k.b().getIndexAttr(0));
  tile::StoreOp::create(k.b(), k.loc(), tile, view, coords);
}

//===-- Time ----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> ScanProgram::walk(const Expr &size, Value begin, Value end, bool reverse, SmallVector<Value> states, Step step) {
  OpBuilder &b = k.b();
  Value chunk = k.index(config.chunk), zero = k.index(0), one = k.index(1);
  Value count = t.divi(t.maxi(t.subi(end, begin), zero), config.chunk), whole = t.addi(begin, t.muli(count, config.chunk));
  // Whole chunks one after the other, or the last one that may reach beyond the end.
  auto loop = [&](bool isTail) -> LogicalResult {
    bool never = isTail ? size.isConst() && size.value() % config.chunk == 0 : size.isConst() && size.value() < config.chunk;
    if (never)
      return success();
    auto op = isTail ? scf::ForOp::create(b, k.loc(), whole, end, chunk, states) : scf::ForOp::create(b, k.loc(), zero, count, one, states);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    Value i = op.getInductionVar(), start = i;
    if (!isTail)
      start = t.addi(begin, t.muli(reverse ? t.subi(t.subi(count, one), i) : i, config.chunk));
    FailureOr<SmallVector<Value>> next = step(start, isTail, op.getRegionIterArgs());
    if (failed(next))
      return failure();
    if (!next->empty())
      scf::YieldOp::create(b, k.loc(), *next);
    states.assign(op.getResults().begin(), op.getResults().end());
    return success();
  };
  if (failed(loop(reverse)) || failed(loop(!reverse)))
    return failure();
  return states;
}

Value ScanProgram::validSteps(Value first, Value end) {
  auto steps = TileMath::type({config.rows, config.chunk}, k.b().getI32Type());
  Value number = tile::IotaOp::create(k.b(), k.loc(), steps, 1);
  return arith::CmpIOp::create(k.b(), k.loc(), arith::CmpIPredicate::slt, number, t.splat(steps, t.toI32(t.subi(end, first))));
}

SmallVector<Value> ScanProgram::recur(ValueRange inputs, ValueRange states, unsigned outputs, bool reverse, Body body) {
  OpBuilder &b = k.b();
  SmallVector<Type> types(states.getTypes()), arguments(states.getTypes());
  types.append(outputs, type({config.rows, config.chunk}));
  for (Value v : inputs)
    arguments.push_back(RankedTensorType::get(TileMath::typeOf(v).getShape().drop_back(), TileMath::elementOf(v)));
  auto op = tile::RecurOp::create(b, k.loc(), types, inputs, states, TileMath::typeOf(inputs[0]).getRank() - 1, reverse);
  Block &block = op.getBody().emplaceBlock();
  block.addArguments(arguments, SmallVector<Location>(arguments.size(), k.loc()));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&block);
  ValueRange args = block.getArguments();
  tile::YieldOp::create(b, k.loc(), body(args.take_front(states.size()), args.drop_front(states.size())));
  return op.getResults();
}

} // namespace seqc::convert
