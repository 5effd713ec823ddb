// SPDX-License-Identifier: Apache-2.0
// Frame, control flow, scalars.
#include "KernelEmitter.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::gpu {

KernelEmitter::KernelEmitter(tile::KernelOp kernel, OpBuilder &builder)
    : b(builder), loc(kernel.getLoc()), kernel(kernel), numWarps(tile::kernelWarps(kernel)), facts(kernel), plan(kernel) {}

//===-- Small builders -------------------------------------------------------------------===//

Value KernelEmitter::i32(int64_t n) { return arith::ConstantIntOp::create(b, loc, n, 32); }
Value KernelEmitter::i64(int64_t n) { return arith::ConstantIntOp::create(b, loc, n, 64); }
Value KernelEmitter::toI64(Value v) {
  if (v.getType().isIndex())
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), v);
  return v.getType().isInteger(64) ? v : arith::ExtSIOp::create(b, loc, b.getI64Type(), v).getResult();
}
Value KernelEmitter::shiftPointer(Value ptr, Type element, Value offset) {
  return LLVM::GEPOp::create(b, loc, ptr.getType(), element, ptr, ArrayRef<LLVM::GEPArg>{offset});
}
Value KernelEmitter::shiftPointer(Value ptr, Type element, int64_t offset) {
  if (!offset)
    return ptr;
  return LLVM::GEPOp::create(b, loc, ptr.getType(), element, ptr, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
}
Value KernelEmitter::load(Type type, Value ptr, int64_t align) { return LLVM::LoadOp::create(b, loc, type, ptr, static_cast<unsigned>(align)); }
Type memoryType(Type element) { return element.isInteger(1) ? Type(IntegerType::get(element.getContext(), 8)) : element; }
Value KernelEmitter::fromMemory(Value v, Type element) {
  return element.isInteger(1) ? arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, arith::ConstantIntOp::create(b, loc, 0, 8)).getResult() : v;
}
Value KernelEmitter::toMemory(Value v) { return v.getType().isInteger(1) ? arith::ExtUIOp::create(b, loc, b.getI8Type(), v).getResult() : v; }
Value KernelEmitter::andOf(Value x, Value y) { return x && y ? arith::AndIOp::create(b, loc, x, y).getResult() : x ? x : y; }

SmallVector<Value> KernelEmitter::callIntrinsic(StringRef name, ArrayRef<Type> results, ValueRange operands) {
  Type type = results.empty() ? Type() : results.size() == 1 ? results[0] : LLVM::LLVMStructType::getLiteral(b.getContext(), results);
  auto call = type ? LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name), operands)
                   : LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr(name), operands);
  if (results.size() <= 1)
    return llvm::to_vector_of<Value>(call->getResults());
  SmallVector<Value> parts;
  for (size_t i = 0; i < results.size(); ++i)
    parts.push_back(LLVM::ExtractValueOp::create(b, loc, call->getResult(0), static_cast<int64_t>(i)));
  return parts;
}

void KernelEmitter::barrier() { callIntrinsic("llvm.nvvm.barrier.cta.sync.aligned.all", {}, i32(0)); }

Value KernelEmitter::scalarConstant(Attribute value, Type type) {
  return arith::ConstantOp::create(b, loc, type, cast<TypedAttr>(value));
}

//===-- Frame ----------------------------------------------------------------------------===//

/// Pointers are global, sizes 64-bit integers, scalars as they are.
static Type parameterType(Type type) {
  if (isa<tile::PtrType>(type))
    return LLVM::LLVMPointerType::get(type.getContext(), 1);
  return type.isIndex() ? Type(IntegerType::get(type.getContext(), 64)) : type;
}

FailureOr<func::FuncOp> KernelEmitter::emit() {
  OpBuilder::InsertionGuard guard(b);
  Block &body = kernel.getBody().front();
  auto inputs = llvm::map_to_vector(body.getArgumentTypes(), parameterType);
  auto function = func::FuncOp::create(b, loc, kernel.getSymName(), b.getFunctionType(inputs, {}));
  emitFrame(function);
  if (failed(emitBlock(body)))
    return failure();
  func::ReturnOp::create(b, loc);
  return function;
}

void KernelEmitter::emitFrame(func::FuncOp function) {
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  for (BlockArgument a : kernel.getBody().getArguments()) {
    Value v = entry->getArgument(a.getArgNumber());
    scalars.map(a, a.getType().isIndex() ? arith::IndexCastOp::create(b, loc, b.getIndexType(), v).getResult() : v);
  }
  Value thread = NVVM::ThreadIdXOp::create(b, loc, b.getI32Type());
  lane = arith::AndIOp::create(b, loc, thread, i32(layout::kWarpSize - 1));
  warp = arith::ShRUIOp::create(b, loc, thread, i32(5));
  if (plan.totalBytes())
    shared = LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 3), "seqc_shared");
  entryEnd = i32(0).getDefiningOp();
}

//===-- Control flow ------------------------------------------------------------------------===//

/// Scalars of a list of values: tiles become their registers.
Regs KernelEmitter::flatten(ValueRange values) {
  Regs flat;
  for (Value v : values)
    if (isa<RankedTensorType>(v.getType()))
      llvm::append_range(flat, tiles[v]);
    else
      flat.push_back(scalars.lookup(v));
  return flat;
}

SmallVector<Type> KernelEmitter::flatTypes(TypeRange types) {
  SmallVector<Type> flat;
  for (Type t : types)
    if (auto tensor = dyn_cast<RankedTensorType>(t))
      flat.append(distOf(tensor).regs(), tensor.getElementType());
    else
      flat.push_back(t);
  return flat;
}

void KernelEmitter::bind(ValueRange values, ValueRange flat) {
  for (Value v : values) {
    auto tensor = dyn_cast<RankedTensorType>(v.getType());
    size_t count = tensor ? distOf(tensor).regs() : 1;
    if (tensor)
      tiles[v] = llvm::to_vector(flat.take_front(count));
    else
      scalars.map(v, flat[0]);
    flat = flat.drop_front(count);
  }
}

LogicalResult KernelEmitter::emitBlock(Block &block) {
  for (Operation &op : block)
    if (failed(emitOp(&op)))
      return failure();
  return success();
}

LogicalResult KernelEmitter::emitFor(Operation *op) {
  auto loop = cast<scf::ForOp>(op);
  Regs inits = flatten(loop.getInitArgs());
  auto made = scf::ForOp::create(b, loc, scalars.lookup(loop.getLowerBound()), scalars.lookup(loop.getUpperBound()), scalars.lookup(loop.getStep()), inits);
  scalars.map(loop.getInductionVar(), made.getInductionVar());
  bind(loop.getRegionIterArgs(), made.getRegionIterArgs());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(made.getBody());
  if (failed(emitBlock(*loop.getBody())))
    return failure();
  if (inits.empty()) // the builder has made the terminator
    b.setInsertionPoint(made.getBody()->getTerminator());
  else
    scf::YieldOp::create(b, loc, flatten(loop.getYieldedValues()));
  bind(loop.getResults(), made.getResults());
  return success();
}

LogicalResult KernelEmitter::emitIf(Operation *op) {
  auto branch = cast<scf::IfOp>(op);
  bool hasElse = !branch.getElseRegion().empty();
  auto made = scf::IfOp::create(b, loc, flatTypes(branch.getResultTypes()), scalars.lookup(branch.getCondition()), hasElse);
  for (auto [from, to] : llvm::zip_equal(branch->getRegions(), made->getRegions())) {
    if (from.empty())
      continue;
    OpBuilder::InsertionGuard guard(b);
    Block &target = to.front();
    if (target.mightHaveTerminator())
      target.getTerminator()->erase();
    b.setInsertionPointToEnd(&target);
    if (failed(emitBlock(from.front())))
      return failure();
    scf::YieldOp::create(b, loc, flatten(from.front().getTerminator()->getOperands()));
  }
  bind(branch.getResults(), made.getResults());
  return success();
}

LogicalResult KernelEmitter::emitWhile(Operation *op) {
  auto loop = cast<scf::WhileOp>(op);
  SmallVector<Type> before = flatTypes(loop.getBeforeBody()->getArgumentTypes()), after = flatTypes(loop.getResultTypes());
  auto made = scf::WhileOp::create(b, loc, after, flatten(loop.getInits()));
  OpBuilder::InsertionGuard guard(b);
  Block *first = b.createBlock(&made.getBefore(), {}, before, SmallVector<Location>(before.size(), loc));
  bind(loop.getBeforeBody()->getArguments(), first->getArguments());
  if (failed(emitBlock(*loop.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = loop.getConditionOp();
  scf::ConditionOp::create(b, loc, scalars.lookup(condition.getCondition()), flatten(condition.getArgs()));
  Block *second = b.createBlock(&made.getAfter(), {}, after, SmallVector<Location>(after.size(), loc));
  bind(loop.getAfterBody()->getArguments(), second->getArguments());
  if (failed(emitBlock(*loop.getAfterBody())))
    return failure();
  scf::YieldOp::create(b, loc, flatten(loop.getYieldOp().getOperands()));
  bind(loop.getResults(), made.getResults());
  return success();
}

//===-- Ops ------------------------------------------------------------------------------------===//

static bool touchesTiles(Operation *op) {
  auto isTile = [](Type t) { return isa<RankedTensorType>(t); };
  return llvm::any_of(op->getOperandTypes(), isTile) || llvm::any_of(op->getResultTypes(), isTile);
}

LogicalResult KernelEmitter::emitOp(Operation *op) {
  loc = op->getLoc();
  if (isa<tile::ViewOp, tile::SubviewOp>(op))
    return (void)viewOf(op->getResult(0)), success();
  if (auto id = dyn_cast<tile::ProgramIdOp>(op)) {
    Type type = b.getI32Type();
    Value v = id.getDim() == 0 ? NVVM::BlockIdXOp::create(b, loc, type).getResult() : id.getDim() == 1 ? NVVM::BlockIdYOp::create(b, loc, type).getResult() : NVVM::BlockIdZOp::create(b, loc, type).getResult();
    scalars.map(id.getResult(), arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v));
    return success();
  }
  if (auto o = dyn_cast<tile::LoadOp>(op))
    return emitLoad(o), success();
  if (auto o = dyn_cast<tile::StoreOp>(op))
    return emitStore(o), success();
  if (auto o = dyn_cast<tile::GatherOp>(op))
    return emitGather(o), success();
  if (auto o = dyn_cast<tile::LoadScalarOp>(op))
    return emitLoadScalar(o), success();
  if (auto o = dyn_cast<tile::ScalarOp>(op)) // every thread holds the element of a rank-0 tile
    return scalars.map(o->getResult(0), tiles[o->getOperand(0)][0]), success();
  if (auto o = dyn_cast<tile::AccumulateOp>(op))
    return emitAccumulate(o);
  if (auto o = dyn_cast<tile::TableOp>(op))
    return emitTable(o), success();
  if (auto o = dyn_cast<tile::RelayoutOp>(op))
    return emitRelayout(o), success();
  if (auto o = dyn_cast<tile::MapOp>(op))
    return emitMap(o), success();
  if (auto o = dyn_cast<tile::ReduceOp>(op))
    return emitReduce(o), success();
  if (auto o = dyn_cast<tile::ScanOp>(op))
    return emitScan(o), success();
  if (auto o = dyn_cast<tile::RecurOp>(op))
    return emitRecur(o);
  if (auto o = dyn_cast<tile::DotOp>(op))
    return emitDot(o), success();
  if (isa<scf::ForOp>(op))
    return emitFor(op);
  if (isa<scf::IfOp>(op))
    return emitIf(op);
  if (isa<scf::WhileOp>(op))
    return emitWhile(op);
  if (isa<scf::YieldOp, scf::ConditionOp, tile::YieldOp>(op))
    return success(); // the op that owns the block reads its operands
  if (isa<tile::TileDialect>(op->getDialect()))
    return emitShape(op), success();
  if (touchesTiles(op))
    return emitElementwise(op), success();
  b.clone(*op, scalars);
  return success();
}

} // namespace seqc::gpu
