// SPDX-License-Identifier: Apache-2.0
// tile.dot: mma.sync m16n8k16 on fragments read by ldmatrix (or held as an accumulator), and multiply-adds for everything else.
// Fragment orders: PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type" and "ldmatrix".
#include "KernelEmitter.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <set>

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::Coord;

namespace seqc::gpu {

/// An operand of a dot: staged in shared memory, or A fragments in registers.
struct KernelEmitter::Matrix {
  bool isA = false;
  const SharedTile *memory = nullptr; ///< none: registers
  Value operand;
  int64_t rowDim = 0, kDim = 0; ///< rows: M of A, N of B
  Value base;                   ///< staged: address of the thread's row of the first 8x8 matrices
  bool isKFastest = false;
};

Value KernelEmitter::packPair(Value low, Value high) {
  auto type = VectorType::get({2}, low.getType());
  Value v = LLVM::PoisonOp::create(b, loc, type);
  v = LLVM::InsertElementOp::create(b, loc, v, low, i32(0));
  return LLVM::InsertElementOp::create(b, loc, v, high, i32(1));
}

/// Lanes 8i .. 8i + 7 give ldmatrix.x4 the rows of matrix i. A: matrices (row 0, k 0), (row 8, k 0), (row 0, k 8), (row 8, k 8).
/// B: (row 0, k 0), (row 0, k 8), (row 8, k 0), (row 8, k 8), rows being columns n. Rows of a matrix run along k where that is not the fastest dim
/// in memory, and the transposing form is used.
KernelEmitter::Matrix KernelEmitter::matrixOf(Value operand, const Dist &acc, bool isA) {
  Matrix m;
  m.isA = isA;
  m.operand = operand;
  auto type = cast<RankedTensorType>(operand.getType());
  int64_t rank = type.getRank();
  m.rowDim = isA ? rank - 2 : rank - 1;
  m.kDim = isA ? rank - 1 : rank - 2;
  Operation *source = operand.getDefiningOp();
  if (!source || !plan.uses(source))
    return m;
  m.memory = &plan.tileOf(source);
  m.isKFastest = static_cast<int64_t>(m.memory->fastest) == m.kDim;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryEnd);
  Value within = arith::AndIOp::create(b, loc, lane, i32(7)), bit0 = arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, lane, i32(3)), i32(1)),
        bit1 = arith::ShRUIOp::create(b, loc, lane, i32(4));
  Value rowBlock = isA ? bit0 : bit1, kBlock = isA ? bit1 : bit0;
  auto times8 = [&](Value v) { return arith::MulIOp::create(b, loc, v, i32(8)).getResult(); };
  Value row = times8(rowBlock), k = times8(kBlock);
  Value &inner = m.isKFastest ? row : k;
  inner = arith::AddIOp::create(b, loc, inner, within);
  int accRank = acc.map.rank(), accRowDim = isA ? accRank - 2 : accRank - 1;
  row = arith::AddIOp::create(b, loc, row, acc.warpBase[accRowDim]);
  Value offset = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, row, i32(m.memory->strides[m.rowDim])),
                                       arith::MulIOp::create(b, loc, k, i32(m.memory->strides[m.kDim])));
  for (int64_t d = 0; d + 2 < rank; ++d)
    offset = arith::AddIOp::create(b, loc, offset, arith::MulIOp::create(b, loc, acc.warpBase[d], i32(m.memory->strides[d])));
  m.base = shiftPointer(shiftPointer(shared, b.getI8Type(), m.memory->offset), memoryType(type.getElementType()), offset);
  return m;
}

/// Four 8x8 matrices of 16-bit elements at an offset in elements: four 32-bit registers.
Regs KernelEmitter::loadMatrices(const Matrix &m, int64_t offset) {
  Type word = b.getI32Type();
  Value at = shiftPointer(m.base, getElementTypeOrSelf(m.operand), offset);
  StringRef name = m.isKFastest ? "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16" : "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16";
  return callIntrinsic(name, {word, word, word, word}, at);
}

/// Registers a0..a3 of the 16 rows at `block` (batch.., row), as 32-bit words.
Regs KernelEmitter::fragmentsOfA(const Matrix &m, ArrayRef<int32_t> block, int64_t k0) {
  if (m.memory) {
    int64_t offset = k0 * m.memory->strides[m.kDim];
    for (auto [d, c] : llvm::enumerate(block))
      offset += c * m.memory->strides[d];
    return loadMatrices(m, offset);
  }
  const Dist &dist = distOf(m.operand);
  Regs words;
  for (auto [row, k] : {std::pair(0, 0), std::pair(8, 0), std::pair(0, 8), std::pair(8, 8)}) {
    Coord c(block);
    c.back() += row;
    c.push_back(static_cast<int32_t>(k0 + k));
    Value low = tiles[m.operand][dist.map.locate(c).reg];
    ++c.back();
    words.push_back(LLVM::BitcastOp::create(b, loc, b.getI32Type(), packPair(low, tiles[m.operand][dist.map.locate(c).reg])));
  }
  return words;
}

/// Registers b0, b1 of columns n .. n + 7 and of n + 8 .. n + 15 at `block` (batch.., n).
Regs KernelEmitter::fragmentsOfB(const Matrix &m, ArrayRef<int32_t> block, int64_t k0) {
  int64_t offset = k0 * m.memory->strides[m.kDim] + block.back() * m.memory->strides[m.rowDim];
  if (cast<RankedTensorType>(m.operand.getType()).getRank() > 2)
    for (auto [d, c] : llvm::enumerate(block.drop_back()))
      offset += c * m.memory->strides[d];
  return loadMatrices(m, offset);
}

void KernelEmitter::emitDot(tile::DotOp op) {
  for (Value v : {op.getA(), op.getB()})
    if (Operation *source = v.getDefiningOp(); source && plan.uses(source) && plan.barrierBeforeRead(op, source))
      return barrier(), emitDotCode(op);
  emitDotCode(op);
}

void KernelEmitter::emitDotCode(tile::DotOp op) {
  const Dist &acc = distOf(op.getResult());
  Type element = op.getType().getElementType();
  Regs start = op.getAcc() ? tiles[op.getAcc()] : Regs(acc.regs(), scalarConstant(b.getZeroAttr(element), element));
  bool isMma = tile::dotLayouts(op.getA().getType(), op.getB().getType(), acc.map).engine == tile::DotEngine::Mma;
  tiles[op.getResult()] = isMma ? emitMma(op, start) : emitFma(op, start);
}

/// Blocks of 16 x 8 of the accumulator at the coordinates that lane 0 of warp 0 holds; the order of k is fixed.
Regs KernelEmitter::emitMma(tile::DotOp op, Regs acc) {
  const Dist &dist = distOf(op.getResult());
  int rank = dist.map.rank();
  std::set<std::vector<int32_t>> rowBlocks, columnBlocks; // (batch.., m), (batch.., n)
  for (int64_t r = 0; r < dist.regs(); ++r) {
    std::vector<int32_t> c;
    for (int d = 0; d + 2 < rank; ++d)
      c.push_back(dist.coords[d][r]);
    std::vector<int32_t> row = c, column = c;
    row.push_back(dist.coords[rank - 2][r] / 16 * 16);
    column.push_back(dist.coords[rank - 1][r] / 8 * 8);
    rowBlocks.insert(row), columnBlocks.insert(column);
  }
  Matrix a = matrixOf(op.getA(), dist, true), bm = matrixOf(op.getB(), dist, false);
  auto registersOf = [&](const std::vector<int32_t> &row, int32_t n) {
    SmallVector<int32_t, 4> regs;
    for (auto [dm, dn] : {std::pair(0, 0), std::pair(0, 1), std::pair(8, 0), std::pair(8, 1)}) {
      Coord c(row.begin(), row.end());
      c.back() += dm;
      c.push_back(n + dn);
      regs.push_back(dist.map.locate(c).reg);
    }
    return regs;
  };
  for (int64_t k = 0; k < op.getA().getType().getShape().back(); k += 16) {
    std::map<std::vector<int32_t>, Regs> rows;
    for (const std::vector<int32_t> &row : rowBlocks)
      rows[row] = fragmentsOfA(a, row, k);
    std::map<std::vector<int32_t>, Regs> columns;
    for (const std::vector<int32_t> &column : columnBlocks) {
      if (!columns.count(column))
        splitColumns(bm, column, columnBlocks, k, columns);
      for (auto &[row, fragment] : rows) {
        if (!std::equal(row.begin(), row.end() - 1, column.begin()))
          continue;
        SmallVector<int32_t, 4> at = registersOf(row, column.back());
        Regs inputs = fragment;
        llvm::append_range(inputs, columns[column]);
        for (int32_t r : at)
          inputs.push_back(acc[r]);
        for (auto [r, v] : llvm::zip_equal(at, mmaInstruction(getElementTypeOrSelf(op.getA()), inputs)))
          acc[r] = v;
      }
    }
  }
  return acc;
}

/// One ldmatrix reads two neighbouring column blocks; at the edge of a warp's columns the second is not used.
void KernelEmitter::splitColumns(const Matrix &m, const std::vector<int32_t> &column, const std::set<std::vector<int32_t>> &all, int64_t k,
                                 std::map<std::vector<int32_t>, Regs> &columns) {
  std::vector<int32_t> next = column;
  next.back() += 8;
  bool isPair = all.count(next);
  Regs words = isPair ? fragmentsOfB(m, column, k) : fragmentsOfHalfB(m, column, k);
  columns[column] = {words[0], words[1]};
  if (isPair)
    columns[next] = {words[2], words[3]};
}

/// Columns n .. n + 7 alone: element by element, since the rows of a second matrix may lie outside the tile.
Regs KernelEmitter::fragmentsOfHalfB(const Matrix &m, ArrayRef<int32_t> block, int64_t k0) {
  Type element = getElementTypeOrSelf(m.operand);
  const SharedTile &t = *m.memory;
  // The thread's row of ldmatrix.x4 has matrix bits for (row 8, k 8); undo them for lanes of the second half.
  Value second = arith::ShRUIOp::create(b, loc, lane, i32(4));
  Value back = arith::MulIOp::create(b, loc, second, i32(-8 * t.strides[m.rowDim]));
  Matrix first = m;
  first.base = shiftPointer(m.base, element, back);
  return fragmentsOfB(first, block, k0);
}

Regs KernelEmitter::mmaInstruction(Type element, ArrayRef<Value> words) {
  Type f32 = b.getF32Type();
  SmallVector<Value> operands(words);
  if (element.isF16())
    for (Value &v : MutableArrayRef(operands).take_front(6))
      v = LLVM::BitcastOp::create(b, loc, VectorType::get({2}, element), v);
  StringRef name = element.isF16() ? "llvm.nvvm.mma.m16n8k16.row.col.f32.f32" : "llvm.nvvm.mma.m16n8k16.row.col.bf16";
  return callIntrinsic(name, {f32, f32, f32, f32}, operands);
}

//===-- Multiply-adds --------------------------------------------------------------------------------===//

/// Every thread reads the rows and columns that its accumulators need, a few k at a time.
Regs KernelEmitter::emitFma(tile::DotOp op, Regs acc) {
  const Dist &dist = distOf(op.getResult()), &da = distOf(op.getA()), &db = distOf(op.getB());
  int rank = dist.map.rank();
  int64_t k = op.getA().getType().getShape().back(), chunk = 8;
  while (k % chunk)
    chunk /= 2;
  Type element = op.getType().getElementType();
  Access a = sharedAccess(plan.tileOf(op.getA().getDefiningOp()), getElementTypeOrSelf(op.getA())),
         bm = sharedAccess(plan.tileOf(op.getB().getDefiningOp()), getElementTypeOrSelf(op.getB()));
  Value ta = threadPointer(a, da), tb = threadPointer(bm, db);
  auto loop = scf::ForOp::create(b, loc, i32(0), i32(k), i32(chunk), acc);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  acc = llvm::to_vector_of<Value>(loop.getRegionIterArgs());
  int rankB = db.map.rank();
  auto advance = [&](Value thread, const Access &m, int kDim) {
    return shiftPointer(thread, memoryType(m.element), arith::MulIOp::create(b, loc, loop.getInductionVar(), i32(m.strides[kDim].number)));
  };
  ta = advance(ta, a, rank - 1);
  tb = advance(tb, bm, rankB - 2);
  auto widen = [&](Value v) {
    if (v.getType() == element)
      return v;
    return isa<FloatType>(element) ? arith::ExtFOp::create(b, loc, element, v).getResult() : arith::ExtSIOp::create(b, loc, element, v).getResult();
  };
  for (int64_t j = 0; j < chunk; ++j) {
    std::map<int64_t, Value> loadedA, loadedB; // by offset in elements
    auto read = [&](std::map<int64_t, Value> &cache, const Access &m, Value thread, int64_t offset) {
      Value &v = cache[offset];
      if (!v)
        v = widen(fromMemory(load(memoryType(m.element), shiftPointer(thread, memoryType(m.element), offset), memoryBytes(m.element)), m.element));
      return v;
    };
    for (int64_t r = 0; r < dist.regs(); ++r) {
      int64_t offsetA = j * a.strides[rank - 1].number + dist.coords[rank - 2][r] * a.strides[rank - 2].number;
      int64_t offsetB = j * bm.strides[rankB - 2].number + dist.coords[rank - 1][r] * bm.strides[rankB - 1].number;
      for (int d = 0; d + 2 < rank; ++d) {
        offsetA += dist.coords[d][r] * a.strides[d].number;
        offsetB += rankB == rank ? dist.coords[d][r] * bm.strides[d].number : 0;
      }
      Value x = read(loadedA, a, ta, offsetA), y = read(loadedB, bm, tb, offsetB);
      acc[r] = isa<FloatType>(element) ? math::FmaOp::create(b, loc, x, y, acc[r]).getResult()
                                       : arith::AddIOp::create(b, loc, acc[r], arith::MulIOp::create(b, loc, x, y)).getResult();
    }
  }
  scf::YieldOp::create(b, loc, acc);
  return llvm::to_vector_of<Value>(loop.getResults());
}

} // namespace seqc::gpu
