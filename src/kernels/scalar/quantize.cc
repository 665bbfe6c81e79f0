// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/scalar/lanes.h"
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {
namespace {

constexpr float kLeastMagnitude = 1e-5f;

}  // namespace

// By the row's own maximum |x * s| stays within 127 but for rounding, so the clamp acts on a given one alone.
bool QuantizeRow(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                 int32_t* sum) noexcept {
  if (largest == 0.0f) largest = LargestMagnitude(x, count);
  const float s = 127.0f / (largest > kLeastMagnitude ? largest : kLeastMagnitude);
  bool beyond = false;
  int32_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    float value = x[i] * s;
    beyond = beyond || std::fabs(value) >= 127.5f;
    if (value != value) value = 0.0f;
    if (value < -128.0f) value = -128.0f;
    if (value > 127.0f) value = 127.0f;
    q[i] = int8_t(std::nearbyint(value));
    total += q[i];
  }
  for (size_t i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = total;
  return beyond;
}

}  // namespace sterna::kernels::scalar
