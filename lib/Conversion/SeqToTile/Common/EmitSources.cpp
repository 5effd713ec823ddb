// SPDX-License-Identifier: Apache-2.0
// Tiles of elementwise ops and of ops that read by position: iota, gather, pad, concat.
#include "Elementwise.h"
#include "OpKinds.h"
#include "TileEmitter.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace seqc::convert {

static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }

FailureOr<Tile> TileEmitter::emitElementwise(Operation *op) {
  SmallVector<Tile> tiles;
  SmallVector<unsigned> onAxes;
  bool rankZero = false;
  for (OpOperand &use : op->getOpOperands()) {
    FailureOr<Tile> t = emitUse(use);
    if (failed(t))
      return failure();
    for (unsigned a : t->axes)
      if (!llvm::is_contained(onAxes, a))
        onAxes.push_back(a);
    rankZero |= t->axes.empty() && isa<RankedTensorType>(t->value.getType());
    tiles.push_back(*t);
  }
  llvm::sort(onAxes);
  SmallVector<Value> operands;
  for (const Tile &t : tiles) {
    Value v = spread(t, onAxes);
    if (rankZero && onAxes.empty() && !isa<RankedTensorType>(v.getType()))
      v = tile::SplatOp::create(kernel.b(), kernel.loc(), RankedTensorType::get({}, v.getType()), v);
    operands.push_back(v);
  }
  FailureOr<Value> v = emitElementwiseOp(kernel.b(), op, operands);
  if (failed(v))
    return failure();
  return Tile{*v, onAxes};
}

FailureOr<Tile> TileEmitter::emitIota(Operation *op) {
  auto iota = cast<seq::IotaOp>(op);
  const FineList &list = info.domain().of(iota.getResult())[iota.getDim()];
  Type element = elementOf(iota.getResult());
  OpBuilder &b = kernel.b();
  Tile sum{Value(), {}};
  Expr weight(1);
  SmallVector<std::pair<unsigned, Expr>> terms;
  for (unsigned f : llvm::reverse(list)) {
    terms.push_back({f, weight});
    weight = weight * info.domain().fine(f).size;
  }
  for (const auto &[f, w] : terms) {
    Tile c = coordinate(f, element);
    if (!w.isConst(1)) {
      Value scale = arith::IndexCastOp::create(b, kernel.loc(), element, kernel.expr(w));
      c.value = arith::MulIOp::create(b, kernel.loc(), c.value, spread({scale, {}}, c.axes));
    }
    if (!sum.value) {
      sum = c;
      continue;
    }
    SmallVector<unsigned> both(sum.axes);
    for (unsigned a : c.axes)
      both.push_back(a);
    llvm::sort(both);
    sum = Tile{arith::AddIOp::create(b, kernel.loc(), spread(sum, both), spread(c, both)), both};
  }
  if (!sum.value)
    sum.value = constant(b.getIntegerAttr(element, 0), {});
  return sum;
}

FailureOr<Tile> TileEmitter::emitPad(Operation *op) {
  auto pad = cast<tensor::PadOp>(op);
  Attribute constantPad;
  Value padValue = pad.getConstantPaddingValue();
  if (!padValue || !matchPattern(padValue, m_Constant(&constantPad)))
    return unsupported(op->emitError("expects a constant padding value")), failure();
  auto number = [](Attribute attr) {
    return isa<FloatAttr>(attr) ? cast<FloatAttr>(attr).getValueAsDouble() : static_cast<double>(cast<IntegerAttr>(attr).getInt());
  };
  const DimLists &lists = info.domain().of(pad.getResult());
  Access access = info.read(pad.getSource(), lists, kernel.shapes());
  SmallVector<std::pair<unsigned, Expr>> shifts, bounds;
  for (auto [d, low, high] : llvm::enumerate(pad.getMixedLowPad(), pad.getMixedHighPad())) {
    if (isConstantIntValue(low, 0) && isConstantIntValue(high, 0))
      continue; // maybe a part of a longer axis
    std::optional<Expr> shift = kernel.shapes().index(low);
    if (!shift)
      return unsupported(op->emitError("expects padding sizes in terms of the named dims")), failure();
    assert(lists[d].size() == 1 && "checked when the group was formed");
    unsigned f = lists[d].front();
    if (!access.stride(f) && info.domain().fine(f).size != access.view.dims[d].size)
      access.strides.push_back({f, Expr(1)}); // a source dim of extent 1 (or broadcast) still has bounds
    shifts.push_back({f, *shift});
    bounds.push_back({f, access.view.dims[d].size});
  }
  auto pair = dyn_cast<ArrayAttr>(constantPad);
  if (!pair)
    return loadAccess(access, shifts, bounds, number(constantPad));
  Tile re = loadAccess(access, shifts, bounds, number(pair[0]));
  if (pair[0] == pair[1])
    return re;
  Tile im = loadAccess(access, shifts, bounds, number(pair[1]));
  SmallVector<unsigned> onAxes = atLeastUnit(re.axes);
  return joined(parts(re, onAxes).first, parts(im, onAxes).second, onAxes);
}

FailureOr<Tile> TileEmitter::emitConcat(Operation *op) {
  auto concat = cast<tensor::ConcatOp>(op);
  const DimLists &lists = info.domain().of(concat.getResult());
  unsigned f = lists[concat.getDim()].front();
  OpBuilder &b = kernel.b();
  Expr begin(0);
  Tile result;
  for (Value input : concat.getInputs()) {
    Access access = info.read(input, lists, kernel.shapes());
    Expr size = access.view.dims[concat.getDim()].size;
    if (!access.stride(f))
      access.strides.push_back({f, Expr(1)});
    Tile part = loadAccess(access, {{f, begin}}, {{f, size}}, 0.0);
    if (!result.value) {
      result = part;
    } else {
      Tile position = coordinate(f, b.getI32Type());
      Value limit = arith::IndexCastOp::create(b, kernel.loc(), b.getI32Type(), kernel.expr(begin));
      Value at = spread(position, position.axes);
      Value from = spread({limit, {}}, position.axes);
      Tile mask{arith::CmpIOp::create(b, kernel.loc(), arith::CmpIPredicate::sge, at, from), position.axes};
      SmallVector<unsigned> onAxes(part.axes);
      for (unsigned a : result.axes)
        if (!llvm::is_contained(onAxes, a))
          onAxes.push_back(a);
      for (unsigned a : mask.axes)
        if (!llvm::is_contained(onAxes, a))
          onAxes.push_back(a);
      llvm::sort(onAxes);
      Value m = maskOver(mask, onAxes, part.pairs), x = spread(part, onAxes), y = spread(result, onAxes);
      if (isa<RankedTensorType>(x.getType()) && !isa<RankedTensorType>(m.getType()))
        m = tile::SplatOp::create(b, kernel.loc(), cast<RankedTensorType>(x.getType()).clone(b.getI1Type()), m);
      result = Tile{arith::SelectOp::create(b, kernel.loc(), m, x, y), onAxes, part.pairs};
    }
    begin = begin + size;
  }
  return result;
}

FailureOr<Tile> TileEmitter::emitGather(Operation *op) {
  auto gather = cast<tensor::GatherOp>(op);
  OpBuilder &b = kernel.b();
  const DimLists &out = info.domain().of(gather.getResult());
  Access index = info.read(gather.getIndices(), gatherIndexDims(op, out), kernel.shapes());
  Access source = info.read(gather.getSource(), gatherSourceDims(op, out), kernel.shapes());
  Expr coordStride = index.view.dims.back().stride;
  // One index per element of the leading dims; with several gathered dims, of the dims as one strided dim.
  ArrayRef<int64_t> gathered = gather.getGatherDims();
  Expr gatherSize(1), gatherStride(1);
  Tile idx;
  for (auto [c, g] : llvm::enumerate(gathered)) {
    Access at = index;
    at.view.offset = at.view.offset + Expr(c) * coordStride;
    Tile part = loadAccess(at, {}, {}, 0.0);
    const OperandView::Dim &dim = source.view.dims[g];
    if (gathered.size() == 1) {
      gatherSize = dim.size;
      gatherStride = dim.stride;
      idx = part;
      break;
    }
    Type type = elementOf(part.value);
    Value stride = arith::IndexCastOp::create(b, kernel.loc(), type, kernel.expr(dim.stride));
    part.value = arith::MulIOp::create(b, kernel.loc(), part.value, spread({stride, {}}, part.axes));
    idx = idx.value ? Tile{arith::AddIOp::create(b, kernel.loc(), idx.value, part.value), part.axes} : part;
    gatherSize = (c == 0 ? Expr(1) : gatherSize) + (dim.size - Expr(1)) * dim.stride;
  }
  Type element = partOf(elementOf(gather.getSource()));
  bool pairs = isa<ComplexType>(elementOf(gather.getSource()));
  Value pointer = kernel.readPointer(source.view.base);
  SmallVector<OperandView::Dim> dims, tileDims;
  SmallVector<OpFoldResult> coords, tileCoords;
  SmallVector<unsigned> kept;
  for (auto [a, axis] : llvm::enumerate(info.axes())) {
    std::optional<Expr> stride = axis.fines.empty() ? std::nullopt : source.stride(axis.fines.back());
    if (!stride)
      continue;
    bool isTile = axes[a].extent > 0;
    (isTile ? tileDims : dims).push_back({axis.size, *stride});
    (isTile ? tileCoords : coords).push_back(coordOf(a));
    if (isTile)
      kept.push_back(a);
  }
  auto makeView = [&]() {
    dims.append(tileDims);
    coords.append(tileCoords);
    return viewOf(pointer, source.view.offset, dims, coords, pairs);
  };
  if (idx.axes.empty()) { // a coordinate
    dims.push_back({gatherSize, gatherStride});
    coords.push_back(Value(arith::IndexCastOp::create(b, kernel.loc(), b.getIndexType(), idx.value)));
    Value view = makeView();
    if (kept.empty() && !pairs)
      return Tile{tile::LoadScalarOp::create(b, kernel.loc(), view, coords), {}};
    return Tile{tile::LoadOp::create(b, kernel.loc(), RankedTensorType::get(shapeOf(kept, pairs), element), view, coords), kept, pairs};
  }
  if (idx.axes.size() == 1) { // rows of a tile
    unsigned a = idx.axes.front();
    size_t at = llvm::count_if(kept, [&](unsigned k) { return k < a; });
    tileDims.insert(tileDims.begin() + at, {gatherSize, gatherStride});
    tileCoords.insert(tileCoords.begin() + at, OpFoldResult(b.getIndexAttr(0)));
    kept.insert(kept.begin() + at, a);
    int64_t dim = dims.size() + at;
    Value view = makeView();
    auto type = RankedTensorType::get(shapeOf(kept, pairs), element);
    return Tile{tile::GatherOp::create(b, kernel.loc(), type, view, idx.value, coords, dim), kept, pairs};
  }
  if (!kept.empty())
    return unsupported(op->emitError("expects the gathered rows to lie along one dim of the tile")), failure();
  // Single elements by a tile of indices: as one list.
  int64_t count = 1;
  for (int64_t e : shapeOf(idx.axes))
    count *= e;
  Value flat = tile::ReshapeOp::create(b, kernel.loc(), RankedTensorType::get({count}, elementOf(idx.value)), idx.value);
  int64_t dim = dims.size();
  tileDims.push_back({gatherSize, gatherStride});
  tileCoords.push_back(b.getIndexAttr(0));
  Value view = makeView();
  SmallVector<int64_t> list{count};
  if (pairs)
    list.push_back(2);
  Value v = tile::GatherOp::create(b, kernel.loc(), RankedTensorType::get(list, element), view, flat, coords, dim);
  return Tile{tile::ReshapeOp::create(b, kernel.loc(), RankedTensorType::get(shapeOf(idx.axes, pairs), element), v), idx.axes, pairs};
}

} // namespace seqc::convert
