// SPDX-License-Identifier: Apache-2.0
//
// Storing one token's key (a column of the transposed keys) and value (a row).
#pragma once

#include "kernels/avx2/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

template <KvType kType>
struct KvElement;
template <>
struct KvElement<kKvF32> {
  using Type = float;
};
template <>
struct KvElement<kKvF16> {
  using Type = uint16_t;
};
template <>
struct KvElement<kKvQ8> {
  using Type = int8_t;
};

// Eight floats as stored; `scale` is used by kKvQ8 alone.
template <KvType kType>
void EncodeKv(__m256 x, [[maybe_unused]] float scale, typename KvElement<kType>::Type (&out)[kVector]) {
  if constexpr (kType == kKvF32) {
    _mm256_storeu_ps(out, x);
  } else if constexpr (kType == kKvF16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
  } else {
    // A scale among the subnormals is coarse: quotients may pass 127.
    const __m256i rounded = RoundToInt(_mm256_div_ps(x, _mm256_set1_ps(scale)));
    const __m256i clamped =
        _mm256_max_epi32(_mm256_min_epi32(rounded, _mm256_set1_epi32(127)), _mm256_set1_epi32(-127));
    alignas(32) int32_t values[kVector];
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), clamped);
    for (size_t k = 0; k < kVector; ++k) out[k] = scale == 0.0f ? int8_t{0} : int8_t(values[k]);
  }
}

// Element d of `x` goes to data[d * step].
template <KvType kType>
void StoreVector(const float* x, size_t head_dim, float scale, void* data, size_t offset, size_t step) {
  auto* to = static_cast<typename KvElement<kType>::Type*>(data) + offset;
  for (size_t d = 0; d < head_dim; d += kVector) {
    const size_t count = Smaller(kVector, head_dim - d);
    typename KvElement<kType>::Type encoded[kVector];
    EncodeKv<kType>(LoadFirst(x + d, count), scale, encoded);
    for (size_t k = 0; k < count; ++k) to[(d + k) * step] = encoded[k];
  }
}

template <KvType kType>
void StoreKv(const float* key, const float* value, size_t head_dim, const KvBlock& block, size_t slot) noexcept {
  float key_scale = 0, value_scale = 0;
  if constexpr (kType == kKvQ8) {
    key_scale = LargestMagnitude(key, head_dim, 0.0f) / 127.0f;
    value_scale = LargestMagnitude(value, head_dim, 0.0f) / 127.0f;
    block.key_scales[slot] = key_scale;
    block.value_scales[slot] = value_scale;
  }
  StoreVector<kType>(key, head_dim, key_scale, block.keys, slot, kKvBlockTokens);
  StoreVector<kType>(value, head_dim, value_scale, block.values, slot * head_dim, 1);
}

}  // namespace
}  // namespace sterna::kernels
