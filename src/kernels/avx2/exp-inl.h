// SPDX-License-Identifier: Apache-2.0
//
// The operations of kernels/scalar/exp.h, eight at a time; the constants are explained there.
#pragma once

#include "kernels/avx2/lanes-inl.h"

namespace sterna::kernels {
namespace {

__m256 PowerOfTwo(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

__m256 Exp(__m256 x) {
  const __m256 shift = _mm256_set1_ps(0x1.8p+23f);
  const __m256 clamped = _mm256_min_ps(x, _mm256_set1_ps(0x1.64p+6f));
  const __m256 n = _mm256_sub_ps(_mm256_fmadd_ps(clamped, _mm256_set1_ps(0x1.715476p+0f), shift), shift);
  const __m256 first = _mm256_fmadd_ps(n, _mm256_set1_ps(-0x1.62e43p-1f), clamped);
  const __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(0x1.05c61p-29f), first);
  __m256 q = _mm256_fmadd_ps(_mm256_set1_ps(0x1.6d10fcp-10f), r, _mm256_set1_ps(0x1.120b62p-7f));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.55551ap-5f));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.5554dep-3f));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1p-1f));
  const __m256 e = _mm256_add_ps(_mm256_set1_ps(1.0f), _mm256_fmadd_ps(_mm256_mul_ps(r, r), q, r));
  const __m256i exponent = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(exponent, 1);
  const __m256 scaled = _mm256_mul_ps(e, PowerOfTwo(half));
  const __m256 result = _mm256_mul_ps(scaled, PowerOfTwo(_mm256_sub_epi32(exponent, half)));
  const __m256 too_small = _mm256_cmp_ps(x, _mm256_set1_ps(-0x1.5d589ep+6f), _CMP_LT_OQ);
  const __m256 not_a_number = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
  return _mm256_blendv_ps(_mm256_andnot_ps(too_small, result), x, not_a_number);
}

}  // namespace
}  // namespace sterna::kernels
