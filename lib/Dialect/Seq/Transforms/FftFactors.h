// SPDX-License-Identifier: Apache-2.0
// How a length is cut into factors, and the constants of Bluestein's algorithm.
#ifndef SEQC_LIB_DIALECT_SEQ_TRANSFORMS_FFTFACTORS_H
#define SEQC_LIB_DIALECT_SEQ_TRANSFORMS_FFTFACTORS_H

#include "llvm/ADT/SmallVector.h"
#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

namespace seqc::seq {

/// Largest prime factor that stays one dense stage: its matrix is at most a tile (2^16 elements).
constexpr int64_t kLargestRadix = 251;

/// Radices of the stages for length n, largest first, their product n: the cheapest choice by a model of dense stages. Empty for n = 1;
/// none if a prime factor is above kLargestRadix.
std::optional<llvm::SmallVector<int64_t>> fftRadices(int64_t n);

/// n = a * b with both at most `limit` and of small prime factors, as equal as possible.
std::optional<std::pair<int64_t, int64_t>> fftSplit(int64_t n, int64_t limit);

/// exp(sign 2 pi i k / n) for any k >= 0.
std::complex<double> unitRoot(double sign, int64_t k, int64_t n);

/// Chirp of Bluestein 1970 for length n: with c = chirp, X[k] = c[k] sum_m (x[m] c[m]) conj(c[k - m]); c[m] = exp(sign pi i m^2 / n).
std::vector<std::complex<double>> chirp(int64_t n, double sign);
/// Spectrum of conj(c[m]), -n < m < n, in a circle of `length` elements (a power of two, at least 2n - 1).
std::vector<std::complex<double>> chirpSpectrum(llvm::ArrayRef<std::complex<double>> c, int64_t length);

} // namespace seqc::seq

#endif // SEQC_LIB_DIALECT_SEQ_TRANSFORMS_FFTFACTORS_H
