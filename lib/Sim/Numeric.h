// SPDX-License-Identifier: Apache-2.0
// Bits of the GPU's number formats.
#ifndef SEQC_LIB_SIM_NUMERIC_H
#define SEQC_LIB_SIM_NUMERIC_H

#include <cmath>
#include <cstdint>
#include <cstring>

namespace seqc::sim {

template <typename To, typename From> To bitsTo(From x) {
  static_assert(sizeof(To) == sizeof(From));
  To y;
  memcpy(&y, &x, sizeof y);
  return y;
}
inline float toFloat(uint32_t bits) { return bitsTo<float>(bits); }
inline uint32_t toBits(float x) { return bitsTo<uint32_t>(x); }

inline constexpr uint32_t canonicalNaN = 0x7FFFFFFF;

/// Subnormals become zeros of their sign.
inline float flush(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

/// Rounds to odd, so that rounding once more to a shorter format rounds x correctly.
inline float roundToOdd(double x) {
  float y = static_cast<float>(x);
  if (static_cast<double>(y) == x || std::isnan(x))
    return y;
  uint32_t bits = toBits(y);
  if (std::fabs(static_cast<double>(y)) > std::fabs(x))
    --bits;
  return toFloat(bits | 1);
}

inline float halfToFloat(uint16_t h) {
  uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3FF;
  if (exponent == 31)
    return toFloat(sign | 0x7F800000 | mantissa << 13);
  if (exponent == 0)
    return std::copysign(std::ldexp(static_cast<float>(mantissa), -24), toFloat(sign | 0x3F800000));
  return toFloat(sign | (exponent + 112) << 23 | mantissa << 13);
}

/// To nearest even.
inline uint16_t floatToHalf(float x) {
  uint32_t bits = toBits(x), sign = bits >> 16 & 0x8000, a = bits & 0x7FFFFFFF;
  if (a > 0x7F800000)
    return 0x7FFF;
  if (a >= 0x477FF000) // 65520
    return sign | 0x7C00;
  if (a < 0x38800000) // below 2^-14: the last place of x + 0.5 is 2^-24
    return sign | (toBits(toFloat(a) + 0.5f) - 0x3F000000);
  a += ((a >> 13) & 1) + 0xFFF - (112u << 23);
  return sign | a >> 13;
}

inline float bfloatToFloat(uint16_t b) { return toFloat(static_cast<uint32_t>(b) << 16); }

/// To nearest even.
inline uint16_t floatToBfloat(float x) {
  uint32_t bits = toBits(x);
  if ((bits & 0x7FFFFFFF) > 0x7F800000)
    return 0x7FFF;
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/// The two 16-bit formats, for templates.
struct Half {
  static float load(uint16_t x) { return halfToFloat(x); }
  static uint16_t store(float x) { return floatToHalf(x); }
};
struct Bfloat {
  static float load(uint16_t x) { return bfloatToFloat(x); }
  static uint16_t store(float x) { return floatToBfloat(x); }
};

} // namespace seqc::sim

#endif // SEQC_LIB_SIM_NUMERIC_H
