// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows, with one scale for the matrix.
//
//   sum_k (code[k] - 1) q[k] = sum_k code[k] q[k] - sum_k q[k]; the last sum comes with the activations.
//
// vpmaddubsw multiplies codes (unsigned) with q (signed) and adds neighbours into int16. |code q| <= 2 * 128, so each
// result lies in [-512, 508]; 16 blocks give 64 of them per lane: [-32768, 32512] fits int16 exactly. Then vpmaddwd
// with ones widens to int32.
#pragma once

#include "kernels/avx2/lanes-inl.h"
#include "kernels/avx2/ternary_tables-inl.h"
#include "kernels/table.h"

namespace sterna::kernels {
namespace {

constexpr size_t kNarrowBlocks = 16;              // blocks whose int16 sums cannot overflow
constexpr size_t kPrefetchAheadBytes = 6 * 1024;  // decode streams weights once; about the latency at full bandwidth

__m256i LoadBytes(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

// Codes of columns 32 s .. 32 s + 31 of a block.
template <int kS>
__m256i Codes(__m256i block) {
  return _mm256_and_si256(_mm256_srli_epi16(block, 6 - 2 * kS), _mm256_set1_epi8(3));
}

// Keeps a running sum in its register at this point. Compilers otherwise regroup the integer additions of a whole block
// into trees, and the many products then alive spill to memory.
void Pin(__m256i& sum) { __asm__("" : "+x"(sum)); }

// int16 sums of kRows x kTokens over one block's columns 32 s .. 32 s + 31. This and AddBlock are inline whatever the
// compiler thinks: the sums must stay in registers.
template <int kS, int kRows, int kTokens>
[[gnu::always_inline]] inline void AddQuarter(const __m256i (&block)[kRows], const int8_t* q, size_t q_stride,
                                              __m256i (&sum)[kRows][kTokens]) {
  __m256i codes[kRows];
  for (int r = 0; r < kRows; ++r) codes[r] = Codes<kS>(block[r]);
  for (int t = 0; t < kTokens; ++t) {
    const __m256i x = LoadBytes(q + size_t(t) * q_stride + kS * 32);
    for (int r = 0; r < kRows; ++r) {
      sum[r][t] = _mm256_add_epi16(sum[r][t], _mm256_maddubs_epi16(codes[r], x));
      Pin(sum[r][t]);
    }
  }
}

template <int kRows, int kTokens>
[[gnu::always_inline]] inline void AddBlock(const uint8_t* w, size_t row_bytes, const int8_t* q, size_t q_stride,
                                            __m256i (&sum)[kRows][kTokens]) {
  __m256i block[kRows];
  for (int r = 0; r < kRows; ++r) block[r] = LoadBytes(w + size_t(r) * row_bytes);
  AddQuarter<0>(block, q, q_stride, sum);
  AddQuarter<1>(block, q, q_stride, sum);
  AddQuarter<2>(block, q, q_stride, sum);
  AddQuarter<3>(block, q, q_stride, sum);
}

// sums[r][t] = sum_k code[r][k] q[t][k] (mod 2^32). kPrefetch: the tile's rows are read once, front to back.
template <int kRows, int kTokens, bool kPrefetch>
void TernaryTile(const uint8_t* w, size_t blocks, const int8_t* q, size_t q_stride, int32_t (&sums)[kRows][kTokens]) {
  const size_t row_bytes = blocks * kTernaryBlockBytes;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i wide[kRows][kTokens];
  for (auto& row : wide) {
    for (auto& v : row) v = _mm256_setzero_si256();
  }
  for (size_t first = 0; first < blocks; first += kNarrowBlocks) {
    __m256i narrow[kRows][kTokens];
    for (auto& row : narrow) {
      for (auto& v : row) v = _mm256_setzero_si256();
    }
    const size_t end = Smaller(first + kNarrowBlocks, blocks);
    for (size_t b = first; b < end; ++b) {
      if constexpr (kPrefetch) {
        const auto* ahead = reinterpret_cast<const char*>(w + b * kRows * kTernaryBlockBytes + kPrefetchAheadBytes);
        for (size_t line = 0; line < kRows * kTernaryBlockBytes; line += 64) _mm_prefetch(ahead + line, _MM_HINT_T0);
      }
      AddBlock(w + b * kTernaryBlockBytes, row_bytes, q + b * kTernaryBlockColumns, q_stride, narrow);
    }
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kTokens; ++t) {
        wide[r][t] = _mm256_add_epi32(wide[r][t], _mm256_madd_epi16(narrow[r][t], ones));
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < kTokens; ++t) sums[r][t] = SumLanes(wide[r][t]);
  }
}

// Rows first .. first + kRows - 1 for tokens t .. t + kTokens - 1.
template <int kRows, int kTokens, bool kPrefetch>
void TernaryOutputs(const TernaryRows& w, const Int8Rows& x, size_t first, size_t t, float* out, size_t out_stride) {
  int32_t sums[kRows][kTokens];
  TernaryTile<kRows, kTokens, kPrefetch>(w.codes + first * w.blocks * kTernaryBlockBytes, w.blocks,
                                         x.values + t * x.stride, x.stride, sums);
  for (size_t k = 0; k < kTokens; ++k) {
    const float factor = w.scale / x.scales[t + k];
    for (size_t r = 0; r < kRows; ++r) {
      const auto sum = int32_t(uint32_t(sums[r][k]) - uint32_t(x.sums[t + k]));  // only the difference need fit
      out[(t + k) * out_stride + first + r] = float(sum) * factor;
    }
  }
}

// kTokens tokens from t on for all rows, kRows at a time.
template <int kRows, int kTokens, bool kPrefetch>
void TernaryTokens(const TernaryRows& w, const Int8Rows& x, size_t t, float* out, size_t out_stride) {
  size_t r = 0;
  for (; r + kRows <= w.rows; r += kRows) TernaryOutputs<kRows, kTokens, kPrefetch>(w, x, r, t, out, out_stride);
  for (; r < w.rows; ++r) TernaryOutputs<1, kTokens, false>(w, x, r, t, out, out_stride);
}

// Tokens from t on, in fours while there are four. A code vector is unpacked once for the tokens of a tile, so fewer
// tokens take more rows. The first tile fetches the rows from memory; they stay in cache for the others.
void TernaryByProducts(const TernaryRows& w, const Int8Rows& x, size_t t, float* out, size_t out_stride) {
  if (t + 4 <= x.count) {
    TernaryTokens<2, 4, true>(w, x, t, out, out_stride);
    for (t += 4; t + 4 <= x.count; t += 4) TernaryTokens<2, 4, false>(w, x, t, out, out_stride);
  }
  switch (x.count - t) {
    case 3: return TernaryTokens<2, 3, true>(w, x, t, out, out_stride);
    case 2: return TernaryTokens<4, 2, true>(w, x, t, out, out_stride);
    case 1: return TernaryTokens<4, 1, true>(w, x, t, out, out_stride);
    default: return;
  }
}

void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  const size_t tokens = TableTokens(x, w.rows);
  if (tokens > 0) MultiplyByTables(RowSource{w}, x, tokens, 0, w.rows, 1, out, out_stride);
  TernaryByProducts(w, x, tokens, out, out_stride);
}

}  // namespace
}  // namespace sterna::kernels
