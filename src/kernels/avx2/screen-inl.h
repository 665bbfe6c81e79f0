// SPDX-License-Identifier: Apache-2.0
//
// Screening a head: the butterfly that spreads outliers, and products of one code plane with int8 activations.
#pragma once

#include "kernels/avx2/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr size_t kScreenPrefetchBytes = 4096;

// (a + b, a - b) of neighbours inside a register: `swapped` has the partners, `negative` the sign bit where b is.
__m256 InnerButterfly(__m256 x, __m256 swapped, __m256 negative) {
  return _mm256_add_ps(swapped, _mm256_xor_ps(x, negative));
}

__m256 InnerStages(__m256 x) {
  const __m256 one = _mm256_setr_ps(0, -0.0f, 0, -0.0f, 0, -0.0f, 0, -0.0f);
  const __m256 two = _mm256_setr_ps(0, 0, -0.0f, -0.0f, 0, 0, -0.0f, -0.0f);
  const __m256 four = _mm256_setr_ps(0, 0, 0, 0, -0.0f, -0.0f, -0.0f, -0.0f);
  x = InnerButterfly(x, _mm256_permute_ps(x, 0xb1), one);
  x = InnerButterfly(x, _mm256_permute_ps(x, 0x4e), two);
  return InnerButterfly(x, _mm256_permute2f128_ps(x, x, 1), four);
}

// Stages h and 2 h together: one pass over memory.
void TwoStages(float* x, size_t block, size_t h) {
  for (size_t i = 0; i < block; i += 4 * h) {
    for (float* p = x + i; p < x + i + h; p += kVector) {
      const __m256 a = _mm256_loadu_ps(p), b = _mm256_loadu_ps(p + h);
      const __m256 c = _mm256_loadu_ps(p + 2 * h), d = _mm256_loadu_ps(p + 3 * h);
      const __m256 ab = _mm256_add_ps(a, b), a_b = _mm256_sub_ps(a, b);
      const __m256 cd = _mm256_add_ps(c, d), c_d = _mm256_sub_ps(c, d);
      _mm256_storeu_ps(p, _mm256_add_ps(ab, cd));
      _mm256_storeu_ps(p + h, _mm256_add_ps(a_b, c_d));
      _mm256_storeu_ps(p + 2 * h, _mm256_sub_ps(ab, cd));
      _mm256_storeu_ps(p + 3 * h, _mm256_sub_ps(a_b, c_d));
    }
  }
}

void OneStage(float* x, size_t block, size_t h) {
  for (size_t i = 0; i < block; i += 2 * h) {
    for (float* p = x + i; p < x + i + h; p += kVector) {
      const __m256 a = _mm256_loadu_ps(p), b = _mm256_loadu_ps(p + h);
      _mm256_storeu_ps(p, _mm256_add_ps(a, b));
      _mm256_storeu_ps(p + h, _mm256_sub_ps(a, b));
    }
  }
}

void Hadamard(float* x, size_t count, size_t block) noexcept {
  for (float* start = x; start < x + count; start += block) {
    for (size_t i = 0; i < block; i += kVector) _mm256_storeu_ps(start + i, InnerStages(_mm256_loadu_ps(start + i)));
    size_t h = kVector;
    for (; 4 * h <= block; h *= 4) TwoStages(start, block, h);
    if (h < block) OneStage(start, block, h);
  }
}

__m256i Load32(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

// int16 sums of neighbouring products of one group of 64 columns: at most 4 * 15 * 128.
__m256i NibbleProducts(const uint8_t* codes, const int8_t* x) {
  const __m256i mask = _mm256_set1_epi8(15), both = Load32(codes);
  const __m256i low = _mm256_and_si256(both, mask), high = _mm256_and_si256(_mm256_srli_epi16(both, 4), mask);
  return _mm256_add_epi16(_mm256_maddubs_epi16(low, Load32(x)), _mm256_maddubs_epi16(high, Load32(x + 32)));
}

__m256i PairProducts(const uint8_t* codes, const int8_t* x) {
  const __m256i mask = _mm256_set1_epi8(3);
  const __m256i all = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
  const __m256i low = _mm256_and_si256(_mm256_srlv_epi32(all, _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2)), mask);
  const __m256i high = _mm256_and_si256(_mm256_srlv_epi32(all, _mm256_setr_epi32(4, 4, 4, 4, 6, 6, 6, 6)), mask);
  return _mm256_add_epi16(_mm256_maddubs_epi16(low, Load32(x)), _mm256_maddubs_epi16(high, Load32(x + 32)));
}

// lane g % 16 of the sum of multiplier * offset. Offsets past the groups are 0, and a lane is never -0 there: it starts
// from +0, and multipliers are not negative.
float ScreenOffsetSum(const uint8_t* multipliers, const float* offsets, size_t groups) {
  __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();
  for (size_t g = 0; g < groups; g += 2 * kVector) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(multipliers + g));
    const __m256 first = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    const __m256 second = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)));
    low = _mm256_fmadd_ps(first, _mm256_loadu_ps(offsets + g), low);
    high = _mm256_fmadd_ps(second, _mm256_loadu_ps(offsets + g + kVector), high);
  }
  return TreeSum(low, high);
}

// Byte shuffles that give word k of a register's halves to every word.
struct WordPicks {
  alignas(32) int8_t bytes[8][32];
};
constexpr WordPicks MakeWordPicks() {
  WordPicks picks{};
  for (int word = 0; word < 8; ++word) {
    for (int i = 0; i < 32; ++i) picks.bytes[word][i] = int8_t(2 * word + i % 2);
  }
  return picks;
}
constexpr WordPicks kWordPicks = MakeWordPicks();

template <size_t kGroupBytes, class Products>
int32_t ScreenRowSum(const uint8_t* codes, const uint8_t* multipliers, const int8_t* x, size_t groups,
                     Products products) {
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (size_t first = 0; first < groups; first += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(multipliers + first));
    const __m256i words = _mm256_broadcastsi128_si256(_mm_cvtepu8_epi16(bytes));
    const size_t count = Smaller(8, groups - first);
    for (size_t k = 0; k < count; ++k) {
      const __m256i m = _mm256_shuffle_epi8(words, Load32(kWordPicks.bytes[k]));
      const __m256i p = products(codes + (first + k) * kGroupBytes, x + (first + k) * kScreenGroupColumns);
      sums[k % 2] = _mm256_add_epi32(sums[k % 2], _mm256_madd_epi16(p, m));
    }
  }
  return SumLanes(_mm256_add_epi32(sums[0], sums[1]));
}

template <size_t kGroupBytes, class Products>
void ScreenOne(const ScreenRows& w, const ScreenInput& x, const uint32_t* rows, size_t count, Products products) {
  const size_t row_bytes = w.groups * kGroupBytes;
  for (size_t i = 0; i < count; ++i) {
    const size_t r = rows == nullptr ? i : rows[i];
    const uint8_t* const codes = w.codes + r * w.stride;
    if (rows == nullptr) {
      for (size_t at = 0; at < w.stride; at += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(codes + at + kScreenPrefetchBytes), _MM_HINT_T0);
      }
    } else if (i + 1 < count) {
      const uint8_t* const next = w.codes + rows[i + 1] * w.stride;
      for (size_t at = 0; at < row_bytes; at += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(next + at), _MM_HINT_T0);
      }
    }
    const uint8_t* const multipliers = w.multipliers + r * w.multiplier_stride;
    const int32_t sum = ScreenRowSum<kGroupBytes>(codes, multipliers, x.values, w.groups, products);
    x.out[i] = w.scales[r] * FusedMultiplyAdd(float(sum), x.factor, ScreenOffsetSum(multipliers, x.offsets, w.groups));
  }
}

void ScreenNibbles(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                   size_t count) noexcept {
  for (size_t i = 0; i < inputs; ++i) {
    ScreenOne<kScreenNibbleBytes>(w, x[i], rows, count, [](auto... row) { return NibbleProducts(row...); });
  }
}

void ScreenPairs(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                 size_t count) noexcept {
  for (size_t i = 0; i < inputs; ++i) {
    ScreenOne<kScreenPairBytes>(w, x[i], rows, count, [](auto... row) { return PairProducts(row...); });
  }
}

}  // namespace
}  // namespace sterna::kernels
