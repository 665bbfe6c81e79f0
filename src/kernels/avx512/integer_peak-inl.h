// SPDX-License-Identifier: Apache-2.0
//
// The speed limit of products: vpdpbusd in independent sums, nothing loaded.
#pragma once

#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

uint64_t IntegerPeak(uint64_t rounds) noexcept {
  constexpr size_t kSums = 12;  // two may start in a cycle, and each takes about five
  const __m512i codes = _mm512_set1_epi8(1), x = _mm512_set1_epi8(2);
  Int32x16 sums[kSums];
  for (size_t i = 0; i < kSums; ++i)
    sums[i] = reinterpret_cast<Int32x16>(_mm512_set1_epi32(int(i)));  // equal ones are one
  for (uint64_t round = 0; round < rounds; ++round) {
    for (Int32x16& sum : sums) sum = AddProducts(sum, codes, x);
  }
  Int32x16 total = sums[0];
  for (size_t i = 1; i < kSums; ++i) total += sums[i];
  __asm__ volatile("" : : "m"(total));  // somebody reads it
  return rounds * kSums * sizeof(total);
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
