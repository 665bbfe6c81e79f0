// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace sterna::kernels::scalar
