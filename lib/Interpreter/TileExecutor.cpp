// SPDX-License-Identifier: Apache-2.0
// Dispatch, control flow and index ops.
#include "TileExecutor.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

const llvm::StringMap<TileExecutor::Handler> &TileExecutor::handlers() {
  using E = TileExecutor;
  static const llvm::StringMap<Handler> table{{"arith.constant", &E::constant},
                                              {"scf.for", &E::scfFor},
                                              {"scf.if", &E::scfIf},
                                              {"scf.while", &E::scfWhile},
                                              {"tile.program_id", &E::programIdOp},
                                              {"tile.num_sms", &E::numSms},
                                              {"tile.view", &E::view},
                                              {"tile.subview", &E::subview},
                                              {"tile.load", &E::load},
                                              {"tile.store", &E::store},
                                              {"tile.gather", &E::gather},
                                              {"tile.load_scalar", &E::loadScalar},
                                              {"tile.accumulate", &E::accumulate},
                                              {"tile.iota", &E::iota},
                                              {"tile.splat", &E::splat},
                                              {"tile.scalar", &E::scalar},
                                              {"tile.broadcast", &E::broadcast},
                                              {"tile.reshape", &E::reshape},
                                              {"tile.transpose", &E::transpose},
                                              {"tile.slice", &E::slice},
                                              {"tile.split", &E::split},
                                              {"tile.join", &E::join},
                                              {"tile.table", &E::table},
                                              {"tile.dot", &E::dot},
                                              {"tile.reduce", &E::reduce},
                                              {"tile.scan", &E::scan},
                                              {"tile.recur", &E::recur},
                                              {"tile.map", &E::map},
                                              {"tile.launch", &E::launch},
                                              {"tensor.empty", &E::tensorEmpty},
                                              {"tensor.dim", &E::tensorDim},
                                              {"tensor.expand_shape", &E::reinterpret},
                                              {"tensor.collapse_shape", &E::reinterpret},
                                              {"tensor.cast", &E::reinterpret},
                                              {"ml_program.global_load_const", &E::globalLoad}};
  return table;
}

const Datum &TileExecutor::datum(Value v) const {
  auto it = values.find(v.getAsOpaquePointer());
  assert(it != values.end() && "value used before it was computed");
  return it->second;
}

Error TileExecutor::execute(Operation *op) {
  if (isElementwise(op)) {
    SmallVector<const Tensor *> operands;
    for (Value v : op->getOperands())
      operands.push_back(&tensor(v));
    Expected<Tensor> result = evaluateElementwise(op, operands, options.precision);
    if (!result)
      return result.takeError();
    bind(op->getResult(0), std::move(*result));
    return Error::success();
  }
  auto it = handlers().find(op->getName().getStringRef());
  if (it == handlers().end())
    return errorAt(op, "is not supported by the tile interpreter");
  return (this->*it->second)(op);
}

Error TileExecutor::run(Block &block) {
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      break;
    if (Error e = execute(&op))
      return e;
  }
  return Error::success();
}

SmallVector<Datum> TileExecutor::copies(ValueRange operands) const {
  SmallVector<Datum> data;
  for (Value v : operands)
    data.push_back(datum(v));
  return data;
}

void TileExecutor::bindAll(ValueRange names, ArrayRef<Datum> data) {
  assert(names.size() == data.size() && "as many values as names");
  for (auto [name, d] : llvm::zip_equal(names, data))
    bind(name, d);
}

SmallVector<int64_t> TileExecutor::mixed(ArrayRef<int64_t> statics, ValueRange dynamic) const {
  SmallVector<int64_t> result;
  size_t next = 0;
  for (int64_t s : statics)
    result.push_back(ShapedType::isDynamic(s) ? integer(dynamic[next++]) : s);
  return result;
}

Expected<Tensor> resultTensor(Operation *op, unsigned i) {
  auto type = cast<ShapedType>(op->getResult(i).getType());
  Expected<DType> element = elementDType(type);
  if (!element)
    return errorAt(op, toString(element.takeError()));
  return Tensor(*element, type.getShape().vec());
}

//===-- Control flow ------------------------------------------------------------===//

Error TileExecutor::constant(Operation *op) {
  Expected<Tensor> t = constantTensor(cast<arith::ConstantOp>(op).getValue());
  if (!t)
    return errorAt(op, toString(t.takeError()));
  bind(op->getResult(0), std::move(*t));
  return Error::success();
}

Error TileExecutor::scfFor(Operation *op) {
  auto loop = cast<scf::ForOp>(op);
  int64_t lower = integer(loop.getLowerBound()), upper = integer(loop.getUpperBound()), step = integer(loop.getStep());
  if (step <= 0)
    return errorAt(op, "expects a positive step, but got " + Twine(step));
  DType type = tensor(loop.getLowerBound()).dtype;
  SmallVector<Datum> carried = copies(loop.getInitArgs());
  for (int64_t i = lower; i < upper; i += step) {
    bind(loop.getInductionVar(), Tensor(type, {}, static_cast<double>(i)));
    bindAll(loop.getRegionIterArgs(), carried);
    if (Error e = run(*loop.getBody()))
      return e;
    carried = copies(loop.getBody()->getTerminator()->getOperands());
  }
  bindAll(op->getResults(), carried);
  return Error::success();
}

Error TileExecutor::scfIf(Operation *op) {
  auto branch = cast<scf::IfOp>(op);
  Region &taken = integer(branch.getCondition()) != 0 ? branch.getThenRegion() : branch.getElseRegion();
  if (taken.empty())
    return Error::success();
  if (Error e = run(taken.front()))
    return e;
  bindAll(op->getResults(), copies(taken.front().getTerminator()->getOperands()));
  return Error::success();
}

Error TileExecutor::scfWhile(Operation *op) {
  auto loop = cast<scf::WhileOp>(op);
  SmallVector<Datum> carried = copies(loop.getInits());
  for (;;) {
    bindAll(loop.getBeforeArguments(), carried);
    if (Error e = run(*loop.getBeforeBody()))
      return e;
    scf::ConditionOp condition = loop.getConditionOp();
    SmallVector<Datum> passed = copies(condition.getArgs());
    if (integer(condition.getCondition()) == 0) {
      bindAll(op->getResults(), passed);
      return Error::success();
    }
    bindAll(loop.getAfterArguments(), passed);
    if (Error e = run(*loop.getAfterBody()))
      return e;
    carried = copies(loop.getYieldOp().getOperands());
  }
}

Error TileExecutor::programIdOp(Operation *op) {
  uint64_t dim = cast<tile::ProgramIdOp>(op).getDim();
  assert(dim < programId.size() && "checked by the verifier");
  bind(op->getResult(0), Tensor(DType::I64, {}, static_cast<double>(programId[dim])));
  return Error::success();
}

Error TileExecutor::numSms(Operation *op) {
  bind(op->getResult(0), Tensor(DType::I64, {}, static_cast<double>(options.sms)));
  return Error::success();
}

} // namespace seqc::interp
