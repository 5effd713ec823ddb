// SPDX-License-Identifier: Apache-2.0
// Meaning of the closed list of upstream forms (docs/spec/graph-forms.md), each as plain loops.
#include "SeqEvaluator.h"
#include "TileScalar.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

using Index = std::vector<int64_t>;

/// Calls f(index) for every index of `shape`.
template <typename F>
static Error forEach(ArrayRef<int64_t> shape, F f) {
  if (llvm::is_contained(shape, 0))
    return Error::success();
  Index index(shape.size(), 0);
  do {
    if (Error e = f(index))
      return e;
  } while (next(index, shape));
  return Error::success();
}

static std::vector<int64_t> mixed(SeqEvaluator &e, ArrayRef<OpFoldResult> values) {
  std::vector<int64_t> result;
  for (OpFoldResult v : values)
    result.push_back(getConstantIntValue(v) ? *getConstantIntValue(v) : e.integer(cast<Value>(v)));
  return result;
}

//===-- linalg ------------------------------------------------------------------===//

static Error broadcast(SeqEvaluator &e, Operation *raw) {
  auto op = cast<linalg::BroadcastOp>(raw);
  const Tensor &in = e.get(op.getInput());
  Tensor out = e.get(op.getInit());
  ArrayRef<int64_t> added = op.getDimensions();
  if (Error error = forEach(out.shape, [&](const Index &i) {
        Index source;
        for (int64_t d = 0; d < out.rank(); ++d)
          if (!llvm::is_contained(added, d))
            source.push_back(i[d]);
        out.copyElement(i, in, source);
        return Error::success();
      }))
    return error;
  e.bind(op->getResult(0), out);
  return Error::success();
}

static Error transpose(SeqEvaluator &e, Operation *raw) {
  auto op = cast<linalg::TransposeOp>(raw);
  const Tensor &in = e.get(op.getInput());
  ArrayRef<int64_t> perm = op.getPermutation();
  std::vector<int64_t> shape;
  for (int64_t p : perm)
    shape.push_back(in.shape[p]);
  Tensor out(in.dtype, shape);
  if (Error error = forEach(shape, [&](const Index &i) {
        Index source(perm.size());
        for (size_t d = 0; d < perm.size(); ++d)
          source[perm[d]] = i[d];
        out.copyElement(i, in, source);
        return Error::success();
      }))
    return error;
  e.bind(op->getResult(0), out);
  return Error::success();
}

static Error reduce(SeqEvaluator &e, Operation *raw) {
  auto op = cast<linalg::ReduceOp>(raw);
  if (op.getInputs().size() != 1)
    return errorAt(op, "expects one input");
  const Tensor in = e.get(op.getInputs()[0]);
  Tensor out = e.get(op.getInits()[0]);
  ArrayRef<int64_t> dims = op.getDimensions();
  Block &combine = op.getCombiner().front();
  if (Error error = forEach(in.shape, [&](const Index &i) -> Error {
        Index target;
        for (int64_t d = 0; d < in.rank(); ++d)
          if (!llvm::is_contained(dims, d))
            target.push_back(i[d]);
        Tensor element(in.dtype, {}), accumulator(out.dtype, {});
        element.copyElement({}, in, i);
        accumulator.copyElement({}, out, target);
        Expected<Tensor> r = e.yielded(combine, {element, accumulator});
        if (!r)
          return r.takeError();
        out.copyElement(target, *r, {});
        return Error::success();
      }))
    return error;
  e.bind(op->getResult(0), out);
  return Error::success();
}

/// Elementwise with a region of scalars. The body runs once, on whole tensors: every scalar op in it has a meaning for tensors.
static Error map(SeqEvaluator &e, Operation *raw) {
  auto op = cast<linalg::MapOp>(raw);
  const Tensor init = e.get(op.getInit());
  Block &body = op.getMapper().front();
  std::vector<Tensor> arguments;
  for (Value v : op.getInputs())
    arguments.push_back(e.get(v));
  if (body.getNumArguments() > arguments.size())
    arguments.push_back(init);
  Expected<Tensor> r = e.yielded(body, arguments);
  if (!r)
    return r.takeError();
  Tensor out(init.dtype, init.shape);
  if (Error error = forEach(out.shape, [&](const Index &i) {
        out.copyElement(i, *r, r->rank() ? ArrayRef<int64_t>(i) : ArrayRef<int64_t>());
        return Error::success();
      }))
    return error;
  e.bind(op->getResult(0), out);
  return Error::success();
}

/// C[b.., m, n] += sum_k A[b.., m, k] B[b.., k, n], accumulated in the precision of C.
static Error matmul(SeqEvaluator &e, Operation *op) {
  const Tensor &a = e.get(op->getOperand(0)), &b = e.get(op->getOperand(1));
  Tensor c = e.get(op->getOperand(2));
  int64_t rank = a.rank(), depth = a.shape[rank - 1];
  if (Error error = forEach(c.shape, [&](const Index &i) {
        Index ia = i, ib = i;
        double sum = c.at(i);
        for (int64_t k = 0; k < depth; ++k) {
          ia[rank - 1] = ib[rank - 2] = k;
          sum = e.round(c.dtype, sum + a.at(ia) * b.at(ib));
        }
        c.at(i) = sum;
        return Error::success();
      }))
    return error;
  e.bind(op->getResult(0), c);
  return Error::success();
}

//===-- tensor ------------------------------------------------------------------===//

static Error empty(SeqEvaluator &e, Operation *op) {
  std::vector<int64_t> sizes;
  for (Value v : op->getOperands())
    sizes.push_back(e.integer(v));
  Expected<Tensor> t = emptyTensor(op->getResult(0).getType(), sizes);
  if (!t)
    return errorAt(op, toString(t.takeError()));
  e.bind(op->getResult(0), *t);
  return Error::success();
}

static Error dim(SeqEvaluator &e, Operation *raw) {
  auto op = cast<tensor::DimOp>(raw);
  const Tensor &t = e.get(op.getSource());
  int64_t d = e.integer(op.getIndex());
  if (d < 0 || d >= t.rank())
    return errorAt(op, "expects a dim of the tensor, but got " + Twine(d));
  e.bind(op.getResult(), Tensor(DType::I64, {}, t.shape[d]));
  return Error::success();
}

static Error extract(SeqEvaluator &e, Operation *raw) {
  auto op = cast<tensor::ExtractOp>(raw);
  const Tensor &t = e.get(op.getTensor());
  Index index;
  for (auto [d, v] : llvm::enumerate(op.getIndices())) {
    index.push_back(e.integer(v));
    if (index.back() < 0 || index.back() >= t.shape[d])
      return errorAt(op, "index " + Twine(index.back()) + " is out of range in dim " + Twine(d));
  }
  e.bind(op.getResult(), Tensor(t.dtype, {}, t.at(index)));
  return Error::success();
}

static Error extractSlice(SeqEvaluator &e, Operation *raw) {
  auto op = cast<tensor::ExtractSliceOp>(raw);
  const Tensor &in = e.get(op.getSource());
  std::vector<int64_t> offsets = mixed(e, op.getMixedOffsets()), sizes = mixed(e, op.getMixedSizes()), strides = mixed(e, op.getMixedStrides());
  Tensor out(in.dtype, sizes);
  if (Error error = forEach(sizes, [&](const Index &i) -> Error {
        Index source(i.size());
        for (size_t d = 0; d < i.size(); ++d) {
          source[d] = offsets[d] + i[d] * strides[d];
          if (source[d] < 0 || source[d] >= in.shape[d])
            return errorAt(op, "slice leaves the tensor in dim " + Twine(d));
        }
        out.copyElement(i, in, source);
        return Error::success();
      }))
    return error;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  out.shape.clear();
  for (size_t d = 0; d < sizes.size(); ++d)
    if (!dropped[d])
      out.shape.push_back(sizes[d]);
  e.bind(op.getResult(), out);
  return Error::success();
}

static Error pad(SeqEvaluator &e, Operation *raw) {
  auto op = cast<tensor::PadOp>(raw);
  Value padding = op.getConstantPaddingValue();
  if (!padding)
    return errorAt(op, "expects a constant padding value");
  const Tensor in = e.get(op.getSource());
  std::vector<int64_t> low = mixed(e, op.getMixedLowPad()), high = mixed(e, op.getMixedHighPad()), shape = in.shape;
  for (size_t d = 0; d < shape.size(); ++d)
    shape[d] += low[d] + high[d];
  if (op.getRegion().isAncestor(padding.getParentRegion()) && padding.getDefiningOp())
    if (Error error = e.evaluate(padding.getDefiningOp()))
      return error;
  Tensor out(in.dtype, shape);
  if (Error error = forEach(shape, [&](const Index &i) {
        out.copyElement(i, e.get(padding), {});
        return Error::success();
      }))
    return error;
  if (Error error = forEach(in.shape, [&](const Index &i) {
        Index target = i;
        for (size_t d = 0; d < i.size(); ++d) {
          target[d] += low[d];
          if (target[d] < 0 || target[d] >= shape[d])
            return Error::success();
        }
        out.copyElement(target, in, i);
        return Error::success();
      }))
    return error;
  e.bind(op.getResult(), out);
  return Error::success();
}

static Error concat(SeqEvaluator &e, Operation *raw) {
  auto op = cast<tensor::ConcatOp>(raw);
  int64_t d = op.getDim();
  std::vector<int64_t> shape = e.get(op.getInputs()[0]).shape;
  shape[d] = 0;
  for (Value v : op.getInputs())
    shape[d] += e.get(v).shape[d];
  Tensor out(e.get(op.getInputs()[0]).dtype, shape);
  int64_t start = 0;
  for (Value v : op.getInputs()) {
    const Tensor &in = e.get(v);
    if (Error error = forEach(in.shape, [&](const Index &i) {
          Index target = i;
          target[d] += start;
          out.copyElement(target, in, i);
          return Error::success();
        }))
      return error;
    start += in.shape[d];
  }
  e.bind(op.getResult(), out);
  return Error::success();
}

static Error reshape(SeqEvaluator &e, Operation *op) {
  Tensor t = e.get(op->getOperand(0));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  std::vector<int64_t> shape;
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    shape = mixed(e, expand.getMixedOutputShape());
  } else {
    for (const ReassociationIndices &group : cast<tensor::CollapseShapeOp>(op).getReassociationIndices()) {
      int64_t n = 1;
      for (int64_t d : group)
        n *= t.shape[d];
      shape.push_back(n);
    }
  }
  int64_t n = 1;
  for (auto [d, size] : llvm::enumerate(shape)) {
    n *= size;
    if (!type.isDynamicDim(d) && type.getDimSize(d) != size)
      return errorAt(op, "size " + Twine(size) + " of dim " + Twine(d) + " is not the declared one");
  }
  if (n != t.size())
    return errorAt(op, "the number of elements changes from " + Twine(t.size()) + " to " + Twine(n));
  t.shape = shape;
  e.bind(op->getResult(0), t);
  return Error::success();
}

/// result[batch.., kept..] = source at the gathered coordinates; gathered dims are dropped or of size 1.
static Error gather(SeqEvaluator &e, Operation *raw) {
  auto op = cast<tensor::GatherOp>(raw);
  const Tensor &source = e.get(op.getSource()), &indices = e.get(op.getIndices());
  ArrayRef<int64_t> dims = op.getGatherDims();
  std::vector<int64_t> batch(indices.shape.begin(), indices.shape.end() - 1), slice = source.shape, shape = batch;
  for (int64_t d : dims)
    slice[d] = 1;
  bool dropped = cast<RankedTensorType>(op.getType()).getRank() == static_cast<int64_t>(batch.size() + slice.size() - dims.size());
  for (int64_t d = 0; d < source.rank(); ++d)
    if (!dropped || !llvm::is_contained(dims, d))
      shape.push_back(slice[d]);
  Tensor out(source.dtype, shape);
  if (Error error = forEach(batch, [&](const Index &b) {
        return forEach(slice, [&](const Index &s) -> Error {
          Index from = s, where = b;
          where.push_back(0);
          for (auto [j, d] : llvm::enumerate(dims)) {
            where.back() = j;
            from[d] = static_cast<int64_t>(indices.at(where));
            if (from[d] < 0 || from[d] >= source.shape[d])
              return errorAt(op, "index " + Twine(from[d]) + " is out of range in dim " + Twine(d));
          }
          Index to = b;
          for (int64_t d = 0; d < source.rank(); ++d)
            if (!dropped || !llvm::is_contained(dims, d))
              to.push_back(s[d]);
          out.copyElement(to, source, from);
          return Error::success();
        });
      }))
    return error;
  e.bind(op.getResult(), out);
  return Error::success();
}

//===-- seq and ml_program --------------------------------------------------------===//

static Error iota(SeqEvaluator &e, Operation *raw) {
  auto op = cast<seq::IotaOp>(raw);
  std::vector<int64_t> sizes;
  for (Value v : op.getSizes())
    sizes.push_back(e.integer(v));
  Expected<Tensor> out = emptyTensor(op.getType(), sizes);
  if (!out)
    return errorAt(op, toString(out.takeError()));
  if (Error error = forEach(out->shape, [&](const Index &i) {
        out->at(i) = e.round(out->dtype, static_cast<double>(i[op.getDim()]));
        return Error::success();
      }))
    return error;
  e.bind(op.getResult(), *out);
  return Error::success();
}

static Error loadGlobal(SeqEvaluator &e, Operation *raw) {
  auto op = cast<ml_program::GlobalLoadConstOp>(raw);
  StringRef symbol = op.getGlobal().getLeafReference();
  if (auto it = e.options.weights.find(symbol); it != e.options.weights.end()) {
    e.bind(op.getResult(), it->second);
    return Error::success();
  }
  auto global = SymbolTable::lookupNearestSymbolFrom<ml_program::GlobalOp>(op, op.getGlobal());
  auto value = global && global.getValue() ? dyn_cast<TypedAttr>(*global.getValue()) : TypedAttr();
  if (!value || !isa<ElementsAttr>(value))
    return errorAt(op, "no value for weight '" + symbol + "'");
  Expected<Tensor> t = constantTensor(value);
  if (!t)
    return errorAt(op, toString(t.takeError()));
  e.bind(op.getResult(), *t);
  return Error::success();
}

SeqHandler findForm(StringRef opName) {
  static const llvm::StringMap<SeqHandler> table{{"linalg.broadcast", broadcast},
                                                 {"linalg.transpose", transpose},
                                                 {"linalg.reduce", reduce},
                                                 {"linalg.map", map},
                                                 {"linalg.matmul", matmul},
                                                 {"linalg.batch_matmul", matmul},
                                                 {"tensor.empty", empty},
                                                 {"tensor.dim", dim},
                                                 {"tensor.extract", extract},
                                                 {"tensor.extract_slice", extractSlice},
                                                 {"tensor.pad", pad},
                                                 {"tensor.concat", concat},
                                                 {"tensor.expand_shape", reshape},
                                                 {"tensor.collapse_shape", reshape},
                                                 {"tensor.gather", gather},
                                                 {"seq.iota", iota},
                                                 {"seq.fft", evaluateFft},
                                                 {"seq.rfft", evaluateFft},
                                                 {"seq.irfft", evaluateFft},
                                                 {"seq.butterfly", evaluateButterfly},
                                                 {"ml_program.global_load_const", loadGlobal}};
  return table.lookup(opName);
}

} // namespace seqc::interp
