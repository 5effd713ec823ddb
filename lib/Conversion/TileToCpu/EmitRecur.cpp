// SPDX-License-Identifier: Apache-2.0
// tile.recur. The usual form keeps the states of a row in vector registers for all steps: rows outside, time inside, lanes along the rows (states
// of rank 1) or along the states of a row (rank 2). Other bodies are emitted as steps of their own, once per time step, with states in memory.
#include "KernelEmitter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace seqc::cpu {

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }
static Type elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }

Buffer sliceAt(Code &code, const Buffer &buffer, int64_t d, Size i) {
  Buffer result = buffer;
  result.ptr = code.at(buffer.ptr, memoryType(buffer.element), code.mul(i, buffer.strides[d]));
  result.strides.erase(result.strides.begin() + d);
  return result;
}

//===-- Shuffles ------------------------------------------------------------------===//

/// Elements that 128 bits hold: shuffles inside them are cheap.
static int64_t perLane(Value vector) {
  auto type = cast<VectorType>(vector.getType());
  return std::min<int64_t>(128 / type.getElementTypeBitWidth(), type.getNumElements());
}

/// Rows become columns: w vectors of w elements, w a power of two.
static SmallVector<Value> transposed(Code &code, SmallVector<Value> rows) {
  int64_t w = rows.size(), lane = perLane(rows[0]);
  // Inside 128 bits: units of u elements of two rows interleaved.
  for (int64_t u = 1; u < lane; u *= 2)
    for (int64_t i = 0; i < w; ++i) {
      if (i & u)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t start = 0; start < w; start += lane)
        for (int64_t unit = 0; unit < lane; unit += 2 * u)
          for (int64_t source : {int64_t(0), w})
            for (int64_t e = 0; e < u; ++e) {
              low.push_back(source + start + unit / 2 + e);
              high.push_back(source + start + (unit + lane) / 2 + e);
            }
      Value first = rows[i], second = rows[i | u];
      rows[i] = code.shuffle(first, second, low);
      rows[i | u] = code.shuffle(first, second, high);
    }
  // Which leaves the columns in the order of reversed bits.
  SmallVector<Value> columns(w);
  for (int64_t i = 0; i < w; ++i) {
    int64_t reversed = i / lane * lane;
    for (int64_t bit = 1; bit < lane; bit *= 2)
      if (i & bit)
        reversed += lane / 2 / bit;
    columns[i] = rows[reversed];
  }
  // Between them: parts of 128 bits change places.
  for (int64_t s = lane; s < w; s *= 2)
    for (int64_t i = 0; i < w; ++i) {
      if (i & s)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t j = 0; j < w; ++j) {
        low.push_back(j & s ? w + j - s : j);
        high.push_back(j & s ? w + j : j + s);
      }
      Value first = columns[i], second = columns[i | s];
      columns[i] = code.shuffle(first, second, low);
      columns[i | s] = code.shuffle(first, second, high);
    }
  return columns;
}

/// One vector whose element i is the sum of the elements of vectors[i]; as many vectors as elements, a power of two.
static Value sums(Code &code, SmallVector<Value> vectors) {
  int64_t w = vectors.size(), lane = perLane(vectors[0]);
  auto halves = [&](Value x, Value y, int64_t unit, int64_t block) { // every other unit of each block of x, then of y
    SmallVector<int64_t> even, odd;
    for (int64_t start = 0; start < w; start += block)
      for (int64_t source : {int64_t(0), w})
        for (int64_t j = 0; j < block; j += 2 * unit)
          for (int64_t e = 0; e < unit; ++e) {
            even.push_back(source + start + j + e);
            odd.push_back(source + start + j + unit + e);
          }
    return code.sum(code.shuffle(x, y, even), code.shuffle(x, y, odd));
  };
  for (int64_t reach = 2; vectors.size() > 1; reach *= 2) {
    SmallVector<Value> next;
    bool inLane = reach <= lane;
    for (size_t i = 0; i < vectors.size(); i += 2)
      next.push_back(inLane ? halves(vectors[i], vectors[i + 1], 1, lane) : halves(vectors[i], vectors[i + 1], lane, w));
    vectors = next;
  }
  return vectors[0];
}

//===-- The usual form ------------------------------------------------------------===//

class RecurEmitter {
public:
  RecurEmitter(KernelEmitter &kernel, tile::RecurOp op) : kernel(kernel), code(kernel.code), op(op), body(op.getBody().front()), dim(op.getDim()) {}

  /// True if the body has the form.
  bool matches() {
    if (op.getInits().empty())
      return false;
    space = llvm::to_vector(shapeOf(op.getInits()[0]));
    steps = shapeOf(op.getInputs()[0])[dim];
    isWide = space.size() == 2;
    if (space.empty() || space.size() > 2 || llvm::is_contained(space, 0) || steps == 0)
      return false;
    Type element = elementOf(op.getInits()[0]);
    if (!element.isF32() && !element.isF64())
      return false;
    lanes = std::min<int64_t>(kernel.target.lanes(element.getIntOrFloatBitWidth()), space.back());
    if (isWide && space[1] > 16 * lanes) // states of a row stay in registers
      return false;
    for (Value v : op.getInits())
      if (shapeOf(v) != ArrayRef(space) || elementOf(v) != element)
        return false;
    for (Value v : ValueRange(body.getArguments()).drop_front(numStates()))
      if (shapeOf(v).size() != 1)
        return false;
    for (Value v : yielded().drop_front(numStates()))
      if (shapeOf(v) != ArrayRef(space).take_front(1) || !elementOf(v).isIntOrFloat())
        return false;
    return llvm::all_of(body.without_terminator(), [&](Operation &inner) { return isCovered(inner); });
  }

  void emit() {
    for (auto [i, init] : llvm::enumerate(op.getInits())) {
      states.push_back(kernel.bufferFor(op.getResult(i)));
      kernel.emitCopy(init, states.back());
    }
    for (unsigned i = numStates(); i < op.getNumResults(); ++i)
      outputs.push_back(kernel.bufferFor(op.getResult(i)));
    for (Value in : op.getInputs())
      inputs.push_back(*kernel.findBuffer(in));
    if (isWide)
      emitWide();
    else
      emitNarrow();
    for (unsigned i = 0; i < op.getNumResults(); ++i)
      kernel.buffers[op.getResult(i)] = i < numStates() ? states[i] : outputs[i - numStates()];
  }

private:
  unsigned numStates() const { return op.getInits().size(); }
  ValueRange yielded() const { return body.getTerminator()->getOperands(); }

  bool isCovered(Operation &inner) {
    if (auto reduce = dyn_cast<tile::ReduceOp>(inner))
      return isWide && shapeOf(reduce.getT()) == ArrayRef(space) && reduce.getDims() == ArrayRef<int64_t>{1} && !elementOf(reduce.getT()).isF16() &&
             !elementOf(reduce.getT()).isBF16();
    if (!isInlineOp(&inner) || isa<tile::TransposeOp, tile::SliceOp, tile::SplitOp, tile::LoadOp, tile::GatherOp, tile::MapOp, tile::IotaOp>(inner))
      return false;
    if (auto broadcast = dyn_cast<tile::BroadcastOp>(inner))
      return isWide && shapeOf(broadcast.getResult()) == ArrayRef(space);
    // Elementwise on states, rows or columns; memory that it reads has a buffer.
    for (Value v : inner.getOperands()) {
      SmallVector<Operation *> accesses;
      if (isTile(v) && v.getParentBlock() != &body)
        kernel.plan.collectAccesses(v, accesses);
      if (!accesses.empty() && !kernel.findBuffer(v))
        return false;
    }
    return true;
  }

  /// A time step: number of the step to the coordinate.
  Size timeOf(Size step) { return op.getReverse() ? code.sub(steps - 1, step) : step; }

  /// One vector of the states: position along the last dim, elements.
  struct Piece {
    Size at;
    int64_t width;
  };

  Point pointOf(Size row, const Piece &piece) const {
    Point p;
    p.index = isWide ? SmallVector<Size>{row, piece.at} : SmallVector<Size>{piece.at};
    p.vecDim = isWide ? 1 : 0;
    p.width = piece.width;
    return p;
  }

  static Point scalarPoint(Size row) {
    Point p;
    p.index = {row};
    return p;
  }

  //===-- Rank 1: lanes are rows ----------------------------------------------------===//

  void emitNarrow() {
    int64_t rows = space[0], main = rows / lanes * lanes;
    code.loop(0, main, lanes, [&](Size r) { emitRows({r, lanes}); });
    if (main < rows)
      emitRows({main, rows - main});
  }

  /// All steps of the rows of a piece. Where time is contiguous in memory, blocks of lanes x lanes elements are transposed in registers.
  void emitRows(Piece piece) {
    Point p = pointOf(0, piece);
    Evaluator::Hoist hoist = startHoisting();
    SmallVector<Value> carried;
    for (const Buffer &s : states)
      carried.push_back(kernel.loadBuffer(s, p));
    int64_t block = piece.width == lanes && llvm::isPowerOf2_64(lanes) ? lanes : 1, main = steps / block * block;
    carried = code.loop(0, main, block, carried, [&](Size t, ValueRange s) { return rowsBlock(piece, hoist, t, block, s); });
    carried = code.loop(main, steps, 1, carried, [&](Size t, ValueRange s) { return rowsBlock(piece, hoist, t, 1, s); });
    for (auto [s, v] : llvm::zip_equal(states, carried))
      kernel.storeBuffer(v, s, p);
  }

  /// `count` steps from step `first` on.
  SmallVector<Value> rowsBlock(const Piece &piece, Evaluator::Hoist &hoist, Size first, int64_t count, ValueRange carried) {
    Point p = pointOf(0, piece);
    SmallVector<Value> now(carried);
    SmallVector<SmallVector<Value>> read, written(outputs.size());
    for (const Buffer &in : inputs)
      read.push_back(columns(in, piece, first, count));
    for (int64_t i = 0; i < count; ++i) {
      Evaluator e(kernel, noAccesses, /*masked=*/false, /*streaming=*/false, &hoist);
      for (unsigned s = 0; s < numStates(); ++s)
        e.seed(body.getArgument(s), p, now[s]);
      for (unsigned k = 0; k < inputs.size(); ++k)
        e.seed(body.getArgument(numStates() + k), p, read[k][i]);
      for (auto [k, v] : llvm::enumerate(yielded()))
        k < numStates() ? now[k] = e.evaluate(v, p) : written[k - numStates()].emplace_back(e.evaluate(v, p));
    }
    for (auto [buffer, vectors] : llvm::zip_equal(outputs, written))
      writeColumns(buffer, piece, first, vectors);
    return now;
  }

  bool isTimeContiguous(const Buffer &b) const { return b.strides[dim].is(1) && !b.element.isInteger(1); }

  /// Point of a buffer with time: row `r`, first of `width` steps.
  Point alongTime(Size row, Size time, int64_t width) const {
    Point p;
    p.index = {row};
    p.index.insert(p.index.begin() + dim, time);
    if (width > 1)
      p.vecDim = dim, p.width = width;
    return p;
  }

  /// One vector over the rows of the piece per step.
  SmallVector<Value> columns(const Buffer &in, const Piece &piece, Size first, int64_t count) {
    if (count == 1 || !isTimeContiguous(in)) {
      SmallVector<Value> vectors;
      for (int64_t i = 0; i < count; ++i)
        vectors.push_back(kernel.loadBuffer(sliceAt(code, in, dim, timeOf(code.add(first, i))), pointOf(0, piece)));
      return vectors;
    }
    SmallVector<Value> rows;
    for (int64_t r = 0; r < count; ++r)
      rows.push_back(kernel.loadBuffer(in, alongTime(code.add(piece.at, r), firstInMemory(first, count), count)));
    SmallVector<Value> vectors = transposed(code, rows);
    if (op.getReverse())
      std::reverse(vectors.begin(), vectors.end());
    return vectors;
  }

  void writeColumns(const Buffer &out, const Piece &piece, Size first, SmallVector<Value> vectors) {
    int64_t count = vectors.size();
    if (count == 1 || !isTimeContiguous(out)) {
      for (auto [i, v] : llvm::enumerate(vectors))
        kernel.storeBuffer(v, sliceAt(code, out, dim, timeOf(code.add(first, static_cast<int64_t>(i)))), pointOf(0, piece));
      return;
    }
    if (op.getReverse())
      std::reverse(vectors.begin(), vectors.end());
    for (auto [r, v] : llvm::enumerate(transposed(code, vectors)))
      kernel.storeBuffer(v, out, alongTime(code.add(piece.at, static_cast<int64_t>(r)), firstInMemory(first, count), count));
  }

  Size firstInMemory(Size first, int64_t count) { return op.getReverse() ? code.sub(steps - count, first) : first; }

  //===-- Rank 2: lanes are the states of a row ---------------------------------------===//

  void emitWide() {
    for (int64_t n = 0; n < space[1]; n += lanes)
      pieces.push_back({n, std::min(lanes, space[1] - n)});
    classifyInputs();
    for (auto [i, in] : llvm::enumerate(inputs))
      if (!rowInputs[i] && !in.strides[1 - dim].is(1))
        in = statesInside(in);
    // Sums over the states of a row are kept as vectors, and added up for as many steps as a vector has elements.
    bool isEven = llvm::all_of(pieces, [&](const Piece &p) { return p.width == lanes; }) && llvm::isPowerOf2_64(lanes) && lanes > 1;
    code.loop(0, space[0], 1, [&](Size row) {
      Evaluator::Hoist hoist = startHoisting();
      SmallVector<Value> carried;
      for (const Buffer &s : states)
        for (const Piece &piece : pieces)
          carried.push_back(kernel.loadBuffer(s, pointOf(row, piece)));
      int64_t block = isEven ? lanes : 1, main = steps / block * block;
      carried = code.loop(0, main, block, carried, [&](Size t, ValueRange s) { return rowBlock(row, hoist, t, block, s); });
      carried = code.loop(main, steps, 1, carried, [&](Size t, ValueRange s) { return rowBlock(row, hoist, t, 1, s); });
      unsigned next = 0;
      for (const Buffer &s : states)
        for (const Piece &piece : pieces)
          kernel.storeBuffer(carried[next++], s, pointOf(row, piece));
    });
  }

  /// Which inputs go along the rows: those that are broadcast over the states.
  void classifyInputs() {
    for (unsigned i = 0; i < inputs.size(); ++i) {
      bool rows = true;
      for (Operation *user : body.getArgument(numStates() + i).getUsers())
        if (auto broadcast = dyn_cast<tile::BroadcastOp>(user))
          rows &= broadcast.getAt() == 1;
      rowInputs.push_back(rows);
    }
  }

  /// A copy [steps, states] of an input whose states are not neighbours in memory.
  Buffer statesInside(const Buffer &in) {
    int64_t states = space[1], w = lanes;
    Buffer copy = kernel.allocate({steps, states}, in.element);
    if (dim == 1)
      std::swap(copy.strides[0], copy.strides[1]); // dims as in the input
    auto alongStates = [&](Size state, Size time, int64_t width) {
      Point p;
      p.index = {state};
      p.index.insert(p.index.begin() + dim, time);
      if (width > 1)
        p.vecDim = 1 - dim, p.width = width;
      return p;
    };
    bool isSquare = isTimeContiguous(in) && llvm::isPowerOf2_64(w) && w > 1;
    int64_t mainStates = isSquare ? states / w * w : 0, mainSteps = isSquare ? steps / w * w : 0;
    code.loop(0, mainStates, w, [&](Size n) {
      code.loop(0, mainSteps, w, [&](Size t) {
        SmallVector<Value> rows;
        for (int64_t i = 0; i < w; ++i)
          rows.push_back(kernel.loadBuffer(in, alongTime(code.add(n, i), t, w)));
        for (auto [i, v] : llvm::enumerate(transposed(code, rows)))
          kernel.storeBuffer(v, copy, alongStates(n, code.add(t, static_cast<int64_t>(i)), w));
      });
    });
    auto single = [&](Size n, Size t) { kernel.storeBuffer(kernel.loadBuffer(in, alongTime(n, t, 1)), copy, alongStates(n, t, 1)); };
    code.loop(0, mainStates, 1, [&](Size n) { code.loop(mainSteps, steps, 1, [&](Size t) { single(n, t); }); });
    code.loop(mainStates, states, 1, [&](Size n) { code.loop(0, steps, 1, [&](Size t) { single(n, t); }); });
    return copy;
  }

  /// `count` steps of one row.
  SmallVector<Value> rowBlock(Size row, Evaluator::Hoist &hoist, Size first, int64_t count, ValueRange carried) {
    SmallVector<Value> now(carried);
    SmallVector<SmallVector<Value>> partial(outputs.size());
    for (int64_t i = 0; i < count; ++i) {
      Size time = timeOf(code.add(first, i));
      Evaluator e(kernel, noAccesses, /*masked=*/false, /*streaming=*/false, &hoist);
      unsigned next = 0;
      for (unsigned s = 0; s < numStates(); ++s)
        for (const Piece &piece : pieces)
          e.seed(body.getArgument(s), pointOf(row, piece), now[next++]);
      for (auto [k, in] : llvm::enumerate(inputs)) {
        Buffer slice = sliceAt(code, in, dim, time);
        Value argument = body.getArgument(numStates() + k);
        if (rowInputs[k]) {
          e.seed(argument, scalarPoint(row), kernel.loadBuffer(slice, scalarPoint(row)));
          continue;
        }
        for (const Piece &piece : pieces) {
          Point p = scalarPoint(piece.at);
          p.vecDim = 0, p.width = piece.width;
          e.seed(argument, p, kernel.loadBuffer(slice, p));
        }
      }
      reduceStates(e, row, count > 1, partial);
      for (auto [k, v] : llvm::enumerate(yielded().drop_front(numStates())))
        if (count == 1 || !isSum(v))
          kernel.storeBuffer(e.evaluate(v, scalarPoint(row)), sliceAt(code, outputs[k], dim, time), scalarPoint(row));
      next = 0;
      for (Value v : yielded().take_front(numStates()))
        for (const Piece &piece : pieces)
          now[next++] = e.evaluate(v, pointOf(row, piece));
    }
    for (auto [k, vectors] : llvm::enumerate(partial)) {
      if (vectors.empty())
        continue;
      if (op.getReverse())
        std::reverse(vectors.begin(), vectors.end());
      kernel.storeBuffer(sums(code, vectors), outputs[k], alongTime(row, firstInMemory(first, count), count));
    }
    return now;
  }

  /// True for a yielded value whose elements are added up later.
  static bool isSum(Value v) {
    auto reduce = v.getDefiningOp<tile::ReduceOp>();
    return reduce && reduce.getKind() == "add" && isa<FloatType>(elementOf(v)) && v.hasOneUse();
  }

  /// Reductions of one step, in order; sums that are only yielded go to `partial` if `later`.
  void reduceStates(Evaluator &e, Size row, bool later, SmallVectorImpl<SmallVector<Value>> &partial) {
    for (Operation &inner : body.without_terminator()) {
      auto reduce = dyn_cast<tile::ReduceOp>(inner);
      if (!reduce)
        continue;
      Value total, rest;
      for (const Piece &piece : pieces) {
        Value v = e.evaluate(reduce.getT(), pointOf(row, piece));
        Value &into = piece.width == lanes ? total : rest;
        into = into ? combineKind(code, reduce.getKind(), into, v) : v;
      }
      if (later && isSum(reduce.getResult())) {
        auto yields = yielded().drop_front(numStates());
        partial[llvm::find(yields, reduce.getResult()) - yields.begin()].push_back(total);
        continue;
      }
      Value scalar = horizontal(code, reduce.getKind(), total ? total : rest);
      if (total && rest)
        scalar = combineKind(code, reduce.getKind(), scalar, horizontal(code, reduce.getKind(), rest));
      e.seed(reduce.getResult(), scalarPoint(row), scalar);
    }
  }

  /// What the body takes from outside is loaded here, before the loop over time.
  Evaluator::Hoist startHoisting() {
    auto marker = arith::ConstantIndexOp::create(code.b, code.loc, 0);
    return {&body, marker, std::make_shared<Evaluator>(kernel, noAccesses, /*masked=*/false)};
  }

  KernelEmitter &kernel;
  Code &code;
  mutable tile::RecurOp op;
  Block &body;
  int64_t dim, steps = 0, lanes = 1;
  bool isWide = false;
  SmallVector<int64_t> space; ///< shape of the states
  SmallVector<Piece> pieces;
  SmallVector<Buffer> states, inputs, outputs;
  SmallVector<bool> rowInputs;
  const llvm::MapVector<Operation *, Access> noAccesses;
};

LogicalResult KernelEmitter::emitRecur(tile::RecurOp op) {
  if (RecurEmitter emitter(*this, op); emitter.matches()) {
    emitter.emit();
    return success();
  }
  Block &body = op.getBody().front();
  unsigned numStates = op.getInits().size();
  int64_t d = op.getDim(), steps = shapeOf(op.getInputs()[0])[d];
  SmallVector<Buffer> states, outputs;
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    states.push_back(bufferFor(op.getResult(i)));
    emitCopy(init, states.back());
  }
  for (unsigned i = numStates; i < op.getNumResults(); ++i)
    outputs.push_back(bufferFor(op.getResult(i)));
  LogicalResult result = success();
  code.loop(0, steps, 1, [&](Size t) {
    Size at = op.getReverse() ? code.sub(steps - 1, t) : t;
    for (unsigned i = 0; i < numStates; ++i)
      buffers[body.getArgument(i)] = states[i];
    for (auto [i, in] : llvm::enumerate(op.getInputs()))
      buffers[body.getArgument(numStates + i)] = sliceAt(code, *findBuffer(in), d, at);
    Operation *yield = body.getTerminator();
    for (unsigned i = 0; i < numStates; ++i)
      forwardYield(body, yield->getOperand(i), body.getArgument(i), states[i]);
    result = emitBlock(body);
    if (failed(result))
      return;
    SmallVector<std::pair<Value, Buffer>> targets;
    for (auto [i, v] : llvm::enumerate(yield->getOperands()))
      targets.emplace_back(v, i < numStates ? states[i] : sliceAt(code, outputs[i - numStates], d, at));
    emitYields(body, targets);
  });
  for (unsigned i = 0; i < op.getNumResults(); ++i)
    buffers[op.getResult(i)] = i < numStates ? states[i] : outputs[i - numStates];
  return result;
}

} // namespace seqc::cpu
