// SPDX-License-Identifier: Apache-2.0
// What a kernel may hold: the closed list of scalar ops, element types, the origin of views.
#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace seqc::tile {

bool isLegalScalarOp(Operation *op) {
  static const llvm::StringSet<> names{
      "arith.addf",        "arith.addi",    "arith.andi",       "arith.bitcast",   "arith.ceildivsi",  "arith.ceildivui", "arith.cmpf",
      "arith.cmpi",        "arith.constant", "arith.divf",      "arith.divsi",     "arith.divui",      "arith.extf",      "arith.extsi",
      "arith.extui",       "arith.floordivsi", "arith.fptosi",  "arith.fptoui",    "arith.index_cast", "arith.index_castui", "arith.maximumf",
      "arith.maxnumf",     "arith.maxsi",   "arith.maxui",      "arith.minimumf",  "arith.minnumf",    "arith.minsi",     "arith.minui",
      "arith.mulf",        "arith.muli",    "arith.negf",       "arith.ori",       "arith.remf",       "arith.remsi",     "arith.remui",
      "arith.select",      "arith.shli",    "arith.shrsi",      "arith.shrui",     "arith.sitofp",     "arith.subf",      "arith.subi",
      "arith.truncf",      "arith.trunci",  "arith.uitofp",     "arith.xori",      "math.absf",        "math.absi",       "math.ceil",
      "math.copysign",     "math.cos",      "math.erf",         "math.exp2",       "math.expm1",       "math.floor",      "math.fma",
      "math.log1p",        "math.log2",     "math.powf",        "math.round",      "math.roundeven",   "math.rsqrt",      "math.sin",
      "math.sqrt",         "math.tanh",     "math.trunc"};
  return names.contains(op->getName().getStringRef());
}

bool isLegalElementType(Type type) {
  return type.isF64() || type.isF32() || type.isF16() || type.isBF16() || type.isSignlessInteger(1) || type.isSignlessInteger(8) ||
         type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

BlockArgument pointerOf(Value view) {
  while (auto subview = view.getDefiningOp<SubviewOp>())
    view = subview.getView();
  return cast<BlockArgument>(view.getDefiningOp<ViewOp>().getPtr());
}

} // namespace seqc::tile
