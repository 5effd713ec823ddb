// SPDX-License-Identifier: Apache-2.0
// Entry point and dispatch of the reference interpreter.
#include "SeqEvaluator.h"
#include "TileScalar.h"
#include <limits>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

double SeqEvaluator::round(DType t, double x) const { return rounded(options.precision, t, x); }

Expected<Tensor> emptyTensor(Type type, ArrayRef<int64_t> sizes) {
  Expected<DType> dtype = elementDType(type);
  if (!dtype)
    return dtype.takeError();
  std::vector<int64_t> shape = cast<RankedTensorType>(type).getShape().vec();
  size_t next = 0;
  for (int64_t &d : shape)
    if (ShapedType::isDynamic(d))
      d = sizes[next++];
  return Tensor(*dtype, shape, std::numeric_limits<double>::quiet_NaN());
}

Error SeqEvaluator::evaluate(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    Expected<Tensor> t = constantTensor(constant.getValue());
    if (!t)
      return errorAt(op, toString(t.takeError()));
    bind(op->getResult(0), *t);
    return Error::success();
  }
  if (isElementwise(op) || isComplexOp(op)) {
    SmallVector<const Tensor *> operands;
    for (Value v : op->getOperands())
      operands.push_back(&get(v));
    bool isData = isa<RankedTensorType>(op->getResult(0).getType()) || op->getParentOfType<linalg::MapOp>();
    Expected<Tensor> t = isComplexOp(op) ? evaluateComplex(op, operands, options.precision) : evaluateElementwise(op, operands, options.precision, isData);
    if (!t)
      return t.takeError();
    bind(op->getResult(0), *t);
    return Error::success();
  }
  if (auto attention = dyn_cast<seq::AttentionOp>(op))
    return evaluateAttention(*this, attention);
  if (auto scan = dyn_cast<seq::LinearScanOp>(op))
    return evaluateLinearScan(*this, scan);
  if (auto scan = dyn_cast<seq::SelectiveScanOp>(op))
    return evaluateSelectiveScan(*this, scan);
  if (auto kernel = dyn_cast<seq::SsmKernelOp>(op))
    return evaluateSsmKernel(*this, kernel);
  if (auto conv = dyn_cast<seq::LongConvOp>(op))
    return evaluateLongConv(*this, conv);
  if (auto conv = dyn_cast<seq::ShortConvOp>(op))
    return evaluateShortConv(*this, conv);
  if (auto group = dyn_cast<seq::GroupOp>(op)) {
    Block &body = group.getBody().front();
    if (Error e = run(body))
      return e;
    for (auto [result, value] : llvm::zip_equal(group.getResults(), body.getTerminator()->getOperands()))
      bind(result, Tensor(get(value)));
    return Error::success();
  }
  if (SeqHandler handler = findForm(op->getName().getStringRef()))
    return handler(*this, op);
  return errorAt(op, "has no meaning at the graph level; see docs/spec/graph-forms.md");
}

Expected<Tensor> SeqEvaluator::yielded(Block &block, ArrayRef<Tensor> args) {
  for (auto [argument, t] : llvm::zip_equal(block.getArguments(), args))
    bind(argument, t);
  if (Error e = run(block))
    return std::move(e);
  return get(block.getTerminator()->getOperand(0));
}

Error SeqEvaluator::run(Block &block) {
  for (Operation &op : block.without_terminator())
    if (Error e = evaluate(&op))
      return e;
  return Error::success();
}

Expected<std::vector<double>> SeqEvaluator::scalars(Block &block, ArrayRef<double> args) {
  for (auto [argument, x] : llvm::zip_equal(block.getArguments(), args)) {
    Expected<DType> t = elementDType(argument.getType());
    if (!t)
      return t.takeError();
    bind(argument, Tensor(*t, {}, x));
  }
  if (Error e = run(block))
    return std::move(e);
  std::vector<double> results;
  for (Value v : block.getTerminator()->getOperands())
    results.push_back(get(v).data[0]);
  return results;
}

/// Declared and given shapes agree.
static Error checkArgument(func::FuncOp function, unsigned i, const Tensor &t) {
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
  if (!type)
    return Error::success();
  Expected<DType> dtype = elementDType(type);
  if (!dtype)
    return errorAt(function, toString(dtype.takeError()));
  bool fits = *dtype == t.dtype && type.getRank() == t.rank();
  for (int64_t d = 0; fits && d < t.rank(); ++d)
    fits = type.isDynamicDim(d) || type.getDimSize(d) == t.shape[d];
  if (fits)
    return Error::success();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "expects " << type << " for argument " << i << ", but got " << name(t.dtype) << " [";
  llvm::interleaveComma(t.shape, os);
  os << "]";
  return errorAt(function, text);
}

Expected<std::vector<Tensor>> evaluate(func::FuncOp function, ArrayRef<Tensor> args, const SeqOptions &options) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return errorAt(function, "expects a body of one block");
  Block &body = function.getBody().front();
  if (args.size() != body.getNumArguments())
    return errorAt(function, "expects " + Twine(body.getNumArguments()) + " arguments, but got " + Twine(args.size()));
  SeqEvaluator evaluator(options);
  for (auto [i, t] : llvm::enumerate(args)) {
    if (Error e = checkArgument(function, i, t))
      return std::move(e);
    evaluator.bind(body.getArgument(i), t);
  }
  if (Error e = evaluator.run(body))
    return std::move(e);
  std::vector<Tensor> results;
  for (Value v : body.getTerminator()->getOperands())
    results.push_back(evaluator.get(v));
  return results;
}

} // namespace seqc::interp
