// SPDX-License-Identifier: Apache-2.0
// Group C.
#include "TileVerify.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace seqc::tile;

//===-- dot, reduce -----------------------------------------------------------------===//

/// Operand and accumulator types of C1.
static bool isDotType(Type operand, Type result) {
  if (operand.isF16() || operand.isBF16() || operand.isF32())
    return result.isF32();
  return operand.isF64() ? result.isF64() : operand.isInteger(8) && result.isInteger(32);
}

LogicalResult DotOp::verify() {
  RankedTensorType a = getA().getType(), b = getB().getType(), d = getType();
  if (a.getElementType() != b.getElementType() || !isDotType(a.getElementType(), d.getElementType()))
    return emitOpError() << "expects f16, bf16 or f32 operands with f32 sums, f64 with f64, or i8 with i32, but got " << a << ", " << b << " -> " << d;
  if (getAcc() && getAcc().getType() != d)
    return emitOpError() << "expects an accumulator of type " << d << ", but got " << getAcc().getType();
  int64_t rank = a.getRank();
  if (rank < 2 || d.getRank() != rank || (b.getRank() != rank && b.getRank() != 2))
    return emitOpError() << "expects A [b.., m, k], B [b.., k, n] or [k, n], D [b.., m, n], but got " << a << ", " << b << " -> " << d;
  ArrayRef<int64_t> batch = a.getShape().drop_back(2);
  bool agrees = d.getShape().drop_back(2) == batch && (b.getRank() == 2 || b.getShape().drop_back(2) == batch);
  agrees &= a.getShape().back() == b.getShape()[b.getRank() - 2] && d.getShape()[rank - 2] == a.getShape()[rank - 2] &&
            d.getShape().back() == b.getShape().back();
  if (!agrees)
    return emitOpError() << "expects equal extents of b, m, n and k, but got " << a << ", " << b << " -> " << d;
  return success();
}

LogicalResult ReduceOp::verify() {
  RankedTensorType source = getT().getType();
  if (failed(verifyDims(*this, "dims", getDims(), source.getRank())))
    return failure();
  if (withoutDims(source.getShape(), getDims()) != getType().getShape() || source.getElementType() != getType().getElementType())
    return emitOpError() << "expects a result that is " << source << " without dims " << shapeText(getDims()) << ", but got " << getType();
  if ((getKind() == "or" || getKind() == "and") && !isa<IntegerType>(source.getElementType()))
    return emitOpError() << "expects integers for kind " << getKind() << ", but got " << source;
  return success();
}

//===-- Regions -----------------------------------------------------------------------===//

LogicalResult seqc::tile::verifyScalarBody(Operation *op, Block &body) {
  auto isScalar = [](Type t) { return t.isIntOrIndexOrFloat(); };
  for (Operation &inner : body) {
    bool isArithmetic = isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()) || isa<YieldOp>(inner);
    if (!isArithmetic || !llvm::all_of(inner.getOperandTypes(), isScalar) || !llvm::all_of(inner.getResultTypes(), isScalar))
      return inner.emitOpError() << "is not allowed in the body of " << op->getName() << ", which expects arith and math on scalars";
  }
  return success();
}

/// Equal but for the layouts of tiles.
static bool equalTypes(TypeRange types, ArrayRef<Type> expected) {
  return types.size() == expected.size() && llvm::all_of(llvm::zip(types, expected), [](auto pair) {
           auto [a, b] = pair;
           auto ta = dyn_cast<RankedTensorType>(a), tb = dyn_cast<RankedTensorType>(b);
           return ta && tb ? ta.getShape() == tb.getShape() && ta.getElementType() == tb.getElementType() : a == b;
         });
}

LogicalResult seqc::tile::verifyBodyTypes(Operation *op, Block &body, ArrayRef<Type> arguments, ArrayRef<Type> yielded) {
  if (!equalTypes(body.getArgumentTypes(), arguments))
    return op->emitOpError() << "expects a region with arguments (" << arguments << "), but got (" << body.getArgumentTypes() << ")";
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  if (!yield)
    return op->emitOpError("expects a region that ends with tile.yield");
  if (!equalTypes(yield.getOperandTypes(), yielded))
    return yield.emitOpError() << "expects (" << yielded << "), but got (" << yield.getOperandTypes() << ")";
  return success();
}

static SmallVector<Type> elementsOf(TypeRange types) {
  return llvm::map_to_vector(types, [](Type t) { return getElementTypeOrSelf(t); });
}

LogicalResult ScanOp::verifyRegions() {
  if (getInputs().empty() || SmallVector<Type>(getInputs().getTypes()) != SmallVector<Type>(getResultTypes()))
    return emitOpError() << "expects results of the types of its operands (" << getInputs().getTypes() << "), but got (" << getResultTypes() << ")";
  ArrayRef<int64_t> shape = cast<RankedTensorType>(getInputs()[0].getType()).getShape();
  for (Type t : getInputs().getTypes())
    if (cast<RankedTensorType>(t).getShape() != shape)
      return emitOpError() << "expects operands of one shape, but got (" << getInputs().getTypes() << ")";
  if (failed(verifyDims(*this, "dim", static_cast<int64_t>(getDim()), shape.size())))
    return failure();
  if (getKind().has_value() != getBody().empty())
    return emitOpError("expects either kind or a region");
  if (getKind() && getInputs().size() != 1)
    return emitOpError() << "expects one operand for kind " << *getKind() << ", but got " << getInputs().size();
  if (getKind())
    return success();
  if (!getBody().hasOneBlock())
    return emitOpError("expects a region of one block");
  SmallVector<Type> elements = elementsOf(getInputs().getTypes()), arguments = elements;
  llvm::append_range(arguments, elements);
  if (failed(verifyBodyTypes(*this, getBody().front(), arguments, elements)))
    return failure();
  return verifyScalarBody(*this, getBody().front());
}

LogicalResult MapOp::verifyRegions() {
  if (getResults().empty())
    return emitOpError("expects at least one result");
  ArrayRef<int64_t> shape = cast<RankedTensorType>(getResultTypes()[0]).getShape();
  for (TypeRange types : {TypeRange(getInputs().getTypes()), TypeRange(getResultTypes())})
    for (Type t : types)
      if (cast<RankedTensorType>(t).getShape() != shape)
        return emitOpError() << "expects inputs and results of shape " << shapeText(shape) << ", but got " << t;
  if (getStaticOffsets().size() != shape.size())
    return emitOpError() << "expects one offset per dim of " << getResultTypes()[0] << ", but got " << getStaticOffsets().size();
  SmallVector<Type> arguments = elementsOf(getInputs().getTypes());
  arguments.append(shape.size(), IndexType::get(getContext()));
  Block &body = getBody().front();
  if (failed(verifyBodyTypes(*this, body, arguments, elementsOf(getResultTypes()))))
    return failure();
  return verifyScalarBody(*this, body);
}

/// C13 for recur: no effects, no branches.
static LogicalResult verifyPureBody(RecurOp recur) {
  for (Operation &inner : recur.getBody().front())
    if (!isMemoryEffectFree(&inner) || isa<scf::SCFDialect>(inner.getDialect()))
      return inner.emitOpError("is not allowed in the body of tile.recur, which expects ops without effects and branches");
  return success();
}

LogicalResult RecurOp::verifyRegions() {
  if (getInputs().empty())
    return emitOpError("expects at least one input");
  int64_t dim = getDim(), extent = -1;
  SmallVector<Type> states(getInits().getTypes()), arguments = states;
  for (Type t : getInputs().getTypes()) {
    auto type = cast<RankedTensorType>(t);
    if (failed(verifyDims(*this, "dim", dim, type.getRank())))
      return failure();
    if (extent >= 0 && type.getDimSize(dim) != extent)
      return emitOpError() << "expects inputs of one extent along dim " << dim << ", but got " << getInputs().getTypes();
    extent = type.getDimSize(dim);
    arguments.push_back(RankedTensorType::get(withoutDims(type.getShape(), dim), type.getElementType()));
  }
  if (getNumResults() < states.size() || !llvm::equal(states, TypeRange(getResultTypes()).take_front(states.size())))
    return emitOpError() << "expects the states (" << states << ") as first results, but got (" << getResultTypes() << ")";
  SmallVector<Type> yielded = states;
  for (Type t : TypeRange(getResultTypes()).drop_front(states.size())) {
    auto type = cast<RankedTensorType>(t);
    if (dim >= type.getRank() || type.getDimSize(dim) != extent)
      return emitOpError() << "expects outputs of extent " << extent << " along dim " << dim << ", but got " << type;
    yielded.push_back(RankedTensorType::get(withoutDims(type.getShape(), dim), type.getElementType()));
  }
  if (failed(verifyBodyTypes(*this, getBody().front(), arguments, yielded)))
    return failure();
  return verifyPureBody(*this);
}
