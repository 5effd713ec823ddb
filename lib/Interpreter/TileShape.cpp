// SPDX-License-Identifier: Apache-2.0
// Group B: every op gives, for a result index, the operand element it shows.
#include "TileExecutor.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

Tensor takeAt(const Tensor &t, int64_t dim, int64_t i) {
  std::vector<int64_t> shape = t.shape;
  shape.erase(shape.begin() + dim);
  Tensor part(t.dtype, shape);
  std::vector<int64_t> index(shape.size(), 0);
  for (double &x : part.data) {
    std::vector<int64_t> at = index;
    at.insert(at.begin() + dim, i);
    x = t.at(at);
    next(index, shape);
  }
  return part;
}

void putAt(Tensor &t, int64_t dim, int64_t i, const Tensor &part) {
  std::vector<int64_t> index(part.shape.size(), 0);
  for (double x : part.data) {
    std::vector<int64_t> at = index;
    at.insert(at.begin() + dim, i);
    t.at(at) = x;
    next(index, part.shape);
  }
}

/// result[index] = source[from(index)]
static Tensor remapped(Tensor result, const Tensor &source, llvm::function_ref<std::vector<int64_t>(ArrayRef<int64_t>)> from) {
  std::vector<int64_t> index(result.rank(), 0);
  for (double &x : result.data) {
    x = source.at(from(index));
    next(index, result.shape);
  }
  return result;
}

Error TileExecutor::iota(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  int64_t dim = cast<tile::IotaOp>(op).getDim();
  std::vector<int64_t> index(result->rank(), 0);
  for (double &x : result->data) {
    x = rounding(result->dtype, static_cast<double>(index[dim]));
    next(index, result->shape);
  }
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

Error TileExecutor::splat(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  llvm::fill(result->data, tensor(op->getOperand(0)).data[0]);
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

Error TileExecutor::scalar(Operation *op) {
  bind(op->getResult(0), tensor(op->getOperand(0)));
  return Error::success();
}

Error TileExecutor::broadcast(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  int64_t at = cast<tile::BroadcastOp>(op).getAt();
  bind(op->getResult(0), remapped(std::move(*result), tensor(op->getOperand(0)), [&](ArrayRef<int64_t> index) {
         std::vector<int64_t> from = index.vec();
         from.erase(from.begin() + at);
         return from;
       }));
  return Error::success();
}

Error TileExecutor::reshape(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  result->data = tensor(op->getOperand(0)).data;
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

Error TileExecutor::transpose(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  ArrayRef<int64_t> perm = cast<tile::TransposeOp>(op).getPerm();
  bind(op->getResult(0), remapped(std::move(*result), tensor(op->getOperand(0)), [&](ArrayRef<int64_t> index) {
         std::vector<int64_t> from(index.size());
         for (size_t i = 0; i < index.size(); ++i)
           from[perm[i]] = index[i];
         return from;
       }));
  return Error::success();
}

Error TileExecutor::slice(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  ArrayRef<int64_t> offsets = cast<tile::SliceOp>(op).getOffsets();
  bind(op->getResult(0), remapped(std::move(*result), tensor(op->getOperand(0)), [&](ArrayRef<int64_t> index) {
         std::vector<int64_t> from = index.vec();
         for (size_t i = 0; i < from.size(); ++i)
           from[i] += offsets[i];
         return from;
       }));
  return Error::success();
}

/// Index of the whole tile that belongs to part `which` (an index of the split dims) and an index inside a part.
static std::vector<int64_t> merged(ArrayRef<int64_t> part, ArrayRef<int64_t> which, ArrayRef<int64_t> dims, int64_t rank) {
  std::vector<int64_t> at(rank);
  size_t next = 0;
  for (int64_t d = 0; d < rank; ++d) {
    const auto *it = llvm::find(dims, d);
    at[d] = it == dims.end() ? part[next++] : which[it - dims.begin()];
  }
  return at;
}

static std::vector<int64_t> extentsOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  std::vector<int64_t> extents;
  for (int64_t d : dims)
    extents.push_back(shape[d]);
  return extents;
}

Error TileExecutor::split(Operation *op) {
  Tensor source = tensor(op->getOperand(0));
  ArrayRef<int64_t> dims = cast<tile::SplitOp>(op).getDims();
  std::vector<int64_t> extents = extentsOf(source.shape, dims), which(dims.size(), 0);
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    Expected<Tensor> part = resultTensor(op, i);
    if (!part)
      return part.takeError();
    bind(op->getResult(i), remapped(std::move(*part), source, [&](ArrayRef<int64_t> index) { return merged(index, which, dims, source.rank()); }));
    next(which, extents);
  }
  return Error::success();
}

Error TileExecutor::join(Operation *op) {
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  ArrayRef<int64_t> dims = cast<tile::JoinOp>(op).getDims();
  std::vector<int64_t> extents = extentsOf(result->shape, dims), which(dims.size(), 0);
  for (Value v : op->getOperands()) {
    const Tensor &part = tensor(v);
    std::vector<int64_t> index(part.rank(), 0);
    for (double x : part.data) {
      result->at(merged(index, which, dims, result->rank())) = x;
      next(index, part.shape);
    }
    next(which, extents);
  }
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

Error TileExecutor::table(Operation *op) {
  auto symbol = cast<tile::TableOp>(op).getTableAttr();
  auto constant = SymbolTable::lookupNearestSymbolFrom<tile::ConstantOp>(op, symbol);
  if (!constant)
    return errorAt(op, "refers to " + symbol.getValue() + ", which is no tile.constant");
  Expected<Tensor> t = constantTensor(cast<TypedAttr>(constant.getValue()));
  if (!t)
    return errorAt(op, toString(t.takeError()));
  bind(op->getResult(0), std::move(*t));
  return Error::success();
}

} // namespace seqc::interp
