// SPDX-License-Identifier: Apache-2.0
// Lane 4 g + t of an m16n8 instruction holds: of A, rows g and g + 8 at contraction slots (t, e, half); of B, column g at the same slots; of D,
// rows g and g + 8 at columns 2 t and 2 t + 1. Which coordinates stand behind rows, columns and slots does not matter, as long as the three
// tiles agree: everything below compares what lanes, warps and registers add to each coordinate.
#include "seqc/Layout/Dot.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

using namespace seqc::layout;

namespace {
using Table = std::vector<int32_t>;

/// One tile as a matrix: coordinate tables of its row and column dims, and of its batch dims as one index.
struct Tile {
  int rowDim, colDim;
  Table laneRow, laneCol, warpRow, warpCol, regRow, regCol;
  std::vector<int64_t> laneBatch, warpBatch, regBatch;

  explicit Tile(const DigitMap &m) : rowDim(m.rank() - 2), colDim(m.rank() - 1) {
    auto tables = [&](int dim, Table &lane, Table &warp, Table &reg) {
      lane = m.coordinates(Axis::Lane, dim);
      warp = m.coordinates(Axis::Warp, dim);
      reg = m.coordinates(Axis::Reg, dim);
    };
    tables(rowDim, laneRow, warpRow, regRow);
    tables(colDim, laneCol, warpCol, regCol);
    Shape strides(m.rank(), 0);
    int64_t stride = 1;
    for (int d = rowDim - 1; d >= 0; stride *= m.shape()[d], --d)
      strides[d] = stride;
    laneBatch = m.contributions(Axis::Lane, strides);
    warpBatch = m.contributions(Axis::Warp, strides);
    regBatch = m.contributions(Axis::Reg, strides);
  }
};

/// Registers of a tile by what they add to the coordinates.
class RegisterIndex {
public:
  explicit RegisterIndex(const Tile &t) {
    for (size_t r = 0; r < t.regRow.size(); ++r)
      registers[key(t.regBatch[r], t.regRow[r], t.regCol[r])] = r;
  }
  int32_t find(int64_t batch, int32_t row, int32_t col) const {
    auto it = registers.find(key(batch, row, col));
    return it == registers.end() ? -1 : it->second;
  }
  size_t size() const { return registers.size(); }

private:
  static std::pair<int64_t, int64_t> key(int64_t batch, int32_t row, int32_t col) { return {batch, int64_t(row) << 32 | uint32_t(col)}; }
  llvm::DenseMap<std::pair<int64_t, int64_t>, int32_t> registers;
};
} // namespace

/// Different values, in the order of the registers that have them.
template <class T> static std::vector<T> distinct(const std::vector<T> &values) {
  std::vector<T> out;
  llvm::DenseMap<T, bool> seen;
  for (T v : values)
    if (seen.try_emplace(v, true).second)
      out.push_back(v);
  return out;
}

template <class T> static bool allZero(const std::vector<T> &values) {
  return llvm::all_of(values, [](T v) { return v == 0; });
}

/// Lanes 0..3 (t) add to `byT` only, lanes 0, 4, .. (g) to `byG` only, and the two sum up.
static bool separates(const Table &byT, const Table &byG) {
  for (int l = 0; l < kWarpSize; ++l)
    if (byT[l] != byT[l % 4] || byG[l] != byG[l / 4 * 4])
      return false;
  return true;
}

static bool lanesFit(const Tile &a, const Tile &b, const Tile &d) {
  if (!allZero(a.laneBatch) || !allZero(b.laneBatch) || !allZero(d.laneBatch))
    return false;
  if (!separates(a.laneCol, a.laneRow) || !separates(b.laneRow, b.laneCol) || !separates(d.laneCol, d.laneRow))
    return false;
  if (a.laneRow != d.laneRow)
    return false;
  for (int t = 0; t < 4; ++t) {
    // Slots of t hold different contraction indices, the same in A and B.
    if (a.laneCol[t] != b.laneRow[t] || llvm::is_contained(llvm::ArrayRef<int32_t>(a.laneCol).take_front(t), a.laneCol[t]))
      return false;
    // Columns 2 t of B are where lane t of D is.
    if (b.laneCol[4 * (2 * t)] != d.laneCol[t])
      return false;
  }
  return true;
}

static bool warpsFit(const Tile &a, const Tile &b, const Tile &d, bool batchedB) {
  return a.warpRow.size() == d.warpRow.size() && b.warpRow.size() == d.warpRow.size() && allZero(a.warpCol) && allZero(b.warpRow) &&
         a.warpRow == d.warpRow && b.warpCol == d.warpCol && a.warpBatch == d.warpBatch && (!batchedB || b.warpBatch == d.warpBatch);
}

static bool shapesFit(const DigitMap &a, const DigitMap &b, const DigitMap &d) {
  int rank = d.rank();
  if (rank < 2 || a.rank() != rank || (b.rank() != rank && b.rank() != 2) || a.isMemory() || b.isMemory() || d.isMemory())
    return false;
  for (int i = 0; i + 2 < rank; ++i)
    if (a.shape()[i] != d.shape()[i] || (b.rank() == rank && b.shape()[i] != d.shape()[i]))
      return false;
  for (const DigitMap *m : {&a, &b, &d})
    if (m->size(Axis::Lane) != kWarpSize)
      return false;
  return a.shape()[rank - 2] == d.shape()[rank - 2] && b.shape().back() == d.shape()[rank - 1] && a.shape()[rank - 1] == b.shape()[b.rank() - 2];
}

namespace {
/// Enumerates instructions once lanes and warps agree.
class StepLister {
public:
  StepLister(const Tile &a, const Tile &b, const Tile &d, bool batchedB, MmaShape shape)
      : a(a), d(d), aRegs(a), bRegs(b), dRegs(d), batchedB(batchedB), perWord(shape.perWord()), step(b.laneCol[4]) {
    plan.shape = shape;
  }
  std::optional<DotPlan> list();

private:
  bool columnPairs();
  bool add(int64_t batch, int32_t row0, int32_t row1, int32_t col, llvm::ArrayRef<int32_t> slots);

  const Tile &a, &d;
  RegisterIndex aRegs, bRegs, dRegs;
  bool batchedB;
  int perWord;
  int32_t step;              ///< between the two columns of one lane of D
  std::vector<int32_t> cols; ///< the first column of every pair
  DotPlan plan;
};
} // namespace

/// Splits the register columns of D into pairs `step` apart.
bool StepLister::columnPairs() {
  std::vector<int32_t> all = distinct(d.regCol);
  llvm::DenseMap<int32_t, bool> second;
  for (int32_t c : all)
    second[c] = false;
  llvm::SmallVector<int32_t, 64> ascending(all.begin(), all.end());
  llvm::sort(ascending);
  for (int32_t c : ascending) {
    if (second[c])
      continue;
    auto partner = second.find(c + step);
    if (step <= 0 || partner == second.end() || partner->second)
      return false;
    partner->second = true;
  }
  llvm::copy_if(all, std::back_inserter(cols), [&](int32_t c) { return !second[c]; });
  return true;
}

/// slots: contraction registers of one instruction, kHalf slowest.
bool StepLister::add(int64_t batch, int32_t row0, int32_t row1, int32_t col, llvm::ArrayRef<int32_t> slots) {
  MmaStep s;
  bool found = true;
  auto keep = [&](int32_t reg) {
    found &= reg >= 0;
    return reg;
  };
  for (int half = 0; half < 2; ++half) {
    for (int32_t row : {row0, row1})
      for (int32_t k : slots.slice(half * perWord, perWord))
        s.a.push_back(keep(aRegs.find(batch, row, k)));
    for (int32_t k : slots.slice(half * perWord, perWord))
      s.b.push_back(keep(bRegs.find(batchedB ? batch : 0, k, col)));
  }
  s.d = {keep(dRegs.find(batch, row0, col)), keep(dRegs.find(batch, row0, col + step)), keep(dRegs.find(batch, row1, col)),
         keep(dRegs.find(batch, row1, col + step))};
  plan.steps.push_back(std::move(s));
  return found;
}

std::optional<DotPlan> StepLister::list() {
  std::vector<int64_t> batches = distinct(d.regBatch);
  std::vector<int32_t> rows = distinct(d.regRow), slots = distinct(a.regCol);
  int perStep = 2 * perWord;
  if (rows.size() % 2 || slots.size() % perStep || !columnPairs())
    return std::nullopt;
  if (aRegs.size() != batches.size() * rows.size() * slots.size() || bRegs.size() != (batchedB ? batches.size() : 1) * slots.size() * cols.size())
    return std::nullopt;
  plan.kSteps = slots.size() / perStep;
  for (int k = 0; k < plan.kSteps; ++k)
    for (int64_t batch : batches)
      for (size_t r = 0; r < rows.size(); r += 2)
        for (int32_t col : cols)
          if (!add(batch, rows[r], rows[r + 1], col, llvm::ArrayRef<int32_t>(slots).slice(k * perStep, perStep)))
            return std::nullopt;
  return std::move(plan);
}

std::optional<DotPlan> seqc::layout::matchDot(const DigitMap &a, const DigitMap &b, const DigitMap &d, MmaShape shape) {
  if (!shapesFit(a, b, d))
    return std::nullopt;
  bool batchedB = b.rank() == d.rank();
  Tile ta(a), tb(b), td(d);
  if (!lanesFit(ta, tb, td) || !warpsFit(ta, tb, td, batchedB))
    return std::nullopt;
  return StepLister(ta, tb, td, batchedB, shape).list();
}
