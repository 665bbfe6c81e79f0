// SPDX-License-Identifier: Apache-2.0
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {

size_t ListPositive(const float* x, size_t count, uint32_t* listed) noexcept {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (x[i] > 0.0f) listed[found++] = uint32_t(i);
  }
  return found;
}

size_t ListNonzero(const int8_t* q, size_t count, uint32_t* listed) noexcept {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (q[i] != 0) listed[found++] = uint32_t(i);
  }
  return found;
}

}  // namespace sterna::kernels::scalar
