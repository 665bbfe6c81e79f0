// SPDX-License-Identifier: Apache-2.0
//
// The speed limit of products: vpdpbusd in independent sums, nothing loaded.
#pragma once

#include "kernels/avxvnni/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avxvnni {

uint64_t IntegerPeak(uint64_t rounds) noexcept {
  constexpr size_t kSums = 12;  // two may start in a cycle, and each takes about five
  const __m256i codes = _mm256_set1_epi8(1), x = _mm256_set1_epi8(2);
  Int32x8 sums[kSums];
  for (size_t i = 0; i < kSums; ++i)
    sums[i] = reinterpret_cast<Int32x8>(_mm256_set1_epi32(int(i)));  // equal ones are one
  for (uint64_t round = 0; round < rounds; ++round) {
    for (Int32x8& sum : sums) sum = AddProducts(sum, codes, x);
  }
  Int32x8 total = sums[0];
  for (size_t i = 1; i < kSums; ++i) total += sums[i];
  __asm__ volatile("" : : "m"(total));  // somebody reads it
  return rounds * kSums * sizeof(total);
}

}  // namespace avxvnni
}  // namespace
}  // namespace sterna::kernels
