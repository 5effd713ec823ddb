// SPDX-License-Identifier: Apache-2.0
// tile.dot: mma.sync m16n8k16 on fragments read by ldmatrix (or held in registers), and multiply-adds for everything else. Which registers meet in
// which instruction says layout::matchDot.
#include "KernelEmitter.h"
#include "seqc/Layout/Dot.h"
#include "seqc/Layout/SharedPlan.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::Coord;

namespace seqc::gpu {

/// The fragments of an operand, each loaded where it is first used: by ldmatrix where the layouts match, else element by element; or in registers.
struct KernelEmitter::Fragments {
  Access memory;
  bool isStaged = false, isMatrixOp = false, isTransposed = false;
  Placement placed;
  std::vector<int32_t> position;    ///< of a register in placed.plan.regs
  std::map<int64_t, Regs> loaded;   ///< by access: 32-bit words of ldmatrix, or elements
  std::map<int32_t, Value> words;   ///< packed, by the lower register
  Regs regs;                        ///< not staged
};

Value KernelEmitter::packPair(Value low, Value high) {
  auto type = VectorType::get({2}, low.getType());
  Value v = LLVM::PoisonOp::create(b, loc, type);
  v = LLVM::InsertElementOp::create(b, loc, v, low, i32(0));
  return LLVM::InsertElementOp::create(b, loc, v, high, i32(1));
}

KernelEmitter::Fragments KernelEmitter::fragmentsOf(Value operand, const layout::DigitMap &map) {
  Fragments f;
  Operation *source = operand.getDefiningOp();
  if (!source || !plan.uses(source)) {
    f.regs = tiles[operand];
    return f;
  }
  Type element = getElementTypeOrSelf(operand);
  int bits = static_cast<int>(memoryBytes(element) * 8);
  f.isStaged = true;
  f.memory = sharedAccess(plan.tileOf(source), element);
  if (std::optional<layout::MatrixOpPlan> matrix = layout::matchMatrixOp(map, *f.memory.memory, bits)) {
    f.isMatrixOp = true;
    f.isTransposed = matrix->trans;
    f.placed.plan = std::move(matrix->access);
    placeShared(f.placed, f.memory);
  } else {
    f.placed = place(f.memory, distOf(operand));
  }
  f.position.resize(f.placed.plan.regs.size());
  for (auto [i, r] : llvm::enumerate(f.placed.plan.regs))
    f.position[r] = static_cast<int32_t>(i);
  return f;
}

/// Access `access`: words of as many 8x8 matrices as the instruction reads, or elements.
Regs KernelEmitter::loadFragments(Fragments &f, int64_t access) {
  Regs &parts = f.loaded[access];
  if (!parts.empty())
    return parts;
  Value at = pointerTo(f.memory, f.placed, access);
  int64_t width = f.placed.plan.vecElems;
  if (f.isMatrixOp) {
    SmallVector<Type> words(width / 2, b.getI32Type());
    std::string name = "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x" + std::to_string(words.size()) + (f.isTransposed ? ".trans" : "") + ".b16";
    llvm::append_range(parts, callIntrinsic(name, words, at));
    return parts;
  }
  Type type = width == 1 ? f.memory.element : Type(VectorType::get({width}, f.memory.element));
  Value loaded = load(type, at, f.placed.plan.vecBytes);
  for (int64_t i = 0; i < width; ++i)
    parts.push_back(width == 1 ? loaded : LLVM::ExtractElementOp::create(b, loc, loaded, i32(i)).getResult());
  return parts;
}

/// Two registers as the 32-bit operand of an instruction.
Value KernelEmitter::word(Fragments &f, int32_t low, int32_t high) {
  Value &packed = f.words[low];
  if (packed)
    return packed;
  auto element = [&](int32_t r) {
    if (!f.isStaged)
      return f.regs[r];
    return loadFragments(f, f.position[r] / f.placed.plan.vecElems)[f.position[r] % f.placed.plan.vecElems];
  };
  if (!f.isMatrixOp)
    return packed = LLVM::BitcastOp::create(b, loc, b.getI32Type(), packPair(element(low), element(high)));
  int64_t at = f.position[low], width = f.placed.plan.vecElems;
  assert(at % 2 == 0 && f.position[high] == at + 1 && "ldmatrix packs as the instruction wants it");
  return packed = loadFragments(f, at / width)[at % width / 2];
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

/// Instructions in the order of the contraction.
Regs KernelEmitter::emitMma(tile::DotOp op, Regs acc) {
  const layout::DigitMap &mapA = distOf(op.getA()).map, &mapB = distOf(op.getB()).map;
  std::optional<layout::DotPlan> dot = layout::matchDot(mapA, mapB, distOf(op.getResult()).map, layout::MmaShape{16});
  assert(dot && "tile-assign-layouts gives operands as fragments");
  Fragments a = fragmentsOf(op.getA(), mapA), bm = fragmentsOf(op.getB(), mapB);
  for (const layout::MmaStep &step : dot->steps) {
    Regs operands;
    for (size_t i = 0; i < step.a.size(); i += 2)
      operands.push_back(word(a, step.a[i], step.a[i + 1]));
    for (size_t i = 0; i < step.b.size(); i += 2)
      operands.push_back(word(bm, step.b[i], step.b[i + 1]));
    for (int32_t r : step.d)
      operands.push_back(acc[r]);
    for (auto [r, v] : llvm::zip_equal(step.d, mmaInstruction(getElementTypeOrSelf(op.getA()), operands)))
      acc[r] = v;
  }
  return acc;
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

/// Where a thread finds the elements of an operand of multiply-adds. Addresses are linear in every coordinate (SharedPlan).
struct KernelEmitter::LinearOperand {
  const Dist *dist;
  Access memory;
  int kDim;
  Regs regs;                        ///< not staged: the elements themselves, and nothing below
  Value thread;                     ///< pointer with the thread's part and the first k of the chunk
  std::vector<int64_t> bytes;       ///< by register
  std::map<int64_t, Value> loaded;  ///< of one k, by offset (or register)
};

KernelEmitter::LinearOperand KernelEmitter::linearOperand(Value operand, int kDim) {
  LinearOperand o;
  o.dist = &distOf(operand);
  Operation *source = operand.getDefiningOp();
  if (!source || !plan.uses(source)) {
    o.kDim = kDim;
    o.regs = tiles[operand];
    return o;
  }
  o.memory = sharedAccess(plan.tileOf(source), getElementTypeOrSelf(operand));
  o.kDim = kDim;
  Placement placed = place(o.memory, *o.dist, static_cast<int>(memoryBytes(o.memory.element)));
  o.thread = placed.offset ? shiftPointer(o.memory.base, b.getI8Type(), placed.offset) : o.memory.base;
  o.bytes.resize(placed.plan.regs.size());
  for (auto [bytes, r] : llvm::zip_equal(placed.plan.accessBytes, placed.plan.regs))
    o.bytes[r] = bytes;
  return o;
}

/// The element of `operand` in row (or column) `c` (batch.., row) at k.
Value KernelEmitter::linearElement(LinearOperand &o, Coord c, int64_t k, Type wanted) {
  c.insert(c.begin() + o.kDim, static_cast<int32_t>(k));
  int32_t r = o.dist->map.locate(c).reg;
  Value &v = o.loaded[o.regs.empty() ? o.bytes[r] : r];
  if (v)
    return v;
  if (o.regs.empty()) {
    Type element = o.memory.element;
    v = fromMemory(load(memoryType(element), shiftPointer(o.thread, b.getI8Type(), o.bytes[r]), memoryBytes(element)), element);
  } else {
    v = o.regs[r];
  }
  if (v.getType() != wanted)
    v = isa<FloatType>(wanted) ? arith::ExtFOp::create(b, loc, wanted, v).getResult() : arith::ExtSIOp::create(b, loc, wanted, v).getResult();
  return v;
}

/// Every thread reads the rows and columns that its accumulators need, a few k at a time.
Regs KernelEmitter::emitFma(tile::DotOp op, Regs acc) {
  const Dist &dist = distOf(op.getResult());
  int rank = dist.map.rank(), rankB = op.getB().getType().getRank();
  Type element = op.getType().getElementType();
  int64_t k = op.getA().getType().getShape().back(), chunk = element.getIntOrFloatBitWidth() > 32 ? 4 : 8; // long bodies only cost compile time
  while (k % chunk)
    chunk /= 2;
  LinearOperand a = linearOperand(op.getA(), rank - 1), bm = linearOperand(op.getB(), rankB - 2);
  if (!a.regs.empty() || !bm.regs.empty())
    chunk = k; // registers have no address that a loop could step
  auto loop = scf::ForOp::create(b, loc, i32(0), i32(k), i32(chunk), acc);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  acc = llvm::to_vector_of<Value>(loop.getRegionIterArgs());
  for (LinearOperand *o : {&a, &bm}) {
    if (!o->regs.empty())
      continue;
    Coord one(o->dist->map.rank(), 0);
    if (k > 1)
      one[o->kDim] = 1;
    int64_t step = o->memory.memory->physical(one, static_cast<int>(memoryBytes(o->memory.element) * 8));
    o->thread = shiftPointer(o->thread, b.getI8Type(), arith::MulIOp::create(b, loc, loop.getInductionVar(), i32(step)));
  }
  for (int64_t j = 0; j < chunk; ++j) {
    a.loaded.clear(), bm.loaded.clear();
    for (int64_t r = 0; r < dist.regs(); ++r) {
      Coord row, column;
      for (int d = 0; d + 2 < rank; ++d) {
        row.push_back(dist.coords[d][r]);
        if (rankB == rank)
          column.push_back(dist.coords[d][r]);
      }
      row.push_back(dist.coords[rank - 2][r]);
      column.push_back(dist.coords[rank - 1][r]);
      Value x = linearElement(a, row, j, element), y = linearElement(bm, column, j, element);
      acc[r] = isa<FloatType>(element) ? math::FmaOp::create(b, loc, x, y, acc[r]).getResult()
                                       : arith::AddIOp::create(b, loc, acc[r], arith::MulIOp::create(b, loc, x, y)).getResult();
    }
  }
  scf::YieldOp::create(b, loc, acc);
  return llvm::to_vector_of<Value>(loop.getResults());
}

} // namespace seqc::gpu
