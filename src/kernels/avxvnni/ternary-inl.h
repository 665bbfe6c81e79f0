// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows, with one scale for the matrix: as avx2/ternary-inl.h, but vpdpbusd adds four products
// of a code (unsigned) and an activation (signed) to an int32 lane at once. There is no int16 between, so no limit on
// the blocks of a run; an int32 lane takes rows of any length that the result itself allows.
#pragma once

#include "kernels/avx2/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avxvnni {

// Running sums. GCC copies them to another register and back around vpdpbusd when they are declared __m256i, which it
// takes for four 64-bit lanes.
using Int32x8 = int32_t __attribute__((vector_size(32)));

Int32x8 AddProducts(Int32x8 sum, __m256i codes, __m256i q) {
  return reinterpret_cast<Int32x8>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), codes, q));
}

// Adds columns 32 s .. 32 s + 31 of one block. With one row, the activations are operands in memory and the codes are
// unpacked once for all tokens; with several rows they are loaded once for all rows.
template <int kS, int kRows, int kTokens>
void AddQuarter(const __m256i (&block)[kRows], const int8_t* q, size_t q_stride, Int32x8 (&sum)[kRows][kTokens]) {
  __m256i codes[kRows];
  for (int r = 0; r < kRows; ++r) codes[r] = Codes<kS>(block[r]);
  for (int t = 0; t < kTokens; ++t) {
    const __m256i x = LoadBytes(q + size_t(t) * q_stride + kS * 32);
    for (int r = 0; r < kRows; ++r) sum[r][t] = AddProducts(sum[r][t], codes[r], x);
  }
}

// Adds the block `offset` bytes into each row times one of each token.
template <int kRows, int kTokens>
[[gnu::always_inline]] inline void AddBlock(const uint8_t* const (&rows)[kRows], size_t offset, const int8_t* q,
                                            size_t q_stride, Int32x8 (&sum)[kRows][kTokens]) {
  __m256i block[kRows];
  for (int r = 0; r < kRows; ++r) block[r] = LoadBytes(rows[r] + offset);
  AddQuarter<0>(block, q, q_stride, sum);
  AddQuarter<1>(block, q, q_stride, sum);
  AddQuarter<2>(block, q, q_stride, sum);
  AddQuarter<3>(block, q, q_stride, sum);
}

// Rows first .. first + kRows - 1 for tokens t .. t + kTokens - 1. kPrefetch: these rows are read once, front to back.
template <int kRows, int kTokens, bool kPrefetch>
void TernaryOutputs(const TernaryRows& w, const Int8Rows& x, size_t first, size_t t, float* out, size_t out_stride) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const uint8_t* codes = w.codes + first * row_bytes;
  const uint8_t* rows[kRows];
  for (size_t r = 0; r < kRows; ++r) rows[r] = codes + r * row_bytes;
  const int8_t* q = x.values + t * x.stride;
  Int32x8 sums[kRows][kTokens] = {};
  for (size_t b = 0; b < w.blocks; ++b) {
    if constexpr (kPrefetch) {
      const auto* ahead = reinterpret_cast<const char*>(codes + b * kRows * kTernaryBlockBytes + kPrefetchAheadBytes);
      for (size_t line = 0; line < kRows * kTernaryBlockBytes; line += 64) _mm_prefetch(ahead + line, _MM_HINT_T0);
    }
    AddBlock(rows, b * kTernaryBlockBytes, q + b * kTernaryBlockColumns, x.stride, sums);
  }
  for (size_t k = 0; k < kTokens; ++k) {
    const float factor = w.scale / x.scales[t + k];
    for (size_t r = 0; r < kRows; ++r) {
      const auto sum = int32_t(uint32_t(SumLanes(reinterpret_cast<__m256i>(sums[r][k]))) -
                               uint32_t(x.sums[t + k]));  // only this need fit
      out[(t + k) * out_stride + first + r] = float(sum) * factor;
    }
  }
}

// Tokens in eights against single rows, then in fours against pairs of rows, then one by one.
void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  size_t t = 0;
  for (; t + 8 <= x.count; t += 8) {
    for (size_t r = 0; r < w.rows; ++r) TernaryOutputs<1, 8, false>(w, x, r, t, out, out_stride);
  }
  for (; t + 4 <= x.count; t += 4) {
    size_t r = 0;
    for (; r + 2 <= w.rows; r += 2) TernaryOutputs<2, 4, false>(w, x, r, t, out, out_stride);
    for (; r < w.rows; ++r) TernaryOutputs<1, 4, false>(w, x, r, t, out, out_stride);
  }
  for (; t < x.count; ++t) {
    size_t r = 0;
    for (; r + 4 <= w.rows; r += 4) TernaryOutputs<4, 1, true>(w, x, r, t, out, out_stride);
    for (; r < w.rows; ++r) TernaryOutputs<1, 1, false>(w, x, r, t, out, out_stride);
  }
}

}  // namespace avxvnni
}  // namespace
}  // namespace sterna::kernels
