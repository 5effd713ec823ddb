// SPDX-License-Identifier: Apache-2.0
// Chains of dense stages on tiles: the block program of seq.butterfly, and of the transforms inside long convolutions. A tile holds a batch
// of vectors, real and imaginary parts apart. A vector is a row of digits; a stage is a product along one of them, written so that its
// result is the last dim of the tile: between the stages of a DFT nothing is copied, the digits only change their order.
#ifndef SEQC_LIB_CONVERSION_SEQTOTILE_BUTTERFLY_STAGES_H
#define SEQC_LIB_CONVERSION_SEQTOTILE_BUTTERFLY_STAGES_H

#include "../Common/TileMath.h"
#include "../Common/KernelBuilder.h"
#include <complex>

namespace seqc::convert {

/// Real and imaginary parts of one tile shape; `im` is null for real values.
struct Planes {
  mlir::Value re, im;
};

/// The vector seen as [left, in, right] before a stage, [left, out, right] after it.
struct StageShape {
  int64_t left, in, out, right;
};

/// A dim of a tile of factors: `size` steps of `stride` in the index of the left or of the right part.
struct FactorDim {
  bool left;
  int64_t size, stride;
};

/// Tiles of a factor: dims `batch`, then out, in (as `matrix` says).
using FactorLoader = llvm::function_ref<Planes(llvm::ArrayRef<FactorDim> batch, bool matrix)>;

class Stages {
public:
  /// All arithmetic is in `acc` (f32 or f64). Tables become `tile.constant`s of the library's module.
  Stages(TileMath t, KernelLibrary &library, mlir::FloatType acc) : t(t), library(library), acc(acc) {}

  /// `planes` are [rows, length].
  void start(Planes planes, int64_t rows, int64_t length);

  /// A DFT stage with its twiddles (see #seq.stage): sign of the exponent, twiddles before the matrix if `transposed`; the matrix is
  /// multiplied by `scale`. Without `imaginary` the result is the real part only.
  void dft(StageShape s, double sign, bool transposed, double scale = 1, bool imaginary = true);
  /// One matrix for all blocks: `w` is [out, in].
  void shared(StageShape s, Planes w, bool imaginary = true);
  /// A matrix per block.
  void blocks(StageShape s, FactorLoader load, bool imaginary = true);
  /// in = out = 1: a factor per element.
  void diagonal(StageShape s, FactorLoader load, bool imaginary = true);
  /// Factors exp(sign 2 pi i q c / (n right)): the vector is [left, extent, right], q and c are the coordinates of the last two.
  void twiddle(int64_t left, int64_t extent, int64_t right, int64_t n, double sign);
  void scale(double factor);

  /// The vector seen as `digits`, its dims in the order p. Moves nothing.
  void permute(llvm::ArrayRef<int64_t> digits, llvm::ArrayRef<int64_t> p);
  /// Moves the elements: afterwards the tile is [rows, length].
  void canonicalize();

  /// Digits that stand side by side in the vector and in the tile become one: a tile has at most 6 dims.
  void mergeDigits();

  /// The result: tile dims, slowest first. A dim without stride is the rows, others are digits with their stride in the vector.
  struct Dim {
    int64_t size;
    std::optional<int64_t> stride;
  };
  llvm::SmallVector<Dim> dims() const;
  /// Tiles with exactly these dims.
  Planes planes();

private:
  using Ids = llvm::SmallVector<unsigned, 8>;
  /// Digits of each part of the vector, whose sizes are `parts`; moves elements if the digits do not fit.
  llvm::SmallVector<Ids, 3> align(llvm::ArrayRef<int64_t> parts);
  std::optional<llvm::SmallVector<Ids, 3>> tryAlign(llvm::ArrayRef<int64_t> parts);
  /// The one digit that a stage contracts, and the groups.
  unsigned contracted(const StageShape &s, llvm::SmallVector<Ids, 3> &groups);
  unsigned add(int64_t size);
  void replace(unsigned from, llvm::ArrayRef<unsigned> to);
  int64_t product(llvm::ArrayRef<unsigned> ids) const;
  llvm::SmallVector<int64_t> shapeOf(llvm::ArrayRef<unsigned> ids) const;
  llvm::SmallVector<FactorDim> factorDims(llvm::ArrayRef<unsigned> ids, const Ids &left, const Ids &right) const;

  mlir::Value reshape(mlir::Value v, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value v, llvm::ArrayRef<int64_t> perm);
  void arrange(llvm::ArrayRef<unsigned> newOrder);
  /// Applies f to the planes that there are.
  void each(llvm::function_ref<mlir::Value(mlir::Value)> f);
  mlir::Value table(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  /// Tables of real and imaginary parts; no imaginary one if all are 0.
  Planes tables(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<std::complex<double>> values);
  /// planes = planes * w, elementwise.
  void multiply(Planes w, bool imaginary);
  /// a w with w [.., in, out]; `negated` is -w.im or null.
  Planes product(Planes a, Planes w, mlir::Value negated, mlir::RankedTensorType type, bool imaginary);
  void contract(unsigned p, int64_t out, Planes w, mlir::Value negated, bool imaginary);

  TileMath t;
  KernelLibrary &library;
  mlir::FloatType acc;
  Planes current;
  llvm::SmallVector<int64_t> sizes; ///< by id; id 0 is the rows
  Ids order;                        ///< dims of the tile
  Ids digits;                       ///< of the vector, slowest first
};

} // namespace seqc::convert

#endif // SEQC_LIB_CONVERSION_SEQTOTILE_BUTTERFLY_STAGES_H
