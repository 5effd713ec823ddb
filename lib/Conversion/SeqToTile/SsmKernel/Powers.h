// SPDX-License-Identifier: Apache-2.0
// Powers of discretised eigenvalues with exact angles.
//
// abar = 2^g e^(2 pi i r) with r in turns. Everything that is made once per eigenvalue is made in f64; r is cut into a 32-bit integer of turns / 2^32 and
// a small rest, so that l r modulo a turn is one wrapping integer product and one small correction, whatever l is.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_POWERS_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_POWERS_H

#include "../Common/TileMath.h"

namespace seqc::convert {

/// Parts of complex tiles of one shape; no imaginary part for real ones.
struct Parts {
  mlir::Value re, im;
};

class Powers {
public:
  /// lambda: tiles [bn] of the real type; dt: a scalar of it.
  Powers(const TileMath &t, Parts lambda, mlir::Value dt, llvm::StringRef discretization);

  /// bbar for b = 1; `length` is L as an i32 scalar (softmax only).
  Parts input(mlir::Value length);
  /// abar^l for the i32 tile `l`: [l, n], or [n, l] with `statesFirst`.
  Parts table(mlir::Value l, bool statesFirst);

private:
  void discretise(llvm::StringRef rule);
  mlir::Value angle(mlir::Value x, mlir::Value y);
  void splitTurns(mlir::Value turns);
  /// Angle of abar^l in radians, within half a turn; all tiles of one shape, `lf` is l as a float.
  mlir::Value phase(mlir::Value coarse, mlir::Value fine, mlir::Value l, mlir::Value lf);
  /// e^(x + i y) - 1, x in f64, y reduced and of the real type; in f64.
  Parts expMinusOne(mlir::Value x, mlir::Value y);
  mlir::Value expm1(mlir::Value x);
  mlir::Value log2OnePlus(mlir::Value x);
  mlir::Value wide(mlir::Value v) const { return t.convert(v, t.b.getF64Type()); }
  mlir::Value narrow(mlir::Value v) const { return t.convert(v, real); }
  mlir::Value number(double v) const { return t.constant(wideType, v); }
  mlir::Value exp2(mlir::Value x) const { return mlir::math::Exp2Op::create(t.b, t.loc, x); }
  mlir::Value toFloat(mlir::Value l) const { return mlir::arith::SIToFPOp::create(t.b, t.loc, TileMath::typeOf(l).clone(real), l); }

  TileMath t;
  mlir::Type real;
  mlir::RankedTensorType wideType;
  llvm::StringRef rule;
  bool turning;            ///< abar is not a positive real number
  mlir::Value dt, x, y;    ///< dt, Re lambda, Im lambda (or null) in f64
  mlir::Value log2Size;    ///< log2 |abar|, f64
  mlir::Value coarse, fine; ///< r = coarse / 2^32 + fine: i32, and real type
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_SSMKERNEL_POWERS_H
