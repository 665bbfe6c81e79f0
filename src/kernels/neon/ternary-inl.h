// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows: cutting a product into tiles and turning their integer sums into outputs. The sums come
// from a Tile, a struct by instruction set:
//
//   static constexpr int kMostTokens;  // tokens of the largest tile
//   template <int kRows, int kTokens, bool kPrefetch>
//   static void Sums(const CodeRows& w, const ValueRows& x, int32_t (&sums)[kRows][kTokens]);
//     sums[r][t] = sum_k code[r][k] q[t][k] (mod 2^32). kPrefetch: the tile's rows are read once, front to back.
//
//   sum_k (code[k] - 1) q[k] = sum_k code[k] q[k] - sum_k q[k]; the last sum comes with the activations.
#pragma once

#include "kernels/neon/lanes-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr size_t kPrefetchAheadBytes = 6 * 1024;  // as in the AVX2 kernels; not measured on ARM hardware

struct CodeRows {
  const uint8_t* codes;
  size_t row_bytes;  // between rows
  size_t blocks;     // to be summed
};

struct ValueRows {
  const int8_t* values;
  size_t stride;
};

// Codes of columns 32 s .. 32 s + 15 (or + 16 .. + 31) of a block, from the first (or last) 16 of its 32 bytes.
template <int kS>
uint8x16_t Codes(uint8x16_t bytes) {
  if constexpr (kS == 0) {
    return vshrq_n_u8(bytes, 6);
  } else if constexpr (kS == 3) {
    return vandq_u8(bytes, vdupq_n_u8(3));
  } else {
    return vandq_u8(vshrq_n_u8(bytes, 6 - 2 * kS), vdupq_n_u8(3));
  }
}

template <int kRows>
void PrefetchRows(const CodeRows& w, size_t block) {
  const uint8_t* ahead = w.codes + block * kRows * kTernaryBlockBytes + kPrefetchAheadBytes;
  for (size_t line = 0; line < kRows * kTernaryBlockBytes; line += 64) __builtin_prefetch(ahead + line);
}

// Rows first .. first + kRows - 1 for tokens t .. t + kTokens - 1.
template <class Tile, int kRows, int kTokens>
void TernaryOutputs(const TernaryRows& w, const Int8Rows& x, size_t first, size_t t, float* out, size_t out_stride) {
  int32_t sums[kRows][kTokens];
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  Tile::template Sums<kRows, kTokens, kTokens == 1>({w.codes + first * row_bytes, row_bytes, w.blocks},
                                                    {x.values + t * x.stride, x.stride}, sums);
  for (size_t k = 0; k < kTokens; ++k) {
    const float factor = w.scale / x.scales[t + k];
    for (size_t r = 0; r < kRows; ++r) {
      const auto sum = int32_t(uint32_t(sums[r][k]) - uint32_t(x.sums[t + k]));  // only the difference need fit
      out[(t + k) * out_stride + first + r] = float(sum) * factor;
    }
  }
}

template <class Tile, int kTokens>
void TernaryTokens(const TernaryRows& w, const Int8Rows& x, size_t t, float* out, size_t out_stride) {
  size_t r = 0;
  for (; r + 4 <= w.rows; r += 4) TernaryOutputs<Tile, 4, kTokens>(w, x, r, t, out, out_stride);
  for (; r < w.rows; ++r) TernaryOutputs<Tile, 1, kTokens>(w, x, r, t, out, out_stride);
}

// Tokens in tiles as wide as they come; the rows of one call stay in cache while all tokens pass.
template <class Tile>
void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  size_t t = 0;
  for (; t + Tile::kMostTokens <= x.count; t += Tile::kMostTokens) {
    TernaryTokens<Tile, Tile::kMostTokens>(w, x, t, out, out_stride);
  }
  if constexpr (Tile::kMostTokens > 4) {
    for (; t + 4 <= x.count; t += 4) TernaryTokens<Tile, 4>(w, x, t, out, out_stride);
  }
  for (; t + 2 <= x.count; t += 2) TernaryTokens<Tile, 2>(w, x, t, out, out_stride);
  for (; t < x.count; ++t) TernaryTokens<Tile, 1>(w, x, t, out, out_stride);
}

// The sum of q over a group: int16 lanes hold 16 pairs of values.
int32_t GroupSum(const int8_t* q) {
  int16x8_t sum = vdupq_n_s16(0);
  for (size_t k = 0; k < kTernaryGroupColumns; k += 16) sum = vpadalq_s8(sum, vld1q_s8(q + k));
  return vaddlvq_s16(sum);
}

// As TernaryOutputs with a scale per row and group: a = fma(float(sum over group g), scale[r][g], a) for g in order.
template <class Tile, int kRows, int kTokens>
void GroupOutputs(const TernaryRows& w, const Int8Rows& x, size_t first, size_t t, float* out, size_t out_stride) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const size_t groups = w.blocks / 2;
  CodeRows codes = {w.codes + first * row_bytes, row_bytes, 2};
  ValueRows values = {x.values + t * x.stride, x.stride};
  const float* scales = w.group_scales + first * groups;
  float a[kRows][kTokens] = {};
  for (size_t g = 0; g < groups; ++g, codes.codes += 2 * kTernaryBlockBytes, values.values += kTernaryGroupColumns) {
    int32_t sums[kRows][kTokens];
    Tile::template Sums<kRows, kTokens, false>(codes, values, sums);
    for (size_t k = 0; k < kTokens; ++k) {
      const int32_t plain = GroupSum(values.values + k * values.stride);
      for (size_t r = 0; r < kRows; ++r) {
        a[r][k] = FusedMultiplyAdd(float(sums[r][k] - plain), scales[r * groups + g], a[r][k]);
      }
    }
  }
  for (size_t k = 0; k < kTokens; ++k) {
    for (size_t r = 0; r < kRows; ++r) out[(t + k) * out_stride + first + r] = a[r][k] / x.scales[t + k];
  }
}

template <class Tile, int kTokens>
void GroupTokens(const TernaryRows& w, const Int8Rows& x, size_t t, float* out, size_t out_stride) {
  size_t r = 0;
  for (; r + 4 <= w.rows; r += 4) GroupOutputs<Tile, 4, kTokens>(w, x, r, t, out, out_stride);
  for (; r < w.rows; ++r) GroupOutputs<Tile, 1, kTokens>(w, x, r, t, out, out_stride);
}

template <class Tile>
void TernaryGroupLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  size_t t = 0;
  for (; t + 4 <= x.count; t += 4) GroupTokens<Tile, 4>(w, x, t, out, out_stride);
  for (; t < x.count; ++t) GroupTokens<Tile, 1>(w, x, t, out, out_stride);
}

}  // namespace
}  // namespace sterna::kernels
