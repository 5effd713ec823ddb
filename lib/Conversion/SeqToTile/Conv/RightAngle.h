// SPDX-License-Identifier: Apache-2.0
// The right-angle transform X[m] = sum_n x[n] exp(-2 pi i n (m + 1/4) / N) of a real sequence as a chain of matrix products (Monarch form), and its
// inverse. With it, sum_s h[t - s] v[s] for 0 <= s, t < N and lags of both signs is the real part of the inverse of the product: what passes the ends
// of the sequence comes back turned by a right angle, in the imaginary part. No padding to 2 N, and one transform per real sequence.
//
// N = N1 N2 .. Np, two to four factors. With n = n1 M + n', m = m1 + N1 m', M = N / N1:
//   A[m1, n'] = sum_n1 F[m1, n1] x[n1, n']         F = exp(-2 pi i n1 (m1 + 1/4) / N1), the sequence as a matrix
//   X[m1, m'] = sum_n' D[n', m'] T[m1, n'] A       T = exp(-2 pi i n' (m1 + 1/4) / N), D the DFT of M points, of factors likewise
// All matrices are divided by the root of their size. Spectra stay in the order in which the chain leaves them.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_CONV_RIGHTANGLE_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_CONV_RIGHTANGLE_H

#include "Frame.h"

namespace seqc::convert {

struct Radices {
  int64_t first = 1, middle[2] = {1, 1}, last = 1;              ///< 1 for a middle factor: there is none
  int64_t rest() const { return middle[0] * middle[1] * last; } ///< M
  int64_t points() const { return first * rest(); }
  int64_t rows() const { return points() / last; }
  int factors() const { return 2 + (middle[0] > 1) + (middle[1] > 1); }
  /// Multiplications and additions per point of transform and inverse together.
  double cost() const {
    double sum = 8.0 * static_cast<double>(first);
    for (int64_t r : {middle[0], middle[1], last})
      sum += r > 1 ? 16.0 * static_cast<double>(r) : 0;
    return sum;
  }
};

/// A complex tile as two of one shape.
struct ComplexTile {
  mlir::Value re, im;
};

/// Emits transforms in one kernel. Products have operands of type `factor` and sums of type `sum`; everything between them is in `sum`.
class RightAngle {
public:
  /// Makes the tables as constants at `host`.
  RightAngle(mlir::OpBuilder &host, KernelBuilder &k, Radices radices, mlir::Type factor, mlir::Type sum);

  /// x: [first, M] in the type of factors; the spectrum: [rows, last] in the type of sums.
  ComplexTile forward(mlir::Value x);
  /// The real part, [first, M] in the type of sums, of the inverse of a spectrum.
  mlir::Value inverse(ComplexTile spectrum);
  ComplexTile multiply(ComplexTile a, ComplexTile b);

private:
  struct Table {
    int64_t offset, rows, columns;
  };
  mlir::Value load(mlir::Value pointer, const Table &table, int64_t batches = 1);
  mlir::Value matrix(const Table &table, int64_t batches = 1) { return load(factorPointer, table, batches); }
  ComplexTile twiddle(const Table &re, const Table &im, int64_t batches = 1) {
    return {load(sumPointer, re, batches), load(sumPointer, im, batches)};
  }
  mlir::Value dot(mlir::Value a, mlir::Value b, mlir::Value acc = {});
  mlir::Value narrow(mlir::Value v) { return t.convert(v, factor); }
  mlir::Value reshape(mlir::Value v, llvm::ArrayRef<int64_t> shape);
  ComplexTile reshape(ComplexTile v, llvm::ArrayRef<int64_t> shape) { return {reshape(v.re, shape), reshape(v.im, shape)}; }
  ComplexTile conjugate(ComplexTile v);
  ComplexTile lastFactor(ComplexTile x, bool inverse);
  /// Middle factor i of [batches, radix, columns].
  struct Middle {
    int64_t batches, radix, columns;
    Table re, im, minusIm;      ///< the DFT matrix
    Table twiddleRe, twiddleIm; ///< [radix, columns]
  };
  ComplexTile middleFactor(const Middle &m, ComplexTile x, bool inverse);

  KernelBuilder &k;
  TileMath t;
  Radices radices;
  mlir::Type factor, sum;
  mlir::Value factorPointer, sumPointer;
  Table firstRe, firstIm; ///< F
  Table backRe, backIm;   ///< rows of the inverse: y = backRe re + backIm im
  llvm::SmallVector<Middle, 2> middles;
  Table lastRe, lastIm, lastMinusIm;
  Table outerRe, outerIm; ///< T
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_CONV_RIGHTANGLE_H
