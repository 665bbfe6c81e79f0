// SPDX-License-Identifier: Apache-2.0
//
// What the float kernels share: 16 lanes in two registers, tails by mask, the fixed tree. Parts of avx2.cc (no
// include guard needed by anyone else): everything here and in its neighbours has internal linkage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/intrinsics.h"

namespace sterna::kernels {
namespace {

constexpr size_t kVector = 8;  // floats in a register

size_t Smaller(size_t a, size_t b) { return a < b ? a : b; }

// All ones in lanes 0..count-1; any count.
__m256i FirstLanes(size_t count) {
  const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(Smaller(count, kVector))), index);
}

// Lanes from `count` on are 0 and their memory is not touched.
__m256 LoadFirst(const float* from, size_t count) { return _mm256_maskload_ps(from, FirstLanes(count)); }

void StoreFirst(float* to, size_t count, __m256 value) { _mm256_maskstore_ps(to, FirstLanes(count), value); }

// Calls body(offset, lanes) for each run of 8, the last one shorter.
template <class Body>
void ForEachVector(size_t count, Body body) {
  size_t i = 0;
  for (; i + kVector <= count; i += kVector) {
    body(
        i, [](const float* from) { return _mm256_loadu_ps(from); },
        [](float* to, __m256 value) { _mm256_storeu_ps(to, value); });
  }
  if (i == count) return;
  const size_t rest = count - i;
  body(
      i, [rest](const float* from) { return LoadFirst(from, rest); },
      [rest](float* to, __m256 value) { StoreFirst(to, rest, value); });
}

// lane[i] += lane[i + w] for w = 8, 4, 2, 1.
float TreeSum(__m256 low, __m256 high) {
  const __m256 eight = _mm256_add_ps(low, high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

float FusedMultiplyAdd(float a, float b, float c) {
  return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
}

__m256 Magnitude(__m256 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }

// The larger of each lane; a NaN in `x` leaves `largest`. (maxps gives its second operand then.)
__m256 LargerNumber(__m256 x, __m256 largest) { return _mm256_max_ps(x, largest); }

float LargestLane(__m256 v) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// The largest |x| that is a number, at least `floor`. Any order gives the same.
float LargestMagnitude(const float* x, size_t count, float floor) {
  __m256 largest = _mm256_set1_ps(floor);
  ForEachVector(count, [&](size_t i, auto load, auto) { largest = LargerNumber(Magnitude(load(x + i)), largest); });
  return LargestLane(largest);
}

// s of quantize_row.
float QuantizeScale(const float* x, size_t count, float largest) {
  constexpr float kLeast = 1e-5f;
  if (largest == 0.0f) return 127.0f / LargestMagnitude(x, count, kLeast);
  return 127.0f / (largest > kLeast ? largest : kLeast);
}

// round_half_even to int32, NaN to 0.
__m256i RoundToInt(__m256 v) {
  const __m256i number = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_ORD_Q));
  return _mm256_and_si256(_mm256_cvtps_epi32(v), number);
}

int32_t SumLanes(__m256i v) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

}  // namespace
}  // namespace sterna::kernels
