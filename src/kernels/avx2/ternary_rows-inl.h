// SPDX-License-Identifier: Apache-2.0
//
// Chosen ternary rows times one int8 row: the products of ternary-inl.h over rows that do not follow each other. The
// hardware cannot guess which row comes next; the list knows.
#pragma once

#include "kernels/avx2/ternary-inl.h"

namespace sterna::kernels {
namespace {

constexpr size_t kListedRows = 4;       // rows that share the loads of the activations
constexpr size_t kListedRowsAhead = 8;  // rows between a row's prefetch and its use

// sums[r] = sum_k code[r][k] q[k] (mod 2^32). `ahead`: where rows that come later lie; they are prefetched meanwhile.
template <size_t kRows>
void ListedRowsTile(const uint8_t* const (&row)[kRows], const uint8_t* const (&ahead)[kRows], size_t blocks,
                    const int8_t* q, int32_t (&sums)[kRows]) {
  __m256i wide[kRows];
  for (auto& v : wide) v = _mm256_setzero_si256();
  for (size_t first = 0; first < blocks; first += kNarrowBlocks) {
    __m256i narrow[kRows][1];
    for (auto& v : narrow) v[0] = _mm256_setzero_si256();
    const size_t end = Smaller(first + kNarrowBlocks, blocks);
    for (size_t b = first; b < end; ++b) {
      const size_t offset = b * kTernaryBlockBytes;
      __m256i block[kRows];
      for (size_t r = 0; r < kRows; ++r) {
        if (b % 2 == 0) _mm_prefetch(reinterpret_cast<const char*>(ahead[r] + offset), _MM_HINT_T0);  // 64-byte lines
        block[r] = LoadBytes(row[r] + offset);
      }
      const int8_t* const x = q + b * kTernaryBlockColumns;
      AddQuarter<0>(block, x, 0, narrow);
      AddQuarter<1>(block, x, 0, narrow);
      AddQuarter<2>(block, x, 0, narrow);
      AddQuarter<3>(block, x, 0, narrow);
    }
    for (size_t r = 0; r < kRows; ++r) {
      wide[r] = _mm256_add_epi32(wide[r], _mm256_madd_epi16(narrow[r][0], _mm256_set1_epi16(1)));
    }
  }
  for (size_t r = 0; r < kRows; ++r) sums[r] = SumLanes(wide[r]);
}

// The rows listed[i] .. listed[i + kRows - 1].
template <size_t kRows>
void ListedOutputs(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t i, size_t count,
                   float* out) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const uint8_t *row[kRows], *ahead[kRows];
  for (size_t r = 0; r < kRows; ++r) {
    row[r] = w.codes + listed[i + r] * row_bytes;
    const size_t later = i + r + kListedRowsAhead;
    ahead[r] = later < count ? w.codes + listed[later] * row_bytes : row[r];
  }
  int32_t sums[kRows];
  ListedRowsTile(row, ahead, w.blocks, x.values, sums);
  const float factor = w.scale / x.scales[0];
  for (size_t r = 0; r < kRows; ++r) {
    out[listed[i + r]] = float(int32_t(uint32_t(sums[r]) - uint32_t(x.sums[0]))) * factor;
  }
}

void PrefetchListed(const TernaryRows& w, const uint32_t* listed, size_t count) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  for (size_t i = 0; i < count; ++i) {
    const auto* const row = reinterpret_cast<const char*>(w.codes + listed[i] * row_bytes);
    for (size_t line = 0; line < row_bytes; line += 64) _mm_prefetch(row + line, _MM_HINT_T0);
  }
}

void TernaryListedRows(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                       float* out) noexcept {
  PrefetchListed(w, listed, Smaller(count, kListedRowsAhead));
  size_t i = 0;
  for (; i + kListedRows <= count; i += kListedRows) ListedOutputs<kListedRows>(w, x, listed, i, count, out);
  for (; i < count; ++i) ListedOutputs<1>(w, x, listed, i, count, out);
}

}  // namespace
}  // namespace sterna::kernels
