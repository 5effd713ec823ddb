// SPDX-License-Identifier: Apache-2.0
// Group C. Sums run in index order; f16, bf16 and f32 sums are kept in f32 (unless the precision is F64) and rounded to the
// declared type once.
#include "TileExecutor.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

/// Type in which sums of t are kept.
static DType accumulatorOf(DType t) { return t == DType::F16 || t == DType::BF16 ? DType::F32 : t; }

//===-- dot -------------------------------------------------------------------===//

Error TileExecutor::dot(Operation *op) {
  auto d = cast<tile::DotOp>(op);
  const Tensor &a = tensor(d.getA()), &b = tensor(d.getB());
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  if (d.getAcc())
    result->data = tensor(d.getAcc()).data;
  int64_t rank = a.rank(), m = a.shape[rank - 2], k = a.shape[rank - 1], n = b.shape.back();
  int64_t batches = a.size() / (m * k);
  bool isBatched = b.rank() == rank;
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double &sum = result->data[(batch * m + i) * n + j];
        const double *row = &a.data[(batch * m + i) * k], *column = &b.data[(isBatched ? batch * k * n : 0) + j];
        for (int64_t p = 0; p < k; ++p)
          sum = rounding(accumulatorOf(result->dtype), std::fma(row[p], column[p * n], sum));
        sum = rounding(result->dtype, sum);
      }
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

//===-- reduce ------------------------------------------------------------------===//

namespace {
struct Combiner {
  double identity;
  double (*combine)(double, double);
};

double larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b); }
double smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b); }
/// The low 32 bits of a product: as a double it would round.
double integerProduct(double a, double b) {
  return static_cast<double>(llvm::SignExtend64<32>(static_cast<uint64_t>(static_cast<int64_t>(a)) * static_cast<uint64_t>(static_cast<int64_t>(b))));
}
double bitOr(double a, double b) { return static_cast<double>(static_cast<int64_t>(a) | static_cast<int64_t>(b)); }
double bitAnd(double a, double b) { return static_cast<double>(static_cast<int64_t>(a) & static_cast<int64_t>(b)); }

Combiner combinerOf(StringRef kind, DType t) {
  double limit = isFloat(t) ? std::numeric_limits<double>::infinity() : std::ldexp(1.0, byteSize(t) * 8 - 1);
  static const llvm::StringMap<double (*)(double, double)> functions{{"add", [](double a, double b) { return a + b; }},
                                                                     {"mul", [](double a, double b) { return a * b; }},
                                                                     {"max", larger},
                                                                     {"min", smaller},
                                                                     {"or", bitOr},
                                                                     {"and", bitAnd}};
  bool isMax = kind == "max";
  double identity = kind == "mul" ? 1 : kind == "max" ? -limit : kind == "min" ? (isFloat(t) ? limit : limit - 1) : 0;
  if (kind == "and")
    identity = t == DType::I1 ? 1 : -1;
  if (t == DType::I1 && (isMax || kind == "min"))
    identity = isMax ? 0 : 1;
  if (kind == "mul" && !isFloat(t) && t != DType::I64)
    return {identity, integerProduct};
  return {identity, functions.lookup(kind)};
}
} // namespace

Error TileExecutor::reduce(Operation *op) {
  auto r = cast<tile::ReduceOp>(op);
  const Tensor &t = tensor(r.getT());
  Expected<Tensor> result = resultTensor(op);
  if (!result)
    return result.takeError();
  Combiner c = combinerOf(r.getKind(), t.dtype);
  llvm::fill(result->data, c.identity);
  std::vector<int64_t> index(t.rank(), 0);
  for (double x : t.data) {
    SmallVector<int64_t> kept;
    for (int64_t d = 0; d < t.rank(); ++d)
      if (!llvm::is_contained(r.getDims(), d))
        kept.push_back(index[d]);
    double &sum = result->at(kept);
    sum = rounding(accumulatorOf(t.dtype), c.combine(sum, x));
    next(index, t.shape);
  }
  for (double &x : result->data)
    x = rounding(result->dtype, x);
  bind(op->getResult(0), std::move(*result));
  return Error::success();
}

//===-- scan, recur, map ----------------------------------------------------------===//

/// The i-th step of a pass over n elements.
static int64_t stepIndex(int64_t i, int64_t n, bool reverse) { return reverse ? n - 1 - i : i; }

Error TileExecutor::scan(Operation *op) {
  auto s = cast<tile::ScanOp>(op);
  if (!s.getKind())
    return scanByRegion(s);
  SmallVector<Datum> results;
  for (Value v : s.getInputs()) {
    Tensor t = tensor(v);
    Combiner c = combinerOf(*s.getKind(), t.dtype);
    int64_t dim = s.getDim(), n = t.shape[dim];
    Tensor sum;
    for (int64_t i = 0; i < n; ++i) {
      int64_t at = stepIndex(i, n, s.getReverse());
      Tensor x = takeAt(t, dim, at);
      for (size_t e = 0; i > 0 && e < x.data.size(); ++e)
        x.data[e] = rounding(accumulatorOf(t.dtype), c.combine(sum.data[e], x.data[e]));
      sum = x;
      for (double &y : x.data)
        y = rounding(t.dtype, y);
      putAt(t, dim, at, x);
    }
    results.push_back(std::move(t));
  }
  bindAll(op->getResults(), results);
  return Error::success();
}

/// A lifted body may yield a captured scalar: it stands for every element.
static Tensor lifted(const Tensor &t, ArrayRef<int64_t> shape) { return t.rank() ? t : Tensor(t.dtype, shape.vec(), t.data[0]); }

Error TileExecutor::scanByRegion(tile::ScanOp s) {
  SmallVector<Tensor> results;
  for (Value v : s.getInputs())
    results.push_back(tensor(v));
  Block &body = s.getBody().front();
  size_t count = results.size();
  int64_t dim = s.getDim(), n = results.front().shape[dim];
  SmallVector<Tensor> sums;
  for (int64_t i = 0; i < n; ++i) {
    int64_t at = stepIndex(i, n, s.getReverse());
    SmallVector<Tensor> xs;
    for (Tensor &t : results)
      xs.push_back(takeAt(t, dim, at));
    if (i > 0) {
      for (size_t k = 0; k < count; ++k) {
        bind(body.getArgument(k), sums[k]);
        bind(body.getArgument(count + k), xs[k]);
      }
      if (Error e = run(body))
        return e;
      for (size_t k = 0; k < count; ++k)
        xs[k] = lifted(tensor(body.getTerminator()->getOperand(k)), xs[k].shape);
    }
    for (size_t k = 0; k < count; ++k)
      putAt(results[k], dim, at, xs[k]);
    sums = xs;
  }
  for (auto [name, t] : llvm::zip_equal(s.getResults(), results))
    bind(name, t);
  return Error::success();
}

Error TileExecutor::recur(Operation *op) {
  auto r = cast<tile::RecurOp>(op);
  Block &body = r.getBody().front();
  size_t states = r.getInits().size();
  SmallVector<Datum> carried = copies(r.getInits());
  SmallVector<Tensor> inputs, outputs;
  for (Value v : r.getInputs())
    inputs.push_back(tensor(v));
  for (size_t i = states; i < op->getNumResults(); ++i) {
    Expected<Tensor> t = resultTensor(op, i);
    if (!t)
      return t.takeError();
    outputs.push_back(std::move(*t));
  }
  int64_t dim = r.getDim(), n = inputs.front().shape[dim];
  for (int64_t i = 0; i < n; ++i) {
    int64_t at = stepIndex(i, n, r.getReverse());
    bindAll(body.getArguments().take_front(states), carried);
    for (size_t k = 0; k < inputs.size(); ++k)
      bind(body.getArgument(states + k), takeAt(inputs[k], dim, at));
    if (Error e = run(body))
      return e;
    SmallVector<Datum> yielded = copies(body.getTerminator()->getOperands());
    carried.assign(yielded.begin(), yielded.begin() + states);
    for (size_t k = 0; k < outputs.size(); ++k)
      putAt(outputs[k], dim, at, std::get<Tensor>(yielded[states + k]));
  }
  bindAll(op->getResults().take_front(states), carried);
  for (size_t k = 0; k < outputs.size(); ++k)
    bind(op->getResult(states + k), outputs[k]);
  return Error::success();
}

Error TileExecutor::map(Operation *op) {
  // The body has no branches, so it is run once on whole tiles.
  auto m = cast<tile::MapOp>(op);
  Block &body = m.getBody().front();
  SmallVector<int64_t> offsets = mixed(m.getStaticOffsets(), m.getOffsets());
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  size_t inputs = m.getInputs().size();
  for (size_t i = 0; i < inputs; ++i)
    bind(body.getArgument(i), tensor(m.getInputs()[i]));
  for (size_t d = 0; d < shape.size(); ++d) {
    Tensor coordinate(DType::I64, shape.vec());
    std::vector<int64_t> index(shape.size(), 0);
    for (double &x : coordinate.data) {
      x = static_cast<double>(offsets[d] + index[d]);
      next(index, shape);
    }
    bind(body.getArgument(inputs + d), std::move(coordinate));
  }
  if (Error e = run(body))
    return e;
  for (auto [name, value] : llvm::zip_equal(op->getResults(), body.getTerminator()->getOperands()))
    bind(name, lifted(tensor(value), shape));
  return Error::success();
}

} // namespace seqc::interp
