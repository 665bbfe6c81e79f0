// SPDX-License-Identifier: Apache-2.0
//
// What the NEON kernels share: 16 lanes in four registers, tails through the stack, the fixed tree. Parts of the table
// files here: everything in them has internal linkage.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace sterna::kernels {
namespace {

constexpr size_t kVector = 4;  // floats in a register

size_t Smaller(size_t a, size_t b) { return a < b ? a : b; }

// All ones in lanes 0..count-1; any count.
uint32x4_t FirstLanes(size_t count) {
  const uint32_t index[kVector] = {0, 1, 2, 3};
  return vcltq_u32(vld1q_u32(index), vdupq_n_u32(uint32_t(Smaller(count, kVector))));
}

// The first `count` floats, then zeros; reads no further.
float32x4_t LoadFirst(const float* from, size_t count) {
  if (count >= kVector) return vld1q_f32(from);
  float copy[kVector] = {};
  for (size_t i = 0; i < count; ++i) copy[i] = from[i];
  return vld1q_f32(copy);
}

void StoreFirst(float* to, size_t count, float32x4_t value) {
  if (count >= kVector) return vst1q_f32(to, value);
  float copy[kVector];
  vst1q_f32(copy, value);
  for (size_t i = 0; i < count; ++i) to[i] = copy[i];
}

// Calls body(offset, load, store) for each run of 4, the last one shorter.
template <class Body>
void ForEachVector(size_t count, Body body) {
  size_t i = 0;
  for (; i + kVector <= count; i += kVector) {
    body(
        i, [](const float* from) { return vld1q_f32(from); },
        [](float* to, float32x4_t value) { vst1q_f32(to, value); });
  }
  if (i == count) return;
  const size_t rest = count - i;
  body(
      i, [rest](const float* from) { return LoadFirst(from, rest); },
      [rest](float* to, float32x4_t value) { StoreFirst(to, rest, value); });
}

// Lanes 0..3, 4..7, 8..11 and 12..15 of a sum.
struct Lanes {
  float32x4_t v[4];
};

Lanes ZeroLanes() {
  const float32x4_t zero = vdupq_n_f32(0.0f);
  return {{zero, zero, zero, zero}};
}

// lane[i] += lane[i + w] for w = 8, 4, 2, 1.
float TreeSum(const Lanes& lanes) {
  const float32x4_t low = vaddq_f32(lanes.v[0], lanes.v[2]), high = vaddq_f32(lanes.v[1], lanes.v[3]);
  const float32x4_t four = vaddq_f32(low, high);
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

float FusedMultiplyAdd(float a, float b, float c) {
  return vget_lane_f32(vfma_f32(vdup_n_f32(c), vdup_n_f32(a), vdup_n_f32(b)), 0);
}

// The larger of each lane; a NaN in `x` leaves `largest`.
float32x4_t LargerNumber(float32x4_t x, float32x4_t largest) { return vbslq_f32(vcgtq_f32(x, largest), x, largest); }

// The largest |x| that is a number, at least `floor`. Any order gives the same.
float LargestMagnitude(const float* x, size_t count, float floor) {
  float32x4_t largest = vdupq_n_f32(floor);
  ForEachVector(count, [&](size_t i, auto load, auto) { largest = LargerNumber(vabsq_f32(load(x + i)), largest); });
  return vmaxvq_f32(largest);
}

// s of quantize_row.
float QuantizeScale(const float* x, size_t count, float largest) {
  constexpr float kLeast = 1e-5f;
  if (largest == 0.0f) return 127.0f / LargestMagnitude(x, count, kLeast);
  return 127.0f / (largest > kLeast ? largest : kLeast);
}

}  // namespace
}  // namespace sterna::kernels
