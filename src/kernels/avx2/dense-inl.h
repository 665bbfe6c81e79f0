// SPDX-License-Identifier: Apache-2.0
//
// Dense rows times float rows. Lane k % 16 of each (row, token) lives in two registers; no horizontal sum until the
// end. Plain types are converted in registers, block types 256 columns at a time through a buffer on the stack.
#pragma once

#include "kernels/avx2/decode-inl.h"

namespace sterna::kernels {
namespace {

constexpr size_t kChunkColumns = 256;  // a multiple of every block and of the lanes

template <int kRows, int kTokens>
struct DenseSums {
  __m256 low[kRows][kTokens], high[kRows][kTokens];
};

// Adds columns 0..count-1 of rows w[r] and x[t]; count % 16 may be anything on a row's last call.
template <DenseType kPlain, int kRows, int kTokens>
void AddColumns(const uint8_t* const (&w)[kRows], const float* const (&x)[kTokens], size_t count,
                DenseSums<kRows, kTokens>& sums) {
  size_t i = 0;
  for (; i + 2 * kVector <= count; i += 2 * kVector) {
    for (int r = 0; r < kRows; ++r) {
      const __m256 low = LoadPlain<kPlain>(w[r], i), high = LoadPlain<kPlain>(w[r], i + kVector);
      for (int t = 0; t < kTokens; ++t) {
        sums.low[r][t] = _mm256_fmadd_ps(low, _mm256_loadu_ps(x[t] + i), sums.low[r][t]);
        sums.high[r][t] = _mm256_fmadd_ps(high, _mm256_loadu_ps(x[t] + i + kVector), sums.high[r][t]);
      }
    }
  }
  // Lanes past the end keep their sums: adding 0 would turn a -0 into +0.
  const size_t rest_low = Smaller(count - i, kVector), rest_high = count - i - rest_low;
  if (rest_low == 0) return;
  for (int r = 0; r < kRows; ++r) {
    const __m256 low = LoadPlainFirst<kPlain>(w[r], i, rest_low);
    const __m256 high = LoadPlainFirst<kPlain>(w[r], i + rest_low, rest_high);
    for (int t = 0; t < kTokens; ++t) {
      const __m256 added_low = _mm256_fmadd_ps(low, LoadFirst(x[t] + i, rest_low), sums.low[r][t]);
      const __m256 added_high = _mm256_fmadd_ps(high, LoadFirst(x[t] + i + rest_low, rest_high), sums.high[r][t]);
      const __m256 mask_low = _mm256_castsi256_ps(FirstLanes(rest_low));
      const __m256 mask_high = _mm256_castsi256_ps(FirstLanes(rest_high));
      sums.low[r][t] = _mm256_blendv_ps(sums.low[r][t], added_low, mask_low);
      sums.high[r][t] = _mm256_blendv_ps(sums.high[r][t], added_high, mask_high);
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
    alignas(32) float decoded[kRows][kChunkColumns];
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
    for (size_t k = 0; k < kTokens; ++k) sums.low[r][k] = sums.high[r][k] = _mm256_setzero_ps();
  }
  for (size_t k = 0; k < kTokens; ++k) tokens[k] = x.values + (t + k) * x.stride;
  AddRow<kType>(rows, tokens, w.columns, sums);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t k = 0; k < kTokens; ++k) {
      out[(t + k) * out_stride + first + r] = TreeSum(sums.low[r][k], sums.high[r][k]);
    }
  }
}

// Rows of up to this many columns are decoded once for many tokens.
constexpr size_t kMostDecoded = 4096;
constexpr size_t kDecodedRows = 4;
constexpr size_t kDecodedTokens = 8;

// linear(decoded rows, their place) for rows decoded to floats, a few at a time.
template <class Decode, class Linear>
void OverDecodedRows(const DenseRows& w, Decode decode, Linear linear) {
  alignas(64) float decoded[kDecodedRows * kMostDecoded];
  for (size_t first = 0; first < w.rows; first += kDecodedRows) {
    const size_t count = Smaller(kDecodedRows, w.rows - first);
    for (size_t r = 0; r < count; ++r) decode(w.data + (first + r) * w.row_bytes, w.columns, decoded + r * w.columns);
    linear({reinterpret_cast<const uint8_t*>(decoded), count, w.columns, w.columns * sizeof(float)}, first);
  }
}

template <DenseType kType>
void DenseLinear(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept {
  if constexpr (!IsPlain(kType)) {
    if (x.count >= kDecodedTokens && w.columns <= kMostDecoded) {
      return OverDecodedRows(w, DecodeRow<kType>, [&](const DenseRows& decoded, size_t first) {
        DenseLinear<kDenseF32>(decoded, x, out + first, out_stride);
      });
    }
  }
  size_t t = 0;
  for (; t + 2 <= x.count; t += 2) {
    size_t r = 0;
    for (; r + 2 <= w.rows; r += 2) DenseOutputs<kType, 2, 2>(w, x, r, t, out, out_stride);
    for (; r < w.rows; ++r) DenseOutputs<kType, 1, 2>(w, x, r, t, out, out_stride);
  }
  for (; t < x.count; ++t) {
    size_t r = 0;
    for (; r + 4 <= w.rows; r += 4) DenseOutputs<kType, 4, 1>(w, x, r, t, out, out_stride);
    for (; r < w.rows; ++r) DenseOutputs<kType, 1, 1>(w, x, r, t, out, out_stride);
  }
}

}  // namespace
}  // namespace sterna::kernels
