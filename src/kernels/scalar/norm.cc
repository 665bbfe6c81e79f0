// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/scalar/lanes.h"
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {

void RmsNorm(const float* x, const float* gain, size_t count, float eps, float* y) noexcept {
  float lane[kLanes] = {};
  for (size_t i = 0; i < count; ++i) lane[i % kLanes] = std::fma(x[i], x[i], lane[i % kLanes]);
  const float mean = TreeSum(lane) / float(count);
  const float r = 1.0f / std::sqrt(mean + eps);
  for (size_t i = 0; i < count; ++i) y[i] = (x[i] * r) * gain[i];
}

}  // namespace sterna::kernels::scalar
