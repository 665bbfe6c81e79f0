// SPDX-License-Identifier: Apache-2.0
//
// Ternary sums with what every 64-bit ARM CPU has: smlal and smlal2 multiply bytes and add to int16 lanes.
// |code q| <= 2 * 128; a lane takes 16 products of a block, so 8 blocks give -32768 to 32512, which fits exactly. Then
// sadalp widens to int32.
#pragma once

#include "kernels/neon/ternary-inl.h"

namespace sterna::kernels {
namespace {

class MultiplyTile {
 public:
  static constexpr int kMostTokens = 4;

  template <int kRows, int kTokens, bool kPrefetch>
  static void Sums(const CodeRows& w, const ValueRows& x, int32_t (&sums)[kRows][kTokens]) {
    int32x4_t wide[kRows][kTokens];
    for (auto& row : wide) {
      for (auto& v : row) v = vdupq_n_s32(0);
    }
    for (size_t first = 0; first < w.blocks; first += kNarrowBlocks) {
      int16x8_t narrow[kRows][kTokens];
      for (auto& row : narrow) {
        for (auto& v : row) v = vdupq_n_s16(0);
      }
      const size_t end = Smaller(first + kNarrowBlocks, w.blocks);
      for (size_t b = first; b < end; ++b) {
        if constexpr (kPrefetch) PrefetchRows<kRows>(w, b);
        AddHalf(w, x, b, 0, narrow);
        AddHalf(w, x, b, 16, narrow);
      }
      for (int r = 0; r < kRows; ++r) {
        for (int t = 0; t < kTokens; ++t) wide[r][t] = vpadalq_s16(wide[r][t], narrow[r][t]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kTokens; ++t) sums[r][t] = vaddvq_s32(wide[r][t]);
    }
  }

 private:
  static constexpr size_t kNarrowBlocks = 8;  // blocks whose int16 sums cannot overflow

  // Columns 32 s + half .. 32 s + half + 15 of block b, s = 0..3.
  template <int kRows, int kTokens>
  static void AddHalf(const CodeRows& w, const ValueRows& x, size_t b, size_t half, int16x8_t (&sum)[kRows][kTokens]) {
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
                         int16x8_t (&sum)[kRows][kTokens]) {
    int8x16_t codes[kRows];
    for (int r = 0; r < kRows; ++r) codes[r] = vreinterpretq_s8_u8(Codes<kS>(bytes[r]));
    for (int t = 0; t < kTokens; ++t) {
      const int8x16_t values = vld1q_s8(q + size_t(t) * stride + kS * 32);
      for (int r = 0; r < kRows; ++r) {
        sum[r][t] = vmlal_s8(sum[r][t], vget_low_s8(codes[r]), vget_low_s8(values));
        sum[r][t] = vmlal_high_s8(sum[r][t], codes[r], values);
      }
    }
  }
};

}  // namespace
}  // namespace sterna::kernels
