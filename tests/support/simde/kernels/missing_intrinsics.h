// SPDX-License-Identifier: Apache-2.0
//
// AVX-512 intrinsics that SIMDe 0.7.4 lacks, out of two AVX2 ones or lane by lane. Semantics: Intel SDM volume 2.
#pragma once

#include <cstdint>
#include <cstring>

namespace sterna::emulated {
namespace {

// Two 256-bit halves as one register, and back.
template <class Wide, class Half>
Wide Join(Half low, Half high) {
  Wide wide;
  std::memcpy(&wide, &low, sizeof low);
  std::memcpy(reinterpret_cast<char*>(&wide) + sizeof low, &high, sizeof high);
  return wide;
}

template <class Half, class Wide>
Half HalfOf(const Wide& wide, int which) {
  Half half;
  std::memcpy(&half, reinterpret_cast<const char*>(&wide) + size_t(which) * sizeof half, sizeof half);
  return half;
}

// Elements whose mask bit is set; the memory of the others is not touched.
template <class Vector, class Element>
Vector LoadMasked(uint64_t mask, const void* from) {
  Element lanes[sizeof(Vector) / sizeof(Element)] = {};
  for (size_t i = 0; i < sizeof(Vector) / sizeof(Element); ++i) {
    if (mask >> i & 1) std::memcpy(&lanes[i], static_cast<const char*>(from) + i * sizeof(Element), sizeof(Element));
  }
  Vector v;
  std::memcpy(&v, lanes, sizeof v);
  return v;
}

template <class Element, class Vector>
void StoreMasked(void* to, uint64_t mask, const Vector& v) {
  for (size_t i = 0; i < sizeof(Vector) / sizeof(Element); ++i) {
    const char* lane = reinterpret_cast<const char*>(&v) + i * sizeof(Element);
    if (mask >> i & 1) std::memcpy(static_cast<char*>(to) + i * sizeof(Element), lane, sizeof(Element));
  }
}

inline __m512i RoundToInt(__m512 v) {
  return Join<__m512i>(_mm256_cvtps_epi32(HalfOf<__m256>(v, 0)), _mm256_cvtps_epi32(HalfOf<__m256>(v, 1)));
}

inline __m512 ToFloat(__m512i v) {
  return Join<__m512>(_mm256_cvtepi32_ps(HalfOf<__m256i>(v, 0)), _mm256_cvtepi32_ps(HalfOf<__m256i>(v, 1)));
}

inline __m512i WidenBytes(__m128i v) {
  return Join<__m512i>(_mm256_cvtepi8_epi32(v), _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(v, v)));
}

inline __m512i WidenUnsignedBytes(__m128i v) {
  return Join<__m512i>(_mm256_cvtepu8_epi32(v), _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(v, v)));
}

inline __m512i WidenShorts(__m256i v) {
  return Join<__m512i>(_mm256_cvtepu16_epi32(HalfOf<__m128i>(v, 0)), _mm256_cvtepu16_epi32(HalfOf<__m128i>(v, 1)));
}

inline __m512 HalvesToFloat(__m256i v) {
  return Join<__m512>(_mm256_cvtph_ps(HalfOf<__m128i>(v, 0)), _mm256_cvtph_ps(HalfOf<__m128i>(v, 1)));
}

inline __m512i ShiftRight(__m512i v, __m512i counts) {
  return Join<__m512i>(_mm256_srav_epi32(HalfOf<__m256i>(v, 0), HalfOf<__m256i>(counts, 0)),
                       _mm256_srav_epi32(HalfOf<__m256i>(v, 1), HalfOf<__m256i>(counts, 1)));
}

}  // namespace
}  // namespace sterna::emulated

// Clang and SIMDe have macros of some of these names.
#undef _mm_maskz_loadu_epi8
#undef _mm_mask_storeu_epi8
#undef _mm256_maskz_loadu_epi16
#undef _mm512_maskz_loadu_ps
#undef _mm512_mask_storeu_ps
#undef _mm512_cvtps_epi32
#undef _mm512_maskz_cvtps_epi32
#undef _mm512_cvtepi32_ps
#undef _mm512_cvtepi8_epi32
#undef _mm512_cvtepu16_epi32
#undef _mm512_cvtph_ps
#undef _mm512_srai_epi32
#undef _mm512_srav_epi32
#undef _mm512_extractf32x8_ps

#define _mm_maskz_loadu_epi8(mask, from) sterna::emulated::LoadMasked<__m128i, int8_t>(mask, from)
#define _mm_mask_storeu_epi8(to, mask, v) sterna::emulated::StoreMasked<int8_t>(to, mask, v)
#define _mm256_maskz_loadu_epi16(mask, from) sterna::emulated::LoadMasked<__m256i, int16_t>(mask, from)
#define _mm512_maskz_loadu_ps(mask, from) sterna::emulated::LoadMasked<__m512, float>(mask, from)
#define _mm512_mask_storeu_ps(to, mask, v) sterna::emulated::StoreMasked<float>(to, mask, v)
#define _mm512_cvtps_epi32(v) sterna::emulated::RoundToInt(v)
#define _mm512_maskz_cvtps_epi32(mask, v) _mm512_maskz_mov_epi32(mask, sterna::emulated::RoundToInt(v))
#define _mm512_cvtepi32_ps(v) sterna::emulated::ToFloat(v)
#define _mm512_cvtepi8_epi32(v) sterna::emulated::WidenBytes(v)
#define _mm512_cvtepu8_epi32(v) sterna::emulated::WidenUnsignedBytes(v)
#define _mm512_cvtepu16_epi32(v) sterna::emulated::WidenShorts(v)
#define _mm512_cvtph_ps(v) sterna::emulated::HalvesToFloat(v)
#define _mm512_srai_epi32(v, count) sterna::emulated::ShiftRight(v, _mm512_set1_epi32(count))
#define _mm512_srav_epi32(v, counts) sterna::emulated::ShiftRight(v, counts)
#define _mm512_extractf32x8_ps(v, which) sterna::emulated::HalfOf<__m256>(v, which)

// SIMDe knows the AVX-512 name of this instruction only.
#define _mm256_dpbusd_avx_epi32 simde_mm256_dpbusd_epi32
