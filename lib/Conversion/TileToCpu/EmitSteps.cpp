// SPDX-License-Identifier: Apache-2.0
// Ops that are steps of their own: products, loads that products read in place, reshapes, joins, scans, control.
#include "EmitDotCall.h"
#include "KernelEmitter.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::cpu {

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }
static Type elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }

//===-- dot -----------------------------------------------------------------------===//

/// Inside the bounds the product reads global memory; otherwise a padded copy.
void KernelEmitter::emitDirectLoad(tile::LoadOp op) {
  OpBuilder &b = code.b;
  auto type = cast<RankedTensorType>(op.getType());
  Access a = accessOf(op);
  Buffer direct{a.base, type.getElementType(), a.strides};
  if (!a.full) {
    buffers[op.getResult()] = direct;
    return;
  }
  Buffer copy = allocate(type.getShape(), type.getElementType());
  Type ptr = a.base.getType(), i64 = b.getI64Type();
  SmallVector<Type> types{ptr};
  types.append(direct.strides.size(), i64);
  auto branch = scf::IfOp::create(b, code.loc, types, a.full, /*withElseRegion=*/true);
  auto yield = [&](Block &block, const Buffer &buffer, bool fill) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&block);
    if (fill)
      emitCopy(op.getResult(), copy);
    SmallVector<Value> values{buffer.ptr};
    for (const Size &s : buffer.strides)
      values.push_back(code.val(s));
    scf::YieldOp::create(b, code.loc, values);
  };
  yield(branch.getThenRegion().front(), direct, false);
  yield(branch.getElseRegion().front(), copy, true);
  Buffer chosen{branch.getResult(0), type.getElementType(), {}};
  for (size_t d = 0; d < direct.strides.size(); ++d) {
    bool same = direct.strides[d].isKnown() && copy.strides[d].isKnown() && direct.strides[d].number == copy.strides[d].number;
    chosen.strides.push_back(same ? direct.strides[d] : Size(branch.getResult(d + 1)));
  }
  buffers[op.getResult()] = chosen;
}

static OpFoldResult fold(Code &code, Size s) { return s.isKnown() ? OpFoldResult(code.b.getI64IntegerAttr(s.number)) : OpFoldResult(s.value); }

void KernelEmitter::emitDot(tile::DotOp op, Block &block, size_t step) {
  auto operand = [&](Value v) {
    SmallVector<int64_t> perm;
    Value source = peelTransposes(v, perm);
    const Buffer &from = *findBuffer(source);
    Buffer view{from.ptr, from.element, {}};
    for (int64_t p : perm)
      view.strides.push_back(from.strides[p]);
    return view;
  };
  Buffer a = operand(op.getA()), b = operand(op.getB()), c;
  Value acc = op.getAcc();
  const Buffer *accBuffer = acc ? findBuffer(acc) : nullptr;
  if (accBuffer && destinations.count(op.getResult()) == 0 && plan.isLastUse(acc, &block, step) && acc.getParentBlock() == &block &&
      !isa_and_nonnull<tile::ReshapeOp, tile::TableOp>(acc.getDefiningOp())) {
    c = *accBuffer; // nothing reads the accumulator any more: add in place
  } else {
    c = bufferFor(op.getResult());
    if (acc && (!accBuffer || accBuffer->ptr != c.ptr))
      emitCopy(acc, c);
  }
  ArrayRef<int64_t> shape = shapeOf(op.getResult());
  int64_t rank = shape.size(), k = shapeOf(op.getA()).back();
  int64_t bBatch = b.strides.size() - 2;
  CpuDot dot;
  dot.m = shape[rank - 2];
  dot.n = shape[rank - 1];
  dot.k = k;
  dot.aRow = fold(code, a.strides[rank - 2]);
  dot.aCol = fold(code, a.strides[rank - 1]);
  dot.bRow = fold(code, b.strides[bBatch]);
  dot.bCol = fold(code, b.strides[bBatch + 1]);
  dot.cRow = fold(code, c.strides[rank - 2]);
  dot.aType = a.element;
  dot.bType = b.element;
  dot.accType = c.element;
  dot.zeroInit = !acc;
  if (Size rows = neededExtent(dot.m, bounds.of(op.getResult())[rank - 2]); !rows.is(dot.m))
    dot.mValid = code.val(rows);
  if (int64_t bytes = cpuDotScratchBytes(dot, target))
    dot.scratch = allocate({bytes}, code.b.getI8Type()).ptr;
  // Batch dims are loops around the product.
  std::function<void(int64_t, Size, Size, Size)> batch = [&](int64_t d, Size ao, Size bo, Size co) {
    if (d == rank - 2) {
      CpuDot one = dot;
      one.a = code.at(a.ptr, a.element, ao);
      one.b = code.at(b.ptr, b.element, bo);
      one.c = code.at(c.ptr, c.element, co);
      emitCpuDotCall(code.b, code.loc, one, target, module);
      return;
    }
    code.loop(0, shape[d], 1, [&](Size i) {
      batch(d + 1, code.add(ao, code.mul(i, a.strides[d])), bBatch > d ? code.add(bo, code.mul(i, b.strides[d])) : bo, code.add(co, code.mul(i, c.strides[d])));
    });
  };
  batch(0, 0, 0, 0);
  buffers[op.getResult()] = c;
}

//===-- Rearrangements in memory ----------------------------------------------------===//

void KernelEmitter::emitReshape(tile::ReshapeOp op) {
  // The operand's buffer may be a strided view (a product read in place): reshape needs it contiguous.
  const Buffer &from = *findBuffer(op.getT());
  bool contiguous = true;
  int64_t expected = 1;
  ArrayRef<int64_t> shape = shapeOf(op.getT());
  for (size_t d = shape.size(); d-- > 0;) {
    contiguous &= shape[d] == 1 || from.strides[d].is(expected);
    expected *= shape[d];
  }
  Buffer source = from;
  if (!contiguous) {
    source = allocate(shape, from.element);
    emitCopy(op.getT(), source);
  }
  Buffer result{source.ptr, source.element, {}};
  ArrayRef<int64_t> target = shapeOf(op.getResult());
  result.strides.assign(target.size(), Size(1));
  int64_t stride = 1;
  for (size_t d = target.size(); d-- > 0;) {
    result.strides[d] = stride;
    stride *= target[d];
  }
  buffers[op.getResult()] = result;
}

void KernelEmitter::emitJoin(tile::JoinOp op) {
  Buffer whole = bufferFor(op.getResult());
  ArrayRef<int64_t> shape = shapeOf(op.getResult());
  SmallVector<int64_t> dims(op.getDims());
  for (auto [number, part] : llvm::enumerate(op.getParts())) {
    SmallVector<std::pair<int64_t, int64_t>> at;
    int64_t rest = number;
    for (size_t i = dims.size(); i-- > 0;) {
      at.emplace_back(dims[i], rest % shape[dims[i]]);
      rest /= shape[dims[i]];
    }
    llvm::sort(at, std::greater<>());
    Buffer place = whole;
    for (auto [d, i] : at)
      place = sliceAt(code, place, d, i);
    emitCopy(part, place);
  }
  buffers[op.getResult()] = whole;
}

LogicalResult KernelEmitter::emitTable(tile::TableOp op) {
  OpBuilder &b = code.b;
  auto constant = SymbolTable::lookupNearestSymbolFrom<tile::ConstantOp>(op, op.getTableAttr());
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!dense)
    return unsupported(op.emitError("expects a tile.constant with dense elements"));
  std::string name = ("__" + kernel.getSymName() + "_" + op.getTable()).str();
  auto type = cast<RankedTensorType>(op.getType());
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    Type array = LLVM::LLVMArrayType::get(type.getElementType(), dense.getNumElements());
    auto flat = dense.reshape(RankedTensorType::get({dense.getNumElements()}, type.getElementType()));
    LLVM::GlobalOp::create(b, code.loc, array, /*isConstant=*/true, LLVM::Linkage::Internal, name, flat, /*alignment=*/64);
  }
  Buffer buffer{LLVM::AddressOfOp::create(b, code.loc, LLVM::LLVMPointerType::get(b.getContext()), name), type.getElementType(), {}};
  buffer.strides.assign(type.getRank(), Size(1));
  int64_t stride = 1;
  for (int64_t d = type.getRank(); d-- > 0;) {
    buffer.strides[d] = stride;
    stride *= type.getDimSize(d);
  }
  buffers[op.getResult()] = buffer;
  return success();
}

//===-- scan --------------------------------------------------------------------------===//

LogicalResult KernelEmitter::emitScan(tile::ScanOp op) {
  OpBuilder &b = code.b;
  int64_t d = op.getDim();
  ArrayRef<int64_t> shape = shapeOf(op.getInputs()[0]);
  SmallVector<Buffer> out;
  for (Value r : op.getResults())
    out.push_back(bufferFor(r));
  // With a kind, 16-bit floats are carried in f32 and rounded where they are stored.
  Type element = elementOf(op.getInputs()[0]);
  bool isWide = op.getKind() && (element.isF16() || element.isBF16());
  auto loaded = [&](Value in, const Point &p) {
    Value x = loadBuffer(*findBuffer(in), p);
    return isWide ? arith::ExtFOp::create(b, code.loc, typeAt(b.getF32Type(), p), x).getResult() : x;
  };
  auto stored = [&](Value v, const Buffer &buffer, const Point &p) {
    storeBuffer(isWide ? arith::TruncFOp::create(b, code.loc, typeAt(element, p), v).getResult() : v, buffer, p);
  };
  auto combine = [&](ArrayRef<Value> acc, ArrayRef<Value> x, const Point &p) {
    SmallVector<Value> result;
    if (!op.getKind()) {
      llvm::DenseMap<Value, Value> values;
      Block &body = op.getBody().front();
      for (auto [i, a] : llvm::enumerate(body.getArguments()))
        values[a] = i < acc.size() ? acc[i] : x[i - acc.size()];
      auto lifted = [&](Value v) {
        if (auto it = values.find(v); it != values.end())
          return it->second;
        Value captured = scalar(v);
        return p.isVector() ? code.splat(captured, VectorType::get({p.width}, captured.getType())) : captured;
      };
      for (Operation &inner : body.without_terminator()) {
        if (auto constant = dyn_cast<arith::ConstantOp>(inner)) {
          Value c = arith::ConstantOp::create(b, code.loc, constant.getValue());
          values[inner.getResult(0)] = p.isVector() ? code.splat(c, VectorType::get({p.width}, c.getType())) : c;
          continue;
        }
        SmallVector<Value> operands;
        for (Value v : inner.getOperands())
          operands.push_back(lifted(v));
        values[inner.getResult(0)] = cloneLifted(code, &inner, operands, inner.getResult(0).getType(), p);
      }
      for (Value v : body.getTerminator()->getOperands())
        result.push_back(lifted(v));
      return result;
    }
    return SmallVector<Value>{combineKind(code, *op.getKind(), acc[0], x[0])};
  };
  int64_t rank = shape.size();
  // All other dims are loops; vectors along the last dim if it is not the scanned one.
  auto along = [&](Point p) {
    auto at = [&](Size t) {
      Point q = p;
      q.index[d] = op.getReverse() ? code.sub(shape[d] - 1, t) : t;
      return q;
    };
    SmallVector<Value> first;
    for (auto [in, buffer] : llvm::zip_equal(op.getInputs(), out)) {
      first.push_back(loaded(in, at(0)));
      stored(first.back(), buffer, at(0));
    }
    code.loop(1, shape[d], 1, first, [&](Size t, ValueRange carried) {
      SmallVector<Value> x;
      for (Value in : op.getInputs())
        x.push_back(loaded(in, at(t)));
      SmallVector<Value> next = combine(SmallVector<Value>(carried), x, p);
      for (auto [v, buffer] : llvm::zip_equal(next, out))
        stored(v, buffer, at(t));
      return next;
    });
  };
  std::function<void(int64_t, Point)> nest = [&](int64_t dim, Point p) {
    if (dim == rank)
      return along(p);
    if (dim == d) {
      p.index.push_back(0);
      return nest(dim + 1, p);
    }
    bool vectors = dim == rank - 1;
    int64_t width = vectors ? std::min<int64_t>(target.lanes(32), shape[dim]) : 1, main = shape[dim] / width * width;
    auto inner = [&](Size i, int64_t w) {
      Point q = p;
      q.index.push_back(i);
      if (vectors)
        q.vecDim = dim, q.width = w;
      nest(dim + 1, q);
    };
    code.loop(0, main, width, [&](Size i) { inner(i, width); });
    if (main < shape[dim])
      inner(main, shape[dim] - main);
  };
  if (!llvm::is_contained(shape, 0))
    nest(0, Point());
  for (auto [r, buffer] : llvm::zip_equal(op.getResults(), out))
    buffers[r] = buffer;
  return success();
}

//===-- Control --------------------------------------------------------------------===//

void KernelEmitter::forwardYield(Block &body, Value yielded, Value carried, const Buffer &buffer) {
  // Through products that add in place to the value that is computed first.
  Value first = yielded;
  while (auto dot = first.getDefiningOp<tile::DotOp>()) {
    if (dot->getBlock() != &body || !dot.getAcc() || !dot.getAcc().hasOneUse())
      break;
    first = dot.getAcc();
  }
  if (first == carried || first.getParentBlock() != &body || !yielded.hasOneUse() || isa<BlockArgument>(first))
    return;
  for (auto [i, step] : llvm::enumerate(plan.steps(&body))) {
    if (!step.isGroup() || !llvm::is_contained(step.written, first))
      continue;
    // In the group itself all values of a point are evaluated before any is stored; elsewhere the old value must not be needed any more.
    if (plan.isLastUse(carried, &body, i) && plan.readsPointwise(step, carried))
      destinations[first] = buffer;
    return;
  }
}

/// Writes yielded values to their places. A value that another target holds is copied aside first.
void KernelEmitter::emitYields(Block &, ArrayRef<std::pair<Value, Buffer>> targets) {
  auto readsTarget = [&](Value v, size_t self) {
    for (const Plan::Reached &r : plan.reads(v))
      if (const Buffer *from = findBuffer(r.value))
        for (auto [j, target] : llvm::enumerate(targets))
          if ((j != self || !r.pointwise) && target.second.ptr == from->ptr)
            return true;
    return false;
  };
  SmallVector<std::pair<Buffer, size_t>> aside;
  for (auto [i, target] : llvm::enumerate(targets)) {
    const Buffer *from = findBuffer(target.first);
    if ((from && from->ptr == target.second.ptr) || !readsTarget(target.first, i))
      continue;
    Buffer copy = allocate(shapeOf(target.first), elementOf(target.first));
    emitCopy(target.first, copy);
    aside.emplace_back(copy, i);
  }
  for (auto [i, target] : llvm::enumerate(targets)) {
    const Buffer *from = findBuffer(target.first);
    if (from && from->ptr == target.second.ptr)
      continue;
    size_t self = i;
    if (auto *it = llvm::find_if(aside, [self](auto &entry) { return entry.second == self; }); it != aside.end()) {
      Buffer saved = buffers.lookup(target.first);
      bool had = findBuffer(target.first);
      buffers[target.first] = it->first;
      emitCopy(target.first, target.second);
      had ? (void)(buffers[target.first] = saved) : (void)buffers.erase(target.first);
      continue;
    }
    emitCopy(target.first, target.second);
  }
}

LogicalResult KernelEmitter::emitFor(Operation *raw) {
  OpBuilder &b = code.b;
  auto op = cast<scf::ForOp>(raw);
  SmallVector<Value> scalarInits;
  SmallVector<Buffer> carried(op.getNumResults());
  for (auto [i, init] : llvm::enumerate(op.getInitArgs())) {
    if (!isTile(init)) {
      scalarInits.push_back(scalar(init));
      continue;
    }
    carried[i] = bufferFor(op.getResult(i));
    emitCopy(init, carried[i]);
  }
  auto loop = scf::ForOp::create(b, code.loc, scalar(op.getLowerBound()), scalar(op.getUpperBound()), scalar(op.getStep()), scalarInits);
  Block &body = *op.getBody();
  Operation *yield = body.getTerminator();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scalars.map(op.getInductionVar(), loop.getInductionVar());
    unsigned next = 0;
    for (auto [i, arg] : llvm::enumerate(op.getRegionIterArgs())) {
      if (isTile(arg)) {
        buffers[arg] = carried[i];
        forwardYield(body, yield->getOperand(i), arg, carried[i]);
      } else {
        scalars.map(arg, loop.getRegionIterArgs()[next++]);
      }
    }
    if (failed(emitBlock(body)))
      return failure();
    SmallVector<std::pair<Value, Buffer>> targets;
    SmallVector<Value> scalarYields;
    for (auto [i, v] : llvm::enumerate(yield->getOperands()))
      isTile(v) ? targets.emplace_back(v, carried[i]) : (scalarYields.push_back(scalar(v)), targets.emplace_back());
    llvm::erase_if(targets, [](auto &t) { return !t.first; });
    emitYields(body, targets);
    if (!scalarYields.empty())
      scf::YieldOp::create(b, code.loc, scalarYields);
  }
  unsigned next = 0;
  for (auto [i, r] : llvm::enumerate(op.getResults()))
    isTile(r) ? (void)(buffers[r] = carried[i]) : scalars.map(r, loop.getResult(next++));
  return success();
}

/// The arguments of both regions are buffers: `before` writes those of `after`, which are the results, and the other way round.
LogicalResult KernelEmitter::emitWhile(Operation *raw) {
  OpBuilder &b = code.b;
  auto op = cast<scf::WhileOp>(raw);
  SmallVector<Value> scalarInits;
  SmallVector<Type> scalarTypes;
  SmallVector<Buffer> states(op.getInits().size()), results(op.getNumResults());
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    if (!isTile(init)) {
      scalarInits.push_back(scalar(init));
      continue;
    }
    states[i] = allocate(shapeOf(init), elementOf(init));
    emitCopy(init, states[i]);
  }
  for (auto [i, r] : llvm::enumerate(op.getResults()))
    isTile(r) ? (void)(results[i] = bufferFor(r)) : scalarTypes.push_back(r.getType());
  auto loop = scf::WhileOp::create(b, code.loc, scalarTypes, scalarInits);
  auto bind = [&](Block &from, Block &into, ArrayRef<Buffer> tiles) {
    OpBuilder::InsertionGuard guard(b);
    for (auto [i, arg] : llvm::enumerate(from.getArguments()))
      isTile(arg) ? (void)(buffers[arg] = tiles[i]) : scalars.map(arg, into.addArgument(arg.getType(), code.loc));
    b.setInsertionPointToStart(&into);
    return emitBlock(from);
  };
  /// Tiles go to `targets`, scalars are returned.
  auto pass = [&](Block &from, ValueRange values, ArrayRef<Buffer> targets) {
    SmallVector<std::pair<Value, Buffer>> tiles;
    SmallVector<Value> rest;
    for (auto [i, v] : llvm::enumerate(values))
      isTile(v) ? (void)tiles.emplace_back(v, targets[i]) : rest.push_back(scalar(v));
    emitYields(from, tiles);
    return rest;
  };
  OpBuilder::InsertionGuard guard(b);
  Block &before = op.getBefore().front(), &after = op.getAfter().front();
  Block &newBefore = loop.getBefore().emplaceBlock(), &newAfter = loop.getAfter().emplaceBlock();
  if (failed(bind(before, newBefore, states)))
    return failure();
  auto condition = cast<scf::ConditionOp>(before.getTerminator());
  b.setInsertionPointToEnd(&newBefore);
  SmallVector<Value> passed = pass(before, condition.getArgs(), results);
  scf::ConditionOp::create(b, code.loc, scalar(condition.getCondition()), passed);
  if (failed(bind(after, newAfter, results)))
    return failure();
  b.setInsertionPointToEnd(&newAfter);
  scf::YieldOp::create(b, code.loc, pass(after, after.getTerminator()->getOperands(), states));
  b.setInsertionPointAfter(loop);
  unsigned next = 0;
  for (auto [i, r] : llvm::enumerate(op.getResults()))
    isTile(r) ? (void)(buffers[r] = results[i]) : scalars.map(r, loop.getResult(next++));
  return success();
}

LogicalResult KernelEmitter::emitIf(Operation *raw) {
  OpBuilder &b = code.b;
  auto op = cast<scf::IfOp>(raw);
  SmallVector<Type> types;
  SmallVector<Buffer> results(op.getNumResults());
  for (auto [i, r] : llvm::enumerate(op.getResults()))
    isTile(r) ? (void)(results[i] = bufferFor(r)) : types.push_back(r.getType());
  auto branch = scf::IfOp::create(b, code.loc, types, scalar(op.getCondition()), !op.getElseRegion().empty());
  auto emitRegion = [&](Region &from, Region &into) -> LogicalResult {
    if (from.empty())
      return success();
    OpBuilder::InsertionGuard guard(b);
    types.empty() ? b.setInsertionPointToStart(&into.front()) : b.setInsertionPointToEnd(&into.front());
    if (failed(emitBlock(from.front())))
      return failure();
    SmallVector<Value> scalarYields;
    SmallVector<std::pair<Value, Buffer>> targets;
    for (auto [i, v] : llvm::enumerate(from.front().getTerminator()->getOperands()))
      if (isTile(v))
        targets.emplace_back(v, results[i]);
      else
        scalarYields.push_back(scalar(v));
    emitYields(from.front(), targets);
    if (!types.empty())
      scf::YieldOp::create(b, code.loc, scalarYields);
    return success();
  };
  if (failed(emitRegion(op.getThenRegion(), branch.getThenRegion())) || failed(emitRegion(op.getElseRegion(), branch.getElseRegion())))
    return failure();
  unsigned next = 0;
  for (auto [i, r] : llvm::enumerate(op.getResults()))
    isTile(r) ? (void)(buffers[r] = results[i]) : scalars.map(r, branch.getResult(next++));
  return success();
}

} // namespace seqc::cpu
