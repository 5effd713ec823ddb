// SPDX-License-Identifier: Apache-2.0
#include "FftFactors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <map>

namespace seqc::seq {

using Z = std::complex<double>;

static int64_t largestPrimeFactor(int64_t n) {
  int64_t largest = 1;
  for (int64_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p)
      largest = p;
  return std::max(largest, n);
}

/// Time per element of a dense stage, in columns of its matrix: whole vectors of 8, the twiddles and the trip through memory.
static double stageCost(int64_t radix) {
  constexpr double kTrip = 12, kNarrow = 1.5; // below 16 columns a product is bound by its loads
  auto columns = static_cast<double>(llvm::alignTo(radix, 8));
  return columns * (radix <= 8 ? kNarrow : 1.0) + kTrip;
}

namespace {
struct Choice {
  double cost = 0;
  int64_t radix = 1; ///< the first, largest
};

/// Cheapest radices of every divisor of a length, each at most `largest`.
class Search {
public:
  explicit Search(int64_t largest) : largest(largest) {}

  const Choice &of(int64_t n) {
    auto [it, isNew] = memo.try_emplace(n);
    if (!isNew || n == 1)
      return it->second;
    Choice best{1e300, n};
    for (int64_t r = 2; r <= std::min(n, largest); ++r)
      if (n % r == 0)
        if (double cost = stageCost(r) + of(n / r).cost; cost < best.cost)
          best = {cost, r};
    return memo[n] = best;
  }

private:
  int64_t largest;
  std::map<int64_t, Choice> memo;
};
} // namespace

std::optional<llvm::SmallVector<int64_t>> fftRadices(int64_t n) {
  constexpr int64_t kDense = 32; // up to here one dense stage
  int64_t prime = largestPrimeFactor(n);
  if (prime > kLargestRadix)
    return std::nullopt;
  llvm::SmallVector<int64_t> radices;
  if (n <= kDense) {
    if (n > 1)
      radices.push_back(n);
    return radices;
  }
  Search search(std::max(prime, kDense));
  for (int64_t rest = n; rest > 1; rest /= radices.back())
    radices.push_back(search.of(rest).radix);
  llvm::sort(radices, std::greater<>());
  return radices;
}

std::optional<std::pair<int64_t, int64_t>> fftSplit(int64_t n, int64_t limit) {
  if (largestPrimeFactor(n) > kLargestRadix)
    return std::nullopt;
  for (auto a = static_cast<int64_t>(std::sqrt(static_cast<double>(n))); a > 1; --a)
    if (n % a == 0)
      return n / a <= limit ? std::optional(std::pair(n / a, a)) : std::nullopt;
  return std::nullopt;
}

Z unitRoot(double sign, int64_t k, int64_t n) { return std::polar(1.0, sign * 2 * M_PI * static_cast<double>(k % n) / static_cast<double>(n)); }

std::vector<Z> chirp(int64_t n, double sign) {
  std::vector<Z> c;
  int64_t square = 0; // m^2 mod 2n
  for (int64_t m = 0; m < n; ++m) {
    c.push_back(unitRoot(sign, square, 2 * n));
    square = (square + 2 * m + 1) % (2 * n);
  }
  return c;
}

/// Of a length that is a power of two.
static std::vector<Z> transform(const std::vector<Z> &x) {
  size_t n = x.size();
  if (n == 1)
    return x;
  std::vector<Z> even, odd, y(n);
  for (size_t i = 0; i < n; i += 2)
    even.push_back(x[i]), odd.push_back(x[i + 1]);
  even = transform(even), odd = transform(odd);
  for (size_t k = 0; k < n / 2; ++k) {
    Z t = unitRoot(-1, static_cast<int64_t>(k), static_cast<int64_t>(n)) * odd[k];
    y[k] = even[k] + t;
    y[k + n / 2] = even[k] - t;
  }
  return y;
}

std::vector<Z> chirpSpectrum(llvm::ArrayRef<Z> c, int64_t length) {
  std::vector<Z> b(length);
  for (size_t m = 0; m < c.size(); ++m)
    b[m] = b[(length - static_cast<int64_t>(m)) % length] = std::conj(c[m]);
  return transform(b);
}

} // namespace seqc::seq
