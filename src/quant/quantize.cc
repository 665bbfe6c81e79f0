// SPDX-License-Identifier: Apache-2.0
#include "quant/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/half.h"

namespace sterna::quant {
namespace {

void StoreU16(uint16_t value, std::byte* to) { std::memcpy(to, &value, sizeof value); }

// 1 / d, or 0 where d is too small to divide by.
float InverseOrZero(float d) {
  const float inverse = 1.0f / d;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

float LargestMagnitude(const float* values, size_t count) {
  float largest = 0;
  for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(values[i]));
  return largest;
}

// The largest magnitude lands on 127; the step is stored as float16, the values are divided by the float32 step.
void QuantizeQ8_0(const float* values, std::byte* out) {
  const float d = LargestMagnitude(values, 32) / 127.0f;
  const float inverse = InverseOrZero(d);
  StoreU16(F32ToF16(d), out);
  for (size_t i = 0; i < 32; ++i) {
    out[2 + i] = std::byte(int8_t(std::clamp(std::round(values[i] * inverse), -127.0f, 127.0f)));
  }
}

// The value of largest magnitude lands on code 0 (-8), whatever its sign; its mirror image is cut to +7.
void QuantizeQ4_0(const float* values, std::byte* out) {
  float extreme = 0;
  for (size_t i = 0; i < 32; ++i) {
    if (std::fabs(values[i]) > std::fabs(extreme)) extreme = values[i];
  }
  const float d = extreme / -8.0f;
  const float inverse = InverseOrZero(d);
  StoreU16(F32ToF16(d), out);
  const auto code = [&](float value) { return int(std::clamp(value * inverse + 8.5f, 0.0f, 15.0f)); };
  for (size_t i = 0; i < 16; ++i) out[2 + i] = std::byte(code(values[i]) | code(values[i + 16]) << 4);
}

// Codes 0..63 (value = code - 32) of one block from the group scales already stored in `scales`.
void Q6Codes(const float* values, float d, const std::byte* scales, uint8_t* codes) {
  for (size_t i = 0; i < 256; ++i) {
    const float step = d * float(int8_t(scales[i / 16]));
    const float steps = step != 0 ? std::round(values[i] / step) : 0.0f;
    codes[i] = uint8_t(32 + int(std::clamp(steps, -32.0f, 31.0f)));
  }
}

// Group scales are rounded up, so that no group's largest value is cut.
void QuantizeQ6_K(const float* values, std::byte* out) {
  std::byte* const scales = out + 192;
  const uint16_t stored_d = F32ToF16(LargestMagnitude(values, 256) / (31.0f * 127.0f));
  const float d = F16ToF32(stored_d);
  StoreU16(stored_d, out + 208);
  for (size_t group = 0; group < 16; ++group) {
    const float step = LargestMagnitude(values + 16 * group, 16) / 31.0f;
    scales[group] = std::byte(d != 0 ? int(std::min(127.0f, std::ceil(step / d))) : 0);
  }
  uint8_t codes[256];
  Q6Codes(values, d, scales, codes);
  for (size_t half = 0; half < 2; ++half) {
    const uint8_t* c = codes + 128 * half;
    for (size_t i = 0; i < 64; ++i) out[64 * half + i] = std::byte((c[i] & 15) | (c[i + 64] & 15) << 4);
    for (size_t i = 0; i < 32; ++i) {
      out[128 + 32 * half + i] = std::byte(c[i] >> 4 | c[i + 32] >> 4 << 2 | c[i + 64] >> 4 << 4 | c[i + 96] >> 4 << 6);
    }
  }
}

void QuantizeBlock(TensorType type, const float* values, std::byte* out) {
  switch (type) {
    case TensorType::kQ8_0: return QuantizeQ8_0(values, out);
    case TensorType::kQ4_0: return QuantizeQ4_0(values, out);
    case TensorType::kQ6_K: return QuantizeQ6_K(values, out);
    default: STERNA_DCHECK(false);
  }
}

}  // namespace

void QuantizeRow(TensorType type, const float* values, size_t count, std::byte* out) {
  STERNA_DCHECK(count % Info(type).block_elements == 0);
  switch (type) {
    case TensorType::kF32: std::memcpy(out, values, count * sizeof(float)); return;
    case TensorType::kF16:
      for (size_t i = 0; i < count; ++i) StoreU16(F32ToF16(values[i]), out + 2 * i);
      return;
    case TensorType::kBF16:
      for (size_t i = 0; i < count; ++i) StoreU16(F32ToBF16(values[i]), out + 2 * i);
      return;
    default: break;
  }
  const TypeInfo& info = Info(type);
  for (size_t done = 0; done < count; done += info.block_elements, out += info.block_bytes) {
    QuantizeBlock(type, values + done, out);
  }
}

}  // namespace sterna::quant
