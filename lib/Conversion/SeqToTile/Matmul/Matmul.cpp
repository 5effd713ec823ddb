// SPDX-License-Identifier: Apache-2.0
#include "Matmul.h"
#include "../Common/OpKinds.h"
#include "seqc/Support/Diagnostics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::convert {

namespace {
/// Axes of the three matrix dims: the innermost one is tiled, the others go by coordinates. 0: the dim has extent 1.
struct MatmulAxes {
  unsigned m = 0, n = 0, k = 0;
  SmallVector<unsigned> grid, loops; ///< outermost first
};

MatmulAxes chooseAxes(const GroupInfo &info) {
  MatmulAxes x;
  const DimLists &out = info.domain().of(info.anchor()->getResult(0));
  const DimLists &a = info.dims(info.anchor()->getOpOperand(0));
  auto inner = [&](const FineList &list) { return list.empty() ? 0u : info.axisOf(list.back()); };
  x.m = inner(out[out.size() - 2]);
  x.n = inner(out.back());
  x.k = inner(a.back());
  for (unsigned i = 1; i < info.axes().size(); ++i)
    (info.axes()[i].reduced ? x.loops : x.grid).push_back(i);
  return x;
}

class MatmulEmitter {
public:
  MatmulEmitter(KernelBuilder &kernel, const GroupInfo &info) : kernel(kernel), info(info), emitter(kernel, info), x(chooseAxes(info)) {}

  LogicalResult emit(const Config &config) {
    Operation *op = info.anchor();
    auto setExtent = [&](unsigned axis, StringRef name) { emitter.axis(axis).extent = axis ? config.get(name) : 1; };
    setExtent(x.m, "bm"), setExtent(x.n, "bn"), setExtent(x.k, "bk");
    assignGrid(emitter, info, x.grid);
    Type result = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
    Type sum = result.isF64() || isa<IntegerType>(result) ? result : kernel.b().getF32Type();
    SmallVector<unsigned> accAxes;
    for (unsigned a : {x.m, x.n})
      if (a)
        accAxes.push_back(a);
    if (accAxes.empty())
      accAxes.push_back(0);
    auto accType = RankedTensorType::get({emitter.axis(x.m).extent, emitter.axis(x.n).extent}, sum);
    FailureOr<Value> acc = initial(op, accType, accAxes);
    if (failed(acc))
      return failure();
    Value total = loopOverK(op, accType, *acc);
    OpBuilder &b = kernel.b();
    SmallVector<int64_t> shape = emitter.shapeOf(accAxes);
    if (shape != accType.getShape())
      total = tile::ReshapeOp::create(b, kernel.loc(), RankedTensorType::get(shape, sum), total);
    emitter.seed(op->getResult(0), Tile{emitter.convert(total, result), accAxes});
    return storeResults(emitter, info);
  }

private:
  FailureOr<Value> initial(Operation *op, RankedTensorType type, ArrayRef<unsigned> accAxes) {
    OpBuilder &b = kernel.b();
    if (startsFromZero(op)) {
      TypedAttr zero = b.getZeroAttr(type.getElementType());
      return Value(arith::ConstantOp::create(b, kernel.loc(), type, DenseElementsAttr::get(type, Attribute(zero))));
    }
    FailureOr<Tile> init = emitter.emitUse(op->getOpOperand(2));
    if (failed(init))
      return failure();
    Value v = emitter.convert(emitter.spread(*init, accAxes), type.getElementType());
    if (cast<RankedTensorType>(v.getType()) != type)
      v = tile::ReshapeOp::create(b, kernel.loc(), type, v);
    return v;
  }

  /// The tile of an operand with dims (rows, cols), read along its contiguous dim.
  Value operand(Access &access, unsigned rows, unsigned cols, Type element) {
    auto unit = [&](unsigned axis) {
      std::optional<Expr> s = axis ? access.stride(info.axes()[axis].fines.back()) : std::nullopt;
      return s && s->isConst(1);
    };
    bool transposed = unit(rows) && !unit(cols);
    SmallVector<unsigned> order = transposed ? SmallVector<unsigned>{cols, rows} : SmallVector<unsigned>{rows, cols};
    Value v = emitter.convert(emitter.loadOrdered(access, order), element);
    if (transposed)
      v = tile::TransposeOp::create(kernel.b(), kernel.loc(), v, ArrayRef<int64_t>{1, 0});
    return v;
  }

  Value loopOverK(Operation *op, RankedTensorType accType, Value acc) {
    OpBuilder &b = kernel.b();
    OpBuilder::InsertionGuard guard(b);
    Access left = info.read(op->getOpOperand(0), kernel.shapes());
    Access right = info.read(op->getOpOperand(1), kernel.shapes());
    Type la = getElementTypeOrSelf(op->getOperand(0).getType()), lb = getElementTypeOrSelf(op->getOperand(1).getType());
    Type element = la == lb ? la : accType.getElementType();
    SmallVector<scf::ForOp> nest;
    for (unsigned a : x.loops) {
      int64_t step = std::max<int64_t>(emitter.axis(a).extent, 1);
      const Expr &size = info.axes()[a].size;
      if (size.isConst() && size.value() >= 1 && size.value() <= step)
        continue;
      auto loop = scf::ForOp::create(b, kernel.loc(), kernel.index(0), kernel.expr(size), kernel.index(step), acc);
      nest.push_back(loop);
      emitter.axis(a).start = loop.getInductionVar();
      acc = loop.getRegionIterArg(0);
      b.setInsertionPointToStart(loop.getBody());
    }
    Value ta = operand(left, x.m, x.k, element), tb = operand(right, x.k, x.n, element);
    acc = tile::DotOp::create(b, kernel.loc(), accType, ta, tb, acc);
    for (scf::ForOp loop : llvm::reverse(nest)) {
      b.setInsertionPointToEnd(loop.getBody());
      scf::YieldOp::create(b, kernel.loc(), acc);
      acc = loop.getResult(0);
    }
    return acc;
  }

  KernelBuilder &kernel;
  const GroupInfo &info;
  TileEmitter emitter;
  MatmulAxes x;
};

bool isSupported(Operation *op) {
  auto type = [&](unsigned i) { return cast<RankedTensorType>(op->getOperand(i).getType()).getElementType(); };
  Type a = type(0), b = type(1), r = type(2);
  auto isSmallFloat = [](Type t) { return t.isF32() || t.isF16() || t.isBF16(); };
  bool ok = (isSmallFloat(a) && isSmallFloat(b) && isSmallFloat(r)) || (a.isF64() && b.isF64() && r.isF64()) ||
            (a.isInteger(8) && b.isInteger(8) && r.isInteger(32));
  if (!ok)
    unsupported(op->emitError("expects f32, f16, bf16, f64 or i8 (with i32 sums) matrices, but got ")) << op->getOperand(0).getType() << " and " << op->getOperand(1).getType();
  return ok;
}
} // namespace

SmallVector<Config> matmulCandidates(const GroupInfo &info, Target target) {
  if (!isSupported(info.anchor()))
    return {};
  MatmulAxes x = chooseAxes(info);
  auto make = [&](int64_t bm, int64_t bn, int64_t bk) {
    Config c;
    auto set = [&](StringRef name, unsigned axis, int64_t limit) { c.set(name, axis ? tileExtent(info.axes()[axis].size, limit, axis == x.n ? 16 : 8) : 1); };
    set("bm", x.m, bm);
    set("bn", x.n, bn);
    set("bk", x.k, bk);
    return c;
  };
  if (target == Target::Cpu)
    return {make(64, 128, 256), make(32, 256, 128)};
  Type element = getElementTypeOrSelf(info.anchor()->getOperand(0).getType());
  bool usesTensorCores = element.isF16() || element.isBF16();
  auto makeGpu = [&](int64_t bm, int64_t bn, int64_t bk, int64_t warps) {
    Config c;
    auto extent = [&](unsigned axis, int64_t limit) { return axis ? gpuTileExtent(info.axes()[axis].size, limit, 16) : 1; };
    c.set("bm", extent(x.m, bm));
    c.set("bn", extent(x.n, bn));
    c.set("bk", extent(x.k, bk));
    c.set("warps", warps);
    return c;
  };
  if (usesTensorCores)
    return {makeGpu(128, 128, 32, 8), makeGpu(64, 64, 32, 4)};
  return {makeGpu(64, 64, 32, 4)};
}

FailureOr<SmallVector<Value>> emitMatmul(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  KernelBuilder kernel(context.library, group.getLoc(), "matmul", context.shapes);
  for (const auto &[name, value] : config.values)
    kernel.setConfig(name, value);
  if (failed(MatmulEmitter(kernel, info).emit(config)))
    return failure();
  return kernel.launch(host, groupDtype(info), info.outputs());
}

} // namespace seqc::convert
