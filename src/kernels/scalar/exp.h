// SPDX-License-Identifier: Apache-2.0
//
// The exponential of every kernel table, defined operation by operation.
//
//   n = round(x / ln 2), r = x - n ln 2 in two steps (ln 2 = high + low, both float; the first step is exact),
//   e^r = 1 + (r + r^2 q(r)), e^x = e^r * 2^(n >> 1) * 2^(n - (n >> 1)).
//
// q is the polynomial of degree 4 that meets (e^r - 1 - r) / r^2 at the five Chebyshev nodes of [-ln 2 / 2, ln 2 / 2],
// computed with 60 decimal digits and rounded to float (tools/exp_polynomial/fit.py prints these lines). Its own error
// is below 1.1e-8 of e^r; with rounding the result is within 1.1 units in the last place (a test measures it).
//
// Results that would be subnormal are 0; above the largest float, infinity; NaN stays NaN.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace sterna::kernels::scalar {

constexpr float kExpLowest = -0x1.5d589ep+6f;  // the last x whose e^x is a normal float: 126 ln 2
constexpr float kExpHighest = 0x1.64p+6f;      // 89: e^89 is past the largest float, 2^(n - (n >> 1)) still fits
constexpr float kExpLog2e = 0x1.715476p+0f;    // 1 / ln 2
constexpr float kExpLn2High = 0x1.62e43p-1f;   // ln 2 to 24 bits
constexpr float kExpLn2Low = -0x1.05c61p-29f;  // ln 2 - high
constexpr float kExpRoundShift = 0x1.8p+23f;   // adding it leaves the nearest integer in the low mantissa bits
constexpr float kExpQ0 = 0x1p-1f;
constexpr float kExpQ1 = 0x1.5554dep-3f;
constexpr float kExpQ2 = 0x1.55551ap-5f;
constexpr float kExpQ3 = 0x1.120b62p-7f;
constexpr float kExpQ4 = 0x1.6d10fcp-10f;

// 2^n for n in -126..127.
inline float PowerOfTwo(int32_t n) { return std::bit_cast<float>((n + 127) << 23); }

inline float Exp(float x) {
  if (x != x) return x;
  if (x < kExpLowest) return 0.0f;
  if (x > kExpHighest) x = kExpHighest;
  const float n = std::fma(x, kExpLog2e, kExpRoundShift) - kExpRoundShift;
  const float r = std::fma(n, -kExpLn2Low, std::fma(n, -kExpLn2High, x));
  float q = std::fma(kExpQ4, r, kExpQ3);
  q = std::fma(q, r, kExpQ2);
  q = std::fma(q, r, kExpQ1);
  q = std::fma(q, r, kExpQ0);
  const float e = 1.0f + std::fma(r * r, q, r);
  const int32_t exponent = int32_t(n);
  const int32_t half = exponent >> 1;
  return e * PowerOfTwo(half) * PowerOfTwo(exponent - half);
}

}  // namespace sterna::kernels::scalar
