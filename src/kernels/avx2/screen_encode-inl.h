// SPDX-License-Identifier: Apache-2.0
//
// One row of a head into its two code planes (docs/head.md).
#pragma once

#include "kernels/avx2/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

// Sums of squares in 16 lanes.
struct SquareSums {
  __m256 lanes[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  void Add(size_t k, __m256 x) { lanes[k % 2] = _mm256_fmadd_ps(x, x, lanes[k % 2]); }
  float Total() const { return TreeSum(lanes[0], lanes[1]); }
};

struct RowSquares {
  SquareSums all, coarse, fine;
};

struct GroupSteps {
  float step, inverse;
  float code_limit;  // 63, or 0 where the row has no codes
  int lower_mask;
};

// 8 values: their codes, and their squares added.
__m256i Encode8(const float* w, const float* offsets, const GroupSteps& steps, size_t k, RowSquares& squares) {
  const __m256 value = _mm256_loadu_ps(w), offset = _mm256_loadu_ps(offsets), step = _mm256_set1_ps(steps.step);
  __m256 v = _mm256_fmadd_ps(value, _mm256_set1_ps(steps.inverse), offset);
  v = _mm256_max_ps(v, _mm256_setzero_ps());  // NaN to 0: maxps gives its second operand then
  v = _mm256_min_ps(v, _mm256_set1_ps(steps.code_limit));
  const __m256i code = _mm256_cvtps_epi32(v);
  const __m256i upper = _mm256_andnot_si256(_mm256_set1_epi32(steps.lower_mask), code);
  const __m256 middle = _mm256_add_ps(_mm256_cvtepi32_ps(upper), _mm256_set1_ps(float(steps.lower_mask) * 0.5f));
  squares.all.Add(k, value);
  squares.fine.Add(k, _mm256_fmadd_ps(step, _mm256_sub_ps(offset, _mm256_cvtepi32_ps(code)), value));
  squares.coarse.Add(k, _mm256_fmadd_ps(step, _mm256_sub_ps(offset, middle), value));
  return code;
}

// 32 codes as bytes in order.
__m256i Pack32(const __m256i (&code)[4]) {
  const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(code[0], code[1]), _mm256_packs_epi32(code[2], code[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));  // packs works per half
}

// bytes[0] has columns 0..31 of a group, bytes[1] columns 32..63; `shift` moves the wanted bits down, 0 or 2 or 4.
void StoreNibbles(const __m256i (&bytes)[2], int shift, uint8_t* out) {
  const __m256i mask = _mm256_set1_epi8(15);
  const __m128i by = _mm_cvtsi32_si128(shift);
  const __m256i low = _mm256_and_si256(_mm256_srl_epi16(bytes[0], by), mask);
  const __m256i high = _mm256_and_si256(_mm256_srl_epi16(bytes[1], by), mask);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_or_si256(low, _mm256_slli_epi16(high, 4)));
}

void StorePairs(const __m256i (&bytes)[2], int shift, uint8_t* out) {
  const __m256i mask = _mm256_set1_epi8(3);
  const __m128i by = _mm_cvtsi32_si128(shift);
  const __m256i low = _mm256_and_si256(_mm256_srl_epi16(bytes[0], by), mask);
  const __m256i high = _mm256_and_si256(_mm256_srl_epi16(bytes[1], by), mask);
  const __m256i both = _mm256_or_si256(low, _mm256_slli_epi16(high, 4));  // columns j, j + 32; j + 16, j + 48
  const __m128i upper = _mm_slli_epi16(_mm256_extracti128_si256(both, 1), 2);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_or_si128(_mm256_castsi256_si128(both), upper));
}

void ScreenEncode(const float* row, const float* offsets, size_t groups, ScreenOrder order, const ScreenCodes& codes,
                  ScreenNorms* norms) noexcept {
  constexpr float kLargestMultiplier = 127.0f;
  const bool nibbles_first = order == kNibblesFirst;
  const float reach = nibbles_first ? 29.99f : 23.98f;
  const float largest = LargestMagnitude(row, groups * kScreenGroupColumns, 0.0f);
  const bool usable = largest >= 0x1p-100f && largest <= 0x1p100f;
  const float scale = usable ? largest / (kLargestMultiplier * reach) : 0.0f;
  const float unit = usable ? kLargestMultiplier / largest : 0.0f;
  RowSquares squares;
  for (size_t g = 0; g < groups; ++g) {
    const float* const w = row + g * kScreenGroupColumns;
    const float wanted = usable ? LargestMagnitude(w, kScreenGroupColumns, 0.0f) * unit : 0.0f;
    const float ceiling = _mm_cvtss_f32(_mm_ceil_ss(_mm_set_ss(wanted), _mm_set_ss(wanted)));
    const float multiplier = ceiling < kLargestMultiplier ? ceiling : kLargestMultiplier;
    const float step = scale * multiplier;
    const GroupSteps steps = {step, multiplier > 0.0f ? 1.0f / step : 0.0f, usable ? 63.0f : 0.0f,
                              nibbles_first ? 3 : 15};
    codes.multipliers[g] = uint8_t(multiplier);
    __m256i bytes[2];
    for (size_t half = 0; half < 2; ++half) {
      __m256i code[4];
      for (size_t k = 0; k < 4; ++k) {
        const size_t at = half * 32 + k * kVector;
        code[k] = Encode8(w + at, offsets + g * kScreenGroupColumns + at, steps, k, squares);
      }
      bytes[half] = Pack32(code);
    }
    StoreNibbles(bytes, nibbles_first ? 2 : 0, codes.nibbles + g * kScreenNibbleBytes);
    StorePairs(bytes, nibbles_first ? 0 : 4, codes.pairs + g * kScreenPairBytes);
  }
  *norms = {scale, squares.all.Total(), squares.coarse.Total(), squares.fine.Total()};
}

}  // namespace
}  // namespace sterna::kernels
