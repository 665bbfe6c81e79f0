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

// Floats to the integers of a row, and what is known of all of them.
struct Quantizer {
  __m256i Quantize(__m256 x) {
    const __m256 v = _mm256_mul_ps(x, scale);
    beyond = _mm256_or_ps(beyond, _mm256_cmp_ps(Magnitude(v), _mm256_set1_ps(127.5f), _CMP_GE_OQ));
    // NaN comes out of a minimum or maximum where it is the second.
    const __m256i q = RoundToInt(_mm256_min_ps(_mm256_set1_ps(127.0f), _mm256_max_ps(_mm256_set1_ps(-128.0f), v)));
    sum = _mm256_add_epi32(sum, q);
    return q;
  }

  __m256 scale;
  __m256 beyond = _mm256_setzero_ps();
  __m256i sum = _mm256_setzero_si256();
};

// 32 floats to int8.
__m256i Quantize32(const float* x, Quantizer& quantizer) {
  __m256i q[4];
  for (size_t k = 0; k < 4; ++k) q[k] = quantizer.Quantize(_mm256_loadu_ps(x + k * kVector));
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));  // packs works per half
}

bool QuantizeRow(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                 int32_t* sum) noexcept {
  const float s = QuantizeScale(x, count, largest);
  Quantizer quantizer{_mm256_set1_ps(s)};
  size_t i = 0;
  for (; i + 4 * kVector <= count; i += 4 * kVector) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i), Quantize32(x + i, quantizer));
  }
  for (; i < count; i += kVector) {
    const size_t rest = Smaller(count - i, kVector);
    alignas(32) int32_t values[kVector];
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), quantizer.Quantize(LoadFirst(x + i, rest)));
    for (size_t k = 0; k < rest; ++k) q[i + k] = int8_t(values[k]);
  }
  for (i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = SumLanes(quantizer.sum);
  return _mm256_movemask_ps(quantizer.beyond) != 0;
}

}  // namespace
}  // namespace sterna::kernels
