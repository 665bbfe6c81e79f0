// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows, with a scale per row and group of 256 columns. Within a group (two blocks) int16 holds
// sum of code * q and sum of q apart: at most 8 results of vpmaddubsw each, [-4096, 4064] and [-2048, 2032].
#pragma once

#include "kernels/avx2/ternary-inl.h"

namespace sterna::kernels {
namespace {

// int16 lanes of the sum of q over a group.
__m256i GroupSums(const int8_t* q) {
  __m256i sum = _mm256_setzero_si256();
  for (size_t k = 0; k < kTernaryGroupColumns; k += 32) {
    sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(_mm256_set1_epi8(1), LoadBytes(q + k)));
  }
  return sum;
}

// a[r] = fma(float(sum over group g), scale[r][g], a[r]) for g in order.
template <int kRows>
void GroupChains(const TernaryRows& w, size_t first, const int8_t* q, float (&a)[kRows]) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const size_t groups = w.blocks / 2;
  const uint8_t* codes = w.codes + first * row_bytes;
  const float* scales = w.group_scales + first * groups;
  for (auto& v : a) v = 0.0f;
  for (size_t g = 0; g < groups; ++g, codes += 2 * kTernaryBlockBytes, q += kTernaryGroupColumns) {
    __m256i sums[kRows][1];
    for (auto& row : sums) row[0] = _mm256_setzero_si256();
    AddBlock(codes, row_bytes, q, 0, sums);
    AddBlock(codes + kTernaryBlockBytes, row_bytes, q + kTernaryBlockColumns, 0, sums);
    const __m256i plain = GroupSums(q);
    for (size_t r = 0; r < kRows; ++r) {
      const __m256i wide = _mm256_madd_epi16(_mm256_sub_epi16(sums[r][0], plain), _mm256_set1_epi16(1));
      a[r] = FusedMultiplyAdd(float(SumLanes(wide)), scales[r * groups + g], a[r]);
    }
  }
}

template <int kRows>
void GroupOutputs(const TernaryRows& w, const Int8Rows& x, size_t first, size_t t, float* out) {
  float a[kRows];
  GroupChains<kRows>(w, first, x.values + t * x.stride, a);
  for (size_t r = 0; r < kRows; ++r) out[first + r] = a[r] / x.scales[t];
}

void TernaryGroupLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  for (size_t t = 0; t < x.count; ++t, out += out_stride) {
    size_t r = 0;
    for (; r + 4 <= w.rows; r += 4) GroupOutputs<4>(w, x, r, t, out);
    for (; r < w.rows; ++r) GroupOutputs<1>(w, x, r, t, out);
  }
}

}  // namespace
}  // namespace sterna::kernels
