// SPDX-License-Identifier: Apache-2.0
//
// Dense rows times float rows: the 16 lanes of each (row, token) are one register. Plain types are converted in
// registers, block types 256 columns at a time through a buffer on the stack.
#pragma once

#include "kernels/avx2/dense-inl.h"
#include "kernels/avx512/decode-inl.h"
#include "kernels/avx512/lanes-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

// The first `count` (1..16) values of a plain type from element `at`, then zeros; reads no further.
template <DenseType kType>
__m512 LoadPlainFirst(const uint8_t* row, size_t at, size_t count) {
  if constexpr (kType == kDenseF32) {
    return LoadFirst(reinterpret_cast<const float*>(row + at * 4), count);
  } else {
    const __m256i halves = _mm256_maskz_loadu_epi16(FirstLanes(count), row + at * 2);
    if constexpr (kType == kDenseF16) return _mm512_cvtph_ps(halves);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
}

template <int kRows, int kTokens>
struct DenseSums {
  __m512 of[kRows][kTokens];
};

// Adds columns 0..count-1 of rows w[r] and x[t]; count % 16 may be anything on a row's last call.
template <DenseType kPlain, int kRows, int kTokens>
void AddColumns(const uint8_t* const (&w)[kRows], const float* const (&x)[kTokens], size_t count,
                DenseSums<kRows, kTokens>& sums) {
  size_t i = 0;
  for (; i + kVector <= count; i += kVector) {
    for (int r = 0; r < kRows; ++r) {
      const __m512 weight = LoadPlainFirst<kPlain>(w[r], i, kVector);
      for (int t = 0; t < kTokens; ++t) {
        sums.of[r][t] = _mm512_fmadd_ps(weight, _mm512_loadu_ps(x[t] + i), sums.of[r][t]);
      }
    }
  }
  if (i == count) return;
  // Lanes past the end keep their sums: adding 0 would turn a -0 into +0.
  const __mmask16 inside = FirstLanes(count - i);
  for (int r = 0; r < kRows; ++r) {
    const __m512 weight = LoadPlainFirst<kPlain>(w[r], i, count - i);
    for (int t = 0; t < kTokens; ++t) {
      const __m512 added = _mm512_fmadd_ps(weight, LoadFirst(x[t] + i, count - i), sums.of[r][t]);
      sums.of[r][t] = _mm512_mask_mov_ps(sums.of[r][t], inside, added);
    }
  }
}

// Adds every column of a row tile, decoding block types chunk by chunk.
template <DenseType kType, int kRows, int kTokens>
void AddRow(const uint8_t* (&w)[kRows], const float* (&x)[kTokens], size_t columns, DenseSums<kRows, kTokens>& sums) {
  if constexpr (IsPlain(kType)) {
    AddColumns<kType>(w, x, columns, sums);
  } else {
    constexpr BlockFormat kFormat = kBlockFormats[kType];
    alignas(64) float decoded[kRows][kChunkColumns];
    const uint8_t* chunk[kRows];
    for (int r = 0; r < kRows; ++r) chunk[r] = reinterpret_cast<const uint8_t*>(decoded[r]);
    for (size_t first = 0; first < columns; first += kChunkColumns) {
      const size_t count = Smaller(kChunkColumns, columns - first);
      for (int r = 0; r < kRows; ++r) {
        DecodeRow<kType>(w[r] + first / kFormat.elements * kFormat.bytes, count, decoded[r]);
      }
      AddColumns<kDenseF32>(chunk, x, count, sums);
      for (int t = 0; t < kTokens; ++t) x[t] += count;
    }
  }
}

template <DenseType kType, int kRows, int kTokens>
void DenseOutputs(const DenseRows& w, const FloatRows& x, size_t first, size_t t, float* out, size_t out_stride) {
  const uint8_t* rows[kRows];
  const float* tokens[kTokens];
  DenseSums<kRows, kTokens> sums;
  for (size_t r = 0; r < kRows; ++r) {
    rows[r] = w.data + (first + r) * w.row_bytes;
    for (size_t k = 0; k < kTokens; ++k) sums.of[r][k] = _mm512_setzero_ps();
  }
  for (size_t k = 0; k < kTokens; ++k) tokens[k] = x.values + (t + k) * x.stride;
  AddRow<kType>(rows, tokens, w.columns, sums);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t k = 0; k < kTokens; ++k) out[(t + k) * out_stride + first + r] = TreeSum(sums.of[r][k]);
  }
}

// Tokens in fours, then one by one, against rows in fours.
template <DenseType kType>
void DenseLinear(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept {
  if constexpr (!IsPlain(kType)) {
    if (x.count >= kDecodedTokens && w.columns <= kMostDecoded) {
      return OverDecodedRows(w, avx512::DecodeRow<kType>, [&](const DenseRows& decoded, size_t first) {
        DenseLinear<kDenseF32>(decoded, x, out + first, out_stride);
      });
    }
  }
  size_t t = 0;
  for (; t + 4 <= x.count; t += 4) {
    size_t r = 0;
    for (; r + 4 <= w.rows; r += 4) DenseOutputs<kType, 4, 4>(w, x, r, t, out, out_stride);
    for (; r < w.rows; ++r) DenseOutputs<kType, 1, 4>(w, x, r, t, out, out_stride);
  }
  for (; t < x.count; ++t) {
    size_t r = 0;
    for (; r + 4 <= w.rows; r += 4) DenseOutputs<kType, 4, 1>(w, x, r, t, out, out_stride);
    for (; r < w.rows; ++r) DenseOutputs<kType, 1, 1>(w, x, r, t, out, out_stride);
  }
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
