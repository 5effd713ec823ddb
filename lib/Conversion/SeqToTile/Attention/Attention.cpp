// SPDX-License-Identifier: Apache-2.0
#include "Attention.h"
#include "../Common/OpKinds.h"
#include "BlockProgram.h"
#include "seqc/Support/Diagnostics.h"

using namespace mlir;

namespace seqc::convert {

namespace {
seq::AttentionOp anchorOf(const GroupInfo &info) { return cast<seq::AttentionOp>(info.anchor()); }

/// Dims of o: [B], [H], [M], [DV]; the last is empty if o has no use.
DimLists outputDims(const GroupInfo &info) {
  seq::AttentionOp op = anchorOf(info);
  if (info.domain().contains(op.getO()))
    return info.domain().of(op.getO());
  DimLists lists = info.domain().of(op.getLse());
  lists.push_back({});
  return lists;
}

/// Axes of one dim, outermost first.
SmallVector<unsigned> axesOf(const GroupInfo &info, const FineList &list) {
  SmallVector<unsigned> axes;
  for (unsigned f : list)
    if (!llvm::is_contained(axes, info.axisOf(f)))
      axes.push_back(info.axisOf(f));
  return axes;
}

class AttentionEmitter {
public:
  AttentionEmitter(KernelBuilder &kernel, const GroupInfo &info, const Config &config)
      : kernel(kernel), info(info), emitter(kernel, info), op(anchorOf(info)), t{kernel.b(), kernel.loc()}, dims(outputDims(info)),
        config{config.get("bm"), config.get("bn"), std::max<int64_t>(config.get("heads"), 1), config.get("d"), config.get("dv"), config.get("guard") != 0} {}

  LogicalResult emit() {
    if (!rowAxis() && !op.isPacked())
      config.bm = 1;
    if (!readSizes())
      return unsupported(op.emitOpError("expects sizes that are expressions over the named dims"));
    Rows rows = op.isPacked() ? packedProgram() : gridProgram();
    FailureOr<AttentionViews> views = operandViews();
    if (failed(views))
      return failure();
    FailureOr<AttentionTiles> tiles = emitAttentionProgram(kernel, op, config, *views, rows);
    if (failed(tiles))
      return failure();
    Value o = t.convert(tiles->o, cast<RankedTensorType>(op.getO().getType()).getElementType());
    if (op.isPacked())
      return storePacked(rows, o, tiles->lse);
    seedResults(o, tiles->lse);
    return storeResults(emitter, info);
  }

private:
  bool readSizes() {
    auto read = [&](Value v, int64_t d, Expr &e) {
      std::optional<Expr> size = kernel.shapes().dim(v, d);
      e = size.value_or(Expr(0));
      return size.has_value();
    };
    return read(op.getQ(), 1, hq) && read(op.getK(), 1, hk) && read(op.getQ(), 2, m) && read(op.getK(), 2, n) && read(op.getV(), 3, dv) &&
           (!op.isPacked() || read(op.getCuSeqlensQ(), 0, sequences));
  }

  FailureOr<Value> viewOfOperand(Value v, SmallVectorImpl<Expr> *sizes = nullptr) {
    FailureOr<OperandView> view = viewForKernel(op, v, kernel.shapes());
    if (failed(view))
      return failure();
    if (sizes)
      for (const OperandView::Dim &d : view->dims)
        sizes->push_back(d.size);
    return kernel.view(kernel.readPointer(view->base), view->offset, view->dims);
  }

  FailureOr<AttentionViews> operandViews() {
    AttentionViews views;
    for (auto [v, target] : {std::pair(op.getQ(), &views.q), std::pair(op.getK(), &views.k), std::pair(op.getV(), &views.v), std::pair(op.getBias(), &views.bias),
                             std::pair(op.getSinks(), &views.sinks)}) {
      if (!v)
        continue;
      FailureOr<Value> view = viewOfOperand(v, v == op.getBias() ? &views.biasSizes : nullptr);
      if (failed(view))
        return failure();
      *target = *view;
    }
    return views;
  }

  Value headOfKeys(Value head) {
    if (hq == hk)
      return head;
    return t.divi(head, kernel.expr(floorDiv(hq, hk)));
  }

  /// Coordinate along a dim from the starts of its axes.
  Value coordinate(const FineList &list) {
    Value c;
    for (unsigned a : axesOf(info, list)) {
      Value start = emitter.axis(a).start ? emitter.axis(a).start : kernel.index(0);
      c = c ? t.addi(t.muli(c, kernel.expr(info.axes()[a].size)), start) : start;
    }
    return c ? c : kernel.index(0);
  }

  unsigned rowAxis() const { return dims[2].empty() ? 0 : axesOf(info, dims[2]).back(); }

  /// The axis of neighbouring heads.
  unsigned headAxis() const { return axesOf(info, dims[1]).back(); }

  /// Grid over batch, heads and blocks of rows.
  Rows gridProgram() {
    SmallVector<unsigned> columns = axesOf(info, dims[3]), grid;
    for (unsigned a = 1; a < info.axes().size(); ++a)
      if (!llvm::is_contained(columns, a))
        grid.push_back(a);
    emitter.axis(rowAxis()).extent = rowAxis() ? config.bm : 1;
    if (config.heads > 1)
      emitter.axis(headAxis()).extent = config.heads;
    for (unsigned a : columns)
      emitter.axis(a).extent = columns.size() == 1 ? config.dv : info.axes()[a].size.value();
    assignGrid(emitter, info, grid);
    Rows rows;
    rows.sequence = rows.batch = coordinate(dims[0]);
    rows.head = coordinate(dims[1]);
    rows.kvHead = headOfKeys(rows.head);
    rows.queryStart = rows.keyStart = kernel.index(0);
    rows.first = coordinate(dims[2]);
    rows.rows = kernel.expr(m);
    rows.keys = kernel.expr(n);
    if (Value lengths = op.getKvLengths())
      if (FailureOr<Value> view = viewOfOperand(lengths); succeeded(view))
        rows.keys = keysOfBatch(kernel, *view, rows.batch, rows.keys);
    return rows;
  }

  /// Grid over heads and blocks of rows of all sequences.
  Rows packedProgram() {
    Expr count = sequences - Expr(1);
    kernel.setGrid({packedBlocks(config.bm, m, count), hq});
    Value id = kernel.programId(0), head = kernel.programId(1);
    FailureOr<Value> cuQ = viewOfOperand(op.getCuSeqlensQ()), cuK = viewOfOperand(op.getCuSeqlensK());
    Rows rows = packedRows(kernel, op, id, config.bm, m, n, cuQ.value_or(Value()), cuK.value_or(Value()), count);
    rows.head = head;
    rows.kvHead = headOfKeys(head);
    return rows;
  }

  /// Makes o and lse known to the emitter of the epilogue.
  void seedResults(Value o, Value lse) {
    OpBuilder &b = kernel.b();
    unsigned row = rowAxis();
    SmallVector<unsigned> rowAxes, axes;
    if (config.heads > 1)
      rowAxes.push_back(headAxis());
    if (row)
      rowAxes.push_back(row);
    axes = rowAxes;
    llvm::append_range(axes, axesOf(info, dims[3]));
    emitter.axis(0).extent = 1;
    auto seed = [&](Value v, Value tile, SmallVector<unsigned> on) {
      if (on.empty())
        on.push_back(0);
      SmallVector<int64_t> shape = emitter.shapeOf(on);
      auto type = TileMath::type(shape, TileMath::elementOf(tile));
      if (type != tile.getType())
        tile = tile::ReshapeOp::create(b, kernel.loc(), type, tile);
      emitter.seed(v, Tile{tile, on});
    };
    seed(op.getO(), o, axes);
    if (op.hasLse())
      seed(op.getLse(), lse, rowAxes);
  }

  /// Stores rows of one sequence: [H, M, DV] or [H, M], in the order of dims that the group's results have.
  LogicalResult storePacked(const Rows &rows, Value o, Value lse) {
    OpBuilder &b = kernel.b();
    for (Value result : info.outputs()) {
      Access access = info.write(result);
      bool hasColumns = isOutput(result);
      auto dim = [&](const FineList &list, const Expr &size) {
        std::optional<Expr> stride = list.empty() ? std::nullopt : access.stride(list.back());
        return OperandView::Dim{size, stride.value_or(Expr(1))};
      };
      SmallVector<OperandView::Dim> viewDims{dim(dims[1], hq), dim(dims[2], m)};
      SmallVector<OpFoldResult> offsets{rows.head, rows.queryStart}, sizes{b.getIndexAttr(1), rows.rows}, coords{rows.first};
      SmallVector<bool> dropped{true, false};
      if (hasColumns) {
        viewDims.push_back(dim(dims[3], dv));
        offsets.push_back(b.getIndexAttr(0));
        sizes.push_back(kernel.size(dv));
        coords.push_back(b.getIndexAttr(0));
        dropped.push_back(false);
      }
      std::optional<SmallVector<Expr>> shape = kernel.shapes().shape(result);
      if (!shape)
        return unsupported(op.emitOpError("expects results whose sizes are expressions over the named dims"));
      Value pointer = kernel.writePointer(result, cast<RankedTensorType>(result.getType()), *shape);
      Value view = tile::SubviewOp::create(b, kernel.loc(), kernel.view(pointer, Expr(0), viewDims), offsets, sizes, dropped);
      tile::StoreOp::create(b, kernel.loc(), hasColumns ? o : lse, view, coords);
    }
    return success();
  }

  /// True if the result of the group is o seen through views, false if it is lse.
  bool isOutput(Value result) {
    while (Operation *def = result.getDefiningOp()) {
      if (def == op)
        break;
      result = viewSource(def).get();
    }
    return result == op.getO();
  }

  KernelBuilder &kernel;
  const GroupInfo &info;
  TileEmitter emitter;
  seq::AttentionOp op;
  TileMath t;
  DimLists dims;
  AttentionConfig config;
  Expr hq, hk, m, n, dv, sequences;
};

/// Rows of packed sequences are stored by the scheme itself: views may follow, arithmetic may not.
bool isSupported(const GroupInfo &info) {
  seq::AttentionOp op = anchorOf(info);
  for (Operation *other : info.domain().live())
    if (op.isPacked() && other != op && classify(other) != OpKind::View && classify(other) != OpKind::ResultView) {
      unsupported(other->emitOpError("expects to be outside the kernel of a packed 'seq.attention'"));
      return false;
    }
  bool simple = !op.isPacked() || llvm::all_of(outputDims(info), [](const FineList &list) { return list.size() <= 1; });
  if (!simple)
    unsupported(op.emitOpError("expects results in the packed form that are not reshaped"));
  return simple;
}
/// The head counts of a block for decoding: all heads that read one K/V head, 1 where they cannot share a tile (what differs between heads
/// stands in regions or in a bias, or the heads are no axis of the result).
int64_t sharedHeads(const GroupInfo &info) {
  seq::AttentionOp op = anchorOf(info);
  int64_t hq = cast<RankedTensorType>(op.getQ().getType()).getDimSize(1), hk = cast<RankedTensorType>(op.getK().getType()).getDimSize(1);
  DimLists dims = outputDims(info);
  if (op.isPacked() || op.getBias() || !op.getScoreMod().empty() || !op.getMask().empty() || ShapedType::isDynamic(hq) || ShapedType::isDynamic(hk) || dims[1].empty())
    return 1;
  int64_t heads = hq / hk;
  const Expr &axis = info.axes()[axesOf(info, dims[1]).back()].size;
  return heads <= 64 && axis.isConst() && axis.value() % heads == 0 ? heads : 1;
}

/// Blocks of `m` rows of `heads` heads; on the GPU of 16 rows at least where powers of two allow it, for the products of mma.sync.
void setHeads(Config &config, int64_t m, int64_t heads, Target target) {
  if (target == Target::Gpu && llvm::isPowerOf2_64(heads))
    m = std::max<int64_t>(llvm::bit_ceil(static_cast<uint64_t>(m)), 16 / heads);
  config.set("bm", m);
  config.set("heads", heads);
}
} // namespace

SmallVector<Variant> attentionVariants(const GroupInfo &info, ShapeExprs &shapes, Target target) {
  seq::AttentionOp op = anchorOf(info);
  std::optional<Expr> m = shapes.dim(op.getQ(), 2);
  int64_t heads = sharedHeads(info);
  if (!m || m->isConst() || heads == 1)
    return {};
  Config config = attentionCandidates(info, target).front();
  setHeads(config, 1, heads, target);
  return {{Expr::get(Expr::Op::Eq, *m, Expr(1)), config}};
}

SmallVector<Config> attentionCandidates(const GroupInfo &info, Target target) {
  if (!isSupported(info))
    return {};
  seq::AttentionOp op = anchorOf(info);
  auto sizeOf = [](Value v, int64_t d) {
    int64_t size = cast<RankedTensorType>(v.getType()).getDimSize(d);
    return ShapedType::isDynamic(size) ? Expr::name("size") : Expr(size);
  };
  bool splitColumns = axesOf(info, outputDims(info)[3]).size() > 1;
  auto make = [&](int64_t bm, int64_t bn) {
    Config c;
    c.set("bm", tileExtent(sizeOf(op.getQ(), 2), bm));
    c.set("bn", tileExtent(sizeOf(op.getK(), 2), bn));
    c.set("d", tileExtent(sizeOf(op.getQ(), 3), INT64_MAX));
    c.set("dv", splitColumns ? sizeOf(op.getV(), 3).value() : tileExtent(sizeOf(op.getV(), 3), INT64_MAX));
    c.set("guard", 1);
    return c;
  };
  int64_t width = sizeOf(op.getQ(), 3).value() + sizeOf(op.getV(), 3).value();
  auto makeGpu = [&](int64_t bm, int64_t bn) {
    Config c;
    c.set("bm", gpuTileExtent(sizeOf(op.getQ(), 2), bm, 16));
    c.set("bn", gpuTileExtent(sizeOf(op.getK(), 2), bn, 16));
    c.set("d", gpuTileExtent(sizeOf(op.getQ(), 3), 1024, 16));
    c.set("dv", splitColumns ? sizeOf(op.getV(), 3).value() : gpuTileExtent(sizeOf(op.getV(), 3), 1024, 16));
    c.set("guard", 1);
    c.set("warps", 4);
    return c;
  };
  // Keys and values of a block stay in the first cache levels beside the scores.
  int64_t bn = width <= 128 ? 128 : width <= 256 ? 64 : 32;
  SmallVector<Config> configs = target == Target::Gpu ? SmallVector<Config>{makeGpu(64, width <= 256 ? 64 : 32)} : SmallVector<Config>{make(64, bn), make(32, 64)};
  Expr m = sizeOf(op.getQ(), 2);
  if (int64_t heads = sharedHeads(info); heads > 1 && m.isConst() && m.value() >= 1 && m.value() * heads <= 64)
    setHeads(configs.front(), m.value(), heads, target);
  return configs;
}

FailureOr<SmallVector<Value>> emitAttention(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  KernelBuilder kernel(context.library, group.getLoc(), "attention", context.shapes);
  for (const auto &[name, value] : config.values)
    kernel.setConfig(name, value);
  if (failed(AttentionEmitter(kernel, info, config).emit()))
    return failure();
  return kernel.launch(host, groupDtype(info), info.outputs());
}

} // namespace seqc::convert
