// SPDX-License-Identifier: Apache-2.0
// Softmax and normalizations, written out. 16-bit inputs are computed in f32 and rounded once, or as stash_type says.
#include "Registry.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <numeric>

using namespace mlir;

namespace seqc::onnx {

namespace {
constexpr int64_t kFirst = kMinOpset, kLast = kMaxOpset;
using Reduce = GraphBuilder::Reduce;
using Compare = GraphBuilder::Compare;

void softmax(NodeContext &c) {
  const Tensor &x = c.in(0);
  c.out(c.g.cast(c.g.softmax(c.g.widen(x), c.axis(c.attrInt("axis", -1), x.rank())), x.element));
}

void logSoftmax(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  int64_t dim = c.axis(c.attrInt("axis", -1), x.rank());
  Tensor wide = g.widen(x);
  Tensor centred = g.sub(wide, g.spread(g.reduce(Reduce::Max, wide, {dim}), wide, {dim}));
  Tensor sum = g.reduce(Reduce::Add, g.unary<math::ExpOp>(centred), {dim});
  c.out(g.cast(g.sub(centred, g.spread(g.unary<math::LogOp>(sum), wide, {dim})), x.element));
}

/// 1 for the first largest element of each row.
void hardmax(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  int64_t dim = c.axis(c.attrInt("axis", -1), x.rank());
  Tensor best = g.spread(g.reduce(Reduce::Max, x, {dim}), x, {dim}), position = g.iota(x.shape, dim, g.i32());
  Tensor none = g.broadcastTo(g.scalar(x.shape[dim], g.i32()), x.shape);
  Tensor first = g.reduce(Reduce::Min, g.select(g.compare(Compare::Eq, x, best), position, none), {dim});
  c.out(g.cast(g.compare(Compare::Eq, position, g.spread(first, x, {dim})), x.element));
}

std::vector<int64_t> dimsFrom(int64_t first, int64_t rank) {
  std::vector<int64_t> dims(rank - first);
  std::iota(dims.begin(), dims.end(), first);
  return dims;
}

/// 1 / sqrt(mean(x²) + epsilon), without `dims`
Tensor inverseRms(GraphBuilder &g, const Tensor &x, llvm::ArrayRef<int64_t> dims, double epsilon) {
  return g.unary<math::RsqrtOp>(g.addScalar(g.mean(g.mul(x, x), dims), epsilon));
}

Type stashType(NodeContext &c, Type element) {
  // The type that statistics are computed in: f32 unless the node says otherwise; never narrower than the sums of a graph.
  Type stash = c.elementType(c.attrInt("stash_type", 1));
  return element.isF64() ? element : c.g.wide(stash);
}

struct Normalized {
  Tensor y, mean, inverse; ///< mean and inverse without the dims
};

Normalized layerNorm(GraphBuilder &g, const Tensor &x, llvm::ArrayRef<int64_t> dims, double epsilon) {
  Normalized n;
  n.mean = g.mean(x, dims);
  Tensor centred = g.sub(x, g.spread(n.mean, x, dims));
  n.inverse = inverseRms(g, centred, dims, epsilon);
  n.y = g.mul(centred, g.spread(n.inverse, x, dims));
  return n;
}

/// y scale + bias in the wide type; both broadcast.
Tensor affine(NodeContext &c, Tensor y, size_t scale, size_t bias) {
  GraphBuilder &g = c.g;
  if (c.has(scale))
    y = g.mul(y, g.broadcastTo(g.cast(c.in(scale), y.element), y.shape));
  if (c.has(bias))
    y = g.add(y, g.broadcastTo(g.cast(c.in(bias), y.element), y.shape));
  return y;
}

void layerNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  std::vector<int64_t> dims = dimsFrom(c.axis(c.attrInt("axis", -1), x.rank()), x.rank());
  Tensor wide = g.cast(x, stashType(c, x.element));
  Normalized n = layerNorm(g, wide, dims, c.attrFloat("epsilon", 1e-5));
  c.out(0, g.cast(affine(c, n.y, 1, 2), x.element));
  if (c.wants(1))
    c.out(1, g.unsqueeze(n.mean, dims));
  if (c.wants(2))
    c.out(2, g.unsqueeze(n.inverse, dims));
}

void rmsNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  std::vector<int64_t> dims = dimsFrom(c.axis(c.attrInt("axis", -1), x.rank()), x.rank());
  Tensor wide = g.cast(x, stashType(c, x.element));
  Tensor inverse = inverseRms(g, wide, dims, c.attrFloat("epsilon", 1e-5));
  Tensor y = g.mul(wide, g.spread(inverse, wide, dims));
  c.out(0, g.cast(affine(c, y, 1, /*bias=*/99), c.in(1).element));
  if (c.wants(1)) // SimplifiedLayerNormalization of ONNX Runtime
    c.out(1, g.unsqueeze(inverse, dims));
}

/// ONNX Runtime: normalization of input + skip + bias; the sum is an output too.
template <bool isSimplified> void skipNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (x.rank() == 0)
    invalid("expects a tensor of rank 1 or more, but got " + describe(x));
  size_t biasInput = isSimplified ? 3 : 4;
  std::vector<int64_t> dims{x.rank() - 1};
  Tensor sum = g.add(g.widen(x), g.broadcastTo(g.widen(c.in(1)), x.shape));
  if (c.has(biasInput))
    sum = g.add(sum, g.broadcastTo(g.widen(c.in(biasInput)), x.shape));
  double epsilon = c.attrFloat("epsilon", 1e-12);
  Tensor y;
  if (isSimplified) {
    y = g.mul(sum, g.spread(inverseRms(g, sum, dims, epsilon), sum, dims));
    y = affine(c, y, 2, 99);
  } else {
    y = affine(c, layerNorm(g, sum, dims, epsilon).y, 2, 3);
  }
  c.out(0, g.cast(y, x.element));
  if (c.wants(3))
    c.out(3, g.cast(sum, x.element));
}

/// Per-channel vector [C] as [1, C, 1, ..] in the shape of x.
Tensor perChannel(GraphBuilder &g, const Tensor &v, const Tensor &x) {
  if (v.rank() != 1)
    invalid("expects one value per channel, but got " + describe(v));
  llvm::SmallVector<int64_t> others{0};
  for (int64_t d = 2; d < x.rank(); ++d)
    others.push_back(d);
  g.require(x.shape[1], v.shape[0], "values per channel");
  return g.repeat(g.cast(v, x.element), x.shape, others);
}

void batchNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (c.attrInt("training_mode", 0) || c.wants(1))
    unsupported("batch normalization in training mode");
  if (x.rank() < 2)
    invalid("expects a tensor of rank 2 or more, but got " + describe(x));
  Tensor wide = g.widen(x);
  // scale / sqrt(variance + epsilon) on the vectors, once per channel
  Tensor variance = g.widen(c.in(4));
  Tensor factor = g.mul(g.cast(c.in(1), variance.element), g.unary<math::RsqrtOp>(g.addScalar(variance, c.attrFloat("epsilon", 1e-5))));
  Tensor y = g.mul(g.sub(wide, perChannel(g, c.in(3), wide)), perChannel(g, factor, wide));
  c.out(g.cast(g.add(y, perChannel(g, c.in(2), wide)), x.element));
}

void instanceNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  if (x.rank() < 3)
    invalid("expects a tensor of rank 3 or more, but got " + describe(x));
  Tensor wide = g.widen(x);
  Tensor y = layerNorm(g, wide, dimsFrom(2, x.rank()), c.attrFloat("epsilon", 1e-5)).y;
  c.out(g.cast(g.add(g.mul(y, perChannel(g, c.in(1), wide)), perChannel(g, c.in(2), wide)), x.element));
}

void groupNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  int64_t groups = c.attrInt("num_groups", 0);
  if (x.rank() < 2 || groups < 1)
    invalid("expects a tensor of rank 2 or more and num_groups above 0, but got " + describe(x) + " and " + llvm::Twine(groups));
  std::optional<Size> channels = exactQuotient(x.shape[1], Size(groups));
  if (!channels)
    invalid("expects channels in " + llvm::Twine(groups) + " groups, but got " + describe(x));
  Shape split{x.shape[0], Size(groups), *channels};
  split.append(x.shape.begin() + 2, x.shape.end());
  Tensor wide = g.reshape(g.widen(x), split);
  Tensor y = layerNorm(g, wide, dimsFrom(2, wide.rank()), c.attrFloat("epsilon", 1e-5)).y;
  if (c.opset < 21) { // scale and bias per group
    y = g.add(g.mul(y, perChannel(g, c.in(1), wide)), perChannel(g, c.in(2), wide));
    return c.out(g.cast(g.reshape(y, x.shape), x.element));
  }
  y = g.reshape(y, x.shape);
  c.out(g.cast(g.add(g.mul(y, perChannel(g, c.in(1), y)), perChannel(g, c.in(2), y)), x.element));
}

void lpNormalization(NodeContext &c) {
  GraphBuilder &g = c.g;
  const Tensor &x = c.in(0);
  int64_t dim = c.axis(c.attrInt("axis", -1), x.rank()), p = c.attrInt("p", 2);
  Tensor wide = g.widen(x);
  Tensor norm = p == 1 ? g.reduce(Reduce::Add, g.unary<math::AbsFOp>(wide), {dim}) : g.sqrt(g.reduce(Reduce::Add, g.mul(wide, wide), {dim}));
  if (p != 1 && p != 2)
    invalid("expects p of 1 or 2, but got " + llvm::Twine(p));
  // A zero row stays zero.
  Tensor isZero = g.compare(Compare::Eq, norm, g.constant(0, norm.shape, norm.element));
  norm = g.select(isZero, g.constant(1, norm.shape, norm.element), norm);
  c.out(g.cast(g.div(wide, g.spread(norm, wide, {dim})), x.element));
}

/// ONNX Runtime's Gelu of x + bias, exact or by tanh.
template <bool isFast> void biasGelu(NodeContext &c) {
  GraphBuilder &g = c.g;
  Tensor x = g.widen(c.in(0));
  if (c.has(1))
    x = g.add(x, g.broadcastTo(g.widen(c.in(1)), x.shape));
  Tensor inner = isFast ? g.scale(g.add(x, g.scale(g.mul(g.mul(x, x), x), 0.044715)), 0.7978845608028654) : g.scale(x, 0.7071067811865476);
  Tensor gate = isFast ? g.unary<math::TanhOp>(inner) : g.unary<math::ErfOp>(inner);
  c.out(g.cast(g.mul(g.scale(x, 0.5), g.addScalar(gate, 1)), c.in(0).element));
}
} // namespace

llvm::ArrayRef<Operator> normalizationOperators() {
  static const Operator table[] = {
      {"", "Softmax", kFirst, kLast, softmax},
      {"", "LogSoftmax", kFirst, kLast, logSoftmax},
      {"", "Hardmax", kFirst, kLast, hardmax},
      {"", "LayerNormalization", kFirst, kLast, layerNormalization}, // ONNX Runtime has it since opset 1 under this name
      {"", "RMSNormalization", 23, kLast, rmsNormalization},
      {"", "SimplifiedLayerNormalization", kFirst, kLast, rmsNormalization},
      {"com.microsoft", "SimplifiedLayerNormalization", 1, 1, rmsNormalization},
      {"com.microsoft", "SkipLayerNormalization", 1, 1, skipNormalization<false>},
      {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, 1, skipNormalization<true>},
      {"com.microsoft", "BiasGelu", 1, 1, biasGelu<false>},
      {"com.microsoft", "FastGelu", 1, 1, biasGelu<true>},
      {"", "BatchNormalization", 14, kLast, batchNormalization},
      {"", "InstanceNormalization", kFirst, kLast, instanceNormalization},
      {"", "GroupNormalization", 18, kLast, groupNormalization},
      {"", "LpNormalization", kFirst, kLast, lpNormalization},
  };
  return table;
}

} // namespace seqc::onnx
