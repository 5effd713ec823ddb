// SPDX-License-Identifier: Apache-2.0
// seq-raise: irfft(rfft(u) rfft(k)) along the last dim is a convolution; by what is padded and what is kept, a causal, circular or two-sided one.
#include "RaiseConv.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace seqc::seq;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
static int64_t lastDim(Value v) { return typeOf(v).getShape().back(); }

namespace {
/// A real sequence under a transform of n points.
struct Sequence {
  Value source; ///< without the zeros behind it
  int64_t length;
};

/// [D, ..] repeated along a new dim in front, or what is of rank 2 itself.
Value withoutBatch(Value v) {
  if (auto broadcast = v.getDefiningOp<linalg::BroadcastOp>(); broadcast && broadcast.getDimensions() == ArrayRef<int64_t>{0})
    return broadcast.getInput();
  return v;
}

/// Zeros behind the last dim only.
std::optional<Sequence> withoutZeros(Value v) {
  auto pad = v.getDefiningOp<tensor::PadOp>();
  if (!pad)
    return Sequence{v, lastDim(v)};
  Value fill = pad.getConstantPaddingValue();
  int64_t last = typeOf(v).getRank() - 1;
  for (auto [d, low, high] : llvm::enumerate(pad.getMixedLowPad(), pad.getMixedHighPad()))
    if (!isConstantIntValue(low, 0) || (static_cast<int64_t>(d) != last && !isConstantIntValue(high, 0)))
      return std::nullopt;
  if (!fill || !matchPattern(fill, m_AnyZeroFloat()))
    return std::nullopt;
  return Sequence{pad.getSource(), lastDim(pad.getSource())};
}

/// The operands of a complex product, elementwise.
std::optional<std::pair<Value, Value>> complexProduct(Value v) {
  auto map = v.getDefiningOp<linalg::MapOp>();
  if (!map || map.getInputs().size() != 2)
    return std::nullopt;
  Block &body = *map.getBody();
  auto mul = dyn_cast<complex::MulOp>(body.front());
  if (!mul || body.getTerminator()->getOperand(0) != mul.getResult() || mul.getLhs() == mul.getRhs())
    return std::nullopt;
  for (Value operand : {mul.getLhs(), mul.getRhs()})
    if (operand != body.getArgument(0) && operand != body.getArgument(1))
      return std::nullopt;
  return std::pair(map.getInputs()[0], map.getInputs()[1]);
}

class ConvRaiser {
public:
  ConvRaiser(PatternRewriter &b, IrfftOp inverse) : b(b), inverse(inverse), loc(inverse.getLoc()) {}

  /// True if raised; else `reason` says why what looks like a convolution is none that can be raised.
  bool run(std::string &reason) {
    auto no = [&](const Twine &why) {
      reason = why.str();
      return false;
    };
    auto product = complexProduct(inverse.getX());
    if (!product)
      return false;
    auto [x, y] = *product;
    if (typeOf(x).getRank() != 3)
      return false;
    if (!withoutBatch(y).getDefiningOp<RfftOp>() || typeOf(withoutBatch(y)).getRank() != 2)
      std::swap(x, y);
    auto ofInput = x.getDefiningOp<RfftOp>(), ofKernel = withoutBatch(y).getDefiningOp<RfftOp>();
    if (!ofInput || !ofKernel)
      return false;
    if (typeOf(ofKernel.getX()).getRank() != 2)
      return no("the kernel is not one sequence per channel");
    points = lastDim(inverse.getY());
    if (ShapedType::isDynamic(points) || lastDim(ofInput.getX()) != points || lastDim(ofKernel.getX()) != points)
      return no("its transforms are not of one length that is known while compiling");
    std::optional<Sequence> input = withoutZeros(ofInput.getX()), kernel = withoutZeros(ofKernel.getX());
    if (!input || !kernel)
      return no("it is padded by other than zeros behind the last element");
    Type element = typeOf(inverse.getY()).getElementType();
    if (typeOf(input->source).getElementType() != element || typeOf(kernel->source).getElementType() != element)
      return no("its sequences have different element types");
    u = input->source, k = kernel->source, length = input->length, taps = kernel->length;
    kept = slicedTo();
    if (length == points)
      return build("circular", Value());
    if (length + taps - 1 <= points)
      return kept <= length ? build("causal", Value()) : no("more outputs are kept than there are inputs");
    if (2 * length - 1 <= points && taps == points)
      return kept <= length ? build("bidirectional", reversed()) : no("more outputs are kept than there are inputs");
    return no("the end of the convolution wraps around: " + Twine(length) + " inputs and " + Twine(taps) + " taps in " + Twine(points) + " points");
  }

private:
  /// Elements of the last dim that anybody reads.
  int64_t slicedTo() {
    int64_t most = 0;
    for (Operation *user : inverse.getY().getUsers()) {
      auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
      if (!slice || !llvm::all_of(slice.getMixedOffsets(), [](OpFoldResult o) { return isConstantIntValue(o, 0); }) || !slice.hasUnitStride() ||
          ShapedType::isDynamic(slice.getStaticSizes().back()))
        return points;
      most = std::max(most, slice.getStaticSizes().back());
    }
    return most;
  }

  SmallVector<OpFoldResult> sizesOf(Value v, int64_t last) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, v);
    sizes.back() = b.getIndexAttr(last);
    return sizes;
  }

  Value firstElements(Value v, int64_t count) {
    SmallVector<OpFoldResult> zeros(typeOf(v).getRank(), b.getIndexAttr(0)), ones(zeros.size(), b.getIndexAttr(1));
    return lastDim(v) == count ? v : tensor::ExtractSliceOp::create(b, loc, v, zeros, sizesOf(v, count), ones).getResult();
  }

  /// Taps of lags -1, -2, ..: the kernel from its end.
  Value reversed() {
    b.setInsertionPoint(inverse);
    int64_t count = std::max<int64_t>(length - 1, 1);
    auto type = RankedTensorType::get({count, 1}, b.getI64Type());
    SmallVector<int64_t> positions;
    for (int64_t j = 0; j < count; ++j)
      positions.push_back(points - 1 - j);
    Value indices = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(positions)));
    // [count, D], then [D, count].
    int64_t rows = typeOf(k).getDimSize(0);
    Type element = typeOf(k).getElementType();
    Value taken = tensor::GatherOp::create(b, loc, RankedTensorType::get({count, rows}, element), k, indices, b.getDenseI64ArrayAttr({1}), false);
    SmallVector<Value> dynamic;
    if (ShapedType::isDynamic(rows))
      dynamic.push_back(tensor::DimOp::create(b, loc, k, 0));
    Value into = tensor::EmptyOp::create(b, loc, RankedTensorType::get({rows, count}, element), dynamic);
    return linalg::TransposeOp::create(b, loc, taken, into, b.getDenseI64ArrayAttr({1, 0})).getResult()[0];
  }

  /// The factors of a product that only the convolution and its skip connection read.
  std::pair<Value, Value> gated(Value v) {
    auto mul = v.getDefiningOp<arith::MulFOp>();
    return mul ? std::pair(mul.getLhs(), mul.getRhs()) : std::pair(v, Value());
  }

  bool build(StringRef mode, Value reverse) {
    b.setInsertionPoint(inverse);
    if (reverse)
      k = firstElements(k, length);
    auto [input, gate] = gated(u);
    auto op = LongConvOp::create(b, loc, TypeRange(typeOf(u)), input, k, reverse, Value(), gate, Value(), Value(), b.getStringAttr(mode),
                                 b.getI64IntegerAttr(reverse ? 1 : 0));
    for (Operation *user : llvm::make_early_inc_range(inverse.getY().getUsers())) {
      b.setInsertionPoint(user);
      if (length == points) {
        inverse.getY().replaceAllUsesWith(op.getY());
        break;
      }
      Value y = firstElements(op.getY(), typeOf(user->getResult(0)).getShape().back());
      if (y.getType() == user->getResult(0).getType())
        b.replaceOp(user, y);
      else
        b.replaceOp(user, tensor::CastOp::create(b, loc, user->getResult(0).getType(), y));
    }
    absorbSkip(op);
    absorbGate(op);
    op.emitRemark() << "raised irfft(rfft(u) rfft(k)) to seq.long_conv, mode " << mode;
    return true;
  }

  /// y + d u with d one factor per channel.
  void absorbSkip(LongConvOp op) {
    auto add = op.getY().hasOneUse() ? dyn_cast<arith::AddFOp>(*op.getY().user_begin()) : arith::AddFOp();
    if (!add)
      return;
    auto mul = (add.getLhs() == op.getY() ? add.getRhs() : add.getLhs()).getDefiningOp<arith::MulFOp>();
    if (!mul || !mul->hasOneUse())
      return;
    bool isRight = mul.getRhs() == u;
    if (!isRight && mul.getLhs() != u)
      return;
    auto broadcast = (isRight ? mul.getLhs() : mul.getRhs()).getDefiningOp<linalg::BroadcastOp>();
    if (!broadcast || broadcast.getDimensions() != ArrayRef<int64_t>{0, 2})
      return;
    Operation *def = broadcast.getInput().getDefiningOp();
    if (def && !def->isBeforeInBlock(op))
      return;
    op.getSkipMutable().assign(broadcast.getInput());
    b.replaceOp(add, op.getY());
  }

  /// g y.
  void absorbGate(LongConvOp op) {
    auto mul = op.getY().hasOneUse() ? dyn_cast<arith::MulFOp>(*op.getY().user_begin()) : arith::MulFOp();
    if (!mul)
      return;
    Value gate = mul.getLhs() == op.getY() ? mul.getRhs() : mul.getLhs();
    Operation *def = gate.getDefiningOp();
    if (gate == op.getY() || (def && !def->isBeforeInBlock(op)))
      return;
    op.getPostGateMutable().assign(gate);
    b.replaceOp(mul, op.getY());
  }

  PatternRewriter &b;
  IrfftOp inverse;
  Location loc;
  Value u, k;
  int64_t length = 0, taps = 0, points = 0, kept = 0;
};
} // namespace

unsigned seqc::seq::raiseConvolutions(Operation *root, PatternRewriter &rewriter) {
  SmallVector<IrfftOp> inverses;
  root->walk([&](IrfftOp op) { inverses.push_back(op); });
  unsigned raised = 0;
  for (IrfftOp op : inverses) {
    std::string reason;
    if (ConvRaiser(rewriter, op).run(reason))
      ++raised;
    else if (!reason.empty())
      op.emitRemark() << "did not raise irfft(rfft(u) rfft(k)): " << reason;
  }
  return raised;
}
