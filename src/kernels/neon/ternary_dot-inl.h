// SPDX-License-Identifier: Apache-2.0
//
// Ternary sums with sdot: 16 products of bytes, four to each int32 lane. Codes 0..3 are the same as signed and as
// unsigned bytes.
#pragma once

#include "kernels/neon/ternary-inl.h"

namespace sterna::kernels {
namespace {

class DotTile {
 public:
  static constexpr int kMostTokens = 4;

  template <int kRows, int kTokens, bool kPrefetch>
  static void Sums(const CodeRows& w, const ValueRows& x, int32_t (&sums)[kRows][kTokens]) {
    int32x4_t sum[kRows][kTokens];
    for (auto& row : sum) {
      for (auto& v : row) v = vdupq_n_s32(0);
    }
    for (size_t b = 0; b < w.blocks; ++b) {
      if constexpr (kPrefetch) PrefetchRows<kRows>(w, b);
      AddHalf(w, x, b, 0, sum);
      AddHalf(w, x, b, 16, sum);
    }
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kTokens; ++t) sums[r][t] = vaddvq_s32(sum[r][t]);
    }
  }

 private:
  // Columns 32 s + half .. 32 s + half + 15 of block b, s = 0..3.
  template <int kRows, int kTokens>
  static void AddHalf(const CodeRows& w, const ValueRows& x, size_t b, size_t half, int32x4_t (&sum)[kRows][kTokens]) {
    uint8x16_t bytes[kRows];
    for (size_t r = 0; r < kRows; ++r) bytes[r] = vld1q_u8(w.codes + r * w.row_bytes + b * kTernaryBlockBytes + half);
    const int8_t* q = x.values + b * kTernaryBlockColumns + half;
    AddQuarter<0>(bytes, q, x.stride, sum);
    AddQuarter<1>(bytes, q, x.stride, sum);
    AddQuarter<2>(bytes, q, x.stride, sum);
    AddQuarter<3>(bytes, q, x.stride, sum);
  }

  template <int kS, int kRows, int kTokens>
  static void AddQuarter(const uint8x16_t (&bytes)[kRows], const int8_t* q, size_t stride,
                         int32x4_t (&sum)[kRows][kTokens]) {
    int8x16_t codes[kRows];
    for (int r = 0; r < kRows; ++r) codes[r] = vreinterpretq_s8_u8(Codes<kS>(bytes[r]));
    for (int t = 0; t < kTokens; ++t) {
      const int8x16_t values = vld1q_s8(q + size_t(t) * stride + kS * 32);
      for (int r = 0; r < kRows; ++r) sum[r][t] = vdotq_s32(sum[r][t], codes[r], values);
    }
  }
};

}  // namespace
}  // namespace sterna::kernels
