// SPDX-License-Identifier: Apache-2.0
//
// The operations of kernels/scalar/exp.h, four at a time; the constants are explained there.
#pragma once

#include "kernels/neon/lanes-inl.h"

namespace sterna::kernels {
namespace {

float32x4_t PowerOfTwo(int32x4_t n) { return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23)); }

float32x4_t Exp(float32x4_t x) {
  const float32x4_t shift = vdupq_n_f32(0x1.8p+23f);
  const float32x4_t clamped = vminq_f32(x, vdupq_n_f32(0x1.64p+6f));
  const float32x4_t n = vsubq_f32(vfmaq_f32(shift, clamped, vdupq_n_f32(0x1.715476p+0f)), shift);
  const float32x4_t first = vfmaq_f32(clamped, n, vdupq_n_f32(-0x1.62e43p-1f));
  const float32x4_t r = vfmaq_f32(first, n, vdupq_n_f32(0x1.05c61p-29f));
  float32x4_t q = vfmaq_f32(vdupq_n_f32(0x1.120b62p-7f), vdupq_n_f32(0x1.6d10fcp-10f), r);
  q = vfmaq_f32(vdupq_n_f32(0x1.55551ap-5f), q, r);
  q = vfmaq_f32(vdupq_n_f32(0x1.5554dep-3f), q, r);
  q = vfmaq_f32(vdupq_n_f32(0x1p-1f), q, r);
  const float32x4_t e = vaddq_f32(vdupq_n_f32(1.0f), vfmaq_f32(r, vmulq_f32(r, r), q));
  const int32x4_t exponent = vcvtq_s32_f32(n);  // n is whole, or NaN, or far below what counts
  const int32x4_t half = vshrq_n_s32(exponent, 1);
  const float32x4_t scaled = vmulq_f32(e, PowerOfTwo(half));
  const float32x4_t result = vmulq_f32(scaled, PowerOfTwo(vsubq_s32(exponent, half)));
  const uint32x4_t too_small = vcltq_f32(x, vdupq_n_f32(-0x1.5d589ep+6f));
  const uint32x4_t number = vceqq_f32(x, x);
  return vbslq_f32(number, vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(result), too_small)), x);
}

float Exp(float x) { return vgetq_lane_f32(Exp(vdupq_n_f32(x)), 0); }

}  // namespace
}  // namespace sterna::kernels
