// SPDX-License-Identifier: Apache-2.0
//
// Indices of what is worth computing.
#pragma once

#include "kernels/avx2/lanes-inl.h"

namespace sterna::kernels {
namespace {

// Appends first + i for each bit i of `bits`; returns the new end.
uint32_t* AppendBits(uint32_t bits, uint32_t first, uint32_t* end) {
  for (; bits != 0; bits &= bits - 1) *end++ = first + uint32_t(__builtin_ctz(bits));
  return end;
}

size_t ListPositive(const float* x, size_t count, uint32_t* listed) noexcept {
  uint32_t* end = listed;
  const auto positive = [](__m256 v) {
    return uint32_t(_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ)));
  };
  size_t i = 0;
  for (; i + 4 * kVector <= count; i += 4 * kVector) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 4; ++k) bits |= positive(_mm256_loadu_ps(x + i + k * kVector)) << (k * kVector);
    end = AppendBits(bits, uint32_t(i), end);
  }
  for (; i < count; i += kVector) end = AppendBits(positive(LoadFirst(x + i, count - i)), uint32_t(i), end);
  return size_t(end - listed);
}

size_t ListNonzero(const int8_t* q, size_t count, uint32_t* listed) noexcept {
  uint32_t* end = listed;
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q + i));
    const __m256i zero = _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256());
    end = AppendBits(~uint32_t(_mm256_movemask_epi8(zero)), uint32_t(i), end);
  }
  for (; i < count; ++i) {
    if (q[i] != 0) *end++ = uint32_t(i);
  }
  return size_t(end - listed);
}

}  // namespace
}  // namespace sterna::kernels
