// SPDX-License-Identifier: Apache-2.0
//
// What the float kernels share: the 16 lanes of a sum in one register, and tails by mask.
#pragma once

#include "kernels/avx2/lanes-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

constexpr size_t kVector = 16;  // floats in a register

// body(0) .. body(kCount - 1), in line: a loop that copies registers would be taken for a copy of memory, and the
// registers for memory.
template <size_t kCount, class Body>
void Unrolled(Body body) {
  if constexpr (kCount > 0) {
    Unrolled<kCount - 1>(body);
    body(kCount - 1);
  }
}

// Lanes 0..count-1; any count.
__mmask16 FirstLanes(size_t count) { return __mmask16(count >= kVector ? 0xffffu : (1u << count) - 1); }

// Lanes from `count` on are 0 and their memory is not touched.
__m512 LoadFirst(const float* from, size_t count) { return _mm512_maskz_loadu_ps(FirstLanes(count), from); }

void StoreFirst(float* to, size_t count, __m512 value) { _mm512_mask_storeu_ps(to, FirstLanes(count), value); }

// Calls body(offset, load, store) for each run of 16, the last one shorter.
template <class Body>
void ForEachVector(size_t count, Body body) {
  size_t i = 0;
  for (; i + kVector <= count; i += kVector) {
    body(
        i, [](const float* from) { return _mm512_loadu_ps(from); },
        [](float* to, __m512 value) { _mm512_storeu_ps(to, value); });
  }
  if (i == count) return;
  const size_t rest = count - i;
  body(
      i, [rest](const float* from) { return LoadFirst(from, rest); },
      [rest](float* to, __m512 value) { StoreFirst(to, rest, value); });
}

// lane[i] += lane[i + w] for w = 8, 4, 2, 1.
float TreeSum(__m512 lanes) {
  return kernels::TreeSum(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
}

__m512 Magnitude(__m512 x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }

// The larger of each lane; a NaN in `x` leaves `largest`. (maxps gives its second operand then.)
__m512 LargerNumber(__m512 x, __m512 largest) { return _mm512_max_ps(x, largest); }

float LargestLane(__m512 v) {
  return kernels::LargestLane(_mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1)));
}

// The largest |x| that is a number, at least `floor`. Any order gives the same.
float LargestMagnitude(const float* x, size_t count, float floor) {
  __m512 largest = _mm512_set1_ps(floor);
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
__m512i RoundToInt(__m512 v) { return _mm512_maskz_cvtps_epi32(_mm512_cmp_ps_mask(v, v, _CMP_ORD_Q), v); }

int32_t SumLanes(__m512i v) {
  return kernels::SumLanes(_mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1)));
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
