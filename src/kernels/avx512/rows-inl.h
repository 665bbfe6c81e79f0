// SPDX-License-Identifier: Apache-2.0
//
// One float row at a time: RMSNorm and quantization to int8.
#pragma once

#include "kernels/avx512/lanes-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

void RmsNorm(const float* x, const float* gain, size_t count, float eps, float* y) noexcept {
  __m512 lanes = _mm512_setzero_ps();
  ForEachVector(count, [&](size_t i, auto load, auto) {
    const __m512 a = load(x + i);  // zeros past the end add nothing: a sum of squares is never -0
    lanes = _mm512_fmadd_ps(a, a, lanes);
  });
  const float mean = TreeSum(lanes) / float(count);
  const float root = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps)));
  const __m512 r = _mm512_set1_ps(1.0f / root);
  ForEachVector(count, [&](size_t j, auto load, auto store) {
    store(y + j, _mm512_mul_ps(_mm512_mul_ps(load(x + j), r), load(gain + j)));
  });
}

bool QuantizeRow(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                 int32_t* sum) noexcept {
  const float s = QuantizeScale(x, count, largest);
  const __m512 factor = _mm512_set1_ps(s), low = _mm512_set1_ps(-128.0f), high = _mm512_set1_ps(127.0f);
  __m512i total = _mm512_setzero_si512();
  unsigned beyond = 0;
  for (size_t i = 0; i < count; i += kVector) {
    const size_t rest = Smaller(count - i, kVector);
    const __m512 v = _mm512_mul_ps(LoadFirst(x + i, rest), factor);
    beyond |= _mm512_cmp_ps_mask(Magnitude(v), _mm512_set1_ps(127.5f), _CMP_GE_OQ);
    // NaN comes out of a minimum or maximum where it is the second.
    const __m512i rounded = RoundToInt(_mm512_min_ps(high, _mm512_max_ps(low, v)));
    _mm_mask_storeu_epi8(q + i, FirstLanes(rest), _mm512_cvtsepi32_epi8(rounded));
    total = _mm512_add_epi32(total, rounded);
  }
  for (size_t i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = SumLanes(total);
  return beyond != 0;
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
