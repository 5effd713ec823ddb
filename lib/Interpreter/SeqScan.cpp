// SPDX-License-Identifier: Apache-2.0
// seq.linear_scan and seq.selective_scan as their definitions read: one loop over time per channel.
#include "SeqEvaluator.h"
#include "TileScalar.h"
#include <algorithm>
#include <cmath>
#include <complex>
#include <optional>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

static Expected<std::optional<Tensor>> finalState(SeqEvaluator &e, Operation *op, std::vector<int64_t> shape) {
  if (op->getNumResults() < 2)
    return std::nullopt;
  Expected<DType> type = elementDType(op->getResult(1).getType());
  if (!type)
    return type.takeError();
  return std::optional(Tensor(*type, std::move(shape)));
}

/// a b without the rules of infinities that std::complex has.
static std::complex<double> product(std::complex<double> a, std::complex<double> b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// Writes an element, rounded to the type of the tensor.
static void put(SeqEvaluator &e, Tensor &t, ArrayRef<int64_t> index, std::complex<double> z) {
  if (!isComplex(t.dtype))
    t.at(index) = e.round(t.dtype, z.real());
  else
    t.setComplex(index, {e.round(t.dtype, z.real()), e.round(t.dtype, z.imag())});
}

Error evaluateLinearScan(SeqEvaluator &e, seq::LinearScanOp op) {
  const Tensor a = e.get(op.getA()), b = e.get(op.getB());
  int64_t batch = b.shape[0], channels = b.shape[1], length = b.shape[2];
  Expected<std::optional<Tensor>> last = finalState(e, op, {batch, channels});
  if (!last)
    return last.takeError();
  bool isReal = !isComplex(b.dtype); // a real state has no imaginary part, not even NaN
  Tensor h(b.dtype, b.shape);
  for (int64_t i = 0; i < batch; ++i)
    for (int64_t d = 0; d < channels; ++d) {
      std::complex<double> state = op.getInitial() ? e.get(op.getInitial()).complexAt({i, d}) : 0;
      for (int64_t step = 0; step < length; ++step) {
        int64_t t = op.getReverse() ? length - 1 - step : step;
        std::complex<double> factor = op.isConstant() ? a.complexAt(d) : a.complexAt({i, d, t}), x = b.complexAt({i, d, t});
        state = isReal ? factor.real() * state.real() + x.real() : product(factor, state) + x;
        put(e, h, {i, d, t}, state);
      }
      if (*last)
        put(e, **last, {i, d}, state);
    }
  e.bind(op.getH(), h);
  if (*last)
    e.bind(op.getFinalState(), **last);
  return Error::success();
}

namespace {
class SelectiveScan {
public:
  SelectiveScan(SeqEvaluator &e, seq::SelectiveScanOp op)
      : e(e), op(op), u(e.get(op.getU())), delta(e.get(op.getDelta())), a(e.get(op.getA())), b(e.get(op.getB())), c(e.get(op.getC())), channels(u.shape[1]),
        states(a.shape[1]) {}

  Error run() {
    int64_t sequences = op.isPacked() ? e.get(op.getCuSeqlens()).size() - 1 : u.shape[0];
    Expected<std::optional<Tensor>> last = finalState(e, op, {sequences, channels, states});
    if (!last)
      return last.takeError();
    Tensor y(u.dtype, u.shape, 0.0);
    for (int64_t s = 0; s < sequences; ++s)
      for (int64_t d = 0; d < channels; ++d) {
        std::vector<double> h = channel(s, d, y);
        for (int64_t n = 0; n < states && *last; ++n)
          (*last)->at({s, d, n}) = e.round((*last)->dtype, h[n]);
      }
    e.bind(op.getY(), y);
    if (*last)
      e.bind(op.getFinalState(), **last);
    return Error::success();
  }

private:
  /// Element n of B or C.
  double projection(const Tensor &p, int64_t batch, int64_t d, int64_t n, int64_t t) const {
    return p.rank() == 2 ? p.at({d, n}) : p.at({batch, d / (channels / p.shape[1]), n, t});
  }

  double stepSize(int64_t batch, int64_t d, int64_t t) {
    double x = delta.at({batch, d, t}) + (op.getDeltaBias() ? e.get(op.getDeltaBias()).at({d}) : 0);
    return op.getDeltaSoftplus() && !(x > 20) ? std::log1p(std::exp(x)) : x;
  }

  /// Writes y of one channel of a sequence; returns its last state.
  std::vector<double> channel(int64_t s, int64_t d, Tensor &y) {
    int64_t batch = op.isPacked() ? 0 : s, begin = 0, end = u.shape[2];
    if (op.isPacked()) {
      const std::vector<double> &ends = e.get(op.getCuSeqlens()).data;
      begin = static_cast<int64_t>(ends[s]), end = static_cast<int64_t>(ends[s + 1]);
    }
    std::vector<double> h(states, 0.0);
    for (int64_t n = 0; n < states && op.getInitial(); ++n)
      h[n] = e.get(op.getInitial()).at({s, d, n});
    for (int64_t t = begin; t < end; ++t) {
      double dt = stepSize(batch, d, t), x = u.at({batch, d, t}), sum = 0;
      for (int64_t n = 0; n < states; ++n) {
        h[n] = std::exp(dt * a.at({d, n})) * h[n] + dt * x * projection(b, batch, d, n, t);
        sum += projection(c, batch, d, n, t) * h[n];
      }
      if (op.getSkip())
        sum += e.get(op.getSkip()).at({d}) * x;
      if (op.getZ()) {
        double z = e.get(op.getZ()).at({batch, d, t});
        sum *= z / (1 + std::exp(-z));
      }
      y.at({batch, d, t}) = e.round(y.dtype, sum);
    }
    return h;
  }

  SeqEvaluator &e;
  mutable seq::SelectiveScanOp op;
  const Tensor u, delta, a, b, c;
  int64_t channels, states;
};
} // namespace

Error evaluateSelectiveScan(SeqEvaluator &e, seq::SelectiveScanOp op) { return SelectiveScan(e, op).run(); }

} // namespace seqc::interp
