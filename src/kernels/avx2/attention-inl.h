// SPDX-License-Identifier: Apache-2.0
//
// One block of attention: scores with a vector of neighbouring keys, values with a vector of neighbouring dimensions,
// up to four query heads at a time so that each loaded key and value serves them all.
#pragma once

#include "kernels/avx2/exp-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr size_t kElementBytes[kKvTypeCount] = {4, 2, 1};

// Eight stored elements from number `at` on, as floats (kKvQ8: without their scale).
template <KvType kType>
__m256 LoadKv(const void* data, size_t at) {
  const auto* from = static_cast<const uint8_t*>(data) + at * kElementBytes[kType];
  if constexpr (kType == kKvF32) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
  } else if constexpr (kType == kKvF16) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  } else {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
  }
}

// The first `count` (1..8) elements, then zeros; reads no further.
template <KvType kType>
__m256 LoadKvFirst(const void* data, size_t at, size_t count) {
  if (count == kVector) return LoadKv<kType>(data, at);
  alignas(32) uint8_t copy[kVector * kElementBytes[kType]] = {};
  const auto* from = static_cast<const uint8_t*>(data) + at * kElementBytes[kType];
  __builtin_memcpy(copy, from, count * kElementBytes[kType]);
  return LoadKv<kType>(copy, 0);
}

// Walks through the memory that the caller attends to after this block at the pace of the walk through this one, so
// that it is in the second-level cache by then and its transfer fills the time of the arithmetic.
class Prefetch {
 public:
  // A number, not a pointer: it runs past the end of what it starts in, and any address is harmless to prefetch.
  explicit Prefetch(const void* from) : address_(reinterpret_cast<uintptr_t>(from)) {}
  // `bytes` is a line or more, or a part that lines are made of: each line is asked for once.
  void Advance(size_t bytes) {
    for (size_t line = address_ % 64 == 0 ? 0 : bytes; line < bytes; line += 64) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): nothing is read through it
      _mm_prefetch(reinterpret_cast<const char*>(address_ + line), _MM_HINT_T1);
    }
    address_ += bytes;
  }

 private:
  uintptr_t address_;
};

// Vectors of keys (or of dimensions) that a kernel of kHeads heads carries: enough chains to hide the latency of an
// fma, few enough for sixteen registers.
template <int kHeads>
constexpr int kWidth = kHeads == 1   ? 8
                       : kHeads == 2 ? 4
                                     : 2;

// Scores of kWidth vectors of keys from slot `first` on, before any scale: out[h][first..].
template <KvType kType, int kHeads>
void KeyDots(const float* const (&q)[kHeads], const void* keys, size_t first, size_t head_dim,
             float* const (&out)[kHeads], Prefetch& prefetch) {
  constexpr int kVectors = kWidth<kHeads>;
  __m256 sum[kHeads][kVectors];
  for (auto& head : sum) {
    for (auto& v : head) v = _mm256_setzero_ps();
  }
  for (size_t d = 0; d < head_dim; ++d) {
    __m256 key[kVectors];
    for (size_t k = 0; k < kVectors; ++k) key[k] = LoadKv<kType>(keys, d * kKvBlockTokens + first + k * kVector);
    for (int h = 0; h < kHeads; ++h) {
      const __m256 query = _mm256_set1_ps(q[h][d]);
      for (int k = 0; k < kVectors; ++k) sum[h][k] = _mm256_fmadd_ps(query, key[k], sum[h][k]);
    }
    prefetch.Advance(kVectors * kVector * kElementBytes[kType]);
  }
  for (int h = 0; h < kHeads; ++h) {
    for (size_t k = 0; k < kVectors; ++k) _mm256_store_ps(out[h] + first + k * kVector, sum[h][k]);
  }
}

// Turns raw dots into softmax numerators in place (slots from `tokens` on: 0) and writes the partial's max and sum.
template <KvType kType>
void Numerators(const KvBlock& block, size_t tokens, float softmax_scale, float* p, float* partial) {
  const __m256 lowest = _mm256_set1_ps(-__builtin_inff());
  const __m256 scale = _mm256_set1_ps(softmax_scale);
  __m256 largest = lowest;
  for (size_t j = 0; j < tokens; j += kVector) {
    __m256 score = _mm256_load_ps(p + j);
    if constexpr (kType == kKvQ8) score = _mm256_mul_ps(score, LoadFirst(block.key_scales + j, tokens - j));
    score = _mm256_mul_ps(score, scale);
    if (j < block.first) score = _mm256_blendv_ps(score, lowest, _mm256_castsi256_ps(FirstLanes(block.first - j)));
    _mm256_store_ps(p + j, score);
    const __m256 valid = _mm256_castsi256_ps(FirstLanes(tokens - j));
    largest = LargerNumber(_mm256_blendv_ps(lowest, score, valid), largest);
  }
  const float max = LargestLane(largest) + 0.0f;  // never -0
  __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (size_t j = 0; j < tokens; j += kVector) {
    const __m256 valid = _mm256_castsi256_ps(FirstLanes(tokens - j));
    const __m256 e = Exp(_mm256_sub_ps(_mm256_load_ps(p + j), _mm256_set1_ps(max)));
    const __m256 numerator = _mm256_and_ps(e, valid);
    sums[j / kVector % 2] = _mm256_add_ps(sums[j / kVector % 2], numerator);
    _mm256_store_ps(p + j, numerator);
  }
  partial[0] = max;
  partial[1] = TreeSum(sums[0], sums[1]);
}

void ScaleWeights(const float* scales, size_t tokens, float* p) {
  for (size_t j = 0; j < tokens; j += kVector) {
    _mm256_store_ps(p + j, _mm256_mul_ps(_mm256_load_ps(p + j), LoadFirst(scales + j, tokens - j)));
  }
}

// out[h][d..] = chain over the tokens for kVectors vectors of dimensions from `d` on, the last of `last` lanes.
template <KvType kType, int kHeads, int kVectors>
void ValueChains(const float* const (&p)[kHeads], const void* values, size_t tokens, size_t head_dim, size_t d,
                 size_t last, float* const (&out)[kHeads], Prefetch& prefetch) {
  __m256 sum[kHeads][kVectors];
  for (auto& head : sum) {
    for (auto& v : head) v = _mm256_setzero_ps();
  }
  for (size_t j = 0; j < tokens; ++j) {
    __m256 value[kVectors];
    for (size_t k = 0; k < kVectors; ++k) {
      value[k] = LoadKvFirst<kType>(values, j * head_dim + d + k * kVector, k + 1 < kVectors ? kVector : last);
    }
    for (int h = 0; h < kHeads; ++h) {
      const __m256 weight = _mm256_set1_ps(p[h][j]);
      for (int k = 0; k < kVectors; ++k) sum[h][k] = _mm256_fmadd_ps(weight, value[k], sum[h][k]);
    }
    prefetch.Advance(kVectors * kVector * kElementBytes[kType]);
  }
  for (int h = 0; h < kHeads; ++h) {
    for (size_t k = 0; k < kVectors; ++k) {
      StoreFirst(out[h] + d + k * kVector, k + 1 < kVectors ? kVector : last, sum[h][k]);
    }
  }
}

template <KvType kType, int kHeads>
void AttendHeads(const float* q, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) {
  alignas(32) float p[kHeads][kKvBlockTokens];
  const float* query[kHeads];
  float* weight[kHeads];
  const float* const_weight[kHeads];
  float* out[kHeads];
  for (size_t h = 0; h < kHeads; ++h) {
    query[h] = q + h * q_stride;
    const_weight[h] = weight[h] = p[h];
    out[h] = partials + h * partial_stride + kPartialHeader;
  }
  Prefetch prefetch(block.upcoming);
  constexpr size_t kWide = kWidth<kHeads> * kVector;
  for (size_t first = 0; first < tokens; first += kWide) {
    KeyDots<kType, kHeads>(query, block.keys, first, head_dim, weight, prefetch);
  }
  for (size_t h = 0; h < kHeads; ++h) {
    Numerators<kType>(block, tokens, softmax_scale, p[h], partials + h * partial_stride);
    if constexpr (kType == kKvQ8) ScaleWeights(block.value_scales, tokens, p[h]);
  }
  size_t d = 0;
  for (; d + kWide <= head_dim; d += kWide) {
    ValueChains<kType, kHeads, kWidth<kHeads>>(const_weight, block.values, tokens, head_dim, d, kVector, out, prefetch);
  }
  for (; d < head_dim; d += kVector) {
    ValueChains<kType, kHeads, 1>(const_weight, block.values, tokens, head_dim, d, Smaller(kVector, head_dim - d), out,
                                  prefetch);
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

// How much of what is known so far (kept) and of each next partial (added) goes into the result.
struct MergeFactors {
  alignas(32) float kept[kKvBlockTokens];
  alignas(32) float added[kKvBlockTokens];
};

// Factors of `count` (at most 64) partials; carries the maximum and the sum in into[0] and into[1].
void FactorsOf(float* into, const float* next, size_t count, size_t stride, MergeFactors& factors) {
  for (size_t i = 0; i < count; ++i) {
    const float max = into[0] > next[i * stride] ? into[0] : next[i * stride];
    factors.kept[i] = into[0] - max;
    factors.added[i] = next[i * stride] - max;
    into[0] = max;
  }
  for (size_t i = count; i % kVector != 0; ++i) factors.kept[i] = factors.added[i] = 0.0f;
  for (size_t i = 0; i < count; i += kVector) {
    _mm256_store_ps(factors.kept + i, Exp(_mm256_load_ps(factors.kept + i)));
    _mm256_store_ps(factors.added + i, Exp(_mm256_load_ps(factors.added + i)));
  }
  for (size_t i = 0; i < count; ++i) {
    into[1] = FusedMultiplyAdd(next[i * stride + 1], factors.added[i], into[1] * factors.kept[i]);
  }
}

// kVectors vectors of outputs, the last of `last` lanes, through all partials.
template <int kVectors>
void MergeOutputs(float* into, const float* next, size_t count, size_t stride, size_t last,
                  const MergeFactors& factors) {
  const auto load = [&](const float* from, int k) {
    return k + 1 < kVectors || last == kVector ? _mm256_loadu_ps(from + size_t(k) * kVector)
                                               : LoadFirst(from + size_t(k) * kVector, last);
  };
  __m256 out[kVectors];
  for (int k = 0; k < kVectors; ++k) out[k] = load(into, k);
  for (size_t i = 0; i < count; ++i) {
    const __m256 kept = _mm256_set1_ps(factors.kept[i]), added = _mm256_set1_ps(factors.added[i]);
    for (int k = 0; k < kVectors; ++k) {
      out[k] = _mm256_fmadd_ps(load(next + i * stride, k), added, _mm256_mul_ps(out[k], kept));
    }
  }
  for (int k = 0; k < kVectors; ++k) {
    StoreFirst(into + size_t(k) * kVector, k + 1 < kVectors ? kVector : last, out[k]);
  }
}

void AttendMerge(float* into, const float* next, size_t count, size_t stride, size_t head_dim) noexcept {
  MergeFactors factors;
  for (size_t first = 0; first < count; first += kKvBlockTokens) {
    const size_t part = Smaller(count - first, kKvBlockTokens);
    const float* const from = next + first * stride;
    FactorsOf(into, from, part, stride, factors);
    size_t d = 0;
    for (; d + 8 * kVector <= head_dim; d += 8 * kVector) {
      MergeOutputs<8>(into + kPartialHeader + d, from + kPartialHeader + d, part, stride, kVector, factors);
    }
    for (; d < head_dim; d += kVector) {
      MergeOutputs<1>(into + kPartialHeader + d, from + kPartialHeader + d, part, stride,
                      Smaller(kVector, head_dim - d), factors);
    }
  }
}

void AttendFinish(const float* partial, size_t head_dim, float* out) noexcept {
  const __m256 sum = _mm256_set1_ps(partial[1]);
  ForEachVector(head_dim, [&](size_t d, auto load, auto store) {
    store(out + d, _mm256_div_ps(load(partial + kPartialHeader + d), sum));
  });
}

}  // namespace
}  // namespace sterna::kernels
