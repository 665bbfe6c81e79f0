// SPDX-License-Identifier: Apache-2.0
//
// One block of causal attention, and how blocks are put together. A partial is {max, sum, ..., out[head_dim]}.
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/scalar/exp.h"
#include "kernels/scalar/lanes.h"
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {
namespace {

// The element type of each storage, and how a float gets in and out (kKvQ8 scales are applied by the caller).
template <KvType kType>
struct Element;
template <>
struct Element<kKvF32> {
  using Type = float;
  static float Load(float e) { return e; }
  static float Store(float x) { return x; }
};
template <>
struct Element<kKvF16> {
  using Type = uint16_t;
  static float Load(uint16_t e) { return F16ToF32(e); }
  static uint16_t Store(float x) { return F32ToF16(x); }
};
template <>
struct Element<kKvQ8> {
  using Type = int8_t;
  static float Load(int8_t e) { return float(e); }
};

float Q8Scale(const float* x, size_t count) {
  float largest = 0.0f;
  for (size_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(x[i]);
    largest = magnitude > largest ? magnitude : largest;  // false for NaN
  }
  return largest / 127.0f;
}

int8_t Q8Value(float x, float scale) {
  if (scale == 0.0f) return 0;
  float rounded = std::nearbyint(x / scale);
  if (rounded != rounded) rounded = 0.0f;
  if (rounded < -127.0f) rounded = -127.0f;
  if (rounded > 127.0f) rounded = 127.0f;
  return int8_t(rounded);
}

template <KvType kType>
void Scores(const float* q, const KvBlock& block, size_t tokens, size_t head_dim, float softmax_scale, float* scores) {
  const auto* keys = static_cast<const typename Element<kType>::Type*>(block.keys);
  for (size_t j = 0; j < tokens; ++j) {
    float sum = 0.0f;
    for (size_t d = 0; d < head_dim; ++d) {
      sum = std::fma(q[d], Element<kType>::Load(keys[d * kKvBlockTokens + j]), sum);
    }
    if constexpr (kType == kKvQ8) sum *= block.key_scales[j];
    scores[j] = j < block.first ? -std::numeric_limits<float>::infinity() : sum * softmax_scale;
  }
}

template <KvType kType>
void WeightedValues(const float* p, const KvBlock& block, size_t tokens, size_t head_dim, float* out) {
  const auto* values = static_cast<const typename Element<kType>::Type*>(block.values);
  for (size_t d = 0; d < head_dim; ++d) {
    float sum = 0.0f;
    for (size_t j = 0; j < tokens; ++j) {
      const float weight = kType == kKvQ8 ? p[j] * block.value_scales[j] : p[j];
      sum = std::fma(weight, Element<kType>::Load(values[j * head_dim + d]), sum);
    }
    out[d] = sum;
  }
}

// Adding +0 turns a maximum of -0 into +0, so that its bits do not depend on the order of the comparisons.
float Largest(const float* scores, size_t tokens) {
  float largest = -std::numeric_limits<float>::infinity();
  for (size_t j = 0; j < tokens; ++j) largest = scores[j] > largest ? scores[j] : largest;
  return largest + 0.0f;
}

}  // namespace

template <KvType kType>
void StoreKv(const float* key, const float* value, size_t head_dim, const KvBlock& block, size_t slot) noexcept {
  using Type = typename Element<kType>::Type;
  auto* keys = static_cast<Type*>(block.keys) + slot;
  auto* values = static_cast<Type*>(block.values) + slot * head_dim;
  if constexpr (kType == kKvQ8) {
    const float key_scale = Q8Scale(key, head_dim);
    const float value_scale = Q8Scale(value, head_dim);
    block.key_scales[slot] = key_scale;
    block.value_scales[slot] = value_scale;
    for (size_t d = 0; d < head_dim; ++d) keys[d * kKvBlockTokens] = Q8Value(key[d], key_scale);
    for (size_t d = 0; d < head_dim; ++d) values[d] = Q8Value(value[d], value_scale);
  } else {
    for (size_t d = 0; d < head_dim; ++d) keys[d * kKvBlockTokens] = Element<kType>::Store(key[d]);
    for (size_t d = 0; d < head_dim; ++d) values[d] = Element<kType>::Store(value[d]);
  }
}

template <KvType kType>
void AttendBlock(const float* q, size_t heads, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) noexcept {
  for (size_t h = 0; h < heads; ++h) {
    float p[kKvBlockTokens];
    Scores<kType>(q + h * q_stride, block, tokens, head_dim, softmax_scale, p);
    const float largest = Largest(p, tokens);
    float lane[kLanes] = {};
    for (size_t j = 0; j < tokens; ++j) {
      p[j] = Exp(p[j] - largest);
      lane[j % kLanes] += p[j];
    }
    float* partial = partials + h * partial_stride;
    partial[0] = largest;
    partial[1] = TreeSum(lane);
    WeightedValues<kType>(p, block, tokens, head_dim, partial + kPartialHeader);
  }
}

void AttendMerge(float* into, const float* next, size_t count, size_t stride, size_t head_dim) noexcept {
  for (size_t i = 0; i < count; ++i, next += stride) {
    const float largest = into[0] > next[0] ? into[0] : next[0];
    const float a = Exp(into[0] - largest);
    const float b = Exp(next[0] - largest);
    into[0] = largest;
    into[1] = std::fma(next[1], b, into[1] * a);
    for (size_t d = kPartialHeader; d < kPartialHeader + head_dim; ++d) into[d] = std::fma(next[d], b, into[d] * a);
  }
}

void AttendFinish(const float* partial, size_t head_dim, float* out) noexcept {
  for (size_t d = 0; d < head_dim; ++d) out[d] = partial[kPartialHeader + d] / partial[1];
}

#define STERNA_INSTANTIATE(type)                                                                               \
  template void StoreKv<type>(const float*, const float*, size_t, const KvBlock&, size_t) noexcept;            \
  template void AttendBlock<type>(const float*, size_t, size_t, const KvBlock&, size_t, size_t, float, float*, \
                                  size_t) noexcept;
STERNA_INSTANTIATE(kKvF32)
STERNA_INSTANTIATE(kKvF16)
STERNA_INSTANTIATE(kKvQ8)
#undef STERNA_INSTANTIATE

}  // namespace sterna::kernels::scalar
