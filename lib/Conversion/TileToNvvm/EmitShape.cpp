// SPDX-License-Identifier: Apache-2.0
// Shape ops: which register of which operand holds each element of the result; and changes of layout.
#include "KernelEmitter.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using seqc::layout::Axis;
using seqc::layout::Coord;

namespace seqc::gpu {

/// Inserts `values` at the positions `dims` of a coordinate.
static Coord withDims(Coord c, ArrayRef<int64_t> dims, ArrayRef<int64_t> values) {
  for (auto [d, v] : llvm::zip_equal(dims, values))
    c.insert(c.begin() + d, static_cast<int32_t>(v));
  return c;
}

static SmallVector<int64_t> delinearize(int64_t index, ArrayRef<int64_t> dims, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> values(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    values[i] = index % shape[dims[i]];
    index /= shape[dims[i]];
  }
  return values;
}

/// The layouts agree (tile-assign-layouts), so the thread of an element is the same on both sides: that of lane 0 and warp 0 tells the register.
void KernelEmitter::emitShape(Operation *op) {
  auto registersOf = [&](Value result, Value operand, llvm::function_ref<Coord(Coord)> toOperand) {
    const Dist &dist = distOf(result), &source = distOf(operand);
    Regs regs;
    for (int64_t r = 0; r < dist.regs(); ++r) {
      layout::Loc l;
      l.reg = static_cast<int32_t>(r);
      regs.push_back(tiles[operand][source.map.locate(toOperand(dist.map.apply(l))).reg]);
    }
    tiles[result] = regs;
  };
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](tile::SplatOp o) { tiles[o.getResult()] = Regs(distOf(o.getResult()).regs(), scalars.lookup(o.getS())); })
      .Case([&](tile::IotaOp o) {
        const Dist &dist = distOf(o.getResult());
        Type element = o.getType().getElementType();
        Regs regs;
        for (int32_t c : dist.coords[o.getDim()]) {
          Value v = arith::AddIOp::create(b, loc, dist.base[o.getDim()], i32(c));
          unsigned bits = element.getIntOrFloatBitWidth();
          regs.push_back(bits == 32 ? v : bits > 32 ? arith::ExtSIOp::create(b, loc, element, v).getResult() : arith::TruncIOp::create(b, loc, element, v).getResult());
        }
        tiles[o.getResult()] = regs;
      })
      .Case([&](tile::BroadcastOp o) {
        registersOf(o.getResult(), o.getT(), [&](Coord c) {
          c.erase(c.begin() + o.getAt());
          return c;
        });
      })
      .Case<tile::TransposeOp, tile::ReshapeOp>([&](auto o) {
        Regs regs = tiles[o.getT()]; // a copy: a new entry may move the others
        tiles[o.getResult()] = regs;
      })
      .Case([&](tile::SliceOp o) {
        registersOf(o.getResult(), o.getT(), [&](Coord c) {
          for (auto [x, offset] : llvm::zip_equal(c, o.getOffsets()))
            x += static_cast<int32_t>(offset);
          return c;
        });
      })
      .Case([&](tile::SplitOp o) {
        for (auto [i, result] : llvm::enumerate(o.getResults())) {
          SmallVector<int64_t> at = delinearize(i, o.getDims(), o.getT().getType().getShape());
          registersOf(result, o.getT(), [&](Coord c) { return withDims(c, o.getDims(), at); });
        }
      })
      .Case([&](tile::JoinOp o) {
        const Dist &dist = distOf(o.getResult());
        Regs regs(dist.regs());
        for (auto [i, part] : llvm::enumerate(o.getParts())) {
          SmallVector<int64_t> at = delinearize(i, o.getDims(), o.getType().getShape());
          const Dist &source = distOf(part);
          for (int64_t r = 0; r < source.regs(); ++r) {
            layout::Loc l;
            l.reg = static_cast<int32_t>(r);
            regs[dist.map.locate(withDims(source.map.apply(l), o.getDims(), at)).reg] = tiles[part][r];
          }
        }
        tiles[o.getResult()] = regs;
      });
}

void KernelEmitter::emitRelayout(tile::RelayoutOp op) {
  const Dist &to = distOf(op.getResult()), &from = distOf(op.getT());
  Regs source = tiles[op.getT()];
  if (!plan.uses(op)) {
    const layout::Conversion &conversion = plan.conversionOf(op);
    Regs &regs = tiles[op.getResult()];
    if (conversion.kind == layout::ConvKind::Shuffle)
      regs = shuffled(conversion, to.regs(), source);
    else if (conversion.kind == layout::ConvKind::Rename)
      regs = llvm::map_to_vector(conversion.regPerm, [&](int32_t r) { return source[r]; });
    else
      regs = source;
    return;
  }
  Access memory = sharedAccess(plan.tileOf(op), op.getType().getElementType());
  if (plan.barrierBeforeWrite(op))
    barrier();
  storeTile(memory, from, source);
  if (isStaged(op))
    return; // dots read their fragments
  if (plan.barrierBeforeRead(op, op))
    barrier();
  tiles[op.getResult()] = loadTile(memory, to, 0.0);
}

/// All lanes take part in every shuffle; a lane keeps what the steps that are active in it bring.
Regs KernelEmitter::shuffled(const layout::Conversion &conversion, int64_t count, ArrayRef<Value> source) {
  Regs regs(count);
  for (const layout::ShuffleStep &step : conversion.steps) {
    Value v = source[step.fromReg];
    if (!step.local)
      v = shuffle("idx", v, arith::AddIOp::create(b, loc, sumOf(step.srcLane), i32(step.srcBase)));
    Value &result = regs[step.toReg];
    if (result)
      v = arith::SelectOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, sumOf(step.when), i32(step.whenValue)), v, result);
    result = v;
  }
  return regs;
}

} // namespace seqc::gpu
