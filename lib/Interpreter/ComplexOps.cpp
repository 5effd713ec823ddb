// SPDX-License-Identifier: Apache-2.0
// Elementwise ops on complex numbers, in terms of real and imaginary parts: no rules for infinities beyond those of the parts.
#include "TileScalar.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include <cmath>

using namespace mlir;
using llvm::Expected;

namespace seqc::interp {

namespace {
using Z = std::complex<double>;

Z mulOf(Z a, Z b) { return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()}; }

/// Smith 1962: no overflow in the squares of the parts of b.
Z divOf(Z a, Z b) {
  if (std::abs(b.real()) >= std::abs(b.imag())) {
    double r = b.imag() / b.real(), d = b.real() + b.imag() * r;
    return {(a.real() + a.imag() * r) / d, (a.imag() - a.real() * r) / d};
  }
  double r = b.real() / b.imag(), d = b.real() * r + b.imag();
  return {(a.real() * r + a.imag()) / d, (a.imag() * r - a.real()) / d};
}

Z expOf(Z a) {
  double e = std::exp(a.real());
  return {e * std::cos(a.imag()), e * std::sin(a.imag())};
}

/// Function of up to three operands; a real result is the real part.
using F = Z (*)(Z, Z, Z);

const llvm::StringMap<F> &complexOps() {
  static const llvm::StringMap<F> table{{"complex.add", [](Z a, Z b, Z) { return a + b; }},
                                        {"complex.sub", [](Z a, Z b, Z) { return a - b; }},
                                        {"complex.mul", [](Z a, Z b, Z) { return mulOf(a, b); }},
                                        {"complex.div", [](Z a, Z b, Z) { return divOf(a, b); }},
                                        {"complex.neg", [](Z a, Z, Z) { return -a; }},
                                        {"complex.conj", [](Z a, Z, Z) { return std::conj(a); }},
                                        {"complex.exp", [](Z a, Z, Z) { return expOf(a); }},
                                        {"complex.abs", [](Z a, Z, Z) { return Z(std::hypot(a.real(), a.imag())); }},
                                        {"complex.re", [](Z a, Z, Z) { return Z(a.real()); }},
                                        {"complex.im", [](Z a, Z, Z) { return Z(a.imag()); }},
                                        {"complex.create", [](Z a, Z b, Z) { return Z(a.real(), b.real()); }},
                                        {"arith.select", [](Z c, Z a, Z b) { return c.real() != 0 ? a : b; }}};
  return table;
}
} // namespace

bool isComplexOp(Operation *op) {
  if (isa<arith::SelectOp>(op))
    return isa<ComplexType>(getElementTypeOrSelf(op->getResult(0).getType()));
  return isa<complex::ConstantOp>(op) || complexOps().contains(op->getName().getStringRef());
}

Expected<Tensor> evaluateComplex(Operation *op, ArrayRef<const Tensor *> operands, Precision precision) {
  Expected<DType> type = elementDType(op->getResult(0).getType());
  if (!type)
    return errorAt(op, toString(type.takeError()));
  if (auto constant = dyn_cast<complex::ConstantOp>(op)) {
    Tensor t(*type, {});
    auto part = [&](unsigned i) { return cast<FloatAttr>(constant.getValue()[i]).getValueAsDouble(); };
    t.setComplex(0, {part(0), part(1)});
    return t;
  }
  std::vector<int64_t> shape;
  for (const Tensor *t : operands)
    if (t->rank() > 0)
      shape = t->shape;
  Tensor result(*type, shape);
  F f = complexOps().lookup(op->getName().getStringRef());
  Z x[3];
  for (int64_t i = 0; i < result.size(); ++i) {
    for (size_t k = 0; k < operands.size(); ++k)
      x[k] = operands[k]->complexAt(operands[k]->rank() ? i : 0);
    Z y = f(x[0], x[1], x[2]);
    y = {rounded(precision, *type, y.real()), rounded(precision, *type, y.imag())};
    if (isComplex(*type))
      result.setComplex(i, y);
    else
      result.data[i] = y.real();
  }
  return result;
}

} // namespace seqc::interp
