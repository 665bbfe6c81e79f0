// SPDX-License-Identifier: Apache-2.0
//
// One float row at a time: RMSNorm and quantization to int8.
#pragma once

#include "kernels/avx2/lanes-inl.h"

namespace sterna::kernels {
namespace {

void RmsNorm(const float* x, const float* gain, size_t count, float eps, float* y) noexcept {
  __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 2 * kVector <= count; i += 2 * kVector) {
    const __m256 a = _mm256_loadu_ps(x + i), b = _mm256_loadu_ps(x + i + kVector);
    low = _mm256_fmadd_ps(a, a, low);
    high = _mm256_fmadd_ps(b, b, high);
  }
  const size_t rest = count - i;
  const __m256 a = LoadFirst(x + i, rest);  // zeros add nothing: a sum of squares is never -0
  low = _mm256_fmadd_ps(a, a, low);
  if (rest > kVector) {
    const __m256 b = LoadFirst(x + i + kVector, rest - kVector);
    high = _mm256_fmadd_ps(b, b, high);
  }
  const float mean = TreeSum(low, high) / float(count);
  const float root = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps)));
  const __m256 r = _mm256_set1_ps(1.0f / root);
  ForEachVector(count, [&](size_t j, auto load, auto store) {
    store(y + j, _mm256_mul_ps(_mm256_mul_ps(load(x + j), r), load(gain + j)));
  });
}

// 32 floats to int8. Saturation is the clamp.
__m256i Quantize32(const float* x, __m256 s, __m256i& sum) {
  __m256i q[4];
  for (size_t k = 0; k < 4; ++k) {
    q[k] = RoundToInt(_mm256_mul_ps(_mm256_loadu_ps(x + k * kVector), s));
    sum = _mm256_add_epi32(sum, q[k]);
  }
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));  // packs works per half
}

// |x * s| is at most 127 but for rounding (scalar/quantize.cc), so the sum needs no clamp.
void QuantizeRow(const float* x, size_t count, int8_t* q, size_t stride, float* scale, int32_t* sum) noexcept {
  const float s = 127.0f / LargestMagnitude(x, count, 1e-5f);
  const __m256 factor = _mm256_set1_ps(s);
  __m256i total = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 4 * kVector <= count; i += 4 * kVector) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i), Quantize32(x + i, factor, total));
  }
  for (; i < count; i += kVector) {
    const size_t rest = Smaller(count - i, kVector);
    alignas(32) int32_t values[kVector];
    const __m256i rounded = RoundToInt(_mm256_mul_ps(LoadFirst(x + i, rest), factor));
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), rounded);
    for (size_t k = 0; k < rest; ++k) q[i + k] = int8_t(values[k]);
    total = _mm256_add_epi32(total, rounded);
  }
  for (i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = SumLanes(total);
}

}  // namespace
}  // namespace sterna::kernels
