// SPDX-License-Identifier: Apache-2.0
// Meaning of seq.fft, seq.rfft, seq.irfft and seq.butterfly. Sums are in f64; results are rounded once.
#include "SeqEvaluator.h"
#include "TileScalar.h"
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace seqc::interp {

using Z = std::complex<double>;
using Vector = std::vector<Z>;

/// exp(sign 2 pi i k / n)
static Z root(double sign, int64_t k, int64_t n) { return std::polar(1.0, sign * 2 * M_PI * static_cast<double>(k % n) / static_cast<double>(n)); }

static int64_t smallestPrimeFactor(int64_t n) {
  for (int64_t p = 2; p * p <= n; ++p)
    if (n % p == 0)
      return p;
  return n;
}

/// X[k] = sum_n x[n] exp(sign 2 pi i n k / N): p transforms of every p-th element, combined; for a prime N the sum as it stands.
static Vector dft(const Vector &x, double sign) {
  auto n = static_cast<int64_t>(x.size());
  if (n == 1)
    return x;
  int64_t p = smallestPrimeFactor(n), m = n / p;
  std::vector<Vector> parts;
  for (int64_t r = 0; r < p; ++r) {
    Vector part;
    for (int64_t j = 0; j < m; ++j)
      part.push_back(x[p * j + r]);
    parts.push_back(dft(part, sign));
  }
  Vector result(n);
  for (int64_t k = 0; k < n; ++k)
    for (int64_t r = 0; r < p; ++r)
      result[k] += root(sign, r * k, n) * parts[r][k % m];
  return result;
}

/// Row `row` of the last dim.
static Vector rowOf(const Tensor &t, int64_t row) {
  int64_t n = t.shape.back();
  Vector v;
  for (int64_t i = 0; i < n; ++i)
    v.push_back(t.complexAt(row * n + i));
  return v;
}

/// Rounds and stores the first elements of `v`; a real tensor gets the real parts.
static void setRow(SeqEvaluator &e, Tensor &t, int64_t row, const Vector &v) {
  int64_t n = t.shape.back();
  for (int64_t i = 0; i < n; ++i) {
    Z z{e.round(t.dtype, v[i].real()), e.round(t.dtype, v[i].imag())};
    if (isComplex(t.dtype))
      t.setComplex(row * n + i, z);
    else
      t.data[row * n + i] = z.real();
  }
}

/// A tensor of the result's type with the shape of x but for the last dim.
static Expected<Tensor> resultLike(Operation *op, const Tensor &x, int64_t last) {
  Expected<DType> dtype = elementDType(op->getResult(0).getType());
  if (!dtype)
    return errorAt(op, toString(dtype.takeError()));
  std::vector<int64_t> shape = x.shape;
  shape.back() = last;
  return Tensor(*dtype, shape);
}

static int64_t rowsOf(const Tensor &t) { return t.shape.back() ? t.size() / t.shape.back() : 0; }

//===-- seq.fft, seq.rfft, seq.irfft -------------------------------------------------===//

/// All N values of a Hermitian spectrum from the first N/2 + 1.
static Vector hermitian(const Vector &half, int64_t n) {
  Vector all(n);
  for (int64_t k = 0; k < n; ++k)
    all[k] = k <= n / 2 ? half[k] : std::conj(half[n - k]);
  all[0].imag(0);
  if (n % 2 == 0)
    all[n / 2].imag(0);
  return all;
}

Error evaluateFft(SeqEvaluator &e, Operation *op) {
  const Tensor x = e.get(op->getOperand(0));
  int64_t n = x.shape.back(), last = n;
  auto irfft = dyn_cast<seq::IrfftOp>(op);
  if (irfft) {
    n = last = irfft.getN() ? static_cast<int64_t>(*irfft.getN()) : e.integer(irfft.getSize());
    if (n < 1 || x.shape.back() != n / 2 + 1)
      return errorAt(op, "expects N/2 + 1 values for N = " + Twine(n) + ", but got " + Twine(x.shape.back()));
  }
  if (n < 1)
    return errorAt(op, "expects a length above 0, but got " + Twine(n));
  if (isa<seq::RfftOp>(op))
    last = n / 2 + 1;
  auto fft = dyn_cast<seq::FftOp>(op);
  bool inverse = irfft || (fft && fft.getInverse());
  Expected<Tensor> y = resultLike(op, x, last);
  if (!y)
    return y.takeError();
  for (int64_t row = 0; row < rowsOf(*y); ++row) {
    Vector v = dft(irfft ? hermitian(rowOf(x, row), n) : rowOf(x, row), inverse ? 1 : -1);
    for (Z &z : v)
      z /= inverse ? static_cast<double>(n) : 1.0;
    setRow(e, *y, row, v);
  }
  e.bind(op->getResult(0), *y);
  return Error::success();
}

//===-- seq.butterfly ------------------------------------------------------------------===//

/// v seen as [digits..], its dims in the order p, seen as a vector again.
static Vector permuted(const Vector &v, ArrayRef<int64_t> digits, ArrayRef<int64_t> p) {
  std::vector<int64_t> shape, index(digits.size(), 0), source(digits.size());
  for (int64_t d : p)
    shape.push_back(digits[d]);
  Vector result;
  do {
    for (auto [d, i] : llvm::zip(p, index))
      source[d] = i;
    int64_t at = 0;
    for (auto [digit, i] : llvm::zip(digits, source))
      at = at * digit + i;
    result.push_back(v[at]);
  } while (next(index, shape));
  return result;
}

/// W[a, c, q, p] of a stage, for row h of x.
static Z weight(seq::StageAttr stage, const Tensor *factor, int64_t h, int64_t a, int64_t c, int64_t q, int64_t p) {
  double sign = stage.isInverse() ? 1 : -1;
  StringRef kind = stage.getBaseKind();
  if (kind == "dft")
    return root(sign, q * (p * stage.getRight() + c), stage.getIn() * stage.getRight());
  if (kind == "dft_transposed")
    return root(sign, p * (q * stage.getRight() + c), stage.getOut() * stage.getRight());
  auto at = [&](int64_t d, int64_t i) { return factor->shape[d] == 1 ? 0 : i; };
  Z w = factor->complexAt({at(0, h), at(1, a), at(2, c), q, p});
  return kind == "twiddled" ? w * root(sign, q * c, stage.getOut() * stage.getRight()) : w;
}

static Vector applyStage(seq::StageAttr stage, const Tensor *factor, int64_t h, const Vector &x) {
  int64_t in = stage.getIn(), out = stage.getOut(), right = stage.getRight();
  Vector y(stage.outLength());
  for (int64_t a = 0; a < stage.getLeft(); ++a)
    for (int64_t q = 0; q < out; ++q)
      for (int64_t c = 0; c < right; ++c)
        for (int64_t p = 0; p < in; ++p)
          y[(a * out + q) * right + c] += weight(stage, factor, h, a, c, q, p) * x[(a * in + p) * right + c];
  return y;
}

Error evaluateButterfly(SeqEvaluator &e, Operation *raw) {
  auto op = cast<seq::ButterflyOp>(raw);
  const Tensor x = e.get(op.getX());
  Expected<Tensor> y = resultLike(op, x, cast<RankedTensorType>(op.getY().getType()).getShape().back());
  if (!y)
    return y.takeError();
  int64_t rowsPerMatrix = x.rank() > 1 ? x.shape[x.rank() - 2] : 1;
  for (int64_t row = 0; row < rowsOf(*y); ++row) {
    Vector v = rowOf(x, row);
    v.resize(op.stage(0).inLength());
    if (op.getInputDigits())
      v = permuted(v, *op.getInputDigits(), *op.getInputPermutation());
    for (unsigned i = 0; i < op.numStages(); ++i) {
      Value factor = op.factorOf(i);
      v = applyStage(op.stage(i), factor ? &e.get(factor) : nullptr, row % rowsPerMatrix, v);
    }
    if (op.getOutputDigits())
      v = permuted(v, *op.getOutputDigits(), *op.getOutputPermutation());
    for (Z &z : v)
      z *= op.getScaleValue();
    setRow(e, *y, row, v);
  }
  e.bind(op.getY(), *y);
  return Error::success();
}

} // namespace seqc::interp
