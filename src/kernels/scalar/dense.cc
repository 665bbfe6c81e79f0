// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/scalar/lanes.h"
#include "kernels/scalar/scalar_ops.h"

namespace sterna::kernels::scalar {
namespace {

constexpr size_t kChunkColumns = 256;  // a multiple of every type's block and of the lanes

template <DenseType kType>
float RowDot(const uint8_t* row, const float* x, size_t columns) {
  float lane[kLanes] = {};
  float decoded[kChunkColumns];
  for (size_t start = 0; start < columns; start += kChunkColumns) {
    const size_t count = std::min(kChunkColumns, columns - start);
    DecodeRow<kType>(row + StoredBytes<kType>(start), count, decoded);
    for (size_t i = 0; i < count; ++i) lane[i % kLanes] = std::fma(decoded[i], x[start + i], lane[i % kLanes]);
  }
  return TreeSum(lane);
}

}  // namespace

template <DenseType kType>
void DenseLinear(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept {
  for (size_t r = 0; r < w.rows; ++r) {
    for (size_t t = 0; t < x.count; ++t) {
      out[t * out_stride + r] = RowDot<kType>(w.data + r * w.row_bytes, x.values + t * x.stride, w.columns);
    }
  }
}

template void DenseLinear<kDenseF32>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseF16>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseBF16>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ8_0>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ6_K>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ4_0>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseTQ1_0>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseTQ2_0>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ5_0>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ4_K>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ2_0>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;
template void DenseLinear<kDenseQ2_0_G128>(const DenseRows&, const FloatRows&, float*, size_t) noexcept;

}  // namespace sterna::kernels::scalar
