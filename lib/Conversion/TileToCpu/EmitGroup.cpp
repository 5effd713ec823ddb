// SPDX-License-Identifier: Apache-2.0
// The loop nest of one group: outer loops over the leading dims, vectors along the last one. Tiles that lie inside the
// bounds of all views take a nest without masks.
#include "KernelEmitter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>

using namespace mlir;

namespace seqc::cpu {

static bool isHalf(Type t) { return t.isF16() || t.isBF16(); }

Value combineKind(Code &code, StringRef kind, Value x, Value y) {
  OpBuilder &b = code.b;
  Location loc = code.loc;
  Type element = getElementTypeOrSelf(x.getType());
  bool isFloat = isa<FloatType>(element), isBool = element.isInteger(1);
  if (kind == "add")
    return isFloat ? arith::AddFOp::create(b, loc, x, y).getResult() : arith::AddIOp::create(b, loc, x, y).getResult();
  if (kind == "mul")
    return isFloat ? arith::MulFOp::create(b, loc, x, y).getResult() : arith::MulIOp::create(b, loc, x, y).getResult();
  // The values of i1 are 0 and 1.
  if (kind == "or" || (kind == "max" && isBool))
    return arith::OrIOp::create(b, loc, x, y);
  if (kind == "and" || (kind == "min" && isBool))
    return arith::AndIOp::create(b, loc, x, y);
  if (kind == "max")
    return isFloat ? arith::MaximumFOp::create(b, loc, x, y).getResult() : arith::MaxSIOp::create(b, loc, x, y).getResult();
  return isFloat ? arith::MinimumFOp::create(b, loc, x, y).getResult() : arith::MinSIOp::create(b, loc, x, y).getResult();
}

Value horizontal(Code &code, StringRef kind, Value v) {
  int64_t width = cast<VectorType>(v.getType()).getNumElements();
  auto part = [&](int64_t from, int64_t count) {
    SmallVector<int64_t> lanes;
    for (int64_t i = 0; i < count; ++i)
      lanes.push_back(from + i);
    return code.shuffle(v, v, lanes);
  };
  Value odd;
  while (width > 1) {
    if (width % 2) {
      Value last = vector::ExtractOp::create(code.b, code.loc, v, ArrayRef<int64_t>{width - 1});
      odd = odd ? combineKind(code, kind, odd, last) : last;
      --width;
      if (width == 1)
        break;
      v = part(0, width);
      continue;
    }
    Value low = part(0, width / 2), high = part(width / 2, width / 2);
    v = combineKind(code, kind, low, high);
    width /= 2;
  }
  Value first = vector::ExtractOp::create(code.b, code.loc, v, ArrayRef<int64_t>{0});
  return odd ? combineKind(code, kind, first, odd) : first;
}

namespace {

/// A reduction in the nest: its accumulators are vectors carried by the innermost loop when the last dim is reduced, else
/// memory of the result's buffer.
class Reduction {
public:
  Reduction(KernelEmitter &kernel, tile::ReduceOp op, Buffer buffer)
      : op(op), code(kernel.code), kernel(kernel), buffer(std::move(buffer)), type(cast<RankedTensorType>(op.getT().getType())) {
    element = isHalf(type.getElementType()) ? Type(code.b.getF32Type()) : type.getElementType();
    sums = this->buffer;
  }

  bool overLast() const { return llvm::is_contained(op.getDims(), type.getRank() - 1); }
  /// Only the last dim: one store per row, no initial value in memory.
  bool onlyLast() const { return overLast() && op.getDims().size() == 1; }

  Value identity(const Point &p) const {
    TypedAttr value = identityAttr();
    Type t = typeAt(element, p);
    if (auto vector = dyn_cast<VectorType>(t))
      return arith::ConstantOp::create(code.b, code.loc, DenseElementsAttr::get(vector, Attribute(value)));
    return arith::ConstantOp::create(code.b, code.loc, value);
  }

  Value combine(Value x, Value y) const { return combineKind(code, op.getKind(), x, y); }

  Value horizontal(Value v) const { return cpu::horizontal(code, op.getKind(), v); }

  /// Halves combined until `width` lanes are left, or an odd number of them.
  Value narrowed(Value v, int64_t width) const {
    for (int64_t have = cast<VectorType>(v.getType()).getNumElements(); have > width && have % 2 == 0; have /= 2) {
      auto lanes = llvm::to_vector(llvm::seq<int64_t>(0, have));
      Value low = code.shuffle(v, v, ArrayRef(lanes).take_front(have / 2)), high = code.shuffle(v, v, ArrayRef(lanes).drop_front(have / 2));
      v = combine(low, high);
    }
    return v;
  }

  Value valueAt(Evaluator &e, const Point &p) const {
    Value v = e.evaluate(op.getT(), p);
    return isHalf(type.getElementType()) ? arith::ExtFOp::create(code.b, code.loc, typeAt(element, p), v).getResult() : v;
  }

  /// The result's point: p without the reduced dims.
  Point resultPoint(const Point &p) const {
    Point q;
    for (int64_t d = 0; d < static_cast<int64_t>(p.index.size()); ++d) {
      if (llvm::is_contained(op.getDims(), d))
        continue;
      if (p.vecDim == d)
        q.vecDim = q.index.size(), q.width = p.width;
      q.index.push_back(p.index[d]);
    }
    return q;
  }

  /// Sum at q = sum at q combined with v.
  void accumulate(Value v, const Point &q) const { kernel.storeBuffer(combine(kernel.loadBuffer(sums, q), v), sums, q); }

  void put(Value v, const Point &q) const {
    if (isHalf(type.getElementType()))
      v = arith::TruncFOp::create(code.b, code.loc, typeAt(type.getElementType(), q), v);
    kernel.storeBuffer(v, buffer, q);
  }

  /// Fills the sums with the identity. Sums of 16-bit floats are kept in f32 beside the result.
  void initialize() {
    if (isHalf(type.getElementType()))
      sums = kernel.allocate(shape(), element);
    each(shape(), Point(), [&](const Point &p) { kernel.storeBuffer(identity(p), sums, p); });
  }

  /// Rounds sums that are kept beside the result.
  void finish() const {
    if (isHalf(type.getElementType()))
      each(shape(), Point(), [&](const Point &p) { put(kernel.loadBuffer(sums, p), p); });
  }

  mutable tile::ReduceOp op;

private:
  TypedAttr identityAttr() const {
    StringRef kind = op.getKind();
    Builder &b = code.b;
    if (isa<FloatType>(element)) {
      double inf = std::numeric_limits<double>::infinity();
      return b.getFloatAttr(element, kind == "mul" ? 1.0 : kind == "max" ? -inf : kind == "min" ? inf : 0.0);
    }
    unsigned bits = element.getIntOrFloatBitWidth();
    bool isBool = bits == 1;
    APInt value = kind == "mul"   ? APInt(bits, 1)
                  : isBool        ? APInt(1, kind == "min" || kind == "and")
                  : kind == "max" ? APInt::getSignedMinValue(bits)
                  : kind == "min" ? APInt::getSignedMaxValue(bits)
                  : kind == "and" ? APInt::getAllOnes(bits)
                                  : APInt::getZero(bits);
    return b.getIntegerAttr(element, value);
  }

  ArrayRef<int64_t> shape() const { return cast<RankedTensorType>(op.getType()).getShape(); }

  /// All elements, in vectors along the last dim.
  void each(ArrayRef<int64_t> rest, const Point &p, llvm::function_ref<void(const Point &)> body) const {
    if (rest.empty())
      return body(p);
    int64_t width = rest.size() == 1 ? std::min<int64_t>(kernel.target.lanes(32), rest.front()) : 1, main = rest.front() / width * width;
    auto inner = [&](Size i, int64_t w) {
      Point q = p;
      q.index.push_back(i);
      if (w > 1)
        q.vecDim = p.index.size(), q.width = w;
      each(rest.drop_front(), q, body);
    };
    code.loop(0, main, width, [&](Size i) { inner(i, width); });
    if (main < rest.front())
      inner(main, rest.front() - main);
  }

  Code &code;
  KernelEmitter &kernel;
  Buffer buffer, sums;
  RankedTensorType type;
  Type element;
};

} // namespace

class GroupEmitter {
public:
  GroupEmitter(KernelEmitter &kernel, const Step &step) : kernel(kernel), code(kernel.code), step(step) {
    for (Operation *r : step.reduces)
      reductions.emplace_back(kernel, cast<tile::ReduceOp>(r), kernel.bufferFor(r->getResult(0)));
    for (Value v : step.written)
      targets.emplace_back(v, kernel.bufferFor(v));
  }
  /// A nest that writes one value to a given place.
  GroupEmitter(KernelEmitter &kernel, const Step &step, Value value, Buffer into) : kernel(kernel), code(kernel.code), step(step) {
    targets.emplace_back(value, std::move(into));
  }

  void emit() {
    collectAccesses();
    choosePrefetches();
    boundLoops();
    for (Reduction &r : reductions)
      if (!r.onlyLast())
        r.initialize();
    nests();
    for (const Reduction &r : reductions)
      if (!r.onlyLast())
        r.finish();
    kernel.rowsRead.insert(rowLoads.begin(), rowLoads.end());
  }

private:
  /// The nest, twice if tiles may reach beyond the bounds.
  void nests() {
    Value full;
    bool conditional = false;
    for (auto &[op, access] : accesses)
      if (access.full) {
        conditional = true;
        full = full ? arith::AndIOp::create(code.b, code.loc, full, access.full).getResult() : access.full;
      }
    if (!conditional)
      return insideNests();
    auto branch = scf::IfOp::create(code.b, code.loc, full, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPointToStart(&branch.getThenRegion().front());
    insideNests();
    code.b.setInsertionPointToStart(&branch.getElseRegion().front());
    masked = true;
    outer(0, Point());
  }

  /// The nest without masks, twice if its results may be better written past the caches.
  void insideNests() {
    masked = false;
    Value streamed;
    for (Operation *op : step.stores) {
      auto store = dyn_cast<tile::StoreOp>(op);
      Value one = store ? kernel.isStreamed(store, accesses.find(op)->second) : Value();
      if (!one)
        return outer(0, Point());
      streamed = streamed ? arith::AndIOp::create(code.b, code.loc, streamed, one).getResult() : one;
    }
    if (!streamed)
      return outer(0, Point());
    auto branch = scf::IfOp::create(code.b, code.loc, streamed, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(code.b);
    for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
      code.b.setInsertionPointToStart(&region->front());
      streaming = region == &branch.getThenRegion();
      outer(0, Point());
    }
    streaming = false;
  }

  void collectAccesses() {
    SmallVector<Operation *> ops;
    auto reached = [&](Value v) { kernel.plan.collectAccesses(v, ops); };
    for (Operation *s : step.stores) {
      Value v = storedValue(s);
      if (!kernel.findBuffer(v))
        reached(v);
      ops.push_back(s);
    }
    for (const Reduction &r : reductions)
      if (Value t = r.op.getT(); !kernel.findBuffer(t))
        reached(t);
    for (auto &[v, buffer] : targets)
      if (!kernel.findBuffer(v) || llvm::is_contained(step.written, v))
        reached(v);
    for (Operation *op : ops)
      if (!accesses.contains(op))
        accesses[op] = kernel.accessOf(op);
    for (Operation *op : ops)
      if (isRowLoad(op) && !kernel.rowsPrefetched.contains(op) && !kernel.rowsRead.contains(op))
        rowLoads.push_back(op);
  }

  bool isOutermost() const {
    Operation *root = !step.stores.empty() ? step.stores.front() : !step.reduces.empty() ? step.reduces.front() : targets.front().first.getDefiningOp();
    return root && isa<tile::KernelOp>(root->getParentOp());
  }

  /// True for a load that covers the iteration space, in the outermost block, at a place that moves with the program.
  bool isRowLoad(Operation *op) const {
    auto load = dyn_cast<tile::LoadOp>(op);
    if (!load || step.shape.size() < 2 || !isa<tile::KernelOp>(op->getParentOp()))
      return false;
    auto type = cast<RankedTensorType>(load.getType());
    return llvm::equal(type.getShape(), step.shape) && ShapedType::isDynamic(load.getStaticCoords().drop_back(type.getRank() - 1).back());
  }

  /// What the group before has read is prefetched here, for the next program: memory works while this group computes.
  void choosePrefetches() {
    if (!isOutermost())
      return;
    for (Operation *op : kernel.rowsRead)
      if (isRowLoad(op))
        prefetches.push_back(op);
    for (Operation *op : prefetches) {
      if (!accesses.contains(op))
        accesses[op] = kernel.accessOf(op);
      kernel.rowsRead.remove(op);
      kernel.rowsPrefetched.insert(op);
    }
  }

  /// Extents of the outer loops: what any root needs.
  void boundLoops() {
    Needs needs(step.shape.size());
    auto also = [&](const Needs &more) {
      for (auto [a, b] : llvm::zip_equal(needs, more))
        a = a.join(b);
    };
    for (Operation *s : step.stores)
      also(isa<tile::StoreOp>(s) ? kernel.bounds.ofStore(cast<tile::StoreOp>(s)) : kernel.bounds.of(storedValue(s)));
    for (const Reduction &r : reductions)
      also(kernel.bounds.ofReduce(r.op));
    for (auto &[v, buffer] : targets)
      also(kernel.bounds.of(v));
    for (auto [full, need] : llvm::zip_equal(step.shape, needs))
      extents.push_back(kernel.neededExtent(full, need));
  }

  void outer(size_t dim, const Point &p) {
    if (step.shape.empty()) {
      body(p, nullptr);
      return;
    }
    if (dim + 1 == step.shape.size()) {
      row(p);
      return;
    }
    code.loop(0, extents[dim], 1, [&](Size i) {
      Point q = p;
      q.index.push_back(i);
      outer(dim + 1, q);
    });
  }

  /// Roots at one point. `carried`: one accumulator per reduction over the last dim.
  void body(const Point &p, SmallVectorImpl<Value> *carried) {
    Evaluator e(kernel, accesses, masked, streaming);
    if (!masked)
      for (Operation *op : prefetches)
        e.prefetch(op, p, step.shape.front());
    // Values are evaluated before anything is stored: a root may be computed in place over what another one reads.
    SmallVector<Value> values;
    for (auto &[v, buffer] : targets)
      values.push_back(e.evaluate(v, p));
    size_t next = 0;
    for (const Reduction &r : reductions) {
      Value v = r.valueAt(e, p);
      if (r.overLast() && carried) {
        (*carried)[next] = r.combine((*carried)[next], v);
        ++next;
      } else {
        r.accumulate(v, r.resultPoint(p));
      }
    }
    for (Operation *s : step.stores)
      e.store(s, p);
    for (auto [target, v] : llvm::zip_equal(targets, values))
      kernel.storeBuffer(v, target.second, p);
  }

  SmallVector<const Reduction *> carriedReductions() const {
    SmallVector<const Reduction *> result;
    for (const Reduction &r : reductions)
      if (r.overLast())
        result.push_back(&r);
    return result;
  }

  static Point at(const Point &p, Size column, int64_t width) {
    Point q = p;
    q.index.push_back(column);
    q.vecDim = q.index.size() - 1;
    q.width = width;
    return q;
  }

  /// One row: wide vectors, which LLVM splits into several that share their constants and hide each other's latency; then single
  /// vectors, then the odd rest.
  void row(const Point &p) {
    int64_t columns = step.shape.back(), width = std::min<int64_t>(kernel.target.lanes(32), columns);
    SmallVector<const Reduction *> carried = carriedReductions();
    int64_t most = !carried.empty() || columns % (4 * width) == 0 ? 4 : 2; // accumulators need four; else no rest is left that would need more code
    int64_t unroll = masked && carried.empty() ? 1 : std::min<int64_t>(most, llvm::bit_floor(static_cast<uint64_t>(columns / width)));
    int64_t wide = width * unroll, main = columns / wide * wide;
    SmallVector<Value> sums = identities(carried, p, wide);
    sums = code.loop(0, neededColumns(main, wide), wide, sums, [&](Size c, ValueRange values) { return stepAt(at(p, c, wide), values); });
    for (auto [r, sum] : llvm::zip_equal(carried, sums))
      sum = r->narrowed(sum, width);
    int64_t column = main;
    for (; column + width <= columns; column += width)
      sums = stepAt(at(p, column, width), sums);
    SmallVector<Value> rest;
    if (column < columns)
      rest = stepAt(at(p, column, columns - column), identities(carried, p, columns - column));
    for (auto [i, r] : llvm::enumerate(carried)) {
      Value sum = r->horizontal(sums[i]);
      if (!rest.empty())
        sum = r->combine(sum, r->horizontal(rest[i]));
      Point q = r->resultPoint(at(p, 0, 1));
      r->onlyLast() ? r->put(sum, q) : r->accumulate(sum, q);
    }
  }

  /// Of the `main` columns in wide vectors, those that cover what is needed.
  Size neededColumns(int64_t main, int64_t wide) const {
    Size needed = extents.back();
    return masked && !needed.isKnown() ? code.min(code.multipleBelow(code.add(needed, wide - 1), wide), main) : Size(main);
  }

  static SmallVector<Value> identities(ArrayRef<const Reduction *> carried, const Point &p, int64_t width) {
    return llvm::map_to_vector(carried, [&](const Reduction *r) { return r->identity(at(p, 0, width)); });
  }

  SmallVector<Value> stepAt(const Point &p, ValueRange accumulators) {
    SmallVector<Value> mine(accumulators);
    body(p, &mine);
    return mine;
  }

  KernelEmitter &kernel;
  Code &code;
  const Step &step;
  std::vector<Reduction> reductions;
  SmallVector<std::pair<Value, Buffer>> targets;
  llvm::MapVector<Operation *, Access> accesses;
  SmallVector<Operation *> rowLoads, prefetches;
  SmallVector<Size> extents;
  bool masked = false, streaming = false;
};

void KernelEmitter::emitGroup(const Step &step) {
  if (step.stores.empty() && step.reduces.empty() && step.written.empty())
    return;
  if (llvm::is_contained(step.shape, 0))
    return;
  GroupEmitter emitter(*this, step);
  emitter.emit();
  for (Operation *r : step.reduces)
    buffers[r->getResult(0)] = bufferFor(r->getResult(0));
  for (Value v : step.written)
    buffers[v] = bufferFor(v);
}

void KernelEmitter::emitCopy(Value v, const Buffer &into) {
  Step step;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(v.getType()).getShape();
  step.shape.assign(shape.begin(), shape.end());
  GroupEmitter(*this, step, v, into).emit();
}

} // namespace seqc::cpu
