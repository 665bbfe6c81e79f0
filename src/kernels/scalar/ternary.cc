// SPDX-License-Identifier: Apache-2.0
//
// Ternary rows times int8 rows. int32 holds the sum of up to 2^23 columns: |code * q| <= 2 * 128.
#include <cmath>

#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {
namespace {

// sum over 128 columns of (code - 1) * q; element j of a block is bits 7-2s..6-2s of byte j % 32, s = j / 32.
int32_t BlockDot(const uint8_t* codes, const int8_t* q) {
  int32_t sum = 0;
  for (size_t j = 0; j < kTernaryBlockColumns; ++j) {
    const size_t s = j / kTernaryBlockBytes;
    const int32_t code = (codes[j % kTernaryBlockBytes] >> (6 - 2 * s)) & 3;
    sum += (code - 1) * q[j];
  }
  return sum;
}

int32_t Dot(const uint8_t* codes, const int8_t* q, size_t blocks) {
  int32_t sum = 0;
  for (size_t b = 0; b < blocks; ++b) sum += BlockDot(codes + b * kTernaryBlockBytes, q + b * kTernaryBlockColumns);
  return sum;
}

}  // namespace

void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  for (size_t t = 0; t < x.count; ++t) {
    const float factor = w.scale / x.scales[t];
    for (size_t r = 0; r < w.rows; ++r) {
      const int32_t sum = Dot(w.codes + r * row_bytes, x.values + t * x.stride, w.blocks);
      out[t * out_stride + r] = float(sum) * factor;
    }
  }
}

void TernaryListedRows(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                       float* out) noexcept {
  const float factor = w.scale / x.scales[0];
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const codes = w.codes + listed[i] * w.blocks * kTernaryBlockBytes;
    out[listed[i]] = float(Dot(codes, x.values, w.blocks)) * factor;
  }
}

void TernaryGroupLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  const size_t row_bytes = w.blocks * kTernaryBlockBytes;
  const size_t groups = w.blocks / 2;
  for (size_t t = 0; t < x.count; ++t) {
    for (size_t r = 0; r < w.rows; ++r) {
      float a = 0.0f;
      for (size_t g = 0; g < groups; ++g) {
        const int32_t sum = Dot(w.codes + r * row_bytes + g * 2 * kTernaryBlockBytes,
                                x.values + t * x.stride + g * kTernaryGroupColumns, 2);
        a = std::fma(float(sum), w.group_scales[r * groups + g], a);
      }
      out[t * out_stride + r] = a / x.scales[t];
    }
  }
}

}  // namespace sterna::kernels::scalar
