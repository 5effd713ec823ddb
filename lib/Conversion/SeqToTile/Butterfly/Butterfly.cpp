// SPDX-License-Identifier: Apache-2.0
#include "Butterfly.h"
#include "../Common/OpKinds.h"
#include "Stages.h"
#include "seqc/Support/Diagnostics.h"

using namespace mlir;

namespace seqc::convert {

namespace {
constexpr int64_t kTileElements = 65536;
constexpr size_t kTileDims = 6;

seq::ButterflyOp anchorOf(const GroupInfo &info) { return cast<seq::ButterflyOp>(info.anchor()); }

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// The float type of a real or complex element type.
FloatType partType(Type element) { return cast<FloatType>(partOf(element)); }

bool isComplexTensor(Value v) { return isa<ComplexType>(typeOf(v).getElementType()); }

/// Longest vector between the stages.
int64_t longest(seq::ButterflyOp op) {
  int64_t n = 1;
  for (unsigned i = 0; i < op.numStages(); ++i)
    n = std::max({n, op.stage(i).inLength(), op.stage(i).outLength()});
  return n;
}

/// True if rows of x have factors of their own.
bool hasRowFactors(seq::ButterflyOp op) {
  return llvm::any_of(op.getFactors(), [](Value f) { return typeOf(f).getDimSize(0) != 1; });
}

/// The dim of x whose vectors a tile holds; none if there is no such dim.
std::optional<int64_t> rowDim(seq::ButterflyOp op) {
  int64_t d = typeOf(op.getX()).getRank() - (hasRowFactors(op) ? 3 : 2);
  return d < 0 ? std::nullopt : std::optional(d);
}

class ButterflyEmitter {
public:
  ButterflyEmitter(KernelBuilder &kernel, const GroupInfo &info, const Config &config, KernelLibrary &library)
      : kernel(kernel), op(anchorOf(info)), t{kernel.b(), kernel.loc()}, bm(config.get("bm")), result(info.outputs()[0]),
        acc(cast<FloatType>(seq::accumulationType(partOf(typeOf(op.getX()).getElementType())))),
        stages(t, library, acc) {}

  LogicalResult emit() {
    FailureOr<OperandView> x = viewOfOperand(op.getX());
    std::optional<SmallVector<Expr>> shape = kernel.shapes().shape(op.getY());
    if (failed(x) || !shape)
      return unsupported(op.emitOpError("expects sizes that are expressions over the named dims"));
    makeGrid(*shape);
    seq::StageAttr first = op.stage(0);
    stages.start(load(op.getX(), *x, first.inLength()), bm, first.inLength());
    if (op.getInputDigits())
      stages.permute(*op.getInputDigits(), *op.getInputPermutation());
    double rest = op.getScaleValue();
    for (unsigned i = 0; i < op.numStages(); ++i)
      if (failed(emitStage(i, rest)))
        return failure();
    stages.scale(rest);
    if (op.getOutputDigits())
      stages.permute(*op.getOutputDigits(), *op.getOutputPermutation());
    store(*shape);
    return success();
  }

private:
  FailureOr<OperandView> viewOfOperand(Value v) { return viewOf(v, kernel.shapes()); }

  /// One program per block of rows, per coordinate of the other dims.
  void makeGrid(ArrayRef<Expr> shape) {
    std::optional<int64_t> row = rowDim(op);
    Expr others(1);
    coords.assign(shape.size() - 1, Value());
    for (int64_t d = 0; d + 1 < static_cast<int64_t>(shape.size()); ++d)
      if (d != row)
        others = others * shape[d];
    SmallVector<Expr, 3> grid{row ? ceilDiv(shape[*row], Expr(bm)) : Expr(1)};
    if (row)
      coords[*row] = grid[0].isConst(1) ? kernel.index(0) : t.muli(kernel.programId(0), kernel.index(bm));
    if (!others.isConst(1))
      grid.push_back(others);
    kernel.setGrid(grid);
    Value id = others.isConst(1) ? kernel.index(0) : kernel.programId(1);
    Expr left = others;
    for (int64_t d = static_cast<int64_t>(shape.size()) - 2; d >= 0; --d) {
      if (d == row)
        continue;
      if (shape[d].isConst(1)) {
        coords[d] = kernel.index(0);
        continue;
      }
      bool last = llvm::none_of(llvm::seq<int64_t>(0, d), [&](int64_t e) { return e != row && !shape[e].isConst(1); });
      coords[d] = last ? id : t.remi(id, kernel.expr(shape[d]));
      if (!last)
        id = t.divi(id, kernel.expr(shape[d]));
    }
  }

  /// Dims and coordinates of a view up to the last dim: the other dims, then the rows.
  void leadingDims(ArrayRef<OperandView::Dim> dims, int64_t parts, SmallVectorImpl<OperandView::Dim> &view, SmallVectorImpl<OpFoldResult> &at) {
    std::optional<int64_t> row = rowDim(op);
    for (auto [d, dim] : llvm::enumerate(dims))
      if (static_cast<int64_t>(d) != row && !dim.size.isConst(1)) {
        view.push_back({dim.size, dim.stride * Expr(parts)});
        at.push_back(coords[d]);
      }
    view.push_back(row ? OperandView::Dim{dims[*row].size, dims[*row].stride * Expr(parts)} : OperandView::Dim{Expr(1), Expr(1)});
    at.push_back(row ? OpFoldResult(coords[*row]) : OpFoldResult(kernel.b().getIndexAttr(0)));
  }

  Value converted(Value tile) { return t.convert(tile, acc); }

  /// [bm, length] of x, zeros behind its end.
  Planes load(Value x, const OperandView &memory, int64_t length) {
    OpBuilder &b = kernel.b();
    int64_t parts = isComplexTensor(x) ? 2 : 1;
    SmallVector<OperandView::Dim> dims;
    SmallVector<OpFoldResult> at;
    leadingDims(ArrayRef<OperandView::Dim>(memory.dims).drop_back(), parts, dims, at);
    dims.push_back({memory.dims.back().size, memory.dims.back().stride * Expr(parts)});
    at.push_back(b.getIndexAttr(0));
    auto part = [&](int64_t i) {
      Value view = kernel.view(kernel.readPointer(memory.base), memory.offset * Expr(parts) + Expr(i), dims);
      return converted(tile::LoadOp::create(b, kernel.loc(), TileMath::type({bm, length}, partType(typeOf(x).getElementType())), view, at, 0.0));
    };
    return {part(0), parts == 2 ? part(1) : Value()};
  }

  /// Tiles of a factor for the row of the program.
  Planes loadFactor(Value factor, const OperandView &memory, const seq::StageAttr &stage, ArrayRef<FactorDim> batch, bool matrix) {
    OpBuilder &b = kernel.b();
    int64_t parts = isComplexTensor(factor) ? 2 : 1;
    SmallVector<OperandView::Dim> dims;
    SmallVector<OpFoldResult> at;
    SmallVector<int64_t> shape;
    auto add = [&](int64_t size, const Expr &stride) {
      dims.push_back({Expr(size), stride * Expr(parts)});
      at.push_back(b.getIndexAttr(0));
      shape.push_back(size);
    };
    if (!memory.dims[0].size.isConst(1)) {
      dims.push_back({memory.dims[0].size, memory.dims[0].stride * Expr(parts)});
      at.push_back(coords.back());
    }
    for (const FactorDim &d : batch) {
      const OperandView::Dim &dim = memory.dims[d.left ? 1 : 2];
      add(d.size, dim.size.isConst(1) ? Expr(0) : dim.stride * Expr(d.stride));
    }
    if (matrix) {
      add(stage.getOut(), memory.dims[3].stride);
      add(stage.getIn(), memory.dims[4].stride);
    }
    auto part = [&](int64_t i) {
      Value view = kernel.view(kernel.readPointer(memory.base), memory.offset * Expr(parts) + Expr(i), dims);
      return converted(tile::LoadOp::create(b, kernel.loc(), TileMath::type(shape, partType(typeOf(factor).getElementType())), view, at, 0.0));
    };
    return {part(0), parts == 2 ? part(1) : Value()};
  }

  /// `rest` is the scale that no stage has taken yet.
  LogicalResult emitStage(unsigned i, double &rest) {
    seq::StageAttr stage = op.stage(i);
    StageShape s{stage.getLeft(), stage.getIn(), stage.getOut(), stage.getRight()};
    bool last = i + 1 == op.numStages(), imaginary = !last || isComplexTensor(op.getY());
    double sign = stage.isInverse() ? 1 : -1;
    if (!stage.hasMatrix()) {
      stages.dft(s, sign, stage.getBaseKind() == "dft_transposed", last ? rest : 1.0, imaginary);
      rest = last ? 1.0 : rest;
      return success();
    }
    Value factor = op.factorOf(i);
    FailureOr<OperandView> memory = viewOfOperand(factor);
    if (failed(memory))
      return unsupported(op.emitOpError("expects factors that are strided memory with sizes over the named dims"));
    auto load = [&](ArrayRef<FactorDim> batch, bool matrix) { return loadFactor(factor, *memory, stage, batch, matrix); };
    bool twiddled = stage.getBaseKind() == "twiddled";
    imaginary |= twiddled;
    bool perBlock = !memory->dims[1].size.isConst(1) || !memory->dims[2].size.isConst(1);
    if (s.in == 1 && s.out == 1 && s.left * s.right > 1)
      stages.diagonal(s, load, imaginary);
    else if (perBlock)
      stages.blocks(s, load, imaginary);
    else
      stages.shared(s, load({}, true), imaginary);
    if (twiddled)
      stages.twiddle(s.left, s.out, s.right, s.out, sign);
    return success();
  }

  void store(ArrayRef<Expr> shape) {
    OpBuilder &b = kernel.b();
    int64_t length = op.stage(op.numStages() - 1).outLength(), parts = isComplexTensor(op.getY()) ? 2 : 1;
    stages.mergeDigits();
    if (typeOf(op.getY()).getShape().back() != length || stages.dims().size() > kTileDims)
      stages.canonicalize();
    SmallVector<OperandView::Dim> memory(shape.size()), dims, leading;
    Expr stride(1);
    for (size_t d = shape.size(); d-- > 0;) {
      memory[d] = {shape[d], stride};
      stride = stride * shape[d];
    }
    SmallVector<OpFoldResult> at;
    leadingDims(ArrayRef<OperandView::Dim>(memory).drop_back(), parts, leading, at);
    OperandView::Dim rows = leading.pop_back_val();
    OpFoldResult firstRow = at.pop_back_val();
    dims = leading;
    SmallVector<Stages::Dim> tileDims = stages.dims();
    bool whole = tileDims.size() == 2 && tileDims[1].size == length;
    for (const Stages::Dim &d : tileDims) {
      dims.push_back(d.stride ? OperandView::Dim{whole ? shape.back() : Expr(d.size), Expr(*d.stride * parts)} : rows);
      at.push_back(d.stride ? OpFoldResult(b.getIndexAttr(0)) : firstRow);
    }
    Value pointer = kernel.writePointer(result, typeOf(result), shape);
    Planes planes = stages.planes();
    FloatType element = partType(typeOf(op.getY()).getElementType());
    for (int64_t i = 0; i < parts; ++i) {
      Value tile = i == 0 ? planes.re : planes.im;
      if (!tile) // all factors turned out to be real
        tile = t.constant(TileMath::typeOf(planes.re), 0.0);
      tile::StoreOp::create(b, kernel.loc(), t.convert(tile, element), kernel.view(pointer, Expr(i), dims), at);
    }
  }

  KernelBuilder &kernel;
  seq::ButterflyOp op;
  TileMath t;
  int64_t bm;
  Value result;
  FloatType acc;
  Stages stages;
  SmallVector<Value> coords; ///< of the dims of x but the last; of the rows the first
};

bool isSupported(seq::ButterflyOp op) {
  if (longest(op) > kTileElements) {
    unsupported(op.emitOpError()) << "expects vectors of at most " << kTileElements << " elements between the stages, but got " << longest(op);
    return false;
  }
  for (std::optional<ArrayRef<int64_t>> digits : {op.getInputDigits(), op.getOutputDigits()})
    if (digits && digits->size() + 1 > kTileDims) {
      unsupported(op.emitOpError()) << "expects permutations of at most " << kTileDims - 1 << " digits, but got [" << *digits << ']';
      return false;
    }
  for (unsigned i = 0; i < op.numStages(); ++i) {
    seq::StageAttr s = op.stage(i);
    ArrayRef<int64_t> blocks;
    if (Value f = op.factorOf(i))
      blocks = typeOf(f).getShape().slice(1, 2);
    bool perBlock = !blocks.empty() && (blocks[0] != 1 || blocks[1] != 1);
    int64_t elements = s.getOut() * s.getIn() * (perBlock ? s.getLeft() * s.getRight() : 1);
    if (elements > kTileElements) {
      unsupported(op.emitOpError()) << "expects at most " << kTileElements << " elements in the matrices of a stage, but got " << elements << " in " << s;
      return false;
    }
  }
  return true;
}
} // namespace

SmallVector<Config> butterflyCandidates(const GroupInfo &info, Target target) {
  seq::ButterflyOp op = anchorOf(info);
  if (!isSupported(op))
    return {};
  std::optional<int64_t> row = rowDim(op);
  int64_t n = longest(op), elements = target == Target::Cpu ? 8192 : 4096;
  auto make = [&](int64_t limit) {
    Config c;
    int64_t size = row ? typeOf(op.getX()).getDimSize(*row) : 1;
    Expr rows = ShapedType::isDynamic(size) ? Expr::name("rows") : Expr(size);
    limit = std::clamp<int64_t>(limit, 1, kTileElements / n);
    c.set("bm", target == Target::Cpu ? tileExtent(rows, limit) : gpuTileExtent(rows, llvm::bit_floor(static_cast<uint64_t>(limit))));
    if (target == Target::Gpu)
      c.set("warps", gpuWarps(c.get("bm") * n));
    return c;
  };
  return {make(std::min<int64_t>(elements / n, 64)), make(1)};
}

FailureOr<SmallVector<Value>> emitButterfly(OpBuilder &host, seq::GroupOp group, const GroupInfo &info, const Config &config, SchemeContext &context) {
  KernelBuilder kernel(context.library, group.getLoc(), "butterfly", context.shapes);
  for (const auto &[name, value] : config.values)
    kernel.setConfig(name, value);
  if (failed(ButterflyEmitter(kernel, info, config, context.library).emit()))
    return failure();
  return kernel.launch(host, groupDtype(info), info.outputs());
}

} // namespace seqc::convert
