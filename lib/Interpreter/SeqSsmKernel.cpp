// SPDX-License-Identifier: Apache-2.0
// seq.ssm_kernel as the recurrence of its definition: the outputs for an impulse, one after the other.
#include "SeqEvaluator.h"
#include "TileScalar.h"
#include <cmath>

using namespace mlir;
using llvm::Error;

namespace seqc::interp {

namespace {
using Z = std::complex<double>;

/// e^z - 1, without cancellation for small z.
Z expMinusOne(Z z) {
  double half = std::sin(z.imag() / 2);
  return {std::expm1(z.real()) * std::cos(z.imag()) - 2 * half * half, std::exp(z.real()) * std::sin(z.imag())};
}

/// One eigenvalue after discretisation.
struct Mode {
  Z abar, bbar;
};

Mode discretised(StringRef rule, Z lambda, Z b, double dt, int64_t length) {
  Z z = dt * lambda;
  if (rule == "bilinear")
    return {(1.0 + z / 2.0) / (1.0 - z / 2.0), b * dt / (1.0 - z / 2.0)};
  Mode m{std::exp(z), lambda == 0.0 ? b * dt : b * expMinusOne(z) / lambda};
  if (rule == "softmax")
    m.bbar = b * expMinusOne(z) / (lambda * expMinusOne(z * static_cast<double>(length)));
  return m;
}

/// Parameters of one channel and the recurrence x <- Abar x + Bbar u, y = C x.
struct Channel {
  std::vector<Z> lambda, b, c, p;
  double dt;

  std::vector<double> diagonal(StringRef rule, double factor, int64_t length) const {
    std::vector<double> k(length);
    for (size_t n = 0; n < lambda.size(); ++n) {
      Mode m = discretised(rule, lambda[n], b[n], dt, length);
      Z x = m.bbar;
      for (int64_t l = 0; l < length; ++l, x *= m.abar)
        k[l] += factor * (c[n] * x).real();
    }
    return k;
  }

  /// A = diag(lambda) - p p* with the conjugate half: (2/dt - A)^-1 by the Woodbury identity. Conjugate halves stay conjugate.
  std::vector<double> lowRank(int64_t length) const {
    size_t states = lambda.size();
    std::vector<Z> inverse(states), x(states), v(states);
    Z coupling = 1;
    for (size_t n = 0; n < states; ++n) {
      inverse[n] = 1.0 / (2 / dt - lambda[n]);
      coupling += 2 * (std::conj(p[n]) * inverse[n] * p[n]).real();
    }
    std::vector<double> k(length);
    for (int64_t l = 0; l < length; ++l) {
      double projected = 0, corrected = 0, y = 0;
      for (size_t n = 0; n < states; ++n)
        projected += 2 * (std::conj(p[n]) * x[n]).real();
      for (size_t n = 0; n < states; ++n) {
        v[n] = (2 / dt + lambda[n]) * x[n] - p[n] * projected + (l == 0 ? 2.0 * b[n] : Z(0));
        corrected += 2 * (std::conj(p[n]) * inverse[n] * v[n]).real();
      }
      for (size_t n = 0; n < states; ++n) {
        x[n] = inverse[n] * (v[n] - p[n] * (corrected / coupling.real()));
        y += 2 * (c[n] * x[n]).real();
      }
      k[l] = y;
    }
    return k;
  }
};
} // namespace

Error evaluateSsmKernel(SeqEvaluator &e, seq::SsmKernelOp op) {
  const Tensor lambda = e.get(op.getLambda()), b = e.get(op.getB()), c = e.get(op.getC()), dt = e.get(op.getDt());
  int64_t channels = lambda.shape[0], states = lambda.shape[1];
  int64_t length = op.getLength() ? e.integer(op.getLength()) : cast<RankedTensorType>(op.getK().getType()).getDimSize(1);
  if (length < 0 || b.shape[0] != channels || c.shape[0] != channels || dt.shape[0] != channels)
    return errorAt(op, "expects parameters of one number of channels and a length >= 0");
  Tensor k(dt.dtype, {channels, length});
  for (int64_t d = 0; d < channels; ++d) {
    Channel channel{{}, {}, {}, {}, dt.data[d]};
    for (int64_t n = 0; n < states; ++n) {
      channel.lambda.push_back(lambda.complexAt({d, n}));
      channel.b.push_back(b.complexAt({d, n}));
      channel.c.push_back(c.complexAt({d, n}));
      if (op.getLowRank())
        channel.p.push_back(e.get(op.getLowRank()).complexAt({d, n}));
    }
    std::vector<double> row = op.getLowRank() ? channel.lowRank(length) : channel.diagonal(op.getDiscretization(), op.getConjugate() ? 2 : 1, length);
    for (int64_t l = 0; l < length; ++l)
      k.at({d, l}) = e.round(k.dtype, row[l]);
  }
  e.bind(op.getK(), k);
  return Error::success();
}

} // namespace seqc::interp
