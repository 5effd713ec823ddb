// SPDX-License-Identifier: Apache-2.0
// Three ways by the source's strides: rows of unit stride are copied by vectors; columns of unit stride are transposed
// in registers, a square at a time; anything else, and what is left over, goes element by element. Squares at the end
// overlap their neighbours instead of being masked: the same values are written twice.
#include "EmitPack.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace seqc {

// Butterfly exchange of blocks of `half` lanes between x and y: the low results keep x's even blocks and take y's, the
// high ones the odd blocks.
static std::pair<Value, Value> exchange(Code &code, Value x, Value y, int64_t lanes, int64_t half) {
  SmallVector<int64_t> low, high;
  for (int64_t p = 0; p < lanes; ++p) {
    low.push_back((p & half) ? lanes + p - half : p);
    high.push_back((p & half) ? lanes + p : p + half);
  }
  return {code.shuffle(x, y, low), code.shuffle(x, y, high)};
}

// Within each 128-bit group of `group` lanes: interleaves units of `unit` lanes of x and y, from the group's low or high half.
static Value unpack(Code &code, Value x, Value y, int64_t lanes, int64_t group, int64_t unit, bool high) {
  SmallVector<int64_t> picks;
  for (int64_t base = 0; base < lanes; base += group)
    for (int64_t p = 0; p < group; ++p) {
      int64_t pair = p / (2 * unit), fromY = (p / unit) % 2;
      picks.push_back(fromY * lanes + base + (high ? group / 2 : 0) + pair * unit + p % unit);
    }
  return code.shuffle(x, y, picks);
}

SmallVector<Value> transposeSquare(Code &code, SmallVector<Value> rows, int64_t group) {
  int64_t lanes = rows.size();
  // Across 128-bit groups by block exchange, inside them by unpacks: each is one instruction.
  for (int64_t half = lanes / 2; half >= group; half /= 2)
    for (int64_t i = 0; i < lanes; ++i)
      if (!(i & half))
        std::tie(rows[i], rows[i + half]) = exchange(code, rows[i], rows[i + half], lanes, half);
  for (int64_t i = 0; i < lanes; i += group) {
    if (group == 2) {
      Value low = unpack(code, rows[i], rows[i + 1], lanes, 2, 1, false), high = unpack(code, rows[i], rows[i + 1], lanes, 2, 1, true);
      rows[i] = low, rows[i + 1] = high;
      continue;
    }
    assert(group == 4);
    Value low01 = unpack(code, rows[i], rows[i + 1], lanes, 4, 1, false), high01 = unpack(code, rows[i], rows[i + 1], lanes, 4, 1, true);
    Value low23 = unpack(code, rows[i + 2], rows[i + 3], lanes, 4, 1, false), high23 = unpack(code, rows[i + 2], rows[i + 3], lanes, 4, 1, true);
    rows[i] = unpack(code, low01, low23, lanes, 4, 2, false);
    rows[i + 1] = unpack(code, low01, low23, lanes, 4, 2, true);
    rows[i + 2] = unpack(code, high01, high23, lanes, 4, 2, false);
    rows[i + 3] = unpack(code, high01, high23, lanes, 4, 2, true);
  }
  return rows;
}

Value sumOfEach(Code &code, SmallVector<Value> rows) {
  int64_t lanes = rows.size();
  for (int64_t half = lanes / 2; half >= 1; half /= 2)
    for (int64_t i = 0; i < half; ++i) {
      auto [low, high] = exchange(code, rows[i], rows[i + half], lanes, half);
      rows[i] = code.sum(low, high);
    }
  return rows[0];
}

namespace {
struct Packer {
  Code &code;
  const PackSource &source;
  Value destination;
  Type element;
  Size stride;
  int64_t width, lanes;

  Value sourceAt(Size r, Size c) {
    Value row = code.at(source.pointer, source.type, code.mul(r, source.row));
    return code.at(row, source.type, code.mul(c, source.col));
  }
  Value destinationAt(Size r, Size c) { return code.at(code.at(destination, element, code.mul(r, stride)), element, c); }

  Value loadWide(Value pointer) { return code.widen(code.load(VectorType::get(lanes, source.type), pointer), element); }

  void copyElement(Size r, Size c) { code.store(code.widen(code.load(source.type, sourceAt(r, c)), element), destinationAt(r, c)); }

  /// Zeros in the vectors that the columns do not fill; the copies then write the columns over them.
  void zeroPadding(Size r) {
    for (int64_t c = 0; c < width; c += lanes)
      if (!source.cols.isKnown() || c + lanes > source.cols.number)
        code.store(code.zero(VectorType::get(lanes, element)), destinationAt(r, c));
  }

  void copyRows() {
    Size vectorCols = code.alignDown(source.cols, lanes);
    code.loop(0, source.rows, 1, [&](Size r) {
      zeroPadding(r);
      if (vectorCols.isKnown() && vectorCols.number <= 4 * lanes)
        for (int64_t c = 0; c < vectorCols.number; c += lanes)
          code.store(loadWide(sourceAt(r, c)), destinationAt(r, c));
      else
        code.loop(0, vectorCols, lanes, [&](Size c) { code.store(loadWide(sourceAt(r, c)), destinationAt(r, c)); });
      code.loop(vectorCols, source.cols, 1, [&](Size c) { copyElement(r, c); });
    });
  }

  void copyElements() {
    code.loop(0, source.rows, 1, [&](Size r) {
      zeroPadding(r);
      code.loop(0, source.cols, 1, [&](Size c) { copyElement(r, c); });
    });
  }

  /// The square at rows r.., columns c..; columns from source.cols on repeat the last one.
  void transposeAt(Size r, Size c) {
    Size last = code.sub(source.cols, 1);
    Value base = code.at(source.pointer, source.type, r);
    SmallVector<Value> columns;
    for (int64_t i = 0; i < lanes; ++i)
      columns.push_back(loadWide(code.at(base, source.type, code.mul(code.min(code.add(c, i), last), source.col))));
    SmallVector<Value> rows = transposeSquare(code, columns, 128 / element.getIntOrFloatBitWidth());
    for (int64_t i = 0; i < lanes; ++i)
      code.store(rows[i], destinationAt(code.add(r, i), c));
  }

  void transposeSquares() {
    auto squares = [&] {
      Size lastRow = code.sub(source.rows, lanes);
      Size end = width ? Size(width) : source.cols;
      code.loop(0, end, lanes, [&](Size c) { code.loop(0, source.rows, lanes, [&](Size r) { transposeAt(code.min(r, lastRow), c); }); });
    };
    code.ifLess(source.rows, lanes, [&] { copyElements(); }, squares);
  }
};
} // namespace

void emitPack(Code &code, const PackSource &source, Value destination, Type element, Size stride, int64_t width, int64_t lanes) {
  assert(width % lanes == 0 && (!width || !source.cols.isKnown() || (0 < source.cols.number && source.cols.number <= width)));
  Packer packer{code, source, destination, element, stride, width, lanes};
  if (source.col.is(1))
    return packer.copyRows();
  if (source.row.is(1) && !source.cols.is(0))
    return packer.transposeSquares();
  packer.copyElements();
}

} // namespace seqc
