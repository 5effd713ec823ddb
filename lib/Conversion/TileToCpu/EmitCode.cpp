// SPDX-License-Identifier: Apache-2.0
#include "EmitCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace seqc {

// -- sizes -----------------------------------------------------------------------------------------------------------

Size Code::from(OpFoldResult size) {
  if (auto attr = dyn_cast<Attribute>(size))
    return cast<IntegerAttr>(attr).getInt();
  return from(cast<Value>(size), 0);
}

Size Code::from(Value size, int64_t otherwise) {
  if (!size)
    return otherwise;
  if (std::optional<int64_t> number = getConstantIntValue(size))
    return *number;
  if (size.getType().isIndex())
    return Size(arith::IndexCastOp::create(b, loc, b.getI64Type(), size));
  assert(size.getType().isInteger(64) && "sizes are index or i64");
  return Size(size);
}

Value Code::val(Size size) { return size.value ? size.value : arith::ConstantIntOp::create(b, loc, b.getI64Type(), size.number).getResult(); }

Size Code::add(Size x, Size y) {
  if (x.isKnown() && y.isKnown())
    return x.number + y.number;
  if (x.is(0))
    return y;
  if (y.is(0))
    return x;
  return Size(arith::AddIOp::create(b, loc, val(x), val(y)));
}

Size Code::sub(Size x, Size y) {
  if (x.isKnown() && y.isKnown())
    return x.number - y.number;
  if (y.is(0))
    return x;
  return Size(arith::SubIOp::create(b, loc, val(x), val(y)));
}

Size Code::mul(Size x, Size y) {
  if (x.isKnown() && y.isKnown())
    return x.number * y.number;
  if (x.is(0) || y.is(0))
    return 0;
  if (x.is(1))
    return y;
  if (y.is(1))
    return x;
  return Size(arith::MulIOp::create(b, loc, val(x), val(y)));
}

Size Code::min(Size x, Size y) {
  if (x.isKnown() && y.isKnown())
    return std::min(x.number, y.number);
  return Size(arith::MinSIOp::create(b, loc, val(x), val(y)));
}

Size Code::max(Size x, Size y) {
  if (x.isKnown() && y.isKnown())
    return std::max(x.number, y.number);
  return Size(arith::MaxSIOp::create(b, loc, val(x), val(y)));
}

Size Code::alignDown(Size x, int64_t powerOfTwo) {
  if (x.isKnown())
    return x.number & -powerOfTwo;
  return Size(arith::AndIOp::create(b, loc, x.value, val(-powerOfTwo)));
}

Size Code::multipleBelow(Size x, int64_t step) {
  if (x.isKnown())
    return x.number - x.number % step;
  return Size(arith::SubIOp::create(b, loc, x.value, arith::RemUIOp::create(b, loc, x.value, val(step))));
}

Value Code::less(Size x, Size y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, val(x), val(y)); }

// -- memory ----------------------------------------------------------------------------------------------------------

Value Code::at(Value pointer, Type element, Size offset) {
  if (offset.is(0))
    return pointer;
  // Constant indices of getelementptr are 32 bits wide.
  LLVM::GEPArg index =
      offset.isKnown() && llvm::isInt<31>(offset.number) ? LLVM::GEPArg(static_cast<int32_t>(offset.number)) : LLVM::GEPArg(val(offset));
  return LLVM::GEPOp::create(b, loc, pointer.getType(), element, pointer, ArrayRef<LLVM::GEPArg>(index));
}

static unsigned elementBytes(Type type) { return std::max(1u, getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8); }

Value Code::load(Type type, Value pointer) { return LLVM::LoadOp::create(b, loc, type, pointer, elementBytes(type)); }

void Code::store(Value value, Value pointer) { LLVM::StoreOp::create(b, loc, value, pointer, elementBytes(value.getType())); }

void Code::storeStreaming(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(b, loc, value, pointer, alignment, /*isVolatile=*/false, /*isNonTemporal=*/true);
}

Value Code::load(VectorType type, Value pointer, Value mask) {
  if (!mask)
    return load(type, pointer);
  return LLVM::MaskedLoadOp::create(b, loc, type, pointer, mask, zero(type), b.getI32IntegerAttr(elementBytes(type)), UnitAttr());
}

void Code::store(Value value, Value pointer, Value mask) {
  if (!mask)
    return store(value, pointer);
  LLVM::MaskedStoreOp::create(b, loc, value, pointer, mask, b.getI32IntegerAttr(elementBytes(value.getType())));
}

Value Code::mask(Type element, int64_t lanes, Size active) {
  if (active.isKnown() && active.number >= lanes)
    return nullptr;
  if (active.isKnown()) {
    SmallVector<bool> bits(lanes, false);
    std::fill_n(bits.begin(), std::max<int64_t>(active.number, 0), true);
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get(lanes, b.getI1Type()), bits));
  }
  // Compare in the width of the element: the mask then needs no change of lane width.
  auto type = VectorType::get(lanes, b.getIntegerType(element.getIntOrFloatBitWidth()));
  SmallVector<APInt> numbers;
  for (int64_t i = 0; i < lanes; ++i)
    numbers.push_back(APInt(element.getIntOrFloatBitWidth(), i));
  Value iota = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, numbers));
  Value count = val(max(min(active, lanes), 0));
  if (!type.getElementType().isInteger(64))
    count = arith::TruncIOp::create(b, loc, type.getElementType(), count);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, iota, splat(count, type));
}

// -- values ----------------------------------------------------------------------------------------------------------

Value Code::zero(Type type) { return arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type)); }

Value Code::splat(Value scalar, VectorType type) { return vector::BroadcastOp::create(b, loc, type, scalar); }

Value Code::shuffle(Value x, Value y, ArrayRef<int64_t> lanes) { return vector::ShuffleOp::create(b, loc, x, y, lanes); }

static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

Value Code::widen(Value value, Type element) {
  Type from = getElementTypeOrSelf(value.getType());
  if (from == element)
    return value;
  Type to = withElement(value.getType(), element);
  if (isa<IntegerType>(from))
    return arith::ExtSIOp::create(b, loc, to, value);
  if (!from.isBF16())
    return arith::ExtFOp::create(b, loc, to, value);
  // bf16 is the upper half of f32. Written out, because the conversion is else a libcall on some processors.
  Value bits = arith::BitcastOp::create(b, loc, withElement(to, b.getI16Type()), value);
  Type wide = withElement(to, b.getI32Type());
  bits = arith::ExtUIOp::create(b, loc, wide, bits);
  Value sixteen = arith::ConstantOp::create(b, loc, wide,
                                            isa<VectorType>(wide) ? TypedAttr(DenseElementsAttr::get(cast<VectorType>(wide), b.getI32IntegerAttr(16)))
                                                                  : TypedAttr(b.getI32IntegerAttr(16)));
  bits = arith::ShLIOp::create(b, loc, bits, sixteen);
  return arith::BitcastOp::create(b, loc, to, bits);
}

Value Code::sum(Value x, Value y) {
  if (isa<FloatType>(getElementTypeOrSelf(x.getType())))
    return arith::AddFOp::create(b, loc, x, y);
  return arith::AddIOp::create(b, loc, x, y);
}

Value Code::multiplyAdd(Value x, Value y, Value z) {
  if (isa<FloatType>(getElementTypeOrSelf(x.getType())))
    return math::FmaOp::create(b, loc, x, y, z);
  return arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, x, y), z);
}

// -- control ---------------------------------------------------------------------------------------------------------

void Code::loop(Size lower, Size upper, int64_t step, Body body) {
  loop(lower, upper, step, {}, [&](Size i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

SmallVector<Value> Code::loop(Size lower, Size upper, int64_t step, ValueRange inits, CarriedBody body) {
  if (lower.isKnown() && upper.isKnown() && upper.number <= lower.number)
    return SmallVector<Value>(inits);
  if (lower.isKnown() && upper.isKnown() && upper.number - lower.number <= step)
    return body(lower, inits);
  auto op = scf::ForOp::create(b, loc, val(lower), val(upper), val(step), inits, [&](OpBuilder &inner, Location, Value i, ValueRange carried) {
    OpBuilder::InsertionGuard guard(b);
    b.restoreInsertionPoint(inner.saveInsertionPoint());
    SmallVector<Value> next = body(Size(i), carried);
    scf::YieldOp::create(b, loc, next);
  });
  return SmallVector<Value>(op.getResults());
}

void Code::ifLess(Size x, Size y, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  if (x.isKnown() && y.isKnown())
    return x.number < y.number ? then() : otherwise();
  auto op = scf::IfOp::create(b, loc, less(x, y), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&op.getThenRegion().front());
  then();
  b.setInsertionPointToStart(&op.getElseRegion().front());
  otherwise();
}

} // namespace seqc
