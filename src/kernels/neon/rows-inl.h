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

// 16 floats to int8. vcvtnq rounds halves to even and gives 0 for NaN; narrowing saturates, which is the clamp.
int8x16_t Quantize16(const float* x, float32x4_t s, int32x4_t& sum) {
  int32x4_t q[4];
  for (size_t k = 0; k < 4; ++k) {
    q[k] = vcvtnq_s32_f32(vmulq_f32(vld1q_f32(x + k * kVector), s));
    sum = vaddq_s32(sum, q[k]);
  }
  const int16x8_t low = vcombine_s16(vqmovn_s32(q[0]), vqmovn_s32(q[1]));
  const int16x8_t high = vcombine_s16(vqmovn_s32(q[2]), vqmovn_s32(q[3]));
  return vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
}

// |x * s| is at most 127 but for rounding (scalar/quantize.cc), so the sum needs no clamp.
void QuantizeRow(const float* x, size_t count, int8_t* q, size_t stride, float* scale, int32_t* sum) noexcept {
  const float s = 127.0f / LargestMagnitude(x, count, 1e-5f);
  const float32x4_t factor = vdupq_n_f32(s);
  int32x4_t total = vdupq_n_s32(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) vst1q_s8(q + i, Quantize16(x + i, factor, total));
  if (i < count) {
    float rest[16] = {};
    int8_t bytes[16];
    for (size_t k = 0; k < count - i; ++k) rest[k] = x[i + k];
    vst1q_s8(bytes, Quantize16(rest, factor, total));
    for (size_t k = 0; i < count; ++i, ++k) q[i] = bytes[k];
  }
  for (i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = vaddvq_s32(total);
}

}  // namespace
}  // namespace sterna::kernels
