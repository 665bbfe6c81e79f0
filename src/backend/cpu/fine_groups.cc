// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/fine_groups.h"

#include <algorithm>
#include <numeric>

namespace sterna::backend {
namespace {

// What one call of the kernel makes: small enough for the stack.
constexpr size_t kRows = 64;
constexpr size_t kTokens = 16;

// As FineGroupLinear, for up to kRows rows and kTokens tokens.
void Tile(const kernels::KernelTable& kernels, const TernaryMatrix& w, size_t first, size_t count,
          const kernels::Int8Rows& x, float* out, size_t out_stride) {
  float products[kTokens * kRows];
  int32_t sums[kTokens];
  for (size_t t = 0; t < x.count; ++t) std::fill_n(out + t * out_stride, count, 0.0f);
  for (size_t g = 0; g < w.blocks; ++g) {
    const size_t column = g * w.group_columns / kernels::kTernaryBlockColumns * kernels::kTernaryBlockColumns;
    for (size_t t = 0; t < x.count; ++t) {
      const int8_t* const q = x.values + t * x.stride + column;
      sums[t] = std::accumulate(q, q + kernels::kTernaryBlockColumns, int32_t{0});
    }
    const uint8_t* const codes = w.codes + (g * w.rows + first) * kernels::kTernaryBlockBytes;
    kernels.ternary_linear({codes, count, 1, 1.0f, nullptr}, {x.values + column, x.scales, sums, x.count, x.stride},
                           products, kRows);
    const float* const scales = w.group_scales + first * w.blocks + g;
    for (size_t t = 0; t < x.count; ++t) {
      for (size_t r = 0; r < count; ++r) out[t * out_stride + r] += products[t * kRows + r] * scales[r * w.blocks];
    }
  }
}

}  // namespace

void FineGroupLinear(const kernels::KernelTable& kernels, const TernaryMatrix& w, size_t first, size_t count,
                     const kernels::Int8Rows& x, float* out, size_t out_stride) {
  for (size_t t = 0; t < x.count; t += kTokens) {
    const kernels::Int8Rows some = {x.values + t * x.stride, x.scales + t, x.sums + t, std::min(kTokens, x.count - t),
                                    x.stride};
    for (size_t r = 0; r < count; r += kRows) {
      Tile(kernels, w, first + r, std::min(kRows, count - r), some, out + t * out_stride + r, out_stride);
    }
  }
}

}  // namespace sterna::backend
