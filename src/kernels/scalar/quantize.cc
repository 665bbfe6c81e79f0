// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {

// |x * s| stays within 127 but for rounding, so the clamp acts on nothing; it is there because the formula has it.
void QuantizeRow(const float* x, size_t count, int8_t* q, size_t stride, float* scale, int32_t* sum) noexcept {
  float largest = 1e-5f;
  for (size_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(x[i]);
    largest = magnitude > largest ? magnitude : largest;  // false for NaN
  }
  const float s = 127.0f / largest;
  int32_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    float rounded = std::nearbyint(x[i] * s);
    if (rounded != rounded) rounded = 0.0f;
    if (rounded < -128.0f) rounded = -128.0f;
    if (rounded > 127.0f) rounded = 127.0f;
    q[i] = int8_t(rounded);
    total += q[i];
  }
  for (size_t i = count; i < stride; ++i) q[i] = 0;
  *scale = s;
  *sum = total;
}

}  // namespace sterna::kernels::scalar
