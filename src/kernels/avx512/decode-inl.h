// SPDX-License-Identifier: Apache-2.0
//
// Stored rows to floats: Q6_K, the usual type of a head, 64 codes at a time; other types as AVX2 does it.
#pragma once

#include "kernels/avx2/decode-inl.h"
#include "kernels/avx512/lanes-inl.h"
#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

// 64 codes, sixteen to a scale, to floats.
void StoreScaled64(__m512i codes, const float* scales, float* out) {
  alignas(64) int8_t q[64];
  _mm512_store_si512(q, _mm512_sub_epi8(codes, _mm512_set1_epi8(32)));
  for (size_t i = 0; i < 4; ++i) {
    const __m512i wide = _mm512_cvtepi8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(q + 16 * i)));
    _mm512_storeu_ps(out + 16 * i, _mm512_mul_ps(_mm512_set1_ps(scales[i]), _mm512_cvtepi32_ps(wide)));
  }
}

// A block: 128 bytes of low halves, 64 of upper pairs of bits, 16 scales, d. Half of it, 128 values, has 64 and 32
// bytes: the low halves of those bytes are values 0 to 63, the high ones 64 to 127; value i has its upper bits in byte
// i % 32, at place i / 32.
void DecodeQ6Block(const uint8_t* block, float* out) {
  const __m512i low_bits = _mm512_set1_epi8(15), high_bits = _mm512_set1_epi8(0x30);
  const __m512i left = Halves(_mm256_set1_epi32(4), _mm256_set1_epi32(2));
  const __m512i right = Halves(_mm256_setzero_si256(), _mm256_set1_epi32(2));
  alignas(64) float scales[16];
  const __m128i stored_scales = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 192));
  const __m512 d = _mm512_set1_ps(HalfToFloat(block + 208));
  _mm512_store_ps(scales, _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(stored_scales))));
  for (size_t half = 0; half < 2; ++half) {
    const __m512i low = _mm512_loadu_si512(block + 64 * half);
    const __m512i high = _mm512_broadcast_i64x4(LoadBytes(block + 128 + 32 * half));
    const __m512i first = _mm512_and_si512(low, low_bits);
    const __m512i second = _mm512_and_si512(_mm512_srli_epi16(low, 4), low_bits);
    const __m512i first_high = _mm512_and_si512(_mm512_sllv_epi32(high, left), high_bits);
    const __m512i second_high = _mm512_and_si512(_mm512_srlv_epi32(high, right), high_bits);
    StoreScaled64(_mm512_or_si512(first, first_high), scales + 8 * half, out + 128 * half);
    StoreScaled64(_mm512_or_si512(second, second_high), scales + 8 * half + 4, out + 128 * half + 64);
  }
}

template <DenseType kType>
void DecodeRow(const uint8_t* row, size_t columns, float* out) noexcept {
  if constexpr (kType == kDenseQ6_K) {
    constexpr BlockFormat kFormat = kBlockFormats[kType];
    for (size_t i = 0; i < columns; i += kFormat.elements, row += kFormat.bytes) DecodeQ6Block(row, out + i);
  } else {
    kernels::DecodeRow<kType>(row, columns, out);
  }
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
