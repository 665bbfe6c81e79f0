// SPDX-License-Identifier: Apache-2.0
//
// Storing one token's key (a column of the transposed keys) and value (a row).
#pragma once

#include "kernels/neon/lanes-inl.h"
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

// Four floats as stored; `scale` is used by kKvQ8 alone.
template <KvType kType>
void EncodeKv(float32x4_t x, [[maybe_unused]] float scale, typename KvElement<kType>::Type (&out)[kVector]) {
  if constexpr (kType == kKvF32) {
    vst1q_f32(out, x);
  } else if constexpr (kType == kKvF16) {
    vst1_u16(out, vreinterpret_u16_f16(vcvt_f16_f32(x)));
  } else {
    // A scale among the subnormals is coarse: quotients may pass 127.
    const int32x4_t rounded = vcvtnq_s32_f32(vdivq_f32(x, vdupq_n_f32(scale)));
    int32_t values[kVector];
    vst1q_s32(values, vmaxq_s32(vminq_s32(rounded, vdupq_n_s32(127)), vdupq_n_s32(-127)));
    for (size_t k = 0; k < kVector; ++k) out[k] = scale == 0.0f ? int8_t{0} : int8_t(values[k]);
  }
}

// Element d of `x` goes to data[offset + d * step].
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
