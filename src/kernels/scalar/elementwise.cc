// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/scalar/exp.h"
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {

void Rope(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines, const float* sines) noexcept {
  const size_t half = rotary / 2;
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    for (size_t i = 0; i < half; ++i) {
      const float a = x[i], b = x[i + half];
      x[i] = (a * cosines[i]) - (b * sines[i]);
      x[i + half] = (b * cosines[i]) + (a * sines[i]);
    }
  }
}

void RopePairs(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
               const float* sines) noexcept {
  for (size_t h = 0; h < heads; ++h, x += head_dim) {
    for (size_t i = 0; i < rotary / 2; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1];
      x[2 * i] = (a * cosines[i]) - (b * sines[i]);
      x[2 * i + 1] = (b * cosines[i]) + (a * sines[i]);
    }
  }
}

void Add(float* x, const float* y, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) x[i] = x[i] + y[i];
}

void Relu2Mul(float* gate, const float* up, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) {
    gate[i] = gate[i] > 0.0f ? (gate[i] * gate[i]) * up[i] : 0.0f;
  }
}

void SiluMul(float* gate, const float* up, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) gate[i] = (gate[i] / (1.0f + Exp(-gate[i]))) * up[i];
}

void GeluMul(float* gate, const float* up, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) {
    const float g = gate[i];
    const float tilt = g * std::fma(g * g, kGeluCubic, kGeluLinear);
    gate[i] = (g / (1.0f + Exp(-tilt))) * up[i];
  }
}

void ExpRow(const float* x, size_t count, float* y) noexcept {
  for (size_t i = 0; i < count; ++i) y[i] = Exp(x[i]);
}

}  // namespace sterna::kernels::scalar
