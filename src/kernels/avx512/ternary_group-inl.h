// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows, with a scale per row and group of 256 columns (two blocks).
#pragma once

#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

// a[r] = fma(float(sum over group g), scale[r][g], a[r]) for g in order.
template <int kRows>
void GroupChains(const TernaryRows& w, size_t first, const int8_t* q, float (&a)[kRows]) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const size_t groups = w.blocks / 2;
  const uint8_t* rows[kRows];
  for (size_t r = 0; r < kRows; ++r) rows[r] = w.codes + (first + r) * row_bytes;
  const float* scales = w.group_scales + first * groups;
  for (auto& v : a) v = 0.0f;
  for (size_t g = 0; g < groups; ++g, q += kTernaryGroupColumns) {
    const size_t offset = g * 2 * kTernaryBlockBytes;
    __m512i plain = _mm512_setzero_si512();  // sum of q
    for (size_t k = 0; k < kTernaryGroupColumns; k += 64) {
      plain = _mm512_dpbusd_epi32(plain, _mm512_set1_epi8(1), _mm512_loadu_si512(q + k));
    }
    Int32x16 sums[2][kRows][1] = {};
    AddBlock(rows, offset, q, 0, sums);
    AddBlock(rows, offset + kTernaryBlockBytes, q + kTernaryBlockColumns, 0, sums);
    for (size_t r = 0; r < kRows; ++r) {
      const int32_t sum = SumLanes(_mm512_sub_epi32(PlainSums(sums[0][r][0], sums[1][r][0]), plain));
      a[r] = FusedMultiplyAdd(float(sum), scales[r * groups + g], a[r]);
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

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
