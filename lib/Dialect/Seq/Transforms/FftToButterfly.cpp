// SPDX-License-Identifier: Apache-2.0
// seq-fft-to-butterfly: transforms become seq.butterfly; long ones several of them, with twiddles between.
#include "FftFactors.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Dialect/Seq/Transforms/Forms.h"
#include "seqc/Dialect/Seq/Transforms/Passes.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

namespace seqc::seq {
#define GEN_PASS_DEF_FFTTOBUTTERFLYPASS
#include "seqc/Dialect/Seq/Transforms/Passes.h.inc"
} // namespace seqc::seq

using namespace mlir;
using namespace seqc::seq;
using Z = std::complex<double>;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// f32, f64: of the parts of a real or complex type, widened.
static Type accumulator(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    element = complex.getElementType();
  return accumulationType(element);
}

namespace {
/// One transform: y = scale * DFT(weights * x filled up with zeros to n), its first elements; the real part for a real y.
struct Transform {
  Operation *op;
  Value x;
  RankedTensorType y;
  int64_t n;
  bool inverse;
  std::vector<Z> weights; ///< empty: all 1

  double sign() const { return inverse ? 1 : -1; }
  double scale() const { return inverse ? 1.0 / static_cast<double>(n) : 1.0; }
};

/// The real part of the inverse of x weighted 1, 2, 2, .., (1) is the inverse of the Hermitian spectrum that x is the half of. Of up to two
/// elements x is the whole.
std::vector<Z> hermitianWeights(int64_t n) {
  std::vector<Z> w;
  for (int64_t k = 0; n > 2 && k <= n / 2; ++k)
    w.push_back(k == 0 || 2 * k == n ? 1.0 : 2.0);
  return w;
}

class Lowering {
public:
  Lowering(Transform t, int64_t maxLength) : t(std::move(t)), maxLength(maxLength), b(this->t.op), loc(this->t.op->getLoc()), acc(accumulator(typeOf(this->t.x).getElementType())) {}

  /// The value that replaces the transform, or null if its length is beyond every form.
  Value build() {
    if (t.n <= maxLength && fftRadices(t.n))
      return chain();
    if (int64_t length = llvm::PowerOf2Ceil(2 * t.n - 1); length <= maxLength)
      return bluestein(length);
    if (auto split = fftSplit(t.n, maxLength))
      return twoSteps(split->first, split->second);
    return {};
  }

private:
  StageAttr stage(StringRef kind, int64_t left, int64_t radix, int64_t right) { return StageAttr::get(b.getContext(), kind, left, radix, radix, right); }

  /// Stages of a DFT of `radices`, from digits (n1, n2, ..) to digits (k1, k2, ..).
  SmallVector<Attribute> forward(ArrayRef<int64_t> radices, StringRef kind) {
    int64_t left = 1, right = 1;
    SmallVector<Attribute> stages;
    for (int64_t r : radices)
      right *= r;
    for (int64_t r : radices) {
      right /= r;
      stages.push_back(stage(kind, left, r, right));
      left *= r;
    }
    return stages;
  }

  /// A constant of complex numbers, or of their real parts if none has another.
  Value constant(ArrayRef<int64_t> shape, ArrayRef<Z> values) {
    bool real = llvm::all_of(values, [](const Z &z) { return z.imag() == 0; });
    auto type = RankedTensorType::get(shape, real ? acc : ComplexType::get(acc));
    DenseElementsAttr attr;
    if (real && acc.isF64())
      attr = DenseElementsAttr::get(type, ArrayRef<double>(llvm::map_to_vector(values, [](const Z &z) { return z.real(); })));
    else if (real)
      attr = DenseElementsAttr::get(type, ArrayRef<float>(llvm::map_to_vector(values, [](const Z &z) { return static_cast<float>(z.real()); })));
    else if (acc.isF64())
      attr = DenseElementsAttr::get(type, values);
    else
      attr = DenseElementsAttr::get(type, ArrayRef<std::complex<float>>(llvm::map_to_vector(values, [](const Z &z) { return std::complex<float>(z); })));
    return arith::ConstantOp::create(b, loc, attr);
  }

  Value butterfly(RankedTensorType y, ArrayRef<Value> factors, ArrayRef<Attribute> stages, double scale, ArrayRef<int64_t> reversed = {}) {
    FloatAttr scaleAttr = scale == 1.0 ? FloatAttr() : b.getF64FloatAttr(scale);
    DenseI64ArrayAttr digits, order;
    if (reversed.size() > 1) {
      digits = b.getDenseI64ArrayAttr(reversed);
      order = b.getDenseI64ArrayAttr(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, reversed.size()))));
    }
    return ButterflyOp::create(b, loc, y, t.x, factors, b.getArrayAttr(stages), scaleAttr, DenseI64ArrayAttr(), DenseI64ArrayAttr(), digits, order);
  }

  /// A stage that multiplies by `values`, filled up with zeros.
  void diagonal(std::vector<Z> values, int64_t length, SmallVectorImpl<Value> &factors, SmallVectorImpl<Attribute> &stages) {
    values.resize(length);
    factors.push_back(constant({1, 1, length, 1, 1}, values));
    stages.push_back(stage("matrix", 1, 1, length));
  }

  Value chain() {
    SmallVector<int64_t> radices = *fftRadices(t.n);
    SmallVector<Value> factors;
    SmallVector<Attribute> stages;
    if (!t.weights.empty())
      diagonal(t.weights, t.n, factors, stages);
    if (radices.empty())
      radices.push_back(1);
    llvm::append_range(stages, forward(radices, t.inverse ? "inverse_dft" : "dft"));
    return butterfly(t.y, factors, stages, t.scale(), radices);
  }

  /// A circular convolution with the chirp, by transforms of a power of two.
  Value bluestein(int64_t length) {
    std::vector<Z> c = chirp(t.n, t.sign()), first = c, spectrum = chirpSpectrum(c, length), ordered(length);
    for (auto [w, z] : llvm::zip(t.weights, first))
      z *= w;
    if (!t.weights.empty())
      std::fill(first.begin() + static_cast<int64_t>(t.weights.size()), first.end(), 0.0);
    // The stages leave element k = k1 + n1 k2 + .. at place (k1, k2, ..).
    SmallVector<int64_t> radices = *fftRadices(length);
    for (int64_t place = 0; place < length; ++place) {
      int64_t rest = place, k = 0, size = length;
      SmallVector<int64_t> digits;
      for (int64_t r : radices) {
        size /= r;
        digits.push_back(rest / size);
        rest %= size;
      }
      for (size_t i = radices.size(); i-- > 0;)
        k = k * radices[i] + digits[i];
      ordered[place] = spectrum[k];
    }
    SmallVector<Value> factors;
    SmallVector<Attribute> stages, back;
    diagonal(first, length, factors, stages);
    llvm::append_range(stages, forward(radices, "dft"));
    diagonal(ordered, length, factors, stages);
    back = forward(radices, "inverse_dft_transposed");
    stages.append(back.rbegin(), back.rend());
    diagonal(c, length, factors, stages);
    return butterfly(t.y, factors, stages, t.scale() / static_cast<double>(length));
  }

  //===-- Two steps through memory --------------------------------------------------------===//

  using Body = function_ref<Value(OpBuilder &, Location, ValueRange)>;

  /// Elementwise, with a scalar body.
  Value map(ValueRange inputs, Type element, Body body) {
    Value init = emptyTensor(b, loc, tensor::getMixedSizes(b, loc, inputs[0]), element);
    auto build = [&](OpBuilder &inner, Location at, ValueRange args) { linalg::YieldOp::create(inner, at, body(inner, at, args)); };
    return linalg::MapOp::create(b, loc, inputs, init, build).getResult()[0];
  }

  Value multiply(Value x, Value factor) {
    bool real = !isa<ComplexType>(typeOf(factor).getElementType());
    return map({x, factor}, typeOf(x).getElementType(), [&](OpBuilder &inner, Location at, ValueRange args) -> Value {
      Value f = args[1];
      if (real)
        f = complex::CreateOp::create(inner, at, ComplexType::get(acc), f, arith::ConstantOp::create(inner, at, inner.getFloatAttr(acc, 0.0)));
      return complex::MulOp::create(inner, at, args[0], f);
    });
  }

  /// `v`, whose dims are the last ones of x, at every index of the other dims.
  Value broadcast(Value v, Value x) {
    int64_t added = typeOf(x).getRank() - typeOf(v).getRank();
    if (!added)
      return v;
    Value init = emptyTensor(b, loc, tensor::getMixedSizes(b, loc, x), typeOf(v).getElementType());
    return linalg::BroadcastOp::create(b, loc, v, init, llvm::to_vector(llvm::seq<int64_t>(0, added))).getResult()[0];
  }

  Value swapLast(Value x) {
    int64_t rank = typeOf(x).getRank();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, x);
    SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(perm[rank - 1], perm[rank - 2]);
    std::swap(sizes[rank - 1], sizes[rank - 2]);
    return linalg::TransposeOp::create(b, loc, x, emptyTensor(b, loc, sizes, typeOf(x).getElementType()), perm).getResult()[0];
  }

  SmallVector<ReassociationIndices> lastTwo(int64_t rank) {
    SmallVector<ReassociationIndices> groups;
    for (int64_t d = 0; d + 1 < rank; ++d)
      groups.push_back({d});
    groups.push_back({rank - 1, rank});
    return groups;
  }

  /// x as complex numbers, weighted, of n elements.
  Value prepared() {
    Value x = t.x;
    Type complex = ComplexType::get(acc);
    if (!isa<ComplexType>(typeOf(x).getElementType()))
      x = map({x}, complex, [&](OpBuilder &inner, Location at, ValueRange args) -> Value {
        Value re = args[0];
        if (re.getType() != acc)
          re = arith::ExtFOp::create(inner, at, acc, re);
        return complex::CreateOp::create(inner, at, complex, re, arith::ConstantOp::create(inner, at, inner.getFloatAttr(acc, 0.0)));
      });
    if (!t.weights.empty()) {
      x = multiply(x, broadcast(constant({static_cast<int64_t>(t.weights.size())}, t.weights), x));
      SmallVector<int64_t> shape(typeOf(x).getShape());
      SmallVector<OpFoldResult> low(shape.size(), b.getIndexAttr(0)), high = low;
      high.back() = b.getIndexAttr(t.n - shape.back());
      shape.back() = t.n;
      Value zero = complex::ConstantOp::create(b, loc, complex, b.getArrayAttr({b.getFloatAttr(acc, 0.0), b.getFloatAttr(acc, 0.0)}));
      x = tensor::PadOp::create(b, loc, RankedTensorType::get(shape, complex), x, low, high, zero);
    }
    return x;
  }

  /// N = n1 n2, n = n2 i1 + i2, k = k1 + n1 k2: transforms over i1, twiddles, transforms over i2.
  Value twoSteps(int64_t n1, int64_t n2) {
    Value x = prepared();
    int64_t rank = typeOf(x).getRank();
    SmallVector<int64_t> shape(typeOf(x).getShape());
    shape.back() = n1;
    shape.push_back(n2);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, x);
    sizes.back() = b.getIndexAttr(n1);
    sizes.push_back(b.getIndexAttr(n2));
    Type complex = ComplexType::get(acc);
    x = tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, complex), x, lastTwo(rank), sizes);
    Value columns = swapLast(x);
    columns = FftOp::create(b, loc, columns.getType(), columns, t.inverse);
    std::vector<Z> twiddles;
    for (int64_t i2 = 0; i2 < n2; ++i2)
      for (int64_t k1 = 0; k1 < n1; ++k1)
        twiddles.push_back(unitRoot(t.sign(), i2 * k1, t.n));
    Value rows = swapLast(multiply(columns, broadcast(constant({n2, n1}, twiddles), columns)));
    rows = swapLast(FftOp::create(b, loc, rows.getType(), rows, t.inverse));
    shape.pop_back();
    shape.back() = t.n;
    Value y = tensor::CollapseShapeOp::create(b, loc, RankedTensorType::get(shape, complex), rows, lastTwo(rank));
    return finished(y);
  }

  /// The first elements, the real part of a real result.
  Value finished(Value y) {
    int64_t last = t.y.getShape().back();
    if (last != t.n) {
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, y), offsets(sizes.size(), b.getIndexAttr(0)), strides(sizes.size(), b.getIndexAttr(1));
      sizes.back() = b.getIndexAttr(last);
      SmallVector<int64_t> shape(typeOf(y).getShape());
      shape.back() = last;
      y = tensor::ExtractSliceOp::create(b, loc, RankedTensorType::get(shape, typeOf(y).getElementType()), y, offsets, sizes, strides);
    }
    Type element = t.y.getElementType();
    if (isa<ComplexType>(element))
      return y;
    return map({y}, element, [&](OpBuilder &inner, Location at, ValueRange args) -> Value {
      Value re = complex::ReOp::create(inner, at, acc, args[0]);
      return element == acc ? re : arith::TruncFOp::create(inner, at, element, re);
    });
  }

  Transform t;
  int64_t maxLength;
  OpBuilder b;
  Location loc;
  Type acc;
};

struct FftToButterfly : seqc::seq::impl::FftToButterflyPassBase<FftToButterfly> {
  using FftToButterflyPassBase::FftToButterflyPassBase;

  static std::optional<Transform> transformOf(Operation *op) {
    Value x = op->getOperand(0);
    RankedTensorType y = typeOf(op->getResult(0));
    int64_t n = typeOf(x).getShape().back();
    if (auto fft = dyn_cast<FftOp>(op))
      return Transform{op, x, y, n, fft.getInverse(), {}};
    if (isa<RfftOp>(op))
      return Transform{op, x, y, n, false, {}};
    auto irfft = cast<IrfftOp>(op);
    if (!irfft.getN())
      return std::nullopt;
    return Transform{op, x, y, static_cast<int64_t>(*irfft.getN()), true, hermitianWeights(*irfft.getN())};
  }

  LogicalResult lower(Operation *op) {
    std::optional<Transform> t = transformOf(op);
    if (!t || ShapedType::isDynamic(t->n) || ShapedType::isDynamic(typeOf(op->getOperand(0)).getShape().back()) || ShapedType::isDynamic(t->y.getShape().back()))
      return seqc::unsupported(op->emitOpError()) << "expects a static length, but got " << op->getOperand(0).getType() << "; the lengths of a kernel's factors are part of its code";
    int64_t n = t->n;
    Value y = Lowering(std::move(*t), maxLength).build();
    if (!y)
      return seqc::unsupported(op->emitOpError()) << "expects a length with prime factors up to " << kLargestRadix << " or one up to " << maxLength / 2 << ", but got " << n;
    if (y.getType() != op->getResult(0).getType())
      return op->emitOpError() << "expects the dims of x and y to be known alike, but got " << op->getOperand(0).getType() << " and " << op->getResult(0).getType();
    op->getResult(0).replaceAllUsesWith(y);
    op->erase();
    return success();
  }

  void runOnOperation() override {
    // Long transforms become shorter ones, which are lowered in turn.
    while (true) {
      SmallVector<Operation *> work;
      getOperation().walk([&](Operation *op) {
        if (isa<FftOp, RfftOp, IrfftOp>(op))
          work.push_back(op);
      });
      if (work.empty())
        return;
      for (Operation *op : work)
        if (failed(lower(op)))
          return signalPassFailure();
    }
  }
};
} // namespace
