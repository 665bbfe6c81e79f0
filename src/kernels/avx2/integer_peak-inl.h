// SPDX-License-Identifier: Apache-2.0
//
// The speed limit of plain products: vpmaddubsw and vpaddw in eight independent sums, nothing loaded.
#pragma once

#include "kernels/avx2/ternary-inl.h"

namespace sterna::kernels {
namespace {

// One product added to `sum`. Pinned operands: otherwise one product would serve all sums.
void AddProduct(__m256i codes, __m256i& x, __m256i& sum) {
  Pin(x);
  sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(codes, x));
  Pin(sum);
}

uint64_t IntegerPeak(uint64_t rounds) noexcept {
  const __m256i codes = _mm256_set1_epi8(1);
  __m256i x = _mm256_set1_epi8(2), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
  for (uint64_t round = 0; round < rounds; ++round) {
    AddProduct(codes, x, a);
    AddProduct(codes, x, b);
    AddProduct(codes, x, c);
    AddProduct(codes, x, d);
    AddProduct(codes, x, e);
    AddProduct(codes, x, f);
    AddProduct(codes, x, g);
    AddProduct(codes, x, h);
  }
  __asm__ volatile("" : : "x"(a), "x"(b), "x"(c), "x"(d), "x"(e), "x"(f), "x"(g), "x"(h));
  return rounds * 8 * sizeof(__m256i);
}

}  // namespace
}  // namespace sterna::kernels
