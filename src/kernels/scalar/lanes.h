// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>

namespace sterna::kernels::scalar {

constexpr size_t kLanes = 16;

// The fixed order in which the 16 partial sums of a float reduction are combined.
inline float TreeSum(float lane[kLanes]) {
  for (size_t width = kLanes / 2; width > 0; width /= 2) {
    for (size_t i = 0; i < width; ++i) lane[i] = lane[i] + lane[i + width];
  }
  return lane[0];
}

inline float LargestMagnitude(const float* x, size_t count) {
  float largest = 0.0f;
  for (size_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(x[i]);
    largest = magnitude > largest ? magnitude : largest;  // false for NaN
  }
  return largest;
}

}  // namespace sterna::kernels::scalar
