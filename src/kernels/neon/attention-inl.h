// SPDX-License-Identifier: Apache-2.0
//
// One block of attention: scores with vectors of neighbouring keys, values with vectors of neighbouring dimensions, two
// query heads at a time so that each loaded key and value serves both.
#pragma once

#include "kernels/neon/exp-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr size_t kElementBytes[kKvTypeCount] = {4, 2, 1};

// Eight stored elements as floats (kKvQ8: without their scale).
struct Eight {
  float32x4_t v[2];
};

template <KvType kType>
Eight LoadKv(const void* data, size_t at) {
  const auto* from = static_cast<const uint8_t*>(data) + at * kElementBytes[kType];
  if constexpr (kType == kKvF32) {
    return {{vreinterpretq_f32_u8(vld1q_u8(from)), vreinterpretq_f32_u8(vld1q_u8(from + 16))}};
  } else if constexpr (kType == kKvF16) {
    const float16x8_t halves = vreinterpretq_f16_u8(vld1q_u8(from));
    return {{vcvt_f32_f16(vget_low_f16(halves)), vcvt_high_f32_f16(halves)}};
  } else {
    const int16x8_t wide = vmovl_s8(vreinterpret_s8_u8(vld1_u8(from)));
    return {{vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), vcvtq_f32_s32(vmovl_high_s16(wide))}};
  }
}

// The first `count` (1..8) elements, then zeros; reads no further.
template <KvType kType>
Eight LoadKvFirst(const void* data, size_t at, size_t count) {
  if (count >= 8) return LoadKv<kType>(data, at);
  uint8_t copy[8 * kElementBytes[kType]] = {};
  const auto* from = static_cast<const uint8_t*>(data) + at * kElementBytes[kType];
  for (size_t i = 0; i < count * kElementBytes[kType]; ++i) copy[i] = from[i];
  return LoadKv<kType>(copy, 0);
}

// sum[h][2 k + i] += factor[h] * eights[k].v[i]
template <int kHeads, int kEights>
void AddProducts(const float (&factor)[kHeads], const Eight (&eights)[kEights],
                 float32x4_t (&sum)[kHeads][2 * kEights]) {
  for (int h = 0; h < kHeads; ++h) {
    for (int k = 0; k < kEights; ++k) {
      sum[h][2 * k] = vfmaq_n_f32(sum[h][2 * k], eights[k].v[0], factor[h]);
      sum[h][2 * k + 1] = vfmaq_n_f32(sum[h][2 * k + 1], eights[k].v[1], factor[h]);
    }
  }
}

template <int kHeads, int kVectors>
void SetToZero(float32x4_t (&sum)[kHeads][kVectors]) {
  for (auto& head : sum) {
    for (auto& v : head) v = vdupq_n_f32(0.0f);
  }
}

// Scores of 32 keys from slot `first` on, before any scale: out[h][first..].
template <KvType kType, int kHeads>
void KeyDots(const float* const (&q)[kHeads], const void* keys, size_t first, size_t head_dim,
             float* const (&out)[kHeads]) {
  float32x4_t sum[kHeads][8];
  SetToZero(sum);
  for (size_t d = 0; d < head_dim; ++d) {
    Eight key[4];
    float query[kHeads];
    for (size_t k = 0; k < 4; ++k) key[k] = LoadKv<kType>(keys, d * kKvBlockTokens + first + 8 * k);
    for (int h = 0; h < kHeads; ++h) query[h] = q[h][d];
    AddProducts(query, key, sum);
  }
  for (int h = 0; h < kHeads; ++h) {
    for (size_t k = 0; k < 8; ++k) vst1q_f32(out[h] + first + k * kVector, sum[h][k]);
  }
}

// Turns raw dots into softmax numerators in place (slots from `tokens` on, as far as a vector reaches: 0) and writes
// the partial's max and sum.
template <KvType kType>
void Numerators(const KvBlock& block, size_t tokens, float softmax_scale, float* p, float* partial) {
  const float32x4_t lowest = vdupq_n_f32(-__builtin_inff());
  float32x4_t largest = lowest;
  for (size_t j = 0; j < tokens; j += kVector) {
    float32x4_t score = vld1q_f32(p + j);
    if constexpr (kType == kKvQ8) score = vmulq_f32(score, LoadFirst(block.key_scales + j, tokens - j));
    score = vmulq_f32(score, vdupq_n_f32(softmax_scale));
    if (j < block.first) score = vbslq_f32(FirstLanes(block.first - j), lowest, score);
    vst1q_f32(p + j, score);
    largest = LargerNumber(vbslq_f32(FirstLanes(tokens - j), score, lowest), largest);
  }
  const float max = vmaxvq_f32(largest) + 0.0f;  // never -0
  Lanes sums = ZeroLanes();
  for (size_t j = 0; j < tokens; j += kVector) {
    const float32x4_t e = Exp(vsubq_f32(vld1q_f32(p + j), vdupq_n_f32(max)));
    const float32x4_t numerator = vbslq_f32(FirstLanes(tokens - j), e, vdupq_n_f32(0.0f));
    float32x4_t& sum = sums.v[j / kVector % 4];
    sum = vaddq_f32(sum, numerator);
    vst1q_f32(p + j, numerator);
  }
  partial[0] = max;
  partial[1] = TreeSum(sums);
}

// out[h][d..] = chain over the tokens for 8 kEights dimensions from `d` on, the last eight of them `last` wide.
template <KvType kType, int kHeads, int kEights>
void ValueChains(const float* const (&p)[kHeads], const void* values, size_t tokens, size_t head_dim, size_t d,
                 size_t last, float* const (&out)[kHeads]) {
  float32x4_t sum[kHeads][2 * kEights];
  SetToZero(sum);
  for (size_t j = 0; j < tokens; ++j) {
    Eight value[kEights];
    float weight[kHeads];
    for (size_t k = 0; k < kEights; ++k) {
      value[k] = LoadKvFirst<kType>(values, j * head_dim + d + 8 * k, k + 1 < kEights ? 8 : last);
    }
    for (int h = 0; h < kHeads; ++h) weight[h] = p[h][j];
    AddProducts(weight, value, sum);
  }
  const size_t count = 8 * (kEights - 1) + last;
  for (int h = 0; h < kHeads; ++h) {
    for (size_t k = 0; k < 2 * kEights && k * kVector < count; ++k) {
      StoreFirst(out[h] + d + k * kVector, count - k * kVector, sum[h][k]);
    }
  }
}

template <KvType kType, int kHeads>
void AttendHeads(const float* q, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) {
  float p[kHeads][kKvBlockTokens];
  const float* query[kHeads];
  float* weight[kHeads];
  const float* const_weight[kHeads];
  float* out[kHeads];
  for (size_t h = 0; h < kHeads; ++h) {
    query[h] = q + h * q_stride;
    const_weight[h] = weight[h] = p[h];
    out[h] = partials + h * partial_stride + kPartialHeader;
  }
  for (size_t first = 0; first < tokens; first += 32) {
    KeyDots<kType, kHeads>(query, block.keys, first, head_dim, weight);
  }
  for (size_t h = 0; h < kHeads; ++h) {
    Numerators<kType>(block, tokens, softmax_scale, p[h], partials + h * partial_stride);
    if constexpr (kType == kKvQ8) {
      for (size_t j = 0; j < tokens; ++j) p[h][j] = p[h][j] * block.value_scales[j];
    }
  }
  size_t d = 0;
  for (; d + 32 <= head_dim; d += 32) {
    ValueChains<kType, kHeads, 4>(const_weight, block.values, tokens, head_dim, d, 8, out);
  }
  for (; d < head_dim; d += 8) {
    ValueChains<kType, kHeads, 1>(const_weight, block.values, tokens, head_dim, d, Smaller(8, head_dim - d), out);
  }
}

template <KvType kType>
void AttendBlock(const float* q, size_t heads, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) noexcept {
  size_t h = 0;
  for (; h + 2 <= heads; h += 2) {
    AttendHeads<kType, 2>(q + h * q_stride, q_stride, block, tokens, head_dim, softmax_scale,
                          partials + h * partial_stride, partial_stride);
  }
  for (; h < heads; ++h) {
    AttendHeads<kType, 1>(q + h * q_stride, q_stride, block, tokens, head_dim, softmax_scale,
                          partials + h * partial_stride, partial_stride);
  }
}

void MergeOne(float* into, const float* next, size_t head_dim) {
  const float max = into[0] > next[0] ? into[0] : next[0];
  const float kept = Exp(into[0] - max);
  const float added = Exp(next[0] - max);
  into[0] = max;
  into[1] = FusedMultiplyAdd(next[1], added, into[1] * kept);
  float* const out = into + kPartialHeader;
  ForEachVector(head_dim, [&](size_t d, auto load, auto store) {
    const float32x4_t scaled = vmulq_f32(load(out + d), vdupq_n_f32(kept));
    store(out + d, vfmaq_f32(scaled, load(next + kPartialHeader + d), vdupq_n_f32(added)));
  });
}

void AttendMerge(float* into, const float* next, size_t count, size_t stride, size_t head_dim) noexcept {
  for (size_t i = 0; i < count; ++i) MergeOne(into, next + i * stride, head_dim);
}

void AttendFinish(const float* partial, size_t head_dim, float* out) noexcept {
  const float32x4_t sum = vdupq_n_f32(partial[1]);
  ForEachVector(head_dim, [&](size_t d, auto load, auto store) {
    store(out + d, vdivq_f32(load(partial + kPartialHeader + d), sum));
  });
}

}  // namespace
}  // namespace sterna::kernels
