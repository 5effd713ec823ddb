// SPDX-License-Identifier: Apache-2.0
#include "Regions.h"
#include "../Common/Elementwise.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

//===-- Program level -----------------------------------------------------------------===//

LogicalResult ScoreRegions::prepare() {
  if (!op.getScoreMod().empty() && failed(prepareRegion(op.getScoreMod(), 1)))
    return failure();
  return op.getMask().empty() ? success() : prepareRegion(op.getMask(), 0);
}

LogicalResult ScoreRegions::prepareRegion(Region &region, unsigned first) {
  Block &block = region.front();
  uniform[block.getArgument(first)] = rows.sequence;
  uniform[block.getArgument(first + 1)] = rows.head;
  rowArguments.insert(block.getArgument(first + 2));
  keyArguments.insert(block.getArgument(first + 3));
  for (Operation &inner : block.without_terminator()) {
    bool isUniformOp = llvm::all_of(inner.getOperands(), [&](Value v) { return isUniform(v); });
    if (isa<arith::ConstantOp>(inner))
      uniform[inner.getResult(0)] = k.b().clone(inner)->getResult(0);
    else if (isa<tensor::ExtractOp>(inner) ? failed(prepareExtract(inner)) : isUniformOp && failed(prepareUniform(inner)))
      return failure();
  }
  return success();
}

FailureOr<Value> ScoreRegions::uniformValue(Value v) {
  if (auto it = uniform.find(v); it != uniform.end())
    return it->second;
  // Captured from the graph: a constant or a size.
  Attribute constant;
  Value value;
  if (matchPattern(v, m_Constant(&constant)) && isa<TypedAttr>(constant))
    value = arith::ConstantOp::create(k.b(), k.loc(), cast<TypedAttr>(constant));
  else if (std::optional<Expr> e = k.shapes().index(v))
    value = k.expr(*e);
  if (!value)
    return unsupported(op.emitOpError()) << "expects regions to capture tensors, constants and sizes, but got a value of type " << v.getType();
  if (value.getType() != v.getType())
    value = arith::IndexCastOp::create(k.b(), k.loc(), v.getType(), value);
  return uniform[v] = value;
}

LogicalResult ScoreRegions::prepareUniform(Operation &inner) {
  SmallVector<Value> operands;
  for (Value v : inner.getOperands()) {
    FailureOr<Value> value = uniformValue(v);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  FailureOr<Value> result = emitElementwiseOp(k.b(), &inner, operands);
  if (failed(result))
    return failure();
  uniform[inner.getResult(0)] = *result;
  return success();
}

std::optional<ScoreRegions::Index> ScoreRegions::indexOf(Value v) {
  TileMath t{k.b(), k.loc()};
  if (isUniform(v)) {
    FailureOr<Value> value = uniformValue(v);
    if (failed(value))
      return std::nullopt;
    return Index{Kind::Uniform, value->getType().isIndex() ? *value : t.toIndex(*value)};
  }
  if (rowArguments.count(v))
    return Index{Kind::Row, Value()};
  if (keyArguments.count(v))
    return Index{Kind::Key, Value()};
  Operation *def = v.getDefiningOp();
  if (isa_and_nonnull<arith::IndexCastOp>(def))
    return indexOf(def->getOperand(0));
  if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp>(def))
    return std::nullopt;
  std::optional<Index> x = indexOf(def->getOperand(0)), y = indexOf(def->getOperand(1));
  if (!x || !y)
    return std::nullopt;
  if (isa<arith::AddIOp>(def) && x->kind == Kind::Uniform)
    std::swap(x, y);
  if (y->kind != Kind::Uniform)
    return std::nullopt;
  Value zero = k.index(0), shift = x->shift ? x->shift : zero;
  return Index{x->kind, isa<arith::AddIOp>(def) ? t.addi(shift, y->shift) : t.subi(shift, y->shift)};
}

LogicalResult ScoreRegions::prepareExtract(Operation &inner) {
  auto extract = cast<tensor::ExtractOp>(inner);
  TileMath t{k.b(), k.loc()};
  FailureOr<OperandView> source = viewOf(extract.getTensor(), k.shapes());
  if (failed(source))
    return unsupported(extract.emitOpError("expects a tensor that is strided memory with sizes over the named dims"));
  SmallVector<OpFoldResult> offsets, sizes, coords;
  SmallVector<bool> dropped;
  Load l{&inner, {}, {}, {}};
  for (auto [d, v] : llvm::enumerate(extract.getIndices())) {
    std::optional<Index> index = indexOf(v);
    if (!index || llvm::any_of(l.dims, [&](Index &other) { return index->kind != Kind::Uniform && other.kind == index->kind; }))
      return unsupported(extract.emitOpError()) << "expects indices that are uniform, m + c or n + c with uniform c, each of m and n once, but index " << d << " is none";
    bool isUniformIndex = index->kind == Kind::Uniform;
    if (isUniformIndex) {
      Value last = t.subi(k.expr(source->dims[d].size), k.index(1));
      offsets.push_back(t.maxi(t.mini(index->shift, last), k.index(0)));
      coords.push_back(offsets.back());
      sizes.push_back(k.b().getIndexAttr(1));
    } else {
      offsets.push_back(k.b().getIndexAttr(0));
      sizes.push_back(k.size(source->dims[d].size));
      l.dims.push_back(*index);
    }
    dropped.push_back(isUniformIndex);
  }
  Value view = k.view(k.readPointer(source->base), source->offset, source->dims);
  if (l.dims.empty()) {
    uniform[extract.getResult()] = tile::LoadScalarOp::create(k.b(), k.loc(), view, coords);
    return success();
  }
  l.view = llvm::is_contained(dropped, true) ? Value(tile::SubviewOp::create(k.b(), k.loc(), view, offsets, sizes, dropped)) : view;
  if (l.dims.size() == 1 && l.dims[0].kind == Kind::Row)
    l.hoisted = load(l, Value());
  loads.push_back(l);
  return success();
}

//===-- Score tiles -----------------------------------------------------------------------===//

Value ScoreRegions::load(const Load &l, Value firstKey) {
  TileMath t{k.b(), k.loc()};
  SmallVector<OpFoldResult> coords;
  SmallVector<int64_t> shape;
  for (const Index &d : l.dims) {
    Value start = d.kind == Kind::Row ? rows.first : firstKey;
    coords.push_back(d.shift ? t.addi(start, d.shift) : start);
    shape.push_back(d.kind == Kind::Row ? bm : bn);
  }
  Type element = cast<tile::ViewType>(l.view.getType()).getElementType();
  Value loaded = tile::LoadOp::create(k.b(), k.loc(), TileMath::type(shape, element), l.view, coords);
  return l.dims.size() == 2 && l.dims[0].kind == Kind::Key ? t.transpose(loaded) : loaded;
}

FailureOr<Value> ScoreRegions::cloneRegion(Region &region, ArrayRef<Value> arguments, ValueRange loaded) {
  Block &block = region.front();
  IRMapping map;
  map.map(block.getArguments(), arguments);
  for (auto [l, value] : llvm::zip(loads, loaded))
    map.map(l.extract->getResult(0), value);
  for (auto [from, to] : uniform)
    map.map(from, to);
  for (Operation &inner : block.without_terminator()) {
    if (map.contains(inner.getResult(0)))
      continue;
    SmallVector<Value> operands;
    for (Value v : inner.getOperands()) {
      if (Value mapped = map.lookupOrNull(v)) {
        operands.push_back(mapped);
        continue;
      }
      FailureOr<Value> captured = uniformValue(v);
      if (failed(captured))
        return failure();
      operands.push_back(*captured);
    }
    FailureOr<Value> result = emitElementwiseOp(k.b(), &inner, operands);
    if (failed(result))
      return failure();
    map.map(inner.getResult(0), *result);
  }
  return map.lookup(block.getTerminator()->getOperand(0));
}

FailureOr<Value> ScoreRegions::apply(Value score, Value firstKey) {
  OpBuilder &b = k.b();
  TileMath t{b, k.loc()};
  SmallVector<Value> inputs{score};
  for (const Load &l : loads) {
    Value tile = l.hoisted ? l.hoisted : load(l, firstKey);
    if (l.dims.size() == 1)
      tile = l.dims[0].kind == Kind::Row ? t.broadcast(tile, 1, bn) : t.broadcast(tile, 0, bm);
    inputs.push_back(tile);
  }
  auto map = tile::MapOp::create(b, k.loc(), TypeRange(score.getType()), inputs, ValueRange{rows.first, firstKey},
                                 b.getDenseI64ArrayAttr({ShapedType::kDynamic, ShapedType::kDynamic}));
  SmallVector<Type> types = llvm::map_to_vector(inputs, [](Value v) { return TileMath::elementOf(v); });
  types.append(2, b.getIndexType());
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&map.getBody(), {}, types, SmallVector<Location>(types.size(), k.loc()));
  ValueRange loaded = body->getArguments().slice(1, loads.size());
  Value row = body->getArgument(types.size() - 2), key = body->getArgument(types.size() - 1);
  Value result = body->getArgument(0);
  if (!op.getScoreMod().empty()) {
    FailureOr<Value> modified = cloneRegion(op.getScoreMod(), {result, rows.sequence, rows.head, row, key}, loaded);
    if (failed(modified))
      return failure();
    result = *modified;
  }
  if (!op.getMask().empty()) {
    FailureOr<Value> visible = cloneRegion(op.getMask(), {rows.sequence, rows.head, row, key}, loaded);
    if (failed(visible))
      return failure();
    result = t.select(*visible, result, t.scalar(result.getType(), -INFINITY));
  }
  tile::YieldOp::create(b, k.loc(), result);
  return map.getResult(0);
}

} // namespace seqc::convert
