// SPDX-License-Identifier: Apache-2.0
// Value of a tensor in the interpreters and in execution cases: every element as a double, plus the type it is stored in.
#ifndef SEQC_INTERPRETER_TENSOR_H
#define SEQC_INTERPRETER_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <complex>
#include <cstdint>
#include <vector>

namespace seqc::interp {

enum class DType : uint8_t { F32, F16, BF16, F64, I1, I8, I32, I64, C64, C128 };

/// Manifest spelling: "f32", "bf16", "i1", "c64" (complex<f32>), ...
llvm::StringRef name(DType t);
llvm::Expected<DType> parseDType(llvm::StringRef text);
int64_t byteSize(DType t); ///< I1 takes one byte
bool isFloat(DType t); ///< real floats only
bool isComplex(DType t);
DType componentType(DType t); ///< of the real and imaginary part; t itself if it is not complex

/// The value that storing x in type t leaves: floats round to nearest even (overflow to infinity), integers wrap. For a complex type: of one part.
double roundTo(DType t, double x);

/// Row-major tensor. Integers up to 2^53 are exact. An element of a complex tensor takes two places of `data`: real part, imaginary part.
struct Tensor {
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  std::vector<double> data;

  Tensor() = default;
  /// Every element is `fill`; the imaginary parts are 0.
  Tensor(DType dtype, std::vector<int64_t> shape, double fill = 0.0);
  int64_t size() const; ///< number of elements, complex or not
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t offset(llvm::ArrayRef<int64_t> index) const;
  /// For tensors that are not complex.
  double &at(llvm::ArrayRef<int64_t> index) { return data[offset(index)]; }
  double at(llvm::ArrayRef<int64_t> index) const { return data[offset(index)]; }

  /// The element as a complex number, of any type, and by its row-major number. Only complex tensors can be set.
  std::complex<double> complexAt(llvm::ArrayRef<int64_t> index) const { return complexAt(offset(index)); }
  std::complex<double> complexAt(int64_t i) const;
  void setComplex(llvm::ArrayRef<int64_t> index, std::complex<double> z) { setComplex(offset(index), z); }
  void setComplex(int64_t i, std::complex<double> z);
  /// Element `index` becomes element `at` of `from`, whatever the type, which both share.
  void copyElement(llvm::ArrayRef<int64_t> index, const Tensor &from, llvm::ArrayRef<int64_t> at);

  /// Memory image in dtype, row-major, and back.
  std::vector<char> toBytes() const;
  static Tensor fromBytes(DType dtype, std::vector<int64_t> shape, const void *bytes);
};

/// Steps `index` through `shape` in row-major order; false at the end. An empty shape has one element.
bool next(std::vector<int64_t> &index, llvm::ArrayRef<int64_t> shape);

/// How floats are kept between ops.
enum class Precision : uint8_t {
  F64,   ///< no rounding at all: the truth that errors are measured against
  F32,   ///< every float result rounded to f32
  Typed, ///< every result rounded to its declared type
};

} // namespace seqc::interp

#endif // SEQC_INTERPRETER_TENSOR_H
