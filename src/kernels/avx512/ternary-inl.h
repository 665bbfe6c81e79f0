// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows, with one scale for the matrix.
//
// A block (32 bytes, 128 columns) is broadcast to both halves of a register. One mask keeps the codes of columns 0..63
// where they are stored, another those of columns 64..127: no shifts. So a code counts 64, 16, 4 or 1 fold, by its
// place in the byte, and sums of different places stay in different lanes until the row ends, when one shift per lane
// takes the factor away. vpdpbusd adds four products to an int32 lane: at most 4 * 64 * 2 * 128 = 2^16 for each block,
// so that a lane holds 2^15 blocks, which is 2^22 columns.
#pragma once

#include "kernels/avx2/ternary-inl.h"
#include "kernels/avx512/lanes-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

// Low half, high half.
__m512i Halves(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }

// Where the codes of a block's first and last 64 columns lie in its two copies.
__m512i FirstCodes() { return Halves(_mm256_set1_epi8(char(0xc0)), _mm256_set1_epi8(0x30)); }
__m512i LastCodes() { return Halves(_mm256_set1_epi8(0x0c), _mm256_set1_epi8(0x03)); }

// Running sums. GCC copies them to another register and back around vpdpbusd when they are declared __m512i, which it
// takes for eight 64-bit lanes; and keeps them in memory when they are members of a struct.
using Int32x16 = int32_t __attribute__((vector_size(64)));

Int32x16 AddProducts(Int32x16 sum, __m512i codes, __m512i q) {
  return reinterpret_cast<Int32x16>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), codes, q));
}

// Adds the block `offset` bytes into each row times one of each token: its first 64 columns to sums[0], its last to
// sums[1]. In line: otherwise the sums would live in memory.
template <int kRows, int kTokens>
[[gnu::always_inline]] inline void AddBlock(const uint8_t* const (&rows)[kRows], size_t offset, const int8_t* q,
                                            size_t q_stride, Int32x16 (&sums)[2][kRows][kTokens]) {
  const __m512i masks[2] = {FirstCodes(), LastCodes()};
  __m512i codes[2][kRows];
  for (int r = 0; r < kRows; ++r) {
    const __m512i block = _mm512_broadcast_i64x4(LoadBytes(rows[r] + offset));
    for (int half = 0; half < 2; ++half) codes[half][r] = _mm512_and_si512(block, masks[half]);
  }
  for (int t = 0; t < kTokens; ++t) {
    for (int half = 0; half < 2; ++half) {
      __m512i x = _mm512_loadu_si512(q + size_t(t) * q_stride + half * 64);
      KeepInRegister(x);
      for (int r = 0; r < kRows; ++r) sums[half][r][t] = AddProducts(sums[half][r][t], codes[half][r], x);
    }
  }
}

// int32 lanes that add up to sum code * q.
__m512i PlainSums(Int32x16 first, Int32x16 last) {
  const __m512i first_shifts = Halves(_mm256_set1_epi32(6), _mm256_set1_epi32(4));
  const __m512i last_shifts = Halves(_mm256_set1_epi32(2), _mm256_setzero_si256());
  return _mm512_add_epi32(_mm512_srav_epi32(reinterpret_cast<__m512i>(first), first_shifts),
                          _mm512_srav_epi32(reinterpret_cast<__m512i>(last), last_shifts));
}

constexpr int RoundedUp4(int count) { return (count + 3) / 4 * 4; }

__m256i HalvesAdded(__m512i v) { return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1)); }

// The sums of the lanes of four registers.
__m128i SumLanesOfFour(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m256i ab = _mm256_hadd_epi32(HalvesAdded(a), HalvesAdded(b));
  const __m256i cd = _mm256_hadd_epi32(HalvesAdded(c), HalvesAdded(d));
  const __m256i abcd = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
}

// totals[t * kRows + r] of each row r and token t: code * q added up.
template <int kRows, int kTokens>
[[gnu::always_inline]] inline void SumAll(const Int32x16 (&sums)[2][kRows][kTokens], int32_t* totals) {
  constexpr int kCount = kRows * kTokens, kPadded = RoundedUp4(kCount);
  __m512i plain[kPadded];
#pragma GCC unroll 16
  for (int i = 0; i < kPadded; ++i) {
    const int own = i < kCount ? i : 0;
    plain[i] = PlainSums(sums[0][own % kRows][own / kRows], sums[1][own % kRows][own / kRows]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kPadded; i += 4) {
    _mm_store_si128(reinterpret_cast<__m128i*>(totals + i),
                    SumLanesOfFour(plain[i], plain[i + 1], plain[i + 2], plain[i + 3]));
  }
}

// Rows first .. first + kRows - 1 for tokens t .. t + kTokens - 1. kPrefetch: these rows are read once, front to back.
template <int kRows, int kTokens, bool kPrefetch>
void TernaryOutputs(const TernaryRows& w, const Int8Rows& x, size_t first, size_t t, float* out, size_t out_stride) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const uint8_t* codes = w.codes + first * row_bytes;
  const uint8_t* rows[kRows];
  for (size_t r = 0; r < kRows; ++r) rows[r] = codes + r * row_bytes;
  const int8_t* q = x.values + t * x.stride;
  Int32x16 sums[2][kRows][kTokens] = {};
  for (size_t b = 0; b < w.blocks; ++b) {
    if constexpr (kPrefetch) {
      const auto* ahead = reinterpret_cast<const char*>(codes + b * kRows * kTernaryBlockBytes + kPrefetchAheadBytes);
      for (size_t line = 0; line < kRows * kTernaryBlockBytes; line += 64) _mm_prefetch(ahead + line, _MM_HINT_T0);
    }
    AddBlock(rows, b * kTernaryBlockBytes, q + b * kTernaryBlockColumns, x.stride, sums);
  }
  alignas(64) int32_t totals[RoundedUp4(kRows * kTokens)];
  SumAll<kRows, kTokens>(sums, totals);
  for (size_t k = 0; k < kTokens; ++k) {
    const float factor = w.scale / x.scales[t + k];
    for (size_t r = 0; r < kRows; ++r) {
      const auto sum = int32_t(uint32_t(totals[k * kRows + r]) - uint32_t(x.sums[t + k]));  // only this need fit
      out[(t + k) * out_stride + first + r] = float(sum) * factor;
    }
  }
}

// Every row for tokens t .. t + kTokens - 1, kRows rows at a time.
template <int kRows, int kTokens>
void TernaryTokens(const TernaryRows& w, const Int8Rows& x, size_t t, float* out, size_t out_stride) {
  size_t r = 0;
  for (; r + kRows <= w.rows; r += kRows) TernaryOutputs<kRows, kTokens, kTokens == 1>(w, x, r, t, out, out_stride);
  for (; r < w.rows; ++r) TernaryOutputs<1, kTokens, false>(w, x, r, t, out, out_stride);
}

// 2 x 6 sums are 24 of 32 registers.
void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  size_t t = 0;
  for (; t + 6 <= x.count; t += 6) TernaryTokens<2, 6>(w, x, t, out, out_stride);
  for (; t + 4 <= x.count; t += 4) TernaryTokens<2, 4>(w, x, t, out, out_stride);
  for (; t + 2 <= x.count; t += 2) TernaryTokens<4, 2>(w, x, t, out, out_stride);
  for (; t < x.count; ++t) TernaryTokens<4, 1>(w, x, t, out, out_stride);
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
