// SPDX-License-Identifier: Apache-2.0
#include "kernels/scalar/scalar_ops.h"
#include "quant/dequantize.h"
#include "quant/tensor_type.h"

namespace sterna::kernels::scalar {
namespace {

constexpr quant::TensorType kTensorTypes[kDenseTypeCount] = {
    quant::TensorType::kF32,  quant::TensorType::kF16,  quant::TensorType::kBF16,  quant::TensorType::kQ8_0,
    quant::TensorType::kQ6_K, quant::TensorType::kQ4_0, quant::TensorType::kTQ1_0, quant::TensorType::kTQ2_0,
    quant::TensorType::kQ5_0, quant::TensorType::kQ4_K, quant::TensorType::kQ2_0,  quant::TensorType::kQ2_0_G128};

}  // namespace

template <DenseType kType>
void DecodeRow(const uint8_t* row, size_t columns, float* out) noexcept {
  quant::DequantizeRow(kTensorTypes[kType], reinterpret_cast<const std::byte*>(row), columns, out);
}

template <DenseType kType>
size_t StoredBytes(size_t columns) noexcept {
  const quant::TypeInfo& info = quant::Info(kTensorTypes[kType]);
  return columns / info.block_elements * info.block_bytes;
}

#define STERNA_INSTANTIATE(type)                                          \
  template void DecodeRow<type>(const uint8_t*, size_t, float*) noexcept; \
  template size_t StoredBytes<type>(size_t) noexcept;
STERNA_INSTANTIATE(kDenseF32)
STERNA_INSTANTIATE(kDenseF16)
STERNA_INSTANTIATE(kDenseBF16)
STERNA_INSTANTIATE(kDenseQ8_0)
STERNA_INSTANTIATE(kDenseQ6_K)
STERNA_INSTANTIATE(kDenseQ4_0)
STERNA_INSTANTIATE(kDenseTQ1_0)
STERNA_INSTANTIATE(kDenseTQ2_0)
STERNA_INSTANTIATE(kDenseQ5_0)
STERNA_INSTANTIATE(kDenseQ4_K)
STERNA_INSTANTIATE(kDenseQ2_0)
STERNA_INSTANTIATE(kDenseQ2_0_G128)
#undef STERNA_INSTANTIATE

}  // namespace sterna::kernels::scalar
