// SPDX-License-Identifier: Apache-2.0
// seq-shape-facts: what the ops of a graph require of the sizes and the types do not say, as facts that are checked at launch.
#include "seqc/Analysis/ShapeExprs.h"
#include "seqc/Dialect/Seq/IR/Seq.h"
#include "seqc/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace seqc {
#define GEN_PASS_DEF_SHAPEFACTS
#include "seqc/Transforms/Passes.h.inc"

namespace {

class FactCollector {
public:
  explicit FactCollector(func::FuncOp func) : shapes(func) {}

  LogicalResult visit(Operation *op) {
    current = op;
    ok = true;
    TypeSwitch<Operation *>(op)
        .Case([&](linalg::LinalgOp l) { structured(l); })
        .Case([&](tensor::ConcatOp c) { concat(c); })
        .Case([&](tensor::ExpandShapeOp e) { expand(e); })
        .Case([&](tensor::ExtractSliceOp s) { slice(s); })
        .Case([&](seq::AttentionOp a) { attention(a); })
        .Case([&](seq::LinearScanOp s) { scan(s); })
        .Case([&](seq::SelectiveScanOp s) { scan(s); })
        .Case([&](seq::SsmKernelOp k) { ssmKernel(k); })
        .Case<seq::LongConvOp, seq::ShortConvOp>([&](auto c) { convolution(c); })
        .Default([&](Operation *other) {
          if (other->hasTrait<OpTrait::Elementwise>())
            elementwise(other);
        });
    return success(ok);
  }

  ArrayRef<std::string> facts() const { return found; }

private:
  using Size = std::optional<Expr>;

  /// Notes `a op b`. Sizes that are no expressions over the named dims are refused later, by the conversion.
  void require(Expr::Op op, const Size &a, const Size &b) {
    if (!a || !b || (*a == *b && op != Expr::Op::Lt))
      return;
    Expr fact = Expr::get(op, *a, *b);
    if (!fact.isConst()) {
      if (!llvm::is_contained(found, fact.str()))
        found.push_back(fact.str());
      return;
    }
    if (fact.value() == 0) {
      ok = false;
      current->emitError("'") << current->getName() << "' op expects " << (op == Expr::Op::Eq ? "equal sizes" : "a slice inside its tensor") << ", but got "
                              << a->str() << " and " << b->str();
    }
  }
  void equal(Value a, int64_t i, Value b, int64_t j) { require(Expr::Op::Eq, shapes.dim(a, i), shapes.dim(b, j)); }

  static int64_t rank(Value v) { return cast<RankedTensorType>(v.getType()).getRank(); }

  void elementwise(Operation *op) {
    SmallVector<Value> tensors = llvm::filter_to_vector(op->getOperands(), [](Value v) { return isa<RankedTensorType>(v.getType()); });
    for (Value v : llvm::drop_begin(tensors, tensors.empty() ? 0 : 1))
      for (int64_t d = 0; d < rank(v); ++d)
        equal(tensors.front(), d, v, d);
  }

  /// Operand dims that one loop runs over are equal.
  void structured(linalg::LinalgOp op) {
    SmallVector<std::pair<Value, int64_t>> first(op.getNumLoops());
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray()))
      for (auto [d, result] : llvm::enumerate(map.getResults())) {
        auto loop = dyn_cast<AffineDimExpr>(result);
        if (!loop)
          continue;
        auto &[value, dim] = first[loop.getPosition()];
        if (value)
          equal(value, dim, operand, d);
        else
          first[loop.getPosition()] = {operand, d};
      }
  }

  void concat(tensor::ConcatOp op) {
    for (Value v : llvm::drop_begin(op.getInputs()))
      for (int64_t d = 0; d < rank(v); ++d)
        if (d != static_cast<int64_t>(op.getDim()))
          equal(op.getInputs().front(), d, v, d);
  }

  void expand(tensor::ExpandShapeOp op) {
    for (auto [d, group] : llvm::enumerate(op.getReassociationIndices())) {
      Size product = Expr(1);
      for (int64_t g : group) {
        Size size = shapes.index(op.getMixedOutputShape()[g]);
        product = product && size ? Size(*product * *size) : std::nullopt;
      }
      require(Expr::Op::Eq, product, shapes.dim(op.getSrc(), d));
    }
  }

  /// 0 <= offset, 0 <= size, and the last element lies inside.
  void slice(tensor::ExtractSliceOp op) {
    for (int64_t d = 0; d < rank(op.getSource()); ++d) {
      Size offset = shapes.index(op.getMixedOffsets()[d]), size = shapes.index(op.getMixedSizes()[d]);
      int64_t stride = op.getStaticStrides()[d];
      if (!offset || !size)
        continue;
      for (const Expr &e : {*offset, *size})
        if (e.op() != Expr::Op::Name)
          require(Expr::Op::Le, Expr(0), e);
      Expr end = stride == 1 ? *offset + *size : *offset + (*size - Expr(1)) * Expr(stride) + Expr(1);
      require(Expr::Op::Le, end, shapes.dim(op.getSource(), d));
    }
  }

  void ssmKernel(seq::SsmKernelOp op) {
    for (Value v : {op.getB(), op.getC(), op.getDt()})
      equal(op.getLambda(), 0, v, 0);
    if (op.getLowRank())
      equal(op.getLambda(), 0, op.getLowRank(), 0);
  }

  void attention(seq::AttentionOp op) {
    equal(op.getQ(), 0, op.getK(), 0);
    equal(op.getK(), 0, op.getV(), 0);
    equal(op.getK(), 1, op.getV(), 1);
    equal(op.getK(), 2, op.getV(), 2);
    if (Size hq = shapes.dim(op.getQ(), 1), hk = shapes.dim(op.getK(), 1); hq && hk && *hq != *hk) {
      require(Expr::Op::Le, Expr(1), hk);
      if (!hk->isConst(0))
        require(Expr::Op::Eq, Expr::get(Expr::Op::Mod, *hq, *hk), Expr(0));
    }
    const std::pair<Value, int64_t> sizes[] = {{op.getQ(), 0}, {op.getQ(), 1}, {op.getQ(), 2}, {op.getK(), 2}};
    if (Value bias = op.getBias())
      for (int64_t d = 0; d < 4; ++d)
        if (Size size = shapes.dim(bias, d); size && !size->isConst(1))
          equal(bias, d, sizes[d].first, sizes[d].second);
    if (Value sinks = op.getSinks())
      equal(sinks, 0, op.getQ(), 1);
    if (Value lengths = op.getKvLengths())
      equal(lengths, 0, op.getQ(), 0);
    if (op.isPacked()) {
      equal(op.getCuSeqlensQ(), 0, op.getCuSeqlensK(), 0);
      require(Expr::Op::Eq, shapes.dim(op.getQ(), 0), Expr(1));
      require(Expr::Op::Le, Expr(1), shapes.dim(op.getCuSeqlensQ(), 0));
    }
  }

  void scan(seq::LinearScanOp op) {
    if (op.isConstant())
      equal(op.getA(), 0, op.getB(), 1);
    for (int64_t d = 0; d < 3 && !op.isConstant(); ++d)
      equal(op.getA(), d, op.getB(), d);
    for (int64_t d = 0; d < 2 && op.getInitial(); ++d)
      equal(op.getInitial(), d, op.getB(), d);
  }

  void scan(seq::SelectiveScanOp op) {
    Value u = op.getU();
    for (Value v : {op.getDelta(), op.getZ()})
      for (int64_t d = 0; d < 3 && v; ++d)
        equal(v, d, u, d);
    for (Value v : {op.getA(), op.getSkip(), op.getDeltaBias()})
      if (v)
        equal(v, 0, u, 1);
    for (Value v : {op.getB(), op.getC()}) {
      if (!op.isInTime(v)) {
        equal(v, 0, u, 1);
        continue;
      }
      equal(v, 0, u, 0);
      equal(v, 3, u, 2);
      if (Size groups = shapes.dim(v, 1), channels = shapes.dim(u, 1); groups && channels && !groups->isConst(1)) {
        require(Expr::Op::Le, Expr(1), groups);
        if (!groups->isConst(0))
          require(Expr::Op::Eq, Expr::get(Expr::Op::Mod, *channels, *groups), Expr(0));
      }
    }
    if (op.isInTime(op.getB()) && op.isInTime(op.getC()))
      equal(op.getB(), 1, op.getC(), 1);
    if (op.isPacked())
      require(Expr::Op::Le, Expr(1), shapes.dim(op.getCuSeqlens(), 0));
    if (Value initial = op.getInitial()) {
      if (Size ends = op.isPacked() ? shapes.dim(op.getCuSeqlens(), 0) : std::nullopt)
        require(Expr::Op::Eq, shapes.dim(initial, 0), *ends - Expr(1));
      else
        equal(initial, 0, u, 0);
      equal(initial, 1, u, 1);
    }
  }

  void convolution(seq::LongConvOp op) {
    Value u = op.getU(), k = op.getK();
    if (Size d = shapes.dim(u, 1), rows = shapes.dim(k, 0); d && rows && *d != *rows) {
      require(Expr::Op::Le, Expr(1), rows);
      if (!rows->isConst(0))
        require(Expr::Op::Eq, Expr::get(Expr::Op::Mod, *d, *rows), Expr(0));
    }
    require(Expr::Op::Le, Expr(1), shapes.dim(k, 1));
    if (Value reverse = op.getKRev()) {
      equal(reverse, 0, k, 0);
      require(Expr::Op::Le, Expr(1), shapes.dim(reverse, 1));
    }
    if (op.getSkip())
      equal(op.getSkip(), 0, u, 1);
    for (Value gate : {op.getPreGate(), op.getPostGate()})
      for (int64_t d = 0; gate && d < 3; ++d)
        equal(gate, d, u, d);
    if (Value tail = op.getTail()) {
      equal(tail, 0, u, 0);
      equal(tail, 1, u, 1);
      if (Size have = shapes.dim(tail, 2), taps = shapes.dim(k, 1); have && taps)
        require(Expr::Op::Eq, *have + Expr(1), taps);
    }
  }

  void convolution(seq::ShortConvOp op) {
    equal(op.getW(), 0, op.getU(), 1);
    if (op.getBias())
      equal(op.getBias(), 0, op.getU(), 1);
    for (int64_t d = 0; op.getState() && d < 2; ++d)
      equal(op.getState(), d, op.getU(), d);
  }

  ShapeExprs shapes;
  Operation *current = nullptr;
  bool ok = true;
  std::vector<std::string> found;
};

struct ShapeFacts : impl::ShapeFactsBase<ShapeFacts> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func->hasAttr(seq::kExportAttr))
      return;
    FactCollector collector(func);
    for (Operation &op : func.getBody().front())
      if (failed(collector.visit(&op)))
        return signalPassFailure();
    SmallVector<Attribute> facts;
    if (auto stated = func->getAttrOfType<ArrayAttr>(seq::kAssumeAttr))
      facts.append(stated.begin(), stated.end());
    Builder b(func.getContext());
    for (const std::string &fact : collector.facts())
      if (!llvm::is_contained(facts, b.getStringAttr(fact)))
        facts.push_back(b.getStringAttr(fact));
    if (!facts.empty())
      func->setAttr(seq::kAssumeAttr, b.getArrayAttr(facts));
  }
};

} // namespace
} // namespace seqc
