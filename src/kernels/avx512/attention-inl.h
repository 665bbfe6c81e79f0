// SPDX-License-Identifier: Apache-2.0
//
// One block of attention: scores with a vector of neighbouring keys, values with a vector of neighbouring dimensions,
// up to four query heads at a time so that each loaded key and value serves them all.
#pragma once

#include "kernels/avx2/attention-inl.h"
#include "kernels/avx512/exp-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

// The first `count` (1..16) stored elements from number `at` on, as floats (kKvQ8: without their scale), then zeros;
// reads no further.
template <KvType kType>
__m512 LoadKvFirst(const void* data, size_t at, size_t count) {
  const __mmask16 lanes = FirstLanes(count);
  if constexpr (kType == kKvF32) {
    return _mm512_maskz_loadu_ps(lanes, static_cast<const float*>(data) + at);
  } else if constexpr (kType == kKvF16) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, static_cast<const uint16_t*>(data) + at));
  } else {
    const __m128i bytes = _mm_maskz_loadu_epi8(lanes, static_cast<const int8_t*>(data) + at);
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
  }
}

// Scores of the block's first 16 kVectors keys, before any scale.
template <KvType kType, int kHeads, int kVectors>
void KeyDots(const float* q, size_t q_stride, const void* keys, size_t head_dim, float (&out)[kHeads][kKvBlockTokens],
             Prefetch& prefetch) {
  __m512 sum[kHeads][kVectors];
  for (auto& head : sum) {
    for (auto& v : head) v = _mm512_setzero_ps();
  }
  for (size_t d = 0; d < head_dim; ++d) {
    __m512 key[kVectors];
    for (size_t k = 0; k < kVectors; ++k) key[k] = LoadKvFirst<kType>(keys, d * kKvBlockTokens + k * kVector, kVector);
    for (size_t h = 0; h < kHeads; ++h) {
      const __m512 query = _mm512_set1_ps(q[h * q_stride + d]);
      for (int k = 0; k < kVectors; ++k) sum[h][k] = _mm512_fmadd_ps(query, key[k], sum[h][k]);
    }
    prefetch.Advance(kVectors * kVector * kElementBytes[kType]);
  }
  Unrolled<kHeads>(
      [&](size_t h) { Unrolled<kVectors>([&](size_t k) { _mm512_storeu_ps(out[h] + k * kVector, sum[h][k]); }); });
}

// Turns raw dots into softmax numerators in place (slots from `tokens` on: 0) and writes the partial's max and sum.
template <KvType kType>
void Numerators(const KvBlock& block, size_t tokens, float softmax_scale, float* p, float* partial) {
  const __m512 lowest = _mm512_set1_ps(-__builtin_inff());
  const __m512 scale = _mm512_set1_ps(softmax_scale);
  __m512 largest = lowest;
  for (size_t j = 0; j < tokens; j += kVector) {
    __m512 score = _mm512_loadu_ps(p + j);
    if constexpr (kType == kKvQ8) score = _mm512_mul_ps(score, LoadFirst(block.key_scales + j, tokens - j));
    score = _mm512_mul_ps(score, scale);
    if (j < block.first) score = _mm512_mask_mov_ps(score, FirstLanes(block.first - j), lowest);
    _mm512_storeu_ps(p + j, score);
    largest = LargerNumber(_mm512_mask_mov_ps(lowest, FirstLanes(tokens - j), score), largest);
  }
  const float max = LargestLane(largest) + 0.0f;  // never -0
  __m512 sums = _mm512_setzero_ps();
  for (size_t j = 0; j < tokens; j += kVector) {
    const __m512 e = Exp(_mm512_sub_ps(_mm512_loadu_ps(p + j), _mm512_set1_ps(max)));
    const __m512 numerator = _mm512_maskz_mov_ps(FirstLanes(tokens - j), e);
    sums = _mm512_add_ps(sums, numerator);
    _mm512_storeu_ps(p + j, numerator);
  }
  partial[0] = max;
  partial[1] = TreeSum(sums);
}

// out[h][d..] = chain over the tokens for kVectors vectors of dimensions from `d` on, the last of `last` lanes.
template <KvType kType, int kHeads, int kVectors>
void ValueChains(const float (&p)[kHeads][kKvBlockTokens], const void* values, size_t tokens, size_t head_dim, size_t d,
                 size_t last, float* out, size_t out_stride, Prefetch& prefetch) {
  __m512 sum[kHeads][kVectors];
  for (auto& head : sum) {
    for (auto& v : head) v = _mm512_setzero_ps();
  }
  for (size_t j = 0; j < tokens; ++j) {
    __m512 value[kVectors];
    for (size_t k = 0; k < kVectors; ++k) {
      value[k] = LoadKvFirst<kType>(values, j * head_dim + d + k * kVector, k + 1 < kVectors ? kVector : last);
    }
    for (int h = 0; h < kHeads; ++h) {
      const __m512 weight = _mm512_set1_ps(p[h][j]);
      for (int k = 0; k < kVectors; ++k) sum[h][k] = _mm512_fmadd_ps(weight, value[k], sum[h][k]);
    }
    prefetch.Advance(kVectors * kVector * kElementBytes[kType]);
  }
  Unrolled<kHeads>([&](size_t h) {
    Unrolled<kVectors>([&](size_t k) {
      StoreFirst(out + h * out_stride + d + k * kVector, k + 1 < kVectors ? kVector : last, sum[h][k]);
    });
  });
}

template <KvType kType, int kHeads>
void AttendHeads(const float* q, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) {
  alignas(64) float p[kHeads][kKvBlockTokens];
  Prefetch prefetch(block.upcoming);
  if (tokens > 2 * kVector) {
    KeyDots<kType, kHeads, 4>(q, q_stride, block.keys, head_dim, p, prefetch);
  } else {
    KeyDots<kType, kHeads, 2>(q, q_stride, block.keys, head_dim, p, prefetch);
  }
  for (size_t h = 0; h < kHeads; ++h) {
    Numerators<kType>(block, tokens, softmax_scale, p[h], partials + h * partial_stride);
    if constexpr (kType == kKvQ8) ScaleWeights(block.value_scales, tokens, p[h]);
  }
  float* const out = partials + kPartialHeader;
  size_t d = 0;
  for (; d + 4 * kVector <= head_dim; d += 4 * kVector) {
    ValueChains<kType, kHeads, 4>(p, block.values, tokens, head_dim, d, kVector, out, partial_stride, prefetch);
  }
  for (; d < head_dim; d += kVector) {
    const size_t last = Smaller(kVector, head_dim - d);
    ValueChains<kType, kHeads, 1>(p, block.values, tokens, head_dim, d, last, out, partial_stride, prefetch);
  }
}

template <KvType kType>
void AttendBlock(const float* q, size_t heads, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) noexcept {
  constexpr decltype(&AttendHeads<kType, 1>) kAttend[] = {AttendHeads<kType, 1>, AttendHeads<kType, 2>,
                                                          AttendHeads<kType, 3>, AttendHeads<kType, 4>};
  KvBlock part = block;
  for (size_t h = 0; h < heads;) {
    const size_t count = Smaller(heads - h, 4);
    kAttend[count - 1](q + h * q_stride, q_stride, part, tokens, head_dim, softmax_scale, partials + h * partial_stride,
                       partial_stride);
    h += count;
    part.upcoming = block.keys;  // once is enough
  }
}

void AttendFinish(const float* partial, size_t head_dim, float* out) noexcept {
  const __m512 sum = _mm512_set1_ps(partial[1]);
  ForEachVector(head_dim, [&](size_t d, auto load, auto store) {
    store(out + d, _mm512_div_ps(load(partial + kPartialHeader + d), sum));
  });
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
