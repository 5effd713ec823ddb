// SPDX-License-Identifier: Apache-2.0
// Elementwise ops, maps, reductions, scans.
#include "KernelEmitter.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using seqc::layout::Axis;

namespace seqc::gpu {

//===-- Elementwise -----------------------------------------------------------------------===//

/// f32 to bf16 in pairs: one instruction rounds two.
void KernelEmitter::emitTruncToBf16(Operation *op) {
  Regs source = tiles[op->getOperand(0)], regs;
  auto pair = VectorType::get({2}, b.getBF16Type());
  for (size_t r = 0; r < source.size(); r += 2) {
    Value low = source[r], high = r + 1 < source.size() ? source[r + 1] : low;
    Value both = callIntrinsic("llvm.nvvm.ff2bf16x2.rn", Type(pair), {high, low})[0];
    for (size_t i = 0; i < 2 && r + i < source.size(); ++i)
      regs.push_back(LLVM::ExtractElementOp::create(b, loc, both, i32(i)));
  }
  tiles[op->getResult(0)] = regs;
}

void KernelEmitter::emitElementwise(Operation *op) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  Type element = result.getElementType();
  int64_t regs = distOf(result).regs();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    Value v = scalarConstant(cast<SplatElementsAttr>(constant.getValue()).getSplatValue<Attribute>(), element);
    tiles[op->getResult(0)] = Regs(regs, v);
    return;
  }
  if (isa<arith::TruncFOp>(op) && element.isBF16() && getElementTypeOrSelf(op->getOperand(0)).isF32())
    return emitTruncToBf16(op);
  Regs values;
  for (int64_t r = 0; r < regs; ++r) {
    IRMapping mapping;
    for (Value v : op->getOperands())
      mapping.map(v, isa<RankedTensorType>(v.getType()) ? tiles[v][r] : scalars.lookup(v));
    Operation *scalar = op->clone(mapping);
    scalar->getResult(0).setType(element);
    b.insert(scalar);
    values.push_back(scalar->getResult(0));
  }
  tiles[op->getResult(0)] = values;
}

void KernelEmitter::emitMap(tile::MapOp op) {
  Block &body = op.getBody().front();
  const Dist &dist = distOf(op.getResult(0));
  size_t inputs = op.getInputs().size();
  SmallVector<Value> base;
  unsigned dynamic = 0;
  for (auto [d, offset] : llvm::enumerate(op.getStaticOffsets())) {
    Value v = arith::IndexCastOp::create(b, loc, b.getIndexType(), dist.base[d]);
    Value o = ShapedType::isDynamic(offset) ? scalars.lookup(op.getOffsets()[dynamic++]) : arith::ConstantOp::create(b, loc, b.getIndexType(), b.getIndexAttr(offset)).getResult();
    base.push_back(arith::AddIOp::create(b, loc, v, o));
  }
  SmallVector<Regs> results(op.getNumResults());
  for (int64_t r = 0; r < dist.regs(); ++r) {
    IRMapping mapping = scalars;
    for (auto [i, input] : llvm::enumerate(op.getInputs()))
      mapping.map(body.getArgument(i), tiles[input][r]);
    for (auto [d, v] : llvm::enumerate(base)) {
      Value c = arith::ConstantOp::create(b, loc, b.getIndexType(), b.getIndexAttr(dist.coords[d][r]));
      mapping.map(body.getArgument(inputs + d), arith::AddIOp::create(b, loc, v, c));
    }
    for (Operation &inner : body.without_terminator())
      b.clone(inner, mapping);
    for (auto [list, v] : llvm::zip_equal(results, body.getTerminator()->getOperands()))
      list.push_back(mapping.lookupOrDefault(v));
  }
  for (auto [result, list] : llvm::zip_equal(op.getResults(), results))
    tiles[result] = list;
}

//===-- Reductions -----------------------------------------------------------------------------===//

Value combine(OpBuilder &b, Location loc, StringRef kind, Value x, Value y) {
  bool isFloat = isa<FloatType>(x.getType()), isBit = x.getType().isInteger(1);
  if (kind == "add")
    return isFloat ? arith::AddFOp::create(b, loc, x, y, arith::FastMathFlags::contract).getResult() : arith::AddIOp::create(b, loc, x, y).getResult();
  if (kind == "mul")
    return isFloat ? arith::MulFOp::create(b, loc, x, y).getResult() : arith::MulIOp::create(b, loc, x, y).getResult();
  if (kind == "or" || (isBit && kind == "max"))
    return arith::OrIOp::create(b, loc, x, y);
  if (kind == "and" || (isBit && kind == "min"))
    return arith::AndIOp::create(b, loc, x, y);
  if (kind == "max")
    return isFloat ? arith::MaximumFOp::create(b, loc, x, y).getResult() : arith::MaxSIOp::create(b, loc, x, y).getResult();
  return isFloat ? arith::MinimumFOp::create(b, loc, x, y).getResult() : arith::MinSIOp::create(b, loc, x, y).getResult();
}

/// 16-bit floats are reduced in f32, small integers in i32.
static Type reductionType(Type element, OpBuilder &b) {
  if (isa<FloatType>(element))
    return element.getIntOrFloatBitWidth() < 32 ? Type(b.getF32Type()) : element;
  return element.getIntOrFloatBitWidth() < 32 ? Type(b.getI32Type()) : element;
}

static Value convert(OpBuilder &b, Location loc, Value v, Type to) {
  Type from = v.getType();
  if (from == to)
    return v;
  bool widens = to.getIntOrFloatBitWidth() > from.getIntOrFloatBitWidth();
  if (isa<FloatType>(to))
    return widens ? arith::ExtFOp::create(b, loc, to, v).getResult() : arith::TruncFOp::create(b, loc, to, v).getResult();
  return widens ? arith::ExtSIOp::create(b, loc, to, v).getResult() : arith::TruncIOp::create(b, loc, to, v).getResult();
}

/// shfl.sync of all lanes: `mode` "bfly" (operand: a mask for the number of the lane) or "idx" (the lane).
Value KernelEmitter::shuffle(StringRef mode, Value v, Value operand) {
  Type type = v.getType(), word = b.getI32Type();
  unsigned bits = type.getIntOrFloatBitWidth();
  auto move = [&](Value x) { return callIntrinsic(("llvm.nvvm.shfl.sync." + mode + ".i32").str(), word, {i32(-1), x, operand, i32(31)})[0]; };
  if (bits == 64) {
    auto pair = VectorType::get({2}, word);
    Value halves = LLVM::BitcastOp::create(b, loc, pair, v), moved = LLVM::PoisonOp::create(b, loc, pair);
    for (int i = 0; i < 2; ++i)
      moved = LLVM::InsertElementOp::create(b, loc, moved, move(LLVM::ExtractElementOp::create(b, loc, halves, i32(i))), i32(i));
    return LLVM::BitcastOp::create(b, loc, type, moved);
  }
  Type integer = b.getIntegerType(bits);
  if (type != integer)
    v = arith::BitcastOp::create(b, loc, integer, v);
  v = bits < 32 ? arith::TruncIOp::create(b, loc, integer, move(arith::ExtUIOp::create(b, loc, word, v))).getResult() : move(v);
  return type != integer ? arith::BitcastOp::create(b, loc, type, v).getResult() : v;
}

/// A balanced tree over the registers of each kept element, then over lanes, then over warps.
void KernelEmitter::emitReduce(tile::ReduceOp op) {
  const Dist &source = distOf(op.getT()), &dist = distOf(op.getResult());
  StringRef kind = op.getKind();
  Type element = op.getType().getElementType(), type = reductionType(element, b);
  SmallVector<Regs> members(dist.regs());
  for (int64_t r = 0; r < source.regs(); ++r) {
    layout::Coord kept;
    for (int d = 0; d < source.map.rank(); ++d)
      if (!llvm::is_contained(op.getDims(), d))
        kept.push_back(source.coords[d][r]);
    members[dist.map.locate(kept).reg].push_back(convert(b, loc, tiles[op.getT()][r], type));
  }
  Regs partial;
  for (Regs &list : members) {
    for (; list.size() > 1; list.resize(llvm::divideCeil(list.size(), 2)))
      for (size_t i = 0; i < list.size(); i += 2)
        list[i / 2] = i + 1 < list.size() ? combine(b, loc, kind, list[i], list[i + 1]) : list[i];
    partial.push_back(list[0]);
  }
  int32_t below = 1;
  for (const layout::Digit &d : source.map.digits(Axis::Lane)) {
    if (!d.isReplica() && llvm::is_contained(op.getDims(), d.dim))
      for (int32_t mask = below; mask < below * d.size; mask *= 2)
        for (Value &v : partial)
          v = combine(b, loc, kind, v, shuffle("bfly", v, i32(mask)));
    below *= d.size;
  }
  if (plan.uses(op))
    acrossWarps(op, partial);
  for (Value &v : partial)
    v = convert(b, loc, v, element);
  tiles[op.getResult()] = partial;
}

/// Partial results of the warps, [warp of the reduced dims][element], meet in shared memory; every thread combines them in the same order.
void KernelEmitter::acrossWarps(tile::ReduceOp op, Regs &partial) {
  const Dist &source = distOf(op.getT()), &dist = distOf(op.getResult());
  int64_t count = warpsOverReduced(op), elements = op.getType().getNumElements();
  layout::Terms terms; // number of this warp among those that share the reduced dims
  int64_t stride = 1;
  int32_t below = 1;
  for (const layout::Digit &d : source.map.digits(Axis::Warp)) {
    if (!d.isReplica() && llvm::is_contained(op.getDims(), d.dim)) {
      terms.push_back({Axis::Warp, below, d.size, stride});
      stride *= d.size;
    }
    below *= d.size;
  }
  const SharedTile &t = plan.tileOf(op);
  Access all = sharedAccess(t, partial[0].getType()), own = all;
  own.base = shiftPointer(own.base, own.element, arith::MulIOp::create(b, loc, sumOf(terms), i32(elements)));
  if (plan.barrierBeforeWrite(op))
    barrier();
  // Of the threads of a row that hold an element, the first one writes it.
  Value owner = andOf(ownerOf(dist.map, Axis::Lane), ownerOf(source.map, Axis::Warp));
  Dist writer{dist.map, dist.coords, dist.base, owner};
  storeTile(own, writer, partial);
  if (plan.barrierBeforeRead(op, op))
    barrier();
  SmallVector<Regs> rows;
  for (int64_t w = 0; w < count; ++w) {
    Access row = all;
    row.base = shiftPointer(all.base, all.element, w * elements);
    rows.push_back(loadTile(row, dist, 0.0));
  }
  for (size_t r = 0; r < partial.size(); ++r) {
    partial[r] = rows[0][r];
    for (int64_t w = 1; w < count; ++w)
      partial[r] = combine(b, loc, op.getKind(), partial[r], rows[w][r]);
  }
}

//===-- Scans --------------------------------------------------------------------------------------===//

/// The scanned dim lies in registers (tile-assign-layouts), so every thread scans its own elements one after the other.
void KernelEmitter::emitScan(tile::ScanOp op) {
  const Dist &dist = distOf(op.getResult(0));
  int dim = static_cast<int>(op.getDim());
  int64_t extent = dist.map.shape()[dim], operands = op.getInputs().size();
  SmallVector<Type> elements, types;
  for (Type t : op.getInputs().getTypes()) {
    elements.push_back(getElementTypeOrSelf(t));
    types.push_back(op.getKind() ? reductionType(elements.back(), b) : elements.back());
  }
  SmallVector<Regs> results(operands, Regs(dist.regs()));
  for (int64_t r = 0; r < dist.regs(); ++r) {
    if (dist.coords[dim][r] != 0)
      continue;
    layout::Loc first;
    first.reg = static_cast<int32_t>(r);
    layout::Coord c = dist.map.apply(first);
    SmallVector<Value> running;
    for (int64_t i = 0; i < extent; ++i) {
      c[dim] = static_cast<int32_t>(op.getReverse() ? extent - 1 - i : i);
      int32_t reg = dist.map.locate(c).reg;
      SmallVector<Value> now;
      for (int64_t k = 0; k < operands; ++k)
        now.push_back(convert(b, loc, tiles[op.getInputs()[k]][reg], types[k]));
      running = i == 0 ? now : combineScan(op, running, now);
      for (int64_t k = 0; k < operands; ++k)
        results[k][reg] = convert(b, loc, running[k], elements[k]);
    }
  }
  for (auto [result, regs] : llvm::zip_equal(op.getResults(), results))
    tiles[result] = regs;
}

SmallVector<Value> KernelEmitter::combineScan(tile::ScanOp op, ArrayRef<Value> before, ArrayRef<Value> now) {
  if (op.getKind())
    return {combine(b, loc, *op.getKind(), before[0], now[0])};
  Block &body = op.getBody().front();
  IRMapping mapping = scalars;
  for (auto [i, v] : llvm::enumerate(before))
    mapping.map(body.getArgument(i), v);
  for (auto [i, v] : llvm::enumerate(now))
    mapping.map(body.getArgument(before.size() + i), v);
  for (Operation &inner : body.without_terminator())
    b.clone(inner, mapping);
  return llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value v) { return mapping.lookupOrDefault(v); });
}

/// The folded dim lies in registers: the body is emitted once per step.
LogicalResult KernelEmitter::emitRecur(tile::RecurOp op) {
  Block &body = op.getBody().front();
  int64_t dim = op.getDim(), extent = cast<RankedTensorType>(op.getInputs()[0].getType()).getDimSize(dim);
  size_t states = op.getInits().size();
  SmallVector<Regs> running, outputs;
  for (Value v : op.getInits())
    running.push_back(tiles[v]);
  for (Value v : ValueRange(op.getResults()).drop_front(states))
    outputs.push_back(Regs(distOf(v).regs()));
  for (int64_t step = 0; step < extent; ++step) {
    int64_t t = op.getReverse() ? extent - 1 - step : step;
    for (size_t i = 0; i < states; ++i)
      tiles[body.getArgument(i)] = running[i];
    for (auto [i, input] : llvm::enumerate(op.getInputs()))
      tiles[body.getArgument(states + i)] = sliceAt(input, body.getArgument(states + i), dim, t);
    if (failed(emitBlock(body)))
      return failure();
    ValueRange yielded = body.getTerminator()->getOperands();
    for (size_t i = 0; i < states; ++i)
      running[i] = tiles[yielded[i]];
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Dist &whole = distOf(op.getResult(states + i)), &part = distOf(yielded[states + i]);
      for (int64_t r = 0; r < part.regs(); ++r)
        outputs[i][registerAt(whole, part, dim, t, r)] = tiles[yielded[states + i]][r];
    }
  }
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    tiles[result] = i < states ? running[i] : outputs[i - states];
  return success();
}

/// Register of `whole` that holds, at coordinate `t` of `dim`, what register `r` of `part` (the tile without `dim`) holds.
int32_t KernelEmitter::registerAt(const Dist &whole, const Dist &part, int64_t dim, int64_t t, int64_t r) {
  layout::Loc l;
  l.reg = static_cast<int32_t>(r);
  layout::Coord c = part.map.apply(l);
  c.insert(c.begin() + dim, static_cast<int32_t>(t));
  return whole.map.locate(c).reg;
}

Regs KernelEmitter::sliceAt(Value whole, Value part, int64_t dim, int64_t t) {
  const Dist &w = distOf(whole), &p = distOf(part);
  Regs regs;
  for (int64_t r = 0; r < p.regs(); ++r)
    regs.push_back(tiles[whole][registerAt(w, p, dim, t, r)]);
  return regs;
}

} // namespace seqc::gpu
