// SPDX-License-Identifier: Apache-2.0
#include "RightAngle.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

namespace {
constexpr double kQuarter = 0.25;

/// A constant of rank 1 at the builder.
Value constantOf(OpBuilder &host, Location loc, ArrayRef<double> values, Type element) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, element);
  const llvm::fltSemantics &semantics = cast<FloatType>(element).getFloatSemantics();
  SmallVector<APFloat> numbers;
  for (double v : values) {
    APFloat x(v);
    bool isInexact;
    x.convert(semantics, APFloat::rmNearestTiesToEven, &isInexact);
    numbers.push_back(x);
  }
  return arith::ConstantOp::create(host, loc, type, DenseElementsAttr::get(type, numbers));
}
} // namespace

RightAngle::RightAngle(OpBuilder &host, KernelBuilder &k, Radices radices, Type factor, Type sum)
    : k(k), t{k.b(), k.loc()}, radices(radices), factor(factor), sum(sum) {
  SmallVector<double> factors, sums;
  auto add = [](SmallVector<double> &to, int64_t rows, int64_t columns, auto value) {
    Table table{static_cast<int64_t>(to.size()), rows, columns};
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        to.push_back(value(r, c));
    return table;
  };
  // x / n of a full turn; x is reduced first where it is whole.
  auto angle = [](double x, int64_t n) { return 2 * M_PI * std::fmod(x, static_cast<double>(n)) / static_cast<double>(n); };
  int64_t n1 = radices.first, rest = radices.rest(), points = radices.points();
  double scale = 1 / std::sqrt(static_cast<double>(n1));
  firstRe = add(factors, n1, n1, [&](int64_t m, int64_t n) { return scale * std::cos(angle(n * (m + kQuarter), n1)); });
  firstIm = add(factors, n1, n1, [&](int64_t m, int64_t n) { return -scale * std::sin(angle(n * (m + kQuarter), n1)); });
  backRe = add(factors, n1, n1, [&](int64_t n, int64_t m) { return scale * std::cos(angle(n * (m + kQuarter), n1)); });
  backIm = add(factors, n1, n1, [&](int64_t n, int64_t m) { return -scale * std::sin(angle(n * (m + kQuarter), n1)); });
  auto dft = [&](int64_t n, Table &re, Table &im, Table &minusIm) {
    double scale = 1 / std::sqrt(static_cast<double>(n));
    re = add(factors, n, n, [&](int64_t i, int64_t j) { return scale * std::cos(angle(i * j, n)); });
    im = add(factors, n, n, [&](int64_t i, int64_t j) { return -scale * std::sin(angle(i * j, n)); });
    minusIm = add(factors, n, n, [&](int64_t i, int64_t j) { return scale * std::sin(angle(i * j, n)); });
  };
  dft(radices.last, lastRe, lastIm, lastMinusIm);
  outerRe = add(sums, n1, rest, [&](int64_t m, int64_t n) { return std::cos(angle(n * (m + kQuarter), points)); });
  outerIm = add(sums, n1, rest, [&](int64_t m, int64_t n) { return -std::sin(angle(n * (m + kQuarter), points)); });
  int64_t done = n1;
  for (int64_t radix : radices.middle) {
    if (radix == 1)
      continue;
    Middle m{done, radix, points / done / radix, {}, {}, {}, {}, {}};
    int64_t size = radix * m.columns;
    dft(radix, m.re, m.im, m.minusIm);
    m.twiddleRe = add(sums, radix, m.columns, [&](int64_t i, int64_t j) { return std::cos(angle(i * j, size)); });
    m.twiddleIm = add(sums, radix, m.columns, [&](int64_t i, int64_t j) { return -std::sin(angle(i * j, size)); });
    middles.push_back(m);
    done *= radix;
  }
  factorPointer = k.readPointer(constantOf(host, k.loc(), factors, factor));
  sumPointer = k.readPointer(constantOf(host, k.loc(), sums, sum));
}

/// [rows, columns], or the same for every one of [batches, rows, columns].
Value RightAngle::load(Value pointer, const Table &table, int64_t batches) {
  SmallVector<OperandView::Dim> dims{{Expr(table.rows), Expr(table.columns)}, {Expr(table.columns), Expr(1)}};
  SmallVector<int64_t> shape{table.rows, table.columns};
  if (batches > 1) {
    dims.insert(dims.begin(), {Expr(batches), Expr(0)});
    shape.insert(shape.begin(), batches);
  }
  Value view = k.view(pointer, Expr(table.offset), dims);
  SmallVector<OpFoldResult> coords(shape.size(), k.b().getIndexAttr(0));
  return tile::LoadOp::create(k.b(), k.loc(), TileMath::type(shape, cast<tile::ViewType>(view.getType()).getElementType()), view, coords);
}

Value RightAngle::dot(Value a, Value b, Value acc) {
  SmallVector<int64_t> shape(TileMath::typeOf(a).getShape());
  shape.back() = TileMath::typeOf(b).getShape().back();
  return tile::DotOp::create(k.b(), k.loc(), TileMath::type(shape, sum), a, b, acc);
}

Value RightAngle::reshape(Value v, ArrayRef<int64_t> shape) {
  auto type = TileMath::type(shape, TileMath::elementOf(v));
  return type == v.getType() ? v : tile::ReshapeOp::create(k.b(), k.loc(), type, v).getResult();
}

ComplexTile RightAngle::multiply(ComplexTile a, ComplexTile b) {
  Value re = t.sub(t.mul(a.re, b.re), t.mul(a.im, b.im)), im = t.fma(a.re, b.im, t.mul(a.im, b.re));
  return {re, im};
}

ComplexTile RightAngle::conjugate(ComplexTile v) { return {v.re, t.mul(v.im, -1.0)}; }

/// Rows times a DFT matrix.
ComplexTile RightAngle::lastFactor(ComplexTile x, bool inverse) {
  Value re = narrow(x.re), im = narrow(x.im), fr = matrix(lastRe), fi = matrix(inverse ? lastMinusIm : lastIm),
        minus = matrix(inverse ? lastIm : lastMinusIm);
  return {dot(im, minus, dot(re, fr)), dot(im, fr, dot(re, fi))};
}

/// The DFT matrix times each of [batches, radix, columns].
ComplexTile RightAngle::middleFactor(const Middle &m, ComplexTile x, bool inverse) {
  x = reshape(x, {m.batches, m.radix, m.columns});
  if (inverse)
    x = multiply(x, conjugate(twiddle(m.twiddleRe, m.twiddleIm, m.batches)));
  Value re = narrow(x.re), im = narrow(x.im), fr = matrix(m.re, m.batches), fi = matrix(inverse ? m.minusIm : m.im, m.batches),
        minus = matrix(inverse ? m.im : m.minusIm, m.batches);
  ComplexTile y{dot(minus, im, dot(fr, re)), dot(fr, im, dot(fi, re))};
  return inverse ? y : multiply(y, twiddle(m.twiddleRe, m.twiddleIm, m.batches));
}

ComplexTile RightAngle::forward(Value x) {
  ComplexTile y{dot(matrix(firstRe), x), dot(matrix(firstIm), x)};
  y = multiply(y, twiddle(outerRe, outerIm));
  for (const Middle &m : middles)
    y = middleFactor(m, y, /*inverse=*/false);
  return lastFactor(reshape(y, {radices.rows(), radices.last}), /*inverse=*/false);
}

Value RightAngle::inverse(ComplexTile y) {
  y = lastFactor(y, /*inverse=*/true);
  for (const Middle &m : llvm::reverse(middles))
    y = middleFactor(m, y, /*inverse=*/true);
  y = multiply(reshape(y, {radices.first, radices.rest()}), conjugate(twiddle(outerRe, outerIm)));
  return dot(matrix(backIm), narrow(y.im), dot(matrix(backRe), narrow(y.re)));
}

} // namespace seqc::convert
