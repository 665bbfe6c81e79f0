// SPDX-License-Identifier: Apache-2.0
//
// The operations of kernels/scalar/exp.h, 16 at a time; the constants are explained there.
#pragma once

#include "kernels/avx512/lanes-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

__m512 PowerOfTwo(__m512i n) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
}

__m512 Exp(__m512 x) {
  const __m512 shift = _mm512_set1_ps(0x1.8p+23f);
  const __m512 clamped = _mm512_min_ps(x, _mm512_set1_ps(0x1.64p+6f));
  const __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(clamped, _mm512_set1_ps(0x1.715476p+0f), shift), shift);
  const __m512 first = _mm512_fmadd_ps(n, _mm512_set1_ps(-0x1.62e43p-1f), clamped);
  const __m512 r = _mm512_fmadd_ps(n, _mm512_set1_ps(0x1.05c61p-29f), first);
  __m512 q = _mm512_fmadd_ps(_mm512_set1_ps(0x1.6d10fcp-10f), r, _mm512_set1_ps(0x1.120b62p-7f));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.55551ap-5f));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.5554dep-3f));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1p-1f));
  const __m512 e = _mm512_add_ps(_mm512_set1_ps(1.0f), _mm512_fmadd_ps(_mm512_mul_ps(r, r), q, r));
  const __m512i exponent = _mm512_cvtps_epi32(n);
  const __m512i half = _mm512_srai_epi32(exponent, 1);
  const __m512 scaled = _mm512_mul_ps(e, PowerOfTwo(half));
  const __m512 result = _mm512_mul_ps(scaled, PowerOfTwo(_mm512_sub_epi32(exponent, half)));
  const __mmask16 not_too_small = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-0x1.5d589ep+6f), _CMP_NLT_UQ);
  const __mmask16 not_a_number = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_mask_mov_ps(_mm512_maskz_mov_ps(not_too_small, result), not_a_number, x);
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
