// SPDX-License-Identifier: Apache-2.0
// DFT and STFT. ONNX writes complex numbers as a last dim of extent 2 (real: 1), the graph has them as elements.
#include "Registry.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <numeric>

using namespace mlir;

namespace seqc::onnx {

namespace {
using Body = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

Tensor map(GraphBuilder &g, llvm::ArrayRef<Tensor> inputs, Type element, Body body) {
  llvm::SmallVector<Value> values = llvm::map_to_vector(inputs, [&](const Tensor &t) { return g.value(t); });
  auto build = [&](OpBuilder &b, Location loc, ValueRange args) { linalg::YieldOp::create(b, loc, body(b, loc, args)); };
  auto op = linalg::MapOp::create(g.b, g.loc, values, g.empty(inputs[0].shape, element), build);
  return g.wrap(op->getResult(0), inputs[0].shape);
}

/// [.., 1] or [.., 2] of floats: real numbers without the last dim, or complex ones.
Tensor numbersOf(GraphBuilder &g, const Tensor &x) {
  int64_t last = x.rank() - 1;
  Tensor wide = g.widen(x);
  if (x.shape[last].isConst(1))
    return g.squeeze(wide, {last});
  auto part = [&](int64_t i) { return g.squeeze(g.slice(wide, last, Size(i), Size(1)), {last}); };
  Type type = ComplexType::get(wide.element);
  return map(g, {part(0), part(1)}, type, [&](OpBuilder &b, Location loc, ValueRange args) { return complex::CreateOp::create(b, loc, type, args[0], args[1]); });
}

Tensor asComplex(GraphBuilder &g, const Tensor &x) {
  if (isa<ComplexType>(x.element))
    return x;
  Type real = x.element, type = ComplexType::get(real);
  return map(g, {x}, type, [&](OpBuilder &b, Location loc, ValueRange args) {
    return complex::CreateOp::create(b, loc, type, args[0], arith::ConstantOp::create(b, loc, b.getFloatAttr(real, 0.0)));
  });
}

/// The reverse of numbersOf, in this element type.
Tensor partsOf(GraphBuilder &g, const Tensor &x, Type element) {
  int64_t last = x.rank();
  auto type = dyn_cast<ComplexType>(x.element);
  if (!type)
    return g.unsqueeze(g.cast(x, element), {last});
  Type real = type.getElementType();
  Tensor re = map(g, {x}, real, [&](OpBuilder &b, Location loc, ValueRange args) { return complex::ReOp::create(b, loc, real, args[0]); });
  Tensor im = map(g, {x}, real, [&](OpBuilder &b, Location loc, ValueRange args) { return complex::ImOp::create(b, loc, real, args[0]); });
  return g.concat({g.unsqueeze(g.cast(re, element), {last}), g.unsqueeze(g.cast(im, element), {last})}, last);
}

/// The first `length` elements along `dim`, zeros behind the end.
Tensor resized(GraphBuilder &g, const Tensor &x, int64_t dim, const Size &length) {
  if (x.shape[dim] == length)
    return x;
  if (!x.shape[dim].isConst() || !length.isConst())
    unsupported("a transform of length " + length.str() + " of " + x.shape[dim].str() + " elements: whether to cut or to fill up is not known");
  if (x.shape[dim].value() > length.value())
    return g.slice(x, dim, Size(0), length);
  llvm::SmallVector<Size> low(x.rank(), Size(0)), high = low;
  high[dim] = length - x.shape[dim];
  return g.pad(x, low, high, 0);
}

Tensor swapped(GraphBuilder &g, const Tensor &x, int64_t a, int64_t b) {
  if (a == b)
    return x;
  llvm::SmallVector<int64_t> perm(x.rank());
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[a], perm[b]);
  return g.transpose(x, perm);
}

Size halfOf(const Size &n) { return floorDiv(n, Size(2)) + Size(1); }

/// Along the last dim.
Tensor forward(GraphBuilder &g, const Tensor &x, bool isOneSided) {
  if (isOneSided && isa<ComplexType>(x.element))
    invalid("expects real numbers for a one-sided transform, but got complex ones");
  if (isOneSided) {
    Shape shape = x.shape;
    shape.back() = halfOf(shape.back());
    return g.wrap(seq::RfftOp::create(g.b, g.loc, g.type(shape, ComplexType::get(x.element)), g.value(x)), shape);
  }
  Tensor z = asComplex(g, x);
  return g.wrap(seq::FftOp::create(g.b, g.loc, g.type(z.shape, z.element), g.value(z), /*inverse=*/false), z.shape);
}

Tensor inverse(GraphBuilder &g, const Tensor &x, bool isOneSided, const Size &length) {
  Tensor z = asComplex(g, x);
  if (!isOneSided)
    return g.wrap(seq::FftOp::create(g.b, g.loc, g.type(z.shape, z.element), g.value(z), /*inverse=*/true), z.shape);
  Shape shape = z.shape;
  shape.back() = length;
  RankedTensorType type = g.type(shape, cast<ComplexType>(z.element).getElementType());
  Value size = length.isConst() ? Value() : g.index(length);
  IntegerAttr n = length.isConst() ? g.b.getI64IntegerAttr(length.value()) : IntegerAttr();
  return g.wrap(seq::IrfftOp::create(g.b, g.loc, type, g.value(z), size, n), shape);
}

void requireNumbers(const Tensor &x, int64_t leastRank) {
  bool fits = x.isFloat() && x.rank() >= leastRank && (x.shape.back().isConst(1) || x.shape.back().isConst(2));
  if (!fits)
    invalid("expects floats with a last dim of 1 or 2, but got " + describe(x));
}

void dft(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  requireNumbers(x, 2);
  int64_t dim = c.opset < 20 ? c.attrInt("axis", 1) : c.has(2) ? c.constants(2, "axis").front() : -2;
  dim = c.axis(dim, x.rank());
  if (dim == x.rank() - 1)
    invalid("expects an axis other than that of real and imaginary parts, but got " + llvm::Twine(dim));
  bool isInverse = c.attrInt("inverse", 0) != 0, isOneSided = c.attrInt("onesided", 0) != 0;
  bool fromHalf = isInverse && isOneSided;
  Size length = fromHalf ? Size(2) * (x.shape[dim] - Size(1)) : x.shape[dim];
  if (c.has(1))
    length = c.contents(1, "dft_length").front();
  if (length.isConst() && length.value() < 1)
    invalid("expects a length above 0, but got " + length.str());
  Tensor z = numbersOf(g, resized(g, x, dim, fromHalf ? halfOf(length) : length));
  z = swapped(g, z, dim, z.rank() - 1);
  z = isInverse ? inverse(g, z, isOneSided, length) : forward(g, z, isOneSided);
  c.out(partsOf(g, swapped(g, z, dim, z.rank() - 1), x.element));
}

/// Transforms of frames that start every `frame_step` elements, times a window.
void stft(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  requireNumbers(x, 3);
  if (x.rank() != 3)
    invalid("expects a signal of rank 3, but got " + describe(x));
  Size step = c.contents(1, "frame_step").front();
  if (!c.has(2) && !c.has(3))
    invalid("expects a window or a frame_length, but got none");
  Size length = c.has(3) ? c.contents(3, "frame_length").front() : c.in(2).shape[0];
  if (!step.isConst() || !length.isConst())
    unsupported("frames whose step or length is not a constant");
  if (step.value() < 1 || length.value() < 1)
    invalid("expects a step and a length above 0, but got " + step.str() + " and " + length.str());
  if (x.shape[1].isConst() && x.shape[1].value() < length.value())
    invalid("expects a signal of at least one frame, but got " + describe(x));
  Size frames = floorDiv(x.shape[1] - length, step) + Size(1);
  Shape positions{frames, length};
  Tensor index = g.add(g.mul(g.iota(positions, 0, g.i64()), g.constant(static_cast<double>(step.value()), positions, g.i64())), g.iota(positions, 1, g.i64()));
  Tensor z = g.take(x, index, 1); // [B, frames, length, parts]
  if (c.has(2)) {
    const Tensor &window = c.in(2);
    if (window.rank() != 1)
      invalid("expects a window of rank 1, but got " + describe(window));
    g.require(window.shape[0], length, "window and frame");
    z = g.mul(z, g.repeat(g.cast(window, z.element), z.shape, {0, 1, 3}));
  }
  c.out(partsOf(g, forward(g, numbersOf(g, z), c.attrInt("onesided", 1) != 0), x.element));
}
} // namespace

llvm::ArrayRef<Operator> spectralOperators() {
  static const Operator table[] = {
      {"", "DFT", 17, kMaxOpset, dft},
      {"", "STFT", 17, kMaxOpset, stft},
  };
  return table;
}

} // namespace seqc::onnx
