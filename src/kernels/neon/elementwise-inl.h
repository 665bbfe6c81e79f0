// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/neon/exp-inl.h"

namespace sterna::kernels {
namespace {

void Rope(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines, const float* sines) noexcept {
  const size_t half = rotary / 2;
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    ForEachVector(half, [&](size_t i, auto load, auto store) {
      const float32x4_t a = load(x + i), b = load(x + half + i);
      const float32x4_t c = load(cosines + i), s = load(sines + i);
      store(x + i, vsubq_f32(vmulq_f32(a, c), vmulq_f32(b, s)));
      store(x + half + i, vaddq_f32(vmulq_f32(b, c), vmulq_f32(a, s)));
    });
  }
}

void RopePairs(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
               const float* sines) noexcept {
  const size_t pairs = rotary / 2;
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    size_t i = 0;
    for (; i + kVector <= pairs; i += kVector) {
      const float32x4x2_t both = vld2q_f32(x + 2 * i);
      const float32x4_t c = vld1q_f32(cosines + i), s = vld1q_f32(sines + i);
      float32x4x2_t turned;
      turned.val[0] = vsubq_f32(vmulq_f32(both.val[0], c), vmulq_f32(both.val[1], s));
      turned.val[1] = vaddq_f32(vmulq_f32(both.val[1], c), vmulq_f32(both.val[0], s));
      vst2q_f32(x + 2 * i, turned);
    }
    for (; i < pairs; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1];
      x[2 * i] = (a * cosines[i]) - (b * sines[i]);
      x[2 * i + 1] = (b * cosines[i]) + (a * sines[i]);
    }
  }
}

void Add(float* x, const float* y, size_t count) noexcept {
  ForEachVector(count, [&](size_t i, auto load, auto store) { store(x + i, vaddq_f32(load(x + i), load(y + i))); });
}

void Relu2Mul(float* gate, const float* up, size_t count) noexcept {
  ForEachVector(count, [&](size_t i, auto load, auto store) {
    const float32x4_t r = load(gate + i);
    const uint32x4_t positive = vcgtq_f32(r, vdupq_n_f32(0.0f));
    const float32x4_t product = vmulq_f32(vmulq_f32(r, r), load(up + i));
    store(gate + i, vreinterpretq_f32_u32(vandq_u32(positive, vreinterpretq_u32_f32(product))));
  });
}

void SiluMul(float* gate, const float* up, size_t count) noexcept {
  const float32x4_t one = vdupq_n_f32(1.0f);
  ForEachVector(count, [&](size_t i, auto load, auto store) {
    const float32x4_t g = load(gate + i);
    const float32x4_t silu = vdivq_f32(g, vaddq_f32(one, Exp(vnegq_f32(g))));
    store(gate + i, vmulq_f32(silu, load(up + i)));
  });
}

void GeluMul(float* gate, const float* up, size_t count) noexcept {
  const float32x4_t one = vdupq_n_f32(1.0f), linear = vdupq_n_f32(kGeluLinear), cubic = vdupq_n_f32(kGeluCubic);
  ForEachVector(count, [&](size_t i, auto load, auto store) {
    const float32x4_t g = load(gate + i);
    const float32x4_t tilt = vmulq_f32(g, vfmaq_f32(linear, vmulq_f32(g, g), cubic));
    const float32x4_t gelu = vdivq_f32(g, vaddq_f32(one, Exp(vnegq_f32(tilt))));
    store(gate + i, vmulq_f32(gelu, load(up + i)));
  });
}

void ExpRow(const float* x, size_t count, float* y) noexcept {
  ForEachVector(count, [&](size_t i, auto load, auto store) { store(y + i, Exp(load(x + i))); });
}

}  // namespace
}  // namespace sterna::kernels
