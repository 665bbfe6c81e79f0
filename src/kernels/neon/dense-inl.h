// SPDX-License-Identifier: Apache-2.0
//
// Dense rows times float rows. Lane k % 16 of each (row, token) lives in four registers; no horizontal sum until the
// end. Plain types are converted in registers, block types 256 columns at a time through a buffer on the stack.
#pragma once

#include "kernels/neon/decode-inl.h"

namespace sterna::kernels {
namespace {

constexpr size_t kChunkColumns = 256;  // a multiple of every block and of the lanes

// Adds columns 0..count-1 of rows w[r] and x[t]; count % 16 may be anything on a row's last call.
template <DenseType kPlain, int kRows, int kTokens>
void AddColumns(const uint8_t* const (&w)[kRows], const float* const (&x)[kTokens], size_t count,
                Lanes (&sums)[kRows][kTokens]) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (size_t k = 0; k < 4; ++k) {
      float32x4_t values[kTokens];
      for (int t = 0; t < kTokens; ++t) values[t] = vld1q_f32(x[t] + i + k * kVector);
      for (int r = 0; r < kRows; ++r) {
        const float32x4_t weights = LoadPlain<kPlain>(w[r], i + k * kVector);
        for (int t = 0; t < kTokens; ++t) sums[r][t].v[k] = vfmaq_f32(sums[r][t].v[k], weights, values[t]);
      }
    }
  }
  // Lanes past the end keep their sums: adding 0 would turn a -0 into +0.
  for (size_t k = 0; i < count; i += kVector, ++k) {
    const size_t rest = Smaller(count - i, kVector);
    const uint32x4_t valid = FirstLanes(rest);
    for (int r = 0; r < kRows; ++r) {
      const float32x4_t weights = LoadPlainFirst<kPlain>(w[r], i, rest);
      for (int t = 0; t < kTokens; ++t) {
        const float32x4_t added = vfmaq_f32(sums[r][t].v[k], weights, LoadFirst(x[t] + i, rest));
        sums[r][t].v[k] = vbslq_f32(valid, added, sums[r][t].v[k]);
      }
    }
  }
}

// Adds every column of a row tile, decoding block types chunk by chunk.
template <DenseType kType, int kRows, int kTokens>
void AddRow(const uint8_t* (&w)[kRows], const float* (&x)[kTokens], size_t columns, Lanes (&sums)[kRows][kTokens]) {
  if constexpr (IsPlain(kType)) {
    AddColumns<kType>(w, x, columns, sums);
  } else {
    constexpr BlockFormat kFormat = kBlockFormats[kType];
    float decoded[kRows][kChunkColumns];
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
  Lanes sums[kRows][kTokens];
  for (size_t r = 0; r < kRows; ++r) {
    rows[r] = w.data + (first + r) * w.row_bytes;
    for (size_t k = 0; k < kTokens; ++k) sums[r][k] = ZeroLanes();
  }
  for (size_t k = 0; k < kTokens; ++k) tokens[k] = x.values + (t + k) * x.stride;
  AddRow<kType>(rows, tokens, w.columns, sums);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t k = 0; k < kTokens; ++k) out[(t + k) * out_stride + first + r] = TreeSum(sums[r][k]);
  }
}

template <DenseType kType>
void DenseLinear(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept {
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
