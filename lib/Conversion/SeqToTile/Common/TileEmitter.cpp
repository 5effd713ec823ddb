// SPDX-License-Identifier: Apache-2.0
#include "TileEmitter.h"
#include "Elementwise.h"
#include "OpKinds.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace seqc::convert {

static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }
static bool isComplexValue(Value v) { return isa<ComplexType>(elementOf(v)); }

SmallVector<int64_t> TileEmitter::shapeOf(ArrayRef<unsigned> onAxes, bool pairs) const {
  SmallVector<int64_t> shape;
  for (unsigned a : onAxes)
    shape.push_back(axes[a].extent);
  if (pairs)
    shape.push_back(2);
  return shape;
}

Value TileEmitter::coordOf(unsigned a) { return axes[a].start ? axes[a].start : kernel.index(0); }

Value TileEmitter::constant(TypedAttr value, ArrayRef<unsigned> onAxes, bool pairs) {
  OpBuilder &b = kernel.b();
  if (onAxes.empty() && !pairs)
    return arith::ConstantOp::create(b, kernel.loc(), value);
  auto type = RankedTensorType::get(shapeOf(onAxes, pairs), value.getType());
  return arith::ConstantOp::create(b, kernel.loc(), type, DenseElementsAttr::get(type, Attribute(value)));
}

Value TileEmitter::spread(const Tile &t, ArrayRef<unsigned> onAxes) {
  OpBuilder &b = kernel.b();
  if (t.number) {
    auto [re, im] = parts(t, onAxes);
    return t.number.getReal().bitwiseIsEqual(t.number.getImag()) ? constant(b.getFloatAttr(elementOf(re), t.number.getReal()), onAxes, true) : joined(re, im, onAxes).value;
  }
  if (ArrayRef<unsigned>(t.axes) == onAxes)
    return t.value;
  Type element = elementOf(t.value);
  if (t.axes.empty() && !isa<RankedTensorType>(t.value.getType())) {
    TypedAttr value;
    if (matchPattern(t.value, m_Constant(&value)))
      return constant(value, onAxes);
    return tile::SplatOp::create(b, kernel.loc(), RankedTensorType::get(shapeOf(onAxes), element), t.value);
  }
  SmallVector<unsigned> have(t.axes);
  Value v = t.value;
  for (auto [at, a] : llvm::enumerate(onAxes)) {
    if (at < have.size() && have[at] == a)
      continue;
    have.insert(have.begin() + at, a);
    v = tile::BroadcastOp::create(b, kernel.loc(), RankedTensorType::get(shapeOf(have, t.pairs), element), v, at);
  }
  assert(ArrayRef<unsigned>(have) == onAxes && "axes are a superset");
  return v;
}

Value TileEmitter::convert(Value v, Type element) {
  Type from = elementOf(v);
  if (from == element)
    return v;
  Type to = element;
  if (auto tensor = dyn_cast<RankedTensorType>(v.getType()))
    to = tensor.clone(element);
  OpBuilder &b = kernel.b();
  if (from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, kernel.loc(), to, v);
  return arith::TruncFOp::create(b, kernel.loc(), to, v);
}

Tile TileEmitter::coordinate(unsigned fine, Type element) {
  OpBuilder &b = kernel.b();
  unsigned a = info.axisOf(fine);
  assert(info.axes()[a].fines.size() == 1 && "dims whose coordinate is used are axes of their own");
  Value start = arith::IndexCastOp::create(b, kernel.loc(), element, coordOf(a));
  if (!axes[a].extent)
    return {start, {}};
  auto type = RankedTensorType::get({axes[a].extent}, element);
  Value iota = tile::IotaOp::create(b, kernel.loc(), type, 0);
  if (!axes[a].start)
    return {iota, {a}};
  return {arith::AddIOp::create(b, kernel.loc(), iota, tile::SplatOp::create(b, kernel.loc(), type, start)), {a}};
}

Value TileEmitter::insideMask(unsigned a) {
  const Expr &size = info.axes()[a].size;
  if (size.isConst() && size.value() % axes[a].extent == 0 && size.value() > 0)
    return {};
  Value &mask = masks[a];
  if (mask)
    return mask;
  // How many coordinates are inside, from the start of the tile: compared with the index in the tile.
  OpBuilder &b = kernel.b();
  Value left = kernel.expr(size);
  if (axes[a].start) {
    left = arith::SubIOp::create(b, kernel.loc(), left, axes[a].start);
    left = arith::MinSIOp::create(b, kernel.loc(), left, kernel.index(axes[a].extent));
  }
  Type i32 = b.getI32Type();
  auto type = RankedTensorType::get({axes[a].extent}, i32);
  Value limit = arith::IndexCastOp::create(b, kernel.loc(), i32, left);
  Value iota = tile::IotaOp::create(b, kernel.loc(), type, 0);
  mask = arith::CmpIOp::create(b, kernel.loc(), arith::CmpIPredicate::slt, iota, tile::SplatOp::create(b, kernel.loc(), type, limit));
  return mask;
}

void TileEmitter::beginLoop(Operation *loop) { loopOp = loop; }
void TileEmitter::endLoop() {
  loopOp = nullptr;
  loopMemo.clear();
  loopLoads.clear();
  masks.clear();
}

FailureOr<Tile> TileEmitter::emitUse(OpOperand &use) {
  Value v = use.get();
  if (info.domain().contains(v) || memo.count(v))
    return emit(v);
  if (Attribute splat = splatOf(v))
    return splatTile(splat);
  return load(v, info.dims(use));
}

FailureOr<Tile> TileEmitter::emit(Value v) {
  if (auto it = memo.find(v); it != memo.end())
    return it->second;
  if (auto it = loopMemo.find(v); it != loopMemo.end())
    return it->second;
  bool inLoop = loopOp && info.domain().contains(v) && info.hasReduced(info.domain().of(v));
  OpBuilder::InsertionGuard guard(kernel.b());
  if (loopOp && !inLoop)
    kernel.b().setInsertionPoint(loopOp);
  Operation *op = v.getDefiningOp();
  bool own = op && llvm::is_contained(info.ops(), op);
  FailureOr<Tile> tile = failure();
  if (Attribute splat = splatOf(v))
    tile = splatTile(splat);
  else
    tile = own ? emitOp(op) : load(v, info.domain().of(v));
  if (succeeded(tile))
    (inLoop ? loopMemo : memo)[v] = *tile;
  return tile;
}

FailureOr<Tile> TileEmitter::emitOp(Operation *op) {
  switch (classify(op)) {
  case OpKind::View:
  case OpKind::ResultView:
    if (isa<tensor::ExtractSliceOp>(op))
      return load(op->getResult(0), info.domain().of(op->getResult(0)));
    return emitUse(viewSource(op));
  case OpKind::Elementwise:
    return isa<linalg::MapOp>(op) ? emitMap(cast<linalg::MapOp>(op)) : emitElementwise(op);
  case OpKind::Reduce: {
    auto reduce = cast<linalg::ReduceOp>(op);
    FailureOr<Tile> input = emitUse(op->getOpOperand(0));
    if (failed(input))
      return failure();
    return finishReduce(reduce, reduceTile(reduce, *input));
  }
  case OpKind::Source:
    return isa<seq::IotaOp>(op) ? emitIota(op) : isa<tensor::GatherOp>(op) ? emitGather(op) : isa<tensor::PadOp>(op) ? emitPad(op) : emitConcat(op);
  default:
    return unsupported(op->emitError("no tile form of '")) << op->getName() << "' inside a kernel", failure();
  }
}

//===-- Memory --------------------------------------------------------------===//

FailureOr<Tile> TileEmitter::load(Value v, const DimLists &lists) {
  return loadAccess(info.read(v, lists, kernel.shapes()), {}, {}, 0.0);
}

static std::optional<Expr> lookup(ArrayRef<std::pair<unsigned, Expr>> list, unsigned fine) {
  for (const auto &[f, e] : list)
    if (f == fine)
      return e;
  return std::nullopt;
}

Tile TileEmitter::loadAccess(const Access &access, ArrayRef<std::pair<unsigned, Expr>> shifts, ArrayRef<std::pair<unsigned, Expr>> bounds, double pad) {
  OpBuilder &b = kernel.b();
  Value pointer = kernel.readPointer(access.view.base);
  Tile result;
  result.pairs = isComplexValue(access.view.base);
  bool reduced = false;
  std::string key;
  llvm::raw_string_ostream os(key);
  os << pointer.getAsOpaquePointer() << "+" << access.view.offset.str() << "/" << pad;
  struct Used {
    unsigned axis;
    OperandView::Dim dim;
    Expr shift;
  };
  SmallVector<Used> used;
  for (auto [a, axis] : llvm::enumerate(info.axes())) {
    std::optional<Expr> stride = axis.fines.empty() ? std::nullopt : access.stride(axis.fines.back());
    if (!stride)
      continue;
    unsigned inner = axis.fines.back();
    used.push_back({static_cast<unsigned>(a), {lookup(bounds, inner).value_or(axis.size), *stride}, lookup(shifts, inner).value_or(Expr(0))});
    reduced |= axis.reduced;
    os << "|" << a << ":" << used.back().dim.size.str() << ":" << stride->str() << "-" << used.back().shift.str();
    if (axes[a].extent)
      result.axes.push_back(a);
  }
  bool inLoop = loopOp && reduced;
  auto &cache = inLoop ? loopLoads : loads;
  if (auto it = cache.find(key); it != cache.end())
    return it->second;
  OpBuilder::InsertionGuard guard(b);
  if (loopOp && !inLoop)
    b.setInsertionPoint(loopOp);
  SmallVector<OperandView::Dim> dims, tileDims;
  SmallVector<OpFoldResult> coords, tileCoords;
  for (const Used &u : used) {
    Value coord = coordOf(u.axis);
    if (!u.shift.isConst(0))
      coord = arith::SubIOp::create(b, kernel.loc(), coord, kernel.expr(u.shift));
    bool isTile = axes[u.axis].extent > 0;
    (isTile ? tileDims : dims).push_back(u.dim);
    (isTile ? tileCoords : coords).push_back(coord);
  }
  dims.append(tileDims);
  coords.append(tileCoords);
  if (dims.empty() && !result.pairs) {
    dims.push_back({Expr(1), Expr(1)});
    coords.push_back(kernel.index(0));
  }
  Value view = viewOf(pointer, access.view.offset, dims, coords, result.pairs);
  if (result.axes.empty() && shifts.empty() && !result.pairs)
    result.value = tile::LoadScalarOp::create(b, kernel.loc(), view, coords);
  else
    result.value = tile::LoadOp::create(b, kernel.loc(), RankedTensorType::get(shapeOf(result.axes, result.pairs), partOf(elementOf(access.view.base))), view, coords, pad);
  cache[key] = result;
  return result;
}

Value TileEmitter::loadOrdered(const Access &access, ArrayRef<unsigned> order) {
  OpBuilder &b = kernel.b();
  Value pointer = kernel.readPointer(access.view.base);
  SmallVector<OperandView::Dim> dims, tileDims;
  SmallVector<OpFoldResult> coords, tileCoords;
  SmallVector<int64_t> shape;
  SmallVector<std::pair<int64_t, unsigned>> repeated; // places in the order of axes that the operand does not have
  auto strideOf = [&](unsigned a) { return info.axes()[a].fines.empty() ? std::nullopt : access.stride(info.axes()[a].fines.back()); };
  for (unsigned a = 0; a < axes.size(); ++a)
    if (std::optional<Expr> stride = strideOf(a); stride && !llvm::is_contained(order, a)) {
      dims.push_back({info.axes()[a].size, *stride});
      coords.push_back(coordOf(a));
    }
  for (auto [place, a] : llvm::enumerate(order)) {
    std::optional<Expr> stride = strideOf(a);
    if (!stride && axes[a].extent > 1) {
      repeated.emplace_back(place, a);
      continue;
    }
    tileDims.push_back(stride ? OperandView::Dim{info.axes()[a].size, *stride} : OperandView::Dim{Expr(1), Expr(1)});
    tileCoords.push_back(stride ? coordOf(a) : kernel.index(0));
    shape.push_back(stride ? axes[a].extent : 1);
  }
  bool isScalar = shape.empty();
  if (isScalar) {
    tileDims.push_back({Expr(1), Expr(1)});
    tileCoords.push_back(kernel.index(0));
    shape.push_back(1);
  }
  dims.append(tileDims);
  coords.append(tileCoords);
  Value view = kernel.view(pointer, access.view.offset, dims);
  Type element = elementOf(access.view.base);
  Value v = tile::LoadOp::create(b, kernel.loc(), RankedTensorType::get(shape, element), view, coords, 0.0);
  if (isScalar) {
    shape.clear();
    v = tile::ReshapeOp::create(b, kernel.loc(), RankedTensorType::get(shape, element), v);
  }
  for (auto [place, a] : repeated) {
    shape.insert(shape.begin() + place, axes[a].extent);
    v = tile::BroadcastOp::create(b, kernel.loc(), RankedTensorType::get(shape, element), v, place);
  }
  // Beyond the end loads give 0; so must what is repeated along a summed dim, or an infinity there would make a NaN.
  for (auto [place, a] : repeated)
    if (Value mask = info.axes()[a].reduced ? insideMask(a) : Value()) {
      Value spreadMask = tile::BroadcastOp::create(b, kernel.loc(), RankedTensorType::get(shape, b.getI1Type()), mask, place == 0 ? 1 : 0);
      auto type = RankedTensorType::get(shape, element);
      v = arith::SelectOp::create(b, kernel.loc(), spreadMask, v, arith::ConstantOp::create(b, kernel.loc(), type, cast<TypedAttr>(b.getZeroAttr(type))));
    }
  return v;
}

LogicalResult TileEmitter::store(Value output) {
  FailureOr<Tile> tile = emit(output);
  if (failed(tile))
    return failure();
  OpBuilder &b = kernel.b();
  std::optional<SmallVector<Expr>> shape = kernel.shapes().shape(output);
  assert(shape && "sizes of results are known");
  Value pointer = kernel.writePointer(output, cast<RankedTensorType>(output.getType()), *shape);
  Access access = info.write(output);
  SmallVector<OperandView::Dim> dims, tileDims;
  SmallVector<OpFoldResult> coords, tileCoords;
  SmallVector<unsigned> onAxes;
  for (auto [a, info_] : llvm::enumerate(info.axes())) {
    std::optional<Expr> stride = info_.fines.empty() ? std::nullopt : access.stride(info_.fines.back());
    bool isTile = axes[a].extent > 0 && (stride || llvm::is_contained(tile->axes, a));
    if (!stride && !isTile)
      continue;
    OperandView::Dim dim = stride ? OperandView::Dim{info_.size, *stride} : OperandView::Dim{Expr(1), Expr(1)};
    (isTile ? tileDims : dims).push_back(dim);
    (isTile ? tileCoords : coords).push_back(coordOf(a));
    if (isTile)
      onAxes.push_back(a);
  }
  if (onAxes.empty()) { // one element: through the unit axis
    axes[0].extent = 1;
    onAxes.push_back(0);
    tileDims.push_back({Expr(1), Expr(1)});
    tileCoords.push_back(kernel.index(0));
  }
  dims.append(tileDims);
  coords.append(tileCoords);
  Value view = viewOf(pointer, Expr(0), dims, coords, isComplexValue(output));
  tile::StoreOp::create(b, kernel.loc(), spread(*tile, onAxes), view, coords);
  return success();
}

//===-- Reductions ----------------------------------------------------------===//

Type TileEmitter::accumulationType(Type element) {
  element = partOf(element);
  auto type = dyn_cast<FloatType>(element);
  return type && type.getWidth() < 32 ? Float32Type::get(element.getContext()) : element;
}

SmallVector<unsigned> TileEmitter::keptAxes(linalg::ReduceOp op) {
  SmallVector<unsigned> kept;
  for (unsigned a : info.axesOf(info.domain().of(op->getResult(0))))
    if (axes[a].extent)
      kept.push_back(a);
  if (kept.empty()) {
    axes[0].extent = 1;
    kept.push_back(0);
  }
  return kept;
}

Value TileEmitter::identity(linalg::ReduceOp op, ArrayRef<unsigned> onAxes) {
  Value input = op.getInputs()[0];
  return constant(reduceIdentity(reduceKind(op), accumulationType(elementOf(input))), onAxes, isComplexValue(input));
}

Tile TileEmitter::reduceTile(linalg::ReduceOp op, Tile input) {
  OpBuilder &b = kernel.b();
  StringRef kind = reduceKind(op);
  Type element = accumulationType(elementOf(op.getInputs()[0]));
  bool pairs = isComplexValue(op.getInputs()[0]);
  SmallVector<unsigned> onAxes = keptAxes(op);
  for (unsigned a = 0; a < axes.size(); ++a)
    if (info.axes()[a].reduced && axes[a].extent)
      onAxes.push_back(a);
  llvm::sort(onAxes);
  Value v = convert(spread(input, onAxes), element);
  SmallVector<int64_t> dims;
  SmallVector<unsigned> kept;
  for (auto [d, a] : llvm::enumerate(onAxes)) {
    if (!info.axes()[a].reduced) {
      kept.push_back(a);
      continue;
    }
    dims.push_back(d);
    if (Value mask = insideMask(a)) {
      Value spreadMask = maskOver(Tile{mask, {a}}, onAxes, pairs);
      v = arith::SelectOp::create(b, kernel.loc(), spreadMask, v, identity(op, onAxes));
    }
  }
  if (!dims.empty())
    v = tile::ReduceOp::create(b, kernel.loc(), v, dims, kind);
  return {v, kept, pairs};
}

Value TileEmitter::combine(linalg::ReduceOp op, Value a, Value c) {
  Operation &body = op.getCombiner().front().front();
  if (isa<complex::AddOp>(body))
    return arith::AddFOp::create(kernel.b(), kernel.loc(), a, c);
  OperationState state(kernel.loc(), body.getName());
  state.addOperands({a, c});
  state.addTypes(a.getType());
  return kernel.b().create(state)->getResult(0);
}

FailureOr<Tile> TileEmitter::finishReduce(linalg::ReduceOp op, Tile acc) {
  Type element = partOf(elementOf(op->getResult(0)));
  acc.pairs = isComplexValue(op->getResult(0));
  if (!startsFromIdentity(op)) {
    FailureOr<Tile> init = emitUse(op->getOpOperand(1));
    if (failed(init))
      return failure();
    Value start = convert(spread(*init, acc.axes), elementOf(acc.value));
    acc.value = combine(op, start, acc.value);
  }
  acc.value = convert(acc.value, element);
  return acc;
}

} // namespace seqc::convert
