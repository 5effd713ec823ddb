// SPDX-License-Identifier: Apache-2.0
// Loops around the micro-kernel. For each block of k: pack A where the plan says so; for each panel of nr columns: pack
// B's panel (once per dot, it then sits in L1), then run down the rows in strips of mr. Tails of n are masked at C;
// tails of m get a shorter kernel when m is a number, else a kernel whose surplus rows repeat the last valid one.
#include "EmitDot.h"
#include "EmitCode.h"
#include "EmitDotPlan.h"
#include "EmitPack.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace seqc {

bool isCpuDotSupported(Type aType, Type bType, Type accType) {
  auto isSmallFloat = [](Type type) { return type.isF32() || type.isF16() || type.isBF16(); };
  if (accType.isF32())
    return isSmallFloat(aType) && isSmallFloat(bType);
  if (accType.isInteger(32))
    return aType.isInteger(8) && bType.isInteger(8);
  return accType.isF64() && aType.isF64() && bType.isF64();
}

namespace {
constexpr int64_t kUnroll = 4;      // steps of k per trip of the micro-kernel's loop
constexpr int64_t kRowPointers = 8; // rows of A addressed by a pointer each

/// An operand in memory, as it is or packed.
struct Operand {
  Value pointer;
  Size row, col;
};

/// Row i of a strip: base pointer and an element offset that is a number when the stride is.
struct RowAddress {
  Value base;
  Size offset;
};

class DotEmitter {
public:
  DotEmitter(Code &code, const CpuDot &dot, const CpuTarget &target)
      : code(code), dot(dot), plan(planCpuDot(dot, target)), acc(dot.accType), vec(VectorType::get(plan.lanes, acc)), m(code.from(dot.mValid, dot.m)),
        n(code.from(dot.nValid, dot.n)), k(code.from(dot.kValid, dot.k)), a{dot.a, code.from(dot.aRow), code.from(dot.aCol)},
        b{dot.b, code.from(dot.bRow), code.from(dot.bCol)}, cRow(code.from(dot.cRow)) {}

  void emit() {
    if (plan.kind == DotPlan::Kind::inner)
      return emitInner();
    // At least one block even for k = 0: C may need its zeros.
    Size blocksEnd = plan.kc >= dot.k ? Size(1) : code.max(k, 1);
    code.loop(0, blocksEnd, plan.kc, [&](Size k0) { emitBlockOfK(k0); });
  }

private:
  Code &code;
  const CpuDot &dot;
  DotPlan plan;
  Type acc;
  VectorType vec;
  Size m, n, k;
  Operand a, b;
  Size cRow;

  Value scratchB() { return code.at(dot.scratch, code.b.getI8Type(), plan.bytesA); }

  // -- outer form --

  void emitBlockOfK(Size k0) {
    Size depth = plan.kc >= dot.k ? k : code.min(code.sub(k, k0), plan.kc);
    // Whether C starts from zero in this block; a value when the block is one of several.
    Size startsAtZero = dot.zeroInit ? (k0.isKnown() ? Size(k0.number == 0) : Size(code.less(k0, 1))) : Size(0);
    Operand blockA{code.at(a.pointer, dot.aType, code.mul(k0, a.col)), a.row, a.col};
    if (plan.packA)
      blockA = packA(blockA, depth);
    Value blockB = code.at(b.pointer, dot.bType, code.mul(k0, b.row));
    Size nFull = code.multipleBelow(n, plan.nr());
    auto panel = [&](Size j, Size cols) { emitPanel(blockA, code.at(blockB, dot.bType, code.mul(j, b.col)), j, cols, depth, startsAtZero); };
    code.loop(0, nFull, plan.nr(), [&](Size j) { panel(j, plan.nr()); });
    code.ifLess(nFull, n, [&] { panel(nFull, code.sub(n, nFull)); }, [] {});
  }

  Operand packA(Operand from, Size depth) {
    PackSource source{from.pointer, dot.aType, m, depth, from.row, from.col};
    if (plan.transposedA)
      source = {from.pointer, dot.aType, depth, m, from.col, from.row};
    emitPack(code, source, dot.scratch, acc, plan.aStride, /*width=*/0, plan.lanes);
    if (plan.transposedA)
      return {dot.scratch, 1, plan.aStride};
    return {dot.scratch, plan.aStride, 1};
  }

  /// `cols` <= nr columns of C from column j on; `source` is B at this block and column.
  void emitPanel(Operand blockA, Value source, Size j, Size cols, Size depth, Size startsAtZero) {
    int64_t vectors = cols.isKnown() ? llvm::divideCeil(cols.number, plan.lanes) : plan.nv;
    Operand panelB{source, b.row, 1};
    if (plan.packB) {
      panelB = {scratchB(), plan.nr(), 1};
      emitPack(code, {source, dot.bType, depth, cols, b.row, b.col}, panelB.pointer, acc, plan.nr(), vectors * plan.lanes, plan.lanes);
    }
    SmallVector<Value> masks;
    for (int64_t v = 0; v < vectors; ++v)
      masks.push_back(code.mask(acc, plan.lanes, code.sub(cols, v * plan.lanes)));
    Value panelC = code.at(dot.c, acc, j);
    auto strip = [&](Size i, int64_t rows, bool clamped) { emitStrip(blockA, panelB, panelC, i, rows, clamped, masks, depth, startsAtZero); };
    // Bounds at run time: one clamped kernel for all strips while its row pointers fit the integer registers.
    if (!m.isKnown() && plan.mr <= kRowPointers)
      return code.loop(0, m, plan.mr, [&](Size i) { strip(i, plan.mr, true); });
    Size mFull = code.multipleBelow(m, plan.mr);
    code.loop(0, mFull, plan.mr, [&](Size i) { strip(i, plan.mr, false); });
    if (!m.isKnown())
      code.loop(mFull, m, plan.mr, [&](Size i) { strip(i, plan.mr, true); });
    else if (mFull.number < m.number)
      strip(mFull, m.number - mFull.number, false);
  }

  /// Addresses of rows i .. i + rows - 1. Clamped: rows past the last valid one are that one again; they compute and
  /// store the same values.
  SmallVector<RowAddress> rowAddresses(Value pointer, Type type, Size stride, Size i, int64_t rows, bool clamped) {
    SmallVector<RowAddress> result;
    Value base = code.at(pointer, type, code.mul(i, stride));
    Size last = clamped ? code.sub(code.sub(m, 1), i) : Size(rows);
    for (int64_t r = 0; r < rows; ++r) {
      Size offset = code.mul(clamped ? code.min(last, r) : Size(r), stride);
      result.push_back(offset.isKnown() ? RowAddress{base, offset} : RowAddress{code.at(base, type, offset), 0});
    }
    return result;
  }

  void emitStrip(Operand blockA, Operand panelB, Value panelC, Size i, int64_t rows, bool clamped, ArrayRef<Value> masks, Size depth,
                 Size startsAtZero) {
    SmallVector<RowAddress> rowsA = rowAddresses(blockA.pointer, acc, blockA.row, i, rows, clamped);
    SmallVector<RowAddress> rowsC = rowAddresses(panelC, acc, cRow, i, rows, clamped);
    SmallVector<Value> tile = initialTile(rowsC, masks, startsAtZero);
    // Tail columns of a B that is read in place must not be touched.
    SmallVector<Value> masksB(masks.size());
    if (!plan.packB)
      masksB.assign(masks.begin(), masks.end());
    Size unrolled = code.alignDown(depth, kUnroll);
    auto steps = [&](int64_t count) {
      return [&, count](Size kk, ValueRange carried) { return multiplySteps(rowsA, blockA.col, panelB, masksB, kk, count, carried); };
    };
    tile = code.loop(0, unrolled, kUnroll, tile, steps(kUnroll));
    if (depth.isKnown() && unrolled.number < depth.number)
      tile = steps(depth.number - unrolled.number)(unrolled, tile);
    else if (!depth.isKnown())
      tile = code.loop(unrolled, depth, 1, tile, steps(1));
    storeTile(rowsC, masks, tile);
  }

  Value addressC(const RowAddress &row, int64_t v) { return code.at(code.at(row.base, acc, row.offset), acc, v * plan.lanes); }

  SmallVector<Value> initialTile(ArrayRef<RowAddress> rowsC, ArrayRef<Value> masks, Size startsAtZero) {
    auto zeros = [&] { return SmallVector<Value>(rowsC.size() * masks.size(), code.zero(vec)); };
    auto loads = [&] {
      SmallVector<Value> tile;
      for (const RowAddress &row : rowsC)
        for (auto [v, mask] : llvm::enumerate(masks))
          tile.push_back(code.load(vec, addressC(row, v), mask));
      return tile;
    };
    if (startsAtZero.isKnown())
      return startsAtZero.number ? zeros() : loads();
    auto yield = [&](const SmallVector<Value> &tile) { scf::YieldOp::create(code.b, code.loc, tile); };
    auto op = scf::IfOp::create(
        code.b, code.loc, startsAtZero.value, [&](OpBuilder &, Location) { yield(zeros()); }, [&](OpBuilder &, Location) { yield(loads()); });
    return SmallVector<Value>(op.getResults());
  }

  void storeTile(ArrayRef<RowAddress> rowsC, ArrayRef<Value> masks, ArrayRef<Value> tile) {
    const Value *next = tile.begin();
    for (const RowAddress &row : rowsC)
      for (auto [v, mask] : llvm::enumerate(masks))
        code.store(*next++, addressC(row, v), mask);
  }

  /// tile[r][v] += A[r][kk + u] * B[kk + u][v] for u < count.
  SmallVector<Value> multiplySteps(ArrayRef<RowAddress> rowsA, Size colA, Operand panelB, ArrayRef<Value> masksB, Size kk, int64_t count,
                                   ValueRange carried) {
    SmallVector<Value> tile(carried);
    DenseMap<Value, Value> atK; // base pointers moved on to kk, shared by rows with one base
    Type typeB = plan.packB ? acc : dot.bType;
    Value bAtK = code.at(panelB.pointer, typeB, code.mul(kk, panelB.row));
    for (int64_t u = 0; u < count; ++u) {
      Value rowB = code.at(bAtK, typeB, code.mul(u, panelB.row));
      SmallVector<Value> vectorsB;
      for (auto [v, mask] : llvm::enumerate(masksB))
        vectorsB.push_back(code.widen(code.load(VectorType::get(plan.lanes, typeB), code.at(rowB, typeB, v * plan.lanes), mask), acc));
      for (auto [r, row] : llvm::enumerate(rowsA)) {
        Value &base = atK[row.base];
        if (!base)
          base = code.at(row.base, acc, code.mul(kk, colA));
        Value element = code.load(acc, code.at(base, acc, code.add(row.offset, code.mul(u, colA))));
        Value broadcast = code.splat(element, vec);
        for (auto [v, vectorB] : llvm::enumerate(vectorsB)) {
          Value &sum = tile[r * masksB.size() + v];
          sum = code.multiplyAdd(broadcast, vectorB, sum);
        }
      }
    }
    return tile;
  }

  // -- inner form --

  void emitInner() {
    Operand rows = plan.packA ? packA(a, k) : a;
    Size nFull = code.alignDown(n, plan.lanes);
    code.loop(0, nFull, plan.lanes, [&](Size j) { emitInnerColumns(rows, j, plan.lanes); });
    code.ifLess(nFull, n, [&] { emitInnerColumns(rows, nFull, code.sub(n, nFull)); }, [] {});
  }

  /// One vector of columns of C, of which the first `cols` exist; the others repeat the last one and are not stored.
  void emitInnerColumns(Operand rows, Size j, Size cols) {
    Value mask = code.mask(acc, plan.lanes, cols);
    SmallVector<Value> columns;
    for (int64_t c = 0; c < plan.lanes; ++c)
      columns.push_back(code.at(b.pointer, dot.bType, code.mul(code.add(j, code.min(code.sub(cols, 1), c)), b.col)));
    code.loop(0, m, 1, [&](Size i) {
      Value rowC = code.at(dot.c, acc, code.mul(i, cRow));
      emitInnerRow(code.at(rows.pointer, acc, code.mul(i, rows.row)), columns, code.at(rowC, acc, j), mask);
    });
  }

  void emitInnerRow(Value row, ArrayRef<Value> columns, Value pointerC, Value mask) {
    SmallVector<Value> sums(columns.size(), code.zero(vec));
    Size kVectors = code.alignDown(k, plan.lanes);
    sums = code.loop(0, kVectors, plan.lanes, sums, [&](Size kk, ValueRange carried) {
      Value x = code.load(vec, code.at(row, acc, kk));
      SmallVector<Value> next;
      for (auto [column, sum] : llvm::zip(columns, carried)) {
        Value y = code.widen(code.load(VectorType::get(plan.lanes, dot.bType), code.at(column, dot.bType, kk)), acc);
        next.push_back(code.multiplyAdd(x, y, sum));
      }
      return next;
    });
    Value total = sumOfEach(code, sums);
    total = code.loop(kVectors, k, 1, total, [&](Size kk, ValueRange carried) -> SmallVector<Value> {
      SmallVector<Value> elements;
      for (Value column : columns)
        elements.push_back(code.widen(code.load(dot.bType, code.at(column, dot.bType, kk)), acc));
      Value x = code.splat(code.load(acc, code.at(row, acc, kk)), vec);
      return {code.multiplyAdd(x, vector::FromElementsOp::create(code.b, code.loc, vec, elements), carried[0])};
    })[0];
    if (!dot.zeroInit)
      total = code.sum(total, code.load(vec, pointerC, mask));
    code.store(total, pointerC, mask);
  }
};
} // namespace

void emitCpuDot(OpBuilder &builder, Location loc, const CpuDot &dot, const CpuTarget &target) {
  assert(isCpuDotSupported(dot.aType, dot.bType, dot.accType) && "element types of the dot");
  assert((dot.scratch || cpuDotScratchBytes(dot, target) == 0) && "scratch of the dot");
  if (dot.m == 0 || dot.n == 0)
    return;
  Code code(builder, loc);
  DotEmitter(code, dot, target).emit();
}

} // namespace seqc
