// SPDX-License-Identifier: Apache-2.0
// seq.long_conv and seq.short_conv as their definitions read: one sum per output.
#include "SeqEvaluator.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

namespace {
class LongConv {
public:
  LongConv(SeqEvaluator &e, seq::LongConvOp op) : e(e), op(op), u(e.get(op.getU())), k(e.get(op.getK())) {
    for (auto [tensor, operand] : {std::pair(&kRev, op.getKRev()), std::pair(&skip, op.getSkip()), std::pair(&preGate, op.getPreGate()),
                                   std::pair(&postGate, op.getPostGate()), std::pair(&tail, op.getTail())})
      if (operand)
        *tensor = e.get(operand);
  }

  Error run() {
    Tensor y(u.dtype, u.shape);
    int64_t batch = u.shape[0], channels = u.shape[1], taps = k.shape[1];
    length = u.shape[2];
    Tensor tailOut(u.dtype == DType::F64 ? DType::F64 : DType::F32, {batch, channels, taps - 1});
    for (b = 0; b < batch; ++b)
      for (d = 0; d < channels; ++d) {
        for (int64_t t = 0; t < length; ++t)
          y.at({b, d, t}) = e.round(y.dtype, output(t));
        for (int64_t j = 0; j + 1 < taps; ++j)
          tailOut.at({b, d, j}) = e.round(tailOut.dtype, forward(length + j));
      }
    e.bind(op.getY(), y);
    if (op.hasTailOut())
      e.bind(op.getTailOut(), tailOut);
    return Error::success();
  }

private:
  double input(int64_t t) const {
    double x = u.at({b, d, t});
    return op.getPreGate() ? preGate.at({b, d, t}) * x : x;
  }

  /// Row of the kernels of channel d.
  int64_t row() const { return d / (u.shape[1] / k.shape[0]); }

  /// Causal sum at position t, which may lie beyond the end, and the part of earlier chunks.
  double forward(int64_t t) const {
    double sum = op.getTail() && t < k.shape[1] - 1 ? tail.at({b, d, t}) : 0;
    for (int64_t j = std::max<int64_t>(0, t - length + 1); j < k.shape[1] && j <= t; ++j)
      sum += k.at({row(), j}) * input(t - j);
    return sum;
  }

  double backward(int64_t t) const {
    double sum = 0;
    int64_t first = t + static_cast<int64_t>(op.getReverseOffset());
    for (int64_t j = 0; j < kRev.shape[1] && first + j < length; ++j)
      sum += kRev.at({row(), j}) * input(first + j);
    return sum;
  }

  double circular(int64_t t) const {
    double sum = 0;
    for (int64_t j = 0; j < k.shape[1]; ++j)
      sum += k.at({row(), j}) * input(((t - j) % length + length) % length);
    return sum;
  }

  double output(int64_t t) const {
    double c = op.getMode() == "circular" ? circular(t) : forward(t);
    if (op.getMode() == "bidirectional")
      c += backward(t);
    if (op.getSkip())
      c += skip.data[d] * input(t);
    return op.getPostGate() ? postGate.at({b, d, t}) * c : c;
  }

  SeqEvaluator &e;
  mutable seq::LongConvOp op;
  const Tensor u, k;
  Tensor kRev, skip, preGate, postGate, tail;
  int64_t b = 0, d = 0, length = 0;
};
} // namespace

Error evaluateLongConv(SeqEvaluator &e, seq::LongConvOp op) { return LongConv(e, op).run(); }

Error evaluateShortConv(SeqEvaluator &e, seq::ShortConvOp op) {
  const Tensor u = e.get(op.getU()), w = e.get(op.getW());
  const Tensor bias = op.getBias() ? e.get(op.getBias()) : Tensor(), state = op.getState() ? e.get(op.getState()) : Tensor();
  int64_t taps = w.shape[1], length = u.shape[2];
  Tensor y(u.dtype, u.shape), stateOut(u.dtype, {u.shape[0], u.shape[1], taps - 1});
  for (int64_t b = 0; b < u.shape[0]; ++b)
    for (int64_t d = 0; d < u.shape[1]; ++d) {
      auto input = [&](int64_t t) { return t >= 0 ? u.at({b, d, t}) : op.getState() ? state.at({b, d, t + taps - 1}) : 0.0; };
      for (int64_t t = 0; t < length; ++t) {
        double z = op.getBias() ? bias.data[d] : 0;
        for (int64_t j = 0; j < taps; ++j)
          z += w.at({d, j}) * input(t - (taps - 1) + j);
        y.at({b, d, t}) = e.round(y.dtype, op.getActivation() == "silu" ? z / (1 + std::exp(-z)) : z);
      }
      for (int64_t j = 0; j + 1 < taps; ++j)
        stateOut.at({b, d, j}) = input(length - (taps - 1) + j);
    }
  e.bind(op.getY(), y);
  if (op.hasStateOut())
    e.bind(op.getStateOut(), stateOut);
  return Error::success();
}

} // namespace seqc::interp
