// SPDX-License-Identifier: Apache-2.0
//
// Chosen ternary rows times one int8 row: the products of ternary-inl.h over rows that do not follow each other.
#pragma once

#include "kernels/avx2/ternary_rows-inl.h"
#include "kernels/avx512/ternary-inl.h"

namespace sterna::kernels {
namespace {
namespace avx512 {

// The rows listed[i] .. listed[i + kRows - 1]; rows that come later are prefetched meanwhile.
template <size_t kRows>
void ListedOutputs(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t i, size_t count,
                   float* out) {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const uint8_t *rows[kRows], *ahead[kRows];
  for (size_t r = 0; r < kRows; ++r) {
    rows[r] = w.codes + listed[i + r] * row_bytes;
    const size_t later = i + r + kListedRowsAhead;
    ahead[r] = later < count ? w.codes + listed[later] * row_bytes : rows[r];
  }
  Int32x16 sums[2][kRows][1] = {};
  for (size_t b = 0; b < w.blocks; ++b) {
    const size_t offset = b * kTernaryBlockBytes;
    for (size_t r = 0; r < kRows && b % 2 == 0; ++r) {  // 64-byte lines
      _mm_prefetch(reinterpret_cast<const char*>(ahead[r] + offset), _MM_HINT_T0);
    }
    AddBlock(rows, offset, x.values + b * kTernaryBlockColumns, 0, sums);
  }
  const float factor = w.scale / x.scales[0];
  for (size_t r = 0; r < kRows; ++r) {
    const int32_t sum = SumLanes(PlainSums(sums[0][r][0], sums[1][r][0]));
    out[listed[i + r]] = float(int32_t(uint32_t(sum) - uint32_t(x.sums[0]))) * factor;
  }
}

void TernaryListedRows(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                       float* out) noexcept {
  PrefetchListed(w, listed, Smaller(count, kListedRowsAhead));
  size_t i = 0;
  for (; i + kListedRows <= count; i += kListedRows) ListedOutputs<kListedRows>(w, x, listed, i, count, out);
  for (; i < count; ++i) ListedOutputs<1>(w, x, listed, i, count, out);
}

}  // namespace avx512
}  // namespace
}  // namespace sterna::kernels
