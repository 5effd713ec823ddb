// SPDX-License-Identifier: Apache-2.0
#include "seqc/Cases/Compare.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

namespace seqc::cases {

using interp::Tensor;

static std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os);
  return text + "]";
}

/// Root mean square of the finite elements (of the parts of complex ones).
static double scaleOf(const Tensor &t) {
  double sum = 0;
  int64_t n = 0;
  for (double x : t.data)
    if (std::isfinite(x)) {
      sum += x * x;
      ++n;
    }
  return n ? std::sqrt(sum / n) : 0;
}

static std::vector<int64_t> indexOf(int64_t flat, llvm::ArrayRef<int64_t> shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = flat % shape[d];
    flat /= shape[d];
  }
  return index;
}

namespace {
/// What one element contributes.
struct Judgement {
  bool patternDiffers = false; ///< NaN or infinity where it does not belong, or missing
  double error = 0, magnitude = 0, allowed = 0;
};
} // namespace

static Judgement judge(double expected, double rounded, double actual, double scale, const Tolerance &tolerance, interp::DType type) {
  Judgement j;
  if (std::isnan(expected) || std::isnan(actual)) {
    j.patternDiffers = std::isnan(expected) != std::isnan(actual);
    return j;
  }
  if (rounded == actual)
    return j; // nothing is closer
  if (std::isinf(rounded) || std::isinf(actual)) {
    j.patternDiffers = true;
    return j;
  }
  j.error = std::abs(actual - expected);
  j.magnitude = std::max(std::abs(expected), scale);
  j.allowed = tolerance.isExact() || !interp::isFloat(interp::componentType(type)) ? 0 : tolerance.relative * j.magnitude + tiniest(type);
  return j;
}

Report compare(const Tensor &expected, const Tensor &actual, const Tolerance &tolerance) {
  Report r;
  if (expected.shape != actual.shape || expected.dtype != actual.dtype || expected.data.size() != actual.data.size()) {
    r.ok = false;
    r.problem = "expected " + interp::name(expected.dtype).str() + " " + shapeText(expected.shape) + ", but got " + interp::name(actual.dtype).str() + " " +
                shapeText(actual.shape);
    return r;
  }
  double scale = scaleOf(expected), worst = -1;
  int64_t worstAt = -1, patternAt = -1;
  for (size_t i = 0; i < expected.data.size(); ++i) {
    double e = expected.data[i], a = actual.data[i];
    Judgement j = judge(e, interp::roundTo(expected.dtype, e), a, scale, tolerance, expected.dtype);
    if (j.patternDiffers) {
      ++r.failures;
      patternAt = patternAt < 0 ? i : patternAt;
      continue;
    }
    r.maxAbs = std::max(r.maxAbs, j.error);
    if (j.magnitude > 0)
      r.maxRel = std::max(r.maxRel, j.error / j.magnitude);
    double used = j.error == 0 ? 0 : j.allowed == 0 ? INFINITY : j.error / j.allowed;
    r.failures += used > 1;
    r.used = std::max(r.used, used);
    if (used > worst) {
      worst = used;
      worstAt = i;
    }
  }
  int64_t at = patternAt >= 0 ? patternAt : worstAt;
  if (at >= 0)
    r.where = indexOf(interp::isComplex(expected.dtype) ? at / 2 : at, expected.shape);
  if (r.failures == 0)
    return r;
  r.ok = false;
  llvm::raw_string_ostream os(r.problem);
  os << r.failures << " of " << expected.data.size() << (interp::isComplex(expected.dtype) ? " parts" : " elements") << " differ, at " << shapeText(r.where) << " expected "
     << llvm::format("%.9g, but got %.9g; max abs %.3g, max rel %.3g, allowed rel %.3g", expected.data[at], actual.data[at], r.maxAbs, r.maxRel, tolerance.relative);
  return r;
}

} // namespace seqc::cases
