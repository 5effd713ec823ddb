// SPDX-License-Identifier: Apache-2.0
// Function frame, scalars, views, buffers.
#include "KernelEmitter.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace seqc::cpu {

Type memoryType(Type element) { return element.isInteger(1) ? Type(IntegerType::get(element.getContext(), 8)) : element; }

static int64_t memoryBytes(Type element) { return llvm::divideCeil(memoryType(element).getIntOrFloatBitWidth(), 8); }

KernelEmitter::KernelEmitter(tile::KernelOp kernel, OpBuilder &builder, const CpuTarget &target)
    : code(builder, kernel.getLoc()), target(target), plan(kernel), bounds(kernel), kernel(kernel) {}

//===-- Frame ---------------------------------------------------------------------===//

FailureOr<func::FuncOp> KernelEmitter::emit() {
  OpBuilder &b = code.b;
  OpBuilder::InsertionGuard guard(b);
  Type ptr = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  auto function = func::FuncOp::create(b, code.loc, kernel.getSymName(), b.getFunctionType({ptr, i64, i64, ptr}, {}));
  module = function->getParentOfType<ModuleOp>();
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  scratch = entry->getArgument(3);
  Block &body = kernel.getBody().front();
  for (BlockArgument a : body.getArguments()) {
    Value slot = code.at(entry->getArgument(0), ptr, static_cast<int64_t>(a.getArgNumber()));
    Value value = LLVM::LoadOp::create(b, code.loc, ptr, slot);
    if (a.getType().isIndex())
      value = arith::IndexCastOp::create(b, code.loc, b.getIndexType(), code.load(i64, value));
    else if (!isa<tile::PtrType>(a.getType()))
      value = code.load(a.getType(), value);
    scalars.map(a, value);
    scalars.map(kernel.getGrid().getArgument(a.getArgNumber()), value);
  }
  bool usesSms = false;
  kernel.getGrid().walk([&](tile::NumSmsOp op) {
    unsupported(op.emitError("persistent grids have no CPU form; expects a grid that does not use tile.num_sms"));
    usesSms = true;
  });
  if (usesSms)
    return failure();
  SmallVector<Size> extents;
  for (Operation &op : kernel.getGrid().front()) {
    if (auto yield = dyn_cast<tile::GridYieldOp>(op))
      for (Value v : yield.getExtents())
        extents.push_back(code.from(scalar(v), 0));
    else
      emitScalar(&op);
  }
  LogicalResult result = success();
  code.loop(Size(entry->getArgument(1)), Size(entry->getArgument(2)), 1, [&](Size task) {
    Value rest = code.val(task);
    programIds.clear();
    for (size_t d = 0; d < extents.size(); ++d) {
      bool last = d + 1 == extents.size();
      Value id = last ? rest : arith::RemUIOp::create(b, code.loc, rest, code.val(extents[d])).getResult();
      programIds.push_back(arith::IndexCastOp::create(b, code.loc, b.getIndexType(), id));
      if (!last)
        rest = arith::DivUIOp::create(b, code.loc, rest, code.val(extents[d]));
    }
    result = emitBlock(body);
  });
  if (failed(result))
    return failure();
  if (hasStreams)
    LLVM::CallIntrinsicOp::create(b, code.loc, b.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
  func::ReturnOp::create(b, code.loc);
  scratchSize = scratchPlan.place();
  return function;
}

LogicalResult KernelEmitter::emitBlock(Block &block) {
  for (auto [i, step] : llvm::enumerate(plan.steps(&block))) {
    if (step.isGroup())
      emitGroup(step);
    else if (failed(emitSingle(step.single, block, i)))
      return failure();
  }
  return success();
}

LogicalResult KernelEmitter::emitSingle(Operation *op, Block &block, size_t step) {
  OpBuilder &b = code.b;
  if (auto id = dyn_cast<tile::ProgramIdOp>(op)) {
    Value value = id.getDim() < programIds.size() ? programIds[id.getDim()] : arith::ConstantIndexOp::create(b, code.loc, 0).getResult();
    scalars.map(id.getResult(), value);
    return success();
  }
  if (isa<tile::ViewOp, tile::SubviewOp>(op)) {
    (void)viewOf(op->getResult(0));
    return success();
  }
  if (auto load = dyn_cast<tile::LoadScalarOp>(op)) {
    View view = viewOf(load.getView());
    Size offset = 0;
    unsigned dynamic = 0;
    for (auto [d, c] : llvm::enumerate(load.getStaticCoords()))
      offset = code.add(offset, code.mul(ShapedType::isDynamic(c) ? code.from(scalar(load.getCoords()[dynamic++]), 0) : Size(c), view.strides[d]));
    Value value = code.load(memoryType(view.element), code.at(view.ptr, memoryType(view.element), offset));
    if (view.element.isInteger(1))
      value = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ne, value, code.zero(value.getType()));
    scalars.map(load.getResult(), value);
    return success();
  }
  if (auto element = dyn_cast<tile::ScalarOp>(op)) {
    scalars.map(element.getS(), Evaluator(*this, {}, /*masked=*/false).evaluate(element.getT(), Point()));
    return success();
  }
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return emitDirectLoad(load), success();
  if (auto dot = dyn_cast<tile::DotOp>(op))
    return emitDot(dot, block, step), success();
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return emitReshape(reshape), success();
  if (auto join = dyn_cast<tile::JoinOp>(op))
    return emitJoin(join), success();
  if (auto scan = dyn_cast<tile::ScanOp>(op))
    return emitScan(scan);
  if (auto recur = dyn_cast<tile::RecurOp>(op))
    return emitRecur(recur);
  if (auto table = dyn_cast<tile::TableOp>(op))
    return emitTable(table);
  if (isa<scf::ForOp>(op))
    return emitFor(op);
  if (isa<scf::WhileOp>(op))
    return emitWhile(op);
  if (isa<scf::IfOp>(op))
    return emitIf(op);
  if (isa<scf::YieldOp, scf::ConditionOp, tile::YieldOp>(op))
    return success(); // the op that owns the block reads its operands
  if (op->getNumRegions() == 0 && isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op->getDialect()))
    return emitScalar(op), success();
  return unsupported(op->emitError("has no CPU lowering"));
}

void KernelEmitter::emitScalar(Operation *op) { code.b.clone(*op, scalars); }

//===-- Views ---------------------------------------------------------------------===//

static SmallVector<Size> mixedSizes(Code &code, const IRMapping &scalars, ArrayRef<int64_t> statics, ValueRange dynamics) {
  SmallVector<Size> sizes;
  size_t next = 0;
  for (int64_t s : statics)
    sizes.push_back(ShapedType::isDynamic(s) ? code.from(scalars.lookup(dynamics[next++]), 0) : Size(s));
  return sizes;
}

View KernelEmitter::viewOf(Value v) {
  if (auto it = views.find(v); it != views.end())
    return it->second;
  View view;
  if (auto op = v.getDefiningOp<tile::ViewOp>()) {
    view.ptr = scalar(op.getPtr());
    view.sizes = mixedSizes(code, scalars, op.getStaticSizes(), op.getSizes());
    view.strides = mixedSizes(code, scalars, op.getStaticStrides(), op.getStrides());
    view.element = cast<tile::ViewType>(v.getType()).getElementType();
  } else {
    auto op2 = cast<tile::SubviewOp>(v.getDefiningOp());
    View source = viewOf(op2.getView());
    SmallVector<Size> offsets = mixedSizes(code, scalars, op2.getStaticOffsets(), op2.getOffsets());
    SmallVector<Size> sizes = mixedSizes(code, scalars, op2.getStaticSizes(), op2.getSizes());
    SmallVector<bool> dropped = op2.droppedDims();
    view.element = source.element;
    Size offset = 0;
    for (size_t d = 0; d < offsets.size(); ++d) {
      offset = code.add(offset, code.mul(offsets[d], source.strides[d]));
      if (dropped[d])
        continue;
      view.sizes.push_back(code.min(sizes[d], code.sub(source.sizes[d], offsets[d])));
      view.strides.push_back(source.strides[d]);
    }
    view.ptr = code.at(source.ptr, memoryType(source.element), offset);
  }
  return views[v] = view;
}

namespace {
struct AccessParts {
  Value view;
  RankedTensorType tile;
  ArrayRef<int64_t> statics;
  ValueRange dynamics;
  ArrayRef<int64_t> inbounds;
  int64_t gathered = -1; // dim of the view whose coordinate comes from indices
};
AccessParts partsOf(Operation *op) {
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return {load.getView(), cast<RankedTensorType>(load.getType()), load.getStaticCoords(), load.getCoords(), load.getInbounds().value_or(ArrayRef<int64_t>()), -1};
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return {store.getView(), cast<RankedTensorType>(store.getValue().getType()), store.getStaticCoords(), store.getCoords(),
            store.getInbounds().value_or(ArrayRef<int64_t>()), -1};
  if (auto add = dyn_cast<tile::AccumulateOp>(op))
    return {add.getView(), cast<RankedTensorType>(add.getValue().getType()), add.getStaticCoords(), add.getCoords(), {}, -1};
  auto gather = cast<tile::GatherOp>(op);
  return {gather.getView(), cast<RankedTensorType>(gather.getType()), gather.getStaticCoords(), gather.getCoords(), {}, static_cast<int64_t>(gather.getDim())};
}
} // namespace

Access KernelEmitter::accessOf(Operation *op) {
  OpBuilder &b = code.b;
  AccessParts parts = partsOf(op);
  View view = viewOf(parts.view);
  SmallVector<Size> coords = mixedSizes(code, scalars, parts.statics, parts.dynamics);
  int64_t lead = view.sizes.size() - parts.tile.getRank();
  Access a;
  a.element = view.element;
  Size offset = 0;
  auto both = [&](Value &into, Value x) { into = into ? arith::AndIOp::create(b, code.loc, into, x).getResult() : x; };
  for (int64_t d = 0; d < static_cast<int64_t>(coords.size()); ++d) {
    bool isGathered = d == parts.gathered;
    if (!isGathered)
      offset = code.add(offset, code.mul(coords[d], view.strides[d]));
    int64_t extent = d < lead ? 1 : parts.tile.getDimSize(d - lead);
    Size upper = code.sub(view.sizes[d], coords[d]);
    bool proved = isGathered || llvm::is_contained(parts.inbounds, d);
    bool lowSafe = proved || (coords[d].isKnown() && coords[d].number >= 0), highSafe = proved || (upper.isKnown() && upper.number >= extent);
    if (!lowSafe)
      both(d < lead ? a.leading : a.full, code.less(Size(-1), coords[d]));
    if (!highSafe)
      both(d < lead ? a.leading : a.full, code.less(Size(extent - 1), upper));
    if (d < lead)
      continue;
    a.strides.push_back(view.strides[d]);
    a.lower.push_back(lowSafe ? std::nullopt : std::optional(code.sub(0, coords[d])));
    a.upper.push_back(highSafe ? std::nullopt : std::optional(upper));
  }
  if (a.leading)
    both(a.full, a.leading);
  a.base = code.at(view.ptr, memoryType(view.element), offset);
  return a;
}

static constexpr int64_t kStreamedBytes = 16 << 20; // with what it is computed from, more than last-level caches hold

Value KernelEmitter::isStreamed(tile::StoreOp op, const Access &access) {
  OpBuilder &b = code.b;
  // Kernels with products are not bound by memory, and what is read again belongs in the caches.
  WalkResult cached = kernel.getBody().walk([&](Operation *other) {
    bool reads = isa<tile::LoadOp, tile::GatherOp, tile::LoadScalarOp>(other) && plan.isOrdered(other);
    return reads || isa<tile::DotOp, tile::AccumulateOp>(other) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (cached.wasInterrupted() || access.strides.empty() || !access.strides.back().is(1) || !access.element.isIntOrFloat())
    return {};
  int64_t bytes = memoryBytes(access.element);
  Size size = bytes;
  for (const Size &extent : viewOf(op.getView()).sizes)
    size = code.mul(size, extent);
  if (size.isKnown() && size.number < kStreamedBytes)
    return {};
  Value bits = LLVM::PtrToIntOp::create(b, code.loc, b.getI64Type(), access.base);
  for (const Size &stride : ArrayRef(access.strides).drop_back())
    bits = arith::OrIOp::create(b, code.loc, bits, code.val(code.mul(stride, bytes)));
  Value odd = arith::AndIOp::create(b, code.loc, bits, code.val(target.vectorBits / 8 - 1));
  hasStreams = true;
  return arith::AndIOp::create(b, code.loc, code.less(Size(odd), 1), code.less(Size(kStreamedBytes - 1), size));
}

Size KernelEmitter::neededExtent(int64_t full, const Need &need) {
  auto known = [&](Value v) { return !v || scalars.contains(v); };
  if (need.kind != Need::bounded || !known(need.size) || !known(need.coord))
    return full;
  auto sizeOf = [&](Value v, int64_t number) { return v ? code.from(scalar(v), 0) : Size(number); };
  return code.max(code.min(code.sub(sizeOf(need.size, need.sizeNumber), sizeOf(need.coord, need.coordNumber)), full), 0);
}

//===-- Buffers -------------------------------------------------------------------===//

const Buffer *KernelEmitter::findBuffer(Value v) const {
  auto it = buffers.find(v);
  return it == buffers.end() ? nullptr : &it->second;
}

Buffer KernelEmitter::allocate(ArrayRef<int64_t> shape, Type element) {
  Buffer buffer;
  buffer.element = element;
  buffer.strides.assign(shape.size(), Size(1));
  int64_t elements = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    buffer.strides[d] = elements;
    elements *= shape[d];
  }
  buffer.ptr = scratchPlan.allocate(code.b, code.loc, scratch, elements * memoryBytes(element));
  return buffer;
}

/// The buffer that a value is to be written to: chosen ahead, or new.
Buffer KernelEmitter::bufferFor(Value v) {
  if (auto it = destinations.find(v); it != destinations.end())
    return it->second;
  auto type = cast<RankedTensorType>(v.getType());
  return destinations[v] = allocate(type.getShape(), type.getElementType());
}

static Value bufferAddress(Code &code, const Buffer &buffer, const Point &p) {
  Size offset = 0;
  for (size_t d = 0; d < buffer.strides.size(); ++d)
    offset = code.add(offset, code.mul(p.index[d], buffer.strides[d]));
  return code.at(buffer.ptr, memoryType(buffer.element), offset);
}

Value KernelEmitter::loadBuffer(const Buffer &buffer, const Point &p) {
  OpBuilder &b = code.b;
  Type memory = memoryType(buffer.element);
  Value at = bufferAddress(code, buffer, p), value;
  if (!p.isVector()) {
    value = code.load(memory, at);
  } else if (auto type = VectorType::get({p.width}, memory); buffer.strides[p.vecDim].is(1)) {
    value = code.load(type, at);
  } else {
    value = code.zero(type);
    for (int64_t i = 0; i < p.width; ++i)
      value = vector::InsertOp::create(b, code.loc, code.load(memory, code.at(at, memory, code.mul(buffer.strides[p.vecDim], i))), value, ArrayRef<int64_t>{i});
  }
  if (buffer.element.isInteger(1))
    value = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ne, value, code.zero(value.getType()));
  return value;
}

void KernelEmitter::storeBuffer(Value value, const Buffer &buffer, const Point &p) {
  OpBuilder &b = code.b;
  Type memory = memoryType(buffer.element);
  if (buffer.element.isInteger(1))
    value = arith::ExtUIOp::create(b, code.loc, typeAt(memory, p), value);
  Value at = bufferAddress(code, buffer, p);
  if (!p.isVector() || buffer.strides[p.vecDim].is(1)) {
    code.store(value, at);
    return;
  }
  for (int64_t i = 0; i < p.width; ++i)
    code.store(vector::ExtractOp::create(b, code.loc, value, ArrayRef<int64_t>{i}), code.at(at, memory, code.mul(buffer.strides[p.vecDim], i)));
}

} // namespace seqc::cpu
