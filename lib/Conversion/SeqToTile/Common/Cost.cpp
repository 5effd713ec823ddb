// SPDX-License-Identifier: Apache-2.0
#include "Cost.h"
#include "OpKinds.h"
#include "seqc/Analysis/BufferPlan.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include <map>

using namespace mlir;

namespace seqc::convert {
namespace {

/// A sum that stays short: one term per product of dims.
class Sum {
public:
  void add(const Expr &e) {
    auto [factor, rest] = split(e);
    if (factor == 0)
      return;
    auto &term = terms[rest.str()];
    term.first += factor;
    term.second = rest;
  }
  Expr expr() const {
    Expr sum;
    for (const auto &[text, term] : terms)
      sum = sum + Expr(term.first) * term.second;
    return sum;
  }

private:
  /// Constant factor and the rest of a product.
  static std::pair<int64_t, Expr> split(const Expr &e) {
    if (e.isConst())
      return {e.value(), Expr(1)};
    if (e.op() != Expr::Op::Mul)
      return {1, e};
    auto [a, x] = split(e.lhs());
    auto [b, y] = split(e.rhs());
    return {a * b, x * y};
  }
  std::map<std::string, std::pair<int64_t, Expr>> terms;
};

class CostModel {
public:
  CostModel(seq::GroupOp group, ShapeExprs &shapes) : group(group), shapes(shapes) {}

  std::optional<Cost> run() {
    Sum flopsSum, bytesSum;
    for (Operation &op : group.getBody().front()) {
      std::optional<Expr> flops = flopsOf(&op);
      if (!flops)
        return std::nullopt;
      flopsSum.add(*flops);
    }
    llvm::SetVector<Value> inputs;
    getUsedValuesDefinedAbove(group->getRegions(), inputs);
    for (Value v : inputs) {
      std::optional<Expr> bytes = bytesRead(v);
      if (!bytes)
        return std::nullopt;
      bytesSum.add(*bytes);
    }
    for (Value v : group->getResults()) {
      std::optional<Expr> bytes = bytesOf(v);
      if (!bytes)
        return std::nullopt;
      bytesSum.add(*bytes);
    }
    return Cost{flopsSum.expr(), bytesSum.expr()};
  }

private:
  std::optional<Expr> elements(Value v) {
    std::optional<SmallVector<Expr>> shape = shapes.shape(v);
    if (!shape)
      return std::nullopt;
    Expr n(1);
    for (const Expr &e : *shape)
      n = n * e;
    return n;
  }

  std::optional<Expr> bytesOf(Value v) {
    std::optional<Expr> n = elements(v);
    return n ? std::optional(*n * Expr(elementBytes(getElementTypeOrSelf(v.getType())))) : std::nullopt;
  }

  /// Of an input of the group. Constants that fill a tensor and the inits of results are not in memory.
  std::optional<Expr> bytesRead(Value v) {
    if (!isa<RankedTensorType>(v.getType()) || splatOf(v) || isa_and_nonnull<tensor::EmptyOp>(v.getDefiningOp()))
      return Expr(0);
    std::optional<Expr> parts = Expr(0);
    for (OpOperand &use : v.getUses()) {
      Operation *user = use.getOwner();
      if (!group->isProperAncestor(user) || isa<tensor::DimOp>(user))
        continue;
      bool isPart = isa<tensor::ExtractSliceOp>(user) || (isa<tensor::GatherOp>(user) && use.getOperandNumber() == 0);
      if (!isPart)
        return bytesOf(v);
      std::optional<Expr> part = bytesOf(user->getResult(0));
      if (!part)
        return std::nullopt;
      parts = *parts + *part;
    }
    return parts;
  }

  std::optional<Expr> flopsOf(Operation *op) {
    switch (classify(op)) {
    case OpKind::Elementwise: {
      if (auto map = dyn_cast<linalg::MapOp>(op)) {
        std::optional<Expr> n = elements(op->getResult(0));
        return n ? std::optional(*n * Expr(flopsOfBody(map.getMapper().front()))) : std::nullopt;
      }
      bool counts = isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType())) && !isa<CastOpInterface, arith::SelectOp>(op);
      return counts ? elements(op->getResult(0)) : Expr(0);
    }
    case OpKind::Reduce:
      if (isa<ComplexType>(getElementTypeOrSelf(op->getResult(0).getType()))) {
        std::optional<Expr> n = elements(op->getOperand(0));
        return n ? std::optional(*n * Expr(2)) : std::nullopt;
      }
      return isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType())) ? elements(op->getOperand(0)) : Expr(0);
    case OpKind::Anchor:
      if (auto attention = dyn_cast<seq::AttentionOp>(op))
        return attentionFlops(attention);
      if (auto butterfly = dyn_cast<seq::ButterflyOp>(op))
        return butterflyFlops(butterfly);
      if (auto kernel = dyn_cast<seq::SsmKernelOp>(op))
        return ssmKernelFlops(kernel);
      if (auto conv = dyn_cast<seq::LongConvOp>(op))
        return longConvFlops(conv);
      if (auto conv = dyn_cast<seq::ShortConvOp>(op))
        return shortConvFlops(conv);
      if (isSeqAnchor(op))
        return scanFlops(op);
      return productFlops(op);
    default:
      return Expr(0);
    }
  }

  /// Real operations on one element.
  static int64_t flopsOfBody(Block &body) {
    int64_t n = 0;
    for (Operation &op : body.without_terminator())
      n += llvm::TypeSwitch<Operation *, int64_t>(&op)
               .Case<complex::AddOp, complex::SubOp, complex::NegOp>([](auto) { return 2; })
               .Case([](complex::MulOp) { return 6; })
               .Case([](complex::DivOp) { return 11; })
               .Case<complex::ExpOp, complex::AbsOp>([](auto) { return 4; })
               .Default([](Operation *o) { return isa<FloatType>(o->getResult(0).getType()) && !isa<complex::ReOp, complex::ImOp, CastOpInterface, arith::SelectOp>(o) && !o->hasTrait<OpTrait::ConstantLike>(); });
    return n;
  }

  std::optional<Expr> productFlops(Operation *op) {
    std::optional<Expr> outputs = elements(op->getResult(0));
    std::optional<Expr> depth = shapes.dim(op->getOperand(0), cast<RankedTensorType>(op->getOperand(0).getType()).getRank() - 1);
    return outputs && depth ? std::optional(Expr(2) * *outputs * *depth) : std::nullopt;
  }

  std::optional<Expr> scanFlops(Operation *op) {
    std::optional<Expr> n = elements(op->getResult(0));
    auto selective = dyn_cast<seq::SelectiveScanOp>(op);
    if (!n || !selective)
      return n ? std::optional(Expr(isa<ComplexType>(getElementTypeOrSelf(op->getResult(0).getType())) ? 8 : 2) * *n) : n;
    return Expr(7 * cast<RankedTensorType>(selective.getA().getType()).getDimSize(1)) * *n;
  }

  /// Dense products of the stages: 2 for a real one and its sum, twice as many if one side is complex, 8 if both are.
  std::optional<Expr> butterflyFlops(seq::ButterflyOp op) {
    std::optional<SmallVector<Expr>> shape = shapes.shape(op.getX());
    if (!shape)
      return std::nullopt;
    auto isComplex = [](Value v) { return isa<ComplexType>(cast<RankedTensorType>(v.getType()).getElementType()); };
    bool vector = isComplex(op.getX());
    int64_t each = 0;
    for (unsigned i = 0; i < op.numStages(); ++i) {
      seq::StageAttr s = op.stage(i);
      bool factor = !s.hasMatrix() || isComplex(op.factorOf(i));
      each += s.outLength() * s.getIn() * (vector && factor ? 8 : vector || factor ? 4 : 2);
      vector |= s.isComplex() || factor;
    }
    Expr rows(each);
    for (const Expr &size : ArrayRef<Expr>(*shape).drop_back())
      rows = rows * size;
    return rows;
  }

  /// A complex product and sum per eigenvalue and length, of real parts where there is no other; for low rank the steps of the recurrence.
  std::optional<Expr> ssmKernelFlops(seq::SsmKernelOp op) {
    std::optional<Expr> outputs = elements(op.getK());
    int64_t each = op.getLowRank() ? 36 : op.isComplex() ? 4 : 2;
    return outputs ? std::optional(*outputs * Expr(each * op.getStates())) : std::nullopt;
  }

  std::optional<Expr> attentionFlops(seq::AttentionOp op) {
    if (op.isPacked())
      return std::nullopt;
    auto q = shapes.shape(op.getQ()), k = shapes.shape(op.getK()), v = shapes.shape(op.getV());
    if (!q || !k || !v)
      return std::nullopt;
    Expr m = (*q)[2], n = (*k)[2], least = Expr::get(Expr::Op::Min, m, n), pairs = m * n;
    Expr triangle = floorDiv(least * (least + Expr(1)), Expr(2));
    if (op.getCausal() == "top_left") // query i sees min(i + 1, N) keys
      pairs = triangle + (m - least) * n;
    if (op.getCausal() == "bottom_right") // the last query sees all keys, each one before sees one less
      pairs = triangle + (n - least) * least;
    return Expr(2) * (*q)[0] * (*q)[1] * pairs * ((*q)[3] + (*v)[3]);
  }

  /// Pairs of times whose distance 0, 1, .. a kernel of `taps` reaches.
  static Expr causalPairs(const Expr &length, const Expr &taps) {
    Expr least = Expr::get(Expr::Op::Min, length, taps);
    return floorDiv(least * (least + Expr(1)), Expr(2)) + (length - least) * least;
  }

  std::optional<Expr> longConvFlops(seq::LongConvOp op) {
    std::optional<Expr> all = elements(op.getU()), l = shapes.dim(op.getU(), 2), taps = shapes.dim(op.getK(), 1), b = shapes.dim(op.getU(), 0), d = shapes.dim(op.getU(), 1);
    std::optional<Expr> reverse = op.getKRev() ? shapes.dim(op.getKRev(), 1) : Expr(0);
    if (!all || !l || !taps || !b || !d || !reverse)
      return std::nullopt;
    Expr pairs = op.getMode() == "circular" ? *l * *taps : causalPairs(*l, *taps);
    if (op.getKRev())
      pairs = pairs + causalPairs(op.getReverseOffset() ? Expr::get(Expr::Op::Max, *l, Expr(1)) - Expr(1) : *l, *reverse);
    int64_t more = (op.getPreGate() ? 1 : 0) + (op.getPostGate() ? 1 : 0) + (op.getSkip() ? 2 : 0);
    return Expr(2) * *b * *d * pairs + Expr(more) * *all;
  }

  std::optional<Expr> shortConvFlops(seq::ShortConvOp op) {
    std::optional<Expr> all = elements(op.getU());
    int64_t each = 2 * cast<RankedTensorType>(op.getW().getType()).getDimSize(1) + (op.getBias() ? 1 : 0) + (op.getActivation() == "silu" ? 3 : 0);
    return all ? std::optional(Expr(each) * *all) : std::nullopt;
  }

  seq::GroupOp group;
  ShapeExprs &shapes;
};
} // namespace

std::optional<Cost> costOf(seq::GroupOp group, ShapeExprs &shapes) { return CostModel(group, shapes).run(); }

} // namespace seqc::convert
