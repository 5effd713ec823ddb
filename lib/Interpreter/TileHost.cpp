// SPDX-License-Identifier: Apache-2.0
// Entry points, launches and the ops of host functions.
#include "TileExecutor.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

static Error checkArgument(tile::KernelOp kernel, unsigned i, const KernelArg &arg) {
  Type type = kernel.getBody().getArgument(i).getType();
  auto ptr = dyn_cast<tile::PtrType>(type);
  const auto *memory = std::get_if<Tensor *>(&arg);
  if (bool(ptr) != bool(memory))
    return errorAt(kernel, "expects " + Twine(ptr ? "memory" : "a number") + " for argument " + kernel.paramName(i));
  Expected<DType> expected = elementDType(ptr ? ptr.getElementType() : type);
  if (!expected)
    return errorAt(kernel, toString(expected.takeError()));
  if (ptr && componentType((*memory)->dtype) != *expected) // complex numbers are pairs of their parts
    return errorAt(kernel, "expects memory of " + name(*expected) + " for argument " + kernel.paramName(i) + ", but got " + name((*memory)->dtype));
  return Error::success();
}

static void bindArguments(TileExecutor &executor, Block &block, ArrayRef<KernelArg> args, Precision precision) {
  for (auto [value, arg] : llvm::zip_equal(block.getArguments(), args)) {
    if (Tensor *const *memory = std::get_if<Tensor *>(&arg)) {
      executor.bind(value, *memory);
      continue;
    }
    DType type = llvm::cantFail(elementDType(value.getType()));
    executor.bind(value, Tensor(type, {}, rounded(precision, type, std::get<double>(arg))));
  }
}

Expected<std::vector<int64_t>> gridOf(tile::KernelOp kernel, ArrayRef<KernelArg> args, const TileOptions &options) {
  Block &block = kernel.getGrid().front();
  TileExecutor executor(options, {});
  bindArguments(executor, block, args, options.precision);
  if (Error e = executor.run(block))
    return std::move(e);
  std::vector<int64_t> grid;
  for (Value v : block.getTerminator()->getOperands())
    grid.push_back(executor.integer(v));
  return grid;
}

Error runKernel(tile::KernelOp kernel, ArrayRef<KernelArg> args, const TileOptions &options) {
  Block &body = kernel.getBody().front();
  if (args.size() != body.getNumArguments())
    return errorAt(kernel, "expects " + Twine(body.getNumArguments()) + " arguments, but got " + Twine(args.size()));
  for (unsigned i = 0; i < args.size(); ++i)
    if (Error e = checkArgument(kernel, i, args[i]))
      return e;
  Expected<std::vector<int64_t>> grid = gridOf(kernel, args, options);
  if (!grid)
    return grid.takeError();
  if (llvm::any_of(*grid, [](int64_t n) { return n <= 0; }))
    return Error::success();
  // x is the fastest coordinate.
  std::vector<int64_t> slowestFirst(grid->rbegin(), grid->rend()), id(grid->size(), 0);
  do {
    TileExecutor executor(options, SmallVector<int64_t>(id.rbegin(), id.rend()));
    bindArguments(executor, body, args, options.precision);
    if (Error e = executor.run(body))
      return e;
  } while (next(id, slowestFirst));
  return Error::success();
}

Expected<std::vector<Tensor>> evaluateHost(func::FuncOp function, ArrayRef<Tensor> args, const TileOptions &options) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return errorAt(function, "expects a body of one block");
  Block &body = function.getBody().front();
  if (args.size() != body.getNumArguments())
    return errorAt(function, "expects " + Twine(body.getNumArguments()) + " arguments, but got " + Twine(args.size()));
  TileExecutor executor(options, {});
  for (auto [value, arg] : llvm::zip_equal(body.getArguments(), args))
    executor.bind(value, arg);
  if (Error e = executor.run(body))
    return std::move(e);
  std::vector<Tensor> results;
  for (Value v : body.getTerminator()->getOperands())
    results.push_back(executor.tensor(v));
  return results;
}

Error TileExecutor::launch(Operation *op) {
  auto l = cast<tile::LaunchOp>(op);
  SmallVector<FlatSymbolRefAttr> kernels = l.getKernels();
  size_t chosen = 0;
  while (chosen < l.getGuards().size() && integer(l.getGuards()[chosen]) == 0)
    ++chosen;
  auto kernel = SymbolTable::lookupNearestSymbolFrom<tile::KernelOp>(op, kernels[chosen]);
  if (!kernel)
    return errorAt(op, "refers to " + kernels[chosen].getValue() + ", which is no tile.kernel");
  SmallVector<Tensor> inputs, outs;
  for (Value v : l.getInputs())
    inputs.push_back(tensor(v));
  for (Value v : l.getOuts())
    outs.push_back(tensor(v));
  SmallVector<KernelArg> args;
  size_t nextInput = 0, nextOut = 0, nextScalar = 0;
  for (BlockArgument a : kernel.getBody().getArguments()) {
    bool isPointer = isa<tile::PtrType>(a.getType()), isWritten = isPointer && kernel.isWritten(a.getArgNumber());
    size_t &next = isWritten ? nextOut : isPointer ? nextInput : nextScalar;
    if (next >= (isWritten ? outs.size() : isPointer ? inputs.size() : l.getScalars().size()))
      return errorAt(op, "has no operand for argument " + kernel.paramName(a.getArgNumber()) + " of the kernel");
    args.push_back(isWritten ? KernelArg(&outs[next]) : isPointer ? KernelArg(&inputs[next]) : KernelArg(tensor(l.getScalars()[next]).data[0]));
    ++next;
  }
  if (nextInput != inputs.size() || nextOut != outs.size() || nextScalar != l.getScalars().size())
    return errorAt(op, "has more operands than the kernel has arguments");
  if (Error e = options.launcher ? options.launcher(kernel, args) : runKernel(kernel, args, options))
    return e;
  for (auto [name, t] : llvm::zip_equal(op->getResults(), outs))
    bind(name, t);
  return Error::success();
}

Error TileExecutor::tensorEmpty(Operation *op) {
  auto empty = cast<tensor::EmptyOp>(op);
  Expected<DType> type = elementDType(empty.getType());
  if (!type)
    return errorAt(op, toString(type.takeError()));
  SmallVector<int64_t> shape = mixed(empty.getType().getShape(), empty.getDynamicSizes());
  if (llvm::any_of(shape, [](int64_t n) { return n < 0; }))
    return errorAt(op, "expects sizes >= 0");
  bind(op->getResult(0), Tensor(*type, std::vector<int64_t>(shape.begin(), shape.end()), std::nan("")));
  return Error::success();
}

Error TileExecutor::tensorDim(Operation *op) {
  auto dim = cast<tensor::DimOp>(op);
  const Tensor &t = tensor(dim.getSource());
  int64_t i = integer(dim.getIndex());
  if (i < 0 || i >= t.rank())
    return errorAt(op, "expects a dim below " + Twine(t.rank()) + ", but got " + Twine(i));
  bind(op->getResult(0), Tensor(DType::I64, {}, static_cast<double>(t.shape[i])));
  return Error::success();
}

/// Result shape of a shape reinterpretation: static sizes, output_shape of expand_shape, products of collapse_shape.
static SmallVector<int64_t> reinterpretedShape(Operation *op, const Tensor &t, llvm::function_ref<int64_t(Value)> integer) {
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    SmallVector<int64_t> shape;
    for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
      int64_t n = 1;
      for (int64_t d : group)
        n *= t.shape[d];
      shape.push_back(n);
    }
    return shape;
  }
  SmallVector<int64_t> shape(t.shape.begin(), t.shape.end());
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    shape.clear();
    size_t next = 0;
    for (int64_t s : expand.getStaticOutputShape())
      shape.push_back(ShapedType::isDynamic(s) ? integer(expand.getOutputShape()[next++]) : s);
  }
  return shape;
}

Error TileExecutor::reinterpret(Operation *op) {
  Tensor t = tensor(op->getOperand(0));
  SmallVector<int64_t> shape = reinterpretedShape(op, t, [&](Value v) { return integer(v); });
  int64_t before = t.size();
  t.shape.assign(shape.begin(), shape.end());
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  bool agrees = type.getRank() == t.rank() && t.size() == before;
  for (int64_t d = 0; agrees && d < type.getRank(); ++d)
    agrees = type.isDynamicDim(d) || type.getDimSize(d) == t.shape[d];
  if (!agrees)
    return errorAt(op, "does not fit the shape of its operand");
  bind(op->getResult(0), std::move(t));
  return Error::success();
}

Error TileExecutor::globalLoad(Operation *op) {
  auto load = cast<ml_program::GlobalLoadConstOp>(op);
  StringRef symbol = load.getGlobal().getLeafReference();
  if (auto it = options.weights.find(symbol); it != options.weights.end()) {
    bind(op->getResult(0), it->second);
    return Error::success();
  }
  auto global = SymbolTable::lookupNearestSymbolFrom<ml_program::GlobalOp>(op, load.getGlobalAttr());
  auto value = global ? dyn_cast_or_null<ElementsAttr>(global.getValueAttr()) : ElementsAttr();
  if (!value)
    return errorAt(op, "has no value for @" + symbol);
  Expected<Tensor> t = constantTensor(value);
  if (!t)
    return errorAt(op, toString(t.takeError()));
  bind(op->getResult(0), std::move(*t));
  return Error::success();
}

} // namespace seqc::interp
