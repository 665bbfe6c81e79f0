// SPDX-License-Identifier: Apache-2.0
//
// Ternary sums with smmla: two rows of 8 bytes times two rows of 8 bytes, four int32 sums, 32 products an instruction.
// Two weight rows are put side by side before their codes are unpacked, two tokens after they are loaded. A single row
// or token would leave half of each product unused: sdot does those.
#pragma once

#include "kernels/neon/ternary_dot-inl.h"

namespace sterna::kernels {
namespace {

// Bytes 0..7 of a then of b, and bytes 8..15 of a then of b.
struct Pair {
  uint8x16_t low, high;
};

Pair SideBySide(uint8x16_t a, uint8x16_t b) {
  const uint64x2_t first = vreinterpretq_u64_u8(a), second = vreinterpretq_u64_u8(b);
  return {vreinterpretq_u8_u64(vzip1q_u64(first, second)), vreinterpretq_u8_u64(vzip2q_u64(first, second))};
}

class MatrixTile {
 public:
  static constexpr int kMostTokens = 8;

  template <int kRows, int kTokens, bool kPrefetch>
  static void Sums(const CodeRows& w, const ValueRows& x, int32_t (&sums)[kRows][kTokens]) {
    if constexpr (kRows % 2 == 0 && kTokens % 2 == 0) {
      PairSums(w, x, sums);
    } else {
      DotTile::Sums<kRows, kTokens, kPrefetch>(w, x, sums);
    }
  }

 private:
  template <int kRows, int kTokens>
  static void PairSums(const CodeRows& w, const ValueRows& x, int32_t (&sums)[kRows][kTokens]) {
    int32x4_t sum[kRows / 2][kTokens / 2];
    for (auto& row : sum) {
      for (auto& v : row) v = vdupq_n_s32(0);
    }
    for (size_t b = 0; b < w.blocks; ++b) {
      AddHalf(w, x, b, 0, sum);
      AddHalf(w, x, b, 16, sum);
    }
    for (size_t r = 0; r < kRows; r += 2) {
      for (size_t t = 0; t < kTokens; t += 2) {
        int32_t square[4];
        vst1q_s32(square, sum[r / 2][t / 2]);
        sums[r][t] = square[0];
        sums[r][t + 1] = square[1];
        sums[r + 1][t] = square[2];
        sums[r + 1][t + 1] = square[3];
      }
    }
  }

  // Columns 32 s + half .. 32 s + half + 15 of block b, s = 0..3.
  template <int kPairs, int kTokenPairs>
  static void AddHalf(const CodeRows& w, const ValueRows& x, size_t b, size_t half,
                      int32x4_t (&sum)[kPairs][kTokenPairs]) {
    Pair bytes[kPairs];
    for (size_t r = 0; r < kPairs; ++r) {
      const uint8_t* row = w.codes + 2 * r * w.row_bytes + b * kTernaryBlockBytes + half;
      bytes[r] = SideBySide(vld1q_u8(row), vld1q_u8(row + w.row_bytes));
    }
    const int8_t* q = x.values + b * kTernaryBlockColumns + half;
    AddQuarter<0>(bytes, q, x.stride, sum);
    AddQuarter<1>(bytes, q, x.stride, sum);
    AddQuarter<2>(bytes, q, x.stride, sum);
    AddQuarter<3>(bytes, q, x.stride, sum);
  }

  template <int kS, int kPairs, int kTokenPairs>
  static void AddQuarter(const Pair (&bytes)[kPairs], const int8_t* q, size_t stride,
                         int32x4_t (&sum)[kPairs][kTokenPairs]) {
    int8x16_t low[kPairs], high[kPairs];
    for (int r = 0; r < kPairs; ++r) {
      low[r] = vreinterpretq_s8_u8(Codes<kS>(bytes[r].low));
      high[r] = vreinterpretq_s8_u8(Codes<kS>(bytes[r].high));
    }
    for (int t = 0; t < kTokenPairs; ++t) {
      const int8_t* values = q + 2 * size_t(t) * stride + kS * 32;
      const Pair pair =
          SideBySide(vreinterpretq_u8_s8(vld1q_s8(values)), vreinterpretq_u8_s8(vld1q_s8(values + stride)));
      for (int r = 0; r < kPairs; ++r) {
        sum[r][t] = vmmlaq_s32(sum[r][t], low[r], vreinterpretq_s8_u8(pair.low));
        sum[r][t] = vmmlaq_s32(sum[r][t], high[r], vreinterpretq_s8_u8(pair.high));
      }
    }
  }
};

}  // namespace
}  // namespace sterna::kernels
