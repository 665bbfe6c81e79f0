// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/avx2/exp-inl.h"

namespace sterna::kernels {
namespace {

void Rope(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines, const float* sines) noexcept {
  const size_t half = rotary / 2;
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    ForEachVector(half, [&](size_t i, auto load, auto store) {
      const __m256 a = load(x + i), b = load(x + half + i);
      const __m256 c = load(cosines + i), s = load(sines + i);
      store(x + i, _mm256_sub_ps(_mm256_mul_ps(a, c), _mm256_mul_ps(b, s)));
      store(x + half + i, _mm256_add_ps(_mm256_mul_ps(b, c), _mm256_mul_ps(a, s)));
    });
  }
}

// Each of four floats twice, side by side.
__m256 Doubled(const float* four) {
  const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(four)), twice);
}

void RopePairs(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
               const float* sines) noexcept {
  const size_t pairs = rotary / 2;
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    size_t i = 0;
    for (; i + 4 <= pairs; i += 4) {
      const __m256 both = _mm256_loadu_ps(x + 2 * i), crossed = _mm256_permute_ps(both, 0xb1);
      const __m256 turned = _mm256_mul_ps(crossed, Doubled(sines + i));
      _mm256_storeu_ps(x + 2 * i, _mm256_addsub_ps(_mm256_mul_ps(both, Doubled(cosines + i)), turned));
    }
    for (; i < pairs; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1];
      x[2 * i] = (a * cosines[i]) - (b * sines[i]);
      x[2 * i + 1] = (b * cosines[i]) + (a * sines[i]);
    }
  }
}

void Add(float* x, const float* y, size_t count) noexcept {
  ForEachVector(count, [&](size_t i, auto load, auto store) { store(x + i, _mm256_add_ps(load(x + i), load(y + i))); });
}

void Relu2Mul(float* gate, const float* up, size_t count) noexcept {
  ForEachVector(count, [&](size_t i, auto load, auto store) {
    const __m256 r = load(gate + i);
    const __m256 positive = _mm256_cmp_ps(r, _mm256_setzero_ps(), _CMP_GT_OQ);
    store(gate + i, _mm256_and_ps(positive, _mm256_mul_ps(_mm256_mul_ps(r, r), load(up + i))));
  });
}

void SiluMul(float* gate, const float* up, size_t count) noexcept {
  const __m256 one = _mm256_set1_ps(1.0f);
  ForEachVector(count, [&](size_t i, auto load, auto store) {
    const __m256 g = load(gate + i);
    const __m256 negated = _mm256_xor_ps(g, _mm256_set1_ps(-0.0f));
    const __m256 silu = _mm256_div_ps(g, _mm256_add_ps(one, Exp(negated)));
    store(gate + i, _mm256_mul_ps(silu, load(up + i)));
  });
}

void GeluMul(float* gate, const float* up, size_t count) noexcept {
  const __m256 one = _mm256_set1_ps(1.0f), sign = _mm256_set1_ps(-0.0f);
  const __m256 linear = _mm256_set1_ps(kGeluLinear), cubic = _mm256_set1_ps(kGeluCubic);
  ForEachVector(count, [&](size_t i, auto load, auto store) {
    const __m256 g = load(gate + i);
    const __m256 tilt = _mm256_mul_ps(g, _mm256_fmadd_ps(_mm256_mul_ps(g, g), cubic, linear));
    const __m256 gelu = _mm256_div_ps(g, _mm256_add_ps(one, Exp(_mm256_xor_ps(tilt, sign))));
    store(gate + i, _mm256_mul_ps(gelu, load(up + i)));
  });
}

void ExpRow(const float* x, size_t count, float* y) noexcept {
  ForEachVector(count, [&](size_t i, auto load, auto store) { store(y + i, Exp(load(x + i))); });
}

}  // namespace
}  // namespace sterna::kernels
