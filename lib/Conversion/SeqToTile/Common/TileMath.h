// SPDX-License-Identifier: Apache-2.0
// Arithmetic on index values and on tiles of the builders of schemes; reads like the formula.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_TILEMATH_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_TILEMATH_H

#include "seqc/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace seqc::convert {

struct TileMath {
  using Value = mlir::Value;
  mlir::OpBuilder &b;
  mlir::Location loc;

  //===-- index; sizes and coordinates are not negative where they are divided ----------------===//
  Value index(int64_t v) const { return mlir::arith::ConstantIndexOp::create(b, loc, v); }
  Value addi(Value x, Value y) const { return mlir::arith::AddIOp::create(b, loc, x, y); }
  Value subi(Value x, Value y) const { return mlir::arith::SubIOp::create(b, loc, x, y); }
  Value muli(Value x, Value y) const { return mlir::arith::MulIOp::create(b, loc, x, y); }
  Value divi(Value x, Value y) const { return mlir::arith::DivUIOp::create(b, loc, x, y); }
  Value remi(Value x, Value y) const { return mlir::arith::RemUIOp::create(b, loc, x, y); }
  Value mini(Value x, Value y) const { return mlir::arith::MinSIOp::create(b, loc, x, y); }
  Value maxi(Value x, Value y) const { return mlir::arith::MaxSIOp::create(b, loc, x, y); }
  Value addi(Value x, int64_t y) const { return y == 0 ? x : addi(x, index(y)); }
  Value muli(Value x, int64_t y) const { return y == 1 ? x : muli(x, index(y)); }
  Value divi(Value x, int64_t y) const { return y == 1 ? x : divi(x, index(y)); }
  Value clamp(Value x, Value low, Value high) const { return mini(maxi(x, low), high); }
  Value ceilDivi(Value x, int64_t y) const { return y == 1 ? x : divi(addi(x, y - 1), y); }
  Value less(Value x, Value y) const { return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::slt, x, y); }
  Value select(Value c, Value x, Value y) const { return mlir::arith::SelectOp::create(b, loc, c, x, y); }
  /// An integer of any width as an index.
  Value toIndex(Value v) const { return mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), v); }
  Value toI32(Value v) const { return mlir::arith::IndexCastOp::create(b, loc, b.getI32Type(), v); }

  //===-- tiles ------------------------------------------------------------------------------===//
  static mlir::RankedTensorType type(llvm::ArrayRef<int64_t> shape, mlir::Type element) { return mlir::RankedTensorType::get(shape, element); }
  static mlir::RankedTensorType typeOf(Value tile) { return mlir::cast<mlir::RankedTensorType>(tile.getType()); }
  static mlir::Type elementOf(Value tile) { return mlir::getElementTypeOrSelf(tile.getType()); }

  Value constant(mlir::RankedTensorType t, double v) const {
    return mlir::arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(t, mlir::Attribute(b.getFloatAttr(t.getElementType(), v))));
  }
  Value scalar(mlir::Type t, double v) const { return mlir::arith::ConstantOp::create(b, loc, b.getFloatAttr(t, v)); }
  Value splat(mlir::RankedTensorType t, Value s) const { return tile::SplatOp::create(b, loc, t, s); }
  Value iota(int64_t extent) const { return tile::IotaOp::create(b, loc, type({extent}, b.getI32Type()), 0); }
  /// The tile with a new dim of `extent` at position `at`.
  Value broadcast(Value t, int64_t at, int64_t extent) const {
    llvm::SmallVector<int64_t> shape(typeOf(t).getShape());
    shape.insert(shape.begin() + at, extent);
    return tile::BroadcastOp::create(b, loc, type(shape, elementOf(t)), t, at);
  }
  Value transpose(Value t) const { return tile::TransposeOp::create(b, loc, t, llvm::ArrayRef<int64_t>{1, 0}); }
  Value reduce(Value t, int64_t dim, llvm::StringRef kind) const { return tile::ReduceOp::create(b, loc, t, llvm::ArrayRef<int64_t>{dim}, kind); }
  Value add(Value x, Value y) const { return mlir::arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) const { return mlir::arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) const { return mlir::arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) const { return mlir::arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) const { return mlir::math::FmaOp::create(b, loc, x, y, z); }
  Value max(Value x, Value y) const { return mlir::arith::MaximumFOp::create(b, loc, x, y); }
  Value mul(Value x, double c) const { return c == 1.0 ? x : mul(x, constant(typeOf(x), c)); }
  Value exp2(Value x) const { return mlir::math::Exp2Op::create(b, loc, x, mlir::arith::FastMathFlags::afn); }
  Value tanh(Value x) const { return mlir::math::TanhOp::create(b, loc, x, mlir::arith::FastMathFlags::afn); }
  Value log2(Value x) const { return mlir::math::Log2Op::create(b, loc, x); }
  Value equals(Value x, double c) const {
    return mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OEQ, x, constant(typeOf(x), c));
  }
  /// Between float types; the value itself for equal types.
  Value convert(Value v, mlir::Type element) const {
    mlir::Type from = elementOf(v);
    if (from == element)
      return v;
    auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(v.getType());
    mlir::Type to = tensor ? mlir::Type(tensor.clone(element)) : element;
    unsigned have = from.getIntOrFloatBitWidth(), want = element.getIntOrFloatBitWidth();
    if (have < want)
      return mlir::arith::ExtFOp::create(b, loc, to, v);
    if (have > want)
      return mlir::arith::TruncFOp::create(b, loc, to, v);
    return convert(convert(v, b.getF32Type()), element); // f16 and bf16
  }
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_COMMON_TILEMATH_H
