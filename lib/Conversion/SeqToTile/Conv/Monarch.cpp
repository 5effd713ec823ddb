// SPDX-License-Identifier: Apache-2.0
// The convolution by right-angle transforms: a kernel that makes the spectrum of every kernel row, and one that transforms a sequence, multiplies
// and transforms back, without leaving the program in between.
#include "LongConvProgram.h"
#include "RightAngle.h"
#include <cmath>

using namespace mlir;

namespace seqc::convert {

namespace {
/// Largest magnitude, at least 2^-100 (for a sequence of zeros, any factor will do).
Value largest(TileMath t, Value tile) {
  Value magnitudes = math::AbsFOp::create(t.b, t.loc, tile);
  Value top = t.reduce(t.reduce(magnitudes, 1, "max"), 0, "max");
  Value scalar = tile::ScalarOp::create(t.b, t.loc, TileMath::elementOf(tile), top);
  return arith::MaximumFOp::create(t.b, t.loc, scalar, t.scalar(scalar.getType(), 0x1p-100));
}

Value inverseOf(TileMath t, Value x) { return t.div(t.scalar(x.getType(), 1.0), x); }

Value times(TileMath t, Value tile, Value scalar) { return t.mul(tile, t.splat(TileMath::typeOf(tile), scalar)); }

Value loadMatrix(KernelBuilder &k, Value pointer, Value row, const Expr &rows, int64_t m, int64_t n) {
  SmallVector<OperandView::Dim> dims{{rows, Expr(m * n)}, {Expr(m), Expr(n)}, {Expr(n), Expr(1)}};
  Value view = k.view(pointer, Expr(0), dims);
  OpFoldResult zero = k.b().getIndexAttr(0);
  return tile::LoadOp::create(k.b(), k.loc(), TileMath::type({m, n}, cast<tile::ViewType>(view.getType()).getElementType()), view,
                              ArrayRef<OpFoldResult>{row, zero, zero});
}

class MonarchProgram : LongConvProgram {
public:
  MonarchProgram(KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const Spectrum &spectrum, const ConvBlock &block)
      : LongConvProgram(k, op, sizes, block), spectrum(spectrum) {}

  FailureOr<Value> emit(OpBuilder &host) {
    if (failed(readOperands(/*withKernels=*/false)))
      return failure();
    const Radices &r = spectrum.radices;
    RightAngle transform(host, k, r, spectrum.factor, sum);
    Value v = tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({r.first, r.rest()}, sum), input(block.time));
    Value row = kernelRow(), scale;
    if (spectrum.scale) {
      scale = largest(t, v);
      v = times(t, v, inverseOf(t, scale));
    }
    ComplexTile x = transform.forward(t.convert(v, spectrum.factor));
    int64_t m = r.rows(), n = r.last;
    auto load = [&](Value part) { return t.convert(loadMatrix(k, k.readPointer(part), row, sizes.hk, m, n), sum); };
    Value y = transform.inverse(transform.multiply(x, {load(spectrum.re), load(spectrum.im)}));
    if (spectrum.scale) {
      Value view = k.view(k.readPointer(spectrum.scale), Expr(0), {{sizes.hk, Expr(1)}});
      Value ofKernel = tile::LoadScalarOp::create(k.b(), k.loc(), view, ArrayRef<OpFoldResult>{row});
      y = times(t, y, arith::MulFOp::create(k.b(), k.loc(), scale, ofKernel));
    }
    Value sums = tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({1, block.times}, sum), y);
    return finish(views.tail ? t.add(sums, tail()) : sums);
  }

private:
  const Spectrum &spectrum;
};
} // namespace

FailureOr<Spectrum> emitSpectrum(OpBuilder &host, seq::LongConvOp op, const LongConvSizes &sizes, Radices r, Type factor, SchemeContext &context) {
  Type sum = seq::accumulationType(cast<RankedTensorType>(op.getU().getType()).getElementType());
  FailureOr<LagTable> table = emitLagTable(host, op, sizes, /*block=*/1, sum, context);
  if (failed(table))
    return failure();
  KernelBuilder k(context.library, op.getLoc(), "long_conv_spectrum", context.shapes);
  if (context.target == Target::Gpu)
    k.setConfig("warps", r.points() > 1024 ? 8 : 4);
  TileMath t{k.b(), k.loc()};
  k.setGrid({sizes.hk});
  Value row = k.programId(0), lags = k.readPointer(table->tensor), zero = k.index(0);
  RightAngle transform(host, k, r, sum, sum);
  // Lags 0, 1, .. and -1, -2, ..: the transform of the latter is conjugate to that of their reverse.
  auto part = [&](const Expr &offset, const Expr &size, int64_t step, int64_t first) {
    Value view = k.view(lags, offset, {{sizes.hk, table->width}, {size, Expr(step)}});
    Value tile = tile::LoadOp::create(k.b(), k.loc(), TileMath::type({1, r.points()}, sum), view, ArrayRef<OpFoldResult>{row, k.index(first)});
    return transform.forward(tile::ReshapeOp::create(k.b(), k.loc(), TileMath::type({r.first, r.rest()}, sum), tile));
  };
  Expr center = table->lagZero();
  ComplexTile s = part(center, table->width - center, 1, 0);
  if (op.getMode() != "causal") {
    ComplexTile back = part(center - Expr(1), center, -1, -1);
    s = {t.add(s.re, back.re), t.sub(s.im, back.im)};
  }
  // Both transforms and the inverse are divided by the root of N, the product is to be divided by N.
  double root = std::sqrt(static_cast<double>(r.points()));
  s = {t.mul(s.re, root), t.mul(s.im, root)};
  Spectrum spectrum{Value(), Value(), Value(), r, factor};
  int64_t m = r.rows(), n = r.last;
  int64_t rows = sizes.hk.isConst() ? sizes.hk.value() : ShapedType::kDynamic;
  SmallVector<Value> keys{op.getK(), op.getU()};
  if (factor != sum) {
    Value top = arith::MaximumFOp::create(k.b(), k.loc(), largest(t, s.re), largest(t, s.im)), inverse = inverseOf(t, top);
    s = {t.convert(times(t, s.re, inverse), factor), t.convert(times(t, s.im, inverse), factor)};
    keys.push_back(op.getY());
    Value view = k.view(k.writePointer(keys[2], RankedTensorType::get({rows}, sum), {sizes.hk}), Expr(0), {{sizes.hk, Expr(1)}});
    tile::StoreOp::create(k.b(), k.loc(), t.splat(TileMath::type({1}, sum), top), view, ArrayRef<OpFoldResult>{row});
  }
  for (auto [key, tile] : {std::pair(keys[0], s.re), std::pair(keys[1], s.im)}) {
    Value pointer = k.writePointer(key, RankedTensorType::get({rows, r.points()}, factor), {sizes.hk, Expr(r.points())});
    Value view = k.view(pointer, Expr(0), {{sizes.hk, Expr(r.points())}, {Expr(m), Expr(n)}, {Expr(n), Expr(1)}});
    tile::StoreOp::create(k.b(), k.loc(), tile, view, ArrayRef<OpFoldResult>{row, zero, zero});
  }
  SmallVector<Value> values = k.launch(host, dtypeName(factor), keys);
  spectrum.re = values[0], spectrum.im = values[1];
  if (factor != sum)
    spectrum.scale = values[2];
  return spectrum;
}

FailureOr<Value> emitLongConvMonarch(OpBuilder &host, KernelBuilder &k, seq::LongConvOp op, const LongConvSizes &sizes, const Spectrum &spectrum,
                                     const ConvBlock &block) {
  return MonarchProgram(k, op, sizes, spectrum, block).emit(host);
}

} // namespace seqc::convert
