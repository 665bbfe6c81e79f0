// SPDX-License-Identifier: Apache-2.0
//
// e^x, operation by operation as src/kernels/scalar/exp.h defines it; the constants are its, in decimal.
#pragma once

#include "gpu/dialect/dialect.h"

namespace sterna {
namespace gpu {

STERNA_DEVICE float PowerOfTwo(int32_t n) { return FloatOf(uint32_t(n + 127) << 23); }  // n in -126 .. 127

STERNA_DEVICE float Exp(float x) {
  if (x != x) return x;
  if (x < -87.3365402f) return 0.0f;
  if (x > 89.0f) x = 89.0f;
  const float shift = 12582912.0f;
  const float n = Fma(x, 1.44269502f, shift) - shift;
  const float r = Fma(n, 1.90465421e-09f, Fma(n, -0.693147182f, x));
  float q = Fma(0.00139261759f, r, 0.00836317334f);
  q = Fma(q, r, 0.0416665561f);
  q = Fma(q, r, 0.166665778f);
  q = Fma(q, r, 0.5f);
  const float e = 1.0f + Fma(r * r, q, r);
  const int32_t exponent = int32_t(n), half = exponent >> 1;
  return e * PowerOfTwo(half) * PowerOfTwo(exponent - half);
}

}  // namespace gpu
}  // namespace sterna
