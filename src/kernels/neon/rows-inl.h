// SPDX-License-Identifier: Apache-2.0
//
// One float row at a time: RMSNorm and quantization to int8.
#pragma once

#include "kernels/neon/lanes-inl.h"

namespace sterna::kernels {
namespace {

void RmsNorm(const float* x, const float* gain, size_t count, float eps, float* y) noexcept {
  Lanes squares = ZeroLanes();
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (size_t k = 0; k < 4; ++k) {
      const float32x4_t a = vld1q_f32(x + i + k * kVector);
      squares.v[k] = vfmaq_f32(squares.v[k], a, a);
    }
  }
  for (size_t k = 0; i < count; i += kVector, ++k) {
    const float32x4_t a = LoadFirst(x + i, count - i);  // zeros add nothing: a sum of squares is never -0
    squares.v[k] = vfmaq_f32(squares.v[k], a, a);
  }
  const float mean = TreeSum(squares) / float(count);
  const float root = vget_lane_f32(vsqrt_f32(vdup_n_f32(mean + eps)), 0);
  const float32x4_t r = vdupq_n_f32(1.0f / root);
  ForEachVector(count, [&](size_t j, auto load, auto store) {
    store(y + j, vmulq_f32(vmulq_f32(load(x + j), r), load(gain + j)));
  });
}

// Floats to the integers of a row, and what is known of all of them.
struct Quantizer {
  // vcvtnq rounds halves to even and gives 0 for NaN, which minimum and maximum let through.
  int32x4_t Quantize(float32x4_t x) {
    const float32x4_t v = vmulq_f32(x, scale);
    beyond = vorrq_u32(beyond, vcgeq_f32(vabsq_f32(v), vdupq_n_f32(127.5f)));
    const int32x4_t q = vcvtnq_s32_f32(vminq_f32(vmaxq_f32(v, vdupq_n_f32(-128.0f)), vdupq_n_f32(127.0f)));
    sum = vaddq_s32(sum, q);
    return q;
  }

  float32x4_t scale;
  uint32x4_t beyond = vdupq_n_u32(0);
  int32x4_t sum = vdupq_n_s32(0);
};

// 16 floats to int8.
int8x16_t Quantize16(const float* x, Quantizer& quantizer) {
  int32x4_t q[4];
  for (size_t k = 0; k < 4; ++k) q[k] = quantizer.Quantize(vld1q_f32(x + k * kVector));
  const int16x8_t low = vcombine_s16(vqmovn_s32(q[0]), vqmovn_s32(q[1]));
  const int16x8_t high = vcombine_s16(vqmovn_s32(q[2]), vqmovn_s32(q[3]));
  return vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
}

bool QuantizeRow(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                 int32_t* sum) noexcept {
  const float s = QuantizeScale(x, count, largest);
  Quantizer quantizer{vdupq_n_f32(s)};
  size_t i = 0;
  for (; i + 16 <= count; i += 16) vst1q_s8(q + i, Quantize16(x + i, quantizer));
  if (i < count) {
    float rest[16] = {};
    int8_t bytes[16];
    for (size_t k = 0; k < count - i; ++k) rest[k] = x[i + k];
    vst1q_s8(bytes, Quantize16(rest, quantizer));
    for (size_t k = 0; i < count; ++i, ++k) q[i] = bytes[k];
  }
  for (i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = vaddvq_s32(quantizer.sum);
  return vmaxvq_u32(quantizer.beyond) != 0;
}

}  // namespace
}  // namespace sterna::kernels
